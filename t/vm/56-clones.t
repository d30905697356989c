#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Guests that go on as a saved one, with a root image and with the host's userspace: what is their own,
# what they have from the template, and what is left of a subtest in the next one: nothing.
#
#	CLONES	how many subtests spoil what they can reach, each fifth its kernel (20)
. "$(dirname "$0")/lib.sh"

export ISOLATION=clone JOBS=2

# isolations: "clone=3 boot=1"
isolations()
{
	result '[.tests[] | select(.phase == null).isolation] | group_by(.) | map(.[0] + "=" + (length | tostring)) | join(" ")'
}

boots()
{
	journal 'map(select(.ev == "template" and .state == "made")) | length'
}

# own NAME: the lines of all subtests' logs that begin with it
own()
{
	cat "$T"/out/out/t.*/log | sed -n "s/^[0-9]* $1 //p"
}

# differ NAME WHAT: each subtest says another
differ()
{
	is "$1: each its own $2" "$(own "$2" | sort -u | wc -l)" "$(own "$2" | wc -l)"
}

# apart COMMAND...: with a cache of its own
apart()
{
	XDG_CACHE_HOME=$T/cache "$@"
}

image()
{
	"$TREE/t/bench/mkroot" "$T/root.img"
	guest=(--root "$T/root.img")
}

# Each spoils what it reaches and looks whether another has; the kernel of each fifth panics.
spoilers()
{
	local i
	guest_file < <(
		echo 'config-scratch-devs 64M'
		echo 'init_hook() { echo from-the-hook >/root/mark; echo hook | dd of="${ktest_scratch_dev[0]}" conv=fsync; }'
		cat <<-'END'
		spoil()
		{
			local first
			[[ $(</root/mark) == from-the-hook && ! -e /root/mine ]]
			read -r first <"${ktest_scratch_dev[0]}"
			[[ $first == hook ]]
			[[ $(</proc/sys/kernel/panic_on_warn) == 0 && $(</proc/sys/vm/swappiness) == 60 ]]
			[[ ! -e /tmp/left && ! -d /run/left ]]
			echo "spoilt by $1" >/root/mark
			echo 1 >/root/mine
			echo "spoilt by $1" | dd of="${ktest_scratch_dev[0]}" conv=fsync
			echo $((1 + $1 % 50)) >/proc/sys/vm/swappiness
			touch /tmp/left
			mkdir /run/left
			echo "id $(</etc/machine-id)"
			echo "random $(od -An -tx8 -N8 /dev/urandom | tr -d ' ')"
			echo "host $(</proc/sys/kernel/hostname)"
			echo "mac $(cat /sys/class/net/eth0/address)"
			echo "time $(date +%s)"
			echo "drawn $RANDOM$RANDOM$RANDOM"
			echo "shell ${ktest_held-anew} $((SECONDS < 20))"
			echo "$1" >"$ktest_out/out/t.s$1/mine"
			(($1 % 5)) || echo c >/proc/sysrq-trigger
		}
		END
		for ((i = 1; i <= $1; i++)); do
			echo "test_s$i() { spoil $i; }"
		done
	)
}

# check_spoilers NAME COUNT
check_spoilers()
{
	local now i wrong=0
	is "$1: exit 1" "$status" 1
	is "$1: all in clones" "$(isolations)" "clone=$2"
	is "$1: those of the panics fail, with that reason" "$(result '[.tests[] |
		select(.verdict == "FAIL" and .reason == "panic")] | length')" $(($2 / 5))
	is "$1: all others pass" "$(result '[.tests[] | select(.verdict == "PASS")] | length')" \
		$(($2 - $2 / 5))
	for i in id random host mac drawn; do
		is "$1: so many say their $i" "$(own $i | wc -l)" "$2"
		differ "$1" $i
	done
	now=$(date +%s)
	while read -r i; do
		((i > now - 600 && i <= now)) || wrong=$((wrong + 1))
	done < <(own time)
	is "$1: the right time in all" $wrong 0
	for ((i = 1; i <= $2; i++)); do
		[[ $i == "$(cat "$T/out/out/t.s$i/mine" 2>&1)" ]] || wrong=$((wrong + 1))
	done
	is "$1: the output of each is its own" $wrong 0
	gone "$1"
}

