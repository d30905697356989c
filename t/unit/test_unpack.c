// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kernel/unpack.h"

struct item {
	const char *path;
	mode_t mode;
	const char *data; /* contents, or where a link leads */
	bool hard;
};

static void write_item(struct archive *a, const struct item *it)
{
	struct archive_entry *e = archive_entry_new();
	bool file = S_ISREG(it->mode) && !it->hard;

	archive_entry_set_pathname(e, it->path);
	archive_entry_set_mode(e, it->mode);
	archive_entry_set_size(e, file ? (la_int64_t)strlen(it->data) : 0);
	if (it->hard)
		archive_entry_set_hardlink(e, it->data);
	else if (S_ISLNK(it->mode))
		archive_entry_set_symlink(e, it->data);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	if (file)
		assert_int_equal(archive_write_data(a, it->data, strlen(it->data)),
				 strlen(it->data));
	archive_entry_free(e);
}

/* data.tar.xz in memory */
static size_t make_tar(const struct item *items, size_t n, char *buf, size_t size)
{
	struct archive *a = archive_write_new();
	size_t used;

	archive_write_add_filter_xz(a);
	archive_write_set_format_gnutar(a);
	assert_int_equal(archive_write_open_memory(a, buf, size, &used), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++)
		write_item(a, &items[i]);
	archive_write_close(a);
	archive_write_free(a);
	return used;
}

static void ar_member(struct archive *a, const char *name, const void *data, size_t len)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, S_IFREG | 0644);
	archive_entry_set_size(e, (la_int64_t)len);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, len), len);
	archive_entry_free(e);
}

static char *make_deb(const struct item *items, size_t n)
{
	static char tar[1 << 16];
	size_t len = make_tar(items, n, tar, sizeof(tar));
	struct archive *a = archive_write_new();
	char *path = in_dir("p.deb");

	archive_write_set_format_ar_svr4(a);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	ar_member(a, "debian-binary", "2.0\n", 4);
	ar_member(a, "control.tar.xz", "x", 1);
	ar_member(a, "data.tar.xz", tar, len);
	archive_write_free(a);
	return path;
}

/* A lead, a signature and a header as rpm has them, empty, then a gzip'd cpio. */
static char *make_rpm(const struct item *items, size_t n)
{
	static char cpio[1 << 16], rpm[1 << 17];
	static const char header[16] = "\x8e\xad\xe8\x01";
	struct archive *a = archive_write_new();
	size_t len;

	archive_write_add_filter_gzip(a);
	archive_write_set_format_cpio_newc(a);
	assert_int_equal(archive_write_open_memory(a, cpio, sizeof(cpio), &len), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++)
		write_item(a, &items[i]);
	archive_write_close(a);
	archive_write_free(a);
	memset(rpm, 0, sizeof(rpm));
	memcpy(rpm, "\xed\xab\xee\xdb\x03\x00", 6);
	rpm[79] = 5; /* signature type */
	memcpy(rpm + 96, header, 16);
	memcpy(rpm + 112, header, 16);
	memcpy(rpm + 128, cpio, len);
	put_file("p.rpm", rpm, 128 + len);
	return in_dir("p.rpm");
}

static int unpack(const char *package, struct err *err)
{
	assert_int_equal(mkdir_p(in_dir("out"), 0755, NULL), 0);
	return unpack_package(package, in_dir("out"), err);
}

static void assert_content(const char *name, const char *want)
{
	_cleanup_free_ char *data = NULL;
	size_t len;

	assert_int_equal(file_read(in_dir(name), 1000, &data, &len, NULL), 0);
	assert_string_equal(data, want);
}

static void assert_link(const char *name, const char *want)
{
	char to[256] = {0};

	assert_true(readlink(in_dir(name), to, sizeof(to) - 1) > 0);
	assert_string_equal(to, want);
}

static const struct item plain[] = {
	{"./boot/", S_IFDIR | 0700, NULL, false},
	{"./boot/vmlinuz-1", S_IFREG | 0600, "IMAGE", false},
	{"./bin/suid", S_IFREG | 04755, "x", false},
	{"./lib/modules/1/build", S_IFLNK | 0777, "/usr/src/h", false},
	{"./lib/rel", S_IFLNK | 0777, "../boot/vmlinuz-1", false},
};

