#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What goes wrong outside of subtests has rows of its own, and which bugs fail what is for rules to
# say: config-fail-on, --fail-on, expect-bug.
. "$(dirname "$0")/lib.sh"

# warning FUNCTION [SECOND [LINE]]: the script lines of a report at that time of the guest's
warning()
{
	cat <<EOF
	kernel 4 [${2-    1}.000002] WARNING: CPU: 0 PID: 1 at kernel/fake.c:${3-12} $1+0x10/0x20
	kernel 4 [${2-    1}.000003] ---[ end trace 0000000000000000 ]---
EOF
}

row()
{
	result ".tests[] | select(.subtest == \"$1\") | $2"
}

# ---- rows

# Each of three guests shows the first warning, one of them another besides.
begin
{
	echo boot:
	warning boot_fn
	printf '%s\n' hello 'subtest one:'
	warning one_fn
	printf '%s\n' '	exit 0'
} | fake
run --isolation boot -j 1
is 'boot: exit status' "$status" 1
is 'boot: verdicts' "$(verdicts)" '(boot)=FAIL(warning) one=FAIL(warning) two=PASS three=PASS'
is 'boot: once, of three guests' "$(guests_started) $(row '(boot)' '.findings | length')" '3 1'
is 'boot: it is told apart' "$(row '(boot)' '"\(.phase) \(.decides) \(.attempt)"')" 'boot true 0'
is 'boot: the report' "$(cat "$T/out/out/t.(boot)/finding.1")" \
	'[    1.000002] WARNING: CPU: 0 PID: 1 at kernel/fake.c:12 boot_fn+0x10/0x20
[    1.000003] ---[ end trace 0000000000000000 ]---'
is 'boot: its lines in the log' "$(sed -n "$(row '(boot)' \
	'.findings[0] | "\(.first_line),\(.last_line)p"')" "$T/out/out/t.(boot)/log")" \
	"$(cat "$T/out/out/t.(boot)/finding.1")"
is 'boot: the log that is named' "$(tail -n 1 "$T/out/$(row '(boot)' .log)")" \
	'========= FAILED (boot) in 0s'
is 'boot: status' "$(cat "$T/out/out/t.(boot)/status")" '========= FAILED (boot) in 0s'
like 'boot: the table' "$(table)" '^FAIL  .* t \(boot\)  warning  WARNING in boot_fn'
like 'boot: what it ends with' "$(table)" '3 subtests: 2 passed, 1 failed; t \(boot\) failed'
ktest results -o "$T/out" --ktap --junit "$T/junit" --kcidb "$T/kcidb"
like 'boot: KTAP' "$(cat "$T/stdout")" 'not ok 1 \(boot\)'
is 'boot: JUnit' "$(grep -c 'name="(boot)".*' "$T/junit") $(grep -o 'failures="2"' "$T/junit" | uniq)" \
	'1 failures="2"'
is 'boot: KCIDB' "$(jq -r '.tests[0] | .path + " " + .status' "$T/kcidb")" 't._boot_ FAIL'
ktest report -o "$T/out"
like 'boot: HTML' "$(cat "$T/out/report.html")" '>2 FAIL<'
like 'boot: HTML, its report' "$(cat "$T/out/report.html")" 'kernel/fake.c:12 boot_fn'
gone boot

begin
{
	echo init:
	warning early_fn
	warning hook_fn 99999
	printf '\texit 0\n'
} | fake
run
is 'hooks: verdicts' "$(verdicts)" \
	'(boot)=FAIL(warning) (init)=FAIL(warning) one=PASS two=PASS three=PASS'
is 'hooks: what was late is told by its time' \
	"$(row '(boot)' .title), $(row '(init)' .title)" 'WARNING in early_fn, WARNING in hook_fn'
is 'hooks: exit status' "$status" 1
gone hooks

# A guest that is told to switch off shows a bug on its way.
begin
fake <<'EOF'
subtest three:
	exit 0
	kernel 0 [    5.000001] Kernel panic - not syncing: at the end
	sleep 500
EOF
run --isolation shared
is 'end: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS (end)=FAIL(panic)'
is 'end: exit status' "$status" 1
gone end

# Whose kernel panics on the way down is not waited for.
begin
fake <<'EOF'
config:
	ignore stop
subtest three:
	exit 0
	sleep 300
	panic
