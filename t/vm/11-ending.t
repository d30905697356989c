#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Killed at any moment, ktest or its QEMU: nothing stays.
#
#	KILLS	how often ktest is killed, default 10
. "$(dirname "$0")/lib.sh"

begin
guest_file <<'END'
config-scratch-devs 32M

test_first() { echo "in the first"; sleep 3; }
test_second() { echo "in the second"; sleep 300; }
test_third() { echo "in the third"; }
END

# Of every subtree that a run has: from before the sandbox to the middle of a subtest.
left_process=0 left_file=0 bad_journal=0
for ((i = 0; i < ${KILLS:-10}; i++)); do
	run_background
	sleep "$((RANDOM % 14)).$((RANDOM % 10))"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	sleep 1
	left=$(leftover)
	if [[ -n $left ]]; then
		left_process=$((left_process + 1))
		# shellcheck disable=SC2086
		describe $left | sed "s/^/# round $i: /"
		kill_all
	fi
	if [[ -e $T/out/journal.jsonl ]]; then
		journal 'map(.seq) == [range(length)]' | grep -qx true || bad_journal=$((bad_journal + 1))
	fi
done 2>/dev/null
is 'SIGKILL: no process is left after 1 s' "$left_process" 0
is 'SIGKILL: the journal is readable' "$bad_journal" 0

# What was cut off is known, and the next run both goes on and sweeps.
run_background
wait_for 'the second subtest' said 'in the second'
kill -KILL "$pid"
wait "$pid" 2>/dev/null
like 'SIGKILL: files are left' "$(find "$T/tmp" -type f | wc -l)" '^[1-9]'
run --resume --timeout 5 -- first third second
is 'resume: what had passed is not run again' "$(of first '.verdict + " " + (.attempt | tostring)')" 'PASS 1'
is 'resume: what was cut off is, as a new attempt' \
	"$(of second '.verdict + " " + .reason + " " + (.attempt | tostring)')" 'FAIL timeout 2'
is 'resume: and the rest' "$(of third .verdict)" PASS
is 'resume: the first attempt is kept' "$(grep -c 'in the second' "$T/out/out/t.second/attempt.1/log")" 1
gone 'after SIGKILL'

# A signal while it boots, then in a subtest: 130, and what had a verdict keeps it.
rm -rf "$T/out"
run_background
wait_for 'QEMU' grep -qs '"ev": *"guest"' "$T/out/journal.jsonl"
kill -INT "$pid"
await
is 'SIGINT in the boot: 130' "$status" 130
gone 'SIGINT in the boot'

rm -rf "$T/out"
run_background
wait_for 'the second subtest' said 'in the second'
is 'a second run is refused while it is on' "$(run_args
	export_environment
	"$KTEST" "${args[@]}" "$T/tree/t.ktest" 2>&1 >/dev/null | grep -c "process $pid")" 1
kill -INT "$pid"
await
is 'SIGINT in a subtest: 130' "$status" 130
is 'SIGINT in a subtest: what had passed has' "$(of first .verdict)" PASS
is 'SIGINT in a subtest: no more is started' "$(journal 'map(select(.ev == "start")) | length')" 2
gone 'SIGINT in a subtest'

# QEMU dies. It is found by its name among the processes of the run, never by its name alone.
rm -rf "$T/out"
sed -i 's/sleep 300/sleep 12/' "$T/tree/t.ktest"
run_background
wait_for 'the first subtest' said 'in the first'
for p in $(leftover); do
	[[ $(readlink "/proc/$p/exe") == *qemu-system* ]] && kill -KILL "$p"
done
LIMIT=120
for ((i = 0; i < 1200; i++)); do
	kill -0 "$pid" 2>/dev/null || break
	sleep 0.1
done
status=0
wait "$pid" || status=$?
like 'QEMU killed: lost' "$(of first '.verdict + " " + .reason')" '^(MISS|FAIL) lost$'
passed 'QEMU killed: the rest' second third
like 'QEMU killed: exit status' "$status" '^(1|125)$'
gone 'QEMU killed'
complete
