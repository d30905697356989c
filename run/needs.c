// SPDX-License-Identifier: GPL-2.0-only
#include "run/needs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/file.h"
#include "run/needs_call.h"
#include "run/needs_variants.h"

static int check_file(const char *path, struct err *err)
{
	char magic[2] = {0};
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return err_usage(err, "%s: no such file", path);
		return err_errno(err, "%s", path);
	}
	if (S_ISDIR(st.st_mode))
		return err_set(err, EISDIR, "%s: a directory, not a test file", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s: not a regular file", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, "%s: cannot be read", path);
	if (read(fd, magic, sizeof(magic)) < 0)
		return err_errno(err, "%s: cannot be read", path);
	if (memcmp(magic, "#!", 2) != 0 && !(st.st_mode & 0111))
		return err_set(err, EACCES,
			       "%s: no test file: it is neither executable nor begins with #!",
			       path);
	return 0;
}

static int locate(const char *path, struct needs *n, struct err *err)
{
	int r = check_file(path, err);

	if (r < 0)
		return r;
	n->path = path_real(path, err);
	if (!n->path)
		return err->code;
	n->base = xstrdup(path_base(n->path));
	if (str_ends(n->base, ".ktest") && strlen(n->base) > strlen(".ktest"))
		n->base[strlen(n->base) - strlen(".ktest")] = '\0';
	n->tree = needs_tree(n->path, err);
	return n->tree ? 0 : err->code;
}

static int64_t host_mem_mib(void)
{
	struct sysinfo si;

	return sysinfo(&si) < 0 ? INT64_MAX : (int64_t)((uint64_t)si.totalram * si.mem_unit >> 20);
}

static int check_mem(const struct needs *n, const struct needs_limits *limits, struct err *err)
{
	int64_t have = limits->host_mem_mib ? limits->host_mem_mib : host_mem_mib();

	if (n->mem_mib <= have)
		return 0;
	return err_set(err, ENOMEM,
		       "it declares %" PRId64 " MiB of memory, this machine has %" PRId64 " MiB",
		       n->mem_mib, have);
}

/* Names of images become absolute; each must be there to be used. */
static int check_images(const struct needs *n, struct strv *images, int mode, struct err *err)
{
	for (size_t i = 0; i < images->n; i++) {
		_cleanup_free_ char *copy = xstrdup(n->path);
		struct stat st;

		if (images->v[i][0] != '/') {
			char *full = xasprintf("%s/%s", dirname(copy), images->v[i]);

			free(images->v[i]);
			images->v[i] = full;
		}
		if (stat(images->v[i], &st) < 0 || access(images->v[i], mode) < 0)
			return err_errno(err, "the image %s", images->v[i]);
		if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
			return err_set(err, EINVAL, "the image %s is not a file", images->v[i]);
	}
	return 0;
}

static int read_deps(const char *library, int64_t priority, const struct needs_limits *limits,
		     struct needs *n, struct err *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	int r = needs_call(n, library, "deps", priority, limits, &out, err);

	if (r == 0)
		r = needs_parse_deps(out.s, out.len, n, err);
	if (r == 0 && !n->own_library && limits->variants && limits->variants->n)
		r = variants_apply(library, priority, limits, n, err);
	if (r == 0)
		r = check_mem(n, limits, err);
	if (r == 0)
		r = check_images(n, &n->images, R_OK, err);
	if (r == 0)
		r = check_images(n, &n->rw_images, R_OK | W_OK, err);
	return r;
}

static int read_list(const char *library, int64_t priority, const struct needs_limits *limits,
		     struct needs *n, struct err *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	int r = needs_call(n, library, "list-tests", priority, limits, &out, err);

	if (r == 0)
		r = needs_parse_list(out.s, out.len, n, err);
	if (r == 0 && !n->subtests.n && !n->tests_unknown)
		r = err_set(err, ENOENT, "it has no subtests");
	return r;
}

int needs_read(const char *path, const char *library, int64_t priority,
	       const struct needs_limits *limits, struct needs *n, struct err *err)
{
	static const struct needs_limits defaults;
	_cleanup_free_ char *tree = NULL;
	struct err own = {0};
	int r;

	err = err ? err : &own;
	*n = (struct needs){0};
	limits = limits ? limits : &defaults;
	tree = path_real(library, err);
	if (!tree)
		return err_wrap(err, "ktest's own files");
	r = locate(path, n, err);
	if (r < 0)
		return r;
	r = read_deps(tree, priority, limits, n, err);
	if (r == 0)
		r = read_list(tree, priority, limits, n, err);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}
