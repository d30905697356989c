// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/compiler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/proc.h"

#define VERSION_MS 30000

void compiler_done(struct compiler *c)
{
	free(c->program);
	free(c->options);
	free(c->cross);
	free(c->llvm);
	*c = (struct compiler){0};
}

/* "ccache gcc-12 -m64": the program and what follows it. */
static void split(const char *cc, struct compiler *c)
{
	static const char blanks[] = " \t";

	for (;;) {
		_cleanup_free_ char *word = NULL;

		cc += strspn(cc, blanks);
		word = xstrndup(cc, strcspn(cc, blanks));
		cc += strlen(word);
		cc += strspn(cc, blanks);
		if (*cc && str_eq(path_base(word), "ccache"))
			continue;
		str_set(&c->program, word);
		str_set(&c->options, cc);
		return;
	}
}

/* A version in the name is one of all tools (the kernel's Documentation/kbuild/llvm.rst). */
static char *llvm_value(const char *program)
{
	const char *base = path_base(program);

	if (base != program)
		return xstrndup(program, (size_t)(base - program));
	return xstrdup(base[5] == '-' ? base + 5 : "1");
}

void compiler_pick(const struct kbuild *b, struct compiler *c)
{
	const char *cc = b->compiler ? b->compiler : getenv("CC");
	_cleanup_free_ char *ccache = find_program("ccache");

	*c = (struct compiler){.ccache = ccache != NULL};
	split(cc && *cc ? cc : "gcc", c);
	if (str_starts(path_base(c->program), "clang")) {
		c->llvm = llvm_value(c->program);
		c->cross = xstrdup("");
		return;
	}
	c->cross = xstrdup(arch_cross(b->arch));
	if (*c->cross && !strchr(c->program, '/') && !str_starts(c->program, c->cross)) {
		char *full = xasprintf("%s%s", c->cross, c->program);

		free(c->program);
		c->program = full;
	}
}

char *compiler_tool(const struct compiler *c, const char *tool)
{
	const char *lld = str_eq(tool, "ld") ? "ld.lld" : NULL;

	if (!c->llvm)
		return xasprintf("%s%s", c->cross, tool);
	if (*c->llvm == '/')
		return xasprintf("%s%s%s", c->llvm, lld ? "" : "llvm-", lld ? lld : tool);
	return xasprintf("%s%s%s", lld ? "" : "llvm-", lld ? lld : tool,
			 *c->llvm == '-' ? c->llvm : "");
}

/* "gcc-12" has one of that name, "aarch64-linux-gnu-gcc" is of gcc-aarch64-linux-gnu. */
char *compiler_package(const struct compiler *c)
{
	const char *name = path_base(c->program), *version;
	size_t len = strlen(c->cross);

	if (!len || !str_starts(name, c->cross))
		return xstrdup(name);
	version = strchr(name + len, '-');
	return xasprintf("gcc%s-%.*s", version ? version : "", (int)len - 1, c->cross);
}

char *compiler_tools_package(const struct compiler *c)
{
	const char *version = c->llvm && *c->llvm == '-' ? c->llvm : "";

	if (c->llvm)
		return xasprintf("lld%s llvm%s", version, version);
	if (*c->cross)
		return xasprintf("binutils-%.*s", (int)strlen(c->cross) - 1, c->cross);
	return xstrdup("binutils");
}

static int no_compiler(const struct compiler *c, struct err *err)
{
	_cleanup_free_ char *package = compiler_package(c);

	if (strchr(c->program, '/'))
		return err_set(err, ENOENT,
			       "the compiler %s is not there: name another one by CC=", c->program);
	return err_set(err, ENOENT,
		       "the compiler %s is not there: `sudo apt install %s` (Debian's name of the "
		       "package), or name another one by CC=",
		       c->program, package);
}

int compiler_version(const struct compiler *c, char **version, struct err *err)
{
	_cleanup_free_ char *found = find_program(c->program);
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_strbuf_ struct strbuf out = {0};
	int r;

	if (!found)
		return no_compiler(c, err);
	strv_addv(&argv, found, "--version", NULL);
	r = proc_run(&argv, VERSION_MS, &out, err);
	if (r < 0)
		return err_wrap(err, "the compiler %s does not work", c->program);
	*version = xstrndup(out.len ? out.s : "", out.len ? strcspn(out.s, "\n") : 0);
	return 0;
}
