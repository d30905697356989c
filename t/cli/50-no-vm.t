#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Files that run without a VM: no kernel and no QEMU, and else what a guest's would give.
. "$(dirname "$0")/lib.sh"

# host_file NAME <SCRIPT: a test file of our library that declares config-no-vm.
host_file()
{
	{
		printf '#!/bin/bash\n. "${ktest_test_libs:?}"\nconfig-no-vm\n'
		cat
		printf 'main "$@"\n'
	} >"$T/tree/$1.ktest"
}

# Whatever a VM would need is not there.
host_run()
{
	ktest run --qemu "$T/none" -k "$T/none" -o "$T/out" "$@"
}

host_background()
{
	(
		export_environment
		exec "$KTEST" run --qemu "$T/none" -k "$T/none" -o "$T/out" "$@"
	) >"$T/stdout" 2>"$T/stderr" </dev/null &
	pid=$!
}

begin
host_file t <<'EOF'
init_mark()
{
	echo "the hook in $PWD"
	: >"$ktest_tmp/mark"
}
test_pass()
{
	[[ -e $ktest_tmp/mark && -t 1 && $NR_REBOOTS == 0 && $ktest_out == */out ]]
	sleep 1000 &
	setsid sh -c '(sleep 1000 &)'
	printf 'no newline'
}
test_status()
{
	local here=1
	(exit 7)
	echo not reached
}
test_signal() { kill -SEGV $$; sleep 10; }
test_skip() { : "$(ktest_skip "none" of them)"; echo not reached; }
test_time()
{
	set_watchdog 1
	printf 'waits without end of line'
	setsid sleep 1000
}
test_alone() { [[ -z ${here-} ]]; }
EOF
host_run --env ADDED=yes "$T/tree/t.ktest"
is 'verdicts: exit status' "$status" 1
is 'verdicts' "$(verdicts)" "pass=PASS status=FAIL(exit status) signal=FAIL(signal) skip=SKIP\
 time=FAIL(timeout) alone=PASS"
is 'verdicts: titles' "$(result '[.tests[] | (.title // "-")] | join("|")')" \
	'-|exit status 7|SIGSEGV|none of them|no end after 1 s|-'
is 'verdicts: no kernel, no accelerator' \
	"$(result '[.kernels, .host.accel, .host.qemu, .tests[0].kernel] | tojson')" '[[],null,null,null]'
is 'verdicts: where it ran' "$(result '[.tests[].guest] | unique | join(" ")')" host
like 'verdicts: the last line of the log' "$(tail -n 1 "$T/out/out/t.status/log")" \
	'^[0-9]{5} ========= FAILED status in [0-9]+s$'
is 'verdicts: status' "$(cat "$T/out/out/t.time/status")" '========= FAILED TIMEOUT time in 1s'
is 'verdicts: duration' "$(cat "$T/out/out/t.time/duration")" 1
is 'verdicts: a line is whole before ours' \
	"$(grep -cE '^[0-9]{5} (no newline|waits without end of line)$' "$T/out/out/t")" 2
is 'verdicts: nothing after the failure' "$(grep -c 'not reached' "$T/out/out/t")" 0
like 'verdicts: the line that failed is named' "$(cat "$T/out/out/t.status/log")" \
	't.ktest:[0-9]+: status 7'
is 'verdicts: hooks run once' "$(grep -c 'the hook in' "$T/out/out/t")" 1
is 'verdicts: the run log has all' "$(grep -c '========= TEST ' "$T/out/out/t")" 6
is 'verdicts: no link to a kernel or a VM' "$(ls "$T/out")" $'journal.jsonl\nout\nresults.json'
gone verdicts

host_run --resume "$T/tree/t.ktest"
is 'resumed: nothing left to do' "$(journal '[.[] | select(.ev == "start")] | length')" 6
gone resumed

host_run -F "$T/tree/t.ktest"
is '-F: verdicts' "$(verdicts)" \
	'pass=PASS status=FAIL(exit status) signal=NONE skip=NONE time=NONE alone=NONE'
gone '-F'

host_run --timeout 1 "$T/tree/t.ktest" alone
is '--timeout: exit status' "$status" 0
is '--timeout: one subtest' "$(verdicts)" 'alone=PASS'
gone '--timeout'

