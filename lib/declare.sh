# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a test file can declare. On the host, declarations fill variables that `TEST deps` prints
# (deps.sh) under the same names. In the guest, where some of these names hold what the guest
# was given, they change nothing, but for what the guest itself still has to do.

# Nothing that the caller's environment happens to hold is a declaration.
if [[ -z ${ktest_in_guest-} ]]; then
	unset ktest_compiler ktest_cpus ktest_mem ktest_timeout ktest_storage_bus \
	      ktest_allow_taint ktest_tests_unknown ktest_kconfig_base ktest_no_kbuild ktest_no_vm \
	      ktest_kbuild_target ktest_isolation ktest_network ktest_crash_dump
fi
ktest_kernel_append=() ktest_kernel_make_append=() ktest_qemu_append=() ktest_qemu_prepend=()
ktest_images=() ktest_rw_images=() ktest_kernel_config_require=()
ktest_kernel_config_require_soft=() ktest_make_install=() ktest_build_deb=() ktest_git=()
ktest_gcov=() ktest_kernel_modules=() ktest_variants=() ktest_fail_on=()
[[ -n ${ktest_in_guest-} ]] || ktest_scratch_dev_sizes=()
ktest_arch_given=${ktest_arch-} # by the runner: no declaration
ktest_scratch_slowdev_sizes=() ktest_pmem_dev_sizes=()
ktest_timeout_multiplier=1
ktest_leak_check=
ktest_mem_multiplier=1

