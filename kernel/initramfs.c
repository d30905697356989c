// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "base/cache.h"
#include "kernel/unpack.h"

#define FILE_MAX  ((size_t)256 << 20)
#define CACHE_MAX ((uint64_t)1 << 30)
#define ARCHIVE	  "initramfs.cpio" /* in its entry */

/* What is written; the first call that fails leaves its words in err. */
struct writer {
	struct archive *a;
	int64_t ino;
	struct err *err;
};

static int writer_failed(struct writer *w)
{
	const char *why = archive_error_string(w->a);

	return err_set(w->err, EIO, "initramfs: %s", why ? why : "cannot be written");
}

/* Everything is root's and from 1970, so that equal contents give equal bytes. */
static int put(struct writer *w, const char *path, mode_t mode, dev_t rdev, const void *data,
	       size_t len)
{
	struct archive_entry *e = archive_entry_new();
	bool ok;

	archive_entry_set_pathname(e, path);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, (la_int64_t)len);
	archive_entry_set_mtime(e, 0, 0);
	archive_entry_set_nlink(e, 1);
	archive_entry_set_ino(e, ++w->ino);
	archive_entry_set_rdev(e, rdev);
	ok = archive_write_header(w->a, e) == ARCHIVE_OK &&
	     (!len || archive_write_data(w->a, data, len) == (la_ssize_t)len);
	archive_entry_free(e);
	return ok ? 0 : writer_failed(w);
}

static int put_dirs(struct writer *w)
{
	static const char *const dirs[] = {"dev", "proc", "sys", "run", "newroot", "modules"};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == 0; i++)
		r = put(w, dirs[i], S_IFDIR | 0755, 0, NULL, 0);
	/* The kernel opens it for PID 1 before anything can be mounted on /dev. */
	if (r == 0)
		r = put(w, "dev/console", S_IFCHR | 0600, makedev(5, 1), NULL, 0);
	return r;
}

static int put_agent(struct writer *w, const char *agent)
{
	_cleanup_free_ char *data = NULL;
	size_t len;
	int r = file_read(agent, FILE_MAX, &data, &len, w->err);

	return r < 0 ? r : put(w, "init", S_IFREG | 0755, 0, data, len);
}

/* "/a/virtio_blk.ko.xz": "virtio_blk" */
static char *module_name(const char *path)
{
	const char *base = path_base(path);
	const char *end = strstr(base, ".ko");

	return end ? xstrndup(base, (size_t)(end - base)) : xstrdup(base);
}

static int put_module(struct writer *w, const char *path, size_t nr, struct strbuf *order)
{
	_cleanup_free_ char *data = NULL, *name = module_name(path);
	_cleanup_free_ char *inside = xasprintf("modules/%03zu-%s.ko", nr, name);
	size_t len;
	int r = unpack_file(path, FILE_MAX, &data, &len, w->err);

	if (r < 0)
		return r;
	strbuf_addf(order, "%s\n", path_base(inside));
	return put(w, inside, S_IFREG | 0644, 0, data, len);
}

static int put_modules(struct writer *w, const struct module_set *set)
{
	_cleanup_strbuf_ struct strbuf order = {0};
	int r = 0;

	for (size_t i = 0; i < set->paths.n && r == 0; i++)
		r = put_module(w, set->paths.v[i], i, &order);
	return r < 0 ? r : put(w, "modules/order", S_IFREG | 0644, 0, order.s, order.len);
}

static int write_archive(int fd, const struct module_set *set, const char *agent, struct err *err)
{
	struct writer w = {.a = archive_write_new(), .err = err};
	int r = 0;

	archive_write_set_format_cpio_newc(w.a);
	archive_write_set_bytes_per_block(w.a, 0);
	if (archive_write_open_fd(w.a, fd) != ARCHIVE_OK)
		r = writer_failed(&w);
	if (r == 0)
		r = put_dirs(&w);
	if (r == 0)
		r = put_agent(&w, agent);
	if (r == 0)
		r = put_modules(&w, set);
	if (r == 0 && archive_write_close(w.a) != ARCHIVE_OK)
		r = writer_failed(&w);
	archive_write_free(w.a);
	return r;
}

/* The kernel's own one; archives follow each other at multiples of 4 bytes
 * (Documentation/driver-api/early-userspace/buffer-format.rst). */
static int copy_first(int fd, const char *initramfs, struct err *err)
{
	_cleanup_free_ char *data = NULL;
	static const char zero[4];
	size_t len;
	int r = file_read(initramfs, FILE_MAX * 4, &data, &len, err);

	if (r < 0)
		return r;
	r = fd_write_all(fd, data, len);
	if (r == 0)
		r = fd_write_all(fd, zero, (4 - len % 4) % 4);
	return r < 0 ? err_set(err, r, "initramfs: %s", strerror(-r)) : 0;
}

static int fill(int fd, const struct kernel *k, const struct module_set *set, const char *agent,
		struct err *err)
{
	int r = k->initramfs ? copy_first(fd, k->initramfs, err) : 0;

	return r == 0 ? write_archive(fd, set, agent, err) : r;
}

/* ---- the item */

struct input {
	const struct kernel *k;
	const struct module_set *set;
	const char *agent;
};

static int key(void *arg, struct hash *h, struct err *err)
{
	const struct input *in = arg;

	if (hash_file(h, in->agent, err) < 0)
		return err_wrap(err, "agent");
	if (in->k->initramfs)
		hash_stat(h, in->k->initramfs);
	for (size_t i = 0; i < in->set->paths.n; i++)
		hash_stat(h, in->set->paths.v[i]);
	return 0;
}

static int make(void *arg, const char *entry, const char *place, struct err *err)
{
	const struct input *in = arg;
	_cleanup_free_ char *to = xasprintf("%s/" ARCHIVE, entry);
	_cleanup_close_ int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	(void)place;
	return fd < 0 ? err_errno(err, "%s", to) : fill(fd, in->k, in->set, in->agent, err);
}

int initramfs_get(const struct kernel *k, const struct module_set *set, const char *agent,
		  const char *cache_dir, char **path, struct err *err)
{
	struct input in = {k, set, agent};
	const struct cache_item item = {
		.dir = cache_dir,
		.limits = {.bytes = CACHE_MAX, .in_use_s = CACHE_IN_USE_S},
		.key = key,
		.make = make,
		.arg = &in,
	};
	_cleanup_free_ char *entry = NULL;
	int r = cache_get(&item, &entry, err);

	if (r == 0)
		*path = xasprintf("%s/" ARCHIVE, entry);
	return r;
}
