// SPDX-License-Identifier: GPL-2.0-only
/* On a module tree made by hand: the smallest objects that depmod takes for modules. */
#include "t/unit/kernel_fixture.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/proc.h"
#include "kernel/modules.h"

#define REL  "6.1.0-1"
#define TREE "lib/modules/" REL

/* The smallest object that depmod takes for a module: an ELF header and a .modinfo section. */
struct object {
	Elf64_Ehdr eh;
	Elf64_Shdr sh[3];
	char names[32];
	char info[256];
};

static void put_module(const char *name, const char *info, size_t info_len)
{
	static const char names[] = "\0.shstrtab\0.modinfo";
	_cleanup_free_ char *path = xasprintf(TREE "/kernel/%s.ko", name);
	struct object o = {
		.eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		       .e_type = ET_REL,
		       .e_machine = EM_X86_64,
		       .e_version = EV_CURRENT,
		       .e_shoff = offsetof(struct object, sh),
		       .e_ehsize = sizeof(Elf64_Ehdr),
		       .e_shentsize = sizeof(Elf64_Shdr),
		       .e_shnum = 3,
		       .e_shstrndx = 1},
		.sh = {[1] = {.sh_name = 1,
			      .sh_type = SHT_STRTAB,
			      .sh_offset = offsetof(struct object, names),
			      .sh_size = sizeof(names)},
		       [2] = {.sh_name = 11,
			      .sh_type = SHT_PROGBITS,
			      .sh_offset = offsetof(struct object, info),
			      .sh_size = info_len}},
	};

	memcpy(o.names, names, sizeof(names));
	memcpy(o.info, info, info_len);
	put_file(path, &o, sizeof(o));
}

#define MODULE(name, info) put_module(name, info, sizeof(info))

static void run_depmod(void)
{
	_cleanup_strv_ struct strv argv = {0};
	struct err err = {0};

	strv_addv(&argv, "depmod", "-b", dir, REL, NULL);
	assert_int_equal(proc_run(&argv, 60000, NULL, &err), 0);
}

static struct kernel *make_tree(void)
{
	static struct kernel k;

	k = (struct kernel){.name = xstrdup("test"), .release = xstrdup(REL)};
	k.modules = new_in_dir(TREE);
	MODULE("first", "name=first\0alias=fs-first\0softdep=pre: crc-soft missing\0");
	MODULE("crc-soft", "alias=crc\0softdep=pre: first\0");
	MODULE("after", "softdep=post: crc-soft\0");
	put_text(TREE "/modules.order", "kernel/first.ko\nkernel/crc-soft.ko\nkernel/after.ko\n");
	put_text(TREE "/modules.builtin", "kernel/drivers/inside-core.ko\n");
	run_depmod();
	return &k;
}

static void assert_closure(const struct kernel *k, const char *want, const char *files)
{
	_cleanup_strbuf_ struct strbuf got = {0};
	struct strv wanted = {0};
	struct module_set set;
	struct err err = {0};
	char *copy = xstrdup(want);

	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
		strv_add(&wanted, w);
	assert_int_equal(modules_closure(k, &wanted, &set, &err), 0);
	for (size_t i = 0; i < set.paths.n; i++) {
		assert_true(path_readable(set.paths.v[i]));
		strbuf_addf(&got, "%s ", path_base(set.paths.v[i]));
	}
	assert_string_equal(got.len ? got.s : "", files);
	module_set_done(&set);
	strv_done(&wanted);
	free(copy);
}

static void soft_dependencies_come_in_order_and_circles_end(void **state)
{
	struct kernel *k = make_tree();

	(void)state;
	assert_closure(k, "first", "crc-soft.ko first.ko ");
	assert_closure(k, "after", "after.ko first.ko crc-soft.ko ");
	assert_closure(k, "first after first", "crc-soft.ko first.ko after.ko ");
	kernel_done(k);
}

