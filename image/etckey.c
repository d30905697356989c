// SPDX-License-Identifier: GPL-2.0-only
#include "image/etckey.h"

#include <stdint.h>
#include <unistd.h>

#include "base/file.h"
#include "base/walk.h"
#include "image/secrets.h"

static int add_entry(void *arg, int dirfd, const char *path, const struct stat *st, struct err *err)
{
	struct hash *h = arg;

	(void)err;
	if (secret_in_etc(path))
		return WALK_SKIP;
	hash_str(h, path);
	hash_state(h, dirfd, path_base(path), st);
	return 0;
}

/* What the accounts are made from. */
static void add_accounts(struct hash *h, const char *root)
{
	static const char *const names[] = {"etc/passwd", "etc/group"};
	_cleanup_free_ char *bash = xasprintf("%s/usr/bin/bash", root);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", root, names[i]);

		hash_stat(h, path);
	}
	hash_str(h, path_exists(bash) ? "bash" : "");
}

void etc_key(const char *root, struct hash *h)
{
	_cleanup_free_ char *path = xasprintf("%s/etc", root);
	int64_t uid = geteuid();

	hash_str(h, root);
	hash_add(h, &uid, sizeof(uid));
	add_accounts(h, root);
	walk_tree(path, true, add_entry, h, NULL);
}
