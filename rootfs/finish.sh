#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What ktest itself puts into a root image, run inside of it: `root_image create`, `update` and
# `update_files`. It may run any number of times.
set -eu

write() {
	mkdir -p "$(dirname "$1")"
	cat >"$1"
}

# Root logs in with no password on a console that nobody else can reach; by ssh with keys only.
accounts() {
	passwd -q -d root 2>/dev/null || sed -i 's/^root:[^:]*:/root::/' /etc/shadow
	mkdir -p /root/.ssh
	chmod 700 /root /root/.ssh
}

# A guest gets names, addresses, keys and an identity of its own, none that it shares with others.
identity() {
	write /etc/hostname <<-EOF
		ktest
	EOF
	write /etc/hosts <<-EOF
		127.0.0.1 localhost ktest
		::1 localhost ip6-localhost ip6-loopback
	EOF
	write /etc/fstab <<-EOF
		# ktest's agent has mounted what there is.
	EOF
	: >/etc/machine-id
	rm -f /var/lib/dbus/machine-id /etc/ssh/ssh_host_*
	rm -f /etc/resolv.conf
	: >/etc/resolv.conf
}

# Nothing is to start by itself: the agent is the guest's init.
quiet() {
	write /usr/sbin/policy-rc.d <<-EOF
		#!/bin/sh
		exit 101
	EOF
	chmod 755 /usr/sbin/policy-rc.d
	write /etc/lvm/lvmlocal.conf <<-EOF
		devices { use_devicesfile = 0 }
	EOF
}

# Not /tmp: mmdebstrap has there what keeps its apt off this machine's own files.
# What packages brought before dpkg knew that it is not wanted, and what they left.
strip() {
	rm -rf /usr/share/doc/* /usr/share/man/* /usr/share/info/* /usr/share/lintian \
		/usr/share/linda
	find /usr/share/locale -mindepth 1 -maxdepth 1 ! -name locale.alias -exec rm -rf {} +
	rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb \
		/var/cache/debconf/*-old /var/lib/dpkg/*-old
	find /var/log -type f -exec rm -f {} +
}

directories() {
	mkdir -p /host /mnt /lib/modules /etc/ktest
}

record() {
	dpkg-query -W -f '${binary:Package} ${Version}\n' >/etc/ktest/packages
}

accounts
identity
quiet
directories
strip
record
