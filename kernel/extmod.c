// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/extmod.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bwrap.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/cache.h"
#include "base/hash.h"
#include "kernel/arch.h"

#define FORMAT	   "2" /* changes when what is built does */
#define TEMPORARY  "extmod-."
#define BUILD_S	   (30 * 60)
#define LOG_MAX	   (16 << 20)
#define SOURCE_MAX 10000 /* files */

struct build {
	const struct kernel *k;
	const char *keeper; /* as of bwrap_start() */
	char *cc;
	char *built_by;	   /* the kernel's own compiler, where the host lacks it; else NULL */
	const char *cross; /* CROSS_COMPILE prefix, "" on a kernel for this machine */
	char *source;	   /* as the user named it */
	char *dir;	   /* where make works: a copy of the sources */
	char *to;	   /* where that is moved to */
	char *log;
};

/* "gcc-12" of "gcc-12 (Debian 12.2.0-14) 12.2.0"; NULL if the headers do not tell. */
static char *kernel_compiler(const struct kernel *k)
{
	_cleanup_free_ char *config = xasprintf("%s/.config", k->headers);
	const struct kernel tree = {.config = config};
	_cleanup_free_ char *text = kernel_config_get(&tree, "CC_VERSION_TEXT");
	const char *gcc = text ? strstr(text, "gcc-") : NULL;

	if (text && strstr(text, "clang"))
		return xstrdup("clang");
	return gcc && gcc < text + strcspn(text, " ") ? xstrndup(gcc, strcspn(gcc, " ")) : NULL;
}

/* The compiler that the kernel was built with, where the host has it: options differ. */
static void pick_cc(struct build *b)
{
	_cleanup_free_ char *own = kernel_compiler(b->k);
	bool clang = str_eq(own, "clang");
	char *full = own ? xasprintf("%s%s", clang ? "" : b->cross, own) : NULL;
	_cleanup_free_ char *found = full ? find_program(full) : NULL;

	if (found || clang) {
		b->cc = full;
		return;
	}
	b->built_by = full;
	b->cc = xasprintf("%sgcc", b->cross);
}

typedef int source_fn(void *arg, const char *path, const char *inner, bool is_dir, struct err *err);

struct walk {
	source_fn *fn;
	void *arg;
	int files;
};

static int walk_dir(struct walk *w, const char *root, const char *inner, struct err *err);

static int walk_one(struct walk *w, const char *root, const char *inner, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", root, inner);
	struct stat st;
	int r;

	if (lstat(path, &st) < 0)
		return err_errno(err, "%s", path);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return 0;
	if (++w->files > SOURCE_MAX)
		return err_set(err, EFBIG, "%s: more than %d files", root, SOURCE_MAX);
	r = w->fn(w->arg, path, inner, S_ISDIR(st.st_mode), err);
	return r == 0 && S_ISDIR(st.st_mode) ? walk_dir(w, root, inner, err) : r;
}

static int walk_dir(struct walk *w, const char *root, const char *inner, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", root, inner);
	struct dirent **list;
	int r = 0, n = scandir(path, &list, NULL, alphasort);

	if (n < 0)
		return err_errno(err, "%s", path);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *sub =
			xasprintf("%s%s%s", inner, *inner ? "/" : "", list[i]->d_name);

		if (r == 0 && !str_eq(list[i]->d_name, ".") && !str_eq(list[i]->d_name, ".."))
			r = walk_one(w, root, sub, err);
		free(list[i]);
	}
	free(list);
	return r;
}

/* Every file and directory of a source tree, in an order that does not change. */
static int sources_each(const char *dir, source_fn *fn, void *arg, struct err *err)
{
	struct walk w = {.fn = fn, .arg = arg};

	return walk_dir(&w, dir, "", err);
}

static int hash_source(void *arg, const char *path, const char *inner, bool is_dir, struct err *err)
{
	struct hash *h = arg;

	hash_str(h, inner);
	return is_dir ? 0 : hash_file(h, path, err);
}

