#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that runs, as other processes reach it: its control socket, streams, and what goes wrong.
. "$(dirname "$0")/lib.sh"

# A guest for its user, as $pid, until it is there.
boot_background()
{
	run_args
	args[0]=boot
	(
		export_environment
		exec "$KTEST" "${args[@]}"
	) >"$T/boot.out" 2>"$T/boot.err" </dev/null &
	pid=$!
	wait_for 'the guest stays' phase stay
}

# What it says is kept apart from what a run in the background says.
ps_json()
{
	(export_environment; exec "$KTEST" ps --json) >"$T/ps"
}

phase()
{
	ps_json
	[[ $(jq -r '.[-1].phase' "$T/ps") == "$1" ]]
}

# end NAME [STATUS]: the guest is ended, and its run with it.
end()
{
	ktest kill -o "$T/out"
	is "$1: kill" "$status" 0
	await
	is "$1: the run's exit status" "$status" "${2-0}"
	gone "$1"
}

begin
boot_background
modes=$(stat -c %a "$T/out/vm/host" "$T/out/vm/host/control")
is 'the socket is only its owner'\''s' "${modes//$'\n'/ }" '700 600'
ktest ps
like 'ps' "$(cat "$T/stdout")" "^$pid\.vm1 +stay .* boot .*$T/out\$"
ktest ps --json
is 'ps --json' "$(jq -r '.[0] | "\(.name) \(.pid) \(.arch)"' "$T/stdout")" "$pid.vm1 $pid x86_64"
is 'ps --json: numbers are numbers' "$(jq -c '.[0] | [.pid, .seconds | type]' "$T/stdout")" '["number","number"]'

run_args
ktest boot "${args[@]:1}"
is 'a second run there: refused, and no more is said' "$status $(lines_of "$T/stderr")" '125 1'

ktest mon -o "$T/out" info status
is 'mon: a command' "$status $(cat "$T/stdout")" '0 monitor: info status'
ktest mon --vm vm1 '{"execute": "query-status"}'
is 'mon: QMP' "$(jq -c .running "$T/stdout")" true
ktest mon --vm "$pid.vm1" '{"execute": "no-such"}'
is 'mon: refused' "$status" 125
like 'mon: why' "$(cat "$T/stderr")" 'refused: no-such'
ktest mon --vm "$(readlink "$T/out/vm")" '{"execute"'
like 'mon: no QMP' "$status $(cat "$T/stderr")" '125 .*no QMP command'
printf 'info one\n\ninfo two\n' >"$T/lines"
(export_environment; "$KTEST" mon -o "$T/out" <"$T/lines" >"$T/stdout")
is 'mon: lines' "$(tr '\n' ' ' <"$T/stdout")" 'monitor: info one monitor: info two '

ktest sysrq -o "$T/out" t
is 'sysrq' "$status" 0
task_shown() { grep -qa 'task:' "$T/out/out/boot"; }
wait_for 'the answer to sysrq t' task_shown && pass 'sysrq: the guest answers'
for key in '' tt ' ' $'\n' é; do
	ktest sysrq -o "$T/out" "$key"
	like "sysrq $(printf %q "$key"): none" "$status $(cat "$T/stderr")" '^129 ktest: sysrq takes one key'
done
ktest sysrq -o "$T/out"
is 'sysrq: no key' "$status" 129

# A root without sshd: by the agent alone. What the fake is sent comes back.
head -c 700000 /dev/urandom >"$T/data"
(export_environment; "$KTEST" ssh -o "$T/out" cat <"$T/data" >"$T/back" 2>"$T/stderr")
is 'a stream: exit status' $? 0
cmp "$T/data" "$T/back"
is 'a stream: every byte comes back' $? 0
like 'a stream: says that it is no ssh' "$(cat "$T/stderr")" "no sshd: a shell by ktest's agent"
head -c 300000 /dev/zero >"$T/data"
(export_environment; "$KTEST" ssh -o "$T/out" cat <"$T/data" >"$T/back" 2>"$T/stderr")
cmp "$T/data" "$T/back"
is 'a stream: zeros too' $? 0
ktest ssh -o "$T/out" exit 42
is 'a stream: exit status 42' "$status" 42
(export_environment; "$KTEST" ssh -o "$T/out" cat <"$T/data" 2>/dev/null | head -c 1 | wc -c) >"$T/stdout"
is 'a reader that leaves' "$(cat "$T/stdout")" 1
ktest ssh -o "$T/out" exit 0
is 'and the guest does not mind' "$status" 0

