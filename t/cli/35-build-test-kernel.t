#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# build-test-kernel: from a source tree, as small as one can be, to verdicts, with a fake QEMU.
. "$(dirname "$0")/lib.sh"

# A tree whose makefile has the targets of the kernel's. Its image is the fake kernel, and each make
# leaves a line in $T/made.
kernel_tree()
{
	mkdir -p "$T/linux/scripts" "$T/linux/arch/x86" "$T/linux/init" "$T/linux/a"
	: >"$T/linux/Kbuild"
	: >"$T/linux/scripts/Kbuild.include"
	: >"$T/linux/arch/x86/Makefile"
	echo 'int one(void) { return 1; }' >"$T/linux/a/one.c"
	printf 'config KASAN\n\tbool "kasan"\n\tdepends on HOLES\n\nconfig HOLES\n\tbool "holes"\n' \
		>"$T/linux/Kconfig"
	cat >"$T/linux/Makefile" <<'EOF'
VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 0
EXTRAVERSION = -fake
source := $(CURDIR)
config = cp $(O)/$(KCONFIG_ALLCONFIG) $(O)/$(KCONFIG_CONFIG)
allnoconfig:
	@$(config)
olddefconfig:
	@true
bzImage: $(O)/vmlinux
	@echo made >>$(source)/../made
	@mkdir -p $(O)/arch/x86/boot && cat $(source)/../kernel/vmlinuz $< >$(O)/arch/x86/boot/bzImage
$(O)/vmlinux: $(O)/a/one.o $(O)/.config
	@mkdir -p $(O)/include/config $(O)/include/generated && cp $< $@ && nm $< >$(O)/System.map
	@echo 6.1.0-fake >$(O)/include/config/kernel.release
	@cp $(O)/.config $(O)/include/config/auto.conf && echo sym >$(O)/Module.symvers
$(O)/a/one.o: $(source)/a/one.c
	@mkdir -p $(@D) && echo '  CC      a/one.o' && $(CC) -c -o $@ $<
drivers = virtio_pci virtio_console virtio_blk virtio_net 9p 9pnet_virtio overlay ext4
modules:
	@: >$(O)/modules.order && printf '%s\n' $(drivers:%=kernel/%.ko) >$(O)/modules.builtin
modules_install:
	@mkdir -p $(INSTALL_MOD_PATH)/lib/modules/6.1.0-fake
	@cp $(O)/modules.* $(INSTALL_MOD_PATH)/lib/modules/6.1.0-fake
	@PATH=$$PATH:/sbin:/usr/sbin depmod -b $(INSTALL_MOD_PATH) 6.1.0-fake
nconfig:
	@echo CONFIG_HOLES=y >>$(O)/.config
scripts_gdb:
	@true
slow:
	@echo slow >>$(source)/../made; sleep 1000 & setsid sleep 1000
EOF
}

begin_tree()
{
	begin
	kernel_tree
	ln -s "$KTEST" "$T/bin/build-test-kernel"
	: >"$T/made"
}

# btk COMMAND ARG...: in the tree, to its end; status, $T/stdout and $T/stderr.
btk()
{
	status=0
	(
		btk_environment
		exec timeout -k 5 120 "$T/bin/build-test-kernel" "$@"
	) >"$T/stdout" 2>"$T/stderr" </dev/null || status=$?
}

btk_environment()
{
	export_environment
	export CCACHE_DISABLE=1
	cd "$T/linux" || exit
}

btk_run()
{
	btk run --accel tcg --qemu "$T/bin/qemu-system-x86_64" -o "$T/out" "$@"
}

begin_tree
btk_run "$T/tree/t.ktest"
is 'run: exit status' "$status" 0
is 'run: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
is 'run: the kernel is what was built' "$(readlink "$T/out/kernel")" "$T/out/kernel.x86_64"
is 'run: where it came from' "$(result '.kernels[0].release')" '6.1.0-fake'
is 'run: made once' "$(lines_of "$T/made")" 1
gone run

btk_run "$T/tree/t.ktest"
is 'nothing changed: exit status' "$status" 0
is 'nothing changed: no make' "$(lines_of "$T/made")" 1

