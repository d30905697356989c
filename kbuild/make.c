// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/make.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "kbuild/compiler.h"
#include "kbuild/making.h"

#define OUTPUT_MAX (16 << 20)

/* Those that we may run on: a container often has fewer than the machine. */
static int processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return CPU_COUNT(&set);
	return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

static void add_compiler(const struct compiler *c, struct strv *argv)
{
	const char *ccache = c->ccache ? "ccache " : "";

	if (c->llvm)
		strv_addf(argv, "LLVM=%s", c->llvm);
	if (*c->cross)
		strv_addf(argv, "CROSS_COMPILE=%s", c->cross);
	strv_addf(argv, "CC=%s%s%s%s", ccache, c->program, *c->options ? " " : "", c->options);
	if (!c->ccache)
		return;
	/* What runs on this machine; LLVM= would choose clang. */
	strv_addf(argv, "HOSTCC=ccache %s", c->llvm ? c->program : "gcc");
}

/* Each of the kernel's makefiles asks with its own obj; what needs the variable in one directory
 * alone is of no use, as it would have to be written into the source. */
static void add_gcov(const struct strv *dirs, struct strv *argv)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	if (!dirs || !dirs->n)
		return;
	strbuf_puts(&b, "GCOV_PROFILE=$(if $(filter");
	for (size_t i = 0; i < dirs->n; i++)
		if (str_eq(dirs->v[i], "."))
			strbuf_puts(&b, " %");
		else
			strbuf_addf(&b, " %s %s/%%", dirs->v[i], dirs->v[i]);
	strbuf_puts(&b, ",$(obj)),y)");
	strv_add(argv, b.s);
}

void make_argv(const struct kbuild *b, struct strv *argv)
{
	_cleanup_compiler_ struct compiler c = {0};

	compiler_pick(b, &c);
	/* A target's output in one piece: errors of several compilers do not mix. */
	strv_addv(argv, "make", "--no-print-directory", "--output-sync=target", NULL);
	strv_addf(argv, "-j%d", processors());
	strv_addv(argv, "-C", b->source, NULL);
	strv_addf(argv, "O=%s", b->build_dir);
	strv_addf(argv, "ARCH=%s", b->arch->make_arch);
	add_compiler(&c, argv);
	add_gcov(b->gcov, argv);
	if (b->make_args)
		strv_cat(argv, b->make_args);
}

static bool is_unwanted(const char *var)
{
	static const char *const names[] = {
		"MAKEFLAGS=",	 "MFLAGS=",	    "MAKELEVEL=",     "MAKEOVERRIDES=",
		"GNUMAKEFLAGS=", "KCONFIG_CONFIG=", "KBUILD_EXTMOD=", "KBUILD_OUTPUT=",
		"LC_ALL=",	 "LC_MESSAGES=",    "LANGUAGE=",      "CLICOLOR_FORCE=",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_starts(var, names[i]))
			return true;
	return false;
}

/* What the user did not set himself. */
static void add_default(struct strv *env, const char *name, const char *value)
{
	if (!getenv(name))
		strv_addf(env, "%s=%s", name, value);
}

void make_env(struct strv *env)
{
	for (char **e = environ; *e; e++)
		if (!is_unwanted(*e))
			strv_add(env, *e);
	strv_add(env, "LC_MESSAGES=C");
	/* Objects and kernels then depend on nothing but what they are made from, so ccache, the
	 * comparison of what is installed and our own cache find what was made before. */
	add_default(env, "KBUILD_BUILD_TIMESTAMP", "Thu Jan  1 00:00:00 UTC 1970");
	add_default(env, "KBUILD_BUILD_USER", "ktest");
	add_default(env, "KBUILD_BUILD_HOST", "ktest");
	add_default(env, "KBUILD_BUILD_VERSION", "1");
	/* Set, though empty: no "+" in the release for commits after a tag, a commit then does not
	 * change a kernel whose source it leaves alone. */
	add_default(env, "LOCALVERSION", "");
	/* The directory of the build is in the debug information alone. */
	add_default(env, "CCACHE_NOHASHDIR", "1");
	/* Nothing is written into the source. */
	add_default(env, "PYTHONDONTWRITEBYTECODE", "1");
}

static void collect(void *arg, const char *line, size_t len)
{
	struct strbuf *out = arg;

	if (out->len + len >= OUTPUT_MAX)
		return;
	strbuf_add(out, line, len);
	strbuf_putc(out, '\n');
}

/* Of make itself, which says no more than that something failed. */
static bool is_makes(const char *line)
{
	return str_starts(line, "make: ") || str_starts(line, "make[");
}

/* The last line that says anything, "" without one; out is cut after it. */
static const char *last_word(struct strbuf *out)
{
	while (out->len) {
		const char *nl, *line;

		out->s[out->len - 1] = '\0';
		nl = strrchr(out->s, '\n');
		line = nl ? nl + 1 : out->s;
		if (line[strspn(line, " ")] && !is_makes(line))
			return line;
		out->len = (size_t)(line - out->s);
	}
	return "";
}

int make_run(const struct kbuild *b, const char *target, struct strbuf *out, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct making m = {
		.argv = &argv, .nice = b->nice, .log_fd = -1, .line = collect, .arg = &text};
	const char *said;
	int status, r;
	char word[64];

	make_argv(b, &argv);
	strv_add(&argv, target);
	r = making_run(&m, &status, err);
	if (r < 0)
		return r;
	if (status) {
		said = last_word(&text);
		return err_set(err, EIO, "make %s: %s", target,
			       *said ? said : proc_status_str(status, word, sizeof(word)));
	}
	if (out && text.len)
		strbuf_add(out, text.s, text.len);
	return 0;
}
