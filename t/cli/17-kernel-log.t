#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's records decide; the console counts where the agent cannot speak. t/vm/13-kernel-log.t
# shows the same with real kernels.
. "$(dirname "$0")/lib.sh"

findings()
{
	journal 'map(select(.ev == "finding") | (.subtest // "-") + ": " + .title) | join("; ")'
}

begin
fake <<'EOF'
subtest one:
	print [1700000000.123456] starting
	kernel 4 [    5.000001] ------------[ cut here ]------------
	kernel 4 [    5.000002] WARNING: CPU: 0 PID: 7 at kernel/fake.c:12 fake_fn+0x10/0x20
	kernel 4 [    5.000003] ---[ end trace 0000000000000000 ]---
	exit 0
EOF
run -- one
is 'behind a stamp: verdict' "$(verdicts)" 'one=FAIL(warning)'
is 'behind a stamp: lines of the log' \
	"$(result '.tests[0].findings[0] | "\(.first_line) \(.last_line) \(.report)"')" '3 5 finding.1'
is 'behind a stamp: they are the report' \
	"$(sed -n '3,5s/^[0-9]* //p' "$T/out/out/t.one/log")" "$(cat "$T/out/out/t.one/finding.1")"
gone 'behind a stamp'

begin
fake <<'EOF'
subtest one:
	print [    5.000000] WARNING: CPU: 0 PID: 1 at kernel/fake.c:12 printed+0x1/0x2
	print [    5.000001] ---[ end trace 0000000000000000 ]---
	print <0>[    5.000002] Kernel panic - not syncing: printed
	sleep 5000
	exit 0
subtest two:
	record 8 [    5.100000] Kernel panic - not syncing: written to /dev/kmsg
	record 6 [    5.100001] BUG: KASAN: x[97]: segfault at 1 ip 1 sp 1 error 4 in x[1+1]
	record 3 [    5.100002] ext4: Unknown parameter 'x\\x0aBUG: KASAN: forged in x+0x1/0x2'
	exit 0
EOF
run
is 'forged: exit status' "$status" 0
is 'forged: no findings' "$(findings)" ''
is 'forged: one guest, which lives' "$(guests_started)" 1
gone 'forged'

begin
fake <<'EOF'
subtest one:
	record 4 [    5.000002] WARNING: CPU: 0 PID: 7 at kernel/fake.c:12 quiet_fn+0x10/0x20
	record 4 [    5.000003] ---[ end trace 0000000000000000 ]---
	exit 0
EOF
run -- one
is 'a quiet console: verdict' "$(verdicts)" 'one=FAIL(warning)'
is 'a quiet console: no lines' \
	"$(result '.tests[0].findings[0] | "\(.first_line) \(.last_line)"')" 'null null'
is 'a quiet console: the report' "$(cat "$T/out/out/t.one/finding.1")" \
	'[    5.000002] WARNING: CPU: 0 PID: 7 at kernel/fake.c:12 quiet_fn+0x10/0x20
[    5.000003] ---[ end trace 0000000000000000 ]---'
gone 'a quiet console'

# Records that were overwritten: told, and the console stands in for them.
begin
fake <<'EOF'
subtest one:
	kernel 6 [    5.000000] before
	print [    5.000002] WARNING: CPU: 0 PID: 7 at kernel/fake.c:12 lost_fn+0x10/0x20
	print [    5.000003] ---[ end trace 0000000000000000 ]---
	lose 2
	kernel 6 [    5.000004] behind
	exit 0
subtest two:
	lose 1000
	kernel 6 [    6.000000] nothing was shown
	exit 0
EOF
run -- one two
is 'a gap: verdicts' "$(verdicts)" 'one=FAIL(warning) two=PASS'
is 'a gap: told' "$(journal 'map(select(.ev == "note").text) | map(split(" ")[0]) | join(" ")')" '2 1000'
like 'a gap: said' "$(cat "$T/out/out/t.two/log")" \
	'ktest: 1000 messages of the kernel were overwritten before they were read'
gone 'a gap'

# A bug that no report told of
begin
fake <<'EOF'
subtest one:
	frame 4 id=$ID status=0 signal=0 tainted=4096,4640
EOF
run -- one
is 'taints: verdict' "$(verdicts)" 'one=FAIL(tainted)'
is 'taints: named' "$(result '.tests[0].title')" 'the kernel became tainted: bad page (B) warning (W)'
gone 'taints'

# Lockdep that went off watches nobody else.
begin
fake <<'EOF'
boot:
	kernel 6 [    0.000001] Lock dependency validator: Copyright (c) 2006 Red Hat, Inc.
	hello
subtest one:
	kernel 4 [    5.000001] Disabling lock debugging due to kernel taint
	exit 0
EOF
run --isolation shared
is 'lockdep goes off: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
is 'lockdep goes off: guests' "$(result '[.tests[].guest] | join(" ")')" 'vm1 vm2 vm2'
is 'lockdep goes off: said once' "$(grep -c 'lockdep is off since this subtest' "$T/out/out/t")" 1
gone 'lockdep goes off'

# The last words of a kernel that falls silent or dies.
begin
fake <<'EOF'
subtest one:
	print [    5.000002] INFO: task bash:7 blocked for more than 120 seconds.
	print [    5.000003] Call Trace:
	print [    5.000004]  stuck_fn+0x1/0x2
	hang
subtest two:
	print [    5.000002] BUG: kernel NULL pointer dereference, address: 0000000000000000
	print [    5.000003] Oops: 0002 [#1] PREEMPT SMP NOPTI
	print [    5.000004] RIP: 0010:dying_fn+0x1/0x2
	print [    5.000005] ---[ end trace 0000000000000000 ]---
	die
EOF
run --timeout 8 -- one two
is 'last words: findings' "$(findings)" \
	'one: INFO: task hung in stuck_fn; two: Oops: kernel NULL pointer dereference in dying_fn'
is 'last words: verdicts' "$(verdicts)" 'one=FAIL(timeout) two=MISS(lost)'
gone 'last words'

# An agent of before, or of a kernel without /dev/kmsg
begin
fake <<'EOF'
boot:
	hello version=1 caps=streams release=6.1.0-fake uptime_ns=5000000000
subtest one:
	print [    5.000002] WARNING: CPU: 0 PID: 7 at kernel/fake.c:12 fake_fn+0x10/0x20
	print [    5.000003] ---[ end trace 0000000000000000 ]---
	exit 0
EOF
run -- one
is 'an agent without records: verdict' "$(verdicts)" 'one=FAIL(warning)'
gone 'an agent without records'
complete
