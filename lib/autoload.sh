# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What few test files use is read when it is first called.

# ktest_autoload FILE FUNCTION...: define the functions as ones that read FILE, which
# defines them for good, and then call themselves.
ktest_autoload()
{
	local file=$1 name
	shift
	for name in "$@"; do
		eval "$name() { . \"\$ktest_lib/$file\"; $name \"\$@\"; }"
	done
}

ktest_autoload runner.sh run_quiet log_verbose join_by get_tmpdir checkdep find_command \
	parse_arch
ktest_autoload assert.sh assert_fails assert_fails_with assert_output_has \
	assert_output_lacks
ktest_autoload disks.sh scratch_dev_unplug scratch_dev_plug slow_dev_unplug \
	slow_dev_plug pmem_dev_unplug pmem_dev_plug wait_for_dev ktest_put_back_disks
ktest_autoload kernel.sh to_kmsg check_dmesg setup_tracing expect-bug \
	ktest_expect_no_more
ktest_autoload faults.sh set_faults enable_memory_faults disable_memory_faults \
	enable_race_faults disable_race_faults
ktest_autoload load.sh antagonist_sync antagonist_drop_caches stress_timeout
ktest_autoload user.sh set_as_user ktest_make_user
ktest_autoload leaks.sh ktest_leaks_begin ktest_leaks_forget ktest_leaks_search
ktest_autoload leftovers.sh ktest_kill_left ktest_unmount_left ktest_session_pids \
	ktest_keep_trace
unset -f ktest_autoload
