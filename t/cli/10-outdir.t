#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The output directory: one run at a time, and nothing outside it is read or written.
. "$(dirname "$0")/lib.sh"

begin
fake <<'EOF'
subtest one:
	print one is here
	sleep 3000
	exit 0
EOF
run_background
first=$pid
wait_for 'one is here' said 'one is here'
cp "$T/stdout" "$T/stdout.first"
run
is 'two runs: the second is refused' "$status" 125
like 'two runs: and told who holds it' "$(cat "$T/stderr")" "$first"
is 'two runs: in one line' "$(lines_of "$T/stderr")" 1
pid=$first
await
is 'two runs: the first goes on' "$status" 0
is 'two runs: and has its results' "$(verdicts)" 'one=PASS two=PASS three=PASS'
gone 'two runs'

# Links in it while a run goes on.
begin
mkdir "$T/victims"
echo secret >"$T/victims/file"
cp "$T/victims/file" "$T/secret"
fake <<'EOF'
subtest one:
	print one is here
	sleep 1500
	exit 0
EOF
run_background
wait_for 'one is here' said 'one is here'
rm -rf "$T/out/out/t.two" "$T/out/out/t.three/status" "$T/out/out/t.three/log"
ln -s "$T/victims" "$T/out/out/t.two"
mkdir -p "$T/out/out/t.three"
ln -s "$T/victims/file" "$T/out/out/t.three/log"
ln -s "$T/victims/file" "$T/out/out/t.three/status"
ln -s "$T/victims/new" "$T/out/out/t.three/duration"
rm -f "$T/out/results.json"
ln -s "$T/victims/results" "$T/out/results.json"
await
like 'planted links: it ends' "$status" '^(0|1|125)$'
is 'planted links: nothing behind them changed' "$(ls "$T/victims"):$(cat "$T/victims/file")" \
	'file:secret'
is 'planted links: nothing behind them was read' \
	"$(grep -rsl secret "$T/out/out/t" "$T/stdout" "$T/out/journal.jsonl")" ''
gone 'planted links'

# A fifo does not block, a new run removes links and not what they point to.
begin
mkdir -p "$T/victims" "$T/out/out/t.one"
echo secret >"$T/victims/file"
ln -s "$T/victims" "$T/out/out/t.two"
mkfifo "$T/out/out/t.one/log" "$T/out/journal.jsonl"
: >"$T/out/report.html"
run
is 'left by an earlier run: exit status' "$status" 0
is 'left by an earlier run: replaced' "$(verdicts)" 'one=PASS two=PASS three=PASS'
is 'left by an earlier run: no report of it' "$(find "$T/out" -name report.html)" ''
is 'left by an earlier run: what links led to is there' "$(cat "$T/victims/file")" secret
gone 'left by an earlier run'

# Another run in its place while it goes on: each tells of its own.
begin
subtests one
fake <<'EOF'
subtest one:
	print one is here
	sleep 8000
	exit 0
EOF
run_background --junit "$T/first.xml"
wait_for 'one is here' said 'one is here'
mv "$T/stdout" "$T/stdout.first"
mv "$T/stderr" "$T/stderr.first"
first=$pid
rm -rf "$T/out"
fake <<<$'subtest one:\n\texit 1'
run
is 'replaced in a run: the second' "$status $(verdicts)" '1 one=FAIL(exit status)'
sum=$(sha256sum "$T/out/results.json" "$T/out/journal.jsonl")
pid=$first
await
is 'replaced in a run: the first one: exit status' "$status" 0
is 'replaced in a run: its table' "$(grep -c '^1 subtest: 1 passed$' "$T/stdout.first")" 1
is 'replaced in a run: its report' "$(grep -o 'failures="[0-9]*"' "$T/first.xml" | sort -u)" 'failures="0"'
like 'replaced in a run: said' "$(<"$T/stderr.first")" 'results.json: the output directory .* was removed or replaced'
is 'replaced in a run: the second has its own' "$(sha256sum "$T/out/results.json" "$T/out/journal.jsonl")" "$sum"
gone 'replaced in a run'

# What a test wrote there is gone: that is not the kernel's doing.
begin
fake <<'EOF'
subtest one:
	print one is here
	sleep 5000
	exit 1
EOF
run_background
wait_for 'one is here' said 'one is here'
rm -rf "$T/out"
await
is 'removed in a run: no verdict' "$(grep -cE '^MISS .* t one +disk ' "$T/stdout")" 1
is 'removed in a run, a failure: exit status' "$status" 125

# Without another one in its place
begin
fake <<'EOF'
subtest one:
	print one is here
	sleep 5000
	exit 0
EOF
echo ktest_isolation=boot >"$T/home/.ktestrc"
run_background
wait_for 'one is here' said 'one is here'
rm -rf "$T/out"
await
is 'removed in a run: exit status' "$status" 125
like 'removed in a run: the table' "$(<"$T/stdout")" '3 subtests: 1 passed, 2 not run; the run was cut off'
like 'removed in a run: why' "$(<"$T/stderr")" "the run was stopped: $T/out/"
gone 'removed in a run'

begin
: >"$T/out"
run
is 'a file in its place: exit status' "$status" 125
is 'a file in its place: one line' "$(lines_of "$T/stderr")" 1
gone 'a file in its place'

begin
mkdir "$T/out"
echo mine >"$T/out/notes.txt"
run
is "the user's own files stay" "$(cat "$T/out/notes.txt")" mine
gone 'own files'
complete
