#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# testy runs what it chose: programs, test files in the fake QEMU; what it shows, how it ends.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/testy.sh"

# only LINE...: the lists of the tree are these lines.
only()
{
	tree
	rm "$T/linux/fs/tests.testy" "$T/linux/fs/deep/down/tests.testy"
	printf '%s\n' "$@" >"$T/linux/tests.testy"
}

log_of() { cat "$T/linux/testy-out/out/$1.log"; }
summary() { tail -n 1 "$T/stdout"; }

# ---- programs

only '0 x ../tests/good.sh' '0 x ../tests/xfs.sh'
program good.sh <<'EOS'
echo "to stdout"
echo "to stderr" >&2
echo "$ktest_priority $ktest_out"
echo x >"$ktest_out/left"
EOS
testy -p 3 x
is 'both pass: exit status' "$status" 0
is 'both pass: a line each, and one in all' "$(lines_of "$T/stdout")" 3
like 'both pass: its line' "$(head -n 1 "$T/stdout")" \
	"^PASS +[0-9.]+s  $T/tests/good.sh  \($T/linux/tests.testy:1 for x\)\$"
is 'both pass: in all' "$(summary)" '2 tests: 2 PASS'
is 'both pass: nothing on stderr' "$(cat "$T/stderr")" ''
is 'a log' "$(log_of good.sh)" "to stdout
to stderr
3 $T/linux/testy-out/out/good.sh"
is 'what it wrote is below the output directory' "$(cat "$T/linux/testy-out/out/good.sh/left")" x
gone 'both pass'

program bad.sh <<'EOS'
echo first
seq 2000
printf 'it is \033[31mred\033[0m, no newline'
exit 3
EOS
echo '0 x ../tests/bad.sh' >>"$T/linux/tests.testy"
testy x
is 'one fails: exit status' "$status" 1
like 'one fails: its line' "$(head -n 1 "$T/stdout")" "^FAIL +[0-9.]+s  $T/tests/bad.sh: exit status 3  \("
is 'one fails: its whole log' "$(sed -n '/^first$/,/^----$/p' "$T/stdout" | wc -l)" 2003
is 'one fails: harmless for a terminal' "$(grep -c 'it is ^\[\[31mred^\[\[0m, no newline$' "$T/stdout")" 1
is 'one fails: not that of those that pass' "$(grep -c 'to stdout' "$T/stdout")" 0
is 'one fails: in all' "$(summary)" '3 tests: 2 PASS, 1 FAIL'
sed -i 2d "$T/linux/tests.testy"
testy x
is 'the last run is replaced' "$(cd "$T/linux/testy-out/out" && echo *)" 'bad.sh bad.sh.log good.sh good.sh.log'
gone 'one fails'

printf '0 y ../tests/%s\n' cannot.sh good.sh >>"$T/linux/tests.testy"
program cannot.sh <<<'exit 125'
testy y
is 'one has no verdict: exit status' "$status" 125
is 'one has no verdict: in all' "$(summary)" '2 tests: 1 PASS, 1 MISS'
testy x y
is 'and one fails: exit status' "$status" 1
echo '#!/nowhere/at/all' >"$T/tests/cannot.sh"
testy y
is 'one cannot be started: exit status' "$status" 125
like 'one cannot be started: why' "$(cat "$T/stdout")" 'cannot start .*cannot.sh: No such file'
gone 'one cannot be started'

only '0 x ../tests/killed.sh'
program killed.sh <<<'kill -SEGV $$'
testy x
is 'killed: exit status' "$status" 1
like 'killed: its line' "$(cat "$T/stdout")" 'FAIL .*: killed by SIGSEGV'

# What a program leaves running goes with it.
only '0 x ../tests/daemon.sh'
program daemon.sh <<'EOS'
setsid sleep 1000 &
(setsid sleep 1000 >/dev/null 2>&1 </dev/null &)
echo done
EOS
testy x
is 'it leaves processes: exit status' "$status" 0
gone 'it leaves processes'

# -j: each waits for the other.
only '0 x ../tests/one.sh' '0 x ../tests/two.sh'
for i in 'one two' 'two one'; do
	program "${i% *}.sh" <<-EOS
		touch '$T/${i% *}'
		for ((i = 0; i < 1000; i++)); do
			[[ ! -e '$T/${i#* }' ]] || exit 0
			sleep 0.05
		done
		exit 1
	EOS
done
testy -j 2 x
is '-j 2: at the same time' "$status" 0
gone '-j 2'

# ---- output directory

