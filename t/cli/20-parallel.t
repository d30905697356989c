#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# -j: guests side by side. Their words stay together, one's end is no other's, nothing depends on N.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clones.sh"

# A guest for each of these subtests.
boots()
{
	subtests "$@"
	echo ktest_isolation=boot >"$T/home/.ktestrc"
}

# Whose lines follow each other in a log: "aaabbb" is whole, "aabbab" is not.
letters()
{
	sed -nE 's/.* ([a-z]) says .*/\1/p; s/.*(PASSED|FAILED) ([a-z]) in .*/\2/p' "$1" | tr -d '\n'
}
torn() { letters "$1" | fold -w1 | uniq | sort | uniq -d | xargs; }
counted() { letters "$1" | fold -w1 | sort | uniq -c | xargs; }

# All of the results that a machine's speed and the number of guests have no part in.
timeless() { jq -S 'del(.run, .host) | del(.tests[] | .duration_ms, .guest)' "$T/out/results.json"; }

# The most guests at a time.
most()
{
	journal '[foreach (.[] | select(.ev == "guest")) as $e (0;
		if $e.state == "start" then . + 1 elif $e.state == "end" then . - 1 else . end)] | max'
}
started() { [[ $(journal '[.[] | select(.ev == "start")] | length') == "$1" ]]; }
said_in() { grep -qsF "$1" "${@:2}"; }

# ---- words stay together

begin
for s in a b c d e f; do
	echo "subtest $s:"
	for i in 1 2 3 4 5; do
		printf '\tprint %s says %d\n\tsleep %d\n' "$s" "$i" $((20 + RANDOM % 60))
	done
	[[ $s != c ]] || printf '\texit 1\n'
	printf '\texit 0\n'
done | fake
boots a b c d e f
run -j 3
is 'side by side: exit status' "$status" 1
is 'side by side: verdicts' "$(verdicts)" 'a=PASS b=PASS c=FAIL(exit status) d=PASS e=PASS f=PASS'
is 'side by side: three at a time' "$(most)" 3
is 'side by side: a guest each' "$(result '[.tests[].guest] | unique | length')" 6
is 'side by side: no lines between those of another in the log' "$(torn "$T/out/out/t")" ''
is 'side by side: nor on stdout' "$(torn "$T/stdout")" ''
is 'side by side: all lines in the log' "$(counted "$T/out/out/t")" '6 a 6 b 6 c 6 d 6 e 6 f'
is 'side by side: all lines on stdout' "$(counted "$T/stdout")" '6 a 6 b 6 c 6 d 6 e 6 f'
is 'side by side: each log' \
	"$(for s in a b c d e f; do counted "$T/out/out/t.$s/log"; done | xargs)" \
	'6 a 6 b 6 c 6 d 6 e 6 f'
is 'side by side: the table is in order' "$(table | sed -n 's/.*  t \(.\).*/\1/p' | xargs)" 'a b c d e f'
is 'side by side: no guest is linked' "$(ls "$T/out/vm" 2>/dev/null)" ''
gone 'side by side'
timeless >"$T/three"
run -j 1
timeless >"$T/one"
is 'one at a time: the same results' "$(diff "$T/three" "$T/one")" ''
is 'one at a time: in order' "$(letters "$T/out/out/t" | fold -w1 | uniq | xargs)" 'a b c d e f'
is 'one at a time: at a time' "$(most)" 1
gone 'one at a time'

# What takes longest goes first, once that is known.
fake <<'EOF'
subtest d:
	sleep 900
	exit 0
subtest b:
	sleep 500
	exit 0
subtest *:
	exit 0
EOF
rm -rf "$T/home/.local"
run -j 1
run -j 2
is 'longest first' "$(journal '[.[] | select(.ev == "start") | .subtest] | .[:2] | sort | join(" ")')" 'b d'
is 'the memory of guests is recorded' \
	"$(journal '[.[] | select(.ev == "end") | .mem_mib > 0] | all')" true
gone 'longest first'

# ---- several files, a guest for each

begin
for f in a b c; do
	subtests one two
	mv "$T/tree/t.ktest" "$T/tree/$f.ktest"
done
fake <<'EOF'
subtest two:
	print two is here
	sleep 1000
	exit 3
