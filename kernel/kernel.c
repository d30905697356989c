// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "kernel/arch.h"
#include "kernel/fetch.h"
#include "kernel/load.h"
#include "kernel/store.h"

#define CONFIG_MAX (16 << 20)

static int find_host(struct kernel *k, struct err *err)
{
	struct utsname u;

	uname(&u);
	return kernel_load_host("", u.release, k, err);
}

static int check_arch(const char *name, const char *is, const char *arch, struct err *err)
{
	if (!arch || !is || str_eq(arch_name(arch), is))
		return 0;
	return err_set(err, EINVAL, "kernel %s is for %s, not for %s: `-a %s` takes it", name, is,
		       arch, is);
}

static int miss(const char *spec, const struct store_entry *e, size_t n, struct err *err)
{
	_cleanup_strbuf_ struct strbuf have = {0};

	for (size_t i = 0; e && i < n; i++)
		strbuf_addf(&have, "%s%s", i ? ", " : "", e[i].name);
	return err_set(err, ENOENT,
		       "no kernel %s in the store (there: %s); `ktest kernel fetch %s` "
		       "gets one",
		       spec, n ? have.s : "none", spec);
}

/* An architecture named by the spec needs no -a to be meant. */
static bool arch_wanted(const struct store_entry *e, const char *spec, const char *arch)
{
	const char *slash = spec ? strchr(spec, '/') : NULL;
	bool named = slash && strchr(slash + 1, '/');

	if (!arch && named)
		return true;
	if (arch)
		return str_eq(store_name_arch(e->name), arch_name(arch));
	return arch_host() && str_eq(store_name_arch(e->name), arch_host()->name);
}

static const struct store_entry *newest(struct store_entry *e, size_t n, const char *spec,
					const char *arch)
{
	struct store_entry *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (spec && !store_entry_matches(&e[i], spec))
			continue;
		if (!arch_wanted(&e[i], spec, arch))
			continue;
		if (!best || version_cmp(store_entry_release(&e[i]), store_entry_release(best)) > 0)
			best = &e[i];
	}
	return best;
}

/* 0, an error, or 1 when spec is NULL and nothing is there. */
static int find_in_store(const char *spec, const char *arch, struct kernel *k, struct err *err)
{
	const struct store_entry *best;
	struct store_entry *e;
	size_t n;
	int r = store_list(&e, &n, err);

	if (r < 0)
		return r;
	best = newest(e, n, spec, arch);
	if (best) {
		r = kernel_load_dir(best->path, k, err);
		if (r == 0)
			str_set(&k->name, best->name);
	} else {
		r = spec ? miss(spec, e, n, err) : 1;
	}
	store_list_free(e, n);
	return r;
}

static int find_any(const char *arch, struct kernel *k, struct err *err)
{
	struct err host = {0};
	int r = find_in_store(NULL, arch, k, err);

	if (r <= 0)
		return r;
	r = find_host(k, &host);
	if (r == 0 && (!arch || str_eq(arch_name(arch), k->arch)))
		return 0;
	if (r == 0)
		err_set(&host, EINVAL, "this machine's own is for %s", k->arch);
	kernel_done(k);
	return err_set(err, ENOENT,
		       "no kernel to boot: none in the store, and %s; get one by "
		       "`ktest kernel fetch debian/bookworm%s%s` or name one with -k DIR",
		       host.msg, arch ? "/" : "", arch ? arch : "");
}

static int find_spec(const char *spec, const char *arch, struct kernel *k, struct err *err)
{
	int r;

	if (*spec == '/' || *spec == '.')
		return kernel_load_dir(spec, k, err);
	if (!strcmp(spec, "host"))
		return find_host(k, err);
	if (!strchr(spec, '/'))
		return err_usage(err,
				 "kernel %s: neither a directory (./%s), nor \"host\", nor "
				 "DISTRO/RELEASE[/ARCH[/VERSION]]",
				 spec, spec);
	r = check_arch(spec, store_name_arch(spec), arch, err);
	return r < 0 ? r : find_in_store(spec, arch, k, err);
}

int kernel_find(const char *spec, const char *arch, struct kernel *k, struct err *err)
{
	int r;

	*k = (struct kernel){0};
	if (!spec)
		return find_any(arch, k, err);
	r = find_spec(spec, arch, k, err);
	if (r == 0)
		r = check_arch(k->name, k->arch, arch, err);
	if (r < 0)
		kernel_done(k);
	return r;
}

static char *config_value(const char *v)
{
	size_t len = strcspn(v, "\n");

	if (len >= 2 && *v == '"' && v[len - 1] == '"')
		return xstrndup(v + 1, len - 2);
	return xstrndup(v, len);
}

bool kernel_config_names(const struct kernel *k, const char *symbol)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *set = xasprintf("CONFIG_%s=", symbol);
	_cleanup_free_ char *unset = xasprintf("# CONFIG_%s is not set\n", symbol);
	size_t len;

	if (!k->config || file_read(k->config, CONFIG_MAX, &text, &len, NULL) < 0)
		return false;
	for (const char *l = text; *l; l += strcspn(l, "\n"), l += *l == '\n')
		if (str_starts(l, set) || str_starts(l, unset))
			return true;
	return false;
}

char *kernel_config_get(const struct kernel *k, const char *symbol)
{
	_cleanup_free_ char *text = NULL, *key = xasprintf("\nCONFIG_%s=", symbol);
	const char *hit;
	size_t len;

	if (!k->config || file_read(k->config, CONFIG_MAX, &text, &len, NULL) < 0)
		return NULL;
	if (str_starts(text, key + 1))
		return config_value(text + strlen(key) - 1);
	hit = strstr(text, key);
	return hit ? config_value(hit + strlen(key)) : xstrdup("");
}
