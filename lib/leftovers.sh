# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a subtest left behind: processes, mounts, a trace. Read when there is something.

# Set REPLY to the processes of the cgroup in which the agent started this, else of this session.
ktest_session_pids()
{
	local stat line own fields
	REPLY=()
	while IFS= read -r line; do
		[[ $line == 0::/ktest/* && -r /sys/fs/cgroup/${line#0::/}/cgroup.procs ]] || continue
		mapfile -t REPLY <"/sys/fs/cgroup/${line#0::/}/cgroup.procs"
		return
	done </proc/self/cgroup
	IFS= read -r line <"/proc/$$/stat" || return
	read -r -a fields <<<"${line##*) }"
	own=${fields[3]}
	for stat in /proc/[0-9]*/stat; do
		{ IFS= read -r line <"$stat"; } 2>/dev/null || continue
		read -r -a fields <<<"${line##*) }"
		[[ ${fields[3]} != "$own" || ${fields[0]} == Z ]] || REPLY+=("${line%% *}")
	done
}

# ktest_kill_left PID...: kill every process of this session but those and this one. Returns 1 if there
# was none.
ktest_kill_left()
{
	local round pid killed=1 keep=" $$ $BASHPID $PPID $* "
	# One that is just being forked escapes a round.
	for ((round = 0; round < 10; round++)); do
		local again=
		ktest_session_pids
		for pid in "${REPLY[@]}"; do
			[[ $keep != *" $pid "* ]] || continue
			kill -KILL "$pid" 2>/dev/null || continue
			again=1 killed=0
		done
		[[ -n $again ]] || break
	done
	return "$killed"
}

# ktest_unmount_left BEFORE: unmount what is mounted below /mnt and is not in BEFORE (as
# ktest_mounts prints it), the last mounted first.
ktest_unmount_left()
{
	local before=$'\n'$1 i where
	local -a lines
	ktest_mounts
	mapfile -t lines <<<"${REPLY%$'\n'}"
	for ((i = ${#lines[@]} - 1; i >= 0; i--)); do
		[[ $before != *$'\n'"${lines[i]}"$'\n'* ]] || continue
		where=${lines[i]#* }
		printf -v where '%b' "${where%% *}"
		umount "$where" 2>/dev/null && continue
		# Somebody uses it: left processes, or a swap file or loop device on it.
		ktest_kill_left ''
		umount "$where" 2>/dev/null && continue
		echo "ktest: $where is in use and cannot be unmounted, detached" >&2
		umount -l "$where"
	done
}

# The most that is kept of a trace; what came last says more.
ktest_trace_max=$((16 << 20))

# ktest_keep_trace [NAME]: what was traced, into the directory of the subtest that has ended, if it
# failed. The next one starts with an empty buffer.
ktest_keep_trace()
{
	local tracing dir base=${ktest_file-}
	{ IFS= read -r tracing && IFS= read -r dir; } <"$ktest_state/tracing"
	# A shell that waited for its subtest has been told nothing of it.
	dir=${ktest_subtest_dir:-$dir}
	base=${base##*/}
	[[ -n $dir ]] || dir=$ktest_out/out/${base%.ktest}.${1//\//.}
	if ((ktest_status)) && [[ -d $dir ]]; then
		tail -c "$ktest_trace_max" "$tracing/trace" >"$dir/trace" ||
			echo "ktest: the trace cannot be kept in $dir" >&2
	fi
	: >"$tracing/trace"
}
