// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/load.h"
#include "kernel/vmlinuz.h"

#define VERSION "6.1.0-1-amd64 (x@y) #1 SMP"

static void gzip(const char *name, const void *data, size_t len)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	char *path = new_in_dir(name);

	archive_write_add_filter_gzip(a);
	archive_write_set_format_raw(a);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	archive_entry_set_filetype(e, AE_IFREG);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, len), len);
	archive_entry_free(e);
	archive_write_free(a);
	free(path);
}

static void assert_probe(const char *name, const char *arch, const char *release)
{
	_cleanup_free_ char *path = new_in_dir(name), *a = NULL, *r = NULL;
	struct err err = {0};

	assert_int_equal(vmlinuz_probe(path, &a, &r, &err), 0);
	assert_string_equal(a, arch);
	assert_string_equal(r, release);
}

static void bzimage_tells_arch_and_release(void **state)
{
	(void)state;
	put_bzimage("b64", VERSION, true);
	put_bzimage("b32", "5.10.0-1-686-pae (x@y)", false);
	assert_probe("b64", "x86_64", "6.1.0-1-amd64");
	assert_probe("b32", "i386", "5.10.0-1-686-pae");
}

static void arm64_image_is_read_raw_compressed_and_zboot(void **state)
{
	static unsigned char im[4096], zboot[8192];
	_cleanup_free_ char *gz = new_in_dir("Image.gz"), *inner = NULL;
	size_t len;

	(void)state;
	fill_arm64(im, sizeof(im), "6.1.0-1-arm64");
	put_file("Image", im, sizeof(im));
	gzip("Image.gz", im, sizeof(im));
	assert_int_equal(file_read(gz, 4096, &inner, &len, NULL), 0);
	memcpy(zboot, "MZ\0\0zimg", 8);
	zboot[9] = 2; /* payload at 512 */
	zboot[12] = len & 0xff;
	zboot[13] = (unsigned char)(len >> 8);
	memcpy(zboot + 512, inner, len);
	put_file("vmlinuz.efi", zboot, sizeof(zboot));
	assert_probe("Image", "aarch64", "6.1.0-1-arm64");
	assert_probe("Image.gz", "aarch64", "6.1.0-1-arm64");
	assert_probe("vmlinuz.efi", "aarch64", "6.1.0-1-arm64");
	memcpy(im + 56, "RSC\x05", 4);
	put_file("Image", im, sizeof(im));
	assert_probe("Image", "riscv64", "6.1.0-1-arm64");
}

static void what_is_no_kernel_is_refused(void **state)
{
	_cleanup_free_ char *text = new_in_dir("text"), *empty = new_in_dir("empty"),
			    *cut = new_in_dir("cut");
	char *a = NULL, *r = NULL;
	struct err err = {0};

	(void)state;
	put_text("text", "#!/bin/sh\n");
	put_text("empty", "");
	put_file("cut", "MZ\0\0zimg\xff\xff\xff\x7f\xff\xff\xff\x7f", 16);
	assert_int_equal(vmlinuz_probe(text, &a, &r, &err), -ENOEXEC);
	assert_non_null(strstr(err.msg, text));
	assert_true(vmlinuz_probe(empty, &a, &r, &err) < 0);
	assert_true(vmlinuz_probe(cut, &a, &r, &err) < 0);
	assert_null(a);
}

static void bzimage_with_wild_version_offset_has_no_release(void **state)
{
	unsigned char im[1024] = {0};
	_cleanup_free_ char *path = new_in_dir("b"), *a = NULL;
	char *r = NULL;

	(void)state;
	memcpy(im + 0x202, "HdrS", 4);
	im[0x20e] = im[0x20f] = 0xff;
	put_file("b", im, sizeof(im));
	assert_int_equal(vmlinuz_probe(path, &a, &r, NULL), 0);
	assert_null(r);
}

static void a_directory_gives_its_parts(void **state)
{
	_cleanup_kernel_ struct kernel k = {0};
	struct err err = {0};

	(void)state;
	put_bzimage("vmlinuz", VERSION, true);
	put_text("initramfs", "x");
	put_text("config", "CONFIG_A=y\n");
	put_text("lib/modules/6.1.0-1-amd64/modules.order", "");
	put_text("lib/modules/5.0/modules.order", "");
	put_text("headers/usr/src/h/Makefile", "");
	assert_int_equal(symlink("usr/src/h", in_dir("headers/build")), 0);
	assert_int_equal(kernel_find(dir, NULL, &k, &err), 0);
	assert_string_equal(k.name, dir);
	assert_string_equal(k.arch, "x86_64");
	assert_string_equal(k.release, "6.1.0-1-amd64");
	assert_string_equal(k.modules, in_dir("lib/modules/6.1.0-1-amd64"));
	assert_string_equal(k.headers, in_dir("headers/usr/src/h"));
	assert_string_equal(k.initramfs, in_dir("initramfs"));
	assert_null(k.vmlinux);
}

static void modules_may_lie_in_lib_modules_itself(void **state)
{
	_cleanup_kernel_ struct kernel k = {0};

	(void)state;
	put_bzimage("vmlinuz", VERSION, true);
	put_text("lib/modules/modules.dep", "");
	assert_int_equal(kernel_load_dir(dir, &k, NULL), 0);
	assert_string_equal(k.modules, in_dir("lib/modules"));
}