EOF
start=$SECONDS
run --isolation shared
is 'a panic on the way down: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS (end)=FAIL(panic)'
at_most 'a panic on the way down: seconds' $((SECONDS - start)) 15
gone 'a panic on the way down'

# Nor is one that restarts or hangs there; QEMU that has gone is no switching off.
begin
for how in reset hang; do
	printf '%s\n' config: '	ignore stop' 'subtest three:' '	exit 0' '	sleep 300' "	$how" | fake
	run --isolation shared
	is "$how on the way down: verdicts" "$status $(verdicts)" \
		"1 one=PASS two=PASS three=PASS (end)=FAIL(${how/reset/reboot})"
done
gone 'on the way down'

# Taints that no report told of, while no subtest runs
begin
printf '%s\n' init: '	frame 4 id=$ID status=0 signal=0 tainted=0,512' | fake
run
is 'hooks taint: verdicts' "$status $(verdicts)" '1 (init)=FAIL(tainted) one=PASS two=PASS three=PASS'
run --fail-on allow:tainted
is 'hooks taint, allowed: verdicts' "$status $(verdicts)" '0 one=PASS two=PASS three=PASS'
gone 'hooks taint'

# Two of one title, of which one fails; and more than anybody keeps.
begin
{
	echo boot:
	warning one_fn '    1'
	warning one_fn '    2' 99
	echo hello
} | fake
run --fail-on 'note:fake.c:12 # known'
is 'two of a title: verdicts' "$status $(verdicts)" '1 (boot)=FAIL(warning) one=PASS two=PASS three=PASS'
gone 'two of a title'

# ---- who named subtests

begin
{
	echo boot:
	warning boot_fn
	echo hello
} | fake
run -- one
is 'named: exit status' "$status" 0
is 'named: verdicts' "$(verdicts)" '(boot)=FAIL(warning) one=PASS'
like 'named: the table' "$(table)" '^FAIL  .* t \(boot\)  warning, not counted  WARNING in boot_fn'
ktest results -o "$T/out" --ktap
like 'named: KTAP' "$(cat "$T/stdout")" 'not ok 1 \(boot\) # TODO'
is 'named: KTAP, the file' "$(grep -c '^ok 1 t$' "$T/stdout")" 1
run --fail-on boot -- one
is 'named, --fail-on boot: exit status' "$status" 1
run -- one
run --resume
is 'named, then all: exit status' "$status $(verdicts)" '1 (boot)=FAIL(warning) one=PASS two=PASS three=PASS'
gone named

begin
printf 'init:\n\texit 3\n' | fake
run --retry 2 --isolation boot -j 1
is 'a hook fails: exit status' "$status" 1
is 'a hook fails: verdicts' "$(verdicts)" \
	'(init)=ERROR(init) one=MISS(init) two=MISS(init) three=MISS(init)'
is 'a hook fails: in one guest' "$(guests_started)" 1
run -- one
is 'a hook fails, named: exit status' "$status" 1
gone 'a hook fails'

# A file that knows its subtests only when it runs has none that could bear it.
begin
declares ktest_mem=64 ktest_tests_unknown=1
sed -i 's/SUBTESTS//' "$T/tree/t.ktest"
printf 'boot:\n\tpanic\n' | fake
run
is 'unknown subtests, it panics: verdicts' "$status $(verdicts)" '1 (boot)=FAIL(panic)'
printf 'config:\n\tsetup-fails no such disk\n' | fake
run
is 'unknown subtests, no guest: verdicts' "$status $(verdicts)" '125 (boot)=MISS(boot)'
printf 'init:\n\texit 3\n' | fake
run
is 'unknown subtests, a hook fails: verdicts' "$status $(verdicts)" '1 (init)=ERROR(init)'
printf 'subtest *:\n\texit 3\n' | fake
run
is 'unknown subtests, it fails before the first: verdicts' "$status $(verdicts)" '1 (end)=ERROR(lost)'
for how in 'die 1:125 one=PASS (end)=MISS(lost)' 'exit 3:1 one=PASS (end)=ERROR(lost)'; do
	printf '%s\n' 'subtest *:' '	print ========= TEST   one' '	print ========= PASSED one in 0s' \
		'	sleep 700' "	${how%%:*}" | fake
	run
	is "unknown subtests, behind the first ${how%%:*}" "$status $(verdicts)" "${how#*:}"
done
gone 'unknown subtests'

