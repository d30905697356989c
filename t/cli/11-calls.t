#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a test asks of the host while it runs: skip, watchdog, note, disks, restart.
. "$(dirname "$0")/lib.sh"

begin
fake <<'EOF'
subtest one:
	call skip no such device here
	exit 0
subtest two:
	call note remember this
	exit 0
EOF
run
is 'skip: exit status' "$status" 0
is 'skip: verdicts' "$(verdicts)" 'one=SKIP two=PASS three=PASS'
like 'skip: status' "$(cat "$T/out/out/t.one/status")" '^========= NOTRUN one in [0-9]+s: no'
is 'note: it is in the log' "$(grep -c 'remember' "$T/out/out/t.two/log")" 1
gone skip

# A test that fails after it asked to be skipped has failed.
begin
fake <<'EOF'
subtest one:
	call skip changed my mind
	exit 4
EOF
run -- one
is 'skip and fail: verdict' "$(verdicts)" 'one=FAIL(exit status)'
gone 'skip and fail'

begin
fake <<'EOF'
subtest two:
	call watchdog 2
	print two is here
EOF
start=$SECONDS
run
is 'watchdog: exit status' "$status" 1
is 'watchdog: verdicts' "$(verdicts)" 'one=PASS two=FAIL(timeout) three=PASS'
at_most 'watchdog: seconds in all' $((SECONDS - start)) 30
gone watchdog

# It extends as well, and --timeout overrides it.
begin
declares ktest_library=1 ktest_mem=64 ktest_timeout=1
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
fake <<'EOF'
subtest one:
	call watchdog 60
	sleep 2500
	exit 0
EOF
run
is 'watchdog: extends' "$(verdicts)" 'one=PASS'
run --timeout 1
is 'watchdog: --timeout outweighs it' "$(verdicts)" 'one=FAIL(timeout)'
gone 'watchdog extends'

# What is asked for while no subtest runs bears on none.
begin
fake <<'EOF'
init:
	call skip not you
	call reboot
	exit 0
EOF
run
is 'calls of an init hook: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
gone 'calls of an init hook'

for bad in '' 0 -5 soon 99999999999999999999; do
	begin
	fake <<EOF
subtest one:
	call watchdog $bad
	exit 0
EOF
	run -- one
	is "watchdog '$bad': the run goes on" "$status" 0
	like "watchdog '$bad': refused" \
		"$(grep -a '^[0-9]* reply' "$T/out/out/t.one/log")" 'reply [1-9]'
	gone "watchdog '$bad'"
done

# An announced restart: the same subtest again, with what it left.
begin
fake <<'EOF'
boot:
	print booting
subtest one:
	print one is here
	call reboot
	bye reboot
	reset
EOF
start=$SECONDS
run --timeout 4 -- one two
is 'restart for ever: exit status' "$status" 1
is 'restart for ever: verdicts' "$(verdicts)" 'one=FAIL(timeout) two=PASS'
at_most 'restart for ever: seconds in all' $((SECONDS - start)) 20
boots=$(grep -ac booting "$T/out/out/t.one/log")
is 'restart: it booted again' "$((boots >= 3))" 1
is 'restart: one attempt' "$(result '.tests[0].attempt')" 1
is 'restart: the journal counts' \
	"$(journal '[.[] | select(.ev == "reboot").count][:3] | join(" ")')" '1 2 3'
gone restart

# A watchdog goes on counting while the guest boots again.
begin
fake <<'EOF'
boot:
	print booting
	sleep 900
subtest one:
	sleep 1000
	call reboot
	bye reboot
	reset
EOF
run --timeout 3 -- one two
is 'restarts that take long: verdicts' "$(verdicts)" 'one=FAIL(timeout) two=PASS'
gone 'restarts that take long'

# Announced, but it never comes.
begin
fake <<'EOF'
subtest one:
	call reboot
	exit 0
EOF
run --timeout 3 -- one two
is 'a restart that never comes: verdicts' "$(verdicts)" 'one=FAIL(timeout) two=PASS'
gone 'a restart that never comes'

# Disks are asked for by the host's own names only.
begin
declares ktest_library=1 ktest_mem=64 'ktest_scratch_dev_sizes=(1M 1M)'
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
fake <<'EOF'
subtest one:
	call unplug scratch 1
	call plug scratch 1
	call unplug scratch 2
	call unplug ../../etc 0
	call plug scratch 1 1
	exit 0
EOF
run
is 'disks: exit status' "$status" 0
is 'disks: answers' "$(sed -n 's/^[0-9]* *reply \([0-9]*\).*/\1/p' "$T/out/out/t.one/log" |
	tr '\n' ' ' | sed 's/[1-9][0-9]*/x/g')" '0 0 x x x '
gone disks

begin
declares ktest_library=1 ktest_mem=64 'ktest_scratch_dev_sizes=(1M)'
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
fake <<'EOF'
config:
	refuse device_del
subtest one:
	call unplug scratch 0
	exit 0
EOF
run
is 'QEMU refuses: exit status' "$status" 0
like 'QEMU refuses: the test is told' "$(grep -a ' reply' "$T/out/out/t.one/log")" 'reply [1-9].*refused'
gone 'QEMU refuses'
complete
