# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Company for what is tested. antagonist_*: called in a subtest's shell they go on in the background
# until the subtest ends; called in the background (with &) they are that job.

ktest_background()
{
	if [[ $BASHPID == "${ktest_subtest_pid-}" ]]; then
		"$@" &
	else
		"$@"
	fi
}

ktest_sync_for_ever()
{
	while :; do
		sync
		sleep 0.5
	done
}

ktest_drop_for_ever()
{
	while :; do
		echo 3 >"${ktest_drop_caches:-/proc/sys/vm/drop_caches}"
		sleep 0.5
	done
}

antagonist_sync()
{
	ktest_background ktest_sync_for_ever
}

antagonist_drop_caches()
{
	ktest_background ktest_drop_for_ever
}

# Print for how many seconds a stress test is to go on, by the priority asked for (-p).
stress_timeout()
{
	echo $(((${ktest_priority:-0} + 3) * 600))
}
