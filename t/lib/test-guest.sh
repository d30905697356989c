#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the library does to the guest: disks, the kernel's log, faults, the user, builds, leftovers;
# with files in the place of devices and of what the kernel shows.

# shellcheck source=t/lib/tap.bash
. "${BASH_SOURCE[0]%/*}/tap.bash"

export ktest_control=1

#
# Disks
#

block=
for node in /dev/*; do
	[[ ! -b $node ]] || block=$node
done
if [[ -z $block ]]; then
	block=$work/block
	mknod "$block" b 7 250 || echo "Bail out! no block device, and none can be made"
fi
export ktest_scratch_dev_list="$work/vdb $work/vdc" ktest_pmem_dev_list=$work/pmem0
export ktest_disk_wait_s=2
ln -s "$block" "$work/vdb"
ln -s "$block" "$work/vdc"
ln -s "$block" "$work/pmem0"
cat >"$work/on-unplug" <<END
#!/bin/bash
[[ \$2 != pmem ]] || { echo "pmem cannot be unplugged"; exit 1; }
{ sleep 0.2; rm $work/vdc; } >/dev/null 2>&1 &
END
cat >"$work/on-plug" <<END
#!/bin/bash
{ sleep 0.2; ln -s $block $work/vdc; } >/dev/null 2>&1 &
END
chmod +x "$work"/on-*
test_file d.ktest <<'END'
test_both() { scratch_dev_unplug 1; [[ ! -e ${ktest_scratch_dev[1]} ]]; scratch_dev_plug 1; [[ -b ${ktest_scratch_dev[1]} ]]; }
test_left() { scratch_dev_unplug 1; }
test_failed() { scratch_dev_unplug 1; false; }
test_range() { scratch_dev_unplug 2; }
test_word() { scratch_dev_unplug x; }
test_plug() { scratch_dev_plug 1; }
test_pmem() { pmem_dev_unplug 0; }
test_wait() { wait_for_dev "${ktest_scratch_dev[0]}"; }
test_wait_long() { wait_for_dev /dev/no-such-device; }
END
guest d.ktest run-tests both
is "$status:$calls:$err" $'0:unplug scratch 1\nplug scratch 1:' "unplug and plug, waited for"
for name in left failed; do
	guest d.ktest run-tests "$name"
	is "$calls:$([[ -b $work/vdc ]]; echo $?)" $'unplug scratch 1\nplug scratch 1:0' \
		"$name: an unplugged disk comes back after the subtest"
done
guest d.ktest run-tests range
is "$status:$calls" 1: "a disk there is not"
is "${err%%$'\n'*}" "scratch_dev_unplug: no scratch device '2', there are 2, counted from 0" "is named"
guest d.ktest run-tests word
is "$status:$calls" 1: "what is no number"
guest d.ktest run-tests plug
like "$status:$err" "^1:scratch_dev_plug: scratch device 1 is not unplugged" "plug without unplug"
guest d.ktest run-tests pmem
is "$status:$out" "1:pmem cannot be unplugged" "what a bus cannot do is said"
is "$err" "$work/d.ktest:9: pmem_dev_unplug failed" "and where it was asked for"
guest d.ktest run-tests wait
is "$status" 0 "wait_for_dev finds a device"
guest d.ktest run-tests wait_long
like "$status:$err" "^1:/dev/no-such-device is not present after" "and ends when there is none"

# Buses that QEMU cannot unplug from: by sysfs
mkdir -p "$work/sys/devices/3:0:1:0" "$work/sys/block/vdc" "$work/sys/class/scsi_host/host3"
ln -s "$work/sys/devices/3:0:1:0" "$work/sys/block/vdc/device"
test_file s.ktest <<END
test_s()
{
	(until [[ -s $work/sys/devices/3:0:1:0/delete ]]; do sleep 0.1; done; rm $work/vdc) &
	scratch_dev_unplug 1
	(until [[ -s $work/sys/class/scsi_host/host3/scan ]]; do sleep 0.1; done; ln -s $block $work/vdc) &
	scratch_dev_plug 1
}
END
ktest_sysfs=$work/sys ktest_storage_bus=ahci guest s.ktest run-tests s
is "$status:$calls" 0: "ahci: without the host"
is "$(<"$work/sys/class/scsi_host/host3/scan")" "0 1 0" "the same address is scanned"

#
# The kernel's log
#

test_file k.ktest <<'END'
test_k() { check_dmesg; }
test_to() { to_kmsg one two; printf 'three\nfour' | to_kmsg; }
END
export ktest_dmesg=$work/dmesg
dmesg_is()
{
	printf '#!/bin/bash\ncat <<"END"\n%s\nEND\n' "$1" >"$ktest_dmesg"
	chmod +x "$ktest_dmesg"
	guest k.ktest run-tests k
}
dmesg_is "[    1.0] WARNING: CPU: 0 before
[    2.0] ktest: subtest k
[    3.0] DEBUG: fine
[    3.1] [Firmware Bug]: BUG: not ours
[    3.2] INFO: lockdep is turned off"
is "$status:$err" 0: "check_dmesg: nothing since the subtest began"
while IFS= read -r line; do
	dmesg_is "[    2.0] ktest: subtest k"$'\n'"$line"
	is "$status:${err%%$'\n'*}" "1:check_dmesg: $line" "check_dmesg: $line"
done <<'END'
[    3.0] BUG: kernel NULL pointer dereference, address: 0000000000000000
[    3.0][ T123] WARNING: CPU: 0 PID: 1 at fs/x.c:1 f+0x1/0x2
[    3.0] Oops: 0002 [#1] PREEMPT SMP
[    3.0] BUG: KASAN: use-after-free in f
[    3.0] UBSAN: shift-out-of-bounds in f.c
[    3.0] INFO: task x:1 blocked for more than 1 seconds.
[    3.0] watchdog: BUG: soft lockup - CPU#0 stuck for 3s!
[    3.0] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:
[    3.0] WARNING: possible circular locking dependency detected
[    3.0] unreferenced object 0xffff888
END
: >"$ktest_dmesg"
guest k.ktest run-tests k
is "$status" 1 "check_dmesg: a log that cannot be read is no clean one"
: >"$ktest_kmsg"
guest k.ktest run-tests to
is "$status:$(<"$ktest_kmsg")" 0:four "to_kmsg: the last of the lines"

#
# Faults
#

export ktest_debugfs=$work/debug ktest_proc_self=$work/proc-self
mkdir -p "$ktest_debugfs" "$ktest_proc_self"
test_file f.ktest <<'END'
test_on() { enable_memory_faults; }
test_off() { disable_memory_faults; }
test_race() { enable_race_faults; }
test_race_off() { disable_race_faults; }
END
guest f.ktest run-tests on
like "$status:$err" "^1:.*cannot inject them \(needs CONFIG_FAILSLAB" "a kernel without faults: said"
guest f.ktest run-tests race
like "$status:$err" "^1:set_faults: this kernel has no dynamic faults" "also for races"
guest f.ktest run-tests off
is "$status" 0 "switching off what is not there is fine"
guest f.ktest run-tests race_off
is "$status" 0 "also for races"
mkdir "$ktest_debugfs/failslab"
echo Y >"$ktest_debugfs/failslab/ignore-gfp-wait"
guest f.ktest run-tests on
is "$status:$(cat "$ktest_debugfs"/failslab/{probability,interval,task-filter,ignore-gfp-wait} \
	"$ktest_proc_self/make-it-fail" | tr '\n' ' ')" "0:100 100 Y N 1 " "memory faults on"
guest f.ktest run-tests off
is "$(<"$ktest_debugfs/failslab/probability"):$(<"$ktest_proc_self/make-it-fail")" 0:0 "and off"

#
# init: the user, builds, hooks
#

export ktest_etc=$work/etc ktest_user_home=$work/home ktest_var=$work/var
mkdir "$ktest_etc"
printf 'root:x:0:0::/root:/bin/sh\nx:x:2000:7::/:/bin/sh\n' >"$ktest_etc/passwd"
printf 'root:x:0:\ny:x:2001:\n' >"$ktest_etc/group"
printf 'root:*:1::::::\n' >"$ktest_etc/shadow"
mkdir "$work/tool"
cat >"$work/tool/Makefile" <<END
all:
	echo made >tool
install:
	cat tool >>$work/installed
END
chmod -R a-w "$work/tool"
test_file i.ktest <<END
require-make tool
init_z() { echo "hook z"; }
init_a() { echo "hook a"; [[ -s $work/installed ]]; }
test_user() { set_as_user; echo "\$as_user \$as_user_uid \$as_user_gid"; }
END
if ((EUID == 0)); then
	guest i.ktest init
	is "$status:$(grep hook <<<"$out" | tr '\n' ' ')" "0:hook z hook a " "init: the hooks in order"
	is "$(tail -n 1 "$ktest_etc/passwd")" "ktest-user:x:2002:2002::$work/home:/bin/bash" \
		"a user with a number that nobody has"
	like "$(<"$ktest_etc/shadow")" '^ktest-user:\*:' "and no password"
	guest i.ktest init
	is "$(grep -c ktest-user "$ktest_etc/passwd"):$(wc -l <"$work/installed")" 1:1 \
		"after a reboot neither user nor build are made again"
	guest i.ktest run-tests user
	is "$out" "ktest-user 2002 2002" "set_as_user"
	test_file as.ktest <<-'END'
	test_as() { set_as_user; $as_user id -u; "$as_user" false; echo REACHED; }
	END
	guest as.ktest run-tests as
	is "$status:$out" 1:2002 "runs commands as the user, with their status"
else
	mkdir "$work/home"
	echo "ktest-user:x:$UID:$UID::$work/home:/bin/bash" >>"$ktest_etc/passwd"
	guest i.ktest init
	is "$status:$(grep hook <<<"$out" | tr '\n' ' ')" "0:hook z hook a " "init: the hooks in order"
fi
test_file fails.ktest <<'END'
init_a() { false; }
init_b() { echo REACHED; }
END
guest fails.ktest init
is "$status:$out" 1: "init: a hook that fails ends it"
test_file nomake.ktest <<<"require-make nowhere"
guest nomake.ktest init
like "$status:$err" "^1:.*nomake.ktest: no sources to build at $work/nowhere" "missing sources are named"

#
# What stays mounted
#

mkdir "$work/bin"
cat >"$work/bin/umount" <<END
#!/bin/bash
echo "\$*" >>$work/umounts
[[ \$1 != *busy || -e $work/free ]] && grep -vF " \${!#} " $work/mounts >$work/m; mv $work/m $work/mounts
END
chmod +x "$work/bin/umount"
export ktest_proc_mounts=$work/mounts
mounts_are()
{
	printf '%s\n' "/dev/root / ext4 rw 0 0" "/dev/vdz /mnt/before ext4 rw 0 0" >"$work/mounts"
	rm -f "$work/umounts"
	test_file m.ktest <<-END
	test_m() { cat >>$work/mounts; $1; } <<<"$2"
	END
	PATH=$work/bin:$PATH guest m.ktest run-tests m
}
mounts_are : "/dev/vdb /mnt/a\\\\040b ext4 rw 0 0
/dev/vdc /mnt/a\\\\040b/inner ext4 rw 0 0
/dev/vdd /srv/x ext4 rw 0 0"
is "$status:$(<"$work/umounts")" $'0:/mnt/a b/inner\n/mnt/a b' \
	"what a subtest mounted below /mnt is unmounted, the inner first, nothing else"
mounts_are false "/dev/vdb /mnt ext4 rw 0 0"
is "$status:$(<"$work/umounts")" 1:/mnt "after a failure, too, and it stays one"
mounts_are : "/dev/vdb /media/mnt ext4 rw 0 0"
is "$([[ -e $work/umounts ]]; echo $?)" 1 "nothing mounted below /mnt, nothing unmounted"

#
# Company
#

test_file c.ktest <<'END'
test_c() { antagonist_sync; antagonist_drop_caches; echo done; }
test_bg() { antagonist_sync & kill $!; wait $! || echo "ended $?"; stress_timeout; }
END
: >"$work/drop"
ktest_drop_caches=$work/drop ktest_control='' guest c.ktest run-tests c
like "$out" "^done" "antagonists go on in the background"
is "$(<"$work/drop")" 3 "and do their work"
ktest_priority=2 guest c.ktest run-tests bg
is "$status:$out" $'0:ended 143\n3000' "or as the job they are called as; stress_timeout"

tap_done
