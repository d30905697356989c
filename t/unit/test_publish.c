// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kbuild_fixture.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/proc.h"
#include "kbuild/install.h"
#include "kbuild/publish.h"
#include "kbuild/revision.h"
#include "kernel/load.h"

/* As make and the installation leave it. */
static struct kbuild built(void)
{
	struct kbuild b;

	put_fake_tree("src");
	put_text("src/include/generated/stale.h", "");
	put_text("src/arch/x86/um/include/asm/y.h", "");
	put_bzimage("out/kernel_build.x86_64/arch/x86/boot/bzImage", FAKE_RELEASE " (x@y)", true);
	put_text("out/kernel_build.x86_64/.config", "CONFIG_CC_VERSION_TEXT=\"gcc (Debian) 12\"\n");
	put_text("out/kernel_build.x86_64/System.map", "");
	put_text("out/kernel_build.x86_64/Module.symvers", "sym\n");
	put_text("out/kernel_build.x86_64/include/generated/autoconf.h", "");
	put_text("out/kernel_build.x86_64/include/config/auto.conf", "");
	put_text("out/kernel_build.x86_64/scripts/mod/modpost", "");
	b = fake_build();
	/* Any ELF file with a build id. */
	assert_int_equal(
		file_copy("/proc/self/exe", in_dir("out/kernel_build.x86_64/vmlinux"), NULL), 0);
	assert_int_equal(install_kernel(&b, NULL), 0);
	return b;
}

static json_t *manifest(const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s/manifest.json", dir, name);
	json_t *doc = json_load_file(path, 0, NULL);

	assert_non_null(doc);
	return doc;
}

static void a_published_kernel_stands_alone(void **state)
{
	_cleanup_kernel_ struct kernel k = {0};
	_cleanup_json_ json_t *doc = NULL;
	struct kbuild b = built();
	struct err err = {0};

	(void)state;
	assert_int_equal(publish_kernel(&b, "kasan", in_dir("p/kernel/"), &err), 0);
	assert_int_equal(rm_rf(in_dir("src"), NULL), 0);
	assert_int_equal(rm_rf(in_dir("out"), NULL), 0);
	assert_int_equal(rename(in_dir("p/kernel"), in_dir("moved")), 0);
	assert_int_equal(kernel_load_dir(in_dir("moved"), &k, &err), 0);
	assert_non_null(k.headers);
	assert_true(path_exists(in_dir("moved/headers/build/Module.symvers")));
	assert_true(path_exists(in_dir("moved/headers/build/include/all.h")));
	assert_true(path_exists(in_dir("moved/headers/build/include/generated/autoconf.h")));
	assert_true(path_exists(in_dir("moved/headers/build/arch/x86/include/asm/x.h")));
	assert_true(path_exists(in_dir("moved/headers/build/arch/x86/um/include/asm/y.h")));
	assert_true(path_exists(in_dir("moved/headers/build/scripts/Kbuild.include")));
	assert_true(path_exists(in_dir("moved/headers/build/scripts/mod/modpost")));
	assert_false(path_exists(in_dir("moved/headers/build/include/generated/stale.h")));
	doc = manifest("moved");
	assert_string_equal(json_get_str(doc, "release"), FAKE_RELEASE);
	assert_string_equal(json_get_str(doc, "arch"), "x86_64");
	assert_string_equal(json_get_str(doc, "variant"), "kasan");
	assert_string_equal(json_get_str(doc, "compiler"), "gcc (Debian) 12");
	assert_string_equal(json_get_str(doc, "source"), b.source);
	assert_true(json_is_null(json_object_get(doc, "revision")));
	assert_true(strlen(json_get_str(doc, "build_id")) >= 32);
}

static void git(const char *a, const char *b, const char *c)
{
	_cleanup_strv_ struct strv argv = {0};
	struct err err = {0};

	strv_addv(&argv, "git", "-C", in_dir("src"), "-c", "user.name=a", "-c", "user.email=b", a,
		  NULL);
	if (b)
		strv_add(&argv, b);
	if (c)
		strv_add(&argv, c);
	assert_int_equal(proc_run(&argv, 60000, NULL, &err), 0);
}

static void a_revision_and_whether_it_is_all(void **state)
{
	_cleanup_json_ json_t *clean = NULL, *dirty = NULL;
	struct kbuild b = built();

	(void)state;
	git("init", "-q", NULL);
	git("add", "-A", NULL);
	git("commit", "-q", "-mx");
	assert_int_equal(publish_kernel(&b, NULL, in_dir("p"), NULL), 0);
	clean = manifest("p");
	assert_int_equal(strlen(json_get_str(clean, "revision")), 40);
	assert_false(json_get_bool(clean, "dirty", true));
	assert_true(json_is_null(json_object_get(clean, "variant")));
	put_text("src/new.c", "");
	assert_int_equal(publish_kernel(&b, NULL, in_dir("p"), NULL), 0);
	dirty = manifest("p");
	assert_true(json_get_bool(dirty, "dirty", false));
}

static void output_within_the_source_makes_it_no_other(void **state)
{
	_cleanup_json_ json_t *doc = NULL;
	struct kbuild b = built();

	(void)state;
	git("init", "-q", NULL);
	git("add", "-A", NULL);
	git("commit", "-q", "-mx");
	assert_int_equal(rename(in_dir("out"), in_dir("src/out")), 0);
	b.install_dir = keep(xasprintf("%s/out/kernel.x86_64", b.source));
	b.build_dir = keep(xasprintf("%s/out/kernel_build.x86_64", b.source));
	assert_int_equal(publish_kernel(&b, NULL, in_dir("p"), NULL), 0);
	doc = manifest("p");
	assert_false(json_get_bool(doc, "dirty", true));
}