static void assert_plain(void)
{
	struct stat st;

	assert_content("out/boot/vmlinuz-1", "IMAGE");
	assert_int_equal(stat(in_dir("out/boot/vmlinuz-1"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(stat(in_dir("out/boot"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(stat(in_dir("out/bin/suid"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_link("out/lib/modules/1/build", "../../../usr/src/h");
	assert_content("out/lib/rel", "IMAGE");
}

static void a_deb_is_unpacked_readable_and_without_rights(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(unpack(make_deb(plain, ARRAY_SIZE(plain)), &err), 0);
	assert_plain();
}

static void an_rpm_too(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(unpack(make_rpm(plain, ARRAY_SIZE(plain)), &err), 0);
	assert_plain();
}

static void hard_links_stay_below(void **state)
{
	static const struct item items[] = {
		{"./a", S_IFREG | 0644, "A", false},
		{"./d/b", S_IFREG | 0644, "./a", true},
	};
	struct err err = {0};

	(void)state;
	assert_int_equal(unpack(make_deb(items, 2), &err), 0);
	assert_content("out/d/b", "A");
}

/* Each would write or lead out of the directory if it were believed. */
static void what_leads_out_is_refused(void **state)
{
	static const struct item evil[][2] = {
		{{"./a", S_IFREG | 0644, "A", false}, {"../victim", S_IFREG | 0644, "X", false}},
		{{"./a", S_IFREG | 0644, "A", false}, {"./d/../../victim", S_IFREG | 0644, "X", 0}},
		{{"./a", S_IFREG | 0644, "A", false}, {"./l", S_IFLNK | 0777, "../victim", false}},
		{{"./a", S_IFREG | 0644, "A", false}, {"./d/l", S_IFLNK | 0777, "x/../../..", 0}},
		{{"./l", S_IFLNK | 0777, "d", false}, {"./l/x", S_IFREG | 0644, "X", false}},
		{{"./a", S_IFREG | 0644, "A", false}, {"./h", S_IFREG | 0644, "../victim", true}},
		{{"./a", S_IFREG | 0644, "A", false}, {"./null", S_IFCHR | 0666, NULL, false}},
		{{"./a", S_IFREG | 0644, "A", false}, {"./fifo", S_IFIFO | 0666, NULL, false}},
	};

	(void)state;
	put_text("victim", "SAFE");
	for (size_t i = 0; i < ARRAY_SIZE(evil); i++) {
		struct err err = {0};

		assert_true(unpack(make_deb(evil[i], 2), &err) < 0);
		assert_non_null(strstr(err.msg, "p.deb"));
		assert_content("victim", "SAFE");
		assert_int_equal(rm_rf(in_dir("out"), NULL), 0);
	}
}

static void absolute_paths_land_below(void **state)
{
	static const struct item items[] = {{"/etc/x", S_IFREG | 0644, "X", false}};
	struct err err = {0};

	(void)state;
	assert_int_equal(unpack(make_rpm(items, 1), &err), 0);
	assert_content("out/etc/x", "X");
}

/* libarchive takes links in the way for an attack; the way to the store is the user's. */
static void the_target_may_lie_behind_a_link(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(mkdir_p(in_dir("real"), 0755, NULL), 0);
	assert_int_equal(symlink("real", in_dir("out")), 0);
	assert_int_equal(unpack(make_deb(plain, ARRAY_SIZE(plain)), &err), 0);
	assert_content("real/boot/vmlinuz-1", "IMAGE");
}

static void broken_packages_are_errors(void **state)
{
	_cleanup_free_ char *data = NULL;
	struct err err = {0};
	size_t len;

	(void)state;
	put_text("text.deb", "no archive");
	put_text("text.rpm", "no archive");
	put_text("text.zip", "");
	assert_true(unpack(in_dir("text.deb"), &err) < 0);
	assert_true(unpack(in_dir("text.rpm"), &err) < 0);
	assert_true(unpack(in_dir("text.zip"), &err) < 0);
	assert_true(unpack(in_dir("missing.deb"), &err) < 0);
	assert_int_equal(file_read(make_deb(plain, ARRAY_SIZE(plain)), 1 << 20, &data, &len, NULL),
			 0);
	put_file("cut.deb", data, len - 100);
	assert_true(unpack(in_dir("cut.deb"), &err) < 0);
	assert_non_null(strstr(err.msg, "cut.deb"));
}

static void plain_files_pass_and_large_ones_do_not(void **state)
{
	_cleanup_free_ char *data = NULL, *none = NULL;
	struct err err = {0};
	size_t len;

	(void)state;
	put_text("f", "hello");
	assert_int_equal(unpack_file(in_dir("f"), 5, &data, &len, &err), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(data, "hello", 5);
	assert_int_equal(unpack_file(in_dir("f"), 4, &none, &len, &err), -EFBIG);
}

static void of_symbols_the_kernel_s_alone(void **state)
{
	static const struct item items[] = {
		{"./usr/lib/debug/lib/modules/1/vmlinux", S_IFLNK | 0777, "/etc/passwd", false},
		{"./usr/lib/debug/../vmlinux-0", S_IFREG | 0644, "outside", false},
		{"./usr/lib/debug/boot/vmlinux-1", S_IFREG | 0600, "symbols", false},
		{"./usr/lib/debug/lib/modules/1/kernel/a.ko", S_IFREG | 0644, "more", false},
	};
	struct err err = {0};

	(void)state;
	assert_int_equal(unpack_vmlinux(make_deb(items, 4), in_dir("vmlinux"), &err), 0);
	assert_content("vmlinux", "symbols");
	assert_int_equal(unpack_vmlinux(make_rpm(items + 3, 1), in_dir("none"), &err), -ENOENT);
	assert_false(path_exists(in_dir("none")));
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(a_deb_is_unpacked_readable_and_without_rights),
		IN_DIR(an_rpm_too),
		IN_DIR(hard_links_stay_below),
		IN_DIR(what_leads_out_is_refused),
		IN_DIR(absolute_paths_land_below),
		IN_DIR(the_target_may_lie_behind_a_link),
		IN_DIR(broken_packages_are_errors),
		IN_DIR(of_symbols_the_kernel_s_alone),
		IN_DIR(plain_files_pass_and_large_ones_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
