// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/extmod_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bwrap.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/cache.h"
#include "base/walk.h"
#include "kernel/arch.h"

#define BUILT	  "module" /* in its entry */
#define CACHE_MAX (1ULL << 30)
#define IN_USE_S  (24 * 3600) /* guests see it as a share */
#define BUILD_S	  (30 * 60)
#define LOG_MAX	  (16 << 20)

struct build {
	const struct kernel *k;
	const char *keeper; /* as of bwrap_start() */
	char *cc;
	char *built_by;	    /* the kernel's own compiler, where the host lacks it; else NULL */
	const char *cross;  /* CROSS_COMPILE prefix, "" on a kernel for this machine */
	const char *source; /* as the user named it */
	char *dir;	    /* where make works: a copy of the sources */
	char *to;	    /* where that will lie */
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

/* ---- the sources */

static int copy_source(void *arg, int dirfd, const char *path, const struct stat *st,
		       struct err *err)
{
	struct sources *s = arg;
	_cleanup_free_ char *from = xasprintf("%s/%s", s->dir, path);
	_cleanup_free_ char *to = xasprintf("%s/%s", s->to, path);
	int r = extmod_counts(s, st, err);

	(void)dirfd;
	if (r <= 0)
		return r;
	return S_ISDIR(st->st_mode) ? mkdir_p(to, 0755, err) : file_copy(from, to, err);
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
	strv_addv(argv, "env", "-i", NULL);
	extmod_environment(argv);
	strv_addf(argv, "TMPDIR=%s", b->dir);
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

static int count_module(void *arg, int dirfd, const char *path, const struct stat *st,
			struct err *err)
{
	int *n = arg;

	(void)dirfd, (void)err;
	*n += S_ISREG(st->st_mode) && str_ends(path, ".ko");
	return 0;
}

/* ---- the entry of the cache */

static int build_key(void *arg, struct hash *h, struct err *err)
{
	const struct build *b = arg;

	return extmod_key(b->k, b->cc, b->cross, b->source, h, err);
}

/* In a copy: the user's directory is never written, and parallel runs do not meet. */
static int build_copy(void *arg, const char *entry, const char *to, struct err *err)
{
	struct build *b = arg;
	struct sources s = {.dir = b->source};
	int r, n = 0;

	log_note("building the modules of %s for %s", b->source, b->k->release);
	free(b->dir);
	free(b->to);
	free(b->log);
	b->dir = xasprintf("%s/" BUILT, entry);
	b->to = xasprintf("%s/" BUILT, to);
	b->log = xasprintf("%s.log", to);
	s.to = b->dir;
	r = mkdir_p(b->dir, 0755, err);
	if (r == 0)
		r = walk_tree(b->source, false, copy_source, &s, err);
	if (r == 0)
		r = run_make(b, err);
	if (r == 0)
		r = walk_tree(b->dir, false, count_module, &n, err);
	if (r == 0 && !n)
		r = err_set(err, ENOENT, "the build made no .ko file; log: %s", b->log);
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

static void build_done(struct build *b)
{
	free(b->cc);
	free(b->built_by);
	free(b->dir);
	free(b->to);
	free(b->log);
}

int extmod_build(const struct kernel *k, const char *dir, const char *cache_dir, const char *keeper,
		 char **out, struct err *err)
{
	__attribute__((cleanup(build_done))) struct build b = {
		.k = k, .keeper = keeper, .source = dir};
	_cleanup_free_ char *cache = NULL, *entry = NULL;
	struct cache_item item = {
		.limits = {.bytes = CACHE_MAX, .in_use_s = IN_USE_S},
		.key = build_key,
		.make = build_copy,
		.arg = &b,
	};
	int r = check_dir(k, dir, err);

	if (r == 0)
		r = mkdir_p(cache_dir, 0755, err);
	if (r < 0)
		return r;
	cache = path_real(cache_dir, err);
	if (!cache)
		return -ENOENT;
	item.dir = cache;
	b.cross = arch_cross(arch_find(k->arch));
	pick_cc(&b);
	r = cache_get(&item, &entry, err);
	if (r < 0)
		return err_wrap(err, "module %s", dir);
	*out = xasprintf("%s/" BUILT, entry);
	return 0;
}
