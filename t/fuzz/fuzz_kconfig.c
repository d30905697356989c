// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as Kconfig files, which source one another, and behind the last NUL a .config and a
 * list of requirements: every symbol is asked why it is not y, n, m or 5.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kbuild/kreason.h"
#include "kbuild/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PARTS_MAX   8
#define OPENS_MAX   64 /* a few lines can source a file as often as they like */
#define SYMBOLS_MAX 64

struct parts {
	struct {
		const char *s;
		size_t len;
	} v[PARTS_MAX];
	size_t n, opened;
};

static void check(int ok)
{
	if (!ok)
		abort();
}

static void check_text(const char *s)
{
	for (; *s; s++)
		check((unsigned char)*s >= ' ' && *s != 0x7f);
}

static void split(struct parts *p, const char *s, size_t len)
{
	const char *nul;

	while (p->n < PARTS_MAX - 1 && (nul = memchr(s, 0, len))) {
		p->v[p->n].s = s;
		p->v[p->n++].len = (size_t)(nul - s);
		len -= (size_t)(nul - s) + 1;
		s = nul + 1;
	}
	p->v[p->n].s = s;
	p->v[p->n++].len = len;
}

/* The first letter says which; a copy of just the size, so that a read beyond it is seen. */
static int open_part(void *arg, const char *path, char **text, size_t *len, struct err *err)
{
	struct parts *p = arg;
	size_t i = (unsigned char)*path % p->n;

	if (++p->opened > OPENS_MAX)
		return err_set(err, EFBIG, "too much");
	*len = p->v[i].len;
	*text = xmalloc(*len);
	memcpy(*text, p->v[i].s, *len);
	return 0;
}

static void ask(const struct kconfig *k, const struct dotconfig *c)
{
	static const char *const wants[] = {"y", "n", "m", "5"};

	for (size_t i = 0; i < k->symbols.n && i < SYMBOLS_MAX; i++) {
		for (size_t w = 0; w < ARRAY_SIZE(wants); w++) {
			_cleanup_strbuf_ struct strbuf out = {0};
			int r = kreason(k, c, k->symbols.entries[i].key, wants[w], &out);

			check(r == 0 ? out.len > 0 : r == -ENOENT && !out.len);
			check_text(out.s ? out.s : "");
		}
	}
}

/* What was read is written so that it is read again. */
static void write_again(const struct dotconfig *c)
{
	_cleanup_strbuf_ struct strbuf once = {0}, twice = {0};
	struct dotconfig again = {0};

	dotconfig_write(c, &once);
	dotconfig_parse(&again, once.s, once.len);
	dotconfig_write(&again, &twice);
	check(once.len == twice.len && (!once.len || !memcmp(once.s, twice.s, once.len)));
	dotconfig_done(&again);
}

static void try_requires(const char *s, size_t len)
{
	const struct kbuild b = {.arch = arch_find("x86_64"), .version = "6.12"};
	struct requires r = {0};
	struct err err = {0};

	if (requires_parse(&r, &b, "list", s, len, &err) < 0)
		check_text(err.msg);
	requires_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct kvar vars[] = {{"ARCH", "x86_64"}, {"SRCARCH", "x86"}, {0}};
	char *copy = xmalloc(size);
	struct parts p = {0};
	struct kconfig k = {.vars = vars, .open = open_part, .arg = &p};
	struct dotconfig c = {0};
	struct err err = {0};

	memcpy(copy, data, size);
	split(&p, copy, size);
	dotconfig_parse(&c, p.v[p.n - 1].s, p.v[p.n - 1].len);
	write_again(&c);
	try_requires(p.v[p.n - 1].s, p.v[p.n - 1].len);
	if (kconfig_parse(&k, "", &err) < 0)
		check_text(err.msg);
	ask(&k, &c);
	kconfig_done(&k);
	dotconfig_done(&c);
	free(copy);
	return 0;
}
