#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# QEMU ends when nobody asked it to, and a guest that is fast.
. "$(dirname "$0")/lib.sh"

# The subtest that ran has no verdict of its own; the rest go on in a fresh VM.
dies()
{
	begin
	fake <<EOF
config:
	$3
subtest two:
	print two is here
	$2
EOF
	run
	is "$1: exit status" "$status" 125
	is "$1: verdicts" "$(verdicts)" "one=PASS two=MISS(lost) three=PASS"
	is "$1: the rest in a fresh VM" "$(result '.tests[0].guest != .tests[2].guest')" true
	is "$1: what it said before" "$(grep -c 'two is here' "$T/out/out/t.two/log")" 1
	gone "$1"
}

dies 'exit status 1' 'die 1'
dies 'exit status 0' 'die 0'
dies 'SIGKILL' 'kill'
dies 'in the middle of a line' $'printn half a li\ndie 1'
dies 'in the middle of a frame' $'raw 4b544631040000\ndie 1'
is 'a torn frame is no verdict' "$(result '.tests[1].verdict')" MISS

begin
fake <<'EOF'
subtest two:
	print two is here
EOF
run_background
wait_for 'two is here' said 'two is here'
for p in $(leftover); do
	[[ $(readlink "/proc/$p/exe") == "$T/bin/qemu-system-x86_64" ]] && kill -KILL "$p"
done
subtest_two_is_over() { journal '[.[] | select(.ev == "end")] | length' | grep -q '^[2-9]'; }
wait_for 'the end of two' subtest_two_is_over
is 'SIGKILL from outside: verdict' \
	"$(journal '[.[] | select(.ev == "end" and .subtest == "two")][0].verdict')" MISS
await
is 'SIGKILL from outside: exit status' "$status" 125
gone 'SIGKILL from outside'

# A QEMU that cannot start at all: said once, and not tried for ever.
begin
printf '#!/bin/sh\necho "qemu: no such device: florp" >&2\nexit 1\n' >"$T/bin/qemu-system-x86_64"
run
is 'QEMU does not start: exit status' "$status" 125
like 'QEMU does not start: its words' "$(cat "$T/stderr" "$T/stdout")" 'florp'
gone 'QEMU does not start'

# Every guest dies in its boot: the run gives up.
begin
fake <<'EOF'
boot:
	print a short life
	die 1
EOF
run
is 'dying in boot: exit status' "$status" 125
is 'dying in boot: verdicts' "$(result '[.tests[].verdict] | unique | join(" ")')" MISS
gone 'dying in boot'

# A fast exit: everything that was said arrives.
begin
{
	echo 'subtest one:'
	for i in {1..2000}; do
		echo "print line $i of a fast test"
	done
	echo 'printn and an end without a newline'
	echo 'exit 0'
} >"$T/script"
fake <"$T/script"
run -- one
is 'fast: exit status' "$status" 0
is 'fast: every line' "$(grep -c 'line [0-9]* of a fast test' "$T/out/out/t.one/log")" 2000
is 'fast: the torn last one too' "$(grep -c 'and an end without' "$T/out/out/t.one/log")" 1
like 'fast: the verdict stands on a line of its own' "$(tail -n 1 "$T/out/out/t.one/log")" \
	'^[0-9]{5} ========= PASSED one in'
gone fast

# Power off right after the verdict, and a QEMU that is not asked first.
begin
fake <<'EOF'
subtest one:
	print last words
	exit 0
	die 0
EOF
run -- one
is 'ending with the verdict: exit status' "$status" 0
is 'ending with the verdict: last words' "$(grep -c 'last words' "$T/out/out/t.one/log")" 1
gone 'ending with the verdict'

# One whose agent does not stop is in t/cli/19-phases.t.
for deaf in 'ignore quit' 'ignore term' 'die-on quit' 'refuse quit'; do
	begin
	printf 'config:\n%s\nignore term\n' "$deaf" | fake
	run
	is "$deaf: exit status" "$status" 0
	gone "$deaf"
done
complete