echo 'int two(void) { return 2; }' >>"$T/linux/a/one.c"
btk_run "$T/tree/t.ktest"
is 'a file changed: exit status' "$status" 0
is 'a file changed: made again' "$(lines_of "$T/made")" 2

echo 'int one(void) { return 1; }' >"$T/linux/a/one.c"
btk_run "$T/tree/t.ktest"
is 'back again: exit status' "$status" 0
is 'back again: from the cache' "$(lines_of "$T/made")" 2
btk build -o "$T/out" --always-make
is 'always: exit status' "$status" 0
is 'always: made' "$(lines_of "$T/made")" 3
gone 'nothing twice'

# Two files that want different kernels, and one that wants the same as the first.
begin_tree
for f in a b c; do
	declares ktest_library=1 ktest_mem=64 ktest_cpus=1 \
		"$([[ $f != b ]] || echo 'ktest_kernel_config_require=(HOLES)')"
	sed -i -e 's/SUBTESTS/one/' -e "/^echo ''$/d" "$T/tree/t.ktest"
	mv "$T/tree/t.ktest" "$T/tree/$f.ktest"
done
btk_run "$T/tree/a.ktest" "$T/tree/b.ktest" "$T/tree/c.ktest"
is 'several: exit status' "$status" 0
is 'several: the same kernel for two of them' \
	"$(result '[.tests[] | .file + "=" + .kernel] | join(" ")')" 'a=k1 b=k2 c=k1'
is 'several: two were made' "$(lines_of "$T/made")" 2
is 'several: one has what b asked for' "$(cd "$T/out" && grep -lx CONFIG_HOLES=y kernel.*/config)" \
	'kernel.x86_64.2/config'
gone several

# What cannot be: one line, 125, before anything is made.
begin_tree
declares ktest_library=1 'ktest_kernel_config_require=(KASAN)'
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
sed -i 's/^config = cp \(.*\) /config = sed "s,^CONFIG_KASAN=.*,\\# CONFIG_KASAN is not set," \1 >/' \
	"$T/linux/Makefile"
btk_run "$T/tree/t.ktest"
is 'a requirement that is not reached: exit status' "$status" 125
like 'a requirement that is not reached: why' "$(cat "$T/stderr")" 'CONFIG_KASAN=y .*depends on HOLES'
is 'a requirement that is not reached: nothing is made' "$(lines_of "$T/made")" 0

begin_tree
echo 'int one(void) { return nonesuch; }' >"$T/linux/a/one.c"
btk_run "$T/tree/t.ktest"
is 'an error in the source: exit status' "$status" 125
like 'an error in the source: the compiler' "$(cat "$T/stderr")" "a/one.c:1:.*error: .nonesuch. undeclared"
is 'an error in the source: no run' "$([[ -e $T/out/out ]] && echo there)" ''
gone 'an error in the source'

begin_tree
rm "$T/linux/Kconfig"
btk_run "$T/tree/t.ktest"
is 'no kernel tree: exit status' "$status" 125
like 'no kernel tree: what to do' "$(cat "$T/stderr")" 'is no kernel source tree .*name it with -k'
btk run -k "$T/nowhere" "$T/tree/t.ktest"
is 'no such tree: exit status' "$status" 125
begin_tree
CC=nonesuch-gcc btk build -o "$T/out"
is 'no compiler: exit status' "$status" 125
like 'no compiler: which' "$(cat "$T/stderr")" 'nonesuch-gcc'

