#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How subtests run in the guest: verdicts, set -e, skipping, the watchdog, reboots, leftovers.

# shellcheck source=t/lib/tap.bash
. "${BASH_SOURCE[0]%/*}/tap.bash"

test_file t.ktest <<'END'
config-timeout-multiplier 3
helper() { false; echo "REACHED in helper"; }
nested() { ktest_skip "deep down"; }
test_pass() { echo "body of pass"; }
test_fail() { false; echo REACHED; }
test_helper() { helper; echo REACHED; }
test_status() { exit 7; }
test_condition() { ! false; false || true; if false; then :; fi; }
test_last() { [[ a == b ]]; }
test_skip() { nested; echo REACHED; }
test_skip_comsub() { local x; x=$(nested); echo REACHED; }
test_skip_subshell() { (nested); echo REACHED; }
test_skip_pipe() { echo a | while read -r _; do nested; done; echo REACHED; }
test_watchdog() { set_watchdog 20; }
test_watchdog_bad() { set_watchdog soon; echo REACHED; }
test_reboots() { echo "reboots $NR_REBOOTS"; }
test_do_reboot() { echo before; trap 'echo trapped' EXIT; do_reboot; echo REACHED; }
test_arrays() { echo "${#ktest_scratch_dev[@]} ${ktest_scratch_dev[1]} ${#ktest_pmem_dev[@]} $0"; }
test_variables() { x=1; }
test_variables_gone() { [[ -z ${x-} ]]; }
test_child() { sleep 31415 & }
test_setsid() { setsid sleep 31415 & }
END

# One name, the agent in control: no lines of ours, the status tells.
export ktest_control=1
while read -r name want_status want; do
	guest t.ktest run-tests "$name"
	is "$status:$out" "$want_status:$want" "$name in control mode"
	unlike "$out$err" "REACHED|=========" "$name: nothing runs after its end, no verdict lines"
	said=$err
	held t.ktest "$name"
	is "$waits:$status:$out:$err" "1:$want_status:$want:$said" "$name by a shell that waited: the same"
done <<'END'
pass 0 body of pass
fail 1
helper 1
status 7
condition 0
last 1
skip 0
skip_comsub 0
skip_subshell 0
skip_pipe 0
nonexistent 1
watchdog_bad 1
END
guest t.ktest run-tests fail
is "$err" "$work/t.ktest:7: status 1: false" "the line that failed is said"
guest t.ktest run-tests helper
is "$err" "$work/t.ktest:4: status 1: false" "the innermost one"
guest t.ktest run-tests condition
is "$err" "" "what may fail is not mentioned"
for name in skip skip_comsub skip_subshell skip_pipe; do
	guest t.ktest run-tests "$name"
	is "$calls" "skip deep down" "$name tells the host, once"
done
echo "skip not now" >"$work/answers"
guest t.ktest run-tests skip
is "$status:$out" "1:not now" "a skip that the host refuses is a failure"
rm "$work/answers"
guest t.ktest run-tests watchdog
is "$calls" "watchdog 60" "the watchdog is multiplied"
guest t.ktest run-tests nonexistent
like "$err" "t.ktest: no subtest nonexistent" "an unknown subtest is named"

guest t.ktest run-tests reboots
is "$out" "reboots 0" "no reboots yet"
NR_REBOOTS=2 guest t.ktest run-tests reboots
is "$out" "reboots 2" "their count is passed on"
guest_timeout=1 guest t.ktest run-tests do_reboot
is "$status:$calls:$out" "137:reboot:before" "a reboot is asked for, then waited for without going on"
echo "reboot not here" >"$work/answers"
guest t.ktest run-tests do_reboot
is "$status:${out//$'\n'/ }" "1:before not here trapped" "one that the host refuses is a failure"
rm "$work/answers"

ktest_scratch_dev_list="/dev/vdb /dev/vdc" guest t.ktest run-tests arrays
is "$out" "2 /dev/vdc 0 $work/t.ktest" "lists arrive as arrays, and the file's name as \$0"

