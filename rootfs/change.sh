#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# change.sh ROOT JOB: change the packages of the root at ROOT, by its own tools, so on a processor
# that runs them. JOB holds what root_image has got for it:
#
#	mode		first: set up what is only unpacked; install: packages, by the network;
#			sync: packages, of debs/;
#			upgrade: all to the newest of debs/, and packages; files: no packages
#	packages	names, one a line
#	debs/, lists/	packages and package lists, fetched and checked on the host
#	essential	of a first one: the files of debs/ that all others rely on
#	files/		to be copied into the root
set -eu
root=$1
job=$2

in_root() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TERM=dumb \
		DPKG_COLORS=never \
		DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true chroot "$root" "$@"
}

system() {
	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount --rbind /dev "$root/dev"
	cp -R "$job/files/." "$root"
}

# apt works with the lists and packages that are there.
offline() {
	mkdir -p "$root/var/lib/apt/lists/partial" "$root/var/cache/apt/archives/partial"
	cp "$job"/lists/*_* "$root/var/lib/apt/lists/"
	for deb in "$job"/debs/*.deb; do
		test ! -e "$deb" || cp "$deb" "$root/var/cache/apt/archives/"
	done
}

apt() {
	in_root apt-get -q -y -o APT::Sandbox::User=root -o Dpkg::Use-Pty=false \
		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
		-o APT::Install-Recommends=false "$@"
}

# The essential packages come unordered: each relies on all the others being there.
first() {
	mkdir -p "$root/var/cache/apt/archives" "$root/var/lib/dpkg"
	test -e "$root/var/lib/dpkg/status" || : >"$root/var/lib/dpkg/status"
	mount --bind "$job/debs" "$root/var/cache/apt/archives"
	(cd "$job/debs" && sed 's,^,/var/cache/apt/archives/,' "$job/essential") |
		in_root xargs dpkg --force-depends --install
	in_root sh -c 'dpkg --force-depends --unpack --skip-same-version /var/cache/apt/archives/*.deb'
	in_root dpkg --configure -a
	umount "$root/var/cache/apt/archives"
}

packages() {
	# shellcheck disable=SC2046 # one word a line
	apt "$@" install $(cat "$job/packages")
}

system
mode=$(cat "$job/mode")
case $mode in
first) first ;;
install)
	offline
	packages
	;;
upgrade)
	offline
	apt --no-download dist-upgrade
	packages --no-download
	;;
sync)
	offline
	packages --no-download
	;;
files) ;;
esac
in_root sh -s <"$job/finish.sh"
