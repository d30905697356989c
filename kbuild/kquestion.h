/* SPDX-License-Identifier: GPL-2.0-only */
/* Within kreason: what can be the matter with a symbol, other than its conditions. */
#ifndef KBUILD_KQUESTION_H
#define KBUILD_KQUESTION_H

#include <stdbool.h>

#include "kbuild/dotconfig.h"
#include "kbuild/kconfig.h"

/* Why symbol is not want. */
struct kquestion {
	struct kvalues v;
	const struct ksymbol *symbol;
	const char *want;
	struct strbuf *out;
};

/* y, m and n are its values. */
bool kquestion_is_state(const struct kquestion *q);

/* Each of these: false if it is not the reason, else it stands in q->out. */
bool kquestion_wrong_type(const struct kquestion *q);
bool kquestion_selected(const struct kquestion *q); /* others select it, to more than is wanted */
bool kquestion_other_choice(const struct kquestion *q, const struct kdef *d);
bool kquestion_out_of_range(const struct kquestion *q, const struct kdef *d);

/* ": by A (=n) if B (=y), C (=n) and 5 more" */
void kquestion_show_selects(const struct kquestion *q);
/* "; its default is y if A (=n)" for each. */
void kquestion_show_defaults(const struct kquestion *q, const struct kdef *d);

#endif
