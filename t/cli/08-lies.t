#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that lies in its frames, and a QEMU that speaks no QMP: no verdict is believed that was
# not earned, and nothing hangs.
. "$(dirname "$0")/lib.sh"

# lie NAME ACTIONS: what follows it in the subtest "two" must never come to PASS; the others do.
lie()
{
	begin
	fake <<EOF
subtest two:
	$2
	sleep 200
	exit 0
EOF
	run --timeout 5
	like "$1: exit status" "$status" '^(1|125)$'
	like "$1: no verdict by it" "$(result '.tests[1].verdict')" '^(MISS|FAIL|ERROR)$'
	is "$1: the others" "$(result '[.tests[0,2].verdict] | join(" ")')" 'PASS PASS'
	gone "$1"
}

lie 'bad magic' 'raw 4445414442454546 0000000000000000'
lie 'length above the limit' 'raw 4b544631 0400 0000 01000000 ffffffff'
lie 'a length that never comes' 'raw 4b544631 0400 0000 01000000 00800000'
lie 'payload without its NUL' 'raw 4b544631 0400 0000 01000000 03000000 69643d'
lie 'a field without a key' 'raw 4b544631 0400 0000 01000000 04000000 6162633d'
lie 'text instead of frames' 'raw 48656c6c6f2c2049206469642070617373206d7920746573740a0a'

# believed NAME ACTIONS: harmless noise; the subtest's own exit counts
harmless()
{
	begin
	fake <<EOF
subtest two:
	$2
	exit 7
EOF
	run --timeout 20
	is "$1: exit status" "$status" 1
	is "$1: verdicts" "$(result '[.tests[].verdict] | join(" ")')" 'PASS FAIL PASS'
	gone "$1"
}

harmless 'an EXIT for what was never started' 'frame 4 id=nonsense status=0 signal=0'
harmless 'an EXIT without an id' 'frame 4 status=0 signal=0'
harmless 'an unknown type' 'frame 999 a=b'
harmless 'a type of the host' 'frame 65 id=1 name=three'
harmless 'a call of a verb that is none' 'call florp 1 2 3'
harmless 'a call to unplug a disk that is not there' 'call unplug scratch 63'

begin
fake <<'EOF'
subtest one:
	exit 0
subtest two:
	replay
	exit 7
EOF
run --timeout 20
is 'a replayed EXIT: the next one has its own verdict' \
	"$(result '[.tests[].verdict] | join(" ")')" 'PASS FAIL PASS'
gone 'a replayed EXIT'

begin
fake <<'EOF'
boot:
	hello version=999999 caps=everything release=../../etc arch=\x01
EOF
run
like 'an agent of the far future: exit status' "$status" '^(0|125)$'
gone 'an agent of the far future'

begin
fake <<'EOF'
config:
	greeting SSH-2.0-OpenSSH_9.2
EOF
run -- one
is 'no QMP: exit status' "$status" 125
gone 'no QMP'

begin
fake <<'EOF'
subtest two:
	rawqmp {"event":
	rawqmp }}}}}}}}]]]]]
	event \n
	sleep 100
	exit 0
EOF
run
like 'rubbish in QMP: exit status' "$status" '^(0|1|125)$'
is 'rubbish in QMP: the others' "$(result '[.tests[0,2].verdict] | join(" ")')" 'PASS PASS'
gone 'rubbish in QMP'
complete
