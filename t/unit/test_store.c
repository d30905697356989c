// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/apt.h"
#include "kernel/distro.h"
#include "kernel/layout.h"
#include "kernel/store.h"

static void versions_compare_by_number(void **state)
{
	static const char *const rising[] = {
		"",	    "5.10.0-9-amd64", "6.1.0-9-amd64", "6.1.0-56-amd64",
		"6.12-rc1", "6.12-rc10",      "6.12",	       "6.12.1~bpo",
		"6.12.1",   "6.12.1-arch1",   "6.12.117+x",    "10.0",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rising); i++)
		for (size_t j = 0; j < ARRAY_SIZE(rising); j++) {
			int r = version_cmp(rising[i], rising[j]);

			assert_int_equal((r > 0) - (r < 0), (i > j) - (i < j));
		}
	assert_int_equal(version_cmp("6.01", "6.1"), 0);
}

static void put_kernel(const char *name, const char *release)
{
	_cleanup_free_ char *image = xasprintf("%s/vmlinuz", name);
	_cleanup_free_ char *banner = xasprintf("%s (x@y)", release);

	put_bzimage(image, banner, true);
}

static void fill_store(void)
{
	put_kernel("a/debian/bookworm/amd64/6.1.0-9-amd64", "6.1.0-9-amd64");
	put_kernel("a/debian/bookworm/amd64/6.1.0-56-amd64", "6.1.0-56-amd64");
	put_kernel("a/debian/trixie/amd64/6.12.1-amd64", "6.12.1-amd64");
	put_kernel("a/debian/trixie/arm64/6.12.2-arm64", "6.12.2-arm64");
	put_kernel("b/ubuntu/noble/amd64/6.8.0-1-generic", "6.8.0-1-generic");
	put_kernel("a/.ktest.abc/debian/amd64/9.9", "9.9");
	put_text("a/debian/bookworm/amd64/half/config", "");
	put_text("a/stray", "");
}

static void the_list_has_the_newest_first_and_only_whole_kernels(void **state)
{
	static const char *const want[] = {
		"debian/bookworm/amd64/6.1.0-56-amd64", "debian/bookworm/amd64/6.1.0-9-amd64",
		"debian/trixie/amd64/6.12.1-amd64",	"debian/trixie/arm64/6.12.2-arm64",
		"ubuntu/noble/amd64/6.8.0-1-generic",
	};
	_cleanup_strv_ struct strv dirs = {0};
	struct store_entry *e;
	size_t n;

	(void)state;
	fill_store();
	strv_addv(&dirs, in_dir("a"), in_dir("b"), in_dir("missing"), NULL);
	assert_int_equal(store_list_in(&dirs, &e, &n, NULL), 0);
	assert_int_equal(n, ARRAY_SIZE(want));
	for (size_t i = 0; i < n; i++)
		assert_string_equal(e[i].name, want[i]);
	assert_string_equal(e[4].path, in_dir("b/ubuntu/noble/amd64/6.8.0-1-generic"));
	assert_string_equal(store_entry_release(&e[4]), "6.8.0-1-generic");
	store_list_free(e, n);
}

static void names_match_from_the_left(void **state)
{
	const struct store_entry e = {.name = xstrdup("debian/bookworm/amd64/6.1.0-56-amd64")};

	(void)state;
	assert_true(store_entry_matches(&e, "debian/bookworm"));
	assert_true(store_entry_matches(&e, "debian/bookworm/"));
	assert_true(store_entry_matches(&e, "debian/bookworm/amd64"));
	assert_true(store_entry_matches(&e, "debian/bookworm/x86_64"));
	assert_true(store_entry_matches(&e, e.name));
	assert_false(store_entry_matches(&e, "debian/book"));
	assert_false(store_entry_matches(&e, "debian/bookworm/arm64"));
	assert_false(store_entry_matches(&e, "debian/bookworm/nonsense"));
	assert_false(store_entry_matches(&e, "debian/bookworm/amd64/6.1.0-5"));
	free(e.name);
}

