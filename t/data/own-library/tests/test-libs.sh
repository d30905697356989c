# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A library that a tree of tests brings itself. It knows nothing of ours: it prints the declarations
# that any runner understands and the verdict lines, and calls functions and reads variables that the
# runner is to provide.

if (($#)) && [[ $(type -t run_quiet) != function ]]; then
	echo "not started by a runner: run_quiet is missing" >&2
	exit 1
fi

own_config=()
own_sizes=()
own_timeout=

require-kernel-config()
{
	own_config+=("$1")
}

config-scratch-devs()
{
	own_sizes+=("$1")
}

config-timeout()
{
	own_timeout=$1
}

set_watchdog()
{
	echo "WATCHDOG $1"
}

skip_test()
{
	echo "$1" >"$ktest_tmp/skipped"
	exit 77
}

list_tests()
{
	declare -F | while read -r _ _ name; do
		case $name in
		test_*) echo "${name#test_}" ;;
		esac
	done
}

print_deps()
{
	log_verbose "printing declarations" >&2
	echo "ktest_arch=${ktest_arch-}"
	echo "ktest_cpus="
	echo "ktest_mem=1024"
	echo "ktest_timeout=$own_timeout"
	echo "ktest_storage_bus=virtio-blk"
	echo "ktest_scratch_dev_sizes=(${own_sizes[*]})"
	echo "ktest_kernel_config_require=($(join_by ' ' "${own_config[@]}"))"
	echo "ktest_kernel_append=('quoted word' \"another\" plain)"
	echo "ktest_images=()"
}

run_one()
{
	local start=$SECONDS status
	echo "========= TEST   $1"
	(
		set -e
		"test_$1"
	)
	status=$?
	case $status in
	0) echo "========= PASSED $1 in $((SECONDS - start))s" ;;
	77)
		echo "========= NOTRUN $1 in $((SECONDS - start))s: $(<"$ktest_tmp/skipped")"
		status=0
		;;
	*) echo "========= FAILED $1 in $((SECONDS - start))s" ;;
	esac
	return "$status"
}

run_tests()
{
	local failed=0 status
	get_tmpdir
	for name in "$@"; do
		# Not in a condition, where set -e would be off in the test
		run_one "$name"
		status=$?
		((status == 0)) || failed=$((failed + 1))
	done
	if ((failed)); then
		echo "TEST FAILED"
	else
		echo "TEST SUCCESS"
	fi
	exit "$failed"
}

main()
{
	(($#)) || exit 0
	case $1 in
	deps) print_deps ;;
	list-tests) list_tests ;;
	init)
		get_tmpdir
		id nobody >/dev/null
		;;
	run-tests)
		shift
		run_tests "$@"
		;;
	esac
}
