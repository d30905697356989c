#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What mmdebstrap calls on its way: hook.sh ROOT, with
#
#	KTEST_JOB	as change.sh has it
#	KTEST_DEBS	where packages are kept from one image to the next; apt checks each again
set -eu
root=$1
archives=$root/var/cache/apt/archives
mode=$(cat "$KTEST_JOB/mode")

# The lists that are fetched already, and what is there of the packages.
setup() {
	cp -R "$KTEST_JOB/files/." "$root"
	mkdir -p "$root/var/lib/apt/lists" "$archives"
	cp -R "$KTEST_JOB/lists/." "$root/var/lib/apt/lists"
	for deb in "$KTEST_DEBS"/*_all.deb "$KTEST_DEBS"/*_"$(cat "$KTEST_JOB/arch")".deb; do
		test ! -e "$deb" || ln "$deb" "$archives" 2>/dev/null || cp "$deb" "$archives"
	done
}

# For the package that says so, of another processor.
merge_usr() {
	case $(cat "$KTEST_JOB/arch") in
	amd64) dirs='lib32 lib64 libx32' ;;
	i386) dirs='lib64 libx32' ;;
	ppc64el | loong64) dirs=lib64 ;;
	*) dirs= ;;
	esac
	for dir in bin sbin lib $dirs; do
		mkdir -p "$root/usr/$dir"
		ln -s "usr/$dir" "$root/$dir"
	done
}

keep() {
	for deb in "$archives"/*.deb; do
		kept=$KTEST_DEBS/${deb##*/}
		if test -e "$kept"; then
			touch "$kept"
		else
			cp --reflink=auto "$deb" "$KTEST_DEBS/.new.$$"
			mv "$KTEST_DEBS/.new.$$" "$kept"
		fi
	done
}

# Of another processor: what a guest needs to set the packages up, and to run a shell for that.
# mmdebstrap tells which packages it has unpacked; others may lie there.
unpacked() {
	for deb in ${MMDEBSTRAP_ESSENTIAL:?mmdebstrap does not tell its packages: it is too old}; do
		name=${deb##*/}
		case $(dpkg-deb -f "$root/$deb" Essential Priority) in
		*yes* | *required*) echo "$name" >>"$KTEST_JOB/essential" ;;
		esac
		mv "$root/$deb" "$KTEST_JOB/debs/$name"
	done
	rm -f "$archives"/*.deb
	for name in passwd group; do
		test -e "$root/etc/$name" || cp "$root/usr/share/base-passwd/$name.master" "$root/etc/$name"
	done
	for awk in gawk mawk; do
		test ! -e "$root/usr/bin/$awk" || ln -sf $awk "$root/usr/bin/awk"
	done
	: >"$root/var/lib/dpkg/status"
}

case $MMDEBSTRAP_HOOK in
setup)
	setup
	test "$mode" != first || ! grep -qx usr-is-merged "$KTEST_JOB/packages" || merge_usr
	;;
extract)
	test "$mode" != first || {
		keep
		unpacked
	}
	;;
customize)
	keep
	chroot "$root" sh -s <"$KTEST_JOB/finish.sh"
	;;
esac
