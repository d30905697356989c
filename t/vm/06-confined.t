#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that looks for the host: through its shares, its network and its disks.
. "$(dirname "$0")/lib.sh"

# Something to find, in each of the places where it must not be found
planted=()
plant()
{
	secret=ktest-secret-$RANDOM$RANDOM$RANDOM
	local dir
	for dir in /root /home /var/tmp /var/lib /run /srv "$T"; do
		[[ -d $dir && -w $dir ]] || continue
		mkdir "$dir/.$secret" && echo "$secret" >"$dir/.$secret/$secret"
		planted+=("$dir/.$secret")
	done
	# shellcheck disable=SC2154 # set in it
	trap 's=$?; rm -rf "${planted[@]}"; (exit "$s"); finish' EXIT
}

# A service on the host's loopback that everyone may use, and what it is asked.
listen()
{
	socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork SYSTEM:"echo asked >>$T/asked; echo hello" \
		2>"$T/socat" &
	listener=$!
	wait_for 'the listener' port_of
}

# socat says "listening on AF=2 127.0.0.1:PORT".
port_of()
{
	port=$(sed -nE 's/.*listening on .*:([0-9]+)$/\1/p' "$T/socat") && [[ -n $port ]]
}

begin
plant
listen
is 'the listener answers on the host' "$(exec 3<>"/dev/tcp/127.0.0.1/$port" && cat <&3)" hello
: >"$T/asked"
host_address=$(ip -4 -o address show scope global | awk '{ sub("/.*", "", $4); print $4; exit }')
guest_file <<'END'
config-image t.ktest
config-scratch-devs 16M

# mount_again TAG DIR [OPTIONS]
mount_again()
{
	mkdir -p "$2"
	mount -t 9p -o "trans=virtio,version=9p2000.L,cache=none${3:+,$3}" "$1" "$2"
}

tags()
{
	cat /sys/bus/virtio/drivers/9pnet_virtio/virtio*/mount_tag | tr '\0' '\n'
}

# look_around DIR: what a mount shows but for the bulk, and whether it can be left or written.
look_around()
{
	local - dir
	set +e
	ls -laR --ignore=usr --ignore=opt --ignore=lib --ignore=.modules "$1" "$1/.." 2>/dev/null |
		head -n 3000
	for dir in root home run srv var/lib var/tmp tmp var/log; do
		find "$1/$dir" "$1/../$dir" -mindepth 1 2>/dev/null | sed 's/^/FOUND /'
	done
	for dir in usr etc lib host; do
		touch "$1/$dir/ktest-new" 2>/dev/null && echo "FOUND $1/$dir can be written"
	done
	awk -F: 'length($2) > 4 { print "FOUND password of " $1 }' "$1/etc/shadow" 2>/dev/null
	:
}

# The kernel lets a tag be mounted once at a time. The output's is let go first, so that it can be
# mounted from above its top; the view's stays in use, since / lies on it: what it has is looked at
# through a mount of its own.
test_mounts()
{
	local aname tag dir
	dir=$(readlink /ktest-out)
	tags >"$ktest_tmp/tags"
	umount -l "$dir"
	for aname in / /.. /../../../.. /etc ../../etc /root; do
		for tag in $(tags); do
			echo "mounting $tag from $aname"
			mount_again "$tag" /mnt/again "aname=$aname" || continue
			echo "mounted $tag"
			cd /mnt/again
			look_around /mnt/again
			find /mnt/again -maxdepth 3 -name '*SECRET*' | sed 's/^/FOUND /'
			cd /
			umount /mnt/again
		done
	done >"$ktest_tmp/seen" 2>&1
	mount_again ktest-out "$dir"
	cp "$ktest_tmp/tags" "$ktest_tmp/seen" "$dir"
	mkdir -p /mnt/below
	mount --bind / /mnt/below
	look_around /mnt/below |
		grep -v '/mnt/below/\(\.\./\)\?\(root\|home\|tmp\|run\|var/lib\)/\|written' >"$dir/view"
}

# Everything that this guest can name at all
test_search()
{
	find / -xdev \( -path /proc -o -path /sys -o -path /usr \) -prune -o -name '*SECRET*' -print >/ktest-out/searched || :
	find /host -name '*SECRET*' -print >>/ktest-out/searched || :
	find /host -maxdepth 9 -not -path '*/.modules/*' >/ktest-out/host
}

test_network()
{
	local address
	grep -q 0A000202 /proc/net/route || ip address | grep -F 10.0.2.15
	for address in 10.0.2.2 10.0.2.3 10.0.2.4 127.0.0.1 HOST 169.254.169.254; do
		timeout 6 bash -c "exec 3<>/dev/tcp/$address/PORT && cat <&3" && echo "REACHED $address"
	done
	for address in 1.1.1.1/80 1.1.1.1/53 10.0.2.3/53 10.0.2.2/22; do
		timeout 6 bash -c "exec 3<>/dev/tcp/$address" && echo "REACHED $address"
	done
	return 0
}

