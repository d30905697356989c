#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --repeat, --until-fail, --retry: how often each subtest runs, and what comes of it all.
. "$(dirname "$0")/lib.sh"
# shellcheck source=t/cli/clones.sh
. "$(dirname "$0")/clones.sh"

# host_file <SCRIPT: a file that runs here, so that its subtests can count how often they ran:
# `nth NAME` is the number of the call.
host_file()
{
	{
		printf '#!/bin/bash\n. "${ktest_test_libs:?}"\nconfig-no-vm\n'
		printf 'nth() { echo >>%q/$1; wc -l <%q/$1; }\n' "$T/count" "$T/count"
		cat
		printf 'main "$@"\n'
	} >"$T/tree/t.ktest"
	mkdir -p "$T/count"
}

host_run() { ktest run -k "$T/none" -o "$T/out" "$@" "$T/tree/t.ktest"; }
forget() { rm -f "$T/count/"*; }
ran() { lines_of "$T/count/$1"; }
# Of a subtest: "attempt told flaky runs/failed"
numbers()
{
	result ".tests[] | select(.subtest == \"$1\") |
		\"\(.attempt) \(.told) \(.flaky) \(.repeat.runs)/\(.repeat.failed)\""
}
started() { journal "[.[] | select(.ev == \"start\" and .subtest == \"$1\")] | length"; }

racy()
{
	host_file <<'EOF'
test_good() { nth good >/dev/null; }
test_racy() { (($(nth racy) != 2)); }
test_bad() { echo "bad is $(nth bad)"; exit 3; }
test_not() { nth not >/dev/null; ktest_skip never; }
EOF
}

begin
racy
host_run --repeat 4
is '--repeat: exit status' "$status" 1
is '--repeat: verdicts' "$(verdicts)" 'good=PASS racy=FAIL(exit status) bad=FAIL(exit status) not=SKIP'
is '--repeat: how often' "$(ran good) $(ran racy) $(ran bad)" '4 4 4'
is '--repeat: what is skipped is so once' "$(ran not)" 1
is '--repeat: numbers' "$(numbers good), $(numbers racy), $(numbers bad), $(numbers not)" \
	'4 4 false 4/0, 4 2 false 4/1, 4 1 false 4/4, 1 1 false null/null'
is '--repeat: the interval' "$(result '.tests[1].repeat | [.low, .high] | map(. * 1000 | round)' | xargs)" \
	'[ 46, 699 ]'
is '--repeat: the log that is told' "$(result '.tests[1].log')" out/t.racy/attempt.2/log
like '--repeat: it is that of the failure' "$(tail -n 1 "$T/out/out/t.racy/attempt.2/log")" 'FAILED racy'
is '--repeat: each attempt has its log' \
	"$(sed -n 's/.*bad is //p' "$T/out/out/t.bad/attempt."[123]/log "$T/out/out/t.bad/log" | xargs)" '1 2 3 4'
like '--repeat: the table' "$(table)" 'racy +exit status, 1 of 4 failed \(4\.6 to 69\.9 %\)'
is '--repeat: one round after the other' \
	"$(journal '[.[] | select(.ev == "start") | .round // 1] | . == sort')" true
gone '--repeat'

# A killed run goes on where it was.
forget
host_file <<'EOF'
test_one() { nth one >/dev/null; }
test_two()
{
	n=$(nth two)
	[[ $n != 2 || -e $ktest_dir/go ]] || sleep 1000
	((n != 1))
}
EOF
(
	export_environment
	exec "$KTEST" run -k "$T/none" -o "$T/out" --repeat 3 "$T/tree/t.ktest"
) >"$T/stdout" 2>"$T/stderr" </dev/null &
pid=$!
second() { [[ $(ran two 2>/dev/null) == 2 ]]; }
wait_for 'the second round' second
kill -KILL "$pid"
await
no_process 'killed'
: >"$T/tree/go"
host_run --repeat 3 --resume
is 'resumed: exit status' "$status" 1
is 'resumed: verdicts' "$(verdicts)" 'one=PASS two=FAIL(exit status)'
is 'resumed: what had run is not run again' "$(ran one) $(ran two)" '3 4'
is 'resumed: numbers' "$(numbers one), $(numbers two)" '3 3 false 3/0, 4 1 false 3/1'
host_run --repeat 3 --resume
is 'resumed: nothing is left' "$(ran one) $(ran two) $status" '3 4 1'
host_run --repeat 5 --resume
is 'resumed for more' "$(numbers one), $(numbers two)" '5 5 false 5/0, 6 1 false 5/1'
gone resumed

# ---- --retry

begin
racy
host_run --retry 2
is '--retry: exit status' "$status" 1
is '--retry: how often' "$(ran good) $(ran racy) $(ran bad) $(ran not)" '1 1 3 1'
is '--retry: numbers' "$(numbers bad)" '3 3 false null/null'
gone '--retry'

