// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel/initramfs.h"

static void put_xz(const char *name, const char *data)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	_cleanup_free_ char *path = new_in_dir(name);

	archive_write_add_filter_xz(a);
	archive_write_set_format_raw(a);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	archive_entry_set_filetype(e, AE_IFREG);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, strlen(data)), strlen(data));
	archive_entry_free(e);
	archive_write_free(a);
}

/* "NAME MODE CONTENT" a line, as cpio sees the archive that starts at skip. */
static char *list(const char *path, size_t skip)
{
	_cleanup_free_ char *data = NULL;
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	struct strbuf b = {0};
	size_t len;

	assert_int_equal(file_read(path, 1 << 20, &data, &len, NULL), 0);
	assert_true(len > skip);
	archive_read_support_format_cpio(a);
	assert_int_equal(archive_read_open_memory(a, data + skip, len - skip), ARCHIVE_OK);
	assert_int_equal(archive_read_next_header(a, &e), ARCHIVE_OK);
	assert_int_equal(archive_format(a), ARCHIVE_FORMAT_CPIO_SVR4_NOCRC);
	do {
		char content[256] = {0};

		assert_true(archive_read_data(a, content, sizeof(content) - 1) >= 0);
		assert_int_equal(archive_entry_uid(e), 0);
		strbuf_addf(&b, "%s %o %s\n", archive_entry_pathname(e), archive_entry_mode(e),
			    content);
	} while (archive_read_next_header(a, &e) == ARCHIVE_OK);
	archive_read_free(a);
	return strbuf_detach(&b);
}

struct input {
	struct kernel k;
	struct module_set set;
	char *agent, *cache;
};

static struct input make_input(void)
{
	struct input in = {.cache = NULL};

	put_text("agent", "AGENT");
	put_text("zmod.ko", "ZMOD");
	put_xz("amod-x.ko.xz", "AMOD");
	strv_add(&in.set.paths, in_dir("zmod.ko"));
	strv_add(&in.set.paths, in_dir("amod-x.ko.xz"));
	in.agent = in_dir("agent");
	in.cache = in_dir("cache/deep");
	return in;
}

static char *get(const struct input *in)
{
	struct err err = {0};
	char *path = NULL;

	assert_int_equal(initramfs_get(&in->k, &in->set, in->agent, in->cache, &path, &err), 0);
	return path;
}

static void input_done(struct input *in)
{
	kernel_done(&in->k);
	module_set_done(&in->set);
}

#define _cleanup_input_ __attribute__((cleanup(input_done)))

static const char content[] = "dev 40755 \nproc 40755 \nsys 40755 \nrun 40755 \nnewroot 40755 \n"
			      "modules 40755 \ndev/console 20600 \ninit 100755 AGENT\n"
			      "modules/000-zmod.ko 100644 ZMOD\n"
			      "modules/001-amod-x.ko 100644 AMOD\n"
			      "modules/order 100644 000-zmod.ko\n001-amod-x.ko\n\n";

static void it_holds_agent_modules_and_nothing_else(void **state)
{
	_cleanup_input_ struct input in = make_input();
	_cleanup_free_ char *path = get(&in);

	(void)state;
	assert_string_equal(keep(list(path, 0)), content);
}

static void no_modules_leave_an_empty_order(void **state)
{
	_cleanup_input_ struct input in = make_input();
	_cleanup_free_ char *path = NULL;

	(void)state;
	strv_done(&in.set.paths);
	path = get(&in);
	assert_non_null(strstr(keep(list(path, 0)), "modules/order 100644 \n"));
}

static void the_kernels_own_comes_first_padded(void **state)
{
	_cleanup_input_ struct input in = make_input();
	_cleanup_free_ char *path = NULL, *data = NULL;
	size_t len;

	(void)state;
	put_text("own", "12345");
	in.k.initramfs = new_in_dir("own");
	path = get(&in);
	assert_int_equal(file_read(path, 1 << 20, &data, &len, NULL), 0);
	assert_memory_equal(data, "12345\0\0\0", 8);
	assert_string_equal(keep(list(path, 8)), content);
}

static void it_is_made_once_and_again_when_an_input_changes(void **state)
{
	_cleanup_input_ struct input in = make_input();
	_cleanup_free_ char *a = get(&in), *b = NULL, *c = NULL, *d = NULL;
	struct stat st1, st2;

	(void)state;
	assert_int_equal(stat(a, &st1), 0);
	b = get(&in);
	assert_string_equal(a, b);
	assert_int_equal(stat(b, &st2), 0);
	assert_int_equal(st1.st_ino, st2.st_ino);
	put_text("agent", "AGENT2");
	c = get(&in);
	assert_string_not_equal(a, c);
	put_text("zmod.ko", "ZMOD2");
	d = get(&in);
	assert_string_not_equal(c, d);
	assert_non_null(strstr(keep(list(d, 0)), "ZMOD2"));
}

/* Cut in half it would be believed, and the guest hang. */
static void a_damaged_one_is_made_again(void **state)
{
	_cleanup_input_ struct input in = make_input();
	_cleanup_free_ char *a = get(&in), *b = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(stat(a, &st), 0);
	assert_int_equal(truncate(a, st.st_size / 2), 0);
	b = get(&in);
	assert_string_equal(a, b);
	assert_string_equal(keep(list(b, 0)), content);
}

static void a_failure_leaves_nothing(void **state)
{
	_cleanup_input_ struct input in = make_input();
	struct err err = {0};
	char *path = NULL;

	(void)state;
	strv_add(&in.set.paths, in_dir("missing.ko"));
	assert_true(initramfs_get(&in.k, &in.set, in.agent, in.cache, &path, &err) < 0);
	assert_non_null(strstr(err.msg, "missing.ko"));
	assert_null(path);
	assert_true(rmdir(in.cache) == 0 || errno == ENOENT);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(it_holds_agent_modules_and_nothing_else),
		IN_DIR(no_modules_leave_an_empty_order),
		IN_DIR(the_kernels_own_comes_first_padded),
		IN_DIR(it_is_made_once_and_again_when_an_input_changes),
		IN_DIR(a_damaged_one_is_made_again),
		IN_DIR(a_failure_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
