// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/config_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "kbuild/kconfig.h"
#include "kbuild/kreason.h"

struct check {
	const struct kbuild *b;
	const struct dotconfig *user, *c;
	struct kconfig *k; /* of the source; NULL: not read yet, since that takes a moment */
	struct err unread; /* why it could not be */
	struct strv unmet; /* a line each */
	struct strbuf names;
};

static const struct kconfig *source_kconfig(struct check *ck)
{
	if (!ck->k) {
		ck->k = xcalloc(1, sizeof(*ck->k));
		kconfig_read(ck->k, ck->b->source, ck->b->arch, &ck->unread);
	}
	return ck->unread.code ? NULL : ck->k;
}

static bool chosen_by_user(const struct check *ck, const char *symbol, const char *want)
{
	const char *value = dotconfig_get(ck->user, symbol);

	return value && !dotconfig_same(value, want);
}

/* The reason to *out; -ENOENT when this source has no such symbol. */
static int reason(struct check *ck, const char *symbol, const char *want, struct strbuf *out)
{
	const struct kconfig *k = source_kconfig(ck);

	if (k && (!kconfig_find(k, symbol) || !kconfig_find(k, symbol)->defs))
		return -ENOENT;
	if (chosen_by_user(ck, symbol, want)) {
		strbuf_addf(out, "%s says so; -P starts without it", ck->b->user_config);
		return 0;
	}
	if (k)
		return kreason(k, ck->c, symbol, want, out);
	strbuf_addf(out, "the reason is not known: %s", ck->unread.msg);
	return 0;
}

static void add_unmet(struct check *ck, const char *symbol, const struct require *q)
{
	_cleanup_strbuf_ struct strbuf why = {0}, value = {0};
	const char *got = dotconfig_get(ck->c, symbol);

	if (reason(ck, symbol, q->value, &why) < 0) {
		log_note("CONFIG_%s=%s (%s): this source has no such symbol", symbol, q->value,
			 q->from);
		return;
	}
	text_escape(&value, got ? got : "n", strlen(got ? got : "n"), 60);
	strv_addf(&ck->unmet, "CONFIG_%s=%s (%s) is not reached, it is %s: %s", symbol, q->value,
		  q->from, value.s, why.s);
	strbuf_addf(&ck->names, "%sCONFIG_%s", ck->names.len ? ", " : "", symbol);
}

static int result(struct check *ck, struct err *err)
{
	if (ck->unmet.n == 0)
		return 0;
	if (ck->unmet.n == 1)
		return err_set(err, EINVAL, "%s", ck->unmet.v[0]);
	for (size_t i = 0; i < ck->unmet.n; i++)
		log_warn("%s", ck->unmet.v[i]);
	return err_set(err, EINVAL, "%zu symbols are not what is required of them: %s", ck->unmet.n,
		       ck->names.s);
}

int config_check(const struct kbuild *b, const struct requires *r, const struct dotconfig *user,
		 const struct dotconfig *c, struct err *err)
{
	struct check ck = {.b = b, .user = user, .c = c};
	int ret;

	for (size_t i = 0; i < r->by_symbol.n; i++) {
		const struct map_entry *e = &r->by_symbol.entries[i];
		const struct require *q = e->value;

		if (!q->soft && !dotconfig_same(dotconfig_get(c, e->key), q->value))
			add_unmet(&ck, e->key, q);
	}
	ret = result(&ck, err);
	if (ck.k)
		kconfig_done(ck.k);
	free(ck.k);
	strv_done(&ck.unmet);
	strbuf_done(&ck.names);
	return ret;
}
