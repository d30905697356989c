#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that lays traps in the output directory, the one place where host and guest both write.
. "$(dirname "$0")/lib.sh"

begin
mkdir "$T/host"
echo untouched >"$T/host/victim"
echo "host only" >"$T/host/secret"
guest_file <<'END'
out=/ktest-out/out
victim=$ktest_host_dir/victim

# plant MAKER: at each name that the host is going to write for the next subtest
plant()
{
	local name
	for name in log status duration .tmp; do
		rm -rf "$out/t.$2/$name"
		"$1" "$out/t.$2/$name"
	done
}

link() { ln -s "$victim" "$1"; }
hard() { ln /ktest-out/out/t "$1"; }
fifo() { mkfifo "$1"; }
node() { mknod "$1" b 8 0; }
null() { mknod "$1" c 1 3; }
setuid() { cp /bin/bash "$1" && chown 0:0 "$1" && chmod 6755 "$1"; }
directory() { mkdir -p "$1/inner" && echo 'PASSED' >"$1/inner/file"; }
unreadable() { echo forged >"$1" && chmod 000 "$1"; }

test_01_links() { plant link 02; }
test_02() { plant hard 03; }
test_03() { plant fifo 04; }
test_04() { plant node 05; }
test_05() { plant null 06; }
test_06() { plant setuid 07; }
test_07() { plant directory 08; }
test_08() { plant unreadable 09; }
test_09() { rm -rf "$out/t.10"; }
test_10() { rm -rf "$out/t.11"; ln -s "$ktest_host_dir" "$out/t.11"; }
test_11() { rm -rf "$out/t.12"; echo file >"$out/t.12"; }
test_12() { rm -rf "$out/t.13"; mkfifo "$out/t.13"; }
test_13() { mv "$out/t.14" "$out/elsewhere"; }
test_14() { echo '14 was here'; rm -f "$out/t.14/log" "$out/t.14/status"; ln -s "$victim" "$out/t.14/status"; }

# Its own directory, while it runs
test_15() { mv "$out/t.15" "$out/t.15.gone"; ln -s "$ktest_host_dir" "$out/t.15"; }

test_16_top()
{
	local name
	for name in journal.jsonl .lock; do
		assert_fails rm -f "/ktest-out/$name"
		assert_fails mv "/ktest-out/$name" /ktest-out/moved
		assert_fails bash -c "echo forged >>/ktest-out/$name"
		assert_fails bash -c "ln -f /bin/true /ktest-out/$name"
	done
	for name in results.json vm kernel; do
		rm -rf "/ktest-out/$name" || :
		mkdir -p "/ktest-out/$name/inner" && echo forged >"/ktest-out/$name/inner/file"
	done
	ln -s "$victim" /ktest-out/results.json.tmp
	ln -s "$victim" /ktest-out/.results.json
}

test_17_out()
{
	rm -f "$out/t"
	ln -s "$victim" "$out/t"
	mv "$out" /ktest-out/out.moved || echo "out/ cannot be moved"
	mkdir "$out" && mkdir "$out/t.18" && echo forged >"$out/t.18/log" || :
	rm -rf /ktest-out/out.moved
}

test_18()
{
	echo "still here"
}
END
run --env "ktest_host_dir=$T/host"
all=$(grep -oE '^test_[a-z0-9_]+' "$T/tree/t.ktest" | sed 's/test_//' | tr '\n' ' ')
# shellcheck disable=SC2086
passed 'traps' $all
is 'exit 0' "$status" 0
is 'results.json is ours' "$(result '.tests | length')" 18
is 'the journal is whole' "$(journal 'map(.seq) == [range(length)] and (map(.ev) | last) == "finish"')" true
is 'nothing outside is written' "$(cat "$T/host/victim")" untouched
is 'nothing outside is added' "$(find "$T/host" -type f | sort | tr '\n' ' ')" \
	"$T/host/secret $T/host/victim "
is 'nothing outside is read' "$(grep -rl 'host only' "$T/out" | head)" ''
is 'no link, device, fifo or socket on the host' \
	"$(find "$T/out" ! -type f ! -type d ! -path "$T/out/vm" ! -path "$T/out/kernel" | head)" ''
is 'no set-id bit, nothing executable that a guest wrote' \
	"$(find "$T/out" -type f -perm /7111 | head)" ''
is 'nothing has two names' "$(find "$T/out" -type f -links +1 | grep -v 't\.03\|/out/t$' | head)" ''
bad=
for s in 02 03 04 05 06 07 08 09 10 11 12 13 14 18; do
	# 14 has removed its own: what it printed is in out/t
	[[ $s == 14 ]] || [[ -f $T/out/out/t.$s/log && ! -L $T/out/out/t.$s/log ]] || bad+=" $s/log"
	[[ $(cat "$T/out/out/t.$s/status" 2>&1) == '========= PASSED '$s' in '* ]] || bad+=" $s/status"
done
is 'the logs and states are ours' "$bad" ''
has 'and out/ is still the one' 18 'still here'
gone traps

# What such a run leaves is no trap for the next one either.
mkdir "$T/out/vm.old" "$T/out/gcov.0" && ln -s "$T/host" "$T/out/gcov.0/link"
guest_file <<<'test_again() { :; }'
run
is 'the next run: exit 0' "$status" 0
is 'the next run: out/ is replaced' "$(find "$T/out/out" -mindepth 1 -maxdepth 1 | sort | tr '\n' ' ')" \
	"$T/out/out/t $T/out/out/t.again "
is 'the next run: nothing outside is removed' "$(cat "$T/host/victim" "$T/host/secret" | tr '\n' ' ')" \
	'untouched host only '
gone 'the next run'
complete
