# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `TEST deps`: what was declared, NAME=WORD or NAME=(WORD...) a line, quoted for a shell.

ktest_print_word()
{
	local -n value=$1
	if [[ -n ${value-} ]]; then
		printf '%s=%q\n' "$1" "$value"
	else
		printf '%s=\n' "$1"
	fi
}

ktest_print_list()
{
	local -n list=$1
	printf '%s=(' "$1"
	if ((${#list[@]})); then
		printf '%q' "${list[0]}"
		((${#list[@]} == 1)) || printf ' %q' "${list[@]:1}"
	fi
	printf ')\n'
}

# ktest_mem in MiB. What is no size is left for the host to complain about.
ktest_scale_mem()
{
	local unit
	((ktest_mem_multiplier == 1)) || : "${ktest_mem:=4G}"
	[[ ${ktest_mem-} =~ ^([0-9]{1,9})([KkMmGgTt]?)([Ii]?[Bb])?$ ]] || return 0
	unit=${BASH_REMATCH[2]}
	ktest_mem=$((10#${BASH_REMATCH[1]} * ktest_mem_multiplier))
	case $unit in
	[Kk]) ktest_mem=$(((ktest_mem + 1023) / 1024)) ;;
	[Gg]) ktest_mem=$((ktest_mem * 1024)) ;;
	[Tt]) ktest_mem=$((ktest_mem * 1024 * 1024)) ;;
	esac
}

ktest_print_deps()
{
	local name
	ktest_scale_mem
	[[ ${ktest_arch-} != "$ktest_arch_given" ]] || ktest_arch=
	[[ ! ${ktest_timeout-} =~ ^[0-9]{1,9}$ ]] ||
		ktest_timeout=$((10#$ktest_timeout * ktest_timeout_multiplier))
	echo ktest_library=1
	for name in ktest_arch ktest_compiler ktest_cpus ktest_mem ktest_timeout \
		    ktest_timeout_multiplier ktest_mem_multiplier ktest_storage_bus ktest_isolation ktest_network \
		    ktest_crash_dump \
		    ktest_allow_taint ktest_tests_unknown ktest_kconfig_base ktest_no_kbuild \
		    ktest_no_vm ktest_kbuild_target ktest_own_run_tests; do
		ktest_print_word "$name"
	done
	for name in ktest_kernel_append ktest_kernel_make_append ktest_images ktest_rw_images \
		    ktest_scratch_dev_sizes ktest_scratch_slowdev_sizes ktest_pmem_dev_sizes \
		    ktest_make_install ktest_build_deb ktest_git ktest_gcov ktest_kernel_modules \
		    ktest_variants ktest_fail_on \
		    ktest_kernel_config_require ktest_kernel_config_require_soft \
		    ktest_qemu_append ktest_qemu_prepend; do
		ktest_print_list "$name"
	done
}
