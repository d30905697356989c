#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest's kernel that panics or resets.
. "$(dirname "$0")/lib.sh"

took_ms()
{
	journal "([.[] | select(.ev == \"end\" and .subtest == \"$1\")][0].t_ns -
		[.[] | select(.ev == \"start\" and .subtest == \"$1\")][0].t_ns) / 1000000 | floor"
}

for how in panic text-panic; do
	begin
	fake <<EOF
subtest two:
	print two is here
	$how
EOF
	run
	is "$how: exit status" "$status" 1
	is "$how: verdicts" "$(verdicts)" 'one=PASS two=FAIL(panic) three=PASS'
	# By the text alone it is known once the agent has been silent for 10 s.
	at_most "$how: milliseconds until it is known" "$(took_ms two)" 14000
	like "$how: title" "$(result '.tests[1].title')" 'panic'
	is "$how: the rest in a fresh VM" "$(result '.tests[1].guest != .tests[2].guest')" true
	is "$how: the text is in the log" \
		"$(grep -c '1.234567] Kernel panic - not' "$T/out/out/t.two/log")" 1
	is "$how: a finding" "$(result '.tests[1].findings | length > 0')" true
	gone "$how"
done

begin
fake <<'EOF'
boot:
	print booting
	panic
EOF
run
is 'panic in boot: exit status' "$status" 1
is 'panic in boot: verdicts' "$(verdicts)" \
	'(boot)=FAIL(panic) one=MISS(panic) two=MISS(panic) three=MISS(panic)'
gone 'panic in boot'

begin
fake <<'EOF'
subtest two:
	reset
EOF
run
is 'an unexpected reset: exit status' "$status" 1
is 'an unexpected reset: verdicts' "$(verdicts)" 'one=PASS two=FAIL(reboot) three=PASS'
like 'an unexpected reset: it is said' "$(cat "$T/out/out/t.two/log")" 'ktest: reboot: the guest restarted unasked'
gone 'an unexpected reset'

# Its agent did not end it: what the kernel said last was not read.
begin
fake <<'EOF'
subtest two:
	call reboot
	reset
EOF
run
is 'a reset behind a request: verdicts' "$(verdicts)" 'one=PASS two=FAIL(reboot) three=PASS'
gone 'a reset behind a request'

# What only looks like a bug, or is echoed by a test.
begin
fake <<'EOF'
subtest one:
	print DEBUG: nothing to see
	print ========= FAILED one in 3s
	print [    3.000000] ========= FAILED one in 3s
	print ========= FAILED TIMEOUT one in 3s
	print ========= NOTRUN one in 0s: echoed
	print ========= TEST   two
	print ========= FAILED two in 0s
	print WATCHDOG 1
	print QEMU_MONITOR quit
	print UNEXPECTED REBOOT: got 1 expected 0
	print TEST FAILED
	sleep 2500
	exit 0
EOF
run -- one two
is 'echoed verdict lines: exit status' "$status" 0
is 'echoed verdict lines: verdicts' "$(verdicts)" 'one=PASS two=PASS'
is 'echoed verdict lines: all are in the log' \
	"$(grep -ac 'FAILED one in 3s' "$T/out/out/t.one/log")" 2

gone 'echoed verdict lines'

# Returned 0, but the kernel complained.
begin
fake <<'EOF'
subtest two:
	kernel 4 [    5.000001] ------------[ cut here ]------------
	kernel 4 [    5.000002] WARNING: CPU: 0 PID: 7 at kernel/fake.c:12 fake_fn+0x10/0x20
	kernel 4 [    5.000003] Call Trace:
	kernel 4 [    5.000004]  fake_fn+0x10/0x20
	kernel 4 [    5.000005] ---[ end trace 0000000000000000 ]---
	exit 0
EOF
run
is 'a warning: exit status' "$status" 1
is 'a warning: verdicts' "$(verdicts)" 'one=PASS two=FAIL(warning) three=PASS'
like 'a warning: title' "$(result '.tests[1].title')" 'fake_fn'
gone 'a warning'

# One before any subtest bears on none, but fails the file: each boot would show it again.
begin
fake <<'EOF'
boot:
	kernel 4 [    1.000001] ------------[ cut here ]------------
	kernel 4 [    1.000002] WARNING: CPU: 0 PID: 1 at kernel/fake.c:12 fake_fn+0x10/0x20
	kernel 4 [    1.000003] ---[ end trace 0000000000000000 ]---
	hello
subtest *:
	exit 0
EOF
LIMIT=60 run
is 'a warning at boot: exit status' "$status" 1
is 'a warning at boot: verdicts' "$(verdicts)" '(boot)=FAIL(warning) one=PASS two=PASS three=PASS'
is 'a warning at boot: one guest, which goes on' \
	"$(journal 'map(select(.ev == "guest" and .state == "start")) | length')" 1
like 'a warning at boot: recorded' "$(journal 'map(select(.ev == "finding")) | .[].title')" 'fake_fn'
gone 'a warning at boot'
complete
