#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A real panic, its dump, and what crash and gdb find in it. `./setup check` fetches the kernel's
# symbols into a store of their own.
. "$(dirname "$0")/lib.sh"

STORE=${XDG_CACHE_HOME:-$HOME/.cache}/ktest/debug

panics()
{
	guest_file <<-'END'
	config-crash-dump

	test_panic()
	{
		echo c >/proc/sysrq-trigger
	}

	test_after() { :; }
	END
}

begin
panics
run --cpus 2
is 'a panic: verdict' "$(of panic '.verdict + " " + .reason')" 'FAIL panic'
passed 'a panic' after
has 'a panic: the registers of each processor' panic 'ktest: CPU#1'
has 'a panic: the dump is told of' panic 'out/t.panic/vmcore holds the guest.s memory \(kdump'
is 'a panic: nothing half written' "$(find "$T/out" -name '.vmcore*')" ''
printf 'bt\nsys\nquit\n' >"$T/commands"
ktest crash -o "$T/out" panic -s -i "$T/commands"
is 'crash: exit status' "$status" 0
like 'crash: the message' "$(cat "$T/stdout")" 'PANIC: "Kernel panic - not syncing: sysrq triggered crash"'
like 'crash: the task' "$(cat "$T/stdout")" 'COMMAND: "bash"'
like 'crash: its backtrace' "$(cat "$T/stdout")" ' panic at .* sysrq_handle_crash at .* ksys_write at '
gone 'a panic'

begin
panics
run --dump-format elf -- panic
is 'elf: the file is sparse' \
	"$(($(stat -c '%b * 512' "$T/out/out/t.panic/vmcore") < $(stat -c %s "$T/out/out/t.panic/vmcore")))" 1
mkdir "$T/programs"
ln -s "$(command -v gdb)" "$(command -v timeout)" "$T/programs"
PATH=$T/programs ktest crash -o "$T/out" panic -batch -ex bt \
	-ex 'print (char *)init_uts_ns.name.release' 2>/dev/null
like 'gdb: where crash is missing' "$(cat "$T/stderr")" 'there is no crash here .* opened in gdb'
like 'gdb: the backtrace' "$(cat "$T/stdout")" 'in panic \(.* in sysrq_handle_crash \('
like 'gdb: memory by its address' "$(cat "$T/stdout")" "\"$(basename "$(kernel_dir)")\""
gone 'elf'

# Stopped by nobody: QEMU stops it for the dump, and it was asked for its tasks before.
begin
guest_file <<'END'
test_late()
{
	sleep infinity
}
END
run --dump --timeout 3
is 'late: verdict' "$(of late '.verdict + " " + .reason')" 'FAIL timeout'
has 'late: its tasks' late 'task:'
is 'late: the dump' "$(head -c 12 "$T/out/out/t.late/vmcore")" makedumpfile
gone 'late'
complete