# ktest_complain [MESSAGE]: on stderr, with the line outside of the library that called into it; without
# a message, the name of the library's function that was called there.
ktest_complain()
{
	local frame
	for ((frame = 1; frame < ${#BASH_SOURCE[@]} - 1; frame++)); do
		[[ ${BASH_SOURCE[frame]} == "$ktest_lib"/* ]] || break
	done
	set -- "${1:-${FUNCNAME[frame - 1]} failed}"
	[[ $1 != assert_*" failed" ]] || return 0 # has complained
	printf '%s:%s: %s\n' "${BASH_SOURCE[frame]}" "${BASH_LINENO[frame - 1]}" "$1" >&2
}

# ktest_want COUNT ARG...: end here unless the declaration calling this got its arguments.
ktest_want()
{
	local want=$1 i
	for ((i = 2; i < 2 + want; i++)); do
		[[ -z ${!i-} ]] || continue
		ktest_complain "${FUNCNAME[1]}: an argument is missing"
		exit 1
	done
}

# ktest_resolve PATH FILE: set REPLY to the path made absolute, from the directory of the file that
# holds the declaration (a library beside the test file has its things beside itself).
ktest_resolve()
{
	REPLY=$1
	[[ $REPLY != /* ]] || return 0
	[[ $2 == */* ]] && REPLY=${2%/*} || REPLY=.
	[[ $REPLY == /* ]] || REPLY=$PWD/$REPLY
	REPLY=$REPLY/$1
}

# ktest_factor VALUE: as ktest_want, for a whole number from 1.
ktest_factor()
{
	[[ $1 =~ ^[1-9][0-9]{0,5}$ ]] && return
	ktest_complain "${FUNCNAME[1]}: '$1' is not a whole number above 0"
	exit 1
}

#
# The kernel
#

# require-kernel-config A[,B][=VALUE]: several symbols at once; a value belongs to the symbol
# that it follows.
require-kernel-config()
{
	ktest_want 1 "$@"
	local IFS=, word
	for word in "$@"; do
		# shellcheck disable=SC2206 # split at commas
		ktest_kernel_config_require+=($word)
	done
}

require-kernel-config-soft()
{
	ktest_want 1 "$@"
	local IFS=, word
	for word in "$@"; do
		# shellcheck disable=SC2206 # split at commas
		ktest_kernel_config_require_soft+=($word)
	done
}

require-kernel-append()
{
	ktest_want 1 "$@"
	ktest_kernel_append+=("$@")
}

require-kernel-make-append()
{
	ktest_want 1 "$@"
	ktest_kernel_make_append+=("$@")
}

# require-kernel-module DIR: sources of an out-of-tree module; built on the host for the kernel
# tested, found in the guest below $ktest_module_dir/NAME, NAME being DIR's last part.
require-kernel-module()
{
	ktest_want 1 "$@"
	ktest_resolve "$1" "${BASH_SOURCE[1]}"
	ktest_kernel_modules+=("$REPLY")
}

# require-gcov DIR...: what runs of these directories of the kernel is counted.
require-gcov()
{
	ktest_want 1 "$@"
	ktest_gcov+=("$@")
	require-kernel-config GCOV_KERNEL
}

config-kconfig-base()
{
	ktest_want 1 "$@"
	ktest_kconfig_base=$1
}

config-kbuild-target()
{
	ktest_want 1 "$@"
	ktest_kbuild_target=$1
}

config-compiler()
{
	ktest_want 1 "$@"
	ktest_compiler=$1
}

config-no-kbuild()
{
	ktest_no_kbuild=true
}

config-no-vm()
{
	ktest_no_vm=true
}

allow_taint()
{
	ktest_allow_taint=true
}

# config-fail-on RULE...: KIND[,KIND...] or 'PATTERN # REASON' of the bugs that fail a subtest; note: or
# allow: in front, those that do not
config-fail-on()
{
	ktest_want 1 "$@"
	ktest_fail_on+=("$@")
}

# config-leak-check: kmemleak searches after the init hooks and after each subtest
config-leak-check()
{
	ktest_leak_check=1
	require-kernel-config DEBUG_KMEMLEAK
}

#
# The machine
#

config-arch()
{
	ktest_want 1 "$@"
	[[ -n ${ktest_in_guest-} ]] || ktest_arch=$1 ktest_arch_given=
}

config-cpus()
{
	ktest_want 1 "$@"
	[[ -n ${ktest_in_guest-} ]] || ktest_cpus=$1
}

# config-mem SIZE: 512M, 4G; a bare number counts MiB, as for QEMU.
config-mem()
{
	ktest_want 1 "$@"
	[[ -n ${ktest_in_guest-} ]] || ktest_mem=$1
}

config-mem-multiplier()
{
	ktest_want 1 "$@"
	ktest_factor "$1"
	((ktest_mem_multiplier *= $1))
}

# config-timeout S: for each subtest
config-timeout()
{
	ktest_want 1 "$@"
	[[ -n ${ktest_in_guest-} ]] || ktest_timeout=$1
}

# config-timeout-multiplier N: for config-timeout, the default timeout and set_watchdog
config-timeout-multiplier()
{
	ktest_want 1 "$@"
	ktest_factor "$1"
	((ktest_timeout_multiplier *= $1))
}

config-storage-bus()
{
	ktest_want 1 "$@"
	[[ -n ${ktest_in_guest-} ]] || ktest_storage_bus=$1
}

# config-scratch-devs SIZE..., config-pmem-devs, config-scratch-slowdevs: one device a size
config-scratch-devs()
{
	ktest_want 1 "$@"
	[[ -n ${ktest_in_guest-} ]] || ktest_scratch_dev_sizes+=("$@")
}

config-scratch-slowdevs()
{
	ktest_want 1 "$@"
	ktest_scratch_slowdev_sizes+=("$@")
}

config-pmem-devs()
{
	ktest_want 1 "$@"
	ktest_pmem_dev_sizes+=("$@")
}

# config-image FILE: a disk with the content of FILE; what the guest writes is thrown away
config-image()
{
	ktest_want 1 "$@"
	ktest_resolve "$1" "${BASH_SOURCE[1]}"
	ktest_images+=("$REPLY")
}

# config-rw-image FILE: a disk that is FILE
config-rw-image()
{
	ktest_want 1 "$@"
	ktest_resolve "$1" "${BASH_SOURCE[1]}"
	ktest_rw_images+=("$REPLY")
}

require-qemu-append()
{
	ktest_want 1 "$@"
	ktest_qemu_append+=("$@")
}

require-qemu-prepend()
{
	ktest_want 1 "$@"
	ktest_qemu_prepend+=("$@")
}

# config-isolation shared|boot|clone: one guest for the file, a cold boot each, a saved guest each
config-isolation()
{
	ktest_want 1 "$@"
	ktest_isolation=$1
}

# config-network internet: the guest may reach the outside
config-network()
{
	ktest_want 1 "$@"
	ktest_network=$1
}

# config-crash-dump: the memory of a guest that panics, hangs or takes too long is kept
config-crash-dump()
{
	ktest_crash_dump=true
}

# config-variant NAME: what the variant of that name declares (variants/NAME.sh), once.
config-variant()
{
	ktest_want 1 "$@"
	[[ " ${ktest_variants[*]} " != *" $1 "* ]] || return 0
	if [[ ! $1 =~ ^[a-z0-9]+$ || ! -r $ktest_lib/variants/$1.sh ]]; then
		ktest_complain "config-variant: no variant '$1'"
		exit 1
	fi
	ktest_variants+=("$1")
	# shellcheck disable=SC1090 # by name
	. "$ktest_lib/variants/$1.sh"
}

#
# What is to be built in the guest
#

# require-git URL [DIR]: the host has a clone of URL below $ktest_deps_dir, as DIR (default: the
# last part of URL, less .git) when the test runs. Listing a file clones nothing.
require-git()
{
	ktest_want 1 "$@"
	local dir=${2-}
	if [[ -z $dir ]]; then
		dir=${1%/}
		dir=${dir##*/}
		dir=${dir%.git}
	fi
	ktest_git+=("$1 $dir")
}

# ktest_source_dir DIR FILE: set REPLY to where it is on the host: what require-git names, else as
# ktest_resolve does.
ktest_source_dir()
{
	local entry
	for entry in "${ktest_git[@]}"; do
		[[ ${entry##* } == "${1%/}" ]] || continue
		REPLY=${ktest_deps_dir:-${HOME-}/.ktest/deps}/${1%/}
		return
	done
	ktest_resolve "$@"
}

# require-make DIR: `make` and `make install` in the guest before the first subtest
require-make()
{
	ktest_want 1 "$@"
	ktest_source_dir "$1" "${BASH_SOURCE[1]}"
	ktest_make_install+=("$REPLY")
}

# require-build-deb DIR: a Debian package built and installed in the guest before the first subtest
require-build-deb()
{
	ktest_want 1 "$@"
	ktest_source_dir "$1" "${BASH_SOURCE[1]}"
	ktest_build_deb+=("$REPLY")
}

#
# Helpers at top level
#

# version-ge A B: whether A is at least B. Compares the dotted numbers; a -rcN comes before the
# version it is a candidate of; what a distribution appends (-amd64) does not count.
version-ge()
{
	ktest_want 2 "$@"
	local pattern='^v?([0-9]+(\.[0-9]+)*)(\.?[-~]?rc([0-9]+))?' i
	local -a a b
	[[ $1 =~ $pattern ]] || { echo "version-ge: '$1' is no version" >&2; return 2; }
	IFS=. read -r -a a <<<"${BASH_REMATCH[1]}"
	local rc_a=${BASH_REMATCH[4]:-9999}
	[[ $2 =~ $pattern ]] || { echo "version-ge: '$2' is no version" >&2; return 2; }
	IFS=. read -r -a b <<<"${BASH_REMATCH[1]}"
	local rc_b=${BASH_REMATCH[4]:-9999}
	for ((i = 0; i < ${#a[@]} || i < ${#b[@]}; i++)); do
		((10#${a[i]:-0} != 10#${b[i]:-0})) || continue
		((10#${a[i]:-0} > 10#${b[i]:-0}))
		return
	done
	((10#$rc_a >= 10#$rc_b))
}

# call_base_test VARIANT ARG...: go on with NAME.ktest beside VARIANT-NAME.ktest, which this is.
call_base_test()
{
	ktest_want 1 "$@"
	local file base variant=$1
	shift
	for file in "${BASH_SOURCE[@]}"; do
		base=${file##*/}
		[[ $base == "$variant"-*.ktest ]] || continue
		[[ $file == */* ]] && file=${file%/*}/${base#"$variant"-} || file=./${base#"$variant"-}
		[[ -e $file ]] || break
		# shellcheck disable=SC1090 # the sibling
		. "$file" "$@"
		return
	done
	echo "call_base_test: no ${base#"$variant"-} beside $variant-${base#"$variant"-}" >&2
	exit 1
}

# Those of --variant, before what the file itself declares. From the environment: names with spaces
# between them.
for ktest_word in ${ktest_variant-}; do
	config-variant "$ktest_word"
done
unset ktest_word
