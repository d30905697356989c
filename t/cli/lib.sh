# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For the command-line tests: ktest run against a fake QEMU (fake.h) and a fake kernel. Each case
# ends with `gone`: no process and no temporary file of it is left.
#
#	KTEST	the program under test, default bin/ktest
#	BUILD	where the fake is, default build

TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
KTEST=${KTEST:-$TREE/bin/ktest}
FAKE=${BUILD:-$TREE/build}/t/cli/qemu-system-x86_64
[[ $FAKE == /* ]] || FAKE=$TREE/$FAKE

# Everything of a test carries this path in its arguments or environment; that is how what is left
# of it is found.
T=$(mktemp -d "${TMPDIR:-/tmp}/ktest-cli.XXXXXX") || exit 2
n=0
failures=0
completed=
unset XDG_CACHE_HOME XDG_DATA_HOME XDG_CONFIG_HOME

finish()
{
	local status=$?
	kill_all
	if [[ -n ${KEEP-} ]]; then
		echo "# kept: $T"
	else
		rm -rf "$T"
	fi
	if ((status)) || [[ ! $completed ]]; then
		echo "Bail out! exit status $status, and more was to come"
		exit $((status ? status : 1))
	fi
	echo "1..$n"
	exit $((failures > 0))
}
trap finish EXIT

# The last line of each test: that bash has read it to here. What a subshell has read is skipped.
complete()
{
	completed=1
}

# ---- results

pass()
{
	n=$((n + 1))
	echo "ok $n - $1"
}

# fail NAME [TEXT]: TEXT and what the last ktest said become diagnostics.
fail()
{
	n=$((n + 1))
	failures=$((failures + 1))
	echo "not ok $n - $1"
	{
		echo "${2-}"
		for f in stdout stderr; do
			[[ -s $T/$f ]] && echo "--- $f" && tail -n 15 "$T/$f"
		done
	} | cut -c1-200 | tr -d '\r' | sed 's/^/# /'
}

is()
{
	if [[ $2 == "$3" ]]; then
		pass "$1"
	else
		fail "$1" "got '$2', wanted '$3'"
	fi
}

# like NAME TEXT REGEX
like()
{
	if [[ $2 =~ $3 ]]; then
		pass "$1"
	else
		fail "$1" "got '$2', wanted /$3/"
	fi
}

# at_most NAME NUMBER LIMIT
at_most()
{
	if (($2 <= $3)); then
		pass "$1"
	else
		fail "$1" "$2 is more than $3"
	fi
}

# ---- the pieces of a run

# A new case: nothing of the last one.
begin()
{
	rm -rf "${T:?}"/*
	mkdir -p "$T/tmp" "$T/home" "$T/tree" "$T/bin"
	# What subtests of a file do to each other is what most cases are about.
	echo ktest_isolation=shared >"$T/home/.ktestrc"
	fake_kernel "$T/kernel"
	fake </dev/null
	subtests one two three
}

# A bzImage as far as anything but a processor looks: boot protocol 2.15, 64-bit, its version
# string; see Documentation/arch/x86/boot.rst.
fake_kernel()
{
	mkdir -p "$1"
	{
		head -c 514 /dev/zero # 0x202
		printf 'HdrS\x0f\x02'
		head -c 6 /dev/zero # 0x20e: where the version string is, less 0x200
		printf '\x00\x02'
		head -c 38 /dev/zero # 0x236: xloadflags
		printf '\x01\x00'
		head -c 456 /dev/zero # 0x400
		printf '6.1.0-fake (fake@fake) #1 SMP\0'
		head -c 4096 /dev/zero
	} >"$1/vmlinuz"
}

# QEMU and its guest do what the script on stdin says.
fake()
{
	{
		cat "$FAKE"
		printf '\n#fake-script\n'
		cat
	} >"$T/bin/new" || exit 2
	chmod 755 "$T/bin/new"
	mv "$T/bin/new" "$T/bin/qemu-system-x86_64"
}

# A test file with these subtests. Only the host's half is there: the fake's script is the other.
subtests()
{
	declares ktest_library=1 ktest_mem=64 ktest_cpus=1
	sed -i "s/SUBTESTS/$*/" "$T/tree/t.ktest"
}

declares()
{
	{
		printf '#!/bin/bash\ncase $1 in\ndeps)\n'
		printf "echo %q\n" "$@"
		printf ';;\nlist-tests) echo SUBTESTS ;;\nesac\n'
	} >"$T/tree/t.ktest"
	chmod 755 "$T/tree/t.ktest"
}

# The test file is this script.
test_file()
{
	cat >"$T/tree/t.ktest"
	chmod 755 "$T/tree/t.ktest"
}

# ---- running

export_environment()
{
	export TMPDIR=$T/tmp HOME=$T/home
}

# ktest COMMAND ARG...: to its end; status, $T/stdout and $T/stderr.
ktest()
{
	status=0
	(
		export_environment
		exec timeout -k 5 "${LIMIT:-120}" "$KTEST" "$@"
	) >"$T/stdout" 2>"$T/stderr" </dev/null || status=$?
}

run_args()
{
	args=(run --accel tcg --qemu "$T/bin/qemu-system-x86_64" -k "$T/kernel" -o "$T/out")
	# How many run by default is this machine's affair. JOBS=2 t/cli/NAME.t: with others beside.
	[[ -z ${JOBS=1} ]] || args+=(-j "$JOBS")
}

# run [OPTION...] [-- SUBTEST...]
run()
{
	local -a options=()
	while (($#)) && [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	[[ ${1-} != -- ]] || shift
	run_args
	ktest "${args[@]}" "${options[@]}" "$T/tree/t.ktest" "$@"
}

# run_files [OPTION...] -- FILE [SUBTEST...] [FILE [SUBTEST...]]...: files below $T/tree
run_files()
{
	local -a options=() words=()
	local w
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	for w; do
		[[ $w != *.ktest ]] || w=$T/tree/$w
		words+=("$w")
	done
	run_args
	ktest "${args[@]}" "${options[@]}" "${words[@]}"
}

# The same in the background, as $pid: ktest itself, not a shell.
run_background()
{
	# What an earlier run said must not be taken for this one's word.
	rm -f "$T/stdout" "$T/stderr"
	run_args
	(
		export_environment
		exec "$KTEST" "${args[@]}" "$@" "$T/tree/t.ktest"
	) >"$T/stdout" 2>"$T/stderr" </dev/null &
	pid=$!
}

# Whether $pid is stopped.
stops() { local s && s=$(<"/proc/$pid/stat") && [[ ${s##*) } == T* ]]; }

# The status of $pid, which must end within 20 s.
await()
{
	local i
	for ((i = 0; i < 400; i++)); do
		kill -0 "$pid" || break
		sleep 0.05
	done
	if ((i == 400)); then
		kill -KILL "$pid"
		status=timeout
		wait "$pid"
		return
	fi
	status=0
	wait "$pid" || status=$?
} 2>/dev/null # the shell's word of who was killed

# wait_for WHAT COMMAND...: until it succeeds, 30 s.
wait_for()
{
	local what=$1 i
	shift
	for ((i = 0; i < 600; i++)); do
		"$@" && return
		sleep 0.05
	done
	fail "waited in vain: $what"
	return 1
}

# said TEXT: the run's own log or its stdout has it.
said()
{
	grep -qsaF -- "$1" "$T/stdout" "$T/out/out/t"
}

# ---- looking at what is left

# The processes that carry T in their arguments or environment, us aside. One grep for all of them,
# which carries it in neither. Nothing else of ours runs beside it: a program of the same pipeline
# has our environment.
leftover()
{
	local f found
	found=$(cd / && env -i grep -lsaF -f - /proc/[0-9]*/cmdline /proc/[0-9]*/environ <<<"$T")
	while IFS=/ read -r _ _ f _; do
		[[ -z $f || $f == "$$" || $f == "$BASHPID" ]] || echo "$f"
	done <<<"$found" | sort -un
}

describe()
{
	local p
	for p; do
		echo "$p: $(tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | cut -c1-120)"
	done
}

kill_all()
{
	local p
	for p in $(leftover); do
		kill -KILL "$p" 2>/dev/null
	done
}

# no_process NAME: within five seconds.
no_process()
{
	local i left
	for ((i = 0; i < 50; i++)); do
		left=$(leftover)
		[[ -n $left ]] || break
		sleep 0.1
	done
	if [[ -z $left ]]; then
		pass "$1: no process is left"
	else
		# shellcheck disable=SC2086
		fail "$1: no process is left" "$(describe $left)"
	fi
}

no_files()
{
	local left
	left=$(find "$T/tmp" -mindepth 1 \( -type f -o -type s -o -type l -o -type p -o \
		-mindepth 2 -type d \) -print | head)
	is "$1: no temporary file is left" "$left" ''
}

gone()
{
	no_process "$1"
	no_files "$1"
}

# result JQ: of results.json
result()
{
	jq -r "$1" "$T/out/results.json" 2>&1
}

# "one=PASS two=FAIL(panic) ..."
verdicts()
{
	result '[.tests[] | .subtest + "=" + .verdict +
		(if .reason then "(" + .reason + ")" else "" end)] | join(" ")'
}

# file_verdicts: "a/one=PASS b/one=FAIL(exit status) ..."
file_verdicts()
{
	result '[.tests[] | .file + "/" + .subtest + "=" + .verdict +
		(if .reason then "(" + .reason + ")" else "" end)] | join(" ")'
}

guests_started()
{
	journal '[.[] | select(.ev == "guest" and .state == "start")] | length'
}

# What ktest printed after the run; lines of the console begin with a stamp.
table()
{
	grep -aE '^(PASS|FAIL|SKIP|ERROR|MISS|NONE) |^[0-9]+ subtests?: ' "$T/stdout"
}

# journal JQ: over the events as one array; a torn last line is left out.
journal()
{
	jq -rsR "[split(\"\n\")[] | fromjson?] | $1" "$T/out/journal.jsonl" 2>&1
}

lines_of()
{
	wc -l <"$1" | tr -d ' '
}
