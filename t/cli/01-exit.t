#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The exit status of a run, and what it leaves for others to read.
. "$(dirname "$0")/lib.sh"

begin
fake <<'EOF'
subtest one:
	print hello from one
	exit 0
EOF
run
is 'all pass: exit status' "$status" 0
is 'all pass: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
is 'all pass: results.json says so too' "$(result .run.exit)" 0
like 'the last line of the log is the verdict' "$(tail -n 1 "$T/out/out/t.one/log")" \
	'========= PASSED one in [0-9]+s'
like 'status' "$(cat "$T/out/out/t.one/status")" '^========= PASSED one in [0-9]+s$'
like 'duration' "$(cat "$T/out/out/t.one/duration")" '^[0-9]+$'
is "what the test said is in its log" "$(grep -c 'hello from one' "$T/out/out/t.one/log")" 1
is "and in the run's" "$(grep -c 'hello from one' "$T/out/out/t")" 1
is 'each line of the log starts with five digits' \
	"$(grep -avcE '^[0-9]{5} ' "$T/out/out/t.one/log")" 0
is 'and it is shown' "$(grep -c 'hello from one' "$T/stdout")" 1
is 'the first event of the journal' "$(journal '.[0].ev')" run
is 'the last event of the journal' "$(journal '.[-1] | "\(.ev) \(.exit)"')" 'finish 0'
is 'seq counts' "$(journal '[.[].seq] == [range(length)]')" true
for w in one two three; do
	is "the table has a line of $w" "$(table | grep -cE "^PASS +[0-9.]+s +t $w *$")" 1
done
is 'its last line is the sum' "$(tail -n 1 "$T/stdout")" '3 subtests: 3 passed'
is 'the table has nothing else' "$(table | wc -l)" 4
gone 'all pass'

begin
fake <<'EOF'
subtest two:
	exit 3
EOF
run
is 'one fails: exit status' "$status" 1
is 'one fails: verdicts' "$(verdicts)" 'one=PASS two=FAIL(exit status) three=PASS'
like 'one fails: the table' "$(table)" 'FAIL +[0-9.]+s +t two +exit status +exit status 3'
is 'one fails: the sum' "$(table | tail -n 1)" '3 subtests: 2 passed, 1 failed'
like 'one fails: status' "$(cat "$T/out/out/t.two/status")" '^========= FAILED two in [0-9]+s$'
gone 'one fails'

run -- three one
is 'chosen subtests: exit status' "$status" 0
is 'chosen subtests: only they ran' "$(result '[.tests[].subtest] | sort | join(" ")')" 'one three'
is 'a new run replaces out/' "$(ls -d "$T"/out/out/t.two 2>/dev/null)" ''
gone 'chosen subtests'

run -- one four
is 'a subtest that is not there: exit status' "$status" 129
like 'it is named, with those there are' "$(cat "$T/stderr")" 'four.*(one|two|three)'
gone 'a subtest that is not there'

begin
fake <<'EOF'
subtest two:
	signal 11
EOF
run -F
is 'by a signal: exit status' "$status" 1
is 'by a signal: reason' "$(result '.tests[1] | .reason + " " + .title')" 'signal SIGSEGV'
is '-F: what follows is not started' "$(cat "$T/out/out/t.three/status")" '========= NOT STARTED'
gone '-F'

begin
ktest run --no-such-option "$T/tree/t.ktest"
is 'an unknown option: exit status' "$status" 129
is 'an unknown option: one line' "$(lines_of "$T/stderr")" 1
ktest run
is 'no test file: exit status' "$status" 129
ktest
is 'no command: exit status' "$status" 129
ktest nonsense
is 'an unknown command: exit status' "$status" 129
ktest run --accel maybe "$T/tree/t.ktest"
is 'an accelerator that is none: exit status' "$status" 129
ktest run --help
is '--help: exit status' "$status" 0
run_args
ktest "${args[@]}" "$T/tree/missing.ktest"
is 'a test file that is not there: exit status' "$status" 129
like 'it is named' "$(cat "$T/stderr")" missing.ktest
gone 'usage'

begin
rm "$T/kernel/vmlinuz"
run
is 'no kernel: exit status' "$status" 125
like 'no kernel: it is named' "$(cat "$T/stderr")" "$T/kernel"
is 'no kernel: one line' "$(lines_of "$T/stderr")" 1
echo 'this is no kernel' >"$T/kernel/vmlinuz"
run
is 'not a kernel: exit status' "$status" 125
like 'not a kernel: it is named' "$(cat "$T/stderr")" "$T/kernel/vmlinuz"
gone 'no kernel'

begin
rm "$T/bin/qemu-system-x86_64"
run
is 'no QEMU: exit status' "$status" 125
like 'no QEMU: the message says so' "$(cat "$T/stderr")" 'qemu-system-x86_64'
gone 'no QEMU'
complete