static void a_name_finds_the_newest_and_a_miss_lists_what_there_is(void **state)
{
	_cleanup_kernel_ struct kernel k = {0}, arm = {0}, any = {0};
	struct err err = {0};

	(void)state;
	put_kernel(".ktest/kernels/debian/bookworm/amd64/6.1.0-9-amd64", "6.1.0-9-amd64");
	put_kernel(".ktest/kernels/debian/bookworm/amd64/6.1.0-56-amd64", "6.1.0-56-amd64");
	setenv("HOME", dir, 1);
	assert_int_equal(kernel_find("debian/bookworm", "x86_64", &k, &err), 0);
	assert_string_equal(k.name, "debian/bookworm/amd64/6.1.0-56-amd64");
	assert_int_equal(kernel_find(NULL, "x86_64", &any, &err), 0);
	assert_string_equal(any.release, "6.1.0-56-amd64");
	assert_int_equal(kernel_find("debian/sid", NULL, &arm, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "debian/bookworm/amd64/6.1.0-9-amd64"));
	assert_non_null(strstr(err.msg, "ktest kernel fetch debian/sid"));
	assert_int_equal(kernel_find("debian/bookworm", "aarch64", &arm, &err), -ENOENT);
	assert_int_equal(kernel_find("nonsense", NULL, &arm, &err), -EINVAL);
	assert_true(err.usage);
}

static void a_stanza_of_apt_cache(void **state)
{
	static const char text[] = "Package: linux-image-amd64\nVersion: 6.1.192-2\n"
				   "Pre-Depends: p:any\n"
				   "Depends: a (= 1), b (>= 2) | c , d\nSize: 1480\n\n"
				   "Package: other\nVersion: 1\nDepends: no\n";
	struct apt_package p;

	(void)state;
	assert_int_equal(apt_parse_stanza(text, &p), 0);
	assert_string_equal(p.name, "linux-image-amd64");
	assert_string_equal(p.version, "6.1.192-2");
	assert_int_equal(p.size, 1480);
	assert_int_equal(p.depends.n, 4);
	assert_string_equal(keep(strv_join(&p.depends, " ")), "p a b d");
	apt_package_done(&p);
	assert_int_equal(apt_parse_stanza("", &p), -EINVAL);
	assert_int_equal(apt_parse_stanza("Package: x\nno colon\n\nVersion: 1\n", &p), -EINVAL);
}

static void sources_name_suites_keyring_and_arch(void **state)
{
	const struct distro *d = distro_find("debian"), *u = distro_find("ubuntu");
	_cleanup_strv_ struct strv archs = {0}, port = {0};

	(void)state;
	strv_add(&archs, "amd64");
	strv_add(&port, "arm64");
	assert_string_equal(
		keep(distro_sources(d, "bookworm", &archs, "http://m/debian", false)),
		"deb [arch=amd64 target=Packages "
		"signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m/debian "
		"bookworm main\n");
	assert_null(strstr(keep(distro_sources(d, "bookworm", &archs, "http://m/debian", true)),
			   "security"));
	assert_non_null(strstr(keep(distro_sources(d, "bookworm", &archs, NULL, true)),
			       " bookworm-security "));
	assert_non_null(strstr(keep(distro_sources(u, "noble", &port, NULL, true)),
			       "http://ports.ubuntu.com/ubuntu-ports noble-security "));
	assert_null(distro_find("plan9"));
	assert_string_equal(distro_image(d, "i386"), "linux-image-686-pae");
	assert_null(distro_image(u, "i386"));
	assert_null(strstr(keep(distro_sources(d, "trixie", &port, NULL, true)), "ports"));
}

static void a_manifest_says_which_packages_are_there(void **state)
{
	struct kernel k = {.release = xstrdup("6.1"), .arch = xstrdup("x86_64")};
	_cleanup_strv_ struct strv have = {0}, want = {0};

	(void)state;
	strv_addv(&have, "image 1", "headers 1", NULL);
	assert_false(manifest_has(dir, &want));
	assert_int_equal(manifest_write(dir, &k, "debian/x", &have, NULL), 0);
	strv_add(&want, "image 1");
	assert_true(manifest_has(dir, &want));
	strv_add(&want, "headers 2");
	assert_false(manifest_has(dir, &want));
	put_text("manifest.json", "{\"packages\": [");
	assert_false(manifest_has(dir, &have));
	kernel_done(&k);
}

