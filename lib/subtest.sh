# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `main "$@"`: what a test file is called with, and how a subtest runs.
#
# The way from main to the first line of a test_NAME has one fork, the subtest's own subshell.

# Tells a subtest's shell, from a subshell of it, that it is to end as skipped.
ktest_skip_signal=RTMIN+7

NR_REBOOTS=${NR_REBOOTS:-0}

# Where kernel messages of a subtest begin, for check_dmesg.
ktest_mark='ktest: a subtest begins'

main()
{
	local verb=${1-}
	(($#)) || exit 0
	shift
	ktest_file=${BASH_SOURCE[1]}
	# Not defined before, so that no fork is needed to see whether the file has its own.
	if declare -F run_tests >/dev/null; then
		ktest_own_run_tests=true
	else
		ktest_own_run_tests=
		run_tests()
		{
			ktest_run_tests "$@"
		}
	fi

	case $verb in
	deps)
		# shellcheck source=lib/deps.sh
		. "$ktest_lib/deps.sh"
		ktest_print_deps
		;;
	list-tests)
		list_tests
		;;
	init)
		ktest_guest_only
		ktest_begun
		# shellcheck source=lib/init.sh
		. "$ktest_lib/init.sh"
		ktest_init
		;;
	run-tests)
		ktest_guest_only
		ktest_begun
		ktest_lines=
		[[ ${ktest_control-} == 1 && -z $ktest_own_run_tests && $# == 1 ]] || ktest_lines=1
		run_tests "$@"
		;;
	*)
		echo "usage: $0 deps | list-tests | init | run-tests NAME..." >&2
		exit 129
		;;
	esac
	exit
}

# Tests crash kernels and write to disks; init adds a user.
ktest_guest_only()
{
	[[ -z ${ktest_in_guest-} ]] || return 0
	echo "$ktest_file: this is for a guest: ktest run $ktest_file" >&2
	exit 125
}

# A file that ends before this, with whatever status, has not been asked yet.
ktest_begun()
{
	{ : >"$ktest_state/begun"; } 2>/dev/null
}

# Print the names of the subtests: the functions test_NAME, those of libraries before those of the
# file, each in the order of its lines. May be redefined.
list_tests()
{
	local name line file own
	(
		shopt -s extdebug
		while read -r name; do
			declare -F "$name"
		done < <(compgen -A function test_)
	) | while read -r name line file; do
		[[ $name != test_ ]] || continue
		own=0
		[[ $file != "$ktest_file" ]] || own=1
		printf '%d\t%s\t%d\t%s\n' "$own" "$file" "$line" "${name#test_}"
	done | LC_ALL=C sort -s -t $'\t' -k 1,1n -k 2,2 -k 3,3n | cut -f 4-
}

# Run one subtest. May be redefined, for files that list names other than their functions'. Called by
# a run_tests of the file's own, it is all that a subtest is: shell, verdict lines and clean-up.
run_test()
{
	if [[ -z ${ktest_subtest_pid-} ]]; then
		ktest_run_subtest "$1"
		return "$ktest_status"
	fi
	if ! declare -F "test_$1" >/dev/null; then
		echo "$ktest_file: no subtest $1" >&2
		exit 1
	fi
	"test_$1"
}

# The default of run_tests, exit status: how many failed; with one name, that subtest's own.
ktest_run_tests()
{
	local name failed=0
	[[ -z ${ktest_held-} || -n $ktest_lines || -n $ktest_leak_check ]] || ktest_run_held "$1"
	for name in "$@"; do
		ktest_run_subtest "$name"
		((ktest_status)) || continue
		failed=$((failed + 1))
		case ${ktest_failfast-} in
		''|0|false) ;;
		*) break ;;
		esac
	done
	[[ -n $ktest_lines ]] || exit "$ktest_status"
	exit $((failed > 255 ? 255 : failed))
}

# The only one of this guest, and this is its shell already, unless the file has made it its own.
ktest_run_held()
{
	unset -f trap
	set +e
	ktest_subtest_name=$1
	if [[ -n ${ktest_file_traps-}${!-} ]]; then
		(ktest_subtest "$1")
	else
		ktest_subtest "$1"
	fi
	exit
}

# ktest_run_subtest NAME: set ktest_status to how it ended.
ktest_run_subtest()
{
	local - start=$SECONDS before=
	set +e
	ktest_subtest_name=$1
	[[ -n ${ktest_lines-} ]] && ktest_begin_alone "$1"
	if [[ -z ${ktest_on_host-} ]]; then
		ktest_mounts && before=$REPLY
		# Debug level, so that no console shows it.
		ktest_mark="ktest: subtest $1"
		{ echo "<7>$ktest_mark" >"${ktest_kmsg:-/dev/kmsg}"; } 2>/dev/null
	fi
	[[ -n $ktest_leak_check ]] && ktest_leaks_forget

	if [[ -n ${ktest_lines-} ]] && ktest_errexit_ignored; then
		(
			# shellcheck disable=SC2064 # now
			trap "trap - RTMIN+6; ktest_subtest ${1@Q}; exit \$?" RTMIN+6
			kill -RTMIN+6 "$BASHPID"
			:
		)
	else
		(ktest_subtest "$1")
	fi
	ktest_status=$?

	if [[ -n $ktest_leak_check ]] && ! ktest_leaks_search && ((!ktest_status)); then
		ktest_status=1
	fi
	[[ -n ${ktest_lines-} ]] && ktest_kill_left "${ktest_pids_before[@]}"
	[[ -z ${ktest_on_host-} ]] && ktest_mounts && [[ $REPLY != "$before" ]] &&
		ktest_unmount_left "$before"
	[[ -d $ktest_state/unplugged ]] && ktest_put_back_disks
	[[ -e $ktest_state/tracing ]] && ktest_keep_trace "$1"
	[[ -e $ktest_state/expects ]] && ktest_expect_no_more
	[[ -n ${ktest_lines-} ]] && ktest_end_alone "$1" $((SECONDS - start))
	return 0
}