# A shell that waits to be told: what it was told counts, and its clock begins then.
cat >"$work/late.ktest" <<END
#!/bin/bash
read=\$SECONDS
. $tree/tests/test-libs.sh
declare -A table=([a]=1)
test_told() { echo "\$NR_REBOOTS \$told \$SECONDS \$read \$RANDOM \${table[a]} \$0 \${ktest_scratch_dev[1]}"; }
test_input() { ! read -r; [[ ! -e /proc/self/fd/3 && ! -e /proc/self/fd/4 ]]; }
run_test() { echo early; "test_\$1"; }
main "\$@"
END
ktest_scratch_dev_list="/dev/vdb /dev/vdc" held late.ktest told "SECONDS=7 RANDOM=1
export NR_REBOOTS=3 told='it is'"
RANDOM=1
is "$out" "early
3 it is 7 7 $RANDOM 1 $work/late.ktest /dev/vdc" "a shell that waited: variables, clock, random numbers, lists"
held late.ktest input
is "$status:$out" 0:early "a shell that waited: no input, no descriptor of its own"
held t.ktest skip
is "$calls" "skip deep down" "a shell that waited: a skip tells the host, once"
cat >"$work/traps.ktest" <<END
#!/bin/bash
. $tree/tests/test-libs.sh
trap 'echo of the file' EXIT
sleep 31415 >/dev/null 2>&1 & left=\$!
test_trap() { trap 'echo its own' EXIT; }
test_exec() { exec echo replaced; }
# As long as it is bash, what kills it runs the trap of the file.
until_sleep() { until [[ \$(</proc/\$left/comm) == sleep ]]; do :; done; }
test_wait() { wait; jobs; [[ -z \$(builtin trap -p EXIT) ]]; until_sleep; builtin kill \$left; }
main "\$@"
END
for name in trap exec wait; do
	ktest_control=1 guest traps.ktest run-tests "$name"
	alone="$status:$out"
	ktest_control=1 held traps.ktest "$name"
	is "$status:$out" "$alone" "a shell that waited: traps and jobs of the file: $name"
	pkill -f '^sleep 31415$'
done
like "$alone" "^0:" "and they are not the subtest's"
echo "$work/no-tracing" >"$work/state/tracing"
mkdir "$work/no-tracing"
echo "$work/tmp" >>"$work/state/tracing"
echo traced >"$work/no-tracing/trace"
held t.ktest fail
is "$(<"$work/tmp/trace")" traced "a shell that waited: its trace is kept"
rm "$work/state/tracing"

# Several names: our lines.
guest t.ktest run-tests pass fail skip status last
is "$status" 3 "the status counts the failures"
is "$(sed 's/ in [0-9]*s/ in Ns/' <<<"$out")" "========= TEST   pass
body of pass
========= PASSED pass in Ns
========= TEST   fail
========= FAILED fail in Ns
========= TEST   skip
========= NOTRUN skip in Ns: deep down
========= TEST   status
========= FAILED status in Ns
========= TEST   last
========= FAILED last in Ns" "the verdict lines"
unset ktest_control
guest t.ktest run-tests pass
like "$out" "^========= PASSED pass in [0-9]+s$" "one name and nobody in control: lines too"
ktest_failfast=1 guest t.ktest run-tests fail pass
unlike "$out" "TEST   pass" "failfast ends at the first failure"
guest t.ktest run-tests variables variables_gone
is "$status" 0 "subtests do not share variables"
guest t.ktest run-tests watchdog
like "$out" "^WATCHDOG 60$" "without control, the watchdog is a line"

names=()
for ((i = 0; i < 256; i++)); do
	names+=(fail)
done
guest t.ktest run-tests "${names[@]}"
is "$status" 255 "256 failures are not taken for none"

# Children
guest t.ktest run-tests child pass
is "$(pgrep -f '^sleep 31415$' | wc -l)" 0 "children left behind are killed"

