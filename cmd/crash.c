// SPDX-License-Identifier: GPL-2.0-only
/* ktest crash: a dump that a run left, in crash or gdb with the symbols of the kernel that ran. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/proc.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "cmd/symbols.h"
#include "kernel/kernel.h"
#include "result/outdir.h"
#include "result/result.h"
#include "run/dump.h"

#define VERSION_MS 10000

struct crash_options {
	char *dir, *vmlinux;
};

#define AT(field) .offset = offsetof(struct crash_options, field)

const struct opt crash_opts[] = {
	{'o', "out", OPT_STRING, "DIR", "output directory of the run (./ktest-out)", AT(dir)},
	{0, "vmlinux", OPT_STRING, "FILE", "the kernel's symbols, if not where it lies",
	 AT(vmlinux)},
	{'h', "help", OPT_HELP, NULL, "this list", 0},
	{0},
};

/* What is opened, and with what. */
struct crash {
	const struct crash_options *o;
	const char *dir;
	struct result result;
	const struct result_test *test;
	struct kernel kernel;
	char *path, *release, *vmlinux;
	bool elf;
};

static int help(void)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	opt_help(crash_opts, 0, &b);
	printf("usage: ktest crash [options] [SUBTEST [ARGUMENT OF crash OR gdb...]]\n\n%s", b.s);
	return 0;
}

/* ---- which dump */

static char *dump_path(const struct crash *c, const struct result_test *t)
{
	_cleanup_free_ char *name = outdir_name(t->file, t->subtest);

	return xasprintf("%s/out/%s/" DUMP_NAME, c->dir, name);
}

/* "panic", "t.panic" */
static bool is_named(const struct result_test *t, const char *name)
{
	_cleanup_free_ char *full = outdir_name(t->file, t->subtest);

	return !name || !strcmp(name, t->subtest) || !strcmp(name, full);
}

static int choose(struct crash *c, const char *name, struct err *err)
{
	_cleanup_strv_ struct strv found = {0};
	_cleanup_free_ char *all = NULL;

	for (size_t i = 0; i < c->result.n; i++) {
		const struct result_test *t = &c->result.tests[i];
		_cleanup_free_ char *path = dump_path(c, t);

		if (!is_named(t, name) || !path_exists(path))
			continue;
		strv_addf(&found, "%s.%s", t->file, t->subtest);
		c->test = t;
		str_set(&c->path, path);
	}
	if (found.n == 1)
		return 0;
	all = strv_join(&found, " ");
	if (found.n)
		return err_usage(err, "which dump? There are %s", all);
	return err_set(err, ENOENT,
		       "%s has no dump%s%s; `ktest run --dump` keeps the memory of a guest that "
		       "panics, hangs or is late",
		       c->dir, name ? " of " : "", name ? name : "");
}

/* ---- its form: crash(8) and the files' own first bytes */

static int read_form(struct crash *c, struct err *err)
{
	_cleanup_close_ int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char magic[13] = "";

	if (fd < 0)
		return err_errno(err, "%s", c->path);
	if (read(fd, magic, sizeof(magic) - 1) < 0)
		return err_errno(err, "%s", c->path);
	c->elf = str_starts(magic, "\177ELF");
	if (c->elf || str_starts(magic, "makedumpfile") || str_starts(magic, "KDUMP   "))
		return 0;
	return err_set(err, EINVAL, "%s: no dump of a kernel", c->path);
}

/* ---- whose symbols */

static const json_t *kernel_entry(const struct crash *c)
{
	const json_t *k;
	size_t i;

	json_array_foreach (c->result.kernels, i, k)
		if (str_eq(json_get_str(k, "id"), c->test->kernel))
			return k;
	return NULL;
}

static int no_vmlinux(const struct crash *c, const char *name, struct err *err)
{
	_cleanup_free_ char *distro = xstrdup(name);
	char *slash = strchr(distro, '/');

	/* "debian/bookworm/amd64/6.1.0-9-amd64" */
	slash = slash ? strchr(slash + 1, '/') : NULL;
	if (!slash || *distro == '/')
		return err_set(err, ENOENT, "%s has no vmlinux; name one with --vmlinux", name);
	slash = strchr(slash + 1, '/');
	if (slash)
		*slash = '\0';
	return err_set(err, ENOENT,
		       "%s has no vmlinux (of %s); `ktest kernel fetch --debug %s` gets it, or "
		       "name one with --vmlinux",
		       name, c->release, distro);
}

