#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A tree with a library of its own, and what the runner provides for it.

# shellcheck source=t/lib/tap.bash
. "${BASH_SOURCE[0]%/*}/tap.bash"

own=$tree/t/data/own-library/tests

# As guest() of tap.bash, for a file of that tree
foreign()
{
	out=$(setsid -w timeout 60 bash "$tree/lib/run-guest.sh" "$own/$1" "${@:2}" 2>&1 </dev/null)
	status=$?
}

for call in "deps ktest_timeout=60" "list-tests devices"; do
	got=$(bash "$tree/lib/run-host.sh" "$own/pass.ktest" "${call% *}" 2>"$work/err")
	is "$?:$(<"$work/err")" 0: "${call% *} on the host"
	like "$got" "^${call#* }$" "says what the tree's library says"
	unlike "$got" "^ktest_library" "which is not ours"
done
bash "$own/pass.ktest"
is $? 0 "called with nothing, without a runner"

foreign fail.ktest run-tests fails passes prints
is "$status:$(sed 's/ in [0-9]*s/ in Ns/' <<<"$out")" "1:========= TEST   fails
========= FAILED fails in Ns
========= TEST   passes
========= PASSED passes in Ns
========= TEST   prints
DEBUG: all is well
========= PASSED prints in Ns
TEST FAILED" "runs unchanged, its lines untouched"
foreign skip.ktest run-tests skips
like "$status:$out" "NOTRUN skips in [0-9]+s: no such hardware" "skips"
foreign pass.ktest init
is "$status:$out" 0: "init"

export ktest_dir=/x ktest_out=/x ktest_priority=0 ktest_cpus=1 ktest_mem=1024 ktest_arch=x86_64
mkdir "$work/tree"
cat >"$work/tree/f.ktest" <<'END'
echo "${#ktest_scratch_dev[@]} ${ktest_scratch_dev[1]} ${ktest_scratch_dev_sizes[0]} ${#ktest_pmem_dev[@]}"
bash -c 'echo "child ${ktest_scratch_dev[0]}"; run_quiet "" true && echo quiet; join_by : a b c'
END
out=$(ktest_scratch_dev_list="/dev/vdb /dev/vdc" ktest_scratch_dev_sizes_list="8 9" \
	bash "$tree/lib/run-guest.sh" "$work/tree/f.ktest" run-tests x)
is "$out" "2 /dev/vdc 8 0
child /dev/vdb
quiet
a:b:c" "every bash has the arrays and the functions"
printf '#!/bin/sh\necho "sh $*"\n' >"$work/tree/sh.ktest"
chmod +x "$work/tree/sh.ktest"
is "$(bash "$tree/lib/run-guest.sh" "$work/tree/sh.ktest" init)" "sh init" "another interpreter"

# The runner's functions
. "$tree/lib/runner.sh"
is "$(run_quiet "doing" echo hidden)" "doing... done" "run_quiet hides what succeeds"
got=$(run_quiet "doing" bash -c 'echo shown; exit 4')
is "$?:$got" $'4:doing... failed (status 4)\nshown' "run_quiet shows what fails, and its status"
f() { false; echo REACHED; }
is "$(run_quiet "" f)" "" "set -e holds in it"
is "$(ktest_verbose=1 run_quiet "doing" echo shown)" $'doing:\nshown' "run_quiet under -v"
is "$(log_verbose x; ktest_verbose=1 log_verbose y; ktest_verbose=0 log_verbose z)" y log_verbose
is "$(join_by , a "b c" d)" "a,b c,d" join_by
is "$(checkdep sh && echo found)" found "checkdep"
got=$(checkdep no-such-program its-package 2>&1)
is "$?:$got" "1:no-such-program is not installed (package its-package)" "checkdep names the package"
is "$(find_command no-such-program sh)" "$(command -v sh)" "find_command: the first there is"
got=$(find_command no-such-program 2>&1)
is $? 1 "find_command: none"
for arch in "amd64 x86_64 amd64 x86 64" "arm64 aarch64 arm64 arm64 64" "ppc64le ppc64le ppc64el powerpc 64"; do
	parse_arch "${arch%% *}"
	is "$ktest_arch $DEBIAN_ARCH $KERNEL_ARCH $BITS" "${arch#* }" "parse_arch ${arch%% *}"
done
# What we run ourselves it knows by the same names.
awk -F'"' '/\.name =/ { name = $2 } /\.debian =/ { debian = $2 } /\.uname =/ { uname = $2 }
	/\.source_arch =/ { source = $2 } /\.cross =/ { print name, debian, source, $2, uname }' \
	"$tree/kernel/arch.c" >"$work/archs"
is "$(cut -d' ' -f1 "$work/archs" | sort -u | wc -l)" "$(grep -c '\.name =' "$tree/kernel/arch.c")" \
	"parse_arch: the table of architectures is read"
while read -r name debian source cross uname; do
	for arch in $name $debian $uname; do
		parse_arch "$arch"
		is "$ktest_arch $DEBIAN_ARCH $KERNEL_ARCH $ARCH_TRIPLE-" "$name $debian $source $cross" \
			"parse_arch $arch is what kernel/arch.c says"
	done
done <"$work/archs"
got=$(parse_arch vax 2>&1)
is "$?:$got" "1:unknown architecture vax" "parse_arch: an unknown one"
got=$(unset ktest_tmp; get_tmpdir; [[ -d $ktest_tmp && -w $ktest_tmp ]] && rmdir "$ktest_tmp" && echo made)
is "$got" made "get_tmpdir"

tap_done