static int copy_source(void *arg, const char *path, const char *inner, bool is_dir, struct err *err)
{
	const struct build *b = arg;
	_cleanup_free_ char *to = xasprintf("%s/%s", b->dir, inner);

	return is_dir ? mkdir_p(to, 0755, err) : file_copy(path, to, err);
}

static bool has_file(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	return path_readable(path);
}

/* Without a sandbox the build still works: make files of the test run as the user then. */
static void add_sandbox(struct strv *argv, const char *keeper, const char *writable)
{
	_cleanup_strv_ struct strv probe = {0};

	bwrap_start(keeper, &probe);
	strv_addv(&probe, "--ro-bind", "/", "/", "--unshare-net", NULL);
	if (bwrap_try(&probe, NULL) < 0) {
		log_warn("modules are built without a sandbox: bubblewrap is missing or may not "
			 "make namespaces");
		strv_add(argv, keeper);
		return;
	}
	bwrap_start(keeper, argv);
	strv_addv(argv, "--unshare-net", "--unshare-pid", "--ro-bind", "/", "/", "--dev", "/dev",
		  "--proc", "/proc", "--bind", writable, writable, "--setenv", "TMPDIR", writable,
		  NULL);
}

static void make_argv(const struct build *b, struct strv *argv)
{
	add_sandbox(argv, b->keeper, b->dir);
	strv_addv(argv, "make", "-C", b->k->headers, NULL);
	strv_addf(argv, "M=%s", b->dir);
	/* Debuggers look for the sources where they lie in the end. */
	strv_addf(argv, "KCFLAGS=-ffile-prefix-map=%s=%s", b->dir, b->to);
	strv_addf(argv, "CC=%s", b->cc);
	strv_addf(argv, "ARCH=%s", arch_find(b->k->arch)->make_arch);
	if (*b->cross)
		strv_addf(argv, "CROSS_COMPILE=%s", b->cross);
	strv_add(argv, "modules");
}

/* The first line that tells a cause; the last one where none does. */
static char *first_error(const char *text)
{
	static const char *const marks[] = {" error: ", "ERROR: ", "error: ", "*** "};
	const char *best = NULL, *hit;

	for (size_t i = 0; i < ARRAY_SIZE(marks) && !best; i++) {
		hit = strstr(text, marks[i]);
		while (hit && hit > text && hit[-1] != '\n')
			hit--;
		best = hit;
	}
	return best ? xstrndup(best, strcspn(best, "\n")) : NULL;
}

/* The copy is gone when the user reads this: the line names their own file. */
static char *in_source(const struct build *b, const char *line)
{
	size_t len = strlen(b->dir);

	if (str_starts(line, b->dir) && line[len] == '/')
		return xasprintf("%s%s", b->source, line + len);
	return xstrdup(line);
}

static int build_failed(const struct build *b, const struct proc_result *res, struct err *err)
{
	_cleanup_free_ char *raw = first_error(res->err.s), *line = NULL;
	char word[64];

	if (res->timed_out)
		return err_set(err, ETIMEDOUT, "still building after %d s; log: %s", BUILD_S,
			       b->log);
	line = in_source(b, raw ? raw : proc_status_str(res->status, word, sizeof(word)));
	if (b->built_by)
		return err_set(err, EINVAL,
			       "%s (the kernel was built by %s, which is not "
			       "installed); log: %s",
			       line, b->built_by, b->log);
	return err_set(err, EINVAL, "%s; log: %s", line, b->log);
}

static int run_make(const struct build *b, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	_cleanup_strbuf_ struct strbuf log = {0};
	struct proc_result res;
	int r;

	make_argv(b, &argv);
	r = proc_capture(&spec, BUILD_S * 1000LL, LOG_MAX, &res, err);
	if (r < 0)
		return r;
	strbuf_addf(&log, "%s%s", res.out.s, res.err.s);
	r = file_write_atomic(b->log, log.s, log.len, 0644, err);
	if (r == 0 && (res.status || res.timed_out || res.flooded))
		r = build_failed(b, &res, err);
	proc_result_done(&res);
	return r;
}