static void modules_of_another_release_are_an_error(void **state)
{
	struct kernel k = {0};
	struct err err = {0};

	(void)state;
	put_bzimage("vmlinuz", VERSION, true);
	put_text("lib/modules/5.0/modules.order", "");
	assert_int_equal(kernel_load_dir(dir, &k, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "6.1.0-1-amd64"));
	assert_non_null(strstr(err.msg, "5.0"));
	assert_null(k.vmlinuz);
}

static void a_silent_image_takes_the_release_of_its_modules(void **state)
{
	static unsigned char im[4096];
	_cleanup_kernel_ struct kernel k = {0};
	struct err err = {0};

	(void)state;
	fill_arm64(im, sizeof(im), "");
	put_file("vmlinuz", im, sizeof(im));
	assert_true(kernel_load_dir(dir, &k, &err) < 0);
	put_text("lib/modules/6.9/modules.order", "");
	assert_int_equal(kernel_load_dir(dir, &k, &err), 0);
	assert_string_equal(k.release, "6.9");
}

static void another_arch_than_asked_for_is_an_error(void **state)
{
	_cleanup_kernel_ struct kernel k = {0};
	struct err err = {0};

	(void)state;
	put_bzimage("vmlinuz", VERSION, true);
	assert_int_equal(kernel_find(dir, "aarch64", &k, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "x86_64"));
	assert_int_equal(kernel_find(dir, "amd64", &k, &err), 0);
	kernel_done(&k);
	/* whether it is in the store or not */
	assert_int_equal(kernel_find("debian/x/i386", "arm64", &k, &err), -EINVAL);
	assert_string_equal(err.msg,
			    "kernel debian/x/i386 is for i386, not for arm64: `-a i386` takes it");
}

static void the_hosts_kernel_is_found_where_distributions_put_it(void **state)
{
	_cleanup_kernel_ struct kernel k = {0}, fedora = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(kernel_load_host(dir, "6.1.0-1-amd64", &k, &err), -ENOENT);
	put_bzimage("lib/modules/6.9/vmlinuz", "6.9 (x@y)", true);
	put_bzimage("boot/vmlinuz-6.1.0-1-amd64", VERSION, true);
	put_text("boot/config-6.1.0-1-amd64", "");
	put_text("lib/modules/6.1.0-1-amd64/modules.dep", "");
	assert_int_equal(kernel_load_host(dir, "6.1.0-1-amd64", &k, &err), 0);
	assert_string_equal(k.name, "host");
	assert_null(k.dir);
	assert_string_equal(k.config, in_dir("boot/config-6.1.0-1-amd64"));
	assert_string_equal(k.modules, in_dir("lib/modules/6.1.0-1-amd64"));
	assert_int_equal(kernel_load_host(dir, "6.9", &fedora, &err), 0);
	assert_null(fedora.modules);
}

/* Root reads everything: the test is one for the others, who run it in CI too. */
static void an_unreadable_kernel_names_the_remedy(void **state)
{
	struct kernel k = {0};
	struct err err = {0};
	uid_t uid = geteuid();

	(void)state;
	put_bzimage("boot/vmlinuz-1.0", "1.0 x", true);
	assert_int_equal(chmod(in_dir("boot/vmlinuz-1.0"), 0), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	if (uid == 0)
		assert_int_equal(setresuid(65534, 65534, 0), 0);
	assert_int_equal(kernel_load_host(dir, "1.0", &k, &err), -EACCES);
	if (uid == 0)
		assert_int_equal(setresuid(0, 0, 0), 0);
	assert_non_null(strstr(err.msg, "sudo chmod +r"));
	assert_non_null(strstr(err.msg, "ktest kernel fetch"));
}

static void assert_config(const struct kernel *k, const char *symbol, const char *want)
{
	_cleanup_free_ char *value = kernel_config_get(k, symbol);

	assert_non_null(value);
	assert_string_equal(value, want);
}

static void config_values(void **state)
{
	struct kernel k = {.config = new_in_dir("config")}, none = {0};

	(void)state;
	put_text("config", "CONFIG_FIRST=y\n# CONFIG_OFF is not set\nCONFIG_MOD=m\n"
			   "CONFIG_STR=\"a b\"\nCONFIG_N=0x10\nCONFIG_MOD_MORE=y\nCONFIG_LAST=y");
	assert_config(&k, "FIRST", "y");
	assert_config(&k, "OFF", "");
	assert_config(&k, "MOD", "m");
	assert_config(&k, "STR", "a b");
	assert_config(&k, "N", "0x10");
	assert_config(&k, "MORE", "");
	assert_config(&k, "LAST", "y");
	assert_null(kernel_config_get(&none, "FIRST"));
	free(k.config);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(bzimage_tells_arch_and_release),
		IN_DIR(arm64_image_is_read_raw_compressed_and_zboot),
		IN_DIR(what_is_no_kernel_is_refused),
		IN_DIR(bzimage_with_wild_version_offset_has_no_release),
		IN_DIR(a_directory_gives_its_parts),
		IN_DIR(modules_may_lie_in_lib_modules_itself),
		IN_DIR(modules_of_another_release_are_an_error),
		IN_DIR(a_silent_image_takes_the_release_of_its_modules),
		IN_DIR(another_arch_than_asked_for_is_an_error),
		IN_DIR(the_hosts_kernel_is_found_where_distributions_put_it),
		IN_DIR(an_unreadable_kernel_names_the_remedy),
		IN_DIR(config_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