# A name that comes up in the guest, and that another subtest has: no verdict stands beside a log that
# is not its own.
fake <<'EOF'
subtest *:
	print ========= TEST   x/y
	print ========= PASSED x/y in 0s
	print ========= TEST   x.y
	print ========= PASSED x.y in 0s
	print ========= TEST   x.y
	sleep 700
	exit 0
EOF
run
is 'a name that is taken: verdicts' "$status $(verdicts)" '1 x/y=PASS (end)=ERROR(name)'
is 'a name that is taken: said once' "$(journal 'map(select(.ev == "phase" and .reason == "name")) | length')" 1
like 'a name that is taken: which' "$(result '.tests[1].title')" "subtest 'x.y' would write out/t.x.y, which another does"
gone 'a name that is taken'

begin
declares ktest_library=1 ktest_mem=64
sed -i "s|SUBTESTS|one '(boot)'|" "$T/tree/t.ktest"
: | fake
run
is 'such a name: exit status' "$status" 125
like 'such a name: said' "$(cat "$T/stderr")" "t.ktest lists a subtest '\(boot\)'.*another name"
gone 'such a name'

# ---- going on with a run

begin
{
	echo boot:
	warning boot_fn
	printf '%s\n' hello 'subtest two:' '	die 1'
} | fake
run --failfast
is 'resume: so far' "$status" 1
: | fake
run --resume
is 'resume: exit status' "$status" 1
is 'resume: once' "$(row '(boot)' '.findings | length')" 1
gone resume

# ---- rules

# ruled NAME ACTION VERDICTS STATUS OPTION...: a warning in subtest one, of two in one guest
ruled()
{
	local name=$1 action=$2 want=$3 exit=$4
	shift 4
	run --isolation shared "$@" -- one two
	is "$name: exit status" "$status" "$exit"
	is "$name: verdicts" "$(verdicts)" "$want"
	is "$name: recorded" "$(result '.tests[0].findings[0].action')" "$action"
	[[ $action == fail ]] || is "$name: the guest goes on" "$(guests_started)" 1
	gone "$name"
}

begin
{
	echo 'subtest one:'
	warning one_fn
	printf '%s\n' '	frame 4 id=$ID status=0 signal=0 tainted=0,512'
} | fake
good='one=PASS two=PASS' bad='one=FAIL(warning) two=PASS'
ruled 'no rule' fail "$bad" 1
ruled 'other kinds' note "$good" 0 --fail-on oops,kasan
ruled 'this kind' fail "$bad" 1 --fail-on oops,warning
ruled 'noted' note "$good" 0 --fail-on note:warning
like 'noted: said' "$(cat "$T/out/out/t.one/log")" 'ktest: noted: WARNING in one_fn'
like 'noted: in the table' "$(table)" 'PASS .* t one  WARNING in one_fn'
ruled 'allowed' allow "$good" 0 --fail-on 'allow:WARNING in one_* # known since 6.1'
is 'allowed: why' "$(result '.tests[0].findings[0].why')" 'known since 6.1'
like 'allowed: said' "$(cat "$T/out/out/t.one/log")" 'allowed: WARNING in one_fn \(known since 6.1\)'
ruled 'by a line of the report' allow "$good" 0 --fail-on 'allow:kernel/fake.c:12 # known'
ruled 'another pattern' fail "$bad" 1 --fail-on 'allow:WARNING in two_* # known'
ruled 'the last rule' fail "$bad" 1 --fail-on note:all --fail-on fail:warning

declares ktest_library=1 ktest_mem=64 "ktest_fail_on=('note:warning')"
sed -i 's|SUBTESTS|one two|' "$T/tree/t.ktest"
ruled 'the file says so' note "$good" 0
ruled 'the command line outweighs the file' fail "$bad" 1 --fail-on warning

declares ktest_library=1 ktest_mem=64 ktest_allow_taint=true
sed -i 's|SUBTESTS|one two|' "$T/tree/t.ktest"
ruled 'allow_taint' allow "$good" 0

# What is tolerated hides nothing, however often it comes.
begin
{
	echo 'subtest one:'
	for ((i = 0; i < 60; i++)); do
		warning one_fn "  $((100 + i))"
	done
	warning two_fn
	printf '\texit 0\n'
} | fake
for rule in note allow; do
	run --fail-on "$rule:WARNING in one_fn # known" -- one
	is "many to $rule, and one more" "$(verdicts)" 'one=FAIL(warning)'
	is "many to $rule: kept" "$(result '[.tests[0].findings[].action] | group_by(.) | map(length) | add')" 51
