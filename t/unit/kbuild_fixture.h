/* SPDX-License-Identifier: GPL-2.0-only */
/* A source tree whose Makefile has the targets of the kernel's, small enough for a build to take a
 * moment; configuring it is the test's own. */
#ifndef T_UNIT_KBUILD_FIXTURE_H
#define T_UNIT_KBUILD_FIXTURE_H

#include "t/unit/kernel_fixture.h"

#include "kbuild/kbuild.h"

#define FAKE_RELEASE "6.99.1-rc2-fake"

/* Objects of all a/X.c become the image, behind a header that tells the release. */
static const char fake_makefile[] =
	"VERSION = 6\n"
	"PATCHLEVEL = 99\n"
	"SUBLEVEL = 1\n"
	"EXTRAVERSION = -rc2\n"
	"source := $(CURDIR)\n"
	"objects := $(patsubst $(source)/%.c,$(O)/%.o,$(wildcard $(source)/a/*.c))\n"
	"bzImage: $(O)/arch/x86/boot/bzImage\n"
	"$(O)/arch/x86/boot/bzImage: $(O)/vmlinux $(source)/arch/x86/head\n"
	"\t@mkdir -p $(@D) && cat $(source)/arch/x86/head $< >$@\n"
	"$(O)/vmlinux: $(objects) $(O)/.config\n"
	"\t@echo '  LD      vmlinux'\n"
	"\t@mkdir -p $(O)/include/config $(O)/include/generated $(O)/scripts/mod\n"
	"\t@cat $(objects) >$@ && nm $(objects) >$(O)/System.map\n"
	"\t@echo " FAKE_RELEASE " >$(O)/include/config/kernel.release\n"
	"\t@cp $(O)/.config $(O)/include/config/auto.conf && echo sym >$(O)/Module.symvers\n"
	"\t@echo tool >$(O)/scripts/mod/modpost && echo made >$(O)/scripts/mod/x.o\n"
	"\t@echo '#define A' >$(O)/include/generated/autoconf.h\n"
	"$(O)/a/%.o: $(source)/a/%.c $(source)/include/all.h\n"
	"\t@mkdir -p $(@D) && echo '  CC      a/$*.o' && $(CC) -c -I$(source)/include -o $@ $<\n"
	"modules: $(O)/a/m.ko\n"
	"$(O)/a/m.ko: $(source)/a/m.mod\n"
	"\t@mkdir -p $(@D) && cp $< $@ && echo a/m.o >$(O)/modules.order\n"
	"\t@: >$(O)/modules.builtin\n"
	"modules_install:\n"
	"\t@mkdir -p $(INSTALL_MOD_PATH)/lib/modules/" FAKE_RELEASE "/kernel/a\n"
	"\t@cp $(O)/a/m.ko $(INSTALL_MOD_PATH)/lib/modules/" FAKE_RELEASE "/kernel/a\n"
	"\t@cp $(O)/modules.* $(INSTALL_MOD_PATH)/lib/modules/" FAKE_RELEASE "\n"
	"\t@ln -s $(O) $(INSTALL_MOD_PATH)/lib/modules/" FAKE_RELEASE "/build\n"
	"\t@echo installed >>$(O)/modules-installed\n"
	"scripts_gdb:\n"
	"\t@mkdir -p $(O)/scripts/gdb/linux && ln -sfn $(source)/gdb.py $(O)/vmlinux-gdb.py\n"
	"\t@ln -sfn $(source)/gdb.py $(O)/scripts/gdb/linux/tasks.py\n"
	"slow: bzImage\n"
	"\t@sleep 1000 & setsid sleep 1000\n"
	"full:\n"
	"\t@echo 'x.c:1:1: fatal error: error writing to x.s: No space left on device' && false\n";

static inline void put_fake_tree(const char *name)
{
	static const struct {
		const char *path, *text;
	} files[] = {
		{"Makefile", fake_makefile},
		{"Kbuild", ""},
		{"Kconfig", "mainmenu \"x\"\n"},
		{"scripts/Kbuild.include", ""},
		{"init/Kconfig", ""},
		{"arch/x86/Makefile", ""},
		{"arch/x86/include/asm/x.h", ""},
		{"include/all.h", "int all;\n"},
		{"a/one.c", "#include \"all.h\"\nint one(void) { return 1; }\n"},
		{"a/two.c", "#include \"all.h\"\nint two(void) { return 2; }\n"},
		{"a/m.mod", "module\n"},
		{"gdb.py", "print('gdb')\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", name, files[i].path);

		put_text(path, files[i].text);
	}
	put_bzimage(keep(xasprintf("%s/arch/x86/head", name)), FAKE_RELEASE " (x@y)", true);
}

/* A build of the tree src, in out; what it names lives until the test ends. */
static inline struct kbuild fake_build(void)
{
	setenv("CCACHE_DISABLE", "1", 1);
	unsetenv("CC");
	return (struct kbuild){
		.arch = arch_find("x86_64"),
		.source = keep(path_real(in_dir("src"), NULL)),
		.version = "6.99.1-rc2",
		.build_dir = in_dir("out/kernel_build.x86_64"),
		.install_dir = in_dir("out/kernel.x86_64"),
		.user_config = in_dir("out/config.x86_64"),
		.cache = in_dir("cache"),
	};
}

#endif
