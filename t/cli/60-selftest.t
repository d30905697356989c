#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ktest selftest: what a guest says of itself is not all that counts, and what is missing is named.
. "$(dirname "$0")/lib.sh"

selftest()
{
	ktest selftest --accel tcg --cpus 1 --mem 64M --qemu "$T/bin/qemu-system-x86_64" -k "$T/kernel" "$@"
}

failed()
{
	awk '/^FAILED/ { printf "%s%s", sep, $2; sep = " " }' "$T/stdout"
}

# It names no disk, prints nothing and writes nothing, and says that all is well.
begin
fake <<'EOF'
subtest *:
	call check clock ok fine
	exit 0
EOF
selftest
is 'a guest that lies: exit 1' "$status" 1
is 'a guest that lies: found out' "$(failed)" 'setup console storage'
like 'a guest that lies: its word' "$(cat "$T/stdout")" $'\nok +clock +fine\n'
like 'a guest that lies: counted' "$(tail -n 1 "$T/stdout")" '^9 checks, 3 failed$'
gone 'a guest that lies'

begin
fake <<'EOF'
boot:
	hello version=1 release=5.0 arch=mips
subtest *:
	call check disk failed \x1b[2J
	exit 1
EOF
selftest
is 'another kernel: exit 1' "$status" 1
is 'another kernel: found out' "$(failed)" 'boot machine setup disk console storage'
is 'no control characters' "$(grep -c $'\x1b' "$T/stdout")" 0

begin
fake <<'EOF'
subtest *:
	frame 6 text=module_x:_failed
	exit 3
EOF
selftest
like 'what the agent complains of' "$(failed)" 'agent'
gone 'what the agent complains of'

ends()
{
	begin
	fake <<<"$2"
	selftest
	is "$1: exit 1" "$status" 1
	like "$1: said so" "$(grep FAILED "$T/stdout")" "^FAILED +$3\$"
	gone "$1"
}

ends 'a panic' $'boot:\n\tpanic' 'boot +the kernel panicked'
ends 'a restart' $'boot:\n\treset' 'boot +the guest restarted'
ends 'QEMU dies' $'boot:\n\tdie 3' 'boot +exit status 3'
ends 'QEMU dies later' $'subtest *:\n\tdie 1' 'setup.*FAILED +checks +exit status 1'

begin
fake <<'EOF'
boot:
	print nothing more comes
	hang
EOF
args=(selftest --accel tcg --cpus 1 --mem 64M --qemu "$T/bin/qemu-system-x86_64" -k "$T/kernel" -v)
(
	export_environment
	exec "$KTEST" "${args[@]}"
) >"$T/stdout" 2>"$T/stderr" </dev/null &
pid=$!
wait_for 'the console' grep -qs 'nothing more comes' "$T/stderr"
kill -INT "$pid"
await
is 'interrupted: exit 130' "$status" 130
gone 'interrupted'

# ---- what is missing

begin
mkdir -p "$T/alone/bin"
cp "$KTEST" "$T/alone/bin/ktest"
KTEST=$T/alone/bin/ktest selftest
is 'no agent: exit 125' "$status" 125
like 'no agent: run make' "$(cat "$T/stderr")" 'no agent for x86_64: .*/libexec/agent.x86_64 is missing; run make$'
{
	head -c 56 /dev/zero
	printf 'ARM\x64'
	head -c 940 /dev/zero
	printf 'Linux version 6.1.0-fake (fake@fake) #1 SMP\0'
} >"$T/kernel/vmlinuz"
KTEST=$T/alone/bin/ktest selftest -a arm64
is 'no agent for another: exit 125' "$status" 125
like 'no agent for another: how to get it' "$(cat "$T/stderr")" \
	'gcc-aarch64-linux-gnu, libc6-dev-arm64-cross\) and run `make agents`$'
selftest -a x86_64
like 'a kernel for another' "$(cat "$T/stderr")" 'aarch64'
ktest selftest -a riscv64 --qemu "$T/bin/none" -k "$T/kernel"
is 'another one still: exit 125' "$status" 125
is 'one line' "$(wc -l <"$T/stderr")" 1
ktest selftest -a vax
is 'no such architecture: exit 129' "$status" 129
ktest selftest more
is 'no arguments: exit 129' "$status" 129
gone 'what is missing'
complete