mkdir -p "$T/path"
(export_environment; exec env PATH="$T/path" "$KTEST" gdb -o "$T/out") >"$T/stdout" 2>"$T/stderr"
status=$?
like 'no gdb' "$status $(cat "$T/stderr")" '125 ktest: no gdb here; install it'
ktest kgdb -o "$T/out" -- --version
is 'kgdb: the kernel says nothing of it, so it is tried' "$(grep -c 'no kgdb' "$T/stderr")" 0
end 'a guest that stays'
is 'nothing is listed any more' "$(ls -A "$T/home/.cache/ktest/guests")" ''

# Which one
begin
boot_background
first=$pid
out=$T/out
mkdir "$T/second"
run_args
args=(boot "${args[@]:1}" -o "$T/second/out")
(export_environment; exec "$KTEST" "${args[@]}") >/dev/null 2>&1 </dev/null &
second=$!
both() { ps_json; [[ $(jq -r '[.[] | select(.phase == "stay")] | length' "$T/ps") == 2 ]]; }
wait_for 'two guests' both
cd "$T" || exit 2
mv "$T/out" "$T/other-out"
ktest mon info status
is 'two guests and none named' "$status" 129
like 'two guests: they are listed' "$(cat "$T/stderr")" \
	"2 guests run; name one with --vm: ($first.vm1 $second.vm1|$second.vm1 $first.vm1)"
ktest mon --vm vm1 info status
is 'a name that both have' "$status" 129
ktest mon --vm "$second.vm1" info status
is 'named' "$status" 0
ktest mon --vm nobody info status
like 'an unknown one' "$status $(cat "$T/stderr")" "^129 ktest: no guest is called 'nobody'; there are: "
ktest kill -o "$T/typo"
is 'the output of no run: nobody is meant' "$status $(cat "$T/stderr")" \
	"125 ktest: no guest runs with the output $T/typo; 'ktest ps' lists those that run"
ktest mon --vm ./nowhere info status
like 'a directory that is none' "$status $(cat "$T/stderr")" '^125 ktest: \./nowhere: no guest answers there'
mv "$T/other-out" "$out"
cd "$T/second" || exit 2
ln -s out ktest-out
ktest kill
is 'the one of the directory' "$status" 0
pid=$second
await
kill -0 $first
is 'the other one is still there' $? 0
cd / && cd / || exit 2 # $OLDPWD would make leftovers of our own children
# Whoever runs it is killed: its socket is there and nobody listens.
dir=$(readlink "$T/out/vm")
kill -KILL $first
wait $first 2>/dev/null
ktest ssh -o "$T/out" true
like 'a dead socket' "$status $(cat "$T/stderr")" '^125 ktest: no guest runs'
ktest mon --vm "$dir" info status
like 'a dead socket by its directory' "$status $(cat "$T/stderr")" '^125 .*no guest answers there'
no_process 'a dead socket'

# Whoever runs it does not answer.
begin
boot_background
kill -STOP $pid
ktest mon -o "$T/out" info status
like 'stopped: mon' "$status $(cat "$T/stderr")" '^125 ktest: whoever runs the guest does not answer'
kill -CONT $pid
end 'stopped'

# How the guest's half fails
for what in silent refuse flood bad; do
	begin
	printf 'config:\nstream %s\n' $what | fake
	boot_background
	: >"$T/out/vm/host/no-sshd"
	ktest ssh -o "$T/out" true
	is "$what: exit status" "$status" 125
	case $what in
	silent) want='the guest does not answer' ;;
	refuse) want='open: no such program here' ;;
	*) want="the guest's agent sent more than was asked for" ;;
	esac
	like "$what: why" "$(cat "$T/stderr")" "^ktest: $want\$"
	ktest mon -o "$T/out" info status
	is "$what: the rest works" "$status" 0
	end $what
done

begin
printf 'config:\nstream die\n' | fake
boot_background
: >"$T/out/vm/host/no-sshd"
ktest ssh -o "$T/out" true
like 'QEMU dies' "$status $(cat "$T/stderr")" '^125 ktest: the guest has ended'
await
is 'QEMU dies: the run ends' "$status" 0
gone 'QEMU dies'

