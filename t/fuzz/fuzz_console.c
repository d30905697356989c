// SPDX-License-Identifier: GPL-2.0-only
/*
 * Console bytes through everything that reads them: conlog, kernlog and the verdict lines. The
 * first byte chooses options and how the rest is cut; the same bytes cut differently must come out
 * as the same lines, and logs must hold what they promise.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diag/patterns.h"
#include "diag/prefix.h"
#include "diag/kernlog.h"
#include "run/conlog.h"
#include "run/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct readers {
	struct kernlog *kernlog;
	struct conlog *log;
	uint64_t hash; /* of the lines seen */
};

static void require(int ok)
{
	if (!ok)
		abort();
}

static void check_finding(void *arg, const struct finding *f)
{
	(void)arg;
	require(f->title && f->title[0] && strlen(f->title) <= TITLE_MAX);
	for (const char *p = f->title; *p; p++)
		require(*p >= 0x20 && *p < 0x7f);
	require(f->first_line >= 0 && f->first_line <= f->last_line && f->text);
	require(finding_kind_name(f->kind) && finding_reason(f->kind));
}

static void check_event(const char *line, size_t len)
{
	struct line_event ev;
	enum line_kind kind = line_parse(line, len, &ev);

	if (kind == LINE_NONE)
		return;
	require(strlen(ev.name) < sizeof(ev.name) && strlen(ev.reason) < sizeof(ev.reason));
	require(ev.seconds >= 0);
	if (kind >= LINE_TEST && kind <= LINE_TIMEOUT)
		require(ev.name[0] != 0);
	if (kind == LINE_MONITOR && ev.hotplug != HOTPLUG_REFUSED)
		require(ev.device[0] || ev.index >= 0);
}

static enum conlog_action read_line(void *arg, const char *line, size_t len)
{
	struct readers *r = arg;
	struct prefix p = prefix_read(line, len);

	require(!memchr(line, '\n', len) && len <= CONLOG_LINE_MAX);
	require(p.len <= len && p.stamp_us >= -1);
	for (size_t i = 0; i < len; i++)
		r->hash = (r->hash ^ (unsigned char)line[i]) * 0x100000001b3ULL;
	r->hash = (r->hash ^ '\n') * 0x100000001b3ULL;
	kernlog_line(r->kernlog, line, len, conlog_next_line(r->log), 100000000);
	check_event(line, len);
	return CONLOG_KEEP;
}

static void check_live(void *arg, const char *text, size_t len)
{
	(void)arg;
	for (size_t i = 0; i < len; i++)
		require((unsigned char)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
}

static uint64_t run(uint8_t options, size_t cut, const uint8_t *data, size_t size)
{
	struct readers r = {0};
	struct kernlog_handler h = {.finding = check_finding, .arg = &r};
	struct conlog_options o = {.run_fd = -1,
				   .log_limit = options & 2 ? 1 + (options >> 2) * 64U : 0,
				   .tmp_dir = "/tmp",
				   .line = read_line,
				   .live = check_live,
				   .live_escape = true};
	struct conlog *c;
	size_t n;

	o.arg = &r;
	r.kernlog = kernlog_new(&h);
	r.log = c = conlog_new(&o);
	if (options & 1)
		kernlog_silent(r.kernlog);
	for (size_t at = 0; at < size; at += n) {
		n = size - at < cut ? size - at : cut;
		require(conlog_feed(c, data + at, n, NULL) == 0);
	}
	require(conlog_bytes(c) == size);
	conlog_free(c);
	kernlog_silent(r.kernlog);
	kernlog_flush(r.kernlog);
	kernlog_free(r.kernlog);
	return r.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t options;

	if (!size)
		return 0;
	options = data[0];
	require(run(options, size, data + 1, size - 1) ==
		run(options, 1 + options % 61, data + 1, size - 1));
	return 0;
}
