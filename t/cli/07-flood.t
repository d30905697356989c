#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that says too much: logs are bounded, ktest's memory too, nothing else suffers.
. "$(dirname "$0")/lib.sh"

begin
fake <<'EOF'
subtest one:
	print the first words
	flood 100000000
	print the last words
	exit 0
EOF
run --log-limit 8M
is 'console: exit status' "$status" 0
is 'console: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
at_most 'console: bytes of the log' "$(stat -c %s "$T/out/out/t.one/log")" $((9 << 20))
is 'console: head is kept' "$(grep -ac 'the first words' "$T/out/out/t.one/log")" 1
is 'console: tail is kept' "$(grep -ac 'the last words' "$T/out/out/t.one/log")" 1
like 'console: last line is the verdict' "$(tail -n 1 "$T/out/out/t.one/log")" 'PASSED one in'
gone console

# One line without an end.
begin
fake <<'EOF'
subtest one:
	print the first words
	flood 20000000 x\r
	printn xxxx
	exit 0
EOF
run --log-limit 4M -- one
is 'no line ends: exit status' "$status" 0
gone 'no line ends'

begin
fake <<'EOF'
subtest one:
	frames 200000
	exit 0
EOF
run
like 'frames: exit status' "$status" '^(0|125)$'
is 'frames: those after it are not harmed' "$(result '.tests[2].verdict')" PASS
gone frames

# Calls: what they write is bounded like any other output.
begin
fake <<'EOF'
subtest one:
	print the first words
	calls 100000 note remember=this-which-is-one-of-very-many
	print the last words
	exit 0
EOF
run --log-limit 1M
like 'calls: exit status' "$status" '^(0|125)$'
at_most 'calls: bytes of the log' "$(stat -c %s "$T/out/out/t.one/log")" $((2 << 20))
at_most 'calls: bytes of the journal' "$(stat -c %s "$T/out/journal.jsonl")" 100000
is 'calls: those after it are not harmed' \
	"$(result '[.tests[1,2].verdict] | join(" ")')" 'PASS PASS'
gone calls

# Peak memory of ktest alone while 200 MB go through. The subtest stays, so that there is someone
# to ask.
begin
fake <<'EOF'
subtest one:
	flood 200000000
	print done flooding
EOF
run_background --log-limit 4M
peak() { awk '/^VmHWM/ { print $2 }' "/proc/$pid/status"; }
wait_for 'the flood' grep -qsa 'done flooding' "$T/stdout"
kb=$(peak)
kill -TERM "$pid"
await
is 'memory: exit status' "$status" 130
# A sanitizer's shadow is not ktest's memory.
if [[ $KTEST != *asan ]]; then
	at_most 'memory: KiB' "${kb:-999999999}" 32768
fi
gone memory
complete