static int find_vmlinux(struct crash *c, struct err *err)
{
	const json_t *k = kernel_entry(c);
	const char *name = json_get_str(k, "name"), *release = json_get_str(k, "release");
	int r;

	if (!name || !release)
		return err_set(err, EINVAL, "%s: its journal does not name the kernel", c->dir);
	c->release = xstrdup(release);
	if (c->o->vmlinux) {
		c->vmlinux = path_real(c->o->vmlinux, err);
		return c->vmlinux ? 0 : err->code;
	}
	r = kernel_find(name, json_get_str(k, "arch"), &c->kernel, err);
	if (r < 0)
		return err_wrap(err, "the kernel that ran");
	if (!str_eq(c->kernel.release, release))
		return err_set(err, ESTALE, "%s is %s by now, the dump is of %s", name,
			       c->kernel.release, release);
	if (!c->kernel.vmlinux)
		return no_vmlinux(c, name, err);
	c->vmlinux = xstrdup(c->kernel.vmlinux);
	return 0;
}

/* ---- in what */

/* "crash 8.0.2" */
static void crash_version(const char *crash, char *version, size_t size)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_strv_ struct strv argv = {0};
	const char *s;

	strv_addv(&argv, crash, "--version", NULL);
	*version = '\0';
	if (proc_run(&argv, VERSION_MS, &out, NULL) < 0 || !out.len)
		return;
	s = strstr(out.s, "crash ");
	if (s)
		snprintf(version, size, "%.*s", (int)strcspn(s + 6, " \n-"), s + 6);
}

/* The path of crash where there is one that can read the dump; *why: one line why not. */
static char *find_crash(const struct crash *c, struct strbuf *why)
{
	_cleanup_free_ char *crash = find_program("crash");
	char *found = crash, version[32];

	if (!crash) {
		strbuf_puts(why, "there is no crash here (Debian: crash)");
		return NULL;
	}
	crash_version(crash, version, sizeof(version));
	if (!dump_crash_reads(version, c->release)) {
		strbuf_addf(why, "crash %s cannot read dumps of %s", version, c->release);
		return NULL;
	}
	crash = NULL;
	return found;
}

static int find_debugger(const struct crash *c, struct strv *argv, struct err *err)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_free_ char *crash = find_crash(c, &why);
	_cleanup_free_ char *gdb = find_program("gdb");
	bool scripts;

	if (crash) {
		strv_addv(argv, crash, c->vmlinux, c->path, NULL);
		return 0;
	}
	if (!c->elf)
		return err_set(err, ENOTSUP,
			       "%s, and nothing else reads this one; gdb does what `--dump-format "
			       "elf` leaves",
			       why.s);
	if (!gdb)
		return err_set(err, ENOENT, "%s, and there is no gdb (Debian: gdb)", why.s);
	log_note("%s: it is opened in gdb", why.s);
	strv_addv(argv, gdb, "-q", NULL);
	scripts = symbols_add(argv, c->vmlinux);
	strv_add(argv, c->path);
	if (scripts && c->kernel.modules)
		symbols_add_modules(argv, c->kernel.modules);
	symbols_add_panic(argv);
	return 0;
}

/* It takes our place: the terminal, its signals and the exit status are its own. */
static int become(struct strv *argv, struct err *err)
{
	if (!argv->v)
		return err_set(err, EINVAL, "no debugger was chosen");
	signal(SIGPIPE, SIG_DFL);
	fflush(NULL);
	execv(argv->v[0], argv->v);
	return err_errno(err, "%s", argv->v[0]);
}

static int open_dump(struct crash *c, int argc, char **argv, struct err *err)
{
	_cleanup_free_ char *journal = xasprintf("%s/journal.jsonl", c->dir);
	_cleanup_strv_ struct strv program = {0};
	int r = result_read(journal, &c->result, err);

	if (r == 0)
		r = choose(c, argc ? argv[0] : NULL, err);
	if (r == 0)
		r = read_form(c, err);
	if (r == 0)
		r = find_vmlinux(c, err);
	if (r == 0)
		r = find_debugger(c, &program, err);
	for (int i = 1; i < argc && r == 0; i++)
		strv_add(&program, argv[i]);
	return r < 0 ? r : become(&program, err);
}

int cmd_crash(int argc, char **argv, struct err *err)
{
	struct crash_options o = {0};
	struct crash c = {.o = &o};
	int rest, r = opt_parse(crash_opts, 0, argc, argv, &o, &rest, err);

	c.dir = o.dir ? o.dir : "ktest-out";
	if (r == OPT_WANTS_HELP)
		r = help();
	else if (r == 0)
		r = open_dump(&c, argc - rest, argv + rest, err);
	result_done(&c.result);
	kernel_done(&c.kernel);
	free(c.path);
	free(c.release);
	free(c.vmlinux);
	free(o.dir);
	free(o.vmlinux);
	return r;
}
