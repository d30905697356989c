# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Disks that go and come back. The host takes and gives those of hot-pluggable buses; those of
# the others are taken from the kernel only, by sysfs.
#
# $ktest_state/unplugged/KIND.I exists while a disk is gone: after the subtest it is put back.

ktest_disk_wait_s=${ktest_disk_wait_s:-60}

# wait_for_dev DEV: until there is a block device DEV.
wait_for_dev()
{
	ktest_want 1 "$@"
	ktest_wait_dev "$1" present
}

# ktest_wait_dev DEV present|gone
ktest_wait_dev()
{
	local deadline=$((SECONDS + ktest_disk_wait_s * ktest_timeout_multiplier))
	while :; do
		if [[ $2 == present && -b $1 ]] || [[ $2 == gone && ! -e $1 ]]; then
			return 0
		fi
		((SECONDS < deadline)) || break
		sleep 0.05
	done
	echo "$1 is not $2 after $ktest_disk_wait_s s" >&2
	return 1
}

# ktest_disk KIND I ARRAY: set REPLY to the device.
ktest_disk()
{
	local -n devices=$3
	if [[ ! $2 =~ ^[0-9]+$ ]] || ((10#$2 >= ${#devices[@]})); then
		echo "${FUNCNAME[2]}: no $1 device '$2', there are ${#devices[@]}, counted from 0" >&2
		return 1
	fi
	REPLY=${devices[10#$2]}
}

ktest_bus_is_sysfs()
{
	case ${ktest_storage_bus-} in
	ahci|piix4-ide|lsi) [[ $1 != pmem ]] ;;
	*) false ;;
	esac
}

# ktest_unplug KIND ARRAY I
ktest_unplug()
{
	local dev mark=$ktest_state/unplugged/$1.$3 host=
	ktest_need_vm "${FUNCNAME[1]}" || return
	ktest_disk "$1" "${3-}" "$2" || return
	dev=$REPLY
	mkdir -p "$ktest_state/unplugged"
	if ktest_bus_is_sysfs "$1"; then
		local sys=${ktest_sysfs:-/sys}/block/${dev##*/}/device
		host=$(readlink -e "$sys") || { echo "$dev: not there" >&2; return 1; }
		host=${host##*/}
		echo "$host" >"$mark"
		echo 1 >"$sys/delete" || { rm -f "$mark"; return 1; }
	else
		ktest_ctl unplug "$1" "$3" || return
		echo host >"$mark"
	fi
	ktest_wait_dev "$dev" gone
}

# ktest_plug KIND ARRAY I
ktest_plug()
{
	local dev mark=$ktest_state/unplugged/$1.$3 how address
	ktest_need_vm "${FUNCNAME[1]}" || return
	ktest_disk "$1" "${3-}" "$2" || return
	dev=$REPLY
	if [[ ! -e $mark ]]; then
		echo "${FUNCNAME[1]}: $1 device $3 is not unplugged" >&2
		return 1
	fi
	IFS= read -r how <"$mark"
	if [[ $how == host ]]; then
		ktest_ctl plug "$1" "$3" || return
	else
		IFS=: read -r -a address <<<"$how"
		echo "${address[*]:1}" \
			>"${ktest_sysfs:-/sys}/class/scsi_host/host${address[0]}/scan" || return
	fi
	rm -f "$mark"
	ktest_wait_dev "$dev" present
}

# scratch_dev_unplug I, scratch_dev_plug I: I counts from 0, as in ktest_scratch_dev.
scratch_dev_unplug()
{
	ktest_want 1 "$@"
	ktest_unplug scratch ktest_scratch_dev "$1"
}

scratch_dev_plug()
{
	ktest_want 1 "$@"
	ktest_plug scratch ktest_scratch_dev "$1"
}

slow_dev_unplug()
{
	ktest_want 1 "$@"
	ktest_unplug slow ktest_scratch_slowdev "$1"
}

slow_dev_plug()
{
	ktest_want 1 "$@"
	ktest_plug slow ktest_scratch_slowdev "$1"
}

# No bus can do these; the host says so.
pmem_dev_unplug()
{
	ktest_want 1 "$@"
	ktest_unplug pmem ktest_pmem_dev "$1"
}

pmem_dev_plug()
{
	ktest_want 1 "$@"
	ktest_plug pmem ktest_pmem_dev "$1"
}

# After a subtest
ktest_put_back_disks()
{
	local mark name
	for mark in "$ktest_state"/unplugged/*.*; do
		[[ -e $mark ]] || continue
		name=${mark##*/}
		case ${name%.*} in
		scratch) ktest_plug scratch ktest_scratch_dev "${name##*.}" ;;
		slow) ktest_plug slow ktest_scratch_slowdev "${name##*.}" ;;
		pmem) ktest_plug pmem ktest_pmem_dev "${name##*.}" ;;
		esac || echo "ktest: ${name/./ } device did not come back" >&2
	done
	rm -rf "$ktest_state/unplugged"
}
