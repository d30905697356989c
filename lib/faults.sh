# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fault injection, by debugfs: dynamic faults where the kernel tested has them (an out-of-tree
# facility: named classes of fault sites), else the kernel's own for memory.

ktest_debugfs=${ktest_debugfs:-/sys/kernel/debug}

# set_faults QUERY...: as dynamic_fault/control takes it, e.g. class memory frequency 100
set_faults()
{
	ktest_want 1 "$@"
	ktest_need_vm set_faults || return
	local control=$ktest_debugfs/dynamic_fault/control
	if [[ ! -e $control ]]; then
		echo "set_faults: this kernel has no dynamic faults ($control)" >&2
		return 1
	fi
	echo "$*" >"$control"
}

# Allocations of this shell and what it starts fail, one in a hundred of them.
enable_memory_faults()
{
	local kind dir found=
	ktest_need_vm enable_memory_faults || return
	if [[ -e $ktest_debugfs/dynamic_fault/control ]]; then
		set_faults class memory frequency 100
		return
	fi
	for kind in failslab fail_page_alloc; do
		dir=$ktest_debugfs/$kind
		[[ -d $dir ]] || continue
		ktest_set_fault "$dir" || return
		found=1
	done
	if [[ -z $found ]]; then
		echo "enable_memory_faults: this kernel cannot inject them (needs CONFIG_FAILSLAB or" \
		     "CONFIG_FAIL_PAGE_ALLOC, and CONFIG_FAULT_INJECTION_DEBUG_FS)" >&2
		return 1
	fi
	echo 1 >"${ktest_proc_self:-/proc/$BASHPID}/make-it-fail"
}

# Allocations that may sleep count as well; only tasks marked by make-it-fail, else nothing runs.
ktest_set_fault()
{
	echo Y >"$1/task-filter" &&
		echo 0 >"$1/verbose" &&
		echo -1 >"$1/times" &&
		echo 100 >"$1/interval" &&
		echo 100 >"$1/probability" || return
	[[ ! -e $1/ignore-gfp-wait ]] || echo N >"$1/ignore-gfp-wait"
}

disable_memory_faults()
{
	local kind
	ktest_need_vm disable_memory_faults || return
	if [[ -e $ktest_debugfs/dynamic_fault/control ]]; then
		set_faults class memory disable
		return
	fi
	for kind in failslab fail_page_alloc; do
		[[ ! -d $ktest_debugfs/$kind ]] || echo 0 >"$ktest_debugfs/$kind/probability"
	done
	local mark=${ktest_proc_self:-/proc/$BASHPID}/make-it-fail
	[[ ! -e $mark ]] || echo 0 >"$mark"
}

# Delays at marked places, which make races likelier
enable_race_faults()
{
	set_faults class race frequency 1
}

disable_race_faults()
{
	ktest_need_vm disable_race_faults || return
	[[ ! -e $ktest_debugfs/dynamic_fault/control ]] || set_faults class race disable
}