done
run -- one
is 'many that fail: kept' "$(result '.tests[0].findings | length')" 50
gone 'many'

begin
printf '%s\n' 'subtest one:' '	frame 4 id=$ID status=0 signal=0 tainted=0,512' | fake
run --fail-on oops -- one
is 'taints alone, noted' "$(verdicts)" 'one=PASS'
like 'taints alone, noted: said' "$(cat "$T/out/out/t.one/log")" 'noted: the kernel became tainted: warning'
run --fail-on allow:tainted -- one
is 'taints alone, allowed' "$(verdicts)" 'one=PASS'
run --fail-on allow:warning -- one
is 'taints alone are no warning' "$(verdicts)" 'one=FAIL(tainted)'
gone 'taints alone'

begin
: | fake
for rule in wanring 'allow:WARNING in x' ' # why' 'allow:x #' 'allow:task #5 stuck' note:boot ''; do
	run --fail-on "$rule" -- one
	is "'$rule': exit status" "$status" 129
	like "'$rule': said" "$(cat "$T/stderr")" "^ktest: --fail-on: '.*' is neither a kind of bug"
done
declares ktest_library=1 ktest_mem=64 "ktest_fail_on=(wanring)"
run
like 'a rule of the file: said' "$(cat "$T/stderr")" "t.ktest: config-fail-on: 'wanring' is neither"
gone 'wrong rules'

# What is not to fail keeps no guest from being saved.
begin
isolation=clone
{
	printf '%s\n' boot: '	print a guest boots'
	warning boot_fn
	echo hello
} | fake
run --isolation clone --fail-on note:warning
is 'noted at boot: verdicts' "$(verdicts)" '(boot)=PASS one=PASS two=PASS three=PASS'
is 'noted at boot: exit status' "$status" 0
is 'noted at boot: saved' "$(result '[.tests[] | select(.phase == null).isolation] | unique | .[]')" clone
run --isolation clone --fail-on note:warning
is 'noted at boot, again: nothing boots' "$(grep -c 'a guest boots' "$T/out/out/t")" 0
is 'noted at boot, again: the same' "$status $(verdicts)" '0 (boot)=PASS one=PASS two=PASS three=PASS'
run --isolation clone
is 'no more noted: it counts' "$status $(verdicts)" '1 (boot)=FAIL(warning) one=PASS two=PASS three=PASS'
gone 'noted at boot'

# ---- expect-bug

begin
{
	printf '%s\n' 'subtest one:' '	call expect-bug one_*'
	warning one_fn
	printf '%s\n' '	frame 4 id=$ID status=0 signal=0 tainted=0,512'
	printf '%s\n' 'subtest two:' '	call expect-bug one_fn'
	warning other_fn
	printf '%s\n' '	exit 0'
	printf '%s\n' 'subtest three:' '	call expect-bug one_fn' '	exit 0'
} | fake
run --isolation shared
is 'expect-bug: verdicts' "$(verdicts)" 'one=PASS two=FAIL(warning) three=FAIL(expect-bug)'
is 'expect-bug: recorded' "$(result '.tests[0].findings[0].action')" expect
is 'expect-bug: it did not come' "$(result '.tests[2].title')" "no bug came that matches 'one_fn'"
gone expect-bug

begin
fake <<'EOF'
subtest one:
	call expect-bug fake panic
	panic
subtest two:
	call expect-bug another
	panic
EOF
run
is 'an expected panic: verdicts' "$(verdicts)" 'one=PASS two=FAIL(panic) three=PASS'
gone 'an expected panic'

# Entered again behind a restart it says so again.
begin
{
	printf '%s\n' 'subtest one:' '	call expect-bug one_fn'
	warning one_fn
	printf '%s\n' '	call expect-bug one_fn' '	exit 0'
} | fake
run -- one
is 'expected twice, once there: verdict' "$(verdicts)" 'one=PASS'
gone 'expected twice'

# A subtest whose kernel hung as was expected is not cut short.
begin
fake <<'EOF'
subtest one:
	call expect-bug blocked for more
	kernel 3 [    5.000002] INFO: task bash:7 blocked for more than 120 seconds.
	kernel 3 [    5.000003] Call Trace:
	kernel 3 [    5.000004]  stuck_fn+0x1/0x2
	sleep 4000
	exit 0
EOF
run -- one
is 'an expected hang: verdict' "$(verdicts)" 'one=PASS'
gone 'an expected hang'
complete
