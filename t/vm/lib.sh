# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For the tests with real guests: what t/cli/lib.sh has, but QEMU, its guest and the kernel are the
# real ones. The kernel is the newest Debian one of the store, fetched with its headers by `./setup`.
#
#	ACCEL		default tcg: what every machine can do, and the slowest
#	ISOLATION	default shared: what most tests are about does not depend on it
#	JOBS		default 1

TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=t/cli/lib.sh
. "$TREE/t/cli/lib.sh"

PATH=$PATH:/usr/sbin:/sbin
STORE=$HOME
LIMIT=600

# Nothing of the last case.
begin()
{
	rm -rf "${T:?}"/*
	mkdir -p "$T/tmp" "$T/tree"
	guest=()
}

# The store and the caches are the user's own: what is made once serves all test programs.
export_environment()
{
	export TMPDIR=$T/tmp HOME=$STORE
}

run_args()
{
	args=(run -j "${JOBS:-1}" --accel "${ACCEL:-tcg}" --isolation "${ISOLATION:-shared}" --cpus 1
	      --mem 512M -o "$T/out" "${guest[@]}")
}

# shipped NAME [OPTION...]: run tests/NAME.ktest.
shipped()
{
	local name=$1
	shift
	run_args
	ktest "${args[@]}" "$@" "$TREE/tests/$name.ktest"
}

# boot_background [OPTION...]: a guest for its user, as $pid
boot_background()
{
	run_args
	args[0]=boot
	(export_environment; exec "$KTEST" "${args[@]}" "$@") >"$T/boot.out" 2>&1 </dev/null &
	pid=$!
}

# phase PHASE: whether the guest of $T/out is in it; what ktest itself says stays as it is.
phase()
{
	(export_environment; exec timeout -k 5 "$LIMIT" "$KTEST" ps --json) >"$T/ps"
	[[ $(jq -r --arg out "$T/out" '.[] | select(.out == $out) | .phase' "$T/ps") == "$1" ]]
}

# kernel_dir: the directory of the kernel that a run without -k takes.
kernel_dir()
{
	HOME=$STORE "$KTEST" kernel list | awk '/^debian\/bookworm\/amd64/ { d = $2 } END { print d }'
}

# A test file with our library, from stdin; options of test_file: the declarations come with it.
guest_file()
{
	{
		# shellcheck disable=SC2016 # for the guest
		printf '%s\n' '#!/bin/bash' '. "${ktest_test_libs:?}"' 'config-timeout 120'
		cat
		# shellcheck disable=SC2016
		printf '%s\n' 'main "$@"'
	} | test_file
}

# of SUBTEST JQ: of one subtest's entry in results.json.
of()
{
	jq -r --arg s "$1" ".tests[] | select(.subtest == \$s) | $2" "$T/out/results.json" 2>&1
}

# The lines of a subtest's log without the seconds in front.
log_of()
{
	sed 's/^[0-9]* //' "$T/out/out/t.$1/log"
}

# passed NAME SUBTEST...: one result each, with the log of one that did not.
passed()
{
	local name=$1 s v
	shift
	for s; do
		v=$(of "$s" '.verdict + " " + (.reason // "") + " " + (.title // "")')
		if [[ $v == "PASS  " ]]; then
			pass "$name: $s"
		else
			fail "$name: $s" "$v
$(tail -n 15 "$T/out/out/t.$s/log" 2>&1)"
		fi
	done
}

# has NAME SUBTEST REGEX: a line of the subtest's log matches.
has()
{
	if log_of "$2" | grep -qaE -- "$3"; then
		pass "$1"
	else
		fail "$1" "no line of $2 matches /$3/:
$(log_of "$2" 2>&1 | tail -n 15)"
	fi
}
