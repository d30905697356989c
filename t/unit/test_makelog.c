// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include "kbuild/makelog.h"

static struct makelog read_log(const char *text)
{
	struct makelog l = {.source = "/src/linux", .build_dir = "/out/kernel_build.x86_64"};

	while (*text) {
		size_t len = strcspn(text, "\n");

		makelog_line(&l, text, len);
		text += len + (text[len] == '\n');
	}
	return l;
}

static void objects_are_counted(void **state)
{
	struct makelog l = read_log("  SYNC    include/config/auto.conf\n"
				    "  HOSTCC  scripts/basic/fixdep\n"
				    "  CC      fs/ext4/inode.o\n"
				    "  CC [M]  fs/ext4/super.o\n"
				    "  AS      arch/x86/lib/x.o\n"
				    "  AR      fs/built-in.a\n"
				    "  CCC     x\n"
				    "CC        x\n"
				    "  LD      vmlinux.o\n");

	(void)state;
	assert_int_equal(l.objects, 4);
	assert_null(makelog_cause(&l));
	makelog_done(&l);
}

/* What gcc, ld and make of a real build said. */
static void errors_are_the_compilers_own(void **state)
{
	struct makelog l = read_log(
		"  CC      fs/ext4/inode.o\n"
		"/src/linux/fs/ext4/inode.c: In function 'ext4_x':\n"
		"/src/linux/fs/ext4/inode.c:41:9: warning: unused variable 'error' "
		"[-Wunused-variable]\n"
		"/src/linux/fs/ext4/inode.c:42:9: error: 'foo' undeclared (first use in this "
		"function)\n"
		"   42 |  foo = 1;\n"
		"      |  ^~~\n"
		"/src/linux/fs/ext4/inode.c:42:9: note: each undeclared identifier is reported "
		"only "
		"once\n"
		"In file included from /src/linux/include/linux/x.h:1,\n"
		"../kernel/fork.c:9:10: fatal error: nope.h: No such file or directory\n"
		"compilation terminated.\n"
		"make[4]: *** [/src/linux/scripts/Makefile.build:229: fs/ext4/inode.o] Error 1\n"
		"make[3]: *** Waiting for unfinished jobs....\n"
		"make: *** [Makefile:224: __sub-make] Error 2\n");

	(void)state;
	assert_int_equal(l.errors.n, 2);
	assert_string_equal(l.errors.v[0],
			    "fs/ext4/inode.c:42:9: error: 'foo' undeclared (first use "
			    "in this function)");
	assert_string_equal(
		l.errors.v[1],
		"../kernel/fork.c:9:10: fatal error: nope.h: No such file or directory");
	assert_string_equal(makelog_cause(&l), l.errors.v[0]);
	assert_null(l.stop);
	makelog_done(&l);
}

static void every_tool_has_its_way_to_say_it(void **state)
{
	static const char *const errors[] = {
		"ld: fs/ext4/inode.o: in function `f':inode.c:(.text+0x1): undefined reference to "
		"`g'",
		"ld.lld: error: undefined symbol: g",
		"ERROR: modpost: \"g\" [fs/ext4/ext4.ko] undefined!",
		"arch/x86/lib/x.S:12: Error: no such instruction: `foo'",
		"fs/x.c:1:1: internal compiler error: Segmentation fault",
		"gcc: fatal error: Killed signal terminated program cc1",
		"error: objtool: f+0x1: unreachable",
		"ld: b.o:(.bss+0x0): multiple definition of `x'; a.o:(.bss+0x0): first defined "
		"here",
		"ld: region `RAM' overflowed by 12 bytes",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct makelog l = read_log(errors[i]);

		assert_int_equal(l.nerrors, 1);
		makelog_done(&l);
	}
}

static void without_a_compilers_error_make_says_why(void **state)
{
	struct makelog l =
		read_log("make[3]: *** No rule to make target 'fs/none.o', needed by "
			 "'fs/built-in.a'.  Stop.\n"
			 "make[2]: *** [/src/linux/scripts/Makefile.build:478: fs] Error 2\n"
			 "make: *** [Makefile:224: __sub-make] Error 2\n");

	(void)state;
	assert_int_equal(l.nerrors, 0);
	assert_string_equal(
		makelog_cause(&l),
		"No rule to make target 'fs/none.o', needed by 'fs/built-in.a'.  Stop.");
	makelog_done(&l);
}

static void what_is_shown_is_bounded_and_printable(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct makelog l;

	(void)state;
	for (int i = 0; i < 100; i++)
		strbuf_addf(&text, "f%d.c:1:1: error: \x1b[31m%01000d\n", i, i);
	/* One that comes again is none. */
	strbuf_puts(&text, "f.c:1:1: error: No space left on device\n"
			   "f.c:1:1: error: No space left on device\n");
	l = read_log(text.s);
	assert_int_equal(l.errors.n, MAKELOG_ERRORS_MAX);
	assert_true(l.nerrors >= 101 && l.nerrors <= 102);
	for (size_t i = 0; i < l.errors.n; i++) {
		assert_true(strlen(l.errors.v[i]) <= 400);
		assert_null(strchr(l.errors.v[i], '\x1b'));
	}
	assert_true(l.disk_full);
	makelog_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_counted),
		cmocka_unit_test(errors_are_the_compilers_own),
		cmocka_unit_test(every_tool_has_its_way_to_say_it),
		cmocka_unit_test(without_a_compilers_error_make_says_why),
		cmocka_unit_test(what_is_shown_is_bounded_and_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
