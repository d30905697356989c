#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Ctrl-Z: a guest's clocks stand still as long as ktest does.
. "$(dirname "$0")/lib.sh"

ticking_guest()
{
	begin
	guest_file <<'EOF'
now() { read -r t _ </proc/uptime && echo "${t/./}"; }

test_gaps()
{
	local i before=$(now) t longest=0
	for ((i = 0; i < 60; i++)); do
		sleep 0.1
		t=$(now)
		((t - before <= longest)) || longest=$((t - before))
		before=$t
		echo "tick $i"
	done
	echo "longest: $longest"
}
EOF
}

# Longer than the kernel waits for a processor before it complains.
for isolation in shared clone; do
	ticking_guest
	run_background --isolation "$isolation"
	wait_for 'the guest' said 'tick 3' || continue
	kill -TSTP "$pid"
	wait_for 'its stop' stops || continue
	sleep 30
	kill -CONT "$pid"
	await
	is "$isolation: exit status" "$status" 0
	is "$isolation: isolation" "$(of gaps '.isolation + " " + .verdict')" "$isolation PASS"
	at_most "$isolation: the guest has not seen the time pass (1/100 s)" \
		"$(log_of gaps | sed -n 's/^longest: //p')" 500
	gone "$isolation"
done
complete
