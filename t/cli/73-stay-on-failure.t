#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# -S: a guest stays when a subtest failed in it, and only then.
. "$(dirname "$0")/lib.sh"

stays()
{
	(export_environment; exec "$KTEST" ps --json) >"$T/ps"
	[[ $(jq -r '.[-1].phase' "$T/ps") == "$1" ]]
}

# ends NAME VERDICTS [PHASE]: by its user, with the exit status of a failure.
ends()
{
	wait_for "$1: the guest stays" stays "${3-stay}"
	(export_environment; exec "$KTEST" kill -o "$T/out")
	await
	is "$1: exit status" "$status" 1
	is "$1: verdicts" "$(verdicts)" "$2"
	gone "$1"
}

begin
run -S
is 'all passed: exit status' "$status" 0
is 'all passed: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
is 'all passed: no word of a guest that stays' "$(grep 'no terminal' "$T/stderr")" ''
gone 'all passed'

begin
printf 'subtest one:\n\texit 1\n' | fake
run_background -S
wait_for 'how it is reached is said' grep -sq 'no terminal: the guest stays for .ktest ssh' "$T/stderr"
ends 'one failed' 'one=FAIL(exit status) two=PASS three=PASS'

begin
printf 'subtest two:\n\texit 1\n' | fake
run_background -S -F
ends 'failed fast' 'one=PASS two=FAIL(exit status) three=NONE'

# Nobody is at it before, so it has the time of any subtest; it is alive when that is over.
begin
printf 'subtest one:\n' | fake
run_background -S --timeout 1
wait_for 'late: it stays' stays stay
ktest ssh -o "$T/out" exit 7
is 'late: it has a shell' "$status" 7
ends 'late' 'one=FAIL(timeout) two=NONE three=NONE'

begin
printf 'subtest one:\n\tpanic\n' | fake
run_background -S
ends 'a panic' 'one=FAIL(panic) two=NONE three=NONE' dead

# It was skipped: no failure.
begin
printf 'subtest one:\n\tcall skip why\n\texit 0\n' | fake
run -S
is 'skipped: exit status' "$status" 0
is 'skipped: verdicts' "$(verdicts)" 'one=SKIP two=PASS three=PASS'
gone 'skipped'

begin
run_background -S -L
wait_for 'it passes' grep -qs 'SUCCESSFUL ITERATIONS 1' "$T/stdout"
printf 'subtest three:\n\texit 1\n' | fake
ends 'in a loop' 'one=PASS two=PASS three=FAIL(exit status)'
like 'in a loop: it passed before' "$(grep -a SUCCESSFUL "$T/stdout" | tail -n 1)" '^SUCCESSFUL ITERATIONS [1-9]'
complete
