# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Part of 30-kernel-build.t, which has what this takes: a kernel with vmlinux, kgdb and gdb scripts.
# Debuggers at a guest of it and at the dump of one, a module included.

MODULE_C='#include <linux/module.h>

static int probe_reads;

static int probe_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "%d\n", ++probe_reads);
}

static const struct kernel_param_ops probe_ops = {.get = probe_get};
module_param_cb(reads, &probe_ops, NULL, 0444);
MODULE_LICENSE("GPL");'

# add_module KERNEL: ktest_probe, built against its headers, among its modules
add_module()
{
	local release
	release=$(basename "$1"/lib/modules/*)
	mkdir -p "$T/module" "$1/lib/modules/$release/extra"
	echo "$MODULE_C" >"$T/module/ktest_probe.c"
	echo 'obj-m := ktest_probe.o' >"$T/module/Makefile"
	make -s -C "$1/headers/build" M="$T/module" modules >"$T/stdout" 2>"$T/stderr" &&
		cp "$T/module/ktest_probe.ko" "$1/lib/modules/$release/extra" &&
		depmod -b "$1" "$release"
}

# debugger COMMAND COMMAND-OF-GDB...
debugger()
{
	local how=$1 command
	local -a words=()
	shift
	for command; do
		words+=(-ex "$command")
	done
	ktest "$how" -o "$T/out" -- -batch "${words[@]}"
}

alive()
{
	ktest ssh -o "$T/out" echo alive
	is "$1" "$status $(tail -n 1 "$T/stdout")" '0 alive'
}

# debug_guest KERNEL: kgdb and QEMU's own stub
debug_guest()
{
	local read='cat /sys/module/ktest_probe/parameters/reads'

	boot_background -k "$1"
	wait_for 'the guest stays' phase stay
	ktest ssh -o "$T/out" "modprobe ktest_probe; $read"
	is 'a module of the kernel is loaded' "$status $(tail -n 1 "$T/stdout")" '0 1'

	debugger kgdb bt 'print linux_banner' 'info address probe_get' lx-lsmod detach
	is 'kgdb: exit status' "$status" 0
	like 'kgdb: broken in by sysrq g' "$(cat "$T/stdout")" '#0 +kgdb_breakpoint .*#[0-9]+ .*handle_sysrq \('
	like 'kgdb: the kernel that runs' "$(cat "$T/stdout")" '"Linux version 6\.12\.[0-9]+-ktest'
	like 'kgdb: the symbols of a module' "$(cat "$T/stdout")" \
		"loading @0x[0-9a-f]+: $1/lib/modules/.*Symbol \"probe_get\" is .*ktest_probe +[0-9]+"
	alive 'kgdb: let go'
	# shellcheck disable=SC2016 # for the shell that gdb starts
	debugger kgdb 'break ksys_write' continue 'shell kill -KILL $PPID'
	is 'kgdb: killed' "$status" 137
	alive 'kgdb: let go by ktest'

	ktest ssh -o "$T/out" "while $read; do sleep 0.1; done >/dev/null 2>&1 </dev/null &"
	debugger gdb 'break probe_get' continue 'bt 2' 'print kp->name' delete detach
	is 'gdb: exit status' "$status" 0
	like 'gdb: a breakpoint in a module' "$(cat "$T/stdout")" \
		'Breakpoint 1, probe_get \(.*ktest_probe\.c:6.*#1 .* param_attr_show '
	like 'gdb: a variable of it' "$(cat "$T/stdout")" '\$1 = 0x[0-9a-f]+ .*"reads"'
	alive 'gdb: let go'
	ktest kill -o "$T/out"
	await
	is 'debuggers: the end' "$status" 0
	gone debuggers
}

# debug_dump KERNEL: what crash cannot read yet
debug_dump()
{
	guest_file <<-'END'
	test_panic()
	{
		modprobe ktest_probe
		taskset -c 1 sh -c 'echo c >/proc/sysrq-trigger'
	}
	END
	ktest run --accel "${ACCEL:-tcg}" --cpus 2 --mem 256M -k "$1" -o "$T/out" --dump "$T/tree/t.ktest"
	is 'a dump: verdict' "$(of panic '.verdict + " " + .reason')" 'FAIL panic'
	has 'a dump: for gdb' panic 'out/t.panic/vmcore holds the guest.s memory \(elf'
	ktest crash -o "$T/out" panic -batch -ex bt -ex lx-dmesg -ex 'info address probe_get'
	is 'a dump: exit status' "$status" 0
	like 'a dump: too new for crash' "$(cat "$T/stderr")" \
		'crash [0-9.]+ cannot read dumps of 6\.12\.[0-9]+-ktest: it is opened in gdb'
	like 'a dump: the backtrace, of the processor that panicked' "$(cat "$T/stdout")" 'in panic \(.* in sysrq_handle_crash \('
	like 'a dump: the log' "$(cat "$T/stdout")" 'Kernel panic - not syncing: sysrq triggered crash'
	like 'a dump: the symbols of a module' "$(cat "$T/stdout")" 'Symbol "probe_get" is '
	gone 'a dump'
}