# Files with a set -e, a run_test or a run_tests of their own
test_file strict.ktest <<'END'
set -euo pipefail
test_fail() { false; }
test_pass() { :; }
END
guest strict.ktest run-tests fail pass
is "$status" 1 "set -euo pipefail at top level disturbs nothing"
like "$out" "PASSED pass" "and the next subtest runs"
ktest_control=1 held strict.ktest fail
is "$status:$err" "1:$work/strict.ktest:4: status 1: false" "nor by a shell that waited"
test_file names.ktest <<'END'
list_tests() { echo generic/001 generic/002; }
run_test() { [[ $1 == generic/001 ]]; echo "ran $1"; }
END
guest names.ktest run-tests generic/001 generic/002
is "$status" 1 "a run_test of the file's own gets the name, under set -e"
unlike "$out" "ran generic/002" "which holds in it"
test_file own.ktest <<'END'
run_tests()
{
	local bad=0 shared=visible
	for name in "$@"; do
		if ! run_test "$name"; then bad=$((bad + 1)); fi
	done
	run_test fail || echo "own handling"
	return $bad
}
test_fail() { false; echo REACHED; }
test_pass() { [[ $shared == visible ]]; }
test_returns() { set +e; return 3; }
test_skip() { x=$(ktest_skip "not today"); echo REACHED; }
test_int() { trap 'echo caught' INT; kill -INT $BASHPID; }
END
ktest_control=1 guest own.ktest run-tests fail pass returns skip int
is "$status" 2 "a run_tests of the file's own calls run_test in conditions"
unlike "$out" REACHED "and set -e holds nevertheless"
like "$out" "^========= FAILED fail in" "with our lines: failed"
like "$out" "^========= PASSED pass in" "passed"
like "$out" "^========= FAILED returns in" "a status returned without set -e"
like "$out" "^========= NOTRUN skip in [0-9]+s: not today" "skipped"
like "$out" "^caught" "signals work in it"
like "$out" "^own handling" "and the status reaches it"
ktest_control=1 held own.ktest fail
is "$status" 1 "the same by a shell that waited"
like "$out" "^========= FAILED fail in" "with our lines"

# A bug that is to come: the host is told, and an oops is to leave the guest running, until then
export ktest_panic_on_oops=$work/panic_on_oops
echo 1 >"$ktest_panic_on_oops"
test_file expects.ktest <<'END'
test_expects() { expect-bug "x in y"; cat "$ktest_panic_on_oops"; }
test_nothing() { expect-bug; }
END
ktest_control=1 guest expects.ktest run-tests expects
is "$status:$calls:$out" "0:expect-bug x in y:0" "a bug is expected"
is "$(<"$ktest_panic_on_oops")" 1 "only until the subtest ends"
ktest_control=1 guest expects.ktest run-tests nothing
is "$status:$calls" "1:" "expect-bug without a pattern"
echo "expect-bug not here" >"$work/answers"
ktest_control=1 guest expects.ktest run-tests expects
is "$status:$out" "1:not here" "one that the host refuses is a failure"
rm "$work/answers"

# Hooks: one that reads what the others are found by, and one that ends them all
test_file hooks.ktest <<'END'
init_reads() { cat >/dev/null; }
init_fails() { echo "here"; false; }
END
guest hooks.ktest init
is "$status:$out" "1:here" "a hook that reads keeps none behind it from running"
test_file hooks.ktest <<'END'
init_exits() { exit 0; }
init_fails() { false; }
END
guest hooks.ktest init
is "$status" 1 "a hook that calls exit fails"
like "$err" "hooks.ktest: an init hook called exit, which ends all of them" "and it is said"
test_file hooks.ktest <<'END'
trap 'echo own' EXIT
init_works() { :; }
END
guest hooks.ktest init
is "$status:$out" "0:own" "a trap of the file's own stays"

# kmemleak: what it is told, in order
mkfifo "$work/kmemleak"
export ktest_kmemleak_file=$work/kmemleak ktest_kmemleak_verbose=$work/verbose ktest_leak_age=0
exec 8<>"$work/kmemleak" # so that nobody waits for a reader
told() { echo end >"$work/kmemleak"; told=; while read -r word <&8 && [[ $word != end ]]; do told+="$word "; done; }
test_file leaks.ktest <<'END'
config-leak-check
init_hook() { echo hook >"$ktest_kmemleak_file"; }
test_x() { echo test >"$ktest_kmemleak_file"; }
test_fail() { false; }
END
mountpoint() { :; }
export -f mountpoint
guest leaks.ktest init
told
is "$status:$told" "0:scan=off hook scan scan " "kmemleak searches behind the hooks"
is "$(<"$work/verbose")" 1 "and says itself what it finds"
guest leaks.ktest run-tests x
told
is "$status:$told" "0:clear test scan scan " "and behind a subtest, less what was told before"
held leaks.ktest x
told
is "$status:$told" "0:clear test scan scan " "by a shell that waited, too"
exec 8>&-
rm "$work/kmemleak"
ktest_kmemleak_file=$work/nowhere/kmemleak guest leaks.ktest run-tests x
is "$status" 1 "where there is none a subtest fails"
like "$err" "config-leak-check: kmemleak does not take 'clear'" "and it is said"
ktest_kmemleak_file=$work/nowhere/kmemleak guest leaks.ktest init
is "$status" 1 "so do the hooks"

tap_done
