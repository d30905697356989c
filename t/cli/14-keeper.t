#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Without bubblewrap: ktest says what is weaker, runs, and still leaves nothing behind.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clones.sh"
. "$(dirname "$0")/no-bwrap.sh"
without_bwrap

script()
{
	fake <<'EOF'
subtest one:
	print one is here
	leave
	sleep 700
	exit 0
subtest two:
	print two is here
	sleep 700
	exit 0
EOF
}

begin
script
run
is 'no bwrap: exit status' "$status" 0
is 'no bwrap: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
like 'no bwrap: what is weaker is said' "$(cat "$T/stderr")" 'without a sandbox'
is 'no bwrap: in one line for QEMU, one for the test files' "$(lines_of "$T/stderr")" 2
gone 'no bwrap'

# Of clones there is a copy, too, without what repositories keep of themselves.
begin
mkdir -p "$T/home/.ktest/deps/suite/.git"
echo token >"$T/home/.ktest/deps/suite/.git/config"
echo check >"$T/home/.ktest/deps/suite/check"
run
is 'no bwrap, clones: exit status' "$status" 0
is 'no bwrap, clones: copied' "$(cat "$T"/home/.cache/ktest/packs/*/tree/suite/check)" check
is 'no bwrap, clones: without their history' "$(grep -rl token "$T/home/.cache/ktest/packs")" ''

# A saved guest's state goes to QEMU through the keeper.
clones
run
run
is 'no bwrap, clones: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
is 'no bwrap, clones: of a guest that was kept' "$(boots) $(isolations)" '0 clone clone clone'
gone 'no bwrap, clones'

for signal in INT TERM HUP KILL; do
	begin
	script
	run_background
	wait_for 'two is here' said 'two is here' || continue
	kill "-$signal" "$pid"
	await
	if [[ $signal == KILL ]]; then
		is "$signal: it is dead" "$status" 137
		no_process "$signal"
	else
		is "$signal: exit status" "$status" 130
		gone "$signal"
	fi
done

# The test file is asked what it needs, and has left something in a session of its own.
begin
sed -i "2i setsid bash -c 'sleep 1000; : $T' & : >$T/asked; sleep 1000" "$T/tree/t.ktest"
run_background
wait_for 'the file to be asked' test -e "$T/asked"
kill -KILL "$pid"
await
is 'KILL while a file is asked: it is dead' "$status" 137
no_process 'KILL while a file is asked'

# QEMU dies, its grandchild does not.
begin
fake <<'EOF'
subtest two:
	leave
	sleep 100
	kill
EOF
run
is 'QEMU is killed: verdicts' "$(verdicts)" 'one=PASS two=MISS(lost) three=PASS'
gone 'QEMU is killed'

begin
fake <<'EOF'
config:
	ignore quit
	ignore term
	ignore signal
subtest two:
	leave
	sleep 100000
EOF
run --timeout 2
is 'deaf: verdicts' "$(verdicts)" 'one=PASS two=FAIL(timeout) three=PASS'
gone deaf
complete