# No other way out of the machine
test_devices()
{
	local file
	[[ ! -e /dev/vsock && ! -e /dev/kvm ]]
	[[ $(cat /sys/class/virtio-ports/*/name 2>/dev/null) == ktest.agent ]]
	for file in /sys/bus/pci/devices/*; do
		[[ $(<"$file/class") != 0x0c0[3]* ]] # no USB to plug into
	done
}

test_image()
{
	dd if=/dev/urandom of="${ktest_image_dev[0]}" bs=512 count=1 conv=fsync
}
END
sed -i "s/SECRET/$secret/g; s/PORT/$port/g; s/HOST/${host_address:-127.0.0.2}/" "$T/tree/t.ktest"
sum=$(sha256sum <"$T/tree/t.ktest")
run
passed 'looks around' mounts search network devices image
is 'a second mount: every tag was tried' "$(sort "$T/out/tags" | tr '\n' ' ')" 'ktest-out ktest-view '
is 'a second mount: of the output' "$(grep -c '^mounted ktest-out' "$T/out/seen")" 6
is 'nothing of the host is found' "$(grep -h FOUND "$T/out/seen" "$T/out/view" | head -n 5)" ''
is 'not by searching for it either' "$(cat "$T/out/searched")" ''
is 'no file of the host is named anywhere' "$(grep -l "$secret" "$T/out/seen" "$T/out/view" "$T/out/host")" ''
own=$(awk -F: '$2 ~ /^[$]/ { print $2 }' /etc/shadow 2>/dev/null | head -n 1)
is 'no password of the host' "$(grep -rlF -- "${own:-no password is set here}" "$T/out" | head)" ''
is '/host holds the tree, the library, the output and the modules' \
	"$(sed -n 's,^/host,,p' "$T/out/host" | while read -r path; do
		case $path in
		'' | /.test | /.modules | /.kmod | /.kernel | /.kernel/config | /.kernel/vmlinuz) ;;
		"$T"/tree* | "$T"/out* | "${KTEST%/bin/*}"/lib* | "${KTEST%/bin/*}"/tests*) ;;
		"$STORE"/.ktest/deps*) ;;
		*) # a directory above those
			case "$T/out ${KTEST%/bin/*}/lib $STORE/.ktest/deps " in
			"$path"/* | *" $path"/*) ;;
			*) echo "$path" ;;
			esac ;;
		esac
	done)" ''
is 'no service answers' "$(log_of network | grep -a REACHED)" ''
is 'and none was asked' "$(cat "$T/asked")" ''
is 'the listener is still there' "$(exec 3<>"/dev/tcp/127.0.0.1/$port" && cat <&3)" hello
is 'the image is as it was' "$(sha256sum <"$T/tree/t.ktest")" "$sum"
kill "$listener"
rm -f "$T/asked"
gone 'looks around'

# The devices that a root image and the guest's own layer lie on
begin
"$TREE/t/bench/mkroot" "$T/root.img"
sum=$(sha256sum <"$T/root.img")
guest_file <<'END'
test_root_device()
{
	assert_fails dd if=/dev/zero of=/dev/vda bs=4096 count=16 conv=fsync
	echo 0 >/sys/block/vda/ro 2>/dev/null || :
	assert_fails dd if=/dev/zero of=/dev/vda bs=4096 count=16 conv=fsync oflag=direct
}

test_upper_device()
{
	local dev
	dev=$(awk '$2 == "/upper" { print $1 }' /proc/mounts)
	dd if=/dev/zero of="${dev:-/dev/vdb}" bs=1M count=64 conv=fsync || :
	sync
}

test_after()
{
	echo "alive"
}
END
run --root "$T/root.img"
passed 'writes to its root' root_device
like 'its own layer is its own to break: the run ends' "$(result '.tests | length')" 3
is 'the image is as it was' "$(sha256sum <"$T/root.img")" "$sum"
gone 'writes to its root'

# A kernel and an init of the guest's own: nothing of our agent stands between it and its devices.
begin
plant
gcc -O1 -static -o "$T/init" "$TREE/t/vm/mount-again.c"
is 'the init of the other kernel is built' $? 0
mkdir "$T/initrd"
cp "$T/init" "$T/initrd/init"
{
	# An archive ends at a multiple of 4; what comes later replaces what was there.
	# shellcheck disable=SC2012 # names of ours
	cat "$(ls -t "${XDG_CACHE_HOME:-$STORE/.cache}"/ktest/initramfs/*.cpio | head -n 1)"
	(cd "$T/initrd" && echo init | cpio --quiet -o -H newc)
} >"$T/tree/initrd"
cp "$(kernel_dir)/vmlinuz" "$T/tree/vmlinuz"
guest_file <<'END'
test_kexec()
{
	perl -e '
		open my $k, "<", "/ktest/vmlinuz" or die;
		open my $i, "<", "/ktest/initrd" or die;
		my $c = "console=hvc0 rdinit=/init no_timer_check\0";
		syscall(320, fileno $k, fileno $i, length $c, $c, 0) == 0 or die "kexec_file_load: $!";
		syscall(169, 0xfee1dead, 672274793, 0x45584543, 0) == 0 or die "reboot: $!";
	'
}

test_after() { :; }
END
run --timeout 40 --mem 1G
has 'the other kernel: it ran' kexec 'AGAIN done'
is 'the other kernel: each tag is mounted, from everywhere' \
	"$(log_of kexec | grep -c 'AGAIN MOUNTED ktest-\(view\|out\) ')" 10
is 'the other kernel: finds nothing' "$(log_of kexec | grep -a 'AGAIN FOUND')" ''
is 'the other kernel: directories that are empty' \
	"$(log_of kexec | grep -a 'AGAIN IN' | grep -v ' /var/lib/dpkg$\| /run/\(lock\|sshd\)$' | head -n 5)" ''
is 'the other kernel: the top is the view' "$(log_of kexec | sed -n 's,^.*AGAIN TOP /,,p' | sort -u |
	grep -vxE 'bin|dev|etc|home|host|lib|lib32|lib64|libx32|media|mnt|opt|proc|root|run|sbin|srv|sys' |
	grep -vxE 'tmp|usr|var|out|kernel|vm|journal.jsonl|\.lock' |
	tr '\n' ' ')" ''
is 'the other kernel: none of the planted names' "$(log_of kexec | grep -a "$secret")" ''
passed 'the other kernel' after
gone 'the other kernel'
complete
