// SPDX-License-Identifier: GPL-2.0-only
#include "run/build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* "A,B=y": a symbol each, the value that of the one before it. */
static void add_symbols(struct strv *to, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++)
		for (const char *s = from->v[i]; *s; s += strspn(s, ",")) {
			size_t len = strcspn(s, ",");

			strv_addn(to, s, len);
			s += len;
		}
}

/* "./fs/ext4/": the kernel's makefiles say fs/ext4. */
static void add_dirs(struct strv *to, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const char *s = from->v[i];
		size_t len;

		while (str_starts(s, "./"))
			s += 2 + strspn(s + 2, "/");
		len = strlen(s);
		while (len > 1 && s[len - 1] == '/')
			len--;
		if (len)
			strv_addn(to, s, len);
		else
			strv_add(to, ".");
	}
}

static void take_needs(struct build *b, const struct needs *n)
{
	add_symbols(&b->require, &n->config_require);
	add_symbols(&b->require_soft, &n->config_require_soft);
	strv_cat(&b->make_args, &n->kernel_make_append);
	add_dirs(&b->gcov, &n->gcov);
	strv_cat(&b->variants, &n->variants);
	b->k.config_base = n->kconfig_base;
	b->k.target = n->kbuild_target;
}

/* The compiler that the test declares, else $CC, else gcc. */
static void choose_compiler(struct build *b, const struct test_file *f)
{
	const char *declared = f ? f->needs.compiler : NULL, *cc = getenv("CC");

	b->compiler = xstrdup(declared ? declared : cc && *cc ? cc : "gcc");
	b->k.compiler = b->compiler;
}

/* -P: what config and oldconfig chose is forgotten. */
static int forget_choices(const struct build *b, struct err *err)
{
	if (unlink(b->user_config) < 0 && errno != ENOENT)
		return err_errno(err, "%s", b->user_config);
	return 0;
}

int build_place(struct build *b, const struct settings *s, size_t number, struct err *err)
{
	char suffix[24] = "";

	if (number > 1)
		snprintf(suffix, sizeof(suffix), ".%zu", number);
	b->build_dir = xasprintf("%s/kernel_build.%s%s", s->out, b->k.arch->name, suffix);
	b->install_dir = xasprintf("%s/kernel.%s%s", s->out, b->k.arch->name, suffix);
	b->user_config = xasprintf("%s/user.config", b->build_dir);
	b->k.build_dir = b->build_dir;
	b->k.install_dir = b->install_dir;
	b->k.user_config = b->user_config;
	return s->fresh_config ? forget_choices(b, err) : 0;
}

static const struct arch *choose_arch(const struct settings *s, const struct test_file *f,
				      struct err *err)
{
	const struct arch *arch = f ? f->arch : s->arch ? arch_find(s->arch) : arch_host();

	if (!arch)
		err_usage(err, "no architecture '%s'; there are %s",
			  s->arch ? s->arch : "of this machine", arch_names());
	return arch;
}

int build_prepare(struct build *b, const struct settings *s, const struct test_file *f,
		  struct err *err)
{
	*b = (struct build){0};
	b->k.arch = choose_arch(s, f, err);
	if (!b->k.arch)
		return err->code;
	if (source_open(s->source, &b->source, err) < 0)
		return err->code;
	b->k.source = b->source.dir;
	b->k.version = b->source.version;
	b->k.tree = s->tree;
	b->k.cache = s->cache;
	b->k.bus = f ? f->bus->name : s->bus ? s->bus : DEFAULT_BUS;
	b->k.keep_config = s->keep_config;
	b->k.always_make = s->always_make;
	b->k.nice = (int)s->nice;
	if (f)
		take_needs(b, &f->needs);
	strv_cat(&b->make_args, &s->make_args);
	add_dirs(&b->gcov, &s->gcov);
	choose_compiler(b, f);
	b->k.require = &b->require;
	b->k.require_soft = &b->require_soft;
	b->k.make_args = &b->make_args;
	b->k.gcov = &b->gcov;
	b->k.variants = &b->variants;
	return 0;
}

void build_done(struct build *b)
{
	free(b->build_dir);
	free(b->install_dir);
	free(b->user_config);
	free(b->compiler);
	source_done(&b->source);
	strv_done(&b->require);
	strv_done(&b->require_soft);
	strv_done(&b->make_args);
	strv_done(&b->gcov);
	strv_done(&b->variants);
	*b = (struct build){0};
}

static bool strv_eq(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return a->n == b->n;
}

bool build_same(const struct build *a, const struct build *b)
{
	return a->k.arch == b->k.arch && str_eq(a->k.bus, b->k.bus) &&
	       str_eq(a->compiler, b->compiler) && str_eq(a->k.config_base, b->k.config_base) &&
	       str_eq(a->k.target, b->k.target) && strv_eq(&a->require, &b->require) &&
	       strv_eq(&a->require_soft, &b->require_soft) &&
	       strv_eq(&a->make_args, &b->make_args) && strv_eq(&a->gcov, &b->gcov) &&
	       strv_eq(&a->variants, &b->variants);
}