static void dash_and_underscore_are_the_same_and_aliases_work(void **state)
{
	struct kernel *k = make_tree();

	(void)state;
	assert_closure(k, "crc_soft", "first.ko crc-soft.ko ");
	assert_closure(k, "crc-soft", "first.ko crc-soft.ko ");
	assert_closure(k, "fs-first", "crc-soft.ko first.ko ");
	kernel_done(k);
}

static void built_in_and_optional_ones_take_no_file(void **state)
{
	struct kernel *k = make_tree();

	(void)state;
	assert_closure(k, "inside_core inside-core", "");
	assert_closure(k, "?nothing", "");
	assert_closure(k, "?first", "crc-soft.ko first.ko ");
	assert_true(modules_have(k, "inside_core"));
	assert_true(modules_have(k, "first"));
	assert_false(modules_have(k, "nothing"));
	kernel_done(k);
}

static void a_missing_driver_is_named(void **state)
{
	struct kernel *k = make_tree();
	_cleanup_strv_ struct strv want = {0};
	struct module_set set;
	struct err err = {0};

	(void)state;
	strv_addv(&want, "first", "virtio_blk", NULL);
	assert_int_equal(modules_closure(k, &want, &set, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "virtio_blk"));
	assert_int_equal(set.paths.n, 0);
	/* built in, but of a kind that modules.builtin does not list */
	k->config = new_in_dir("config");
	put_text("config", "CONFIG_VIRTIO_BLK=y\n");
	assert_int_equal(modules_closure(k, &want, &set, &err), 0);
	module_set_done(&set);
	kernel_done(k);
}

static void a_tree_without_index_names_the_depmod_command(void **state)
{
	_cleanup_strv_ struct strv want = {0};
	struct kernel *k = make_tree();
	struct module_set set;
	struct err err = {0};
	_cleanup_free_ char *line = xasprintf("`depmod -b %s " REL "`", dir);

	(void)state;
	strv_add(&want, "first");
	assert_int_equal(unlink(in_dir(TREE "/modules.dep.bin")), 0);
	assert_int_equal(modules_closure(k, &want, &set, &err), -ENOENT);
	assert_non_null(strstr(err.msg, line));
	str_set(&k->modules, dir);
	assert_int_equal(modules_closure(k, &want, &set, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "lib/modules/" REL));
	kernel_done(k);
}

static void without_modules_the_configuration_decides(void **state)
{
	struct kernel k = {.name = xstrdup("k"), .config = new_in_dir("config")};
	_cleanup_strv_ struct strv want = {0}, bad = {0}, opt = {0};
	struct module_set set;
	struct err err = {0};

	(void)state;
	put_text("config", "CONFIG_9P_FS=y\nCONFIG_EXT4_FS=m\n");
	strv_addv(&want, "9p", "a_driver_nobody_knows", NULL);
	strv_addv(&bad, "9p", "ext4", NULL);
	strv_addv(&opt, "?ext4", NULL);
	assert_int_equal(modules_closure(&k, &want, &set, &err), 0);
	assert_int_equal(set.paths.n, 0);
	assert_int_equal(modules_closure(&k, &opt, &set, &err), 0);
	assert_int_equal(modules_closure(&k, &bad, &set, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "CONFIG_EXT4_FS=y"));
	assert_true(modules_have(&k, "9p"));
	assert_false(modules_have(&k, "pvpanic-pci"));
	str_set(&k.config, NULL);
	assert_int_equal(modules_closure(&k, &bad, &set, &err), 0);
	kernel_done(&k);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(soft_dependencies_come_in_order_and_circles_end),
		IN_DIR(dash_and_underscore_are_the_same_and_aliases_work),
		IN_DIR(built_in_and_optional_ones_take_no_file),
		IN_DIR(a_missing_driver_is_named),
		IN_DIR(a_tree_without_index_names_the_depmod_command),
		IN_DIR(without_modules_the_configuration_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
