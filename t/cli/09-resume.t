#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --resume goes on where a run was cut off.
. "$(dirname "$0")/lib.sh"

starts() { journal "[.[] | select(.ev == \"start\" and .subtest == \"$1\")] | length"; }

begin
fake <<'EOF'
subtest one:
	exit 1
subtest two:
	print two is here
EOF
run_background
wait_for 'two is here' said 'two is here'
kill -KILL "$pid"
await
no_process 'cut off'
printf '{"t_ns":1,"seq":99,"ev":"en' >>"$T/out/journal.jsonl"
is 'a torn last line is legal' "$(ktest results "$T/out" && echo "$status")" 0
fake <<'EOF'
subtest one:
	print one ran again
	exit 0
EOF
run --resume
is 'resumed: exit status' "$status" 1
is 'resumed: verdicts' "$(result '[.tests[].verdict] | join(" ")')" 'FAIL PASS PASS'
is 'resumed: what has a verdict is not run again' "$(starts one)" 1
is 'resumed: what was cut off is' "$(starts two)" 2
is 'resumed: the journal says so' "$(journal '[.[] | select(.ev == "resume")] | length')" 1
is 'resumed: every line is whole' "$(grep -vc '^{.*}$' "$T/out/journal.jsonl")" 0
is 'resumed: what the first attempt said is kept' \
	"$(grep -c 'two is here' "$T/out/out/t.two/attempt.1/log")" 1
is 'resumed: the second attempt has a log of its own' \
	"$(grep -c 'two is here' "$T/out/out/t.two/log")" 0
is 'resumed: attempts' "$(result '[.tests[].attempt] | join(" ")')" '1 2 1'
is 'resumed: seq goes on' \
	"$(journal '[.[].seq] | . == sort and (unique | length) == length')" true
gone resumed

run --resume
is 'nothing left to do: exit status' "$status" 1
is 'nothing left to do: nothing done' "$(starts three)" 1
gone 'nothing left to do'

# Subtests that are not named count as they are: a run is whole or it is not.
cut_off()
{
	begin
	fake <<-EOF
		subtest one:
			exit $1
		subtest two:
			print two is here
	EOF
	run_background
	wait_for 'two is here' said 'two is here'
	kill -INT "$pid"
	await
}
cut_off 1
run --resume -- three
is 'one of three: an earlier one failed' "$status $(verdicts)" \
	'1 one=FAIL(exit status) two=NONE three=PASS'
cut_off 0
run --resume -- three
is 'one of three: one was cut off' "$status $(verdicts)" '125 one=PASS two=NONE three=PASS'
fake <<'EOF'
subtest two:
	exit 0
EOF
run --resume
is 'one of three, and then all' "$status $(verdicts)" '0 one=PASS two=PASS three=PASS'
gone 'one of three'

begin
run --resume
is 'nothing to resume: exit status' "$status" 125
like 'nothing to resume: it is said' "$(cat "$T/stderr")" 'resume|journal'
gone 'nothing to resume'

begin
mkdir "$T/out"
echo 'not a journal' >"$T/out/journal.jsonl"
run --resume
is 'not a journal: exit status' "$status" 125
like 'not a journal: it is named' "$(cat "$T/stderr")" 'journal.jsonl'
is 'not a journal: it is left alone' "$(cat "$T/out/journal.jsonl")" 'not a journal'
gone 'not a journal'

# ---- only with the files that it began with

# All of the output directory but its lock, which names who held it last.
state()
{
	(cd "$T/out" && find . ! -name .lock -printf '%p %T@ ' \( -type f -exec cksum {} \; -o -print \) | sort)
}

# refused NAME WHAT [OPTION...]: a run cannot go on, by WHAT. Nothing is touched.
refused()
{
	local before
	before=$(state)
	run --resume "${@:3}"
	is "$1: exit status" "$status" 125
	is "$1: it is named, and the way out" "$(cat "$T/stderr")" \
		"ktest: cannot resume: $2, or start a new run without --resume"
	is "$1: nothing is touched" "$(state)" "$before"
}

