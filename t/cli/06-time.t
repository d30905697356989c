#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Deadlines: timeouts, watchdogs and hangs. The fake is as fast as KVM, so nothing is scaled.
. "$(dirname "$0")/lib.sh"

begin
fake <<'EOF'
subtest two:
	print two is here
EOF
start=$SECONDS
run --timeout 2
is 'timeout: exit status' "$status" 1
is 'timeout: verdicts' "$(verdicts)" 'one=PASS two=FAIL(timeout) three=PASS'
at_most 'timeout: seconds in all' $((SECONDS - start)) 30
like 'timeout: status' "$(cat "$T/out/out/t.two/status")" '^========= FAILED TIMEOUT two in [0-9]+s$'
like 'timeout: last line of the log' "$(tail -n 1 "$T/out/out/t.two/log")" 'FAILED TIMEOUT two in'
is 'timeout: the rest in a fresh VM' "$(result '.tests[1].guest != .tests[2].guest')" true
is 'timeout: the tasks are in the log' "$(grep -c 'task:fake_task' "$T/out/out/t.two/log")" 1
gone timeout

# --timeout is taken as it is, what a file declares is scaled: this host is four times slower.
begin
declares ktest_library=1 ktest_mem=64 ktest_timeout=1
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
fake <<'EOF'
config:
	probe 7
subtest one:
	sleep 2500
	exit 0
EOF
run
like 'scaled: the factor' "$(journal '.[0].host.speed_factor')" '^(3\.9|4)'
is 'scaled: what is declared is enough' "$(verdicts)" 'one=PASS'
run --timeout 1
is '--timeout is not scaled' "$(verdicts)" 'one=FAIL(timeout)'
gone scaled

# Deaf to everything: no DONE, no answer to signals, no end by QMP.
begin
fake <<'EOF'
config:
	ignore signal
	ignore quit
	ignore term
subtest two:
	print two is here
	leave
EOF
run --timeout 2
is 'deaf: exit status' "$status" 1
is 'deaf: verdicts' "$(verdicts)" 'one=PASS two=FAIL(timeout) three=PASS'
gone deaf

# Output does not put a timeout off.
begin
{
	echo 'subtest two:'
	for i in {1..200}; do
		printf 'print still busy %d\nsleep 50\n' "$i"
	done
} >"$T/script"
fake <"$T/script"
run --timeout 2 -- two
is 'busy: verdicts' "$(verdicts)" 'two=FAIL(timeout)'
gone busy

# No heartbeat, no byte.
begin
fake <<'EOF'
subtest two:
	print two is here
	hang
EOF
start=$SECONDS
run
is 'hang: exit status' "$status" 1
is 'hang: an NMI was sent' "$(grep -c 'sending an NMI' "$T/out/out/t.two/log")" 1
is 'hang: verdicts' "$(verdicts)" 'one=PASS two=FAIL(hang) three=PASS'
at_most 'hang: seconds in all' $((SECONDS - start)) 75
gone hang
complete
