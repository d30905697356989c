// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/building.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/proc.h"
#include "kbuild/expect.h"
#include "kbuild/make.h"
#include "kbuild/making.h"
#include "kbuild/makelog.h"
#include "kernel/kernel.h"

#define LOG_NAME     "ktest-build.log"
#define SHOW_EACH_NS (NSEC_PER_SEC / 10)

struct building {
	const struct kbuild *b;
	struct makelog log;
	struct expect expect;
	int64_t start_ns, shown_ns, last_object_ns;
};

static void show(struct building *g, int64_t now)
{
	const struct kbuild *b = g->b;
	bool overrun = g->log.objects > g->expect.objects;
	const struct kbuild_progress p = {
		.phase = "building",
		.done = g->log.objects,
		.total = overrun ? 0 : g->expect.objects,
		.total_is_guess = g->expect.is_guess,
		.elapsed_ns = now - g->start_ns,
		.left_ns = expect_left(&g->expect, g->log.objects, now - g->start_ns),
	};

	g->shown_ns = now;
	if (b->progress)
		b->progress(b->arg, &p);
}

static void on_line(void *arg, const char *line, size_t len)
{
	struct building *g = arg;
	size_t before = g->log.objects;
	int64_t now;

	makelog_line(&g->log, line, len);
	if (g->log.objects == before)
		return;
	now = loop_now_ns();
	g->last_object_ns = now;
	if (now - g->shown_ns >= SHOW_EACH_NS)
		show(g, now);
}

static void on_tick(void *arg)
{
	show(arg, loop_now_ns());
}

static bool is_on(const struct kbuild *b, const char *symbol)
{
	_cleanup_free_ char *config = xasprintf("%s/.config", b->build_dir);
	const struct kernel k = {.config = config};
	_cleanup_free_ char *value = kernel_config_get(&k, symbol);

	return str_eq(value, "y");
}

static void add_targets(const struct kbuild *b, struct strv *argv)
{
	strv_add(argv, path_base(b->arch->image));
	if (is_on(b, "MODULES"))
		strv_add(argv, "modules");
	if (is_on(b, "GDB_SCRIPTS"))
		strv_add(argv, "scripts_gdb");
	if (b->target)
		strv_add(argv, b->target);
}

static int failed(const struct building *g, int status, const char *log, struct err *err)
{
	const struct makelog *l = &g->log;
	const char *cause = makelog_cause(l);
	char word[64];

	for (size_t i = 0; i < l->errors.n; i++)
		log_note("%s", l->errors.v[i]);
	if (l->nerrors > l->errors.n)
		log_note("and %zu errors more", l->nerrors - l->errors.n);
	if (l->disk_full)
		return err_set(err, ENOSPC,
			       "the disk is full: make room in %s or in %s; the log: %s",
			       g->b->build_dir, "the directory of temporary files", log);
	return err_set(err, EIO, "building failed: %s; all of it: %s",
		       cause ? cause : proc_status_str(status, word, sizeof(word)), log);
}

static void note_size(struct building *g, struct sum config, bool from_scratch)
{
	int64_t now = loop_now_ns();
	const struct expect was = {
		.objects = g->log.objects,
		.duration_ns = now - g->start_ns,
		.tail_ns = now - g->last_object_ns,
	};

	if (was.objects)
		expect_save(g->b, config, from_scratch, &was);
}

static int run(struct building *g, int log_fd, const char *log, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	const struct making m = {
		.argv = &argv,
		.nice = g->b->nice,
		.log_fd = log_fd,
		.line = on_line,
		.tick = on_tick,
		.arg = g,
	};
	int status, r;

	make_argv(g->b, &argv);
	add_targets(g->b, &argv);
	show(g, g->start_ns);
	r = making_run(&m, &status, err);
	show(g, loop_now_ns());
	if (r == 0 && status)
		r = failed(g, status, log, err);
	return r;
}

int building_run(const struct kbuild *b, struct sum config, char **log, struct err *err)
{
	struct building g = {.b = b, .log = {.source = b->source, .build_dir = b->build_dir}};
	_cleanup_free_ char *vmlinux = xasprintf("%s/vmlinux", b->build_dir);
	bool from_scratch = !path_exists(vmlinux);
	_cleanup_close_ int fd = -1;
	int r;

	*log = xasprintf("%s/" LOG_NAME, b->build_dir);
	fd = open(*log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, "%s", *log);
	expect_load(b, config, from_scratch, &g.expect);
	g.start_ns = g.last_object_ns = loop_now_ns();
	r = run(&g, fd, *log, err);
	if (r == 0)
		note_size(&g, config, from_scratch);
	makelog_done(&g.log);
	return r;
}
