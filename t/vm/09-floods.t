#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that wants all there is: the log, the disk, its processors.
#
#	FLOOD_MB	what it prints, default 3: a virtual console takes 70 KB/s under emulation
. "$(dirname "$0")/lib.sh"

begin
guest_file <<'END'
test_console()
{
	echo "the head"
	yes 'a line of a flood that has no end' | head -c ${FLOOD_MB}M
	echo "the tail"
}

# One line, all bytes there are
test_binary()
{
	head -c 200000 /dev/urandom
	printf '\nPASSED?\n========= PASSED binary in 0s\n'
	false
}

# What looks like a verdict or like a kernel's word, but is printed
test_lies()
{
	echo "========= FAILED lies in 3s"
	echo "========= PASSED after in 3s"
	echo "========= TEST   other"
	echo "TEST FAILED"
	echo "UNEXPECTED REBOOT: got 2 expected 1"
	echo "DEBUG: no bug"
	echo "WATCHDOG 1"
	echo "QEMU_MONITOR quit"
	sleep 3
}

test_kmsg_flood()
{
	local i
	for ((i = 0; i < 2000; i++)); do
		echo "<4>flood $i of the kernel's log" >/dev/kmsg
	done
}

test_after() { :; }
END
run --log-limit 1M --env "FLOOD_MB=${FLOOD_MB:-3}"
is 'exit 1' "$status" 1
passed 'floods' console lies kmsg_flood after
is 'what it prints of itself is no verdict' "$(of binary '.verdict + " " + .reason')" 'FAIL exit status'
at_most 'the log keeps its limit' "$(stat -c %s "$T/out/out/t.console/log")" $((1100 << 10))
has 'the log has its head' console '^the head$'
has 'the log has its tail' console 'the tail$'
like 'the log says what is missing' "$(log_of console | grep -av '^a line of' | head -n 20)" \
	'[0-9]+ .*(left out|omitted|dropped|cut)'
gone floods

# Processes without end: the guest is lost, the run is not. 40 s: with a guest that has to answer.
begin
guest_file <<'END'
test_forks()
{
	bomb() { bomb | bomb & }
	ulimit -u unlimited || :
	bomb
	sleep infinity
}

test_after() { :; }
END
run --timeout 15
is 'forks: exit 1' "$status" 1
like 'forks: lost' "$(of forks '.verdict + " " + .reason')" '^FAIL (timeout|hang|panic|lost)$'
passed forks after
gone forks

# What the guest fills is a small file system: the disk of this machine is not ours to fill.
small()
{
	mkdir -p "$T/small"
	truncate -s "$1" "$T/small.img"
	mke2fs -q -F -m 0 -t ext4 "$T/small.img"
	mount -o loop "$T/small.img" "$T/small" || mount -t tmpfs -o size="$1" none "$T/small"
	mkdir -p "$T/small/tmp"
}

small_gone()
{
	umount "$T/small"
	trap finish EXIT
	rm -f "$T/small.img"
}

begin
guest_file <<'END'
config-scratch-devs 4G

test_scratch()
{
	dd if=/dev/zero of="${ktest_scratch_dev[0]}" bs=1M oflag=direct
}

test_after()
{
	[[ $(od -An -N4 -tx1 "${ktest_scratch_dev[0]}" | tr -d ' ') == 00000000 ]]
}

test_output()
{
	dd if=/dev/zero of=/ktest-out/out/large bs=1M || :
	sleep 100
}

test_never() { :; }
END
small 700M
# shellcheck disable=SC2154 # set in it
trap 's=$?; umount "$T/small" 2>/dev/null; (exit "$s"); finish' EXIT
export_environment()
{
	export TMPDIR=$T/small/tmp HOME=$STORE
}
run -o "$T/small/out"
cp -R "$T/small/out" "$T/out"
is 'a full disk: exit 125' "$status" 125
is 'a full disk: is the reason' "$(of scratch '.verdict + " " + .reason')" 'MISS disk'
passed 'a full disk: of a guest that is gone is none' after
is 'a full disk: the output directory counts' "$(of output '.verdict + " " + .reason')" 'MISS disk'
is 'a full disk: the rest has no room' "$(of never '.verdict + " " + .reason')" 'MISS disk'
is 'a full disk: the journal is whole' "$(journal '(map(.ev) | last)')" finish
is 'a full disk: nothing of the run is left on it' "$(find "$T/small/tmp" -type f)" ''
no_process 'a full disk'
small_gone
complete
