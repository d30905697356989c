#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a subtest finds when it starts, and what becomes of all that it leaves.
. "$(dirname "$0")/lib.sh"

begin
echo content >"$T/tree/data"
mkdir "$T/deps"
guest_file <<'END'
config-scratch-devs 32M 48M
config-scratch-slowdevs 32M
config-storage-bus virtio-blk
config-mem 640M

test_variables()
{
	local name
	[[ ${ktest_scratch_dev[*]} == "/dev/vdb /dev/vdc" ]]
	[[ ${ktest_scratch_dev_sizes[*]} == "$((32 << 20)) $((48 << 20))" ]]
	[[ ${ktest_scratch_slowdev[*]} == /dev/vdd ]]
	[[ $ktest_cpus == 1 && $(nproc) == 1 ]]
	[[ $ktest_mem == 512 && $ktest_arch == x86_64 && $ktest_storage_bus == virtio-blk ]]
	[[ $ktest_priority == 3 && $ktest_failfast == '' && $ktest_verbose == '' ]]
	[[ $ktest_interactive == '' && $home == /root && $HOME == /root ]]
	[[ $EXTRA == "two words" ]]
	for name in ktest_kernel_source ktest_kernel_build ktest_kernel_binary ktest_deps_dir; do
		declare -p "$name"
	done
	[[ -d $ktest_tmp && -w $ktest_tmp ]]
}

# As a script that the test starts sees them
test_exported()
{
	bash -c '[[ -n $ktest_dir && -n $ktest_out && -n $ktest_tmp && -n $ktest_cpus ]]'
	bash -c '[[ $ktest_mem == 512 && $ktest_priority == 3 ]]'
}

