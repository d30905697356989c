#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A kernel with nothing but the agent: each thing that tests rely on, by itself.
. "$(dirname "$0")/lib.sh"

checks='boot machine setup ping clock processors modules devices cgroup files frames calls disk output
console heartbeat stop storage'

begin
ktest selftest --accel "${ACCEL:-tcg}" --cpus 1
is 'exit 0' "$status" 0
for c in $checks; do
	is "$c" "$(grep -cE "^ok +$c +[^ ]" "$T/stdout")" 1
done
is 'nothing else' "$(tail -n 1 "$T/stdout")" "$(wc -w <<<"$checks") checks, 0 failed"
gone 'a kernel alone'

# A guest that is not as it was asked for
begin
ktest selftest --accel "${ACCEL:-tcg}" --cpus 2 --append nr_cpus=1 --bus nvme
is 'too few processors: exit 1' "$status" 1
like 'said so' "$(grep FAILED "$T/stdout")" '^FAILED +processors +1 on line, not 2$'
like 'another bus' "$(grep setup "$T/stdout")" 'disk nvme0n1$'
gone 'too few processors'
complete