goes_on()
{
	run --resume
	is "$1: it goes on" "$status $(verdicts)" '0 one=PASS two=PASS three=PASS'
}

change()
{
	cp -p "$1" "$T/was"
	echo '#' >>"$1"
}

put_back() { cp -p "$T/was" "$1"; }

begin
mkdir -p "$T/inst/bin" "$T/kernel/lib/modules/6.1.0-fake/kernel"
cp "$KTEST" "$T/inst/bin/ktest"
cp -R "$TREE/lib" "$TREE/tests" "$TREE/libexec" "$T/inst"
before=$KTEST
KTEST=$T/inst/bin/ktest
modules=$T/kernel/lib/modules/6.1.0-fake
printf 'kernel/%s.ko\n' virtio_{pci,console,blk,net} 9p 9pnet_virtio overlay ext4 >"$modules/modules.builtin"
PATH=$PATH:/usr/sbin:/sbin depmod -b "$T/kernel" 6.1.0-fake 2>/dev/null
echo a >"$modules/kernel/a.ko"
run
is 'with hashes: exit status' "$status" 0
is 'with hashes: they are in the head' "$(journal '[.[] | select(.ev == "file" or .ev == "kernel") |
	.file_hash, .library_hash, .image_hash, .modules_hash | strings | length] | join(" ")')" \
	'32 32 32 32'

since='changed since that run began'
while IFS='|' read -r name file what; do
	change "$file"
	refused "$name" "$what has $since; put it back"
	put_back "$file"
	goes_on "$name, put back"
done <<EOF
the test file|$T/tree/t.ktest|the test file $T/tree/t.ktest
the library|$T/inst/lib/subtest.sh|the library of $T/tree/t.ktest
the kernel's image|$T/kernel/vmlinuz|the image of the kernel $T/kernel
a module|$modules/kernel/a.ko|the modules of the kernel $T/kernel
EOF
touch "$T/tree/t.ktest" "$T/inst/lib/subtest.sh" "$T/kernel/vmlinuz"
goes_on 'written anew'
: >"$modules/kernel/b.ko"
refused 'a module more' "the modules of the kernel $T/kernel has $since; put it back"
echo '#' >>"$T/tree/t.ktest"
refused 'two of them' \
	"the test file $T/tree/t.ktest, the modules of the kernel $T/kernel have $since; put them back"
rm "$modules/kernel/b.ko"
sed -i '$d' "$T/tree/t.ktest"
cp -Rp "$T/kernel" "$T/other"
refused 'another kernel' "the kernel ($T/kernel then, $T/other now) has $since; put it back" -k "$T/other"
goes_on 'all of it put back'
gone 'only with the same'

# A journal of before there were hashes.
sed -i -E 's/, ?"[a-z]+_hash": ?"[0-9a-f]*"//g' "$T/out/journal.jsonl"
is 'without hashes: none is left' "$(grep -c _hash "$T/out/journal.jsonl")" 0
echo '#' >>"$T/tree/t.ktest"
goes_on 'without hashes'
change "$T/inst/lib/subtest.sh"
refused 'without hashes, once more' "the library of $T/tree/t.ktest has $since; put it back"
KTEST=$before
gone 'without hashes'

# A library of the tree's own: scripts above the file, and the lib/ beside them.
begin
mkdir -p "$T/tree/tests/a" "$T/tree/lib"
declares ktest_mem=64 ktest_cpus=1
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
mv "$T/tree/t.ktest" "$T/tree/tests/a/t.ktest"
ln -s tests/a/t.ktest "$T/tree/t.ktest"
touch "$T/tree/tests/test-libs.sh" "$T/tree/tests/a/more.sh" "$T/tree/lib/x"
run
for file in tests/test-libs.sh tests/a/more.sh lib/x; do
	change "$T/tree/$file"
	refused "its own library, $file" "the library of $T/tree/tests/a/t.ktest has $since; put it back"
	put_back "$T/tree/$file"
done
touch "$T/tree/lib/x" "$T/tree/tests/a/b.ktest"
run --resume
is 'its own library, put back: it goes on' "$(journal 'map(select(.ev == "resume")) | length')" 1
gone 'its own library'
complete
