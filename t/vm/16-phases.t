#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What real kernels show outside of subtests fails the file, what a test expects or a rule allows fails
# nothing, and what a busy host makes a kernel say is told apart.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/provoke.sh"

# ---- hooks, and the way down

begin
provoking <<'END'
init_warns() { provoke warning; }
test_one() { :; }
test_two() { :; }
END
run --isolation clone
is 'a hook: exit status' "$status" 1
is 'a hook: verdicts' "$(verdicts)" '(init)=FAIL(warning) one=PASS two=PASS'
like 'a hook: title' "$(of '(init)' .title)" 'WARNING.* in provoke_warning'
is 'a hook: once, of several guests' "$(($(guests_started) > 1)) $(of '(init)' '.findings | length')" '1 1'
like 'a hook: its log' "$(cat "$T/out/$(of '(init)' .log)")" 'ktest_provoke was asked for a warning'
run --isolation clone -- one
is 'a hook, one named: exit status' "$status" 0
is 'a hook, one named: shown' "$(verdicts)" '(init)=FAIL(warning) one=PASS'
run --isolation clone --fail-on 'allow:ktest_provoke was asked # it was'
is 'a hook, allowed: verdicts' "$status $(verdicts)" '0 one=PASS two=PASS'
is 'a hook, allowed: its guest is saved' "$(of one .isolation)" clone
gone 'a hook'

begin
provoking <<'END'
test_one() { provoke at_restart; }
END
run
is 'switched off: verdicts' "$status $(verdicts)" '1 one=PASS (end)=FAIL(warning)'
gone 'switched off'

# ---- expected

begin
provoking <<'END'
test_warning()
{
	expect-bug 'WARNING*in provoke_warning'
	provoke warning
}
test_oops()
{
	expect-bug 'in provoke_oops'
	(provoke oops) || :
	echo "the guest lives"
}
test_other()
{
	expect-bug 'in provoke_oops'
	provoke refcount
}
test_nothing() { expect-bug 'in provoke_oops'; }
test_oops_is_fatal() { (($(</proc/sys/kernel/panic_on_oops))); }
test_panic()
{
	expect-bug 'ktest_provoke was asked for a panic'
	provoke panic
}
test_last() { :; }
END
run
is 'expected: verdicts' "$(verdicts)" "warning=PASS oops=PASS other=FAIL(warning) \
nothing=FAIL(expect-bug) oops_is_fatal=PASS panic=PASS last=PASS"
like 'expected: an oops goes on' "$(cat "$T/out/out/t.oops/log")" 'the guest lives'
is 'expected: the same guest' "$(of warning .guest) $(of oops .guest)" 'vm1 vm1'
gone 'expected'

# ---- a busy host

# A processor of the guest spins while QEMU gets next to nothing. The second attempt has the host for itself.
begin
provoking <<'END'
require-kernel-append rcupdate.rcu_cpu_stall_timeout=3
test_stall()
{
	local i attempt=0
	[[ $(hostname) == vm1 ]] || attempt=1
	echo "attempt $((attempt + 1)) begins"
	until [[ -e $ktest_out/busy ]] || ((! ${busy[attempt]})); do
		:
	done
	for ((i = 0; i < ${provoked[attempt]}; i++)); do
		provoke rcu_stall
		! dmesg | grep -q 'detected stall' || break
	done
}
END
# attempts BUSY PROVOKED: a pair each
attempts()
{
	sed -i "/^busy=/d; s/^test_stall/busy=($1) provoked=($2)\n&/" "$T/tree/t.ktest"
}

# wait_for_line ERE FILE: two minutes at most
wait_for_line()
{
	local i
	for ((i = 0; i < 600; i++)); do
		! grep -qE "$1" "$2" || return 0
		sleep 0.2
	done
}

# busy N: loops, a session each, so that QEMU is one of many to the scheduler, from the moment that
# attempt N has begun until it is given up or ends
busy()
{
	local -a loops=()
	local i
	wait_for_line "attempt $1 begins" "$T/stdout"
	for ((i = 8 * $(nproc); i; i--)); do
		setsid bash -c 'while :; do :; done' "$T" &
		loops+=($!)
	done
	: >"$T/out/guests/vm$1/busy"
	wait_for_line "\"ev\":\"(put_back|end)\".*\"attempt\":$1" "$T/out/journal.jsonl"
	kill "${loops[@]}"
}
attempts '1 0' '15 0'
busy 1 &
run
wait $!
is 'a busy host: it passes the second time' "$status $(verdicts)" '0 stall=PASS'
is 'a busy host: put back once' "$(journal 'map(select(.ev == "put_back" and .reason == "host")) | length')" 1
like 'a busy host: why' "$(journal 'map(select(.ev == "put_back").title) | .[0]')" \
	'^QEMU got [0-9]+ % of the processor time that it wanted: .*stall'
is 'a busy host: in another guest' "$(of stall '"\(.guest) \(.attempt) \(.flaky)"')" 'vm2 2 false'
is 'a busy host: recorded' "$(journal 'map(select(.ev == "finding").action) | .[0]')" host
gone 'a busy host'

# Nobody can say that the kernel is well.
attempts '1 1' '15 15'
: >"$T/stdout"
(busy 1; busy 2) &
run
wait $!
is 'a host that stays busy: no verdict' "$status $(verdicts)" '125 stall=MISS(hang)'
like 'a host that stays busy: why' "$(of stall .title)" '^QEMU got [0-9]+ % of .*stall'
gone 'a host that stays busy'

# With the host for itself it is the kernel's.
attempts '0 0' '15 15'
run
is 'a host that is not: verdict' "$status $(verdicts)" '1 stall=FAIL(hang)'
gone 'a host that is not'
complete
