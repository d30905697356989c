/* SPDX-License-Identifier: GPL-2.0-only */
/* Temporary directories and tiny kernels for the tests of kernel/. */
#ifndef T_UNIT_KERNEL_FIXTURE_H
#define T_UNIT_KERNEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"

static char *dir;	  /* of the running test */
static struct strv given; /* what in_dir returned in it */

/* dir/name; the caller frees it. */
static inline char *new_in_dir(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

/* dir/name; it lives until the test ends. */
static inline char *in_dir(const char *name)
{
	strv_addf(&given, "%s/%s", dir, name);
	return given.v[given.n - 1];
}

/* Have s freed when the test ends. */
static inline const char *keep(char *s)
{
	strv_add(&given, s);
	free(s);
	return given.v[given.n - 1];
}

static inline int make_dir(void **state)
{
	char template[] = "/tmp/ktest-unit-XXXXXX";

	(void)state;
	if (dir_make_temp(template, NULL) < 0)
		return -1;
	dir = xstrdup(template);
	return 0;
}

static inline int remove_dir(void **state)
{
	int r = rm_rf(dir, NULL);

	(void)state;
	free(dir);
	strv_done(&given);
	return r;
}

static inline void put_file(const char *name, const void *data, size_t len)
{
	char *path = new_in_dir(name),
	     *parent = xstrndup(path, (size_t)(path_base(path) - path) - 1);

	assert_int_equal(mkdir_p(parent, 0755, NULL), 0);
	assert_int_equal(file_write(path, data, len, 0644, NULL), 0);
	free(parent);
	free(path);
}

static inline void put_text(const char *name, const char *text)
{
	put_file(name, text, strlen(text));
}

/* The header of a bzImage of protocol 2.15, its version string at 0x300. */
static inline void put_bzimage(const char *name, const char *version, bool is64)
{
	unsigned char im[2048] = {0};

	memcpy(im + 0x202, "HdrS", 4);
	im[0x206] = 0x0f;
	im[0x207] = 0x02;
	im[0x20e] = 0x00;
	im[0x20f] = 0x01;
	im[0x236] = is64 ? 0x3f : 0;
	memcpy(im + 0x300, version, strlen(version));
	put_file(name, im, sizeof(im));
}

/* The first page of an arm64 Image, with the banner that the kernel has in its data. */
static inline size_t fill_arm64(unsigned char *im, size_t len, const char *release)
{
	memset(im, 0, len);
	memcpy(im + 56, "ARM\x64", 4);
	memcpy(im + 1000, "Linux version %s", 16);
	memcpy(im + 1100, "Linux version ", 14);
	memcpy(im + 1114, release, strlen(release));
	memcpy(im + 1114 + strlen(release), " (a@b) #1", 9);
	return len;
}

#endif
