# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `TEST init`, after each boot: the test user, what is to be built in the guest, the file's init_*.

ktest_init()
{
	local dir
	set -e
	[[ -n ${ktest_on_host-} ]] || ktest_make_user
	for dir in "${ktest_make_install[@]}"; do
		ktest_build_once make "$dir"
	done
	for dir in "${ktest_build_deb[@]}"; do
		ktest_build_once deb "$dir"
	done
	[[ -z $ktest_leak_check ]] || ktest_leaks_begin
	ktest_hooks_ended=
	[[ -n $(trap -p EXIT) ]] || trap ktest_hooks_cut_off EXIT
	ktest_run_hooks
	ktest_hooks_ended=1
	[[ -z $ktest_leak_check ]] || ktest_leaks_search
}

ktest_run_hooks()
{
	local hook
	local -a hooks
	# Most files have none: what finds their order forks, and programs that the guest has not
	# read yet cost it a tenth of a second each.
	compgen -A function init_ >/dev/null || return 0
	mapfile -t hooks < <(ktest_init_hooks)
	for hook in "${hooks[@]}"; do
		"$hook"
	done
}

# A hook that ends the shell, with whatever status, keeps those behind it from running.
ktest_hooks_cut_off()
{
	local status=$?
	[[ -z $ktest_hooks_ended && $status == 0 ]] || return "$status"
	echo "$ktest_file: an init hook called exit, which ends all of them" >&2
	exit 1
}

# In the order of their lines
ktest_init_hooks()
{
	local name line file
	shopt -s extdebug
	while read -r name; do
		declare -F "$name"
	done < <(compgen -A function init_) | while read -r name line file; do
		printf '%s\t%d\t%s\n' "$file" "$line" "$name"
	done | LC_ALL=C sort -s -t $'\t' -k 1,1 -k 2,2n | cut -f 3-
}

# ktest_build_once make|deb DIR: not again after a reboot, what is installed is still there.
ktest_build_once()
{
	local how=$1 source=$2 name=${2##*/} built=${ktest_var:-/var/lib/ktest} work
	[[ ! -e $built/$how.$name ]] || return 0
	[[ $source == /host/* || ! -d /host$source ]] || source=/host$source
	if [[ ! -d $source ]]; then
		echo "$ktest_file: no sources to build at $source" >&2
		return 1
	fi
	get_tmpdir
	work=$ktest_tmp/build.$how/$name
	rm -rf "$work"
	mkdir -p "${work%/*}" "$built"
	cp -a "$source" "$work"
	chmod -R u+w "$work"
	run_quiet "building $name" "ktest_build_$how" "$work"
	: >"$built/$how.$name"
}

ktest_build_make()
{
	make -C "$1" -j "${ktest_cpus:-1}"
	make -C "$1" install
}

ktest_build_deb()
{
	checkdep dpkg-buildpackage dpkg-dev
	cd "$1"
	dpkg-buildpackage --build=binary --no-sign --jobs="${ktest_cpus:-1}"
	dpkg --install ../*.deb
}
