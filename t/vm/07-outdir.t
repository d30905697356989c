#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a guest writes lies in a tree of its own: the record of a run is out of its reach, in every mode,
# and what it leaves comes to lie beside it.
. "$(dirname "$0")/lib.sh"
. "$TREE/t/cli/no-bwrap.sh"

# traps: a guest that lays them at every name that the host writes
traps()
{
	mkdir "$T/host"
	echo untouched >"$T/host/victim"
	echo "host only" >"$T/host/secret"
	guest_file <<'END'
out=/ktest-out/out
victim=$ktest_host_dir/victim

# plant MAKER NAME: at each name that the host writes for a subtest
plant()
{
	local name
	for name in log status duration .tmp attempt.1 finding.1; do
		rm -rf "$out/t.$2/$name"
		"$1" "$out/t.$2/$name"
	done
}

link() { ln -s "$victim" "$1"; }
hard() { echo hard >"$out/hard" && ln "$out/hard" "$1"; }
fifo() { mkfifo "$1"; }
node() { mknod "$1" b 8 0; }
null() { mknod "$1" c 1 3; }
setuid() { cp /bin/bash "$1" && chown 0:0 "$1" && chmod 6755 "$1"; }
directory() { mkdir -p "$1/inner" && echo 'PASSED' >"$1/inner/file"; }
unreadable() { echo forged >"$1" && chmod 000 "$1"; }

test_01()
{
	[[ $(ls -A /ktest-out) == out && $(ls -A "$out") == t.01 && ! $(ls -A "$out/t.01") ]]
	echo left >"$out/t.01/left"
	plant directory 01
}
test_02() { plant link 02; [[ ! $(ls -A "$out/t.01") ]]; }
test_03() { plant hard 03; }
test_04() { plant fifo 04; }
test_05() { plant node 05; }
test_06() { plant null 06; }
test_07() { plant setuid 07; }
test_08() { plant unreadable 08; }
# of one that has ended
test_09() { mkdir -p "$out/t.01"; echo 'PASSED forged' | tee "$out/t.01/status" >"$out/t.01/log"; }
# of one that is to come
test_10() { mkdir "$out/t.11"; plant directory 11; }
test_11() { rm -rf "$out/t.12"; ln -s "$ktest_host_dir" "$out/t.12"; }
test_12() { mkfifo "$out/t.13"; }
test_13() { [[ -d $out/t.13 ]]; rm -rf "$out"; }
test_14() { [[ -d $out/t.14 ]]; rm -rf "$out"; echo file >"$out"; }
test_15() { [[ -d $out/t.15 ]]; mv "$out" /ktest-out/away; ln -s "$ktest_host_dir" "$out"; }
test_16() { mv "$out/t.16" "$out/t.16.gone"; ln -s "$ktest_host_dir" "$out/t.16"; }

test_17_top()
{
	local name
	for name in journal.jsonl .lock .left results.json report.html vm kernel kernel_build.x86_64 gcov.0 guests; do
		[[ ! -e /ktest-out/$name && ! -L /ktest-out/$name ]]
		mkdir -p "/ktest-out/$name/inner" && echo forged >"/ktest-out/$name/inner/file"
	done
	echo forged >/ktest-out/vm/ssh_config
	ln -s "$victim" /ktest-out/results.json.tmp
	echo kept >/ktest-out/data
}

# Nor from above its top
test_18_mounts()
{
	local dir from
	dir=$(readlink /ktest-out)
	umount -l "$dir"
	for from in / /.. /../..; do
		mount -t 9p -o "trans=virtio,version=9p2000.L,cache=none,aname=$from" ktest-out "$dir"
		ls -lAR "$dir" "$dir/.." | grep -E '\.lock|seq|vm1|ssh_config$' | grep -v 'host\|inner' || :
		[[ ! -e $dir/guests/vm1 && ! -e $dir/../vm1 ]]
		umount "$dir"
	done
	mount -t 9p -o trans=virtio,version=9p2000.L,cache=none ktest-out "$dir"
}

test_19_reads()
{
	grep -rl 'host only' "$ktest_dir" /ktest-out || :
	ls -A /ktest/.git || :
	! grep -rqs 'of the repository' /ktest/.git
}
END
	git -C "$T/tree" init -q
	echo 'of the repository' >"$T/tree/.git/secret"
}

names="01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17_top 18_mounts 19_reads"

