// SPDX-License-Identifier: GPL-2.0-only
#include "report/events.h"

#include "result/journal.h"

static int add_event(void *arg, const json_t *event)
{
	_cleanup_free_ char *line = json_dumps(event, JSON_COMPACT);
	struct strbuf *out = arg;

	strbuf_puts(out, line);
	strbuf_putc(out, '\n');
	return 0;
}

int report_events(const char *journal, struct strbuf *out, struct err *err)
{
	return journal_read(journal, add_event, out, err);
}
