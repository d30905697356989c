#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a test file declares, as `TEST deps` prints it on the host.

# shellcheck source=t/lib/tap.bash
. "${BASH_SOURCE[0]%/*}/tap.bash"

# declared NAME: the line of out that assigns it
declared()
{
	grep "^$1=" <<<"$out"
}

test_file all.ktest <<'END'
require-kernel-config EXT4_FS,BTRFS_FS
require-kernel-config HZ=250
require-kernel-config-soft KASAN
require-kernel-append "a b" "it's"
require-kernel-make-append LLVM=1
require-qemu-append -device foo,bar
require-qemu-prepend -nodefaults
require-git https://example.org/tools.git
require-git https://example.org/x.git other
require-make tools
require-make mine
require-build-deb /abs/deb
require-gcov fs/ext4
require-kernel-module bugs
config-scratch-devs 8G
config-scratch-devs 1G
config-pmem-devs 512M
config-scratch-slowdevs 2G
config-image disk.image
config-rw-image /abs/rw.image
config-cpus 3
config-mem 2G
config-timeout 10
config-arch aarch64
config-compiler clang
config-no-kbuild
config-no-vm
config-kconfig-base defconfig
config-kbuild-target bzImage
config-storage-bus nvme
config-isolation boot
config-network internet
config-crash-dump
allow_taint
config-fail-on note:lockdep 'allow:WARNING in x # known'
config-leak-check
ktest_tests_unknown=true
END
ktest_deps_dir=/deps host all.ktest deps
is "$status" 0 "deps succeeds"
is "$err" "" "and says nothing else"
while IFS= read -r line; do
	is "$(declared "${line%%=*}")" "$line" "declares $line"