forget
nth_first() { printf 'x\n' >"$T/count/racy"; } # its next call is the second
nth_first
host_run --retry 2 --junit "$T/out/junit.xml"
is 'flaky: numbers' "$(numbers racy)" '2 2 true null/null'
is 'flaky: the verdict' "$(result '.tests[1].verdict')" PASS
like 'flaky: the table' "$(table)" 'racy +flaky, attempt 2'
like 'flaky: counted' "$(table)" ', 1 flaky'
like 'flaky: JUnit' "$(cat "$T/out/junit.xml")" '<testcase [^>]*name="racy"[^>]*>[^<]*<flakyFailure'
gone flaky
rm -f "$T/out/junit.xml"

host_file <<'EOF'
test_racy() { (($(nth racy) != 2)); }
EOF
forget
nth_first
host_run --retry 1 --ktap
is 'flaky alone: exit status' "$status" 0
like 'flaky alone: KTAP' "$(cat "$T/stdout")" '# flaky: it passed in attempt 2'
forget
nth_first
host_run --retry 1 -F
is 'flaky alone, -F: exit status' "$status" 0

# In each round of its own.
forget
host_run --repeat 3 --retry 1
is '--repeat --retry: exit status' "$status" 0
is '--repeat --retry: numbers' "$(numbers racy)" '4 4 true 3/1'
gone '--repeat --retry'

# ---- --until-fail

begin
host_file <<'EOF'
test_good() { nth good >/dev/null; }
test_racy() { (($(nth racy) != 7)); }
EOF
host_run --until-fail
is '--until-fail: exit status' "$status" 1
is '--until-fail: how often' "$(ran good) $(ran racy)" '7 7'
is '--until-fail: numbers' "$(numbers good), $(numbers racy)" '7 7 false 7/0, 7 7 false 7/1'
gone '--until-fail'
forget
host_run --until-fail --repeat 3
is '--until-fail --repeat: exit status' "$status" 0
is '--until-fail --repeat: how often' "$(ran good) $(ran racy)" '3 3'
forget
host_run --until-fail --retry 1 --repeat 9
is '--until-fail --retry: a retry that passes is no failure' "$status $(ran racy)" '0 10'
gone '--until-fail'

# ---- in guests

begin
fake <<'EOF'
subtest two:
	exit 1
EOF
run --repeat 3
is 'one guest: verdicts' "$(verdicts)" 'one=PASS two=FAIL(exit status) three=PASS'
is 'one guest: a new one for each round' \
	"$(journal '[.[] | select(.ev == "start") | .guest] | unique | length')" 3
is 'one guest: attempts' "$(started one) $(started two) $(started three)" '3 3 3'
gone 'one guest'

run --isolation boot --repeat 3 --retry 1 -j 3
is 'a guest each: verdicts' "$(verdicts)" 'one=PASS two=FAIL(exit status) three=PASS'
is 'a guest each: attempts' "$(started one) $(started two) $(started three)" '3 6 3'
is 'a guest each: numbers' "$(numbers one), $(numbers two)" '3 3 false 3/0, 6 2 false 3/3'
is 'a guest each: never two of one subtest' "$(journal '[foreach (.[] | select(.subtest == "two" and
	(.ev == "start" or .ev == "end"))) as $e (0; if $e.ev == "start" then . + 1 else . - 1 end)] | max')" 1
gone 'a guest each'

# ---- in clones

clones
fake <<'EOF'
boot:
	print a guest boots
subtest two:
	exit 1
EOF
run --confirm -j 2
is '--confirm: exit status' "$status" 1
is '--confirm: verdicts' "$(verdicts)" 'one=PASS two=FAIL(exit status) three=PASS'
is '--confirm: both are kept' "$(result '.tests[1] | [.attempt, .told, .confirmed, .isolation] | join(" ")')" \
	'2 1 true clone'
is '--confirm: the others are not tried again' \
	"$(result '[.tests[0, 2] | .attempt, .confirmed] | map(tostring) | join(" ")')" '1 null 1 null'
is '--confirm: the second one in a booted guest' \
	"$(journal '[.[] | select(.ev == "end" and .subtest == "two") | .isolation] | join(" ")')" 'clone boot'
like '--confirm: the table' "$(table)" 'two +exit status, confirmed'
gone '--confirm'

run --repeat 3 -j 2
is 'rounds in clones: verdicts' "$(verdicts)" 'one=PASS two=FAIL(exit status) three=PASS'
is 'rounds in clones: all of them' "$(isolations) $(boots)" 'clone clone clone 0'
is 'rounds in clones: numbers' "$(numbers one), $(numbers two)" '3 3 false 3/0, 3 1 false 3/3'
gone 'rounds in clones'

begin
# A guest that cannot be had is not asked for a hundred times.
fake <<'EOF'
boot:
	die 1
EOF
run --repeat 100 -- one
is 'no guest: exit status' "$status" 125
is 'no guest: it is tried once' "$(journal '[.[] | select(.ev == "guest" and .state == "start")] | length')" 1
gone 'no guest'

for option in '--repeat 0' '--repeat x' '--retry -1'; do
	# shellcheck disable=SC2086
	run $option
	is "$option: exit status" "$status" 129
done
complete
