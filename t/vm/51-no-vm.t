#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One file, in a guest and without a VM: verdicts, reasons and logs are the same.
. "$(dirname "$0")/lib.sh"

both()
{
	guest_file <<'END'
init_hook() { echo "hook"; : >"$ktest_tmp/mark"; }
test_pass() { [[ -e $ktest_tmp/mark && -t 1 ]]; echo "passes"; sleep 1000 & setsid sleep 1000 & }
test_output() { echo out; echo err >&2; printf 'a\tb\rc\n'; }
test_status() { f() { return 7; }; f; echo "not reached"; }
test_signal() { kill -SEGV $$; sleep 100; }
test_skip() { : "$(ktest_skip "not today, $ktest_priority")"; echo "not reached"; }
test_assert() { assert_output_has seven echo eight; }
test_watchdog() { set_watchdog 1; printf 'waits'; sleep 1000; }
test_env() { echo "$NR_REBOOTS $ktest_arch $ktest_cpus $ktest_mem $ADDED ${ktest_scratch_dev[*]-none}"; }
END
}

# What is said, without stamps, the kernel, durations and the evidence that a guest is asked for.
logs()
{
	sed -E 's/^[0-9]{5} //; /^\[ *[0-9.]+\] /d; s/ in [0-9]+s/ in Ns/; s/after [0-9]+ s/after N s/' \
		"$T"/out/out/t.{pass,output,status,signal,skip,assert,env}/log
}

told()
{
	result '[.tests[] | [.subtest, .verdict, .reason, (.title // "" | gsub("[0-9]+ s"; "N s"))]] | tojson'
}

begin
both
run --env ADDED=yes -p 3
guest_status=$status guest_told=$(told) guest_logs=$(logs)
gone 'in a guest'
sed -i 's/^config-timeout/config-no-vm\n&/; s|'"$T"'/tree||' "$T/tree/t.ktest"
run --env ADDED=yes -p 3 -k "$T/none" --qemu "$T/none"
is 'exit status' "$status" "$guest_status"
is 'verdicts, reasons and titles' "$(told)" "$guest_told"
is 'logs' "$(logs | sed -E 's/t.ktest:([0-9]+)/t.ktest:N/; s|/host/|/|')" \
	"$(sed -E 's/t.ktest:([0-9]+)/t.ktest:N/; s|/host/|/|' <<<"$guest_logs")"
is 'none passed by chance' "$(result '[.tests[] | select(.verdict == "PASS")] | length')" 3
gone 'without a VM'
complete
