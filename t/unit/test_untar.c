// SPDX-License-Identifier: GPL-2.0-only
/* What a guest sends as its files, however it lies: unpacked here, and nowhere else. */
#include "t/unit/unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/str.h"
#include "run/untar.h"

#define ARCHIVE_PATH "../stream.tar"

static struct archive *out;

static int begin(void **state)
{
	(void)state;
	if (mkdir_p("in", 0755, NULL) < 0 || chdir("in") < 0)
		return -1;
	unit_write("../outside", "safe");
	out = archive_write_new();
	archive_write_set_format_pax(out);
	return archive_write_open_filename(out, ARCHIVE_PATH) != ARCHIVE_OK;
}

static int end(void **state)
{
	(void)state;
	return chdir("..") < 0 || rm_rf("in", NULL) < 0;
}

static void add(mode_t mode, const char *name, const char *link, const char *data)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, mode);
	archive_entry_set_uid(e, 4711);
	archive_entry_set_mtime(e, 1000, 0);
	archive_entry_set_size(e, data ? (la_int64_t)strlen(data) : 0);
	archive_entry_set_rdev(e, makedev(8, 0));
	if (link && S_ISLNK(mode))
		archive_entry_set_symlink(e, link);
	else if (link)
		archive_entry_set_hardlink(e, link);
	assert_int_equal(archive_write_header(out, e), ARCHIVE_OK);
	if (data)
		assert_int_equal(archive_write_data(out, data, strlen(data)), strlen(data));
	archive_entry_free(e);
}

static int unpack(size_t *left_out, struct err *err)
{
	int fd, r;

	assert_int_equal(archive_write_free(out), ARCHIVE_OK);
	fd = open(ARCHIVE_PATH, O_RDONLY | O_CLOEXEC);
	r = untar(fd, left_out, err);
	close(fd);
	return r;
}

static void test_files_directories_and_links_come_as_they_are(void **state)
{
	struct err err = {0};
	struct stat st;
	size_t left;

	(void)state;
	add(S_IFDIR | 0755, "./d", NULL, NULL);
	add(S_IFREG | 0640, "./d/f", NULL, "text");
	add(S_IFREG | 0640, "./d/g", "./d/f", NULL);
	add(S_IFLNK | 0777, "./l", "/etc/shadow", NULL);
	assert_int_equal(unpack(&left, &err), 0);
	assert_int_equal(left, 0);
	assert_string_equal(unit_read("d/f"), "text");
	assert_int_equal(stat("d/g", &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_mtime, 1000);
	assert_int_equal(lstat("l", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

/* As root above all: each would be a way to the host for whoever can reach the directory. */
static void test_no_device_no_owner_and_no_special_mode(void **state)
{
	struct err err = {0};
	struct stat st;
	size_t left;

	(void)state;
	add(S_IFBLK | 0666, "./disk", NULL, NULL);
	add(S_IFDIR | 01777, "./d", NULL, NULL);
	add(S_IFCHR | 0666, "./d/mem", NULL, NULL);
	add(S_IFIFO | 0666, "./d/pipe", NULL, NULL);
	add(S_IFREG | 06777, "./d/sh", NULL, "#!/bin/sh");
	assert_int_equal(unpack(&left, &err), 0);
	assert_int_equal(left, 3);
	assert_int_equal(lstat("disk", &st), -1);
	assert_int_equal(lstat("d/mem", &st), -1);
	assert_int_equal(lstat("d/pipe", &st), -1);
	assert_int_equal(stat("d/sh", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0755);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(stat("d", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
}

static void refused(void)
{
	struct err err = {0};
	size_t left;

	assert_true(unpack(&left, &err) < 0);
	assert_true(*err.msg);
	assert_string_equal(unit_read("../outside"), "safe");
}

static void test_no_path_above(void **state)
{
	(void)state;
	add(S_IFREG | 0644, "./../outside", NULL, "hit");
	refused();
}

static void test_no_absolute_path(void **state)
{
	_cleanup_free_ char *path = path_absolute("../outside");

	(void)state;
	add(S_IFREG | 0644, path, NULL, "hit");
	refused();
}

static void test_nothing_is_written_through_a_link_to_a_directory(void **state)
{
	(void)state;
	add(S_IFLNK | 0777, "./up", "..", NULL);
	add(S_IFREG | 0644, "./up/outside", NULL, "hit");
	refused();
}

/* The file takes the place of the link. */
static void test_nothing_is_written_through_a_link_to_a_file(void **state)
{
	struct err err = {0};
	size_t left;

	(void)state;
	add(S_IFLNK | 0777, "./f", "../outside", NULL);
	add(S_IFREG | 0644, "./f", NULL, "own");
	assert_int_equal(unpack(&left, &err), 0);
	assert_string_equal(unit_read("../outside"), "safe");
	assert_string_equal(unit_read("f"), "own");
}

static void test_no_hard_link_to_what_is_outside(void **state)
{
	(void)state;
	add(S_IFREG | 0644, "./f", "../outside", NULL);
	refused();
}

/* The ustar header at offset, of a file, as one of a hard link; libarchive would write no data. */
static void make_hard_link(off_t offset, const char *to)
{
	int fd = open(ARCHIVE_PATH, O_RDWR | O_CLOEXEC);
	unsigned char header[512];
	unsigned int sum = 0;

	assert_int_equal(pread(fd, header, 512, offset), 512);
	assert_int_equal(header[156], '0');
	header[156] = '1';
	strcpy((char *)header + 157, to);
	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);
	assert_int_equal(pwrite(fd, header, 512, offset), 512);
	close(fd);
}

static void test_no_data_through_a_hard_link_of_a_link(void **state)
{
	(void)state;
	add(S_IFLNK | 0777, "./l", "../outside", NULL);
	add(S_IFREG | 0644, "./f", NULL, "hit");
	assert_int_equal(archive_write_close(out), ARCHIVE_OK);
	make_hard_link(512, "./l");
	refused();
}

static void test_what_is_cut_off_or_no_archive_is_an_error(void **state)
{
	struct err err = {0};
	size_t left;
	int fd;

	(void)state;
	add(S_IFREG | 0644, "./f", NULL, "text");
	assert_int_equal(archive_write_close(out), ARCHIVE_OK);
	assert_int_equal(truncate(ARCHIVE_PATH, 514), 0);
	assert_true(unpack(&left, &err) < 0);
	unit_write(ARCHIVE_PATH, "no archive, \033[31mbut words");
	fd = open(ARCHIVE_PATH, O_RDONLY | O_CLOEXEC);
	err.msg[0] = '\0';
	assert_true(untar(fd, &left, &err) < 0);
	assert_true(*err.msg && !strchr(err.msg, '\033'));
	close(fd);
}

#define IN(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(test_files_directories_and_links_come_as_they_are),
		IN(test_no_device_no_owner_and_no_special_mode),
		IN(test_no_path_above),
		IN(test_no_absolute_path),
		IN(test_nothing_is_written_through_a_link_to_a_directory),
		IN(test_nothing_is_written_through_a_link_to_a_file),
		IN(test_no_hard_link_to_what_is_outside),
		IN(test_no_data_through_a_hard_link_of_a_link),
		IN(test_what_is_cut_off_or_no_archive_is_an_error),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
