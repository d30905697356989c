# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A shell that is saved with its guest (guest/held.c): what comes before each subtest and does not
# depend on it has been done by then. In a clone code that has not run is slow, so the library is read
# and the subtest's own shell is there; the test file is read anew. Not a function, which would make
# variables of the file local.

# shellcheck source=tests/test-libs.sh
. "$ktest_test_libs"
{ echo "<7>$ktest_mark" >"${ktest_kmsg:-/dev/kmsg}"; } 2>/dev/null

(
	# shellcheck disable=SC2034 # for ktest_run_tests
	ktest_held=1
	# Its traps and jobs are not those of the subtest, which then needs a shell of its own.
	trap()
	{
		ktest_file_traps=1
		# shellcheck disable=SC2064 # as it was called
		builtin trap "$@"
	}
	# This tells that it waits, for a script with variables and arguments.
	echo >&3
	# shellcheck disable=SC1091 # a pipe
	. /proc/self/fd/4
	exec 3>&- 4<&-
	# shellcheck disable=SC2034 # this is how $0 is set
	BASH_ARGV0=$1
	ktest_word=$1
	shift
	# shellcheck disable=SC1090 # the test file
	. "$ktest_word" "$@"
)
ktest_status=$?
# All else that a subtest leaves behind goes with its guest.
[[ ! -e $ktest_state/tracing ]] || ktest_keep_trace
exit "$ktest_status"