# QEMU is killed while nobody asks anything.
begin
boot_background
kill -KILL "$(pgrep -f "qemu-system-x86_64.*$(readlink "$T/out/vm")" | tail -n 1)"
await
like 'QEMU is killed: it is said' "$(cat "$T/boot.err")" 'the guest has ended: (killed by SIGKILL|exit status 137)'
gone 'QEMU is killed'

begin
printf 'boot:\n\thello version=1 caps=exec release=6.1 arch=x86_64 boot_id=1 uptime_ns=1\n' | fake
boot_background
: >"$T/out/vm/host/no-sshd"
ktest ssh -o "$T/out" true
like 'an older agent' "$status $(cat "$T/stderr")" "^125 ktest: the guest's agent knows no streams"
end 'an older agent'

# A panic in an interactive run: the guest stays to be looked at, the rest is not run.
begin
printf 'subtest one:\n\tprint hello\n\tpanic\n' | fake
run_background -I
wait_for 'it stays' phase dead
: >"$T/out/vm/host/no-sshd"
ktest ssh -o "$T/out" true
like 'panic: no shell' "$status $(cat "$T/stderr")" '^125 .*the guest is stopped'
ktest mon -o "$T/out" info registers
is 'panic: the monitor works' "$status" 0
ktest kill -o "$T/out"
await
is 'panic: exit status' "$status" 1
is 'panic: verdicts' "$(verdicts)" 'one=FAIL(panic) two=NONE three=NONE'
gone panic

# No time limit counts for it.
begin
printf 'subtest one:\n\tsleep 3000\n\texit 0\nsubtest *:\n\texit 0\n' | fake
run_background -I --timeout 1
wait_for 'it stays' phase stay
ktest kill -o "$T/out"
await
is 'interactive: no timeout' "$(verdicts)" 'one=PASS two=PASS three=PASS'
gone 'interactive: no timeout'

# Nor where the file's own library tells of its subtests.
begin
declares ktest_mem=64 ktest_cpus=1 ktest_timeout=1
sed -i 's/SUBTESTS/one two/' "$T/tree/t.ktest"
fake <<'EOF'
subtest one:
	print ========= TEST   one
	print WATCHDOG 1
	sleep 3000
	print ========= PASSED one in 3s
	exit 0
EOF
run_background -I --timeout 1 -F
wait_for 'it stays' phase stay
ktest kill -o "$T/out"
await
is 'own library: no timeout' "$(result '.tests[0].verdict')" PASS
gone 'own library: no timeout'

# An init hook that fails leaves a guest with a shell.
begin
printf 'init:\n\texit 3\n' | fake
run_background -I
wait_for 'it stays' phase stay
ktest ssh -o "$T/out" exit 6
is 'init fails: a shell' "$status" 6
ktest kill -o "$T/out"
await
is 'init fails: verdicts' "$(verdicts)" \
	'(init)=ERROR(init) one=MISS(init) two=MISS(init) three=MISS(init)'
gone 'init fails'

# An ordinary run can be reached, too, and ended.
begin
fake <<'EOF'
subtest one:
	print it runs
subtest *:
	exit 0
EOF
run_background
wait_for 'the subtest' said 'it runs'
(export_environment; exec "$KTEST" ps) >"$T/ps"
like 'a run: ps' "$(cat "$T/ps")" ' run .* t one '
ktest ssh -o "$T/out" exit 5
is 'a run: ssh' "$status" 5
ktest kill -o "$T/out"
await
is 'a run: killed' "$(verdicts)" 'one=MISS(lost) two=PASS three=PASS'
gone 'a run'

begin
ktest ssh true
like 'no guest at all' "$status $(cat "$T/stderr")" "^125 ktest: no guest runs; 'ktest boot' starts one"
ktest console
like 'console without a terminal' "$status $(cat "$T/stderr")" '^129 ktest: console: needs a terminal'
ktest boot "$T/tree/t.ktest"
like 'boot takes no test' "$status $(cat "$T/stderr")" '^129 ktest: boot: unexpected .*run -I TEST'
ktest ps
is 'ps without guests' "$status $(cat "$T/stdout")" '0 '
complete
