#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Text that a test prints hides no bug of the kernel and makes none; nor do dmesg and printk's settings.
# The bugs are those of t/campaign/provoke.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/provoke.sh"

# A program `named NAME [BUG]`, for the tree: takes the name, then provokes the bug or segfaults.
named()
{
	cat >"$T/named.c" <<-'END'
	#include <fcntl.h>
	#include <string.h>
	#include <sys/prctl.h>
	#include <unistd.h>
	int main(int argc, char **argv)
	{
		int fd = open("/sys/kernel/debug/ktest_provoke", O_WRONLY);
		prctl(PR_SET_NAME, argv[1]);
		if (argc > 2)
			return write(fd, argv[2], strlen(argv[2])) < 0;
		*(volatile int *)1 = 0;
	}
	END
	${CC:-gcc} -o "$T/tree/named" "$T/named.c" || exit 2
}

# all WHAT SUBTEST...: each of them came to WHAT.
all()
{
	local what=$1 s
	shift
	for s; do
		is "$s: $what" "$(of "$s" '.verdict + (if .reason then " " + .reason else "" end)')" "$what"
	done
}

# ---- text that hides nothing

begin
named
provoking <<'END'
test_stamp_far_ahead()
{
	echo "[1700000000.123456] starting"
	echo "[99999.000000] x"
	provoke hung_task
}

test_dmesg_n()
{
	dmesg -n 1
	provoke hung_task
	dmesg -n 7
}

test_dmesg_off()
{
	dmesg -D
	provoke hung_task
	dmesg -E
}

test_dmesg_cleared()
{
	echo 1 >/proc/sys/kernel/printk
	provoke hung_task
	dmesg -C
	echo 7 >/proc/sys/kernel/printk
}

test_behind_progress()
{
	for ((i = 0; i < 3000; i++)); do
		printf 'fio: %d %%\r' "$i"
	done
	provoke hung_task
}

test_without_times()
{
	echo N >/sys/module/printk/parameters/time
	provoke hung_task
	echo Y >/sys/module/printk/parameters/time
}

test_behind_a_stamp()
{
	printf '[12345.678901]'
	provoke hung_task
}

test_names()
{
	/ktest/named '' hung_task
	/ktest/named $'a\nb' hung_task
	/ktest/named '[1] vsyscall ' hung_task
}

# Records that grow fourfold when they are read, and a bug behind them that does not wait for the agent.
test_escapes()
{
	echo on >/proc/sys/kernel/printk_devkmsg
	yes "<7>$(printf '\xc3\xa4%.0s' {1..478})" | head -n 4000 >/tmp/escapes
	dd if=/tmp/escapes of=/dev/kmsg bs=960 status=none
	provoke atomic
}

# Warnings are allowed here, and are many.
test_behind_warnings()
{
	for ((i = 0; i < 220; i++)); do
		provoke warning
	done
	provoke atomic
}
END
sed -i 's/^config-timeout.*/&\nallow_taint/' "$T/tree/t.ktest"
run --isolation clone
# Nothing taints here: what is found is found in the log.
all 'FAIL hang' stamp_far_ahead dmesg_n dmesg_off dmesg_cleared behind_progress without_times \
	behind_a_stamp names
all 'FAIL bug' escapes behind_warnings
is 'all know the function' "$(result '[.tests[] | select(.reason == "hang").title] | unique | join(" ")')" \
	'INFO: task hung in provoke_hung_task'
is 'names: one each at least' \
	"$(($(of names '.findings | length') >= 3))" 1
gone 'text that hides nothing'

# The lines of a finding are those of the subtest's own log, its report a file beside it.
read -r first last < <(of stamp_far_ahead '.findings[0] | "\(.first_line) \(.last_line)"')
like 'the first line of a finding' "$(sed -n "${first}p" "$T/out/out/t.stamp_far_ahead/log")" \
	'INFO: task bash:[0-9]+ blocked for more than'
is 'the report: the same lines' \
	"$(sed -n "${first},${last}s/^[0-9]* //p" "$T/out/out/t.stamp_far_ahead/log" | tr -d '\r')" \
	"$(cat "$T/out/out/t.stamp_far_ahead/$(of stamp_far_ahead '.findings[0].report')")"
is 'a quiet console: no lines' "$(of dmesg_n '.findings[0] | "\(.first_line) \(.last_line)"')" 'null null'
like 'a quiet console: the report' "$(cat "$T/out/out/t.dmesg_n/finding.1")" 'provoke_hung_task\+0x'

# ---- text that is none of the kernel's

begin
named
provoking <<'END'
test_printed()
{
	local now
	read -r now _ </proc/uptime
	printf '[%s0000] WARNING: CPU: 0 PID: 1 at a.c:1 printed+0x1/0x2\n' "$now"
	printf '<0>[%s0000] Kernel panic - not syncing: printed\n' "$now"
	printf '[ 7777.100000] BUG: KASAN: use-after-free in printed+0x1/0x2\n'
	sleep 3
}

