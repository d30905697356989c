#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel of the real source, configured for a test, built and booted; then what an edit, and none,
# cost; then what debuggers find in it.
. "$(dirname "$0")/source.sh"

# The log of make, by which it is seen whether make was started.
make_log()
{
	stat -c '%i %Y %s' "$T/out/kernel_build.x86_64/ktest-build.log" 2>&1
}

compiled()
{
	grep -oE '^  CC +[^ ]+' "$T/out/kernel_build.x86_64/ktest-build.log" | sed 's/.* //'
}

has_symbol()
{
	grep -c " $1\$" "$T/out/kernel.x86_64/System.map"
}

take_source
run_success
is 'a kernel is built for the test and boots: exit 0' "$status" 0
is 'a kernel is built for the test and boots: PASS' "$(verdicts)" success=PASS
like 'a kernel is built for the test and boots: its own release' "$(result '.kernels[0].release')" \
	'^6\.12\.[0-9]+-ktest$'
at_most 'the first build: its objects are counted, for the next one' 1000 \
	"$(jq '.[0].all.objects' "$T/out/kernel_build.x86_64.builds.json")"
gone 'a kernel is built for the test and boots'

before=$(make_log)
run_success
is 'nothing has changed: PASS' "$(verdicts)" success=PASS
is 'nothing has changed: make is not started' "$(make_log)" "$before"

guest_file <<'END'
test_places()
{
	[[ -s $ktest_kernel_source/fs/ext4/inode.c && -s $ktest_kernel_build/include/config/kernel.release ]]
	assert_fails_with Read-only touch "$ktest_kernel_source/new"
	assert_fails_with Read-only touch "$ktest_kernel_build/.config"
	[[ $(ls -A /ktest-out) == out ]]
}
END
btk run -k "$source" -o "$T/out" --accel "${ACCEL:-tcg}" --cpus 1 --mem 512M "$T/tree/t.ktest"
passed 'in the guest: source and build directory' places
is 'in the guest: no other kernel was built' "$(make_log)" "$before"

edit
run_success
is 'a file is touched: PASS' "$(verdicts)" success=PASS
is 'a file is touched: make is not started for the same content' "$(make_log)" "$before"

edit ktest_was_here
run_success
is 'a file is edited: PASS' "$(verdicts)" success=PASS
is 'a file is edited: the kernel is the new one' "$(has_symbol ktest_was_here)" 1
like 'a file is edited: it is compiled' " $(compiled | tr '\n' ' ')" ' fs/ext4/inode\.o '
is 'a file is edited: no other of ext4 is' "$(compiled | grep -c '^fs/ext4/')" 1
before=$(make_log)

edit
build
is 'back to what was built before: exit 0' "$status" 0
is 'back to what was built before: from the cache' "$(make_log)" "$before"
is 'back to what was built before: that kernel' "$(has_symbol ktest_was_here)" 0

edit 'ktest_is = nonsense'
build
is 'an error: exit 125' "$status" 125
line=$(wc -l <"$edited")
like 'an error: the compiler is heard' "$(cat "$T/stderr")" \
	"fs/ext4/inode\\.c:$line:[0-9]+: error: .*nonsense"
is 'an error: nothing but its lines' "$(grep -cvE "fs/ext4/inode\\.c:$line:|^build-test-kernel: building " "$T/stderr")" 0
edit

# A build that is ended leaves no process and no half kernel.
(
	export_environment
	exec "$TREE/bin/build-test-kernel" build -k "$source" -o "$T/other" --always-make
) >"$T/stdout" 2>"$T/stderr" </dev/null &
pid=$!
wait_for 'an object is compiled' grep -qs '^  CC ' "$T/other/kernel_build.x86_64/ktest-build.log"
kill -INT "$pid"
await
is 'interrupted: exit 130' "$status" 130
is 'interrupted: no kernel' "$(find "$T/other/kernel.x86_64" -type f 2>/dev/null)" ''
gone 'interrupted'

# Published, it needs neither its source nor its build: a module is built against it, and found to
# fit by the kernel.
build -D "$T/published"
is 'published: exit 0' "$status" 0
is 'published: a manifest' \
	"$(jq -r '[.release, .arch, (.build_id | length > 30 | tostring)] | join(" ")' "$T/published/manifest.json")" \
	"$(cat "$T/out/kernel_build.x86_64/include/config/kernel.release") x86_64 true"
mv "$T/published" "$T/moved"
rm -rf "$T/out"
ktest run --accel "${ACCEL:-tcg}" --cpus 1 --mem 512M -k "$T/moved" -o "$T/out" \
	"$TREE/tests/bugs.ktest" warning
is 'published: a module is built, loaded, and warns' "$(verdicts)" 'warning=FAIL(warning)'
is 'published: the results say which kernel it was' "$(result '.kernels[0].build_id')" \
	"$(jq -r .build_id "$T/moved/manifest.json")"
gone published

# shellcheck source=t/vm/debuggers.sh
. "$TREE/t/vm/debuggers.sh"
add_module "$T/moved"
is 'published: another module is built' $? 0
debug_guest "$T/moved"
debug_dump "$T/moved"
complete
