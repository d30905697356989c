#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kernels of the real source for other architectures, for a variant and to count what runs, built and
# booted. The figures that doc/architectures.md has are printed anew.
. "$(dirname "$0")/../vm/source.sh"
. "$(dirname "$0")/root.sh"

# A module that reads what it has freed, in a test that does not mind.
freed_file()
{
	mkdir "$T/tree/freed"
	echo 'obj-m := freed.o' >"$T/tree/freed/Kbuild"
	cat >"$T/tree/freed/freed.c" <<-'END'
		#include <linux/module.h>
		#include <linux/slab.h>

		static int __init freed_init(void)
		{
			char *volatile p = kzalloc(16, GFP_KERNEL);

			kfree(p);
			return p && p[3] ? -EINVAL : 0;
		}

		module_init(freed_init);
		MODULE_LICENSE("GPL");
	END
	guest_file <<-'END'
		require-kernel-module freed
		test_read() { insmod "$ktest_module_dir/freed/freed.ko" || :; }
	END
}

took()
{
	echo "# $1: $SECONDS s, $(jq '.[0].all.objects' "$T/out/kernel_build.$2.builds.json") objects"
	SECONDS=0
}

take_source
for a in i386 aarch64 riscv64; do
	begin
	SECONDS=0
	build -a "$a"
	is "$a: a kernel is built: exit 0" "$status" 0
	took "$a: built" "$a"
	ktest selftest -a "$a" -k "$T/out/kernel.$a" --accel "${ACCEL:-tcg}"
	is "$a: the self-test: exit 0" "$status" 0
	like "$a: the self-test: every check" "$(tail -n 1 "$T/stdout")" '^18 checks, 0 failed$'
	echo "# $a: $(sed -n 's/^ok *boot *//p' "$T/stdout")"
	gone "$a"
	[[ $a == riscv64 ]] && continue
	make_root "$a" "$T/root"
	is "$a: a root image" "$status" 0
	run_success -a "$a" --root "$T/root"
	is "$a: a test: exit 0" "$status" 0
	is "$a: a test: PASS" "$(verdicts)" success=PASS
	like "$a: a test: on that kernel" "$(result '.kernels[0] | .arch + " " + .release')" \
		"^$a 6\\.12\\.[0-9]+-ktest$"
	gone "$a: a test"
done

# One more kernel for two things that need one of their own.
begin
SECONDS=0
run_success --variant kasan -c fs/ext4 --mem 1G
is 'kasan, counting: exit 0' "$status" 0
is 'kasan, counting: PASS' "$(verdicts)" success=PASS
took 'kasan, counting: built and booted' x86_64
is 'kasan: the kernel has it' "$(grep -cx 'CONFIG_KASAN_GENERIC=y' "$T/out/kernel/config")" 1
ktest coverage "$T/out"
is 'counting: a report: exit 0' "$status" 0
# The guest's own disk is of ext4.
at_most 'counting: lines of fs/ext4 have run' 100 \
	"$(awk -F: '/^SF:/ { ours = $2 ~ "/fs/ext4/" } ours && /^DA:/ { split($2, da, ","); n += da[2] > 0 }
		END { print n + 0 }' "$T/out/coverage.info")"
is 'counting: of nothing else' "$(grep '^SF:' "$T/out/coverage.info" | grep -vcE '/fs/ext4/|/include/')" 0
freed_file
ktest run --accel "${ACCEL:-tcg}" --cpus 1 --mem 1G -k "$T/out/kernel.x86_64" -o "$T/found" \
	"$T/tree/t.ktest"
is 'kasan: it finds what it is for' "$(jq -r '.tests[0] | .verdict + " " + .reason + " " + .title' \
	"$T/found/results.json")" 'FAIL kasan KASAN: slab-use-after-free Read in freed_init'
gone 'kasan, counting'
complete