done <<END
ktest_library=1
ktest_kernel_config_require=(EXT4_FS BTRFS_FS HZ=250 GCOV_KERNEL DEBUG_KMEMLEAK)
ktest_fail_on=(note:lockdep allow:WARNING\\ in\\ x\\ #\\ known)
ktest_kernel_config_require_soft=(KASAN)
ktest_kernel_append=(a\\ b it\\'s)
ktest_kernel_make_append=(LLVM=1)
ktest_qemu_append=(-device foo\\,bar)
ktest_qemu_prepend=(-nodefaults)
ktest_git=(https://example.org/tools.git\\ tools https://example.org/x.git\\ other)
ktest_make_install=(/deps/tools $work/mine)
ktest_build_deb=(/abs/deb)
ktest_gcov=(fs/ext4)
ktest_kernel_modules=($work/bugs)
ktest_scratch_dev_sizes=(8G 1G)
ktest_pmem_dev_sizes=(512M)
ktest_scratch_slowdev_sizes=(2G)
ktest_images=($work/disk.image)
ktest_rw_images=(/abs/rw.image)
ktest_cpus=3
ktest_mem=2048
ktest_timeout=10
ktest_arch=aarch64
ktest_compiler=clang
ktest_no_kbuild=true
ktest_no_vm=true
ktest_kconfig_base=defconfig
ktest_kbuild_target=bzImage
ktest_storage_bus=nvme
ktest_isolation=boot
ktest_network=internet
ktest_crash_dump=true
ktest_allow_taint=true
ktest_tests_unknown=true
ktest_own_run_tests=
END

test_file none.ktest <<<""
ktest_mem=7 ktest_cpus=9 ktest_arch=x86_64 ktest_timeout=3 ktest_allow_taint=true host none.ktest deps
is "$(grep -vE '=(\(\))?$' <<<"$out")" $'ktest_library=1\nktest_timeout_multiplier=1\nktest_mem_multiplier=1' \
	"what is not declared is empty, whatever the environment holds"
is "$(declared ktest_images)" "ktest_images=()" "an empty list is one"

for size in "512M 512" "4G 4096" "3 3" "1T 1048576" "2048K 2" "4GiB 4096" "0 0" "lots lots"; do
	test_file mem.ktest <<<"config-mem ${size% *}"
	host mem.ktest deps
	is "$(declared ktest_mem)" "ktest_mem=${size#* }" "memory of ${size% *}"
done

test_file times.ktest <<'END'
config-timeout-multiplier 2
config-timeout 30
config-mem-multiplier 2
END
host times.ktest deps
is "$(declared ktest_timeout)" ktest_timeout=60 "the multiplier applies, also when it comes first"
is "$(declared ktest_mem)" ktest_mem=8192 "a multiplier applies to the default memory"

test_file own.ktest <<<'run_tests() { :; }'
host own.ktest deps
is "$(declared ktest_own_run_tests)" ktest_own_run_tests=true "a run_tests of the file's own is told"

# A declaration without its argument ends the file, with its place.
for name in require-kernel-config require-kernel-config-soft require-kernel-append \
	    require-kernel-make-append require-qemu-append require-qemu-prepend require-git \
	    require-make require-build-deb require-gcov require-kernel-module \
	    config-scratch-devs config-pmem-devs config-scratch-slowdevs config-image \
	    config-rw-image config-cpus config-mem config-mem-multiplier config-timeout \
	    config-timeout-multiplier config-arch config-compiler config-kconfig-base \
	    config-kbuild-target config-storage-bus config-isolation config-network config-variant; do
	test_file bare.ktest <<<"$name"
	host bare.ktest deps
	is "$status:$out:$err" "1::$work/bare.ktest:3: $name: an argument is missing" \
		"$name without its argument"
done
test_file bare.ktest <<<"config-timeout-multiplier 0"
host bare.ktest deps
like "$status:$err" "^1:.*'0' is not a whole number above 0" "a multiplier of 0 is refused"

# Variants
mkdir "$work/v"
cp "$tree"/tests/*-base.sh "$work/v"
ln -s "$tree/tests/test-libs.sh" "$work/v/test-libs.sh"
test_file v/x.ktest <<'END'
config-timeout 10
config-mem 1G
test_a() { :; }
END
for variant in gcov kasan kcsan kmemleak kmsan lockdep preempt ubsan; do
	echo ". \"\${BASH_SOURCE[0]%/*}/$variant-base.sh\"" >"$work/v/$variant-x.ktest"
	host "v/$variant-x.ktest" list-tests
	is "$status:$out:$err" 0:a: "$variant: the subtests are the base file's"
	host "v/$variant-x.ktest" deps
	case $variant in
	gcov) want="10 1024 GCOV_KERNEL -" ;;
	kasan) want="20 1024 KASAN -" ;;
	kcsan) want="30 1024 KCSAN clang" ;;
	kmemleak) want="20 1024 DEBUG_KMEMLEAK -" ;;
	kmsan) want="50 2048 KMSAN clang" ;;
	lockdep) want="30 1024 PROVE_LOCKING -" ;;
	preempt) want="10 1024 PREEMPT -" ;;
	ubsan) want="10 1024 UBSAN -" ;;
	esac
	timeout=$(declared ktest_timeout) mem=$(declared ktest_mem) cc=$(declared ktest_compiler)
	config=$(declared ktest_kernel_config_require)
	config=${config#*\(} config=${config%%[ )]*} cc=${cc#*=}
	is "${timeout#*=} ${mem#*=} $config ${cc:--}" "$want" "$variant: what it adds"
done
for variant in gcov kasan kcsan kmemleak kmsan lockdep preempt ubsan; do
	host "v/$variant-x.ktest" deps
	want=$out
	ktest_variant=$variant host v/x.ktest deps
	is "$out" "$want" "$variant: by option as by name"
	ktest_variant=$variant host "v/$variant-x.ktest" deps
	is "$out" "$want" "$variant: by option and by name is once"
done
ktest_variant="kasan lockdep" host v/x.ktest deps
is "$(declared ktest_timeout) $(declared ktest_variants)" \
	"ktest_timeout=60 ktest_variants=(kasan lockdep)" "two by option"
test_file bare.ktest <<<"config-variant ../x"
host bare.ktest deps
like "$status:$err" "^1:.*: config-variant: no variant '../x'" "a variant that there is not"
echo ". \"\${BASH_SOURCE[0]%/*}/kasan-base.sh\"" >"$work/v/kasan-lockdep-x.ktest"
host v/kasan-lockdep-x.ktest deps
is "$(declared ktest_timeout)" ktest_timeout=60 "variants of variants"
mv "$work/v/x.ktest" "$work/v/y.ktest"
host v/kasan-x.ktest deps
like "$status:$err" "^1:call_base_test: no x.ktest" "a variant of nothing says so"

# version-ge
. "$tree/tests/test-libs.sh"
for case in "6.12 6.1 0" "6.1 6.12 1" "6.1 6.1.0 0" "6.1.192-2-amd64 6.1.192 0" "5.10 5.9 0" \
	    "6.12-rc3 6.12 1" "6.12 6.12-rc3 0" "6.12-rc10 6.12-rc9 0" "6.08 6.8 0" "v7 6.99 0"; do
	read -r a b want <<<"$case"
	version-ge "$a" "$b"
	is $? "$want" "version-ge $a $b"
done
version-ge trunk 6.1 2>/dev/null
is $? 2 "version-ge: what is no version"

tap_done
