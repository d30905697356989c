#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Reports for other programs: while a run goes on, at its end, and derived from its journal later.
. "$(dirname "$0")/lib.sh"

DATA=$TREE/t/data/report

# junit_ok NAME FILE
junit_ok()
{
	is "$1: JUnit as its schema says" \
		"$(xmllint --noout --schema "$DATA/junit.xsd" "$2" 2>&1)" "$2 validates"
}

# ktap_ok NAME FILE NUMBER: of results, by a parser that is not ours
ktap_ok()
{
	is "$1: KTAP as another parser reads it" "$("$TREE/t/cli/ktap-check" <"$2")" "$3"
}

prints_ktap()
{
	fake <<'FAKE'
subtest one:
	print TAP version 13
	print 1..3
	print ok 1 - first
	print [    9.500000] random: crng init done
	print # TAP version 13
	print # 1..2
	print # ok 1 deep
	print # ok 2 deeper # SKIP no device
	print ok 2 second
	print not ok 3 third <&\x1b[31m # TODO one day
	exit 0
subtest two:
	print KTAP version 1
	print 1..2
	print not ok 1 a
	exit 1
FAKE
}

begin
prints_ktap
run --ktap --junit "$T/junit.xml" --kcidb "$T/kcidb.json"
is 'formats: exit status' "$status" 1
gone formats
ktap_ok 'run --ktap' "$T/stdout" 11
is 'run --ktap: it is all there is' "$(grep -cE '^ *((not )?ok|#|KTAP|1\.\.)' "$T/stdout")" \
	"$(lines_of "$T/stdout")"
is 'run --ktap: what a subtest printed is below it' \
	"$(grep -c '^      ok 1 deep$' "$T/stdout")" 1
junit_ok 'run --junit' "$T/junit.xml"
is 'run --junit: the log of what failed' \
	"$(grep -c 'not ok 1 a$' "$T/junit.xml")" 1
is 'run --kcidb: paths and statuses' \
	"$(jq -r '[.tests[] | .path + "=" + .status] | join(" ")' "$T/kcidb.json")" \
	't.one=PASS t.one.first=PASS t.one.second.deep=PASS t.one.second.deeper=SKIP '\
't.one.third_____31m=PASS t.two=FAIL t.two.a=FAIL t.two._missing_=MISS t.three=PASS'
is 'results.json has them nested' \
	"$(result '.tests[0].nested[1].nested | map(.name + "=" + .verdict) | join(" ")')" \
	'deep=PASS deeper=SKIP'
is 'the verdict is the subtest'"'"'s own' "$(verdicts)" 'one=PASS two=FAIL(exit status) three=PASS'

for format in ktap events; do
	ktest results "--$format" "$T/out"
	is "results --$format: exit status" "$status" 0
	cp "$T/stdout" "$T/later.$format"
done
ktest results -o "$T/out" --junit "$T/later.xml" --kcidb -
ktap_ok 'results --ktap' "$T/later.ktap" 11
is 'results --junit: as the run gave it' "$(cmp "$T/junit.xml" "$T/later.xml" 2>&1)" ''
is 'results --kcidb -: as the run gave it' "$(cmp "$T/kcidb.json" "$T/stdout" 2>&1)" ''
is 'results --events: the journal' "$(cmp "$T/later.events" "$T/out/journal.jsonl" 2>&1)" ''

# What is no plain file is written into, and stays what it is: a pipe here, /dev/null elsewhere.
mkfifo "$T/pipe"
for what in 'results --junit' 'results --kcidb' report; do
	timeout 20 cat "$T/pipe" >"$T/read" &
	read -r command option <<<"$what"
	# shellcheck disable=SC2086 # none or one
	ktest "$command" -o "$T/out" $option "$T/pipe"
	wait $!
	is "$what to a pipe: exit status" "$status" 0
	is "$what to a pipe: it is one still" "$(stat -c %F "$T/pipe")" fifo
	like "$what to a pipe: all arrives" "$(tr '\n' ' ' <"$T/read")" \
		'^(<\?xml.*</testsuites>|\{.*\}|<!DOCTYPE html>.*</html>) $'
done
ln -s read "$T/link"
ktest results -o "$T/out" --junit "$T/link"
is 'results --junit to a link: through it' "$(stat -c %F "$T/link") $(cmp "$T/junit.xml" "$T/read" 2>&1)" \
	'symbolic link '

# The journal alone does, without any log.
mkdir "$T/alone"
cp "$T/out/journal.jsonl" "$T/alone"
printf '{"t_ns":1,"seq":99,"ev":"en' >>"$T/alone/journal.jsonl"
ktest results "$T/alone" --ktap
is 'the journal alone: KTAP' "$(cmp "$T/later.ktap" "$T/stdout" 2>&1)" ''
ktest results --junit - --kcidb "$T/alone.json" "$T/alone"
cp "$T/stdout" "$T/alone.xml"
junit_ok 'the journal alone' "$T/alone.xml"
ktest results --events "$T/alone"
is 'a torn last line is left out' "$(cmp "$T/later.events" "$T/stdout" 2>&1)" ''

begin
fake <<'EOF'
subtest two:
	print two is here
	sleep 600000
EOF
run_background --json
wait_for 'the end of one' grep -qs '"ev":"end"' "$T/stdout"
wait_for 'the start of two' grep -qs '"subtest":"two","attempt"' "$T/stdout"
kill -INT "$pid"
await
is 'run --json: exit status' "$status" 130
is 'run --json: the journal, as it is written' \
	"$(cmp "$T/stdout" "$T/out/journal.jsonl" 2>&1)" ''
gone 'run --json'
ktest results --ktap "$T/out"
like 'interrupted: it is not ok' "$(cat "$T/stdout")" 'not ok 2 two # ERROR cut off'
ktap_ok interrupted "$T/stdout" 4

begin
run --junit "$T/nowhere/junit.xml"
is 'no such directory: exit status' "$status" 125
like 'no such directory: it is named' "$(cat "$T/stderr")" 'nowhere/junit.xml'
is 'no such directory: nothing was run' "$([[ -e $T/out ]] || echo none)" none
run --json --ktap
is 'two on standard output: exit status' "$status" 129
ktest results --json --ktap "$T/out"
is 'two on standard output, later: exit status' "$status" 129
gone 'wrong usage'
complete