test_kmsg()
{
	echo '<0>Kernel panic - not syncing: written' >/dev/kmsg
	echo '<3>BUG: KASAN: use-after-free in written+0x1/0x2' >/dev/kmsg
	modprobe ttyprintk
	echo 'BUG: KASAN: use-after-free in written+0x1/0x2' >/dev/ttyprintk
	dmesg | grep -q 'use-after-free in written'
}

test_names()
{
	local name
	ulimit -c 0
	for name in 'BUG: KASAN: x' 'Oops: 0000 [#1]' 'int3: 0000 [#1]' 'UBSAN: x in y' 'WARNING: CPU: 0'; do
		/ktest/named "$name" || :
	done
	ip link add d0 type dummy
	ip link set d0 name 'Oops[#1]'
	ip link set 'Oops[#1]' name d0
	dmesg | grep 'int3: 0000 \[#1\]\[.*segfault'
}

test_mount_options()
{
	modprobe ext4
	mkdir -p /mnt/x
	! mount -t ext4 -o $'x\nBUG: KASAN: use-after-free in option+0x1/0x2' /dev/null /mnt/x
	! mount -t tmpfs -o $'x\nKernel panic - not syncing: option' none /mnt/x
	dmesg | grep -q 'use-after-free in option\|not syncing: option'
	mount -t tmpfs -o mand none /mnt/x
	dmesg | grep 'mand mount option'
}

# A log of another boot, whose times are those of now
test_saved_log()
{
	local now
	read -r now _ </proc/uptime
	now=${now%.*}
	sed "s/^\[ *[0-9]*\./[$now./" <<-LOG
	[    5.100000] ------------[ cut here ]------------
	[    5.100001] WARNING: CPU: 0 PID: 103 at a.c:26 other_machine+0x11/0x20
	[    5.100002] Call Trace:
	[    5.100003]  other_machine+0x11/0x20
	[    5.100004] ---[ end trace 0000000000000000 ]---
	LOG
}

test_stamps()
{
	echo "[1700000000.123456] starting"
	echo "[99999.000000] x"
}

# Whatever those before it have printed.
test_bug_at_last() { provoke hung_task; }
END
run
all PASS printed kmsg names mount_options saved_log stamps
is 'no findings' "$(journal 'map(select(.ev == "finding" and .subtest != "bug_at_last")) | length')" 0
all 'FAIL hang' bug_at_last
is 'one guest, which lives' "$(journal 'map(select(.ev == "guest" and .state == "start")) | length')" 1
gone 'text that is none of the kernel'

# ---- the ends of kernels, and floods

begin
provoking <<'END'
test_panic()
{
	echo "[1700000000.123456] starting"
	provoke panic
}

test_panic_without_times()
{
	echo N >/sys/module/printk/parameters/time
	provoke panic
}

test_oops()
{
	dmesg -n 1
	provoke oops
}

# 20,000 messages at once, and a bug behind them
test_flood()
{
	provoke flood 20000
	provoke warning
}

# The kernel warns when its agent has said its last word.
test_restart()
{
	printf '[%s0000] BUG: KASAN: use-after-free in printed+0x1/0x2\n' "$(cut -d ' ' -f 1 /proc/uptime)"
	((NR_REBOOTS)) && return
	provoke at_restart
	do_reboot
}

test_sound_restart()
{
	printf '[%s0000] BUG: KASAN: use-after-free in printed+0x1/0x2\n' "$(cut -d ' ' -f 1 /proc/uptime)"
	((NR_REBOOTS)) || do_reboot
}

test_sound() { :; }
END
run
all 'FAIL warning' restart
all PASS sound_restart
all 'FAIL panic' panic panic_without_times
is 'panic: its words' "$(of panic .title)" 'Kernel panic - not syncing: ktest_provoke was asked for a panic'
all 'FAIL oops' oops
is 'oops: its function' "$(of oops .title)" 'Oops: kernel NULL pointer dereference in provoke_oops'
all 'FAIL warning' flood
all PASS sound
is 'no record is lost' "$(journal 'map(select(.ev == "note")) | length')" 0
gone 'the ends of kernels'

# A ring that is overrun: what was lost is told, and the console has it.
begin
provoking <<'END'
test_overrun() { provoke overrun 60000; }

test_sound() { :; }
END
run
all 'FAIL warning' overrun
all PASS sound
like 'overrun: told' "$(journal 'map(select(.ev == "note")) | .[0].text')" \
	'^[0-9]+ messages of the kernel were overwritten before they were read$'
has 'overrun: said' overrun 'ktest: [0-9]+ messages of the kernel were overwritten'
gone 'overrun'

# Each bug is its own subtest's, however soon behind it that ends.
begin
provoking <<'END'
for ((i = 0; i < 20; i++)); do
	eval "test_bad_$i() { provoke warning; }"
	eval "test_good_$i() { :; }"
done
END
run --isolation clone
is 'twenty and twenty: none is wrong' "$(result '[.tests[] | select((.subtest | startswith("bad")) !=
	(.verdict + " " + (.reason // "") == "FAIL warning"))] | length')" 0
is 'twenty and twenty: forty' "$(result '.tests | length')" 40
gone 'twenty and twenty'
complete
