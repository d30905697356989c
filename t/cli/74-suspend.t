#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Ctrl-Z: what ktest and testy run stands still as long as they do, and no time passes for it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/testy.sh"

# A subtest that speaks every tenth of a second, for four seconds.
ticking()
{
	local i
	printf 'subtest %s:\n' "$1"
	for ((i = 0; i < 40; i++)); do
		printf 'print tick %d\nsleep 100\n' "$i"
	done
	echo 'exit 0'
}

ticks_so_far() { cat "$T"/tmp/*/*/*/console "$T/ticks" 2>/dev/null | wc -c; }

# stop NAME: of $pid; it stops, and nothing goes on.
stop()
{
	local before
	kill -TSTP "$pid"
	wait_for "$1: it stops" stops || return
	sleep 0.3 # a test that goes on would tick three times
	before=$(ticks_so_far)
	sleep 0.5
	is "$1: what has begun stands still" "$((before > 0)) $(ticks_so_far)" "1 $before"
}

# stopped_for SECONDS NAME
stopped_for()
{
	stop "$2"
	sleep "$1"
	kill -CONT "$pid"
	await
}

ticking_guests()
{
	begin
	subtests one two
	{ ticking one; ticking two; } | fake
	run_background --isolation boot -j 2 --timeout 10
	wait_for 'a guest speaks' said 'tick 3'
}

ticking_guests
stopped_for 11 'two guests'
is 'two guests: exit status' "$status" 0
is 'two guests: verdicts' "$(verdicts)" 'one=PASS two=PASS'
at_most 'two guests: no time has passed (ms)' "$(result '[.tests[].duration_ms] | max')" 10000
gone 'two guests'

# The same on this host.
ticking_host()
{
	begin
	cat >"$T/tree/t.ktest" <<-EOF
		#!/bin/bash
		. "\${ktest_test_libs:?}"
		config-no-vm
		config-timeout 10
		test_one()
		{
			setsid bash -c 'for i in {1..40}; do echo >>$T/ticks; sleep 0.1; done' &
			wait
		}
		main "\$@"
	EOF
	run_background
	wait_for 'the test' test -s "$T/ticks"
}

ticking_host
stopped_for 11 'on the host'
is 'on the host: exit status' "$status" 0
is 'on the host: verdicts' "$(verdicts)" 'one=PASS'
is 'on the host: it did all' "$(wc -l <"$T/ticks")" 40
gone 'on the host'

# Whoever stands still can be ended like any other.
for kind in guests host; do
	"ticking_$kind"
	stop "$kind, INT"
	kill -INT "$pid"
	kill -CONT "$pid"
	await
	is "$kind, INT: exit status" "$status" 130
	gone "$kind, INT"

	"ticking_$kind"
	stop "$kind, KILL"
	kill -KILL "$pid"
	await
	no_process "$kind, KILL"
done

# A QEMU that does not answer is not waited for.
begin
subtests one
{ printf 'config:\nignore query-status\n'; ticking one; } | fake
run_background --timeout 10
wait_for 'a guest speaks' said 'tick 3'
kill -TSTP "$pid"
wait_for 'deaf: it stops' stops && pass 'deaf: it stops'
kill -CONT "$pid"
await
is 'deaf: verdicts' "$(verdicts)" 'one=PASS'
gone 'deaf'

# testy stops what it runs, programs as well as ktest.
lists()
{
	tree
	rm "$T/linux/fs/tests.testy" "$T/linux/fs/deep/down/tests.testy"
	printf '0 x ../%s\n' "$@" >"$T/linux/tests.testy"
}

lists tests/ticks.sh tree/t.ktest
program ticks.sh <<<"for i in {1..40}; do echo >>$T/ticks; sleep 0.1; done"
ticking one | fake
testy_background -k "$T/kernel" -j 2 x
speaks() { grep -qs 'tick 3' "$T/linux/testy-out/out/t.log"; }
wait_for 'the guest' speaks
stopped_for 7 'testy'
is 'testy: exit status' "$status" 0
is 'testy: no time has passed' "$(grep -cE '^PASS +[3-9]\.[0-9]+s' "$T/stdout")" 2
is 'testy: the program did all' "$(wc -l <"$T/ticks")" 40
gone 'testy'

# It goes on before its ktest, whose QEMU does not answer, has come to stop.
lists tree/t.ktest
{ printf 'config:\nignore query-status\n'; ticking one; } | fake
testy_background -k "$T/kernel" x
wait_for 'the guest' speaks
kill -TSTP "$pid"
wait_for 'testy, deaf: it stops' stops
kill -CONT "$pid"
await
is 'testy, deaf: exit status' "$status" 0
gone 'testy, deaf'
complete
