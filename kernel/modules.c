// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/modules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libkmod.h>

#include "base/file.h"
#include "kernel/drivers.h"

void module_set_done(struct module_set *set)
{
	strv_done(&set->paths);
}

struct closure {
	const struct kernel *k;
	struct kmod_ctx *ctx;
	struct strv seen; /* names; entered before what they need, so that a circle ends */
	struct strv *paths;
};

static void cleanup_kmod(struct kmod_ctx **ctx)
{
	if (*ctx)
		kmod_unref(*ctx);
}

static void ignore_log(void *data, int priority, const char *file, int line, const char *fn,
		       const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line, (void)fn, (void)format, (void)args;
}

/* The soft dependencies that depmod collected are the only configuration: the host's
 * /etc/modprobe.d has no say in a guest. */
static struct kmod_ctx *kmod_open(const struct kernel *k)
{
	_cleanup_free_ char *softdep = xasprintf("%s/modules.softdep", k->modules);
	const char *const config[] = {softdep, NULL};
	const char *const nothing[] = {NULL};
	struct kmod_ctx *ctx = kmod_new(k->modules, path_exists(softdep) ? config : nothing);

	if (ctx)
		kmod_set_log_fn(ctx, ignore_log, NULL);
	return ctx;
}

static int check_index(const struct kernel *k, struct err *err)
{
	_cleanup_free_ char *index = xasprintf("%s/modules.dep.bin", k->modules);
	_cleanup_free_ char *tail = xasprintf("/lib/modules/%s", k->release);
	size_t len = strlen(k->modules) - (str_ends(k->modules, tail) ? strlen(tail) : 0);

	if (path_readable(index))
		return 0;
	if (!k->modules[len])
		return err_set(err, ENOENT,
			       "%s: no modules.dep.bin, and depmod cannot make one there: "
			       "install the modules as lib/modules/%s",
			       k->modules, k->release);
	return err_set(err, ENOENT, "%s is missing: make it by `depmod -b %.*s %s`", index,
		       len ? (int)len : 1, len ? k->modules : "/", k->release);
}

static void visit(struct closure *c, struct kmod_module *mod);

static void visit_list(struct closure *c, struct kmod_list *list)
{
	struct kmod_list *it;

	kmod_list_foreach(it, list)
	{
		struct kmod_module *mod = kmod_module_get_module(it);

		visit(c, mod);
		kmod_module_unref(mod);
	}
}

static void visit(struct closure *c, struct kmod_module *mod)
{
	struct kmod_list *pre = NULL, *post = NULL, *deps;
	const char *path = kmod_module_get_path(mod);

	if (strv_has(&c->seen, kmod_module_get_name(mod)))
		return;
	strv_add(&c->seen, kmod_module_get_name(mod));
	if (!path) /* built in, or a soft dependency that this kernel lacks */
		return;
	kmod_module_get_softdeps(mod, &pre, &post);
	visit_list(c, pre);
	deps = kmod_module_get_dependencies(mod);
	visit_list(c, deps);
	strv_add(c->paths, path);
	visit_list(c, post);
	kmod_module_unref_list(pre);
	kmod_module_unref_list(post);
	kmod_module_unref_list(deps);
}

/* What the configuration says where the module tree is silent: 1 built in, 0 cannot be told, -1 not
 * there. */
static int config_verdict(const struct kernel *k, const char *driver)
{
	const char *symbol = driver_symbol(driver);
	_cleanup_free_ char *value = symbol ? kernel_config_get(k, symbol) : NULL;

	if (!value)
		return 0;
	return str_eq(value, "y") ? 1 : -1;
}

/* The modules and built-in drivers that a name or alias stands for; NULL: none. */
static struct kmod_list *lookup(const struct closure *c, const char *name)
{
	struct kmod_list *list = NULL;

	if (kmod_module_new_from_lookup(c->ctx, name, &list) < 0)
		return NULL;
	return list;
}

static int want_one(struct closure *c, const char *driver, bool optional, struct err *err)
{
	struct kmod_list *list = lookup(c, driver);

	if (list) {
		visit_list(c, list);
		kmod_module_unref_list(list);
		return 0;
	}
	if (optional || config_verdict(c->k, driver) > 0)
		return 0;
	return err_set(err, ENOENT, "kernel %s has no driver %s, neither as a module nor built in",
		       c->k->name, driver);
}

static int check_config(const struct kernel *k, const char *driver, struct err *err)
{
	const char *symbol = driver_symbol(driver);

	if (config_verdict(k, driver) >= 0)
		return 0;
	return err_set(err, ENOENT,
		       "kernel %s has no driver %s: it comes without modules, and its "
		       "configuration lacks CONFIG_%s=y",
		       k->name, driver, symbol);
}

static int closure_by_config(const struct kernel *k, const struct strv *want, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < want->n && r == 0; i++)
		if (*want->v[i] != '?')
			r = check_config(k, want->v[i], err);
	return r;
}

int modules_closure(const struct kernel *k, const struct strv *want, struct module_set *set,
		    struct err *err)
{
	__attribute__((cleanup(cleanup_kmod))) struct kmod_ctx *ctx = NULL;
	struct closure c = {.k = k, .paths = &set->paths};
	int r;

	*set = (struct module_set){0};
	if (!k->modules)
		return closure_by_config(k, want, err);
	r = check_index(k, err);
	if (r < 0)
		return r;
	ctx = c.ctx = kmod_open(k);
	if (!ctx)
		return err_set(err, ENOMEM, "%s: libkmod cannot be started", k->modules);
	for (size_t i = 0; i < want->n && r == 0; i++) {
		bool optional = *want->v[i] == '?';

		r = want_one(&c, want->v[i] + optional, optional, err);
	}
	strv_done(&c.seen);
	if (r < 0)
		module_set_done(set);
	return r;
}

bool modules_have(const struct kernel *k, const char *driver)
{
	__attribute__((cleanup(cleanup_kmod))) struct kmod_ctx *ctx = NULL;
	struct closure c = {.k = k};
	struct kmod_list *list;

	if (!k->modules || check_index(k, NULL) < 0)
		return config_verdict(k, driver) >= 0;
	ctx = c.ctx = kmod_open(k);
	list = ctx ? lookup(&c, driver) : NULL;
	kmod_module_unref_list(list);
	return list || config_verdict(k, driver) > 0;
}
