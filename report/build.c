// SPDX-License-Identifier: GPL-2.0-only
#include "report/build.h"

#include "base/loop.h"
#include "report/table.h"

#define LINE_EVERY_NS (60 * NSEC_PER_SEC)

void build_format(const struct kbuild_progress *p, struct strbuf *b)
{
	strbuf_puts(b, p->phase);
	if (p->total)
		strbuf_addf(b, " %zu of %s%zu objects", p->done, p->total_is_guess ? "about " : "",
			    p->total);
	else if (p->done)
		strbuf_addf(b, " %zu objects", p->done);
	strbuf_puts(b, ", ");
	table_duration(p->elapsed_ns / NSEC_PER_MSEC, b);
	if (p->left_ns < 0)
		return;
	strbuf_puts(b, p->total_is_guess ? ", about " : ", ");
	table_duration(p->left_ns / NSEC_PER_MSEC, b);
	strbuf_puts(b, " left");
}

bool build_line_due(const struct kbuild_progress *p, int64_t *last_ns)
{
	if (p->elapsed_ns - *last_ns < LINE_EVERY_NS)
		return false;
	*last_ns = p->elapsed_ns;
	return true;
}