begin
image
spoilers "${CLONES:-20}"
run
check_spoilers 'root image' "${CLONES:-20}"
is 'root image: one boot' "$(boots)" 1
is 'root image: a shell waits in each' "$(own shell | sort -u)" '1 1'
run -- s1 s2
is 'root image, again: no boot' "$status $(boots) $(isolations)" '0 0 clone=2'

begin
guest=(--root host)
spoilers 5
run
check_spoilers 'host root' 5
is 'host root: a shell is started in each' "$(own shell | sort -u)" 'anew 1'

# What the shipped tests do with disks, restarts and unplugging works in a clone.
begin
image
shipped reboot
is 'restart: in a clone' "$status $(isolations)" '0 clone=2'
gone restart

for bus in virtio-blk nvme ahci; do
	begin
	guest=(--root host)
	shipped disks --bus $bus
	is "disks on $bus: in clones" "$status $(isolations)" '0 clone=8'
	gone "disks on $bus"
done

# A clone can be reached, and one that is killed takes no other with it.
begin
guest=(--root host)
guest_file <<'END'
test_reached()
{
	echo "waits in $(</proc/sys/kernel/hostname)"
	for ((i = 0; i < 600; i++)); do
		[[ ! -e /run/go ]] || return 0
		sleep 0.1
	done
	return 1
}

test_killed() { echo "to be killed"; sleep 600; }
test_other() { :; }
END
run_background
# In their own logs: on stdout one is shown at a time.
wait_for 'the clone that waits' grep -qs 'waits in' "$T/out/out/t.reached/log"
name=$(sed -n 's/.* waits in //p' "$T/out/out/t.reached/log")
(cd "$T" && export_environment && exec timeout 60 "$KTEST" ssh --vm "$pid.$name" 'touch /run/go') </dev/null >/dev/null 2>&1
wait_for 'the clone to be killed' grep -qs 'to be killed' "$T/out/out/t.killed/log"
kill -KILL "$(pgrep -f "qemu-system.*-name ktest-$(journal 'map(select(.ev == "start" and
	.subtest == "killed")) | last.guest') .*$T" | tail -n 1)"
wait "$pid" || true
is 'reached by ssh, killed from outside' "$(verdicts)" 'reached=PASS killed=MISS(lost) other=PASS'
gone 'reached and killed'

# ktest killed while guests are saved and restored
left=0
for ((i = 0; i < ${KILLS:-4}; i++)); do
	((i > 1)) || rm -rf "$T/cache/ktest/templates"
	apart run_background
	sleep "$((RANDOM % 6)).$((RANDOM % 10))"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	sleep 1
	[[ -z $(leftover) ]] || left=$((left + 1))
done
is 'SIGKILL among clones: no process is left a second later' "$left" 0
apart run -- other
is 'and the next run is as ever' "$status $(verdicts)" '0 other=PASS'
is 'and has swept what was half made' "$(find "$T/cache/ktest/templates" -name '.tmp-*' | wc -l)" 0
gone 'SIGKILL among clones'

# A template that is not what it was: made again. One whose memory was cut short would end QEMU.
begin
guest=(--root host)
guest_file <<'END'
config-mem 300M
test_one() { :; }
test_two() { :; }
END
apart run
is 'made' "$status $(boots) $(isolations)" '0 1 clone=2'
truncate -s 100M "$T"/cache/ktest/templates/*/mem
apart run
is 'memory cut short: made again' "$status $(boots) $(isolations)" '0 1 clone=2'
# Of the right size, but nothing that QEMU could read.
for f in "$T"/cache/ktest/templates/*/state; do
	dd if=/dev/urandom of="$f" bs=4096 count=4 conv=notrunc 2>/dev/null
