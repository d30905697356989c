#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The test files that come with ktest, each with its verdict, reason and exit status.
. "$(dirname "$0")/lib.sh"

begin
shipped success
is 'success: exit 0' "$status" 0
is 'success: passes' "$(verdicts)" 'success=PASS'
like 'success: says so in its last line' "$(tail -n 1 "$T/out/out/success.success/log")" \
	'^[0-9]{5} ========= PASSED success in [0-9]+s$'
like 'success: the kernel is recorded' "$(result '.kernels[0].release')" '^6\.1\.'
gone success

begin
shipped failure
is 'failure: exit 1' "$status" 1
is 'failure: fails by its status' "$(verdicts)" 'failure=FAIL(exit status)'
like 'failure: the line is named' "$(cat "$T/out/out/failure.failure/log")" \
	'failure.ktest:[0-9]+: .*false'
gone failure

begin
shipped crash
is 'crash: exit 1' "$status" 1
is 'crash: a panic' "$(verdicts)" 'crash=FAIL(panic)'
like 'crash: what the kernel said is the title' "$(result '.tests[0].title')" 'sysrq triggered crash'
like 'crash: and in the log' "$(cat "$T/out/out/crash.crash/log")" 'Kernel panic - not syncing'
gone crash

begin
shipped timeout --timeout 8
is 'timeout: exit 1' "$status" 1
is 'timeout: in time' "$(verdicts)" 'timeout=FAIL(timeout)'
like 'timeout: the line of the verdict says it' "$(cat "$T/out/out/timeout.timeout/status")" \
	'^========= FAILED TIMEOUT timeout in [0-9]+s$'
like 'timeout: what its tasks did is in the log' "$(cat "$T/out/out/timeout.timeout/log")" \
	'task:sleep '
gone timeout

begin
shipped skip
is 'skip: exit 0' "$status" 0
is 'skip: skips' "$(verdicts)" 'skip=SKIP'
is 'skip: says why' "$(result '.tests[0].title')" 'this subtest always skips'
gone skip

# A kernel bug is its subtest's, not the whole file's: the next one gets a guest of its own.
begin
shipped bugs
is 'bugs: exit 1' "$status" 1
is 'bugs: each for its reason' "$(verdicts)" \
	'warning=FAIL(warning) hung_task=FAIL(hang) soft_lockup=FAIL(hang) oops=FAIL(oops)'
for s in warning hung_task soft_lockup oops; do
	like "bugs: $s names the function" "$(of "$s" .title)" "ktest_bugs_$s"
done
is 'bugs: findings are recorded' "$(result '[.tests[].findings | length > 0] | all')" true
modules=("${XDG_CACHE_HOME:-$HOME/.cache}"/ktest/modules/*/module/ktest_bugs.ko)
newest=$(printf '%s\0' "${modules[@]}" | xargs -0 stat -c '%Y %n' | sort -n | tail -n 1 | cut -d ' ' -f 2-)
is 'bugs: its module names sources that are there' \
	"$(grep -aoE 'modules/[^/]+/module/ktest_bugs\.c' "$newest" | sort -u)" \
	"modules/$(basename "$(dirname "$(dirname "$newest")")")/module/ktest_bugs.c"
gone bugs

begin
shipped reboot
is 'reboot: exit 0' "$status" 0
is 'reboot: passes' "$(verdicts)" 'reboot=PASS after_reboot=PASS'
is 'reboot: twice' "$(journal 'map(select(.ev == "reboot")) | length')" 2
gone reboot

begin
run_args
ktest "${args[@]}" "$TREE/tests/demo.ktest" --mem 1G
is 'an option behind the test is a subtest it lacks' "$status" 129
shipped demo --mem 1G --cpus 2
is 'demo: exit 0' "$status" 0
is 'demo: four pass, one skips' "$(verdicts)" \
	'kernel=PASS ext4=PASS permissions=PASS background=PASS numa=SKIP'
gone demo
complete
