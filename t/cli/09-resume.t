#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --resume goes on where a run was cut off.
. "$(dirname "$0")/lib.sh"

starts() { journal "[.[] | select(.ev == \"start\" and .subtest == \"$1\")] | length"; }

begin
fake <<'EOF'
subtest one:
	exit 1
subtest two:
	print two is here
EOF
run_background
wait_for 'two is here' said 'two is here'
kill -KILL "$pid"
await
no_process 'cut off'
printf '{"t_ns":1,"seq":99,"ev":"en' >>"$T/out/journal.jsonl"
is 'a torn last line is legal' "$(ktest results "$T/out" && echo "$status")" 0
fake <<'EOF'
subtest one:
	print one ran again
	exit 0
EOF
run --resume
is 'resumed: exit status' "$status" 1
is 'resumed: verdicts' "$(result '[.tests[].verdict] | join(" ")')" 'FAIL PASS PASS'
is 'resumed: what has a verdict is not run again' "$(starts one)" 1
is 'resumed: what was cut off is' "$(starts two)" 2
is 'resumed: the journal says so' "$(journal '[.[] | select(.ev == "resume")] | length')" 1
is 'resumed: every line is whole' "$(grep -vc '^{.*}$' "$T/out/journal.jsonl")" 0
is 'resumed: what the first attempt said is kept' \
	"$(grep -c 'two is here' "$T/out/out/t.two/attempt.1/log")" 1
is 'resumed: the second attempt has a log of its own' \
	"$(grep -c 'two is here' "$T/out/out/t.two/log")" 0
is 'resumed: attempts' "$(result '[.tests[].attempt] | join(" ")')" '1 2 1'
is 'resumed: seq goes on' \
	"$(journal '[.[].seq] | . == sort and (unique | length) == length')" true
gone resumed

run --resume
is 'nothing left to do: exit status' "$status" 1
is 'nothing left to do: nothing done' "$(starts three)" 1
gone 'nothing left to do'

begin
run --resume
is 'nothing to resume: exit status' "$status" 125
like 'nothing to resume: it is said' "$(cat "$T/stderr")" 'resume|journal'
gone 'nothing to resume'

begin
mkdir "$T/out"
echo 'not a journal' >"$T/out/journal.jsonl"
run --resume
is 'not a journal: exit status' "$status" 125
like 'not a journal: it is named' "$(cat "$T/stderr")" 'journal.jsonl'
is 'not a journal: it is left alone' "$(cat "$T/out/journal.jsonl")" 'not a journal'
gone 'not a journal'
complete