only '0 x ../tests/xfs.sh'
testy -o "$T/mine" x
is '-o: exit status' "$status" 0
is '-o: written there' "$(cat "$T/mine/out/xfs.sh.log")" 'this is xfs.sh'
testy -n
is 'the output is no change' "$(chosen)" ''
mkdir -p "$T/theirs/out"
echo precious >"$T/theirs/out/file"
testy -o "$T/theirs" x
is 'an out/ of others: exit status' "$status" 129
is 'an out/ of others: left alone' "$(cat "$T/theirs/out/file")" precious
program xfs.sh <<<"touch '$T/started'; sleep 1000"
testy_background -o "$T/mine" x
wait_for 'the test' test -e "$T/started"
first=$pid
testy -o "$T/mine" x
is 'two at a time in one: the second is refused' "$status" 125
like 'two at a time in one: told who holds it' "$(cat "$T/stderr")" "in use by process $first"
kill -TERM "$first"
pid=$first
await
is 'the first: exit status' "$status" 130
gone 'the first'

# ---- ending

for signal in INT TERM HUP KILL; do
	only '0 x ../tests/slow.sh' '0 x ../tests/zzz.sh'
	program zzz.sh <<<"touch '$T/ran'"
	program slow.sh <<-EOS
		trap '' INT TERM HUP
		(trap '' TERM; setsid sleep 1000) &
		touch '$T/started'
		while :; do sleep 1000; done
	EOS
	testy_background x
	wait_for 'the test' test -e "$T/started"
	kill "-$signal" "$pid"
	await
	if [[ $signal == KILL ]]; then
		is "SIG$signal: it is dead" "$status" 137
	else
		is "SIG$signal: exit status" "$status" 130
		is "SIG$signal: in all" "$(summary)" '2 tests: 1 MISS, 1 not run'
		is "SIG$signal: what was to come is not started" "$([[ -e $T/ran ]] && echo ran)" ''
	fi
	gone "SIG$signal"
done

# ---- test files, by ktest

only '0 x ../tree/t.ktest' '0 x ../tests/xfs.sh'
fake <<'EOS'
subtest two:
	print this is number two
	exit 1
EOS
testy -k "$T/kernel" x
is 'a test file fails: exit status' "$status" 1
like 'a test file fails: its line' "$(cat "$T/stdout")" \
	"FAIL +[0-9.]+s  $T/tree/t.ktest: 1 failed of 3 subtests  \("
like 'a test file fails: its log' "$(cat "$T/stdout")" 'this is number two'
is 'a test file fails: in all' "$(summary)" '2 tests: 1 PASS, 1 FAIL'
is 'a test file fails: ktest has its directory' \
	"$(jq -r '[.tests[].verdict] | join(" ")' "$T/linux/testy-out/out/t/results.json")" 'PASS FAIL PASS'
gone 'a test file fails'

fake </dev/null
testy -k "$T/kernel" x
is 'a test file passes: exit status' "$status" 0
is 'a test file passes: a line each' "$(lines_of "$T/stdout")" 3
gone 'a test file passes'

testy -k "$T/nowhere" x
is 'no such kernel: exit status' "$status" 125
like 'no such kernel: the reason is shown' "$(cat "$T/stdout")" "$T/nowhere"
gone 'no such kernel'

fake <<'EOS'
subtest one:
	print one is here
	sleep 100000
EOS
testy_background -k "$T/kernel" x
here() { grep -qs 'one is here' "$T/linux/testy-out/out/t.log"; }
wait_for 'one is here' here
kill -INT "$pid"
await
is 'SIGINT in a guest: exit status' "$status" 130
is 'SIGINT in a guest: ktest has written its results' \
	"$(jq -r .run.exit "$T/linux/testy-out/out/t/results.json")" 130
gone 'SIGINT in a guest'

# In a kernel's source, test files are for build-test-kernel, once for all that agree.
only '0 x ../tree/t.ktest' '0 x ../tree/u.ktest' '0 x ../tests/xfs.sh'
cp "$T/tree/t.ktest" "$T/tree/u.ktest"
kernel_tree
touch "$T/linux/x"
testy -x x
like 'a kernel tree: one build for both' "$(cat "$T/stderr")" \
	"starting build-test-kernel run -o $T/linux/testy-out/kernel-[0-9a-f]{8} -k $T/linux $T/tree/t.ktest $T/tree/u.ktest"
is 'a kernel tree: what they have in common is shown once' \
	"$(grep -c "^---- .*/kernel-[0-9a-f]*.log" "$T/stdout"):$(grep -c '^----$' "$T/stdout")" 2:1
testy -x -k "$T/kernel" x
is 'a kernel tree, and another kernel: nothing is built' \
	"$(grep -c build-test-kernel "$T/stderr"):$(grep -c "ktest run .* -k $T/kernel " "$T/stderr")" 0:2
gone 'a kernel tree'
complete