static const char *answer(const char *source)
{
	struct revision r;
	char *commit;

	revision_ask(source, &r);
	commit = revision_answer(&r);
	return commit ? keep(commit) : NULL;
}

static void a_commit_while_something_else_goes_on(void **state)
{
	const char *source = in_dir("src"), *clean;
	struct revision nobody = {0};

	(void)state;
	put_fake_tree("src");
	assert_null(answer(source));
	git("init", "-q", NULL);
	assert_null(answer(source));
	git("add", "-A", NULL);
	git("commit", "-q", "-mx");
	clean = answer(source);
	assert_int_equal(strlen(clean), 40);
	put_text("src/new.c", "");
	assert_string_equal(answer(source), clean);
	put_text("src/a/one.c", "int three;\n");
	assert_string_equal(answer(source), keep(xasprintf("%s-dirty", clean)));
	assert_null(answer(in_dir("src/a")));
	assert_null(answer(in_dir("none")));
	assert_null(revision_answer(&nobody));
}

static void only_a_kernel_is_replaced(void **state)
{
	struct kbuild b = built();
	struct err err = {0};

	(void)state;
	put_text("home/letter", "dear");
	assert_int_equal(publish_kernel(&b, NULL, in_dir("home"), &err), -EEXIST);
	assert_non_null(strstr(err.msg, "name a new directory with -D"));
	assert_true(path_exists(in_dir("home/letter")));
	assert_int_equal(mkdir(in_dir("empty"), 0755), 0);
	assert_int_equal(publish_kernel(&b, NULL, in_dir("empty"), &err), 0);
	put_text("empty/old", "");
	assert_int_equal(publish_kernel(&b, NULL, in_dir("empty"), &err), 0);
	assert_false(path_exists(in_dir("empty/old")));
}

static void a_failure_leaves_what_was_there(void **state)
{
	struct kbuild b = built();
	struct err err = {0};

	(void)state;
	assert_int_equal(publish_kernel(&b, NULL, in_dir("p/k"), &err), 0);
	put_text("p/k/mine", "");
	assert_int_equal(unlink(in_dir("out/kernel.x86_64/vmlinux")), 0);
	assert_true(publish_kernel(&b, NULL, in_dir("p/k"), &err) < 0);
	assert_true(path_exists(in_dir("p/k/mine")));
	assert_true(path_exists(in_dir("p/k/manifest.json")));
}

static void no_build_id_where_there_is_none(void **state)
{
	static const unsigned char torn[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	_cleanup_free_ char *own = build_id_of("/proc/self/exe");

	(void)state;
	assert_non_null(own);
	put_file("torn", torn, sizeof(torn));
	put_text("text", "#!/bin/sh\n# as long as a header would be, and longer than that too\n");
	assert_null(build_id_of(in_dir("torn")));
	assert_null(build_id_of(in_dir("text")));
	assert_null(build_id_of(in_dir("none")));
}

/* In a file of either class, whose notes are not its first segment. */
static void a_build_id_of_32_and_64_bits(void **state)
{
	static const struct {
		Elf32_Nhdr head;
		char name[4];
		unsigned char id[4];
	} note = {{4, 4, NT_GNU_BUILD_ID}, "GNU", {0xde, 0xad, 0xbe, 0xef}};
	struct {
		Elf32_Ehdr eh;
		Elf32_Phdr ph[2];
		unsigned char note[sizeof(note)];
	} of_32 = {.eh = {.e_ident = ELFMAG "\1\1", .e_phoff = sizeof(of_32.eh), .e_phnum = 2},
		   .ph = {{.p_type = PT_LOAD}, {.p_type = PT_NOTE, .p_filesz = sizeof(note)}}};
	struct {
		Elf64_Ehdr eh;
		Elf64_Phdr ph[2];
		unsigned char note[sizeof(note)];
	} of_64 = {.eh = {.e_ident = ELFMAG "\2\1", .e_phoff = sizeof(of_64.eh), .e_phnum = 2},
		   .ph = {{.p_type = PT_LOAD}, {.p_type = PT_NOTE, .p_filesz = sizeof(note)}}};
	_cleanup_free_ char *id_32 = NULL, *id_64 = NULL;

	(void)state;
	memcpy(of_32.note, &note, sizeof(note));
	memcpy(of_64.note, &note, sizeof(note));
	of_32.ph[1].p_offset = offsetof(typeof(of_32), note);
	of_64.ph[1].p_offset = offsetof(typeof(of_64), note);
	put_file("32", &of_32, sizeof(of_32));
	put_file("64", &of_64, sizeof(of_64));
	id_32 = build_id_of(in_dir("32"));
	id_64 = build_id_of(in_dir("64"));
	assert_string_equal(id_32, "deadbeef");
	assert_string_equal(id_64, "deadbeef");
	of_32.eh.e_phnum = 1;
	put_file("32", &of_32, sizeof(of_32));
	assert_null(build_id_of(in_dir("32")));
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(a_published_kernel_stands_alone),
		IN_DIR(a_revision_and_whether_it_is_all),
		IN_DIR(output_within_the_source_makes_it_no_other),
		IN_DIR(a_commit_while_something_else_goes_on),
		IN_DIR(only_a_kernel_is_replaced),
		IN_DIR(a_failure_leaves_what_was_there),
		IN_DIR(no_build_id_where_there_is_none),
		IN_DIR(a_build_id_of_32_and_64_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