test_links()
{
	[[ -L /ktest && -L /ktest-out ]]
	[[ /ktest -ef $ktest_dir && /ktest-out -ef $ktest_out ]]
	[[ $(readlink /ktest) == /host/* && $(readlink /ktest-out) == /host/* ]]
	[[ $(</ktest/data) == content ]]
	echo "from the guest" >/ktest-out/out/t.links/written
	assert_fails_with "Read-only" touch /ktest/not-here
	assert_fails_with "Read-only" touch "$ktest_test_libs"
}

test_mounts()
{
	mountpoint -q /sys/kernel/debug
	mountpoint -q /sys/kernel/config || modprobe configfs
	[[ -d /proc/1 && -e /dev/null && -d /sys/class && -d /dev/pts && -d /dev/shm ]]
	[[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]
	[[ -e /lib/modules/$(uname -r)/modules.dep ]]
}

# A clock that went wrong makes certificates and make fail.
test_clock()
{
	date +%s
}

# 3 MB and gone: the last byte counts as much as the first.
test_burst()
{
	seq -f 'line %07.0f of a burst' 120000
	printf 'the very end'
}

test_core()
{
	bash -c 'kill -SEGV $$' || :
	(ulimit -c unlimited; perl -e 'kill "ABRT", $$' || :)
}

test_signal()
{
	kill -TERM $PPID
	kill -TERM 0
	sleep 30
}

test_killed()
{
	kill -KILL $$ $BASHPID
}

# In sessions, groups and parents of their own: nothing of them is to be seen by the next subtest.
test_leaves()
{
	sleep 1001 &
	setsid sleep 1002 &
	(setsid bash -c 'trap "" TERM HUP INT; exec -a sleeper sleep 1003' &)
	setsid setsid nohup bash -c 'while :; do sleep 1004; done' >/dev/null 2>&1 &
	mkdir /mnt/left
	mount -t tmpfs none /mnt/left
	cd /mnt/left
	sleep 0.5
	pgrep -c sleep
}

test_finds_nothing()
{
	assert_fails pgrep sleep
	assert_fails mountpoint -q /mnt/left
	[[ $PWD == /root ]]
}

test_takes_3s()
{
	sleep 3
}

test_status_3()
{
	exit 3
}

test_skips_late()
{
	echo "as far as here"
	(ktest_skip "in a subshell, with 'quotes' and	a tab")
	echo "not as far as here"
	false
}
END
run -p 3 --env 'EXTRA=two words'
is 'exit 1: some subtests fail on purpose' "$status" 1
passed environment variables exported links mounts clock
is 'the output directory is written by the guest' "$(cat "$T/out/out/t.links/written")" \
	'from the guest'
now=$(date +%s)
at_most "the guest's clock is the host's" \
	$((now - $(log_of clock | grep -E '^[0-9]{10}$'))) 600

passed 'a burst' burst
seq -f 'line %07.0f of a burst' 120000 >"$T/want"
log_of burst | grep -a '^line' | cmp -s - "$T/want"
is 'a burst: every line of 3 MB is there, in order' $? 0
has 'a burst: what has no newline, too' burst '^the very end'
log_of burst | grep -qa 'the very end'
is 'a burst: and in the log of the whole run' \
	"$(grep -ca 'of a burst$' "$T/out/out/t")" 120000

passed cores core
is 'a core dump each, in the directory of the subtest' \
	"$(find "$T/out/out/t.core" -type f -name '*core*' -size +8k | wc -l)" 2
is 'a core dump is one' "$(head -c 4 "$(find "$T/out/out/t.core" -type f -name '*core*' | head -n 1)" | tail -c 3)" ELF

is 'a signal is the reason' "$(of signal '.verdict + " " + .reason + " " + .title')" \
	'FAIL signal SIGTERM'
is 'SIGKILL is the reason' "$(of killed '.verdict + " " + .reason + " " + .title')" \
	'FAIL signal SIGKILL'
passed 'what is left is killed' leaves finds_nothing
is 'exit status: the reason' "$(of status_3 '.verdict + " " + .reason + " " + .title')" \
	'FAIL exit status exit status 3'
is 'skipped: why' "$(of skips_late '.verdict + " " + .title')" \
	"SKIP in a subshell, with 'quotes' and	a tab"
has 'skipped: what came before is there' skips_late '^as far as here$'
is 'skipped: nothing after' "$(log_of skips_late | grep -c 'not as far')" 0
is 'duration: at least what it took' "$(($(cat "$T/out/out/t.takes_3s/duration") >= 3))" 1
is 'duration_ms agrees' \
	"$(($(of takes_3s .duration_ms) / 1000 == $(cat "$T/out/out/t.takes_3s/duration")))" 1
bad=
for s in $(result '.tests[].subtest'); do
	[[ $(tail -n 1 "$T/out/out/t.$s/log") == "${T:0:0}"*"$(cat "$T/out/out/t.$s/status")" ]] ||
		bad+=" $s"
	grep -qvaE '^[0-9]{5} ' "$T/out/out/t.$s/log" && bad+=" $s(stamp)"
done
is 'every log ends with its verdict, every line has its time' "$bad" ''
is 'results can be derived again' \
	"$(cp "$T/out/results.json" "$T/before"; ktest results "$T/out"; cmp "$T/before" "$T/out/results.json" 2>&1)" ''
gone session

# The file is edited while its guest boots, by renaming as editors do, and while it runs: each subtest is
# one of the file as it was.
begin
guest_file <<'END'
test_only() { echo "as at the start"; }
END
run_background
wait_for 'the guest boots' test -d "$T/out/guests/vm1/out"
sed -i 's/as at the start/edited/' "$T/tree/t.ktest"
wait "$pid"
passed 'edited in the boot' only
has 'edited in the boot: as it was' only '^as at the start$'

for ISOLATION in shared boot; do
	begin
	guest_file <<-'END'
	test_first()
	{
		: >"$ktest_out/first"
		until [[ -e $ktest_out/edited ]]; do
			sleep 0.2
		done
	}
	test_second() { echo "as at the start"; }
	END
	run_background
	wait_for 'the first subtest' test -e "$T/out/guests/vm1/first"
	sed -i 's/as at the start/edited/' "$T/tree/t.ktest"
	echo 'test_second() { echo added; }' >>"$T/tree/t.ktest"
	: >"$T/out/guests/vm1/edited"
	wait "$pid"
	passed "edited, $ISOLATION" first second
	has "edited, $ISOLATION: as it was" second '^as at the start$'
	gone "edited, $ISOLATION"
done
complete
