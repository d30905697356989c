// SPDX-License-Identifier: GPL-2.0-only
#include "run/failon.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define ALL_KINDS (~0UL)

static const char *const actions[] = {
	[BUG_FAILS] = "fail",	   [BUG_NOTED] = "note",   [BUG_ALLOWED] = "allow",
	[BUG_EXPECTED] = "expect", [BUG_OF_HOST] = "host",
};

const char *bug_action_name(enum bug_action a)
{
	return actions[a];
}

/* ---- rules */

static void add_rule(struct failon *f, const struct failon_rule *rule)
{
	f->v = xrealloc(f->v, (f->n + 1) * sizeof(*f->v));
	f->v[f->n++] = *rule;
}

/* "note:" in front of what follows; true if there is one. */
static bool read_action(const char **rule, enum bug_action *action)
{
	for (enum bug_action a = BUG_FAILS; a < BUG_EXPECTED; a++) {
		size_t len = strlen(actions[a]);

		if (strncmp(*rule, actions[a], len) != 0 || (*rule)[len] != ':')
			continue;
		*rule += len + 1;
		*action = a;
		return true;
	}
	*action = BUG_FAILS;
	return false;
}

static unsigned long kind_find(const char *name)
{
	enum finding_kind kind;

	if (!strcmp(name, "all"))
		return ALL_KINDS;
	if (!strcmp(name, "tainted"))
		return 1UL << FAILON_TAINTED;
	kind = finding_kind_find(name);
	return kind < FINDING_KINDS ? 1UL << kind : 0;
}

static int no_rule(const char *source, const char *rule, struct err *err)
{
	_cleanup_strbuf_ struct strbuf kinds = {0};

	for (int k = 0; k < FINDING_KINDS; k++)
		strbuf_addf(&kinds, "%s ", finding_kind_name((enum finding_kind)k));
	return err_usage(err,
			 "%s: '%.200s' is neither a kind of bug (%stainted all boot) nor a pattern "
			 "with its reason (PATTERN # REASON)",
			 source, rule, kinds.s);
}

/* "fail:oops,kasan"; *chosen is set where kinds have no action. */
static int add_kinds(struct failon *f, const char *rule, const char *source, bool *chosen,
		     struct err *err)
{
	const char *names = rule;
	enum bug_action action;
	bool given = read_action(&names, &action);
	_cleanup_free_ char *copy = xstrdup(names);
	struct failon_rule r = {.action = action};
	bool any = false;

	for (char *save, *name = strtok_r(copy, ", ", &save); name;
	     name = strtok_r(NULL, ", ", &save)) {
		unsigned long kind = kind_find(name);

		if (!strcmp(name, "boot") && action == BUG_FAILS)
			f->outside = true;
		else if (!kind)
			return no_rule(source, rule, err);
		r.kinds |= kind;
		any = true;
	}
	if (!any)
		return no_rule(source, rule, err);
	if (!r.kinds)
		return 0;
	*chosen |= !given && r.kinds != ALL_KINDS;
	add_rule(f, &r);
	return 0;
}

static char *trimmed(const char *s, size_t len)
{
	while (len && isspace((unsigned char)*s)) {
		s++;
		len--;
	}
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	return xstrndup(s, len);
}

static int add_pattern(struct failon *f, const char *rule, const char *hash, const char *source,
		       struct err *err)
{
	const char *pattern = rule;
	struct failon_rule r = {0};

	read_action(&pattern, &r.action);
	r.pattern = trimmed(pattern, (size_t)(hash - pattern));
	r.reason = trimmed(hash + 1, strlen(hash + 1));
	if (*r.pattern && *r.reason) {
		add_rule(f, &r);
		return 0;
	}
	free(r.pattern);
	free(r.reason);
	return no_rule(source, rule, err);
}

int failon_add(struct failon *f, const struct strv *rules, const char *source, struct err *err)
{
	static const struct failon_rule others = {.action = BUG_NOTED, .kinds = ALL_KINDS};
	size_t first = f->n;
	bool chosen = false;
	int r = 0;

	for (size_t i = 0; i < rules->n && r == 0; i++) {
		const char *hash = strstr(rules->v[i], " # ");

		if (hash)
			r = add_pattern(f, rules->v[i], hash + 1, source, err);
		else
			r = add_kinds(f, rules->v[i], source, &chosen, err);
	}
	if (r < 0 || !chosen)
		return r;
	add_rule(f, &others);
	memmove(&f->v[first + 1], &f->v[first], (f->n - 1 - first) * sizeof(*f->v));
	f->v[first] = others;
	return 0;
}

void failon_allow_taint(struct failon *f)
{
	const struct failon_rule rule = {
		.action = BUG_ALLOWED,
		.kinds = 1UL << FINDING_WARNING | 1UL << FAILON_TAINTED,
		.reason = xstrdup("allow_taint"),
	};

	add_rule(f, &rule);
}

void failon_done(struct failon *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].pattern);
		free(f->v[i].reason);
	}
	free(f->v);
	*f = (struct failon){0};
}

/* ---- bugs */

bool bug_matches(const char *pattern, const struct finding *finding)
{
	_cleanup_free_ char *part = xasprintf("*%s*", pattern);
	_cleanup_free_ char *text = xstrdup(finding->text ? finding->text : "");

	if (fnmatch(part, finding->title, 0) == 0)
		return true;
	for (char *save, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (fnmatch(part, line, 0) == 0)
			return true;
	return false;
}

enum bug_action failon_finding(const struct failon *f, const struct finding *finding,
			       const char **why)
{
	*why = NULL;
	for (size_t i = f->n; i-- > 0;) {
		const struct failon_rule *r = &f->v[i];

		if (r->pattern ? !bug_matches(r->pattern, finding)
			       : !(r->kinds & 1UL << finding->kind))
			continue;
		*why = r->reason;
		return r->action;
	}
	return BUG_FAILS;
}

enum bug_action failon_tainted(const struct failon *f)
{
	for (size_t i = f->n; i-- > 0;)
		if (f->v[i].kinds & 1UL << FAILON_TAINTED)
			return f->v[i].action;
	return BUG_FAILS;
}

/* Bits of Documentation/admin-guide/tainted-kernels.rst: 5 bad page, 7 die, 9 warning, 14 soft
 * lockup. Sanitizers set the one of a bad page. */
unsigned long bug_taints(enum finding_kind kind)
{
	switch (kind) {
	case FINDING_WARNING:
		return 1UL << 9;
	case FINDING_OOPS:
		return 1UL << 7;
	case FINDING_BUG:
		return 1UL << 5 | 1UL << 7 | 1UL << 9;
	case FINDING_KASAN:
	case FINDING_KMSAN:
	case FINDING_KFENCE:
		return 1UL << 5;
	case FINDING_LOCKUP:
		return 1UL << 14;
	default:
		return 0;
	}
}