begin
host_file t <<'EOF'
case ${2-} in
zero) exit 0 ;;
three) exit 3 ;;
killed) kill -KILL $$ ;;
esac
test_zero() { :; }
test_three() { :; }
test_killed() { :; }
test_runs() { exit 0; }
EOF
host_run "$T/tree/t.ktest"
is 'ended before it began' "$status $(verdicts)" \
	'1 zero=ERROR(file) three=ERROR(file) killed=ERROR(file) runs=PASS'
is 'ended before it began: titles' "$(result '[.tests[] | (.title // "-")] | join("\n")')" \
	'the test file ended with exit status 0 before this subtest began
the test file ended with exit status 3 before this subtest began
the test file was killed by SIGKILL before this subtest began
-'
gone 'ended before it began'

# ---- what needs a VM

begin
host_file t <<'EOF'
test_reboot() { do_reboot; }
test_disk() { scratch_dev_unplug 0; }
test_user() { set_as_user; }
test_dmesg() { check_dmesg; }
test_faults() { enable_memory_faults; }
test_traces() { setup_tracing sched:sched_switch; }
EOF
host_run "$T/tree/t.ktest"
is 'calls: all fail' "$(result '[.tests[] | .verdict] | unique | join(" ")')" FAIL
is 'calls: each says why' "$(grep -c 'makes no sense without a VM (config-no-vm)' "$T/out/out/t")" 6
gone calls

for declaration in 'config-scratch-devs 1G' 'config-pmem-devs 1G' 'require-make src' \
	'require-kernel-module src'; do
	begin
	host_file t <<<"$declaration"$'\ntest_one() { :; }'
	host_run "$T/tree/t.ktest"
	is "$declaration: exit status" "$status" 125
	like "$declaration: it is named" "$(cat "$T/stderr")" "${declaration%% *}, which needs a VM"
	is "$declaration: nothing is left" "$(find "$T/out" 2>/dev/null)" ''
	gone "$declaration"
done

# ---- what it prints itself, and reports

begin
host_file t <<'EOF'
test_prints() { printf '%s\n' 'KTAP version 1' '1..2' 'ok 1 a' 'not ok 2 b'; }
test_fails() { false; }
EOF
host_run --junit "$T/junit.xml" --kcidb "$T/kcidb.json" "$T/tree/t.ktest"
is 'reports: exit status' "$status" 1
is 'reports: nested results' "$(result '[.tests[0].nested[] | .name + "=" + .verdict] | join(" ")')" 'a=PASS b=FAIL'
is 'reports: JUnit' "$(grep -c '<failure' "$T/junit.xml")" 1
is 'reports: KCIDB has no test without a build' \
	"$(jq -r '[.tests[] | select(.build_id == null)] | length' "$T/kcidb.json")" 0
is 'reports: KCIDB says where' "$(jq -r '[.tests[].environment.comment | select(.)] | unique[]' "$T/kcidb.json")" \
	'without a VM'
ktest report -o "$T/out"
is 'reports: HTML' "$status" 0
ktest history t
like 'reports: history' "$(cat "$T/stdout")" 'prints'
gone reports

# ---- hooks

begin
host_file t <<'EOF'
init_one() { false; }
test_one() { :; }
EOF
host_run "$T/tree/t.ktest"
is 'a hook fails' "$(verdicts)" '(init)=ERROR(init) one=MISS(init)'
gone 'a hook fails'

host_file t <<'EOF'
init_one() { set_watchdog 1; sleep 1000; }
test_one() { :; }
EOF
host_run "$T/tree/t.ktest"
is 'a hook hangs' "$(verdicts)" '(init)=ERROR(timeout) one=MISS(timeout)'
gone 'a hook hangs'

# ---- run in one go

begin
host_file t <<'EOF'
run_tests()
{
	run_test one
	run_test two || :
	run_test three
}
test_one() { sleep 1000 & echo "WATCHDOG 30"; }
test_two() { ktest_skip "not today"; }
test_three() { set_watchdog 1; sleep 1000; }
test_four() { :; }
EOF
host_run "$T/tree/t.ktest" one two three
is 'run_tests of its own' "$(verdicts)" 'one=PASS two=SKIP three=FAIL(timeout)'
gone 'run_tests of its own'