# In the subtest's own shell
ktest_subtest()
{
	ktest_subtest_pid=$BASHPID
	# shellcheck disable=SC2064 # now
	trap 'exit 0' "$ktest_skip_signal"
	trap 'ktest_status=$?; ktest_say_failed "$ktest_status" "$BASH_COMMAND"' ERR
	set -eE
	run_test "$1"
}

# ktest_say_failed STATUS COMMAND: which line of the test ended it.
ktest_say_failed()
{
	[[ $- == *e* && $BASHPID == "$ktest_subtest_pid" ]] || return 0
	trap - ERR # the callers of that line fail, too
	if [[ ${BASH_SOURCE[1]} == "$ktest_lib"/* ]]; then
		ktest_complain
	else
		ktest_complain "status $1: ${2%%$'\n'*}"
	fi
}

# A run_tests of the file's own may call run_test where bash ignores `set -e`, in conditions, for
# everything below, subshells included. What a trap runs is not below.
ktest_errexit_ignored()
{
	local - ignored
	set +e
	[[ -n $ktest_own_run_tests ]] || return 1
	(
		set -e
		false
		exit 77
	)
	ignored=$?
	[[ $ignored == 77 ]]
}

# ktest_mounts: set REPLY to the mounts at and below /mnt, a line each.
ktest_mounts()
{
	local all line
	REPLY=
	IFS= read -r -d '' all <"${ktest_proc_mounts:-/proc/self/mounts}"
	[[ $all == *" /mnt"[/\ ]* ]] || return 0
	while IFS= read -r line; do
		[[ $line != *" /mnt"[/\ ]* ]] || REPLY+=$line$'\n'
	done <<<"$all"
	return 0
}

# The first and the last lines of a subtest that the agent knows nothing of.
ktest_begin_alone()
{
	echo "========= TEST   $1"
	: >"$ktest_state/skipped"
	ktest_session_pids
	ktest_pids_before=("${REPLY[@]}")
}

ktest_end_alone()
{
	local reason
	if ((ktest_status)); then
		echo "========= FAILED $1 in $2s"
	elif [[ -s $ktest_state/skipped ]]; then
		IFS= read -r reason <"$ktest_state/skipped"
		echo "========= NOTRUN $1 in $2s: $reason"
	else
		echo "========= PASSED $1 in $2s"
	fi
}

# ktest_ctl VERB ARG...: ask the host; where there is no VM, by a line on the descriptor it reads.
ktest_ctl()
{
	if [[ -n ${ktest_on_host-} ]]; then
		printf '%s\t%s\n' "$1" "${*:2}" >&"$ktest_control_fd"
	else
		"${ktest_ctl:-/run/ktest/ktest-ctl}" "$@"
	fi
}

# ktest_need_vm CALL: 1 and a line in a file that runs without one.
ktest_need_vm()
{
	[[ -n ${ktest_on_host-} ]] || return 0
	echo "$1: makes no sense without a VM (config-no-vm)" >&2
	return 1
}

# ktest_skip REASON: this subtest ends here, as not run.
ktest_skip()
{
	local reason="${*:-no reason given}"
	if [[ -z ${ktest_subtest_pid-} ]]; then
		echo "ktest_skip: not in a subtest: $reason" >&2
		exit 1
	fi
	reason=${reason//$'\n'/ }
	if [[ -n ${ktest_lines-} ]]; then
		echo "$reason" >"$ktest_state/skipped" || exit 1
	else
		ktest_ctl skip "$reason" || exit 1
	fi
	[[ $BASHPID == "$ktest_subtest_pid" ]] ||
		kill -s "$ktest_skip_signal" "$ktest_subtest_pid"
	exit 0
}

# set_watchdog S: from now on the subtest has S seconds, times the multiplier.
set_watchdog()
{
	ktest_want 1 "$@"
	if [[ ! $1 =~ ^[1-9][0-9]{0,8}$ ]]; then
		echo "set_watchdog: '$1' is not a number of seconds" >&2
		return 1
	fi
	if [[ -n ${ktest_lines-} ]]; then
		echo "WATCHDOG $(($1 * ktest_timeout_multiplier))"
	else
		ktest_ctl watchdog $(($1 * ktest_timeout_multiplier))
	fi
}

# do_reboot: restart the machine as the reset button does (what must survive is to be synced
# before) and enter this subtest again, with NR_REBOOTS one higher.
do_reboot()
{
	ktest_need_vm do_reboot || return
	ktest_ctl reboot || return
	exec sleep infinity
}