static void put_root(void)
{
	put_bzimage("root/boot/vmlinuz-6.1", "6.1 (x@y)", true);
	put_text("root/boot/config-6.1", "CONFIG_A=y\n");
	put_text("root/usr/lib/modules/6.1/kernel/x", "");
	put_text("root/usr/lib/modules/6.1/modules.order", "");
	assert_int_equal(symlink("../../../src/h", in_dir("root/usr/lib/modules/6.1/build")), 0);
	put_text("root/usr/src/linux-headers-6.1/Makefile",
		 "KBUILD_OUTPUT=/usr/src/linux-headers-6.1\n"
		 "include /usr/src/linux-headers-6-common/Makefile\n");
}

static void layout_takes_headers_that_may_move(void **state)
{
	_cleanup_free_ char *text = NULL, *moved = new_in_dir("moved/headers/build/Makefile");
	_cleanup_kernel_ struct kernel k = {0};
	struct err err = {0};
	size_t len;

	(void)state;
	put_root();
	assert_true(layout_make(in_dir("root"), in_dir("half"), &k, &err) < 0);
	assert_non_null(strstr(err.msg, "modules.builtin"));
	kernel_done(&k);
	assert_int_equal(rm_rf(in_dir("root"), NULL), 0);
	put_root();
	put_text("root/usr/lib/modules/6.1/modules.builtin", "");
	assert_int_equal(layout_make(in_dir("root"), in_dir("out"), &k, &err), 0);
	assert_string_equal(k.release, "6.1");
	assert_true(path_exists(in_dir("out/lib/modules/6.1/modules.dep.bin")));
	assert_true(path_exists(in_dir("out/config")));
	assert_int_equal(access(in_dir("out/lib/modules/6.1/build"), F_OK), -1);
	assert_false(path_exists(in_dir("out/usr")));
	assert_int_equal(rename(in_dir("out"), in_dir("moved")), 0);
	assert_int_equal(file_read(moved, 1000, &text, &len, NULL), 0);
	assert_string_equal(text, "KBUILD_OUTPUT=$(dir $(realpath $(lastword $(MAKEFILE_LIST))))../"
				  "linux-headers-6.1\n"
				  "include $(dir $(realpath $(lastword $(MAKEFILE_LIST))))../"
				  "linux-headers-6-common/Makefile\n");
}

static void layout_refuses_none_and_several(void **state)
{
	struct kernel k = {0};
	struct err err = {0};

	(void)state;
	put_text("root/usr/share/doc/x", "");
	assert_true(layout_make(in_dir("root"), in_dir("out"), &k, &err) < 0);
	put_bzimage("root/boot/vmlinuz-1", "1", true);
	put_bzimage("root/boot/vmlinuz-2", "2", true);
	assert_true(layout_make(in_dir("root"), in_dir("out"), &k, &err) < 0);
	assert_non_null(strstr(err.msg, "several"));
	/* a link is no image, wherever it leads */
	assert_int_equal(unlink(in_dir("root/boot/vmlinuz-1")), 0);
	assert_int_equal(unlink(in_dir("root/boot/vmlinuz-2")), 0);
	assert_int_equal(symlink("/etc/passwd", in_dir("root/boot/vmlinuz-3")), 0);
	assert_true(layout_make(in_dir("root"), in_dir("out"), &k, &err) < 0);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_compare_by_number),
		IN_DIR(the_list_has_the_newest_first_and_only_whole_kernels),
		cmocka_unit_test(names_match_from_the_left),
		IN_DIR(a_name_finds_the_newest_and_a_miss_lists_what_there_is),
		IN_DIR(a_stanza_of_apt_cache),
		IN_DIR(sources_name_suites_keyring_and_arch),
		IN_DIR(a_manifest_says_which_packages_are_there),
		IN_DIR(layout_takes_headers_that_may_move),
		IN_DIR(layout_refuses_none_and_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
