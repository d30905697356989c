# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmemleak around each subtest (config-leak-check). The kernel reports what it finds in its own log, where
# ktest reads it; Documentation/dev-tools/kmemleak.rst.

# ktest_kmemleak WORD: tell it; 1 and a line where there is none, or it has switched itself off.
ktest_kmemleak()
{
	local file=${ktest_kmemleak_file:-/sys/kernel/debug/kmemleak}
	{ echo "$1" >"$file"; } 2>/dev/null && return
	echo "config-leak-check: kmemleak does not take '$1': it is not in this kernel, or is off" >&2
	return 1
}

# From now on it says what it finds, and looks only when it is told to.
ktest_leaks_begin()
{
	ktest_need_vm config-leak-check || return
	local verbose=${ktest_kmemleak_verbose:-/sys/module/kmemleak/parameters/verbose}
	mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug || return
	ktest_kmemleak scan=off && echo 1 >"$verbose"
}

# Leaks that were told before are nobody's any more.
ktest_leaks_forget()
{
	ktest_kmemleak clear
}

# Memory that was allocated less than 5 s ago is not told yet.
ktest_leaks_search()
{
	ktest_kmemleak scan && sleep "${ktest_leak_age:-5}" && ktest_kmemleak scan
}
