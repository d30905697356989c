#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run-host.sh TEST [deps|list-tests [SUBTEST...]]: ask a test file on the host what it needs. Becomes
# the file itself; adds only what a library other than ours expects of its runner.

# A test file that only says what it needs takes no more memory than this, in KiB; where less is
# allowed already, that holds. Set here and not by ktest, whose sanitizer build maps far more.
ulimit -v 2097152 2>/dev/null

ktest_lib=${BASH_SOURCE[0]%/*}
# shellcheck source=lib/runner.sh
. "$ktest_lib/runner.sh"
# shellcheck disable=SC2163 # the names are in the array
export -f "${ktest_runner_functions[@]}"

ktest_lib=$(cd "$ktest_lib" && pwd -P) || exit
export ktest_lib ktest_test_libs=${ktest_lib%/*}/tests/test-libs.sh

if (($# == 0)); then
	echo "usage: run-host.sh TEST [deps|list-tests [SUBTEST...]]" >&2
	exit 129
fi
if [[ ! -f $1 || ! -r $1 ]]; then
	echo "$1: cannot be read" >&2
	exit 1
fi
first=
IFS= read -r first <"$1"
# A test file may be written in another language, if it is executable.
if [[ -x $1 && $first == '#!'* && ! $first =~ ^'#!'[[:blank:]]*[^[:blank:]]*([/[:blank:]])bash([[:blank:]]|$) ]]; then
	exec "$@"
fi
exec bash "$@"
