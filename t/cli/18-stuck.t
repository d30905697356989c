#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A subtest whose kernel has locked up or lost a task is not waited for until its time is up. Other
# bugs shorten nothing.
. "$(dirname "$0")/lib.sh"

seconds()
{
	result ".tests[] | select(.subtest == \"$1\") | .duration_ms / 1000 | floor"
}

begin
fake <<'EOF'
subtest one:
	record 3 [    5.000001] INFO: task bash:7 blocked for more than 120 seconds.
	record 3 [    5.000002] Call Trace:
	record 3 [    5.000003]  stuck_fn+0x1/0x2
	sleep 90000
	exit 0
subtest two:
	record 4 [    5.000001] WARNING: CPU: 0 PID: 7 at kernel/fake.c:12 fake_fn+0x10/0x20
	record 4 [    5.000002] ---[ end trace 0000000000000000 ]---
	sleep 23000
	exit 0
EOF
run --timeout 80 -- one two
is 'stuck: verdicts' "$(verdicts)" 'one=FAIL(hang) two=FAIL(warning)'
is 'stuck: title' "$(result '.tests[0].title')" 'INFO: task hung in stuck_fn'
at_most 'stuck: seconds' "$(seconds one)" 35
at_most 'stuck: not at once' 19 "$(seconds one)"
at_most 'a warning: it had its time' 23 "$(seconds two)"
gone 'stuck'

# News from the guest put it off: it does go on.
begin
fake <<'EOF'
subtest one:
	record 3 [    5.000001] INFO: task bash:7 blocked for more than 120 seconds.
	record 3 [    5.000002] Call Trace:
	record 3 [    5.000003]  stuck_fn+0x1/0x2
	sleep 12000
	record 6 [   17.000000] a message
	sleep 12000
	exit 0
EOF
run --timeout 80 -- one
is 'with news: verdict' "$(verdicts)" 'one=FAIL(hang)'
at_most 'with news: it had its time' 24 "$(seconds one)"
gone 'with news'
complete
