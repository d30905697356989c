#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that ends itself, or what it lives by: each time the verdict, and the rest of the file.
. "$(dirname "$0")/lib.sh"

begin
guest_file <<'END'
test_reset()
{
	echo b >/proc/sysrq-trigger
	sleep 100
}

test_after_reset() { :; }

test_poweroff()
{
	echo o >/proc/sysrq-trigger
	sleep 100
}

# Everything but the agent, which no signal reaches
test_kills_all()
{
	kill -KILL -1
	kill -KILL 1
	kill -STOP 1
	kill -TERM 1
}

test_after_kills_all() { :; }

# Without its socket a call fails, and that is all.
test_no_call()
{
	rm /run/ktest/ctl
	assert_fails /run/ktest/ktest-ctl skip reason
}

test_last() { echo "reached"; }
END
run
is 'exit 1' "$status" 1
is 'a restart nobody asked for' "$(of reset '.verdict + " " + .reason')" 'FAIL reboot'
is 'a power-off' "$(of poweroff '.verdict + " " + .reason')" 'FAIL lost'
is 'its own shell is among what it kills' "$(of kills_all '.verdict + " " + .reason + " " + .title')" \
	'FAIL signal SIGKILL'
passed 'goes on' after_reset after_kills_all no_call last
gone 'ends itself'

# A reboot loop that asks each time still ends with the time of its subtest.
begin
guest_file <<'END'
test_loop()
{
	do_reboot
}

test_after() { ((NR_REBOOTS == 0)); }
END
run --timeout 20
is 'reboot loop: exit 1' "$status" 1
is 'reboot loop: its time is up' "$(of loop '.verdict + " " + .reason')" 'FAIL timeout'
passed 'reboot loop' after
gone 'reboot loop'

# Before the first subtest
begin
guest_file <<'END'
init_crash()
{
	echo c >/proc/sysrq-trigger
	sleep 100
}

test_one() { :; }
test_two() { :; }
END
run
is 'panic in a hook: no pass' "$(verdicts)" '(init)=FAIL(panic) one=MISS(panic) two=MISS(panic)'
like 'panic in a hook: named' "$(of one .title)" 'sysrq triggered crash'
is 'panic in a hook: not again for each subtest' \
	"$(journal 'map(select(.ev == "guest" and .state == "start")) | length')" 1
gone 'panic in a hook'

begin
guest_file <<'END'
init_fails() { return 7; }
test_one() { :; }
END
run
is 'a hook that fails' "$status $(of '(init)' '.verdict + " " + .reason + " " + .title')" \
	'1 ERROR init an init hook ended with exit status 7'
gone 'a hook that fails'

# What stands around the functions
for ISOLATION in shared clone; do
	begin
	guest_file <<'END'
[[ ${1-} != run-tests || $2 != zero ]] || exit 0
[[ ${1-} != run-tests || $2 != false ]] || false || exit
test_zero() { :; }
test_false() { :; }
test_runs() { exit 0; }
END
	run
	is "a file that ends before its subtest, $ISOLATION" "$status $(verdicts)" \
		'1 zero=ERROR(file) false=ERROR(file) runs=PASS'
	is "a file that ends before its subtest, $ISOLATION: title" "$(of zero .title)" \
		'the test file ended with exit status 0 before this subtest began'
	gone "a file that ends before its subtest, $ISOLATION"
done
begin
guest_file <<'END'
[[ ${1-} != init ]] || exit 3
test_one() { :; }
END
run
is 'a file that ends before its hooks' "$status $(of '(init)' '.verdict + " " + .reason + " " + .title')" \
	'1 ERROR file the test file ended with exit status 3 before its init hooks'
gone 'a file that ends before its hooks'
complete
