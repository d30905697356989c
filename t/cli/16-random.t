#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ktest killed at random moments; KTEST_SOAK=1 does it 200 times.
. "$(dirname "$0")/lib.sh"

begin
fake <<'EOF'
boot:
	sleep 200
subtest one:
	leave
	sleep 500
	exit 0
subtest two:
	sleep 500
	exit 0
EOF
rounds=12
[[ -z ${KTEST_SOAK-} ]] || rounds=200
left=
for ((i = 0; i < rounds && ${#left} == 0; i++)); do
	run_background
	printf -v moment '%d.%02d' $((RANDOM % 2)) $((RANDOM % 100))
	sleep "$moment"
	kill -KILL "$pid" 2>/dev/null
	await
	for ((k = 0; k < 10; k++)); do
		left=$(leftover)
		[[ -n $left ]] || break
		sleep 0.1
	done
done
# shellcheck disable=SC2086 # a list of numbers
is "$i times SIGKILL at random moments, the last after ${moment} s" "$(describe $left)" ''
fake </dev/null
run
is 'then a run: exit status' "$status" 0
is 'then a run: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
gone 'then a run'
complete
