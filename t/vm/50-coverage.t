#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The agent copies what a kernel has counted, before each end that leaves it the time. No kernel of a
# distribution counts: what debugfs would hold is laid there by the test.
. "$(dirname "$0")/lib.sh"

FILES=300

# A kernel whose config says that it counts.
counting_kernel()
{
	local dir
	dir=$(kernel_dir)
	mkdir "$T/kernel"
	cp -rs "$dir"/. "$T/kernel"
	rm "$T/kernel/config"
	{ grep -v GCOV_KERNEL "$dir/config"; echo CONFIG_GCOV_KERNEL=y; } >"$T/kernel/config"
	guest=(-k "$T/kernel")
}

# As many data files as a subsystem has, of one program.
data()
{
	local i dir=$T/tree/canned$T/build
	mkdir -p "$T/build" "$dir"
	(
		cd "$T/build" && echo 'int main(void) { return 0; }' >m.c &&
			gcc --coverage -c -o m.o m.c && gcc --coverage -o m m.o && ./m
	) || exit 2
	for ((i = 0; i < FILES; i++)); do
		cp "$T/build/m.gcda" "$dir/m$i.gcda"
		cp "$T/build/m.gcno" "$T/build/m$i.gcno"
	done
}

taken() { journal '[.[] | select(.ev == "coverage") | .dir + "=" + (.files | tostring)] | join(" ")'; }

begin
counting_kernel
data
guest_file <<'END'
init_debugfs()
{
	mount -t tmpfs none /sys/kernel/debug
	cp -r /ktest/canned /sys/kernel/debug/gcov
	ln -s "$(find /sys/kernel/debug/gcov -name m0.gcda)" /sys/kernel/debug/gcov/link.gcda
}
test_fails() { false; }
test_restarts() { ((NR_REBOOTS)) || do_reboot; }
test_hangs() { set_watchdog 1; sleep 1000; }
test_panics() { echo c >/proc/sysrq-trigger; sleep 100; }
test_last() { :; }
END
run
is 'verdicts' "$(verdicts)" \
	'fails=FAIL(exit status) restarts=PASS hangs=FAIL(timeout) panics=FAIL(panic) last=PASS'
is 'before a restart, after a timeout, in the end' "$(taken)" \
	"gcov.0=$FILES gcov.1=$FILES gcov.2=$FILES"
like 'the data of a panic is lost, and that is said' "$(cat "$T/stderr")" 'the coverage of vm2 is lost'
is 'every file is whole, with its notes' \
	"$(find "$T/out/gcov.0" -name '*.gcda' -exec cmp {} "$T/build/m.gcda" \; -exec test -e {} \; -print | wc -l) \
$(find "$T"/out/gcov.? -name '*.gcno' | wc -l)" "$FILES $((3 * FILES))"
ktest coverage "$T/out"
is 'the report: exit status' "$status" 0
is 'the report: all of it adds up' "$(grep '^DA:1,' "$T/out/coverage.info")" "DA:1,$((3 * FILES))"
gone 'coverage'
complete
