#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --variant: what kasan-t.ktest would declare, without such a file.
. "$(dirname "$0")/lib.sh"

needs() { ktest needs "$@" "$T/tree/t.ktest"; }
declared() { sed -n "s/^$1=//p" "$T/stdout"; }
# The kernel's config, by which requirements are judged.
config()
{
	local name
	for name in VIRTIO_PCI VIRTIO_CONSOLE VIRTIO_BLK VIRTIO_NET NET_9P NET_9P_VIRTIO 9P_FS OVERLAY_FS EXT4_FS; do
		echo "CONFIG_$name=y"
	done >"$T/kernel/config"
	printf '%s\n' "$@" >>"$T/kernel/config"
}

ours()
{
	test_file <<'EOF'
#!/bin/bash
. "${ktest_test_libs:?}"
config-mem 64M
config-cpus 1
config-timeout 10
test_one() { :; }
main "$@"
EOF
}

begin
ours
needs --variant kmsan
is 'needs: exit status' "$status" 0
is 'needs: timeout, memory, compiler' \
	"$(declared ktest_timeout) $(declared ktest_mem) $(declared ktest_compiler)" '50 128 clang'
is 'needs: config' "$(declared ktest_kernel_config_require)" '(KMSAN)'
needs --variant kasan --variant lockdep
is 'needs: two' "$(declared ktest_timeout) $(declared ktest_kernel_config_require)" \
	'60 (KASAN KASAN_GENERIC PROVE_LOCKING)'
needs
is 'needs: none' "$(declared ktest_timeout)" 10

for words in needs run; do
	ktest $words --variant kosan "$T/tree/t.ktest"
	is "$words: unknown: exit status" "$status" 129
	like "$words: unknown: it lists what there is" "$(cat "$T/stderr")" \
		"no variant 'kosan'; there are gcov kasan kcsan kmemleak kmsan lockdep preempt ubsan$"
done

for variant in "$TREE"/lib/variants/*.sh; do
	variant=${variant##*/}
	is "${variant%.sh}: a kernel can be configured for it" \
		"$(ls "$TREE/kconfig/variant.${variant%.sh}")" "$TREE/kconfig/variant.${variant%.sh}"
done

# A kernel that has it not is refused, one that has it is run.
config 'CONFIG_KASAN=y' '# CONFIG_KASAN_GENERIC is not set'
run --variant kasan
is 'refused: exit status' "$status" 125
like 'refused: what is missing' "$(cat "$T/stderr")" 'needs a kernel with CONFIG_KASAN_GENERIC=y'
gone refused

config 'CONFIG_KASAN=y' 'CONFIG_KASAN_GENERIC=y'
run --variant kasan
is 'run: exit status' "$status" 0
is 'run: the output says so' "$(file_verdicts)" 'kasan-t/one=PASS'
is 'run: its log' "$(find "$T/out/out" -maxdepth 1 -name 'kasan-t*' -printf '%f\n' | sort | xargs)" \
	'kasan-t kasan-t.one'
is 'run: in the journal' "$(journal '.[0].settings.variants | join(" ")')" kasan
gone run

# A library of its own knows of no variants: they are applied from outside.
declares ktest_mem=64 ktest_cpus=1 ktest_timeout=7 'ktest_kernel_config_require=(EXT4_FS)'
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
needs --variant kmsan
is 'own library: needs' \
	"$(declared ktest_timeout) $(declared ktest_mem) $(declared ktest_kernel_config_require)" \
	'35 128 (EXT4_FS KMSAN)'
declares ktest_cpus=1
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
config 'CONFIG_LOCKDEP=y' 'CONFIG_PROVE_LOCKING=y'
fake <<'EOF'
subtest one:
	print ========= TEST   one
	print WATCHDOG 1
	sleep 1500
	print ========= PASSED one in 1s
	exit 0
EOF
run --mem 64M --variant lockdep
is 'own library: its watchdog is stretched' "$(file_verdicts)" 'lockdep-t/one=PASS'
gone 'own library'

# In the guest the library multiplies by itself; without a VM the same way is open to see it.
cat >"$T/tree/t.ktest" <<'EOF'
#!/bin/bash
. "${ktest_test_libs:?}"
config-no-vm
test_one() { echo "x$ktest_timeout_multiplier"; set_watchdog 1; sleep 1.5; }
main "$@"
EOF
ktest run --variant lockdep -o "$T/out" "$T/tree/t.ktest"
is 'where it runs: the multiplier' "$(grep -c ' x3$' "$T/out/out/lockdep-t")" 1
is 'where it runs: the watchdog' "$(file_verdicts)" 'lockdep-t/one=PASS'
gone 'where it runs'
complete
