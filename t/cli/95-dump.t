#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The memory of a guest that fails: when it is kept, and that no half of it is.
. "$(dirname "$0")/lib.sh"

left()
{
	(cd "$T/out/out" && find . -name '*vmcore*')
}

panics()
{
	fake <<-EOF
	subtest two:
		print two is here
		panic
	config:
		$1
	EOF
}

begin
panics
run
is 'not asked for: none' "$(left)" ''
gone 'not asked for'

begin
panics
run --dump --dump-format kdump
is 'a panic: verdicts' "$(verdicts)" 'one=PASS two=FAIL(panic) three=PASS'
is 'a panic: the dump' "$(left)" ./t.two/vmcore
is 'a panic: what is in it' "$(cat "$T/out/out/t.two/vmcore")" makedumpfilexxxx
is 'a panic: an event' \
	"$(journal '.[] | select(.ev == "dump") | "\(.subtest) \(.path) \(.format) \(.bytes)"')" \
	'two out/t.two/vmcore kdump 16'
is 'a panic: the verdict is the last line' \
	"$(tail -n 1 "$T/out/out/t.two/log" | cut -d ' ' -f 2-)" '========= FAILED two in 0s'
gone 'a panic'

begin
panics 'dump 20000'
run --dump --dump-format elf
is 'elf: the dump' "$(head -c 4 "$T/out/out/t.two/vmcore" | tail -c 3)" ELF
is 'elf: its size' "$(stat -c %s "$T/out/out/t.two/vmcore")" 20000
gone 'elf'

begin
panics 'dump 20000'
run --dump --dump-limit 10k
is 'above the limit: verdicts' "$(verdicts)" 'one=PASS two=FAIL(panic) three=PASS'
is 'above the limit: nothing is left' "$(left)" ''
like 'above the limit: it is said' "$(cat "$T/out/out/t.two/log")" \
	'no dump of the guest: it takes more than 0 MiB; --dump-limit allows more'
gone 'above the limit'

for how in 'refuse dump-guest-memory' 'die-on dump-guest-memory' dump-fails; do
	begin
	panics "$how"
	run --dump
	is "$how: verdicts" "$(verdicts)" 'one=PASS two=FAIL(panic) three=PASS'
	is "$how: nothing is left" "$(left)" ''
	like "$how: it is said" "$(cat "$T/out/out/t.two/log")" 'ktest: no dump of the guest: '
	gone "$how"
done

# One that is late answers still: its tasks first, then its memory.
begin
fake <<'EOF'
subtest two:
	print two is here
EOF
run --dump --timeout 1
is 'late: verdicts' "$(verdicts)" 'one=PASS two=FAIL(timeout) three=PASS'
is 'late: the dump' "$(left)" ./t.two/vmcore
gone 'late'

# What failed by itself has no use for it.
begin
fake <<'EOF'
subtest two:
	exit 1
EOF
run --dump
is 'fails: verdicts' "$(verdicts)" 'one=PASS two=FAIL(exit status) three=PASS'
is 'fails: none' "$(left)" ''
gone 'fails'

crash()
{
	PATH=$T/bin:$PATH ktest crash -o "$T/out" "$@"
}

begin
run
crash
is 'crash without a dump: exit status' "$status" 125
like 'crash without a dump: says how to get one' "$(cat "$T/stderr")" 'has no dump; .ktest run --dump'
printf 'makedumpfile and so on' >"$T/out/out/t.two/vmcore"
crash
is 'crash without symbols: exit status' "$status" 125
like 'crash without symbols: the remedy' "$(cat "$T/stderr")" 'has no vmlinux; name one with --vmlinux'
printf 'something else' >"$T/out/out/t.two/vmcore"
crash two
like 'crash: no dump at all' "$(cat "$T/stderr")" 'out/t.two/vmcore: no dump of a kernel'
printf 'makedumpfile and so on' >"$T/out/out/t.one/vmcore"
crash
is 'crash of several: exit status' "$status" 129
like 'crash of several: which' "$(cat "$T/stderr")" 'which dump\? There are t.one t.two'
crash three
like 'crash of another' "$(cat "$T/stderr")" 'has no dump of three'
ktest crash -o "$T/nowhere"
is 'crash of no run: exit status' "$status" 125
gone 'crash'

# Which of the two opens it: of other programs here, the arguments.
stand_in()
{
	printf '#!/bin/sh\n[ "$1" = --version ] && { echo "crash %s"; exit; }\necho "%s $*"\n' "${2-}" "$1" >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}

begin
run
: >"$T/vmlinux"
printf '\177ELF and so on' >"$T/out/out/t.two/vmcore"
stand_in crash 8.0.2
stand_in gdb
sed -i 's/"release":"[^"]*"/"release":"6.1.0-56-amd64"/' "$T/out/journal.jsonl"
crash --vmlinux "$T/vmlinux" two -s
is 'an old kernel: in crash' "$(cat "$T/stdout")" "crash $T/vmlinux $T/out/out/t.two/vmcore -s"
sed -i 's/"release":"[^"]*"/"release":"6.12.1"/' "$T/out/journal.jsonl"
crash --vmlinux "$T/vmlinux"
# The first look is at the processor that panicked.
panicked="-ex python n = int(gdb.parse_and_eval('panic_cpu.counter')) + 1; n > 0 and gdb.execute('thread %d' % n)"
is 'a newer one: in gdb' "$(cat "$T/stdout")" \
	"gdb -q -iex add-auto-load-safe-path $T $T/vmlinux $T/out/out/t.two/vmcore $panicked"
like 'a newer one: what its kernel lacks' "$(cat "$T/stderr")" 'vmlinux has no gdb scripts beside it'
like 'a newer one: says so' "$(cat "$T/stderr")" \
	'crash 8.0.2 cannot read dumps of 6.12.1: it is opened in gdb'
# Of the kernel that ran: its modules, by the scripts that lie with it.
sed -i 's/"release":"[^"]*"/"release":"6.1.0-fake"/' "$T/out/journal.jsonl"
mkdir -p "$T/kernel/lib/modules/6.1.0-fake" "$T/kernel/scripts/gdb"
touch "$T/kernel/vmlinux" "$T/kernel/scripts/gdb/vmlinux-gdb.py"
mkdir "$T/programs"
ln -s "$T/bin/gdb" "$(command -v timeout)" "$T/programs"
PATH=$T/programs ktest crash -o "$T/out"
is 'its modules' "$(cat "$T/stdout")" "gdb -q -iex add-auto-load-safe-path $T/kernel $T/kernel/vmlinux \
-ex source $T/kernel/scripts/gdb/vmlinux-gdb.py $T/out/out/t.two/vmcore \
-ex lx-symbols $T/kernel/lib/modules/6.1.0-fake $panicked"
sed -i 's/"release":"[^"]*"/"release":"6.12.1"/' "$T/out/journal.jsonl"
printf 'KDUMP   and so on' >"$T/out/out/t.two/vmcore"
crash --vmlinux "$T/vmlinux"
is 'a newer one, compressed: exit status' "$status" 125
like 'a newer one, compressed: the remedy' "$(cat "$T/stderr")" '--dump-format elf'
stand_in crash 9.0.0
crash --vmlinux "$T/vmlinux"
is 'a newer crash: it reads it' "$(cat "$T/stdout")" "crash $T/vmlinux $T/out/out/t.two/vmcore"
gone 'which of the two'
complete
