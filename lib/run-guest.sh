#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run-guest.sh TEST init | run-tests NAME... | wait: run a test file in the guest, or, with ktest_on_host=1
# in the environment, without a VM.
#
# Every fork costs milliseconds under emulation, and this stands between each subtest and its first
# line: there is no fork here, and a file that uses our library (ktest_library=1 in the
# environment, as it printed itself) is run by this very process.

ktest_lib=${BASH_SOURCE[0]%/*}
[[ $ktest_lib == /* ]] || ktest_lib=$PWD/$ktest_lib
ktest_state=${ktest_state:-/run/ktest}
export ktest_lib ktest_state ktest_in_guest=1 ktest_test_libs=${ktest_lib%/*}/tests/test-libs.sh

# bash cannot export arrays: they come as NAME_list, words with spaces between them.
ktest_guest_arrays=(ktest_scratch_dev ktest_scratch_dev_sizes ktest_scratch_slowdev ktest_pmem_dev
		    ktest_image_dev ktest_rw_image_dev)
set -f
for ktest_word in "${ktest_guest_arrays[@]}"; do
	declare -n ktest_array=$ktest_word ktest_list=${ktest_word}_list
	# shellcheck disable=SC2206 # to be split
	ktest_array=(${ktest_list-})
	unset -n ktest_array ktest_list
done
set +f

if (($# < 2)); then
	echo "usage: run-guest.sh TEST init | run-tests NAME..." >&2
	exit 129
fi
if [[ $2 == wait ]]; then
	# shellcheck source=/dev/null # what it does in a subshell is no concern of this one
	. "$ktest_lib/held.sh"
fi
if [[ ${ktest_library-} == 1 ]]; then
	# shellcheck disable=SC2034 # this is how $0 is set
	BASH_ARGV0=$1
	ktest_word=$1
	shift
	# shellcheck disable=SC1090 # the test file
	. "$ktest_word" "$@"
	exit
fi

# A library of the tree's own expects arrays and functions that the runner has set, in each bash.
# shellcheck source=lib/runner.sh
. "$ktest_lib/runner.sh"
{
	for ktest_word in "${ktest_guest_arrays[@]}"; do
		# shellcheck disable=SC2178 # a reference
		declare -n ktest_array=$ktest_word
		printf '%s=(' "$ktest_word"
		((${#ktest_array[@]} == 0)) || printf '%q ' "${ktest_array[@]}"
		printf ')\n'
		unset -n ktest_array
	done
	declare -f "${ktest_runner_functions[@]}"
} >"$ktest_state/env.sh" || exit
export BASH_ENV=$ktest_state/env.sh

IFS= read -r ktest_word <"$1"
if [[ -x $1 && $ktest_word == '#!'* && ! $ktest_word =~ ^'#!'[[:blank:]]*[^[:blank:]]*([/[:blank:]])bash([[:blank:]]|$) ]]; then
	exec "$@"
fi
exec bash "$@"
