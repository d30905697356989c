#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest on a terminal: its keys, and that the terminal is as before, however it ends.
. "$(dirname "$0")/lib.sh"

# on_terminal COMMAND: in bash on a terminal of its own; $T/keys is what is typed there, $T/screen
# what it shows, and $T/before and $T/after its settings.
on_terminal()
{
	cat >"$T/inner" <<-END
	stty rows 33 cols 99
	stty -a >$T/before
	$1
	echo "status \$?" >$T/status
	# Whoever guards it needs a moment when ktest is killed.
	for i in {1..100}; do
		stty -a >$T/after
		cmp -s $T/before $T/after && break
		sleep 0.05
	done
	END
	: >"$T/screen"
	mkfifo "$T/keys"
	(
		export_environment
		exec script -qfec "bash $T/inner" "$T/screen" <"$T/keys"
	) >/dev/null 2>&1 &
	pid=$!
	exec 3>"$T/keys"
}

command_line()
{
	run_args
	args[0]=boot
	printf '%q ' "$KTEST" "${args[@]}"
}

shows() { grep -qaF -- "$1" "$T/screen"; }
type_keys() { printf '%b' "$1" >&3; }

# same NAME STATUS
same()
{
	exec 3>&-
	await
	is "$1: exit status" "$(cat "$T/status")" "status $2"
	cmp "$T/before" "$T/after"
	is "$1: the terminal is as before" $? 0
	rm -f "$T/keys"
	no_process "$1"
}

begin
on_terminal "$(command_line)"
wait_for 'the shell' shows 'Ctrl-a h lists'
type_keys 'echo of what is typed\r'
wait_for 'the echo' shows 'echo of what is typed' && pass 'keys reach the guest and come back'
type_keys '\003'
sleep 0.2 # a Ctrl-C that ended it would do so now
kill -0 $pid
is 'Ctrl-C is for the guest' $? 0
type_keys '\001h'
wait_for 'help' shows 'Ctrl-a x ends the guest, Ctrl-a Ctrl-a' && pass 'Ctrl-a h helps'
type_keys '\001\001end of keys\r'
wait_for 'Ctrl-a' shows $'\x01end of keys' && pass 'Ctrl-a Ctrl-a is one'
ktest console -o "$T/out"
is 'console from nowhere' "$status" 129
type_keys '\001x'
same 'Ctrl-a x' 0
no_files 'Ctrl-a x'

# From elsewhere, to leave again
begin
run_args
(export_environment; exec "$KTEST" boot "${args[@]:1}") >"$T/boot.out" 2>&1 </dev/null &
boot=$!
stays() { ktest ps; grep -q ' stay ' "$T/stdout"; }
wait_for 'the guest' stays
on_terminal "$(printf '%q ' "$KTEST" console -o "$T/out")"
wait_for 'the shell' shows 'Ctrl-a h lists'
type_keys 'a\r'
type_keys '\001d'
exec 3>&-
await
is 'console: left' "$(cat "$T/status")" 'status 0'
cmp "$T/before" "$T/after"
is 'console: the terminal is as before' $? 0
kill -0 $boot
is 'console: the guest goes on' $? 0
rm -f "$T/keys" "$T/screen"
on_terminal "$(printf '%q ' "$KTEST" console -o "$T/out")"
wait_for 'the shell' shows 'Ctrl-a h lists'
ktest kill -o "$T/out"
same 'console: the guest is ended elsewhere' 0
wait $boot

# Killed, all of a sudden
for how in KILL TERM HUP SEGV; do
	begin
	on_terminal "$(command_line)"
	wait_for 'the shell' shows 'Ctrl-a h lists'
	ktest ps --json
	kill -$how "$(jq -r '.[0].pid' "$T/stdout")"
	case $how in
	KILL) want=137 ;;
	SEGV) want=139 ;;
	*) want=130 ;;
	esac
	# The address sanitizer catches this one.
	# The sanitizer's own ending, by its options.
	if [[ $how == SEGV && $KTEST == *asan ]]; then
		[[ ${ASAN_OPTIONS-} =~ exitcode=([0-9]+) ]] && want=${BASH_REMATCH[1]} || want=1
	fi
	same "SIG$how" "$want"
done

# QEMU is killed, and the guest with it.
begin
on_terminal "$(command_line)"
wait_for 'the shell' shows 'Ctrl-a h lists'
for p in $(leftover); do
	[[ $(readlink "/proc/$p/exe") == "$T/bin/qemu-system-x86_64" ]] && kill -KILL "$p"
done
same 'QEMU is killed' 0
no_files 'QEMU is killed'

# The guest panics under a shell: it is there to be looked at.
begin
printf 'subtest one:\n\tpanic\n' | fake
run_args
on_terminal "$(printf '%q ' "$KTEST" "${args[@]}" -I "$T/tree/t.ktest")"
wait_for 'that it stays' shows 'stays to be looked at' && pass 'a panic: the guest stays'
wait_for 'no shell' shows 'the guest is stopped: it has no shell any more' && pass 'a panic: no shell'
type_keys '\001x'
same 'a panic' 1
complete
