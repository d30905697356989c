// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/headers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

#define MAKEFILE_MAX (1 << 20)

/* The directory that holds this tree and its -common one, found from where a Makefile of either
 * lies: whatever directory make was started in, and whichever was read last when this is expanded.
 */
static const char beside[] = "$(dir $(realpath $(lastword $(MAKEFILE_LIST))))../";

static int fix_makefile(const char *tree, struct err *err)
{
	static const char absolute[] = "/usr/src/";
	_cleanup_free_ char *path = xasprintf("%s/Makefile", tree), *text = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	const char *from, *hit;
	size_t len;
	int r = file_read(path, MAKEFILE_MAX, &text, &len, err);

	if (r < 0)
		return r;
	for (from = text; (hit = strstr(from, absolute)); from = hit + sizeof(absolute) - 1) {
		strbuf_add(&out, from, (size_t)(hit - from));
		strbuf_puts(&out, beside);
	}
	if (from == text)
		return 0;
	strbuf_puts(&out, from);
	return file_write_atomic(path, out.s, out.len, 0644, err);
}

int headers_move(const char *root, const char *out, const char *release, struct err *err)
{
	static const char *const places[] = {"usr/src/linux-headers-", "usr/src/kernels/"};
	_cleanup_free_ char *usr = xasprintf("%s/usr", root), *to = xasprintf("%s/headers", out);
	_cleanup_free_ char *usr_to = xasprintf("%s/usr", to), *link = xasprintf("%s/build", to);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *inner = xasprintf("%s%s", places[i], release);
		_cleanup_free_ char *from = xasprintf("%s/%s", root, inner);
		_cleanup_free_ char *tree = xasprintf("%s/%s", to, inner);
		int r;

		if (!path_is_dir(from))
			continue;
		r = mkdir_p(to, 0755, err);
		if (r < 0)
			return r;
		if (rename(usr, usr_to) < 0 || symlink(inner, link) < 0)
			return err_errno(err, "%s", to);
		return fix_makefile(tree, err);
	}
	return 0;
}
