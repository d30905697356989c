#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Coverage: taken out of guests, merged, as a tracefile and as pages. What a kernel would count is
# counted by a program here: the files are the same.
. "$(dirname "$0")/lib.sh"

# A program in $T/build, of sources in $T/src; count ARG...: one run of it.
compile()
{
	mkdir -p "$T/src" "$T/build"
	cat >"$T/src/half.h" <<'EOF'
static inline int half(int n)
{
	if (n > 2)
		return n / 2;
	return 0;
}
EOF
	cat >"$T/src/a.c" <<'EOF'
#include "half.h"
int never(int n);
int never(int n)
{
	return half(n) + '<';
}
int main(int argc, char **argv)
{
	return argc == 99 ? never(argc) : half(argc) + !argv[0] - half(argc);
}
EOF
	(cd "$T/build" && gcc --coverage -c -o a.o ../src/a.c && gcc --coverage -o a a.o) || exit 2
}

# count DIR ARG...: what debugfs would hold below DIR after a run of the program.
count()
{
	local dir=$1
	shift
	rm -f "$T/build/a.gcda"
	"$T/build/a" "$@" || exit 2
	mkdir -p "$dir$T/build"
	mv "$T/build/a.gcda" "$dir$T/build"
}

gcov_kernel()
{
	local name
	for name in GCOV_KERNEL VIRTIO_PCI VIRTIO_CONSOLE VIRTIO_BLK VIRTIO_NET NET_9P \
		NET_9P_VIRTIO 9P_FS OVERLAY_FS EXT4_FS; do
		echo "CONFIG_$name=y"
	done >"$T/kernel/config"
}