# All programs but one.
begin_tree
mkdir "$T/path"
ln -s /usr/bin/* "$T/path" && rm "$T/path/flex"
for c in build config oldconfig; do
	PATH=$T/path btk $c -o "$T/out"
	is "no flex: $c: exit status" "$status" 125
	is "no flex: $c: what to do" "$(cat "$T/stderr")" \
		"build-test-kernel: building a kernel needs flex: \`sudo apt install flex\` (Debian's names of the packages)"
done
is 'no flex: nothing is made' "$(lines_of "$T/made")" 0

# What another error of make has to say is in the last line that is not its own.
begin_tree
sed -i 's/^allnoconfig:/&\n\t@echo "no room to swing a cat" >\&2; false/' "$T/linux/Makefile"
btk build -o "$T/out"
is 'make fails: exit status' "$status" 125
is 'make fails: why' "$(grep -v building "$T/stderr")" \
	'build-test-kernel: make allnoconfig: no room to swing a cat'

begin_tree
touch "$T/linux/.config"
btk_run "$T/tree/t.ktest"
is 'built in: exit status' "$status" 125
like 'built in: what to do' "$(cat "$T/stderr")" \
	"has been built in \(it has a .config\).*\`make -C $T/linux ARCH=x86_64 mrproper\`"

# Where nothing can be written, another place for the output is all that it takes.
begin_tree
: >"$T/file"
for c in build config run; do
	btk $c -o "$T/file/out" "$T/tree/t.ktest"
	is "no output: $c: exit status" "$status" 125
	like "no output: $c: what to do" "$(cat "$T/stderr")" \
		'^build-test-kernel: .*cannot be written \(Not a directory\): name another place with -o DIR$'
done

# A guest can write there; what it left would run here.
begin_tree
mkdir -p "$T/out/kernel_build.x86_64"
touch "$T/out/kernel_build.x86_64/Makefile"
btk build -o "$T/out"
is 'a strange build directory: exit status' "$status" 125
like 'a strange build directory: what to do' "$(cat "$T/stderr")" 'not of this ktest.s making.*remove it'
is 'a strange build directory: no make' "$(lines_of "$T/made")" 0

begin_tree
btk build -V kasan -D "$T/kernels/mine" -o "$T/out"
is 'publish: exit status' "$status" 0
is 'publish: where' "$(cat "$T/stdout")" "$T/kernels/mine"
is 'publish: the manifest' \
	"$(jq -r '[.release, .arch, .variant, .source] | join(" ")' "$T/kernels/mine/manifest.json")" \
	"6.1.0-fake x86_64 kasan $T/linux"
run_args
ktest run --accel tcg --qemu "$T/bin/qemu-system-x86_64" -k "$T/kernels/mine" -o "$T/out2" \
	"$T/tree/t.ktest" one
is 'publish: it runs' "$status" 0
is 'publish: the results say what it is' \
	"$(jq -r '.kernels[0] | [.variant, .build_id, .commit] | join(" ")' "$T/out2/results.json")" \
	'kasan  '

# Of a repository the commit is on record, and whether it is all.
begin_tree
git() { HOME=$T/home command git -C "$T/linux" -c user.name=a -c user.email=b "$@" >/dev/null; }
git init -q && git add -A && git commit -q -m x
commit=$(command git -C "$T/linux" rev-parse HEAD)
declares ktest_library=1 ktest_mem=64 ktest_cpus=1 'ktest_variants=(kasan)'
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
btk_run "$T/tree/t.ktest" one
is 'a commit: exit status' "$status" 0
is 'a commit: the results have it' "$(result '.kernels[0] | .variant + " " + .commit')" "kasan $commit"
echo 'int three;' >>"$T/linux/a/one.c"
btk_run "$T/tree/t.ktest"
is 'a commit and more: the results say so' "$(result '.kernels[0].commit')" "$commit-dirty"
gone 'a commit'

# What the user chose stays until it is to be forgotten.
begin_tree
btk config -o "$T/out"
is 'config: exit status' "$status" 0
btk build -o "$T/out"
is 'config: the choice is built' "$(grep -c CONFIG_HOLES=y "$T/out/kernel.x86_64/config")" 1
btk build -P -o "$T/out"
is 'config: -P forgets it' "$(grep -c CONFIG_HOLES=y "$T/out/kernel.x86_64/config")" 0
gone config

# Ctrl-C ends make and all that it started.
begin_tree
declares ktest_library=1 ktest_kbuild_target=slow
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
(
	btk_environment
	exec "$T/bin/build-test-kernel" build -o "$T/out" "$T/tree/t.ktest"
) >"$T/stdout" 2>"$T/stderr" </dev/null &
pid=$!
wait_for 'the slow target' grep -qsx slow "$T/made"
kill -INT "$pid"
await
is 'interrupted: exit status' "$status" 130
gone 'interrupted'
btk run -h
is 'help: exit status' "$status" 0
like 'help: has -M' "$(cat "$T/stdout")" '-M, --make-arg ARG'
complete
