#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Little room on the host: said before the boot, and the guest is stopped when it runs out.
. "$(dirname "$0")/lib.sh"

# In a mount namespace: the file system is gone with it.
small_run()
{
	local size=$1 later=$2
	mount -t tmpfs -o "size=$size" none "$T/small" && cd "$T/small" || exit 99
	mkdir tmp
	run_args
	(
		export_environment
		export TMPDIR=$T/small/tmp
		exec timeout 60 "$KTEST" "${args[@]}" -o "$T/small/out" "$T/tree/t.ktest"
	) >"$T/stdout" 2>"$T/stderr" </dev/null &
	if [[ $later ]] && wait_for 'one is here' grep -qs 'one is here' "$T/small/out/out/t"; then
		mount -o "remount,size=$later" "$T/small"
		dd if=/dev/zero of=filler bs=64k status=none 2>/dev/null
		while kill -0 $! 2>/dev/null && ! grep -qs MISS "$T/small/out/journal.jsonl"; do
			sleep 0.1
		done
		rm -f filler
	fi
	status=0
	wait $! || status=$?
	find tmp -mindepth 2 >"$T/left"
	cp -a out "$T/out"
	exit "$status"
}

# small SIZE [LATER]: a run on a file system of that size, full at a smaller one while "one" runs
small()
{
	local -a user=()
	((EUID == 0)) || user=(-r)
	mkdir -p "$T/small"
	status=0
	# For this command alone: with T in its environment a check for what is left finds itself.
	T=$T KTEST=$KTEST n=$n failures=$failures \
		unshare "${user[@]}" -m bash -c "$(declare -f small_run run_args \
		export_environment wait_for fail); small_run $1 ${2-}" || status=$?
}

begin
fake <<'EOF'
subtest one:
	print one is here
	sleep 20000
	exit 0
EOF
small 512M 32M
is 'full while it runs: exit status' "$status" 125
like 'full while it runs: verdict' "$(verdicts)" '^one=MISS\(disk\)'
like 'full while it runs: it is said' "$(cat "$T/stdout")" '5 % of the host'
is 'full while it runs: nothing is left in it' "$(cat "$T/left")" ''
gone 'full while it runs'

begin
fake </dev/null
small 64M
is 'full before: exit status' "$status" 125
like 'full before: where is said' "$(cat "$T/stdout" "$T/stderr")" "$T/small"
like 'full before: and what' "$(cat "$T/stdout" "$T/stderr")" 'free|space|room'
is 'full before: nothing is left in it' "$(cat "$T/left")" ''
gone 'full before'
complete
