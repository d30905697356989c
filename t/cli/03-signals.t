#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Ending ktest from outside, at several moments: nothing is left, the journal tells what happened.
. "$(dirname "$0")/lib.sh"

script()
{
	fake <<'EOF'
boot:
	print booting
	sleep 700
subtest one:
	print one is here
	leave
	sleep 1000
	exit 0
subtest two:
	print two is here
EOF
}

in_needs() { sleep 0.02; }
in_boot() { wait_for booting said booting; }
in_one() { wait_for 'one is here' said 'one is here'; }
in_setup() { wait_for booting said booting && sleep 0.2; }
in_stop() { wait_for 'the end of two' ended two && sleep 0.2; }
ended() { grep -qs "\"ev\":\"end\".*\"subtest\":\"$1\"" "$T/out/journal.jsonl"; }
in_two() { wait_for 'two is here' said 'two is here'; }

for moment in in_boot in_one in_two; do
	for signal in INT TERM HUP KILL; do
		name="$signal $moment"
		begin
		script
		run_background
		$moment || continue
		kill "-$signal" "$pid"
		await
		if [[ $signal == KILL ]]; then
			is "$name: it is dead" "$status" 137
			no_process "$name"
			continue
		fi
		is "$name: exit status" "$status" 130
		is "$name: the journal has its end" \
			"$(journal '.[-1] | "\(.ev) \(.exit) \(.interrupted)"')" "finish 130 SIG$signal"
		is "$name: results.json is there" "$(result .run.exit)" 130
		[[ $moment != in_two ]] ||
			is "$name: what was done counts" "$(result '.tests[0].verdict')" PASS
		gone "$name"
	done
done

# A guest that never answers SETUP, and one that does not switch off when told to.
for moment in in_setup in_stop; do
	for signal in INT TERM HUP KILL; do
		name="$signal $moment"
		begin
		subtests one two
		if [[ $moment == in_setup ]]; then
			printf 'config:\nignore setup\nboot:\nprint booting\n' | fake
		else
			printf 'config:\nignore stop\nsubtest one:\nleave\nexit 0\n' | fake
		fi
		run_background
		$moment || continue
		kill "-$signal" "$pid"
		await
		if [[ $signal == KILL ]]; then
			is "$name: it is dead" "$status" 137
			no_process "$name"
		else
			is "$name: exit status" "$status" 130
			gone "$name"
		fi
	done
done

begin
script
run_background
in_needs
kill -KILL "$pid"
await
no_process 'KILL early'

# slow_bwrap N: the Nth start of bubblewrap stays where its child has not yet asked to die with it.
slow_bwrap()
{
	cat >"$T/bin/bwrap" <<-EOF
		#!/bin/bash
		echo >>"$T/starts"
		[[ \$(wc -l <"$T/starts") -ge $1 ]] || exec $(command -v bwrap) "\$@"
		sleep 1000 &
		>"$T/starting"
		wait
	EOF
	chmod 755 "$T/bin/bwrap"
}

for nth in 1 2 3 4 5; do
	begin
	script
	slow_bwrap "$nth"
	PATH=$T/bin:$PATH run_background
	wait_for "start $nth of bubblewrap" test -e "$T/starting" || continue
	kill -KILL "$pid"
	await
	no_process "KILL at start $nth of bubblewrap"
	rm "$T/bin/bwrap"
done

# After SIGKILL the files stay until the next run sweeps them.
begin
script
run_background
in_two
kill -KILL "$pid"
await
no_process 'KILL'
is 'the journal is readable' "$(journal '.[0].ev')" run
is 'and has no end' "$(journal '[.[] | select(.ev == "finish")] | length')" 0
ktest results "$T/out"
is 'ktest results derives from it' "$(result '.tests[0].verdict')" PASS
fake </dev/null
run
is 'the next run: exit status' "$status" 0
gone 'the next run'

# An impatient user: the second Ctrl-C changes nothing for the worse.
begin
script
{ cat "$T/bin/qemu-system-x86_64"; printf 'config:\nignore quit\nignore term\n'; } >"$T/bin/q2"
chmod 755 "$T/bin/q2" && mv "$T/bin/q2" "$T/bin/qemu-system-x86_64"
run_background
in_one
kill -INT "$pid"
sleep 0.2
kill -INT "$pid" 2>/dev/null
await
is 'two SIGINTs, a deaf QEMU: exit status' "$status" 130
gone 'two SIGINTs'

# Whatever reads the output goes away.
begin
script
run_args
(
	export_environment
	exec "$KTEST" "${args[@]}" "$T/tree/t.ktest"
) 2>"$T/stderr" </dev/null | head -n 1 >"$T/stdout" &
wait_for 'one is here' said 'one is here'
pid=$(leftover | head -n 1)
kill_all
wait
no_process 'a closed pipe'

# Closing the terminal: SIGHUP to the session's leader, and what it prints is an error from then on.
begin
script
run_args
(
	export_environment
	printf -v command '%q ' "$KTEST" "${args[@]}" "$T/tree/t.ktest"
	exec script -qfc "exec $command" "$T/typescript"
) >"$T/stdout" 2>"$T/stderr" </dev/null &
pid=$!
wait_for 'one is here' said 'one is here'
like 'a terminal: a progress line is drawn' "$(cat "$T/typescript")" $'\r[^\r\n]*t one'
kill -KILL "$pid"
wait "$pid" 2>/dev/null
finished() { [[ $(journal '.[-1].ev') == finish ]]; }
wait_for 'its end' finished
is 'closing the terminal: the journal tells' \
	"$(journal '.[-1] | "\(.exit) \(.interrupted)"')" '130 SIGHUP'
gone 'closing the terminal'
complete