# check HOW
check()
{
	local bad s
	# shellcheck disable=SC2086
	passed "$1" $names
	is "$1: exit 0" "$status" 0
	is "$1: results.json is ours" "$(result '.tests | length')" 19
	is "$1: the journal is whole" "$(journal 'map(.seq) == [range(length)] and (map(.ev) | last) == "finish"')" true
	is "$1: nothing outside is written" "$(cat "$T/host/victim")" untouched
	is "$1: nothing outside is added" "$(find "$T/host" -type f | sort | tr '\n' ' ')" \
		"$T/host/secret $T/host/victim "
	is "$1: nothing outside is read" "$(grep -rl 'host only' "$T/out" | head)" ''
	is "$1: no link, device, fifo or socket on the host" \
		"$(find "$T/out" ! -type f ! -type d ! -path "$T/out/kernel" | head)" ''
	is "$1: no set-id bit, nothing executable that a guest wrote" \
		"$(find "$T/out" -type f -perm /7111 | head)" ''
	bad=
	for s in $names; do
		[[ $(tail -n 1 "$T/out/out/t.$s/log" | cut -d' ' -f2-) == '========= PASSED '$s' in '* ]] || bad+=" $s/log"
		[[ $(cat "$T/out/out/t.$s/status" 2>&1) == '========= PASSED '$s' in '* ]] || bad+=" $s/status"
	done
	is "$1: the logs and states are ours" "$bad" ''
	is "$1: what a subtest left is beside its log" "$(cat "$T/out/out/t.01/left")" left
	is "$1: under other names where they are ours" \
		"$(cd "$T/out/out/t.01" && echo .tmp* attempt* duration* finding* log* status*)" \
		'.tmp.test attempt.1.test duration duration.test finding.1.test log log.test status status.test'
	is "$1: the rest is where it would be" "$(cat "$T/out/data")" kept
	is "$1: also under another name" "$(cat "$T/out/"{journal.jsonl,.lock,kernel_build.x86_64,vm}.vm1/inner/file |
		sort | uniq -c | xargs)" '4 forged'
	is "$1: no kernel, no guest is planted" \
		"$(find "$T/out" -maxdepth 1 \( -name vm -o -name 'kernel_build.*' -o -name guests -o -name 'gcov.*' \) \
			-printf '%f\n' | sort | xargs)" \
		'gcov.0.vm1 kernel_build.x86_64.vm1'
	gone "$1"
}

begin
traps
mkdir -p "$T/out" && : >"$T/out/.lock" && echo before >"$T/out/before"
run --env "ktest_host_dir=$T/host"
check traps

# What such a run leaves is no trap for the next one either.
mkdir "$T/out/gcov.0" && ln -s "$T/host" "$T/out/gcov.0/link"
guest_file <<<'test_again() { :; }'
run
is 'the next run: exit 0' "$status" 0
is 'the next run: all is replaced that runs left' "$(find "$T/out" -mindepth 1 -maxdepth 2 ! -path "$T/out/kernel" |
	sort | cut -c $((${#T} + 6))- | xargs)" '.lock before journal.jsonl out out/t out/t.again results.json'
is 'the next run: nothing outside is removed' "$(cat "$T/host/victim" "$T/host/secret" | tr '\n' ' ')" \
	'untouched host only '
gone 'the next run'

# The same where nothing can be mounted over anything.
begin
traps
without_bwrap
"$TREE/t/bench/mkroot" "$T/root.img"
guest=(--root "$T/root.img")
run --env "ktest_host_dir=$T/host"
check 'no bubblewrap'
guest_file <<'END'
test_tree()
{
	[[ -x /ktest/tool && $(</ktest/data) == content && -L /ktest/link && ! -e /ktest/ktest-out ]]
	assert_fails_with "Read-only" touch /ktest/data
}
END
echo content >"$T/tree/data"
ln -s data "$T/tree/link"
install -m 755 /dev/null "$T/tree/tool"
head -c 80M /dev/urandom >"$T/tree/large"
run
passed 'no bubblewrap: the whole tree, however large' tree
copies() { find "$STORE/.cache/ktest/packs" -path '*/tree/large' | wc -l; }
is 'no bubblewrap: as a copy that is kept' "$(copies)" "$(run; copies)"
gone 'no bubblewrap: the tree'
with_bwrap

# A guest each: both leave a file of the same name.
begin
guest_file <<'END'
test_a() { echo a >/ktest-out/data; echo a >/ktest-out/out/t.a/own; }
test_b() { [[ ! -e /ktest-out/data ]]; echo b >/ktest-out/data; }
END
ISOLATION=boot
run
passed 'two guests' a b
is 'two guests: both files are there' "$(cat "$T/out/data" "$T/out/data.vm2" | xargs)" 'a b'
like 'two guests: it is said' "$(<"$T/stderr")" '/out/data.vm2 is what vm2 left as data'
is 'two guests: beside the log' "$(cat "$T/out/out/t.a/own")" a
ISOLATION=shared

# Stopped in the middle: what there is by then is not lost.
begin
guest_file <<'END'
test_done() { echo 1 >/ktest-out/out/t.done/own; echo 2 >/ktest-out/data; }
test_half() { echo 3 >/ktest-out/out/t.half/own; sleep 300; }
END
run_background
wait_for 'half of it' test -s "$T/out/guests/vm1/out/t.half/own"
is 'while it runs its tree is there' "$(cat "$T/out/guests/vm1/data")" 2
kill -KILL "$pid"
await
is 'killed: it is where it was' "$(cat "$T/out/guests/vm1/data" "$T/out/out/t.done/own" | xargs)" '2 1'
run_background --resume
wait_for 'the first half in its place' test -s "$T/out/out/t.half/attempt.1/own"
wait_for 'the second half' test -s "$T/out/guests/vm1/out/t.half/own"
kill -INT "$pid"
await
is 'gone on: each attempt has its own' \
	"$(cat "$T/out/out/t.half/attempt.1/own" "$T/out/out/t.half/own" | xargs)" '3 3'
is 'gone on: the rest is where it would be' "$(cat "$T/out/data")" 2
gone 'gone on'
complete
