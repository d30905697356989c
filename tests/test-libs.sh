# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The library of test files; doc/writing-tests.md tells how to use it. A file sources this, declares
# what it needs, defines functions test_NAME and ends with `main "$@"`.
#
# It is read again for each subtest that starts, on slow emulated CPUs too, so only what every file
# uses is read here, without a fork; autoload.sh has the rest read when first called.

# Sourced again by the sibling of a variant (call_base_test): what is declared so far stays.
if [[ -z ${ktest_library_loaded-} ]]; then
	if (( BASH_VERSINFO[0] < 5 )); then
		echo "ktest needs bash 5.0 or newer, this is $BASH_VERSION" >&2
		exit 1
	fi
	ktest_library_loaded=1
	if [[ -z ${ktest_lib-} ]]; then
		ktest_lib=${BASH_SOURCE[0]}
		[[ ! -L $ktest_lib ]] || ktest_lib=$(readlink -e "$ktest_lib")
		[[ $ktest_lib == /* ]] || ktest_lib=$PWD/$ktest_lib
		ktest_lib=${ktest_lib%/*/*}/lib
	fi

	# shellcheck source=lib/declare.sh
	. "$ktest_lib/declare.sh"
	# shellcheck source=lib/subtest.sh
	. "$ktest_lib/subtest.sh"

	# shellcheck source=lib/autoload.sh
	. "$ktest_lib/autoload.sh"
fi
