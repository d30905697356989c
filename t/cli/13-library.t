#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A tree with a library of its own, which prints the verdict lines itself.
. "$(dirname "$0")/lib.sh"

foreign()
{
	begin
	declares ktest_mem=64 ktest_cpus=1
	sed -i 's/SUBTESTS/one two three four/' "$T/tree/t.ktest"
	fake
}

foreign <<'EOF'
subtest one:
	print ========= TEST   one
	print one speaks
	print ========= PASSED one in 1s
	print
	print [   12.345678] ========= TEST   two
	print two speaks
	print [   12.345678] ========= FAILED two in 2s
	print ========= TEST   three
	print <4>[   13.000000][  T1] ========= NOTRUN three in 0s: no such device
	print ========= TEST   four
	print ========= FAILED TIMEOUT four in 3s
	print TEST FAILED
	exit 2
EOF
run
is 'its own lines: exit status' "$status" 1
is 'its own lines: verdicts' "$(verdicts)" \
	'one=PASS two=FAIL(exit status) three=SKIP four=FAIL(timeout)'
is 'its own lines: the reason of a skip' "$(result '.tests[2].title')" 'no such device'
is 'its own lines: all in one guest' "$(result '[.tests[].guest] | unique | length')" 1
is 'its own lines: each in its log' "$(cd "$T/out/out" && grep -lr 'two speaks' . | sort | xargs)" \
	'./t ./t.two/log'
like 'its own lines: the last line of the log' "$(tail -n 1 "$T/out/out/t.two/log")" \
	'^[0-9]{5} ========= FAILED two in [0-9]+s$'
is 'its own lines: one verdict line in the log' \
	"$(grep -c '========= FAILED two' "$T/out/out/t.two/log")" 1
gone 'its own lines'

# Only a line's beginning counts, only the subtest that runs, and only names that there are.
foreign <<'EOF'
subtest one:
	print ========= TEST   one
	print echo ========= FAILED one in 1s
	print ========= FAILED two in 1s
	print ========= FAILED onetwo in 1s
	print ========= FAILED one
	print ========= PASSED one in 1s
	print ========= TEST   nobody
	print ========= PASSED nobody in 1s
	print ========= TEST   two
	print ========= TEST   three
	print ========= PASSED three in 1s
	exit 0
EOF
run
is 'look-alikes: verdicts' "$(verdicts)" \
	'one=PASS two=FAIL(lost) three=PASS four=ERROR(lost)'
is 'look-alikes: exit status' "$status" 1
gone 'look-alikes'

# Panic in the middle: what is left goes on in a fresh VM.
foreign <<'EOF'
subtest one:
	print ========= TEST   one
	print ========= PASSED one in 1s
	print ========= TEST   two
	panic
subtest three:
	print ========= TEST   three
	print ========= PASSED three in 1s
	print ========= TEST   four
	print ========= PASSED four in 1s
	print TEST SUCCESS
	exit 0
EOF
run
is 'panic: verdicts' "$(verdicts)" 'one=PASS two=FAIL(panic) three=PASS four=PASS'
is 'panic: two guests' "$(result '[.tests[].guest] | unique | length')" 2
gone panic

# The kernel's log knows better than the library.
foreign <<'EOF'
subtest one:
	print ========= TEST   one
	kernel 4 [    5.000002] WARNING: CPU: 0 PID: 7 at kernel/fake.c:12 fake_fn+0x10/0x20
	kernel 4 [    5.000005] ---[ end trace 0000000000000000 ]---
	print ========= PASSED one in 1s
	exit 0
EOF
run -- one
is 'a warning: verdict' "$(verdicts)" 'one=FAIL(warning)'
gone 'a warning'

# The record of a bug may still be on its way when the verdict's line is there. ktest waits for the
# record, and what the console shows behind the line does not belong to that subtest.
foreign <<'EOF'
config:
	ignore ping
subtest one:
	print ========= TEST   one
	print ========= PASSED one in 1s
	print ========= TEST   two
	print two is here
	sleep 300
	record 4 [    5.000002] WARNING: CPU: 0 PID: 7 at kernel/fake.c:12 fake_fn+0x10/0x20
	record 4 [    5.000005] ---[ end trace 0000000000000000 ]---
	pong
	print ========= PASSED two in 1s
	pong
	exit 0
EOF
run -- one two
is 'a late record: verdicts' "$(verdicts)" 'one=FAIL(warning) two=PASS'
is 'a late record: lines behind the verdict' \
	"$(grep -c 'two is here' "$T/out/out/t.one/log") $(grep -c 'two is here' "$T/out/out/t.two/log")" '0 1'
gone 'a late record'

foreign <<'EOF'
config:
	ignore ping
subtest one:
	print ========= TEST   one
	print ========= PASSED one in 1s
	print ========= TEST   two
	print ========= PASSED two in 1s
	sleep 13000
	exit 0
EOF
LIMIT=60 run -- one two
is 'an agent that answers nothing: verdicts' "$(verdicts)" 'one=PASS two=PASS'
gone 'an agent that answers nothing'

foreign <<'EOF'
subtest one:
	print ========= TEST   one
	print WATCHDOG 2
subtest two:
	print ========= TEST   two
	print ========= PASSED two in 1s
	exit 0
EOF
run -- one two
is 'watchdog: verdicts' "$(verdicts)" 'one=FAIL(timeout) two=PASS'
gone watchdog

foreign <<'EOF'
subtest one:
	print ========= TEST   one
	print QEMU_MONITOR quit
	print QEMU_MONITOR device_del ../../etc
	print QEMU_MONITOR migrate "exec:touch /tmp/owned"
	sleep 300
	print ========= PASSED one in 1s
	exit 0
EOF
run -- one
is 'monitor commands: verdict' "$(verdicts)" 'one=PASS'
is 'monitor commands: refused' \
	"$(grep -c 'ktest: refused: QEMU_MONITOR' "$T/out/out/t.one/log")" 3
gone 'monitor commands'
complete
