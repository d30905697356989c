// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/kconfig.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"

/* A source tree has no business elsewhere on this machine. */
static int open_in_tree(void *arg, const char *path, char **text, size_t *len, struct err *err)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", (const char *)arg, path);

	if (*path == '/' || str_starts(path, "../") || strstr(path, "/../"))
		return err_set(err, EINVAL, "\"%s\" lies outside of the source", path);
	return file_read(full, KCONFIG_FILE_MAX, text, len, err);
}

int kconfig_read(struct kconfig *k, const char *source, const struct arch *arch, struct err *err)
{
	const struct kvar vars[] = {
		{"ARCH", arch->make_arch},
		{"SRCARCH", arch->source_arch},
		{"srctree", "."},
		{0},
	};
	_cleanup_free_ char *tree = xstrdup(source);
	int r;

	*k = (struct kconfig){.vars = vars, .open = open_in_tree, .arg = tree};
	r = kconfig_parse(k, "Kconfig", err);
	k->vars = NULL;
	k->arg = NULL;
	return r;
}

const struct ksymbol *kconfig_find(const struct kconfig *k, const char *name)
{
	return map_get(&k->symbols, name);
}

void kconfig_done(struct kconfig *k)
{
	map_done(&k->symbols, NULL);
	arena_done(&k->mem);
}