EOF
run_files -j 3 -- a.ktest b.ktest c.ktest
is 'files: exit status' "$status" 1
is 'files: verdicts' "$(file_verdicts)" "a/one=PASS a/two=FAIL(exit status) b/one=PASS \
b/two=FAIL(exit status) c/one=PASS c/two=FAIL(exit status)"
is 'files: at a time' "$(most)" 3
is 'files: each has its log' "$(grep -c 'two is here' "$T/out/out/"[abc] | sed 's/.*://' | xargs)" '1 1 1'
gone files

# The log of a file that has it to itself grows as it goes.
fake <<'EOF'
subtest two:
	print two is here
EOF
rm -rf "$T/out"
run_args
(
	export_environment
	exec "$KTEST" "${args[@]}" -j 3 "$T"/tree/[abc].ktest
) >"$T/stdout" 2>"$T/stderr" </dev/null &
pid=$!
three_logs() { said_in 'two is here' "$T/out/out/a" && said_in 'two is here' "$T/out/out/b" &&
	said_in 'two is here' "$T/out/out/c"; }
wait_for 'the logs' three_logs && pass 'logs grow while their guests run'
is 'the guest that was started last is linked' "$(basename "$(readlink "$T/out/vm")")" \
	"$(journal '[.[] | select(.ev == "guest" and .state == "start") | .guest] | last')"
kill -TERM "$pid"
await
is 'terminated: exit status' "$status" 130
is 'terminated: the logs are whole' \
	"$(grep -c 'two is here' "$T/out/out/"[abc] | sed 's/.*://' | xargs)" '1 1 1'
gone terminated

# ---- what happens to one does not happen to another

begin
fake <<'EOF'
subtest a:
	sleep 200
	die 3
subtest b:
	sleep 800
	exit 0
subtest c:
	sleep 100
	panic
EOF
boots a b c d
run -j 3
is 'one dies: exit status' "$status" 1
is 'one dies: verdicts' "$(verdicts)" 'a=MISS(lost) b=PASS c=FAIL(panic) d=PASS'
gone 'one dies'

fake <<'EOF'
subtest a:
	sleep 300
	exit 1
subtest *:
	print still at it
EOF
rm -rf "$T/home/.local"
run -j 3 -F
is '-F: exit status' "$status" 1
is '-F: verdicts' "$(verdicts)" 'a=FAIL(exit status) b=NONE c=NONE d=NONE'
is '-F: what ran then is cut off' "$(result '[.tests[].cut_off | tostring] | join(" ")')" \
	'false true true false'
gone '-F'

# ---- the run ends early

begin
fake <<'EOF'
subtest *:
	print it is here
EOF
boots a b c d e
run_background -j 3
wait_for 'three guests' started 3
for s in a b c; do
	wait_for "the log of $s" said_in 'it is here' "$T/out/out/t.$s/log"
done
kill -INT "$pid"
await
is 'Ctrl-C: exit status' "$status" 130
is 'Ctrl-C: verdicts' "$(verdicts)" 'a=NONE b=NONE c=NONE d=NONE e=NONE'
is 'Ctrl-C: cut off' "$(result '[.tests[].cut_off | tostring] | join(" ")')" \
	'true true true false false'
is 'Ctrl-C: what they said is in the log' "$(grep -c 'it is here' "$T/out/out/t")" 3
gone 'Ctrl-C'

run_background -j 3
wait_for 'three guests' started 3
kill -KILL "$pid"
await
no_process killed
fake </dev/null
run --resume -j 3
is 'resumed: exit status' "$status" 0
is 'resumed: verdicts' "$(verdicts)" 'a=PASS b=PASS c=PASS d=PASS e=PASS'
is 'resumed: what was cut off has a second attempt' "$(result '[.tests[].attempt] | join(" ")')" \
	'2 2 2 1 1'
gone resumed

# ---- memory

# As much as $T/meminfo says, which can be changed while it runs.
memory() { printf 'MemTotal: 8192000 kB\nMemAvailable: %d kB\n' $(($1 * 1024)) >"$T/meminfo"; }
run_with_memory()
{
	run_args
	(
		export_environment
		# shellcheck disable=SC2016
		exec unshare -rm bash -c 'mount --bind "$0" /proc/meminfo && exec "$@"' "$T/meminfo" \
			"$KTEST" "${args[@]}" "$@" "$T/tree/t.ktest"
	) >"$T/stdout" 2>"$T/stderr" </dev/null &
	pid=$!
}
put_back() { [[ $(journal '[.[] | select(.ev == "put_back")] | length') == 1 ]]; }

