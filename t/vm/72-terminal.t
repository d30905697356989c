#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A terminal at a real guest: job control, size, kernel messages.
. "$(dirname "$0")/lib.sh"

shows() { grep -qaE -- "$1" "$T/screen"; }
type_keys() { printf '%b' "$1" >&3; }

# on_terminal COMMAND: on a terminal of its own as $pid; $T/keys is what is typed there, $T/screen
# what it shows.
on_terminal()
{
	mkfifo "$T/keys"
	: >"$T/screen"
	(
		export_environment
		TERM=vt220 exec script -qfec "$1" "$T/screen" <"$T/keys"
	) >/dev/null 2>&1 &
	pid=$!
	exec 3>"$T/keys"
}

begin
LIMIT=120
run_args
args[0]=boot
cat >"$T/inner" <<END
stty rows 33 cols 99
tty >$T/tty
stty -a >$T/before
$(printf '%q ' "$KTEST" "${args[@]}")
echo "status \$?" >$T/status
stty -a >$T/after
END
on_terminal "bash $T/inner"
# The words are cut in two, so that the echo of what is typed is not taken for the answer.
wait_for 'a prompt' shows '# $'
type_keys 'echo "[$(stty size)] [$TERM] [$(tty)]"\r'
wait_for 'its size' shows '\[33 99\] \[vt220\] \[/dev/pts/' && pass 'size and kind of the terminal'
stty -F "$(cat "$T/tty")" rows 44 cols 111
pkill -WINCH -P "$(pgrep -P $pid | head -n 1)" -x ktest 2>/dev/null
size_is() { type_keys 'echo "<$(stty size)>"\r'; sleep 0.2; shows '<44 111>'; }
wait_for 'its new size' size_is && pass 'a change of the size'
type_keys 'sleep 1000\r'
sleep 1
type_keys '\032'
wait_for 'it is stopped' shows 'Stopped +sleep 1000' && pass 'Ctrl-Z stops'
type_keys 'kill %%; sleep 1001; echo "was inter""rupted"\r'
sleep 1
type_keys '\003'
type_keys 'echo "sleeps: $(pgrep -cx sleep)"\r'
wait_for 'it is interrupted' shows 'sleeps: 0' && pass 'Ctrl-C interrupts'
type_keys 'echo "<2>the ker""nel speaks" >/dev/kmsg\r'
wait_for 'a message' shows '\] the kernel speaks' && pass 'kernel messages appear'
type_keys 'exit\r'
wait_for 'the end of the shell' shows 'Enter starts another' && pass 'the shell ends, the guest does not'
type_keys '\r'
type_keys 'echo an""other\r'
wait_for 'another' shows '[^"]another' && pass 'another one'
type_keys '\001x'
exec 3>&-
await
is 'exit status' "$(cat "$T/status")" 'status 0'
cmp "$T/before" <(sed 's/rows 44; columns 111/rows 33; columns 99/' "$T/after")
is 'the terminal is as before' $? 0
rm -f "$T/keys"
gone terminal

# A shell by the agent, as ssh is one: it ends with its status.
begin
boot_background
wait_for 'the guest stays' phase stay
: >"$T/out/vm/host/no-sshd"
guest=$pid
on_terminal "$KTEST ssh -o $T/out"
wait_for 'a prompt of ssh' shows '# $'
type_keys 'exit 7\r'
await
exec 3>&-
is 'ssh by the agent: the status of its shell' "$status" 7
pid=$guest
ktest kill -o "$T/out"
await
gone 'ssh by the agent'
complete
