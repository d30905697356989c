#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# gdb at a real guest. Debian's kernel comes without vmlinux: symbols are the guest's own.
. "$(dirname "$0")/lib.sh"

begin
LIMIT=120
boot_background
wait_for 'the guest stays' phase stay
cat >"$T/script" <<'END'
set pagination off
set confirm off
break ksys_read
continue
printf "stopped in ksys_read: %d\n", $pc == (unsigned long)&ksys_read
backtrace 3
printf "banner: %s", (char *)&linux_banner
printf "jiffies: %lu\n", *(unsigned long *)&jiffies
delete
detach
quit
END
ktest gdb -o "$T/out" -- -batch -x "$T/script"
is 'gdb: exit status' "$status" 0
like 'gdb: says where the symbols are from' "$(cat "$T/stderr")" "has no vmlinux: symbols are the guest's own"
like 'gdb: a breakpoint is hit' "$(cat "$T/stdout")" 'Breakpoint 1, .* in ksys_read'
like 'gdb: it is where it should be' "$(cat "$T/stdout")" 'stopped in ksys_read: 1'
like 'gdb: a backtrace' "$(cat "$T/stdout")" '#[12] .* in do_syscall_64'
like 'gdb: a string of the kernel' "$(cat "$T/stdout")" 'banner: Linux version 6\.1\.'
like 'gdb: a variable' "$(cat "$T/stdout")" 'jiffies: [1-9][0-9]+'
ktest ssh -o "$T/out" echo alive
is 'gdb: let go' "$status $(tail -n 1 "$T/stdout")" '0 alive'
# One that is killed while it holds it
# shellcheck disable=SC2016 # for the shell that gdb starts
ktest gdb -o "$T/out" -- -batch -ex 'shell kill -KILL $PPID'
is 'gdb: killed' "$status" 137
ktest ssh -o "$T/out" echo alive
is 'gdb: let go by ktest' "$status $(tail -n 1 "$T/stdout")" '0 alive'
# Two
mkfifo "$T/go"
(export_environment; exec "$KTEST" gdb -o "$T/out" -- -batch -ex "shell cat '$T/go'") \
	>/dev/null 2>&1 </dev/null &
first=$!
wait_for 'the first gdb stops it' phase stopped
ktest gdb -o "$T/out" -- -batch -ex 'printf "here\n"'
is 'a second gdb: refused' "$status $(cat "$T/stdout")" '125 '
like 'a second gdb: why' "$(cat "$T/stderr")" 'a debugger is at it already; end that one first'
ktest ssh -o "$T/out" true
like 'ssh to a guest that a debugger has stopped' "$status $(tail -n 1 "$T/stderr")" \
	"^125 ktest: the guest is stopped: 'ktest mon cont', or the debugger at it"
echo go >"$T/go"
wait $first
ktest ssh -o "$T/out" echo alive
is 'the first one lets it go' "$status $(tail -n 1 "$T/stdout")" '0 alive'

# Stopped by hand
ktest mon -o "$T/out" stop
wait_for 'it is stopped' phase stopped
for command in 'ssh true' 'sysrq t' 'pull /etc/passwd' 'push /etc/passwd'; do
	# shellcheck disable=SC2086 # its words
	set -- $command
	ktest "$1" -o "$T/out" "$2"
	like "stopped: $command" "$status $(tail -n 1 "$T/stderr")" '^125 ktest: the guest is stopped: '
done
ktest mon -o "$T/out" cont
ktest ssh -o "$T/out" echo alive
is 'and goes on' "$status $(tail -n 1 "$T/stdout")" '0 alive'
ktest mon -o "$T/out" nosuch
is 'mon: an unknown command' "$status $(cat "$T/stdout" "$T/stderr")" "125 ktest: unknown command: 'nosuch'"
ktest kgdb -o "$T/out"
like 'kgdb: Debian has none' "$status $(cat "$T/stderr")" '^125 ktest: no kgdb: the kernel has no CONFIG_KGDB_SERIAL_CONSOLE'
ktest kill -o "$T/out"
await
is 'the end' "$status" 0
gone gdb

# Before its first instruction
begin
boot_background --gdb-wait
wait_for 'the guest waits' phase stopped
ktest mon -o "$T/out" info status
like 'gdb-wait: it has not run' "$(cat "$T/stdout")" 'prelaunch|paused'
# shellcheck disable=SC2016 # for gdb
ktest gdb -o "$T/out" -- -batch -ex 'printf "at %#lx\n", $pc'
like 'gdb-wait: at the reset vector' "$(cat "$T/stdout")" 'at 0xfff0|at 0xfffffff0'
wait_for 'the guest stays' phase stay && pass 'gdb-wait: gdb lets it go'
ktest kill -o "$T/out"
await
gone 'gdb-wait'
complete
