// SPDX-License-Identifier: GPL-2.0-only
#include "run/needs_variants.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "run/needs_call.h"
#include "run/settings.h"

/* Sorted. */
static void list_variants(const char *library, struct strv *all)
{
	_cleanup_free_ char *dir = xasprintf("%s/lib/variants", library);
	struct dirent **found = NULL;
	int n = scandir(dir, &found, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (str_ends(found[i]->d_name, ".sh"))
			strv_addn(all, found[i]->d_name, strlen(found[i]->d_name) - 3);
		free(found[i]);
	}
	free(found);
}

int variants_check(const char *library, const struct strv *names, struct err *err)
{
	_cleanup_strv_ struct strv all = {0};

	if (names->n)
		list_variants(library, &all);
	for (size_t i = 0; i < names->n; i++) {
		_cleanup_free_ char *words = NULL;

		if (strv_has(&all, names->v[i]))
			continue;
		words = strv_join(&all, " ");
		return err_usage(err, "no variant '%s'; there are %s", names->v[i], words);
	}
	return 0;
}

static int64_t times(int64_t value, int64_t factor)
{
	return (value ? value : 1) * (factor ? factor : 1);
}

static void merge(const struct needs *v, struct needs *n)
{
	int64_t stretch = times(0, v->timeout_multiplier);

	strv_cat(&n->config_require, &v->config_require);
	strv_cat(&n->config_require_soft, &v->config_require_soft);
	strv_cat(&n->kernel_append, &v->kernel_append);
	strv_cat(&n->gcov, &v->gcov);
	strv_cat(&n->variants, &v->variants);
	if (v->compiler && !n->compiler)
		str_set(&n->compiler, v->compiler);
	n->timeout_multiplier = times(n->timeout_multiplier, stretch);
	n->timeout_s *= stretch;
	n->watchdog_multiplier = stretch;
	if (times(0, v->mem_multiplier) > 1)
		n->mem_mib = (n->mem_mib ? n->mem_mib : DEFAULT_MEM_MIB) * v->mem_multiplier;
}

int variants_apply(const char *library, int64_t priority, const struct needs_limits *limits,
		   struct needs *n, struct err *err)
{
	struct needs v = {.path = xasprintf("%s/lib/variants/only.ktest", library),
			  .tree = xstrdup(library)};
	_cleanup_strbuf_ struct strbuf out = {0};
	int r = needs_call(&v, library, "deps", priority, limits, &out, err);

	if (r == 0)
		r = needs_parse_deps(out.s, out.len, &v, err);
	if (r == 0)
		merge(&v, n);
	needs_done(&v);
	return r < 0 ? err_wrap(err, "--variant") : 0;
}

char *variants_base(const struct strv *names, const char *base)
{
	char *name = xstrdup(base);

	for (size_t i = names->n; i-- > 0;) {
		_cleanup_free_ char *prefix = xasprintf("%s-", names->v[i]);
		char *longer;

		if (str_starts(base, prefix))
			continue;
		longer = xasprintf("%s%s", prefix, name);
		free(name);
		name = longer;
	}
	return name;
}