cat >"$T/tree/t.ktest" <<'EOF'
#!/bin/bash
case $1 in
deps) echo ktest_no_vm=1 ;;
list-tests) echo one two three four ;;
init) declare -F run_quiet >/dev/null ;;
run-tests)
	shift
	for t; do
		echo "========= TEST   $t"
		case $t in
		two) echo "WATCHDOG 1"; sleep 1000 ;;
		three) echo "========= FAILED three in 0s" ;;
		four) exit 3 ;;
		*) echo "========= PASSED $t in 0s" ;;
		esac
	done
esac
EOF
host_run "$T/tree/t.ktest"
is 'a library of its own' "$(verdicts)" \
	'one=PASS two=FAIL(timeout) three=FAIL(exit status) four=FAIL(lost)'
gone 'a library of its own'

cat >"$T/tree/t.ktest" <<'EOF'
#!/bin/bash
case $1 in
deps) printf '%s\n' ktest_no_vm=1 ktest_tests_unknown=1 ;;
esac
EOF
LIMIT=20 host_run "$T/tree/t.ktest"
is 'unknown subtests, and it has none: it ends' "$status" 0
sed -i 's/^esac/init) exit 3 ;;\n&/' "$T/tree/t.ktest"
LIMIT=20 host_run "$T/tree/t.ktest"
is 'unknown subtests, and its hooks fail: it ends' "$status $(verdicts)" '1 (init)=ERROR(init)'
gone 'unknown subtests, and it has none'

begin
declares ktest_mem=64 ktest_cpus=1 ktest_tests_unknown=1
sed -i 's,SUBTESTS,,' "$T/tree/t.ktest"
fake <<'EOF'
subtest *:
	exit 0
EOF
LIMIT=20 run
is 'unknown subtests, in a guest too' "$status" 0
gone 'unknown subtests, in a guest too'

# ---- beside files in VMs

begin
host_file h <<'EOF'
test_one() { echo on the host; }
EOF
fake <<'EOF'
subtest two:
	exit 1
EOF
run_files -- h.ktest t.ktest
is 'both: exit status' "$status" 1
is 'both' "$(file_verdicts)" 'h/one=PASS t/one=PASS t/two=FAIL(exit status) t/three=PASS'
is 'both: only a guest has a kernel' "$(result '[.tests[] | (.kernel // "-")] | join(" ")')" '- k1 k1 k1'
gone both

# ---- ended from outside

for signal in INT TERM KILL; do
	begin
	host_file t <<'EOF'
test_one() { :; }
test_two()
{
	setsid sh -c 'trap "" TERM INT HUP; sleep 1000; :' &
	echo two is here
	[[ -e $ktest_dir/go ]] || sleep 1000
}
EOF
	host_background "$T/tree/t.ktest"
	wait_for 'two is here' said 'two is here' || continue
	kill "-$signal" "$pid"
	await
	if [[ $signal == KILL ]]; then
		is "$signal: it is dead" "$status" 137
		no_process "$signal"
		continue
	fi
	is "$signal: exit status" "$status" 130
	is "$signal: verdicts" "$(verdicts)" 'one=PASS two=NONE'
	gone "$signal"
	: >"$T/tree/go"
	host_run --resume "$T/tree/t.ktest"
	is "$signal, resumed: verdicts" "$(verdicts)" 'one=PASS two=PASS'
	is "$signal, resumed: attempts" "$(result '[.tests[].attempt] | join(" ")')" '1 2'
	gone "$signal, resumed"
done

# ---- floods

begin
host_file t <<'EOF'
test_flood() { head -c 4M /dev/zero | tr '\0' 'x' | fold -w 99; echo the end; }
EOF
host_run --log-limit 64k "$T/tree/t.ktest"
is 'a flood: verdict' "$(verdicts)" 'flood=PASS'
at_most 'a flood: kept of it' "$(stat -c %s "$T/out/out/t.flood/log")" 80000
is 'a flood: its end' "$(grep -c 'the end' "$T/out/out/t.flood/log")" 1
gone 'a flood'

# Edited while it runs: of two files nobody knows which one a verdict is of.
begin
host_file t <<'EOF'
test_first() { sed -i 's/as at the start/edited/' "$ktest_dir/t.ktest"; }
test_second() { echo "as at the start"; }
EOF
host_run "$T/tree/t.ktest"
is 'edited: exit status' "$status" 125
is 'edited: verdicts' "$(verdicts)" 'first=PASS second=MISS(changed)'
gone edited
complete
