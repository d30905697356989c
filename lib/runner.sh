# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What every test file finds defined, also one whose tree brings a library of its own: the helpers
# that such a library expects of the program that runs it. Usable under `set -e` and `set -u`.

# The names of this file's functions, for those that hand them on to another bash.
ktest_runner_functions=(run_quiet log_verbose join_by get_tmpdir checkdep find_command parse_arch)

# Set ktest_tmp to a directory for temporary files, made when there is none yet.
get_tmpdir()
{
	[[ -z ${ktest_tmp-} ]] || return 0
	ktest_tmp=$(mktemp --directory --tmpdir ktest.XXXXXXXXXX)
	export ktest_tmp
}

# log_verbose WORD...: a line that only -v shows.
log_verbose()
{
	case ${ktest_verbose-} in
	''|0|false) ;;
	*) echo "$*" ;;
	esac
}

# run_quiet MSG CMD...: run CMD and show only MSG, unless it fails (then all that it printed) or
# -v was given. The status is CMD's. CMD runs in a subshell under `set -e`.
run_quiet()
{
	local - msg=$1 out status
	shift
	set +e
	case ${ktest_verbose-} in
	''|0|false) ;;
	*)
		echo "${msg:-$*}:"
		(set -e; "$@")
		return
		;;
	esac
	get_tmpdir
	out=$ktest_tmp/quiet.$BASHPID
	[[ -z $msg ]] || printf '%s... ' "$msg"
	(set -e; "$@") >"$out" 2>&1
	status=$?
	if ((status)); then
		[[ -z $msg ]] || echo "failed (status $status)"
		cat "$out"
	elif [[ -n $msg ]]; then
		echo "done"
	fi
	rm -f "$out"
	return "$status"
}

# join_by CHARACTER WORD...: print the words with the character between them.
join_by()
{
	local IFS=$1
	shift
	echo "$*"
}

# checkdep PROGRAM [PACKAGE]: exit with a message when the program is not installed.
checkdep()
{
	local PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
	command -v "$1" >/dev/null && return
	echo "$1 is not installed (package ${2:-$1})" >&2
	exit 1
}

# find_command PROGRAM...: print the first of them that is installed; exit when none is.
find_command()
{
	local PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin program
	for program in "$@"; do
		command -v "$program" && return
	done
	echo "none of these is installed: $*" >&2
	exit 1
}

# parse_arch NAME: set ktest_arch, DEBIAN_ARCH, KERNEL_ARCH (the kernel's directory), ARCH_TRIPLE
# and BITS from any usual name of an architecture.
parse_arch()
{
	local table
	case $1 in
	x86_64|amd64|x86-64|x86) table="x86_64 amd64 x86 x86_64-linux-gnu 64" ;;
	i386|i486|i586|i686) table="i386 i386 x86 i686-linux-gnu 32" ;;
	aarch64|arm64) table="aarch64 arm64 arm64 aarch64-linux-gnu 64" ;;
	arm|armhf|armv7l) table="arm armhf arm arm-linux-gnueabihf 32" ;;
	riscv64) table="riscv64 riscv64 riscv riscv64-linux-gnu 64" ;;
	ppc64le|ppc64el|powerpc64le) table="ppc64le ppc64el powerpc powerpc64le-linux-gnu 64" ;;
	ppc64|powerpc|powerpc64) table="ppc64 ppc64 powerpc powerpc64-linux-gnu 64" ;;
	s390x) table="s390x s390x s390 s390x-linux-gnu 64" ;;
	sparc64) table="sparc64 sparc64 sparc sparc64-linux-gnu 64" ;;
	mips64el|mips64) table="mips64el mips64el mips mips64el-linux-gnuabi64 64" ;;
	*)
		echo "unknown architecture $1" >&2
		exit 1
		;;
	esac
	read -r ktest_arch DEBIAN_ARCH KERNEL_ARCH ARCH_TRIPLE BITS <<<"$table"
	export ktest_arch DEBIAN_ARCH KERNEL_ARCH ARCH_TRIPLE BITS
}
