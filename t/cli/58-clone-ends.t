#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Ended from outside while a guest is saved or restored, a full disk, and runs that go on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clones.sh"

# ---- signals

in_boot() { wait_for 'the boot' said 'a guest boots' && sleep 0.2; }
in_save() { wait_for 'the save' said 'it is quiet' && wait_for 'its state' has_state; }
in_restore() { wait_for 'the clone' grep -qs vm2 "$T/out/journal.jsonl" && sleep 0.3; }
in_subtest() { wait_for 'two is here' said 'two is here'; }
has_state() { [[ -s $(echo "$T"/home/.cache/ktest/templates/.tmp-*/state) ]]; }

for moment in in_boot in_save in_restore in_subtest; do
	for signal in INT KILL; do
		name="$signal $moment"
		clones
		case $moment in
		in_boot) printf 'boot:\nprint a guest boots\nsleep 20000\n' ;;
		in_save) printf 'quiet:\nprint it is quiet\nconfig:\nsaving silent\n' ;;
		in_restore) printf 'config:\nrestoring silent\n' ;;
		in_subtest) printf 'subtest two:\nprint two is here\n' ;;
		esac | fake
		run_background
		$moment || continue
		kill "-$signal" "$pid"
		await
		[[ $signal == KILL ]] || is "$name: exit status" "$status" 130
		[[ $moment == in_boot || $moment == in_save ]] && made=0 || made=1
		if [[ $signal == INT ]]; then
			is "$name: the journal has its end" "$(journal '.[-1].exit')" 130
			is "$name: what is kept" "$(kept)" "$made"
			gone "$name"
			continue
		fi
		no_process "$name"
		fake <<'EOF'
boot:
	print a guest boots
EOF
		run
		is "$name, the next run: verdicts" "$(verdicts)" 'one=PASS two=PASS three=PASS'
		is "$name, the next run: it boots one" "$(boots)" 1
		is "$name, the next run: what is kept" "$(kept)" "$((made + 1))"
		gone "$name, the next run"
	done
done

# A run that goes on takes the guest that was saved.
clones
fake <<'EOF'
boot:
	print a guest boots
subtest two:
	print two is here
	sleep 1500
	exit 0
EOF
run_background
in_subtest
kill -KILL "$pid"
await
no_process 'cut off'
run --resume
is 'resumed: exit status' "$status" 0
is 'resumed: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
is 'resumed: isolation' "$(isolations)" 'clone clone clone'
is 'resumed: no guest boots' "$(boots)" 1
gone resumed
run --resume
is 'nothing left to do: exit status' "$status" 0
gone 'nothing left to do'

# And makes one where it was cut off before.
clones
printf 'boot:\nprint a guest boots\nquiet:\nsleep 2000\n' | fake
run_background
in_boot
kill -KILL "$pid"
await
run --resume
is 'cut off as it was saved: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
is 'cut off as it was saved: it is made' "$(boots) $(kept)" '2 1'
gone 'cut off as it was saved'

clones
fake <<'EOF'
boot:
	print a guest boots
subtest one:
	exit 1
EOF
run --failfast
is 'the first failure ends it: what ran' "$(journal '[.[] | select(.ev == "end")] | length')" 1
is 'the first failure ends it: the saved guest stays' "$(kept)" 1
gone 'the first failure ends it'

# ---- a full disk

small_run()
{
	mount -t tmpfs -o "size=$1" none "$T/small" || exit 99
	export XDG_CACHE_HOME=$T/small
	run
	find "$T/small/ktest/templates" -mindepth 1 >"$T/left" 2>/dev/null
	exit "$status"
}

# small SIZE WHY ISOLATION: with a cache on a file system of that size, in a mount namespace
small()
{
	local -a user=()
	((EUID == 0)) || user=(-r)
	mkdir -p "$T/small"
	status=0
	# For this command alone: with T in its environment a check for what is left finds itself.
	T=$T KTEST=$KTEST unshare "${user[@]}" -m bash -c "$(declare -f small_run run run_args \
		ktest export_environment); small_run $1" || status=$?
	is "a cache of $1: exit status" "$status" 0
	is "a cache of $1: verdicts" "$(verdicts)" 'one=PASS two=PASS three=PASS'
	is "a cache of $1: isolation" "$(isolations)" "$3 $3 $3"
	is "a cache of $1: one line" "$(lines_said)" 1
	like "a cache of $1: says why" "$(cat "$T/stderr")" "t.ktest: no saved guests?: $2"
	is "a cache of $1: nothing is left in it" "$(cat "$T/left")" ''
	gone "a cache of $1"
}

clones
small 60M 'too little disk space' shared

# It fills up while the guest boots, whose memory is a file there.
clones
printf 'boot:\nprint a guest boots\nconfig:\nmemory 64\n' | fake
small 72500k 'killed by SIGBUS|exit status' boot
complete
