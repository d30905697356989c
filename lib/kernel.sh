# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's log and its tracing.

# to_kmsg WORD..., or lines on stdin: into the kernel's log.
to_kmsg()
{
	local line
	if (($#)); then
		echo "$*" >"${ktest_kmsg:-/dev/kmsg}"
		return
	fi
	# Opened for each line: the kernel limits the rate of an open file.
	while IFS= read -r line || [[ -n $line ]]; do
		echo "$line" >"${ktest_kmsg:-/dev/kmsg}"
	done
}

# What a kernel that has a bug says, and what only looks like it. ("DEBUG:" is no "BUG:".)
ktest_bug_pattern='(^|[^[:alnum:]_])(BUG:|WARNING:|UBSAN:|Oops:)|kernel BUG at|general protection fault'
ktest_bug_pattern+='|divide error|invalid opcode:|int3:|stack segment:|double fault'
ktest_bug_pattern+='|Unable to handle kernel|Internal error:|Unhandled fault|Kernel panic - not syncing'
ktest_bug_pattern+='|rust_kernel: panicked'
ktest_bug_pattern+='|possible (circular|recursive) locking detected'
ktest_bug_pattern+='|possible circular locking dependency detected|inconsistent lock state'
ktest_bug_pattern+='|possible irq lock inversion|suspicious RCU usage|held lock freed'
ktest_bug_pattern+='|bad unlock balance|Invalid wait context|lock held when returning to user space'
ktest_bug_pattern+='|\*\*\* DEADLOCK \*\*\*|hard LOCKUP|INFO: task .* blocked for more than'
ktest_bug_pattern+='|detected( expedited)? stalls|unreferenced object 0x|ref_tracker:'
ktest_bug_pattern+='|unregister_netdevice: waiting for'
ktest_no_bug_pattern='BUG: MAX_LOCKDEP_CHAIN_HLOCKS too low|MAX_STACK_TRACE_ENTRIES too low'
ktest_no_bug_pattern+='|INFO: lockdep is turned off|NMI handler took too long|Unprivileged eBPF'
ktest_no_bug_pattern+='|\[Firmware Bug\]:'

# check_dmesg: fail, showing the lines, when the kernel has complained since this subtest began.
check_dmesg()
{
	local line bugs=()
	local -a log
	ktest_need_vm check_dmesg || return
	mapfile -t log < <("${ktest_dmesg:-dmesg}")
	if ((${#log[@]} == 0)); then
		echo "check_dmesg: the kernel's log cannot be read" >&2
		return 1
	fi
	for line in "${log[@]}"; do
		if [[ $line == *"$ktest_mark" ]]; then
			bugs=()
		elif [[ $line =~ $ktest_bug_pattern && ! $line =~ $ktest_no_bug_pattern ]]; then
			bugs+=("$line")
		fi
	done
	((${#bugs[@]})) || return 0
	printf 'check_dmesg: %s\n' "${bugs[@]}" >&2
	return 1
}

# setup_tracing EVENT...: trace these (sched:*, ext4:ext4_sync_file_enter), to be dumped on an oops, and kept
# as `trace` in the directory of a subtest that fails.
setup_tracing()
{
	local tracing=${ktest_tracing:-/sys/kernel/tracing} event
	ktest_want 1 "$@"
	ktest_need_vm setup_tracing || return
	[[ -e $tracing/set_event ]] || tracing=/sys/kernel/debug/tracing
	if [[ ! -e $tracing/set_event ]]; then
		echo "setup_tracing: this kernel has no tracing (CONFIG_FTRACE)" >&2
		return 1
	fi
	echo 4096 >"$tracing/buffer_size_kb" || return
	local - IFS=$' \t\n'
	set -f
	# shellcheck disable=SC2048 # several may come in one word
	for event in $*; do
		{ echo "$event" >>"$tracing/set_event"; } 2>/dev/null && continue
		echo "setup_tracing: this kernel has no event $event" >&2
		return 1
	done
	echo 1 >"${ktest_dump_on_oops:-/proc/sys/kernel/ftrace_dump_on_oops}" || return
	printf '%s\n' "$tracing" "${ktest_subtest_dir-}" >"$ktest_state/tracing" || return
	echo 1 >"$tracing/tracing_on"
}

ktest_panic_on_oops=${ktest_panic_on_oops:-/proc/sys/kernel/panic_on_oops}

# expect-bug PATTERN: before this subtest ends the kernel has to report a bug whose title, or a line
# of whose report, has a part that matches PATTERN; it does not fail the subtest then. From here on an
# oops ends what caused it, not the guest.
expect-bug()
{
	ktest_want 1 "$@"
	ktest_need_vm expect-bug || return
	ktest_ctl expect-bug "$1" || return
	[[ -e $ktest_state/expects ]] || cat "$ktest_panic_on_oops" >"$ktest_state/expects"
	{ echo 0 >"$ktest_panic_on_oops"; } 2>/dev/null
	return 0
}

# ktest_expect_no_more: undo that, when the subtest has ended.
ktest_expect_no_more()
{
	{ cat "$ktest_state/expects" >"$ktest_panic_on_oops"; } 2>/dev/null
	rm -f "$ktest_state/expects"
}
