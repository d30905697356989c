// SPDX-License-Identifier: GPL-2.0-only
/* What the user changed. */
#include <string.h>

#include "base/file.h"
#include "kbuild/config.h"
#include "kbuild/dotconfig.h"
#include "kbuild/kconfig.h"

#define HEADER                                                                               \
	"# What was changed in the kernel's configuration by hand. It comes on top of what " \
	"tests\n"                                                                            \
	"# require; it may be edited, or removed.\n"

static bool has_prompt(const struct kconfig *k, const char *symbol)
{
	const struct ksymbol *sym = kconfig_find(k, symbol);
	const struct kdef *d = sym ? sym->defs : NULL;

	while (d && !d->has_prompt)
		d = d->next;
	return d;
}

/* A symbol that is gone went with what it depends on. */
static void add_changes(const struct kconfig *k, const struct dotconfig *old,
			const struct dotconfig *now, struct dotconfig *user)
{
	for (size_t i = 0; i < now->values.n; i++) {
		const struct map_entry *e = &now->values.entries[i];

		if (!dotconfig_same(dotconfig_get(old, e->key), e->value) && has_prompt(k, e->key))
			dotconfig_set(user, e->key, e->value);
	}
}

static int write_user(const char *path, const struct dotconfig *user, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	strbuf_puts(&text, HEADER);
	dotconfig_write(user, &text);
	return file_write_atomic(path, text.s, text.len, 0644, err);
}

int config_user_record(const struct kbuild *b, const char *old, struct err *err)
{
	_cleanup_dotconfig_ struct dotconfig before = {0}, now = {0}, user = {0};
	_cleanup_free_ char *path = xasprintf("%s/.config", b->build_dir);
	_cleanup_kconfig_ struct kconfig k = {0};
	int r = dotconfig_read(&before, old, err);

	if (r == 0)
		r = dotconfig_read(&now, path, err);
	if (r == 0 && path_exists(b->user_config))
		r = dotconfig_read(&user, b->user_config, err);
	if (r == 0)
		r = kconfig_read(&k, b->source, b->arch, err);
	if (r < 0)
		return r;
	add_changes(&k, &before, &now, &user);
	return user.values.n ? write_user(b->user_config, &user, err) : 0;
}