static int count_module(void *arg, const char *path, const char *inner, bool is_dir,
			struct err *err)
{
	int *n = arg;

	(void)path, (void)err;
	*n += !is_dir && str_ends(inner, ".ko");
	return 0;
}

/* In a copy: the user's directory is never written, and parallel runs do not meet. */
static int build_copy(struct build *b, const char *dir, struct err *err)
{
	int r, n = 0;

	log_note("building the modules of %s for %s", dir, b->k->release);
	r = sources_each(dir, copy_source, b, err);
	if (r == 0)
		r = run_make(b, err);
	if (r == 0)
		r = sources_each(b->dir, count_module, &n, err);
	if (r == 0 && !n)
		r = err_set(err, ENOENT, "the build made no .ko file; log: %s", b->log);
	/* Who was first with the same sources has the same result there. */
	if (r == 0 && rename(b->dir, b->to) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		r = err_errno(err, "%s", b->to);
	rm_rf(b->dir, NULL);
	return r;
}

static int build_key(const struct build *b, const char *dir, char **key, struct err *err)
{
	_cleanup_free_ char *cc = find_program(b->cc);
	struct hash h;
	int r;

	if (!cc)
		return err_set(err, ENOENT, "%s is missing: it compiles modules for %s", b->cc,
			       b->k->name);
	hash_init(&h);
	hash_str(&h, FORMAT);
	hash_str(&h, b->k->id);
	hash_str(&h, b->cc);
	hash_stat(&h, cc);
	r = sources_each(dir, hash_source, &h, err);
	if (r == 0)
		*key = hash_hex(&h);
	return r;
}

static int check_dir(const struct kernel *k, const char *dir, struct err *err)
{
	if (!k->headers)
		return err_set(err, ENOENT,
			       "kernel %s has no headers to build modules against: `ktest "
			       "kernel fetch --headers debian/bookworm` gets a kernel that has",
			       k->name);
	if (!has_file(dir, "Kbuild") && !has_file(dir, "Makefile"))
		return err_set(err, ENOENT, "%s: neither a Kbuild nor a Makefile in it", dir);
	return 0;
}

static int build_in(struct build *b, const char *dir, const char *cache_dir, char **out,
		    struct err *err)
{
	_cleanup_free_ char *key = NULL;
	int r = build_key(b, dir, &key, err);

	if (r < 0)
		return r;
	b->to = xasprintf("%s/extmod-%s", cache_dir, key);
	if (!path_is_dir(b->to)) {
		b->log = xasprintf("%s.log", b->to);
		b->dir = xasprintf("%s/" TEMPORARY "XXXXXX", cache_dir);
		cache_sweep(cache_dir, TEMPORARY, BUILD_S * 2);
		r = dir_make_temp(b->dir, err);
		if (r == 0)
			r = build_copy(b, dir, err);
	}
	if (r == 0)
		*out = xstrdup(b->to);
	return r;
}

static void build_done(struct build *b)
{
	free(b->cc);
	free(b->built_by);
	free(b->source);
	free(b->dir);
	free(b->to);
	free(b->log);
}

int extmod_build(const struct kernel *k, const char *dir, const char *cache_dir, const char *keeper,
		 char **out, struct err *err)
{
	__attribute__((cleanup(build_done))) struct build b = {.k = k, .keeper = keeper};
	_cleanup_free_ char *cache = NULL;
	int r = check_dir(k, dir, err);

	if (r == 0)
		r = mkdir_p(cache_dir, 0755, err);
	if (r < 0)
		return r;
	cache = path_real(cache_dir, err);
	if (!cache)
		return -ENOENT;
	b.cross = arch_cross(arch_find(k->arch));
	pick_cc(&b);
	b.source = xstrdup(dir);
	r = build_in(&b, dir, cache, out, err);
	return r < 0 ? err_wrap(err, "module %s", dir) : 0;
}
