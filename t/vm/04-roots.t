#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The two kinds of root, the host's userspace and an image, for root and for an ordinary user.
#
#	SSHD	a root directory with an sshd in it, where the host has none: see ./setup
. "$(dirname "$0")/lib.sh"

# A user that has nothing of ours: no home, no entry in passwd, no right to read this checkout.
uid=23456

# ordinary COMMAND...: as that user, where it makes a difference.
ordinary()
{
	if [[ $(id -u) == 0 ]]; then
		setpriv --reuid $uid --regid $uid --clear-groups "$@"
	else
		"$@"
	fi
}

# run_ordinary [OPTION...]: like run, with ktest and the kernel where that user can read them.
run_ordinary()
{
	mkdir -p "$T/home" "$T/inst/bin" "$T/there"
	[[ $(id -u) != 0 ]] || chown $uid:$uid "$T/home" "$T/there" "$T/tmp"
	cp -R "$TREE/lib" "$TREE/tests" "$TREE/libexec" "$T/inst"
	cp "$KTEST" "$T/inst/bin/ktest"
	[[ -d $T/kernel ]] || cp -RL "$(kernel_dir)/." "$T/kernel"
	chmod -R go+rX "$T/inst" "$T/kernel" "$T/tree"
	chmod 711 "$T"
	run_args
	status=0
	ordinary env HOME="$T/home" TMPDIR="$T/tmp" timeout -k 5 "$LIMIT" "$T/inst/bin/ktest" \
		"${args[@]}" -k "$T/kernel" -o "$T/there/out" "$@" "$T/tree/t.ktest" \
		>"$T/stdout" 2>"$T/stderr" </dev/null || status=$?
	rm -rf "$T/out"
	mv "$T/there/out" "$T/out"
}

# What is to hold in both roots
both_roots()
{
	cat <<'END'
test_is_root()
{
	[[ $(id -u) == 0 && $HOME == /root ]]
	[[ $(stat -c %u:%g /etc/passwd) == 0:0 ]]
	touch /root/mine
	chown 65534:65534 /root/mine
	[[ $(stat -c %u:%g /root/mine) == 65534:65534 ]]
}

test_writes()
{
	local dir
	for dir in /etc /usr /usr/bin /lib /var /var/lib /opt /tmp /run; do
		echo new >"$dir/ktest-new"
		[[ $(<"$dir/ktest-new") == new ]]
	done
	rm /usr/bin/ls
	[[ ! -e /usr/bin/ls && ! -e /bin/ls ]]
	echo "changed" >>/etc/passwd
	head -c 8M /dev/zero >/var/tmp/large
}

test_modules()
{
	[[ -e /lib/modules/$(uname -r)/modules.dep ]]
}
END
}

# What is the host's stays the host's.
host_is_unchanged()
{
	local dir left=
	for dir in /etc /usr /usr/bin /lib /var /var/lib /opt /tmp /run; do
		[[ ! -e $dir/ktest-new ]] || left+=" $dir"
	done
	is "$1: nothing is written to the host" "$left" ''
}

begin
{
	both_roots
	cat <<'END'
test_useradd()
{
	userdel -rf tester 2>/dev/null || :
	useradd --create-home tester
	grep -q '^tester:' /etc/passwd /etc/shadow
	[[ $(su tester -c 'id -un; pwd >&2; touch ~/file && stat -c %U ~/file') == $'tester\ntester' ]]
	su - tester -c '! touch /etc/not-mine'
	userdel -r tester
}

# From the network card to a shell of root's
test_sshd()
{
	local sshd here=$ktest_tmp/ssh
	sshd=$(type -P sshd) || sshd=$ktest_dir/sshd/usr/sbin/sshd
	export LD_LIBRARY_PATH=$ktest_dir/sshd/usr/lib/x86_64-linux-gnu:$ktest_dir/sshd/lib/x86_64-linux-gnu
	grep -q ^sshd: /etc/passwd || useradd -r -d /run/sshd sshd
	mkdir -p "$here" /run/sshd /root/.ssh
	ssh-keygen -q -t ed25519 -N '' -f "$here/host"
	ssh-keygen -q -t ed25519 -N '' -f "$here/user"
	cp "$here/user.pub" /root/.ssh/authorized_keys
	chmod 700 /root /root/.ssh
	: >"$here/config"
	"$sshd" -t -f "$here/config" -h "$here/host"
	"$sshd" -f "$here/config" -h "$here/host" -o ListenAddress=127.0.0.1 -o StrictModes=no \
		-E "$here/log" || { cat "$here/log"; return 1; }
	ssh -F none -i "$here/user" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o ConnectTimeout=60 root@127.0.0.1 'echo reached $(id -u)' >"$here/said" ||
		{ cat "$here/log"; return 1; }
	grep -qx 'reached 0' "$here/said"
}
END
} | guest_file
if ! type -P sshd >/dev/null; then
	cp -R "${SSHD:-${XDG_CACHE_HOME:-$HOME/.cache}/ktest/sshd}" "$T/tree/sshd"
fi
run
passed 'host root' is_root modules useradd sshd writes
is 'host root: exit 0' "$status" 0
host_is_unchanged 'host root'
gone 'host root'

# su and useradd go by the guest's accounts, so they work for who cannot do so on the host.
rm -rf "$T/out"
run_ordinary
is 'host root, ordinary user: exit 0' "$status" 0
passed 'host root, ordinary user' is_root modules useradd sshd writes
gone 'host root, ordinary user'

begin
"$TREE/t/bench/mkroot" "$T/root.img"
both_roots | guest_file
sum=$(sha256sum <"$T/root.img")
run --root "$T/root.img"
is 'image: exit 0' "$status" 0
passed 'image' is_root modules writes
is 'image: is as it was' "$(sha256sum <"$T/root.img")" "$sum"
host_is_unchanged image
gone image

chmod 644 "$T/root.img"
rm -rf "$T/out"
run_ordinary --root "$T/root.img"
is 'image, ordinary user: exit 0' "$status" 0
passed 'image, ordinary user' is_root modules writes
is 'image, ordinary user: is as it was' "$(sha256sum <"$T/root.img")" "$sum"
gone 'image, ordinary user'

# ktest names what is wrong with an image before it boots one.
echo rubbish >"$T/bad.img"
run --root "$T/bad.img"
is 'no image: exit 125' "$status" 125
like 'no image: named' "$(cat "$T/stderr")" 'bad\.img'
complete
