/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which bugs of the kernel fail a subtest, are only noted, or are allowed: the rules of
 * config-fail-on and --fail-on (doc/writing-tests.md). The last rule that matches decides; without
 * one, a bug fails.
 */
#ifndef RUN_FAILON_H
#define RUN_FAILON_H

#include "base/err.h"
#include "base/str.h"
#include "diag/scan.h"

enum bug_action {
	BUG_FAILS,
	BUG_NOTED,
	BUG_ALLOWED,
	BUG_EXPECTED, /* by expect-bug: no rule says so */
	BUG_OF_HOST,  /* none: the host was too busy; run/stall.h */
	BUG_ACTIONS,  /* their number */
};

/* "fail", "note", "allow", "expect", "host" */
const char *bug_action_name(enum bug_action a);

struct failon_rule {
	enum bug_action action;
	unsigned long kinds; /* bits of enum finding_kind, and FAILON_TAINTED; 0: by pattern */
	char *pattern;	     /* of bug_matches() */
	char *reason;	     /* why that is so, for people; NULL: not told */
};

/* Stands for a taint that no report told of. */
#define FAILON_TAINTED FINDING_KINDS

struct failon {
	struct failon_rule *v;
	size_t n;
	bool outside; /* "boot": what happens outside of subtests counts, even if some are named */
};

/*
 * Add the rules of one source, config-fail-on or --fail-on, behind those that are there:
 * [fail:|note:|allow:]KIND... with ',' between them, or [fail:|note:|allow:]PATTERN # REASON. KIND
 * may be all, tainted or boot. Kinds without an action are a choice: those that are not named are
 * noted. source stands in front of errors, which name the rule.
 */
int failon_add(struct failon *f, const struct strv *rules, const char *source, struct err *err);
/* allow_taint: warnings and taints are allowed. */
void failon_allow_taint(struct failon *f);
void failon_done(struct failon *f);

/* *why: the rule's reason, or NULL. */
enum bug_action failon_finding(const struct failon *f, const struct finding *finding,
			       const char **why);
enum bug_action failon_tainted(const struct failon *f);

/* Whether a shell pattern matches a part of the finding's title or of a line of its report. */
bool bug_matches(const char *pattern, const struct finding *finding);

/* The taints, as bits of /proc/sys/kernel/tainted, that a report of that kind comes with. */
unsigned long bug_taints(enum finding_kind kind);

#endif
