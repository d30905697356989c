// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "kbuild/config_check.h"
#include "kbuild/dotconfig.h"
#include "kbuild/make.h"
#include "kbuild/require.h"

/* In the build directory, while a configuration is made. */
#define NEW	 ".config.new"
#define FRAGMENT ".config.wanted"

/* One .config being made. */
struct making {
	const struct kbuild *b;
	struct requires want;
	struct dotconfig user; /* what the user chose */
	struct dotconfig made;
};

static void making_done(struct making *m)
{
	requires_done(&m->want);
	dotconfig_done(&m->user);
	dotconfig_done(&m->made);
}

#define _cleanup_making_ __attribute__((cleanup(making_done)))

static int read_wants(struct making *m, struct err *err)
{
	int r = requires_collect(&m->want, m->b, err);

	if (r < 0 || !m->b->user_config || !path_exists(m->b->user_config))
		return r;
	return dotconfig_read(&m->user, m->b->user_config, err);
}

static char *in_build_dir(const struct kbuild *b, const char *name)
{
	return xasprintf("%s/%s", b->build_dir, name);
}

static void remove_temporary(const struct kbuild *b)
{
	static const char *const names[] = {NEW, NEW ".old", FRAGMENT};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = in_build_dir(b, names[i]);

		unlink(path);
	}
}

/* What is wanted on top of what c has; the user has the last word. */
static void put_wants(const struct making *m, struct dotconfig *c)
{
	for (size_t i = 0; i < m->want.by_symbol.n; i++) {
		const struct map_entry *e = &m->want.by_symbol.entries[i];

		dotconfig_set(c, e->key, ((const struct require *)e->value)->value);
	}
	for (size_t i = 0; i < m->user.values.n; i++) {
		const struct map_entry *e = &m->user.values.entries[i];

		dotconfig_set(c, e->key, e->value);
	}
}

static int write_config(const struct kbuild *b, const char *name, const struct dotconfig *c,
			struct err *err)
{
	_cleanup_free_ char *path = in_build_dir(b, name);
	_cleanup_strbuf_ struct strbuf text = {0};

	dotconfig_write(c, &text);
	return file_write(path, text.s ? text.s : "", text.len, 0644, err);
}

/* make TARGET, with NEW for the .config; what a make of the kernel is given on its command line
 * goes to its sub-makes and programs too. */
static int make_new(const struct kbuild *b, const char *target, struct err *err)
{
	_cleanup_strv_ struct strv args = {0};
	struct kbuild with = *b;

	if (b->make_args)
		strv_copy(&args, b->make_args);
	strv_addv(&args, "KCONFIG_CONFIG=" NEW, "KCONFIG_ALLCONFIG=" FRAGMENT, NULL);
	with.make_args = &args;
	return make_run(&with, target, NULL, err);
}

bool config_base_is_file(const struct kbuild *b)
{
	return b->config_base && strchr(b->config_base, '/') && path_exists(b->config_base);
}

/* Those of its targets that ask, which would wait for an answer. */
static bool is_interactive(const char *s)
{
	static const char *const targets[] = {
		"config",  "menuconfig", "nconfig",	   "xconfig",
		"gconfig", "oldconfig",	 "localmodconfig", "localyesconfig",
	};

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (!strcmp(s, targets[i]))
			return true;
	return false;
}

static bool is_target(const char *s)
{
	return *s != '-' && *s != '/' && str_ends(s, "config") && !is_interactive(s) &&
	       !s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789_-./")];
}

/* What the base has, to *c. */
static int read_base(const struct kbuild *b, struct dotconfig *c, struct err *err)
{
	_cleanup_free_ char *path = in_build_dir(b, NEW);
	int r;

	if (config_base_is_file(b))
		return dotconfig_read(c, b->config_base, err);
	if (!is_target(b->config_base))
		return err_set(
			err, ENOENT,
			"config-kconfig-base %s: neither a file with a slash in its name nor a "
			"target of the kernel's make that asks nothing, such as defconfig",
			b->config_base);
	r = make_new(b, b->config_base, err);
	if (r < 0)
		return err_wrap(err, "config-kconfig-base %s", b->config_base);
	return dotconfig_read(c, path, err);
}

/* NEW from what is wanted. An allnoconfig takes it as it goes, so that one run settles all. */
static int settle(const struct making *m, struct err *err)
{
	_cleanup_dotconfig_ struct dotconfig c = {0};
	const char *base = m->b->config_base;
	int r = write_config(m->b, FRAGMENT, &c, err);

	if (r == 0 && base)
		r = read_base(m->b, &c, err);
	if (r < 0)
		return r;
	put_wants(m, &c);
	r = write_config(m->b, base ? NEW : FRAGMENT, &c, err);
	return r < 0 ? r : make_new(m->b, base ? "olddefconfig" : "allnoconfig", err);
}

static bool same_text(const char *a, const char *b)
{
	_cleanup_free_ char *ta = NULL, *tb = NULL;
	size_t la, lb;

	return file_read(a, DOTCONFIG_SIZE_MAX, &ta, &la, NULL) == 0 &&
	       file_read(b, DOTCONFIG_SIZE_MAX, &tb, &lb, NULL) == 0 && la == lb &&
	       !memcmp(ta, tb, la);
}

/* An unchanged .config keeps its time stamp: make goes by it. */
static int adopt(const struct kbuild *b, struct err *err)
{
	_cleanup_free_ char *path = in_build_dir(b, ".config"), *made = in_build_dir(b, NEW);

	if (!same_text(made, path) && rename(made, path) < 0)
		return err_errno(err, "%s", path);
	return 0;
}

static int check(struct making *m, const char *name, struct err *err)
{
	_cleanup_free_ char *path = in_build_dir(m->b, name);
	int r = dotconfig_read(&m->made, path, err);

	return r < 0 ? r : config_check(m->b, &m->want, &m->user, &m->made, err);
}

/* The .config is the user's: what it says is not for user_config to explain. */
static int check_kept(struct making *m, struct err *err)
{
	_cleanup_free_ char *path = in_build_dir(m->b, ".config");
	int r;

	if (!path_exists(path))
		return err_set(err, ENOENT, "%s: there is none to keep; run it without -K", path);
	r = requires_collect(&m->want, m->b, err);
	if (r == 0)
		r = check(m, ".config", err);
	return r < 0 ? err_wrap(err, "the .config is kept (-K)") : 0;
}

int config_make(const struct kbuild *b, struct err *err)
{
	_cleanup_making_ struct making m = {.b = b};
	int r;

	if (b->keep_config)
		return check_kept(&m, err);
	r = read_wants(&m, err);
	if (r == 0)
		r = mkdir_p(b->build_dir, 0755, err);
	if (r < 0)
		return r;
	remove_temporary(b);
	r = settle(&m, err);
	if (r == 0)
		r = check(&m, NEW, err);
	if (r == 0)
		r = adopt(b, err);
	remove_temporary(b);
	return r;
}