done
apart run
is 'state spoilt: made again' "$status $(boots) $(isolations)" '0 1 clone=2'
like 'state spoilt: said' "$(<"$T/stderr")" '/templates/[0-9a-f]+ is not as it was kept: it is made again'
apart run
is 'state spoilt: it is whole again' "$status $(boots) $(isolations)" '0 0 clone=2'
# An initramfs cut in half: the guest would hang.
for f in "$T"/cache/ktest/initramfs/*/initramfs.cpio; do
	truncate -s "$(($(stat -c %s "$f") / 2))" "$f"
done
apart run
is 'initramfs cut in half: made again' "$status $(verdicts)" '0 one=PASS two=PASS'
like 'initramfs cut in half: said' "$(<"$T/stderr")" '/initramfs/[0-9a-f]+ is not as it was kept: it is made again'
gone 'spoilt templates'

# All day long a developer copies a module over the last one: of the same size and, by cp -p from an
# archive, of any time; without depmod.
begin
image
kernel=$(kernel_dir)
release=$(ls "$kernel/lib/modules")
modules=$T/kernel/lib/modules/$release
mkdir -p "$modules/kernel" "$modules/extra" "$T/which"
cp "$kernel/vmlinuz" "$T/kernel"
cp "$kernel/lib/modules/$release"/modules.* "$modules"
(cd "$kernel/lib/modules/$release/kernel" &&
	cp -R --parents arch crypto lib fs net/9p drivers/{block,virtio,char,firmware,misc,net} "$modules/kernel")
echo 'obj-m := which.o' >"$T/which/Makefile"
for version in 1 2; do
	cat >"$T/which/which.c" <<-END
	#include <linux/module.h>
	static int version = $version;
	module_param(version, int, 0444);
	MODULE_LICENSE("GPL");
	END
	make -s -C "$kernel/headers/build" M="$T/which" modules >"$T/make.log" 2>&1 ||
		fail "the module is built" "$(cat "$T/make.log")"
	mv "$T/which/which.ko" "$T/which-$version.ko"
done
touch -r "$T/which-1.ko" "$T/which-2.ko"
guest_file <<'END'
test_which()
{
	insmod "/lib/modules/$(uname -r)/extra/which.ko"
	echo "version $(</sys/module/which/parameters/version)"
}
END
for version in 1 2 1; do
	cp -p "$T/which-$version.ko" "$modules/extra/which.ko"
	run -k "$T/kernel"
	is "a module copied over the last one, $version: a clone" "$status $(isolations)" '0 clone=1'
	has "a module copied over the last one, $version: it runs" which "version $version\$"
done
is 'a module copied over the last one: both are of one size' "$(stat -c %s "$T"/which-*.ko | uniq | wc -l)" 1
gone 'a module copied over the last one'

# The root image is replaced while a run goes on: no clone of a guest of the old one has the new one's disk.
begin
image
guest_file <<'END'
config-mem 303M
test_one() { :; }
test_two() { sleep 3; }
test_three() { :; }
END
run -- one
is 'a template of the first image' "$status $(boots) $(isolations)" '0 1 clone=1'
cp "$T/root.img" "$T/next.img"
JOBS=1 run_background
wait_for 'the second subtest' grep -qs 'TEST   two' "$T/out/out/t"
mv "$T/next.img" "$T/root.img"
await
is 'replaced in a run: verdicts' "$status $(verdicts)" '0 one=PASS two=PASS three=PASS'
is 'replaced in a run: no clone after that' "$(of three .isolation)" boot
like 'replaced in a run: said' "$(<"$T/stderr")" 'the saved guest is not of this: .*an image was replaced during the run'
gone 'replaced in a run'

# What keeps a guest from being saved is said, once a day.
begin
image
guest_file <<'END'
config-mem 301M
init_hook() { mkdir /run/held; mount --bind "$ktest_out" /run/held; }
test_one() { :; }
test_two() { :; }
END
run
is 'a hook holds on to a share: booted' "$status $(isolations)" '0 boot=2'
like 'a hook holds on to a share: said' "$(<"$T/stderr")" 'no saved guest: .* is mounted .*; each subtest'
gone 'a hook holds on to a share'
run
is 'known by the next run' "$status $(isolations)" '0 boot=2'

# A guest whose log shows a bug is not saved.
begin
image
cp -R "$TREE/tests/bugs" "$T/tree"
guest_file <<'END'
config-mem 302M
require-kernel-module bugs
init_hook()
{
	insmod "$ktest_module_dir/bugs/ktest_bugs.ko"
	echo warning >/sys/kernel/debug/ktest_bugs
}
test_one() { :; }
END
run
is 'a bug in the log: not saved' "$(boots) $(isolations)" '0 boot=1'
like 'a bug in the log: said' "$(<"$T/stderr")" 'its log shows a bug of the kernel'
gone 'a bug in the log'
complete
