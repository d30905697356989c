// SPDX-License-Identifier: GPL-2.0-only
/* What a .config is made from, as a hash. */
#include <stdlib.h>

#include "base/file.h"
#include "base/hash.h"
#include "kbuild/config.h"
#include "kbuild/make.h"
#include "kbuild/require.h"

static void add_requires(struct hash *h, const struct requires *r)
{
	for (size_t i = 0; i < r->by_symbol.n; i++) {
		const struct require *q = r->by_symbol.entries[i].value;

		hash_str(h, r->by_symbol.entries[i].key);
		hash_str(h, q->value);
		hash_str(h, q->soft ? "soft" : "");
	}
}

static int add_file(struct hash *h, const char *path, struct err *err)
{
	bool there = path && path_exists(path);

	hash_str(h, there ? "file" : "");
	return there ? hash_file(h, path, err) : 0;
}

/* The architecture, the compiler and all that make is told, and the compiler that it finds. */
static void add_make(struct hash *h, const struct kbuild *b)
{
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_free_ char *cc = NULL;
	const char *name = b->compiler ? b->compiler : getenv("CC");

	make_argv(b, &argv);
	for (size_t i = 0; i < argv.n; i++)
		hash_str(h, argv.v[i]);
	cc = find_program(name ? name : "gcc");
	hash_str(h, name ? name : "");
	hash_stat(h, cc ? cc : "");
}

int config_inputs(const struct kbuild *b, char **id, struct err *err)
{
	_cleanup_free_ char *dotconfig = xasprintf("%s/.config", b->build_dir);
	_cleanup_requires_ struct requires r = {0};
	struct hash h;
	int ret = requires_collect(&r, b, err);

	if (ret < 0)
		return ret;
	hash_init(&h);
	add_requires(&h, &r);
	add_make(&h, b);
	hash_str(&h, b->version);
	hash_str(&h, b->config_base ? b->config_base : "");
	ret = add_file(&h, config_base_is_file(b) ? b->config_base : NULL, err);
	if (ret == 0)
		ret = add_file(&h, b->keep_config ? NULL : b->user_config, err);
	if (ret == 0)
		ret = add_file(&h, b->keep_config ? dotconfig : NULL, err);
	if (ret == 0)
		*id = hash_hex(&h);
	return ret;
}