# da LINE FILE: its count in the tracefile
da() { awk -v f="$T/src/$2" -v l="$1" -F'[:,]' '$0 == "SF:" f { on = 1 } /^end/ { on = 0 }
	on && $1 == "DA" && $2 == l { print $3 }' "$T/out/coverage.info"; }
notes() { find "$T/out" -path '*/gcov.*' -name '*.gcno' | wc -l; }
taken() { journal '[.[] | select(.ev == "coverage") | .dir + "=" + (.files | tostring)] | join(" ")'; }
# Its data as the kernel would have it when asked.
canned()
{
	rm -rf "$T/tree/canned" && count "$T/tree/canned" "$@"
}

# ---- out of guests

begin
compile
gcov_kernel
canned x y z
run
is 'a guest: exit status' "$status" 0
is 'a guest: taken once' "$(taken)" 'gcov.0=1'
is 'a guest: the notes are with it' "$(notes)" 1
like 'a guest: it is said' "$(cat "$T/stderr")" "coverage of 1 files; 'ktest coverage -o $T/out'"
is 'a guest: the data of the last run is gone' "$(canned && run && ls -d "$T"/out/gcov.*)" \
	"$T/out/gcov.0"
gone 'a guest'

begin
compile
gcov_kernel
canned x y z
subtests one two
rm "$T/home/.ktestrc"
sed -i 's/^case/[[ $1 != deps ]] || echo ktest_isolation=boot\n&/' "$T/tree/t.ktest"
fake <<'EOF'
subtest one:
	exit 1
EOF
run
is 'a failure, a guest each: verdicts' "$(verdicts)" 'one=FAIL(exit status) two=PASS'
is 'a failure, a guest each: both are taken' "$(taken)" 'gcov.0=1 gcov.1=1'
is 'a failure, a guest each: the notes are there once' \
	"$(find "$T/out" -path '*/gcov.*' -name '*.gcno' -links 2 | wc -l)" 2
rm -r "$T/build"
ktest coverage -o "$T/out"
is 'they add up: exit status' "$status" 0
is 'they add up: a line of both' "$(da 9 a.c)" 2
is 'they add up: a line of an inline function, called twice in each' "$(da 4 half.h)" 4
is 'they add up: a line that never ran' "$(da 5 a.c)" 0
is 'they add up: functions' \
	"$(grep -E '^FNDA:|^FN[FH]:' "$T/out/coverage.info" | sort | xargs)" \
	'FNDA:0,never FNDA:2,main FNDA:4,half FNF:1 FNF:2 FNH:1 FNH:1'
is 'they add up: records are whole' "$(grep -c '^end_of_record$' "$T/out/coverage.info")" 2
like 'they add up: the sum' "$(cat "$T/stdout")" '^5 of 8 lines, 2 of 3 functions of 2 files ran: '
gone 'they add up'

# Notes tell gcov which files are sources: a guest's own are not kept.
begin
compile
gcov_kernel
canned x
mkdir -p "$T/tree/canned/planted"
printf 'oncg*22Bxxxx' | tee "$T/tree/canned/planted/x.gcda" >"$T/tree/canned/planted/x.gcno"
cp "$T/tree/canned/planted/x.gcno" "$T/tree/canned$T/build/a.gcno"
fake <<'EOF'
subtest one:
	exit 1
EOF
run -F
is 'planted notes: only those of the build are there' \
	"$(cd "$T/out" && find gcov.* -name '*.gcno' -exec cmp {} "$T/build/a.gcno" \; -print)" \
	"gcov.0$T/build/a.gcno"
like 'planted notes: what has none is told' "$(cat "$T/stderr")" '1 of 2 files of coverage have no notes'
rm -r "$T/build" "$T/tree/canned/planted"
run --resume
is 'goes on: taken' "$(taken)" 'gcov.0=1 gcov.1=1'
is 'goes on: the notes of before are left' "$(cd "$T/out" && find gcov.* -name '*.gcno')" \
	"gcov.0$T/build/a.gcno"
gone 'goes on'

# A warning, and then a restart: each boot's data is taken before it is lost.
begin
compile
gcov_kernel
canned x
fake <<'EOF'
subtest one:
	kernel 4 [   12.345678] ------------[ cut here ]------------
	kernel 4 [   12.345679] WARNING: CPU: 0 PID: 1 at fs/x.c:1 x+0x1/0x2
	kernel 4 [   12.345680] ---[ end trace 0000000000000000 ]---
	exit 0
subtest two:
	sleep 200
	call reboot
	bye reboot
	reset
EOF
subtests one two
LIMIT=60 run --timeout 5
like 'a restart: taken before it' "$(taken)" '^gcov.0=1 gcov.1=1 gcov.2=1'
is 'a restart: verdicts' "$(verdicts)" 'one=FAIL(warning) two=FAIL(timeout)'
gone 'a restart'

begin
compile
gcov_kernel
canned x
fake <<'EOF'
subtest one:
	panic
EOF
run
is 'a panic: the next guest is taken' "$(taken)" 'gcov.0=1'
like 'a panic: what is lost is said' "$(cat "$T/stderr")" 'the coverage of vm1 is lost'
gone 'a panic'

begin
compile
gcov_kernel
fake <<<$'config:\n\tignore gather'
run_background
wait_for 'the gathering' ls "$T/out/gcov.0" >/dev/null 2>&1 && kill -INT "$pid"
await
is 'a guest that does not answer: interrupted' "$status" 130
gone 'a guest that does not answer'

begin
run
is 'another kernel: nothing is asked' "$(taken)" ''
gone 'another kernel'

# ---- reports

begin
compile
count "$T/out/gcov.0" x y z
cp "$T/build/a.gcno" "$T/out/gcov.0$T/build"
count "$T/more/gcov.7" x
cp "$T/build/a.gcno" "$T/more/gcov.7$T/build"
ktest coverage --html "$T/html" --lcov "$T/all.info" "$T/out" "$T/more"
is 'two runs: exit status' "$status" 0
is 'two runs: they add up' "$(grep -c '^DA:9,2$' "$T/all.info")" 1
is 'pages: all files' "$(grep -o '<a href="[0-9]*.html">[a-z.]*' "$T/html/index.html" | xargs)" \
	'<a href=0.html>a.c <a href=1.html>half.h'
is 'pages: source, escaped' "$(grep -c "return half(n) + '&lt;';" "$T/html/0.html")" 1
is 'pages: a line that ran, one that did not' \
	"$(grep -oE 'id="L[59]" class="[hm]"' "$T/html/0.html" | xargs)" 'id=L5 class=m id=L9 class=h'
rm -r "$T/src"
ktest coverage --html "$T/html" --lcov "$T/all.info" "$T/out"
is 'pages: without the sources: exit status' "$status" 0
is 'pages: without the sources: the counts' "$(grep -c 'id="L9" class="h"' "$T/html/0.html")" 1

ktest coverage "$T/html"
is 'nothing there: exit status' "$status" 125
like 'nothing there: it is said' "$(cat "$T/stderr")" 'html: no coverage there'
ktest coverage "$T/none"
is 'no such directory' "$status" 125
ktest coverage --gcov "$T/none" "$T/out"
like 'no such gcov' "$(cat "$T/stderr")" "no program $T/none"
rm "$T/out/gcov.0$T/build/a.gcno"
ktest coverage "$T/out"
like 'no notes' "$(cat "$T/stderr")" '1 data files have no notes'
printf 'oncg*804abcd' >"$T/out/gcov.0$T/build/a.gcno"
ktest coverage "$T/out"
like "clang's notes" "$(cat "$T/stderr")" 'not made by GCC 5 or newer'
printf 'XXXX' | dd of="$T/more/gcov.7$T/build/a.gcda" bs=1 seek=8 conv=notrunc 2>/dev/null
ktest coverage "$T/more"
like 'data of another build: gcov is quoted' "$(cat "$T/stderr")" 'warning: gcov: .*a.gcda:stamp mismatch'
no_process reports
complete