begin
memory 8000
fake <<'EOF'
subtest *:
	print it is here
	sleep 3000
	exit 0
EOF
boots a b
run_with_memory -j 2
wait_for 'two guests' started 2
memory 300
wait_for 'one to be stopped' put_back
memory 8000
await
is 'memory runs short: exit status' "$status" 0
is 'memory runs short: verdicts' "$(verdicts)" 'a=PASS b=PASS'
is 'memory runs short: one of them is started again' \
	"$(result '[.tests[].attempt] | add')" 3
is 'memory runs short: which is no failure' "$(result '[.tests[].flaky] | any')" false
is 'memory runs short: the journal says why' \
	"$(journal '.[] | select(.ev == "put_back") | "\(.attempt) \(.reason)"')" '1 memory'
is 'memory runs short: and so does the log' \
	"$(grep -c "the host's memory runs short" "$T/out/out/"t.?/attempt.1/log)" 1
gone 'memory runs short'

# Room for one only, of what they declare: both have their turn.
memory 500
rm -rf "$T/home/.local"
run_with_memory -j 2
await
is 'room for one: exit status' "$status" 0
is 'room for one: verdicts' "$(verdicts)" 'a=PASS b=PASS'
is 'room for one: one at a time' "$(most)" 1
gone 'room for one'

# A guest that is to be saved is put back, too: those that wait for it do not boot instead.
clones
memory 8000
printf 'boot:\n\tsleep 3000\n' | fake
subtests c d
sed 's/ktest_mem=64/ktest_mem=96/' "$T/tree/t.ktest" >"$T/tree/u.ktest"
chmod 755 "$T/tree/u.ktest"
subtests a b
run_with_memory -j 2 "$T/tree/u.ktest"
two_guests() { [[ $(guests_started) == 2 ]]; }
wait_for 'two guests to be saved' two_guests
memory 300
wait_for 'one of these to be stopped' put_back
memory 8000
await
is 'one to be saved: exit status' "$status" 0
is 'one to be saved: verdicts' "$(verdicts)" 'c=PASS d=PASS a=PASS b=PASS'
is 'one to be saved: isolation' "$(isolations)" 'clone clone clone clone'
is 'one to be saved: both are kept' "$(template_events) $(kept)" 'made made 2'
gone 'one to be saved'

# ---- on a terminal

begin
fake <<'EOF'
subtest *:
	print before \x1b[2J after
	sleep 1500
	exit 0
EOF
boots a b c d e
run_args
(
	export_environment
	printf -v command '%q ' "$KTEST" "${args[@]}" -j 5 "$T/tree/t.ktest"
	script -qec "stty rows 5 cols 60; $command" "$T/screen" </dev/null >/dev/null
	echo "$?" >"$T/status"
)
is 'on a terminal: exit status' "$(cat "$T/status")" 0
# A view: from where its first line is drawn to the time left.
views() { tr -d '\r' <"$T/screen" | grep -aA 3 -E '^(.*\[[JK])? +[0-9]:[0-9]{2}  t [a-e] '; }
like 'on a terminal: a line for a guest' "$(views)" ' 0:0[0-9]  t [a-e]  before'
like 'on a terminal: no more than there is room for' "$(views)" 'and 3 more'
like 'on a terminal: the whole' "$(cat "$T/screen")" '\[#*\.*\]  [0-9] of 5 done'
is 'on a terminal: never more rows than it has' \
	"$(grep -aoE '.\[[0-9]+A' "$T/screen" | tr -dc '0-9\n' | sort -n | tail -n 1)" 3
is 'on a terminal: what guests say is escaped' "$(grep -acE $'before \033' "$T/screen")" 0
gone 'on a terminal'

# ---- how many

begin
run -j 2 --forward 23456:1
is '--forward: exit status' "$status" 0
like '--forward: one at a time' "$(cat "$T/stderr")" '--forward: one guest at a time'
run -j 0
is '-j 0: exit status' "$status" 129
fake <<'EOF'
subtest *:
	sleep 1000
	exit 0
EOF
boots a b c
echo ktest_jobs=2 >>"$T/home/.ktestrc"
JOBS='' run
is 'rc file: at a time' "$(most)" 2
gone 'how many'
complete
