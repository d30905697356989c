// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of a guest's kernel from both sources: each line of the input is something that happens,
 * told by its first byte. No order of it may leave the bounds, and a console without the agent's
 * silence counts only for gaps.
 *
 *	r RECORD	a record of /dev/kmsg
 *	n TEXT		the next record, of the kernel itself
 *	g TEXT		the same behind a gap
 *	c TEXT		a line of the console
 *	b, s, u, x, l	a beat, silence, caught up, a restart, another log
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag/kernlog.h"
#include "diag/kmsg.h"
#include "diag/patterns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GUEST_US 100000000

struct fuzz {
	uint64_t turn;
	struct kernlog *k;
	int64_t line;
	unsigned long long seq;
	bool console_counts; /* it has had a chance to */
	bool records;
	unsigned int found;
};

static void require(int ok)
{
	if (!ok)
		abort();
}

static void check_finding(void *arg, const struct finding *f)
{
	struct fuzz *x = arg;

	require(x->records || x->console_counts);
	require(f->title && f->title[0] && strlen(f->title) <= TITLE_MAX);
	for (const char *p = f->title; *p; p++)
		require(*p >= 0x20 && *p < 0x7f);
	require(f->text && f->first_line >= 0 && f->first_line <= f->last_line);
	require(kernlog_log_line(x->k, f->first_key) <= x->line);
	x->found++;
}

static void check_record(const char *record, size_t len)
{
	char text[8192];
	struct kmsg m;

	if (len > sizeof(text) || kmsg_parse(record, len, &m) < 0)
		return;
	require(m.text >= record && m.text + m.len <= record + len);
	require(m.level >= 0 && m.level < 8 && m.facility >= 0 && m.time_us >= 0);
	require(!m.caller_len || (m.caller > record && m.caller + m.caller_len <= m.text));
	require(kmsg_text(&m, text) <= m.len);
}

static void next_record(struct fuzz *x, const char *text, size_t len)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	strbuf_addf(&b, "3,%llu,%llu,-;", x->seq, 1000 * x->seq);
	strbuf_add(&b, text, len);
	x->seq++;
	x->records = true;
	kernlog_record(x->k, b.s, b.len);
}

static void happen(struct fuzz *x, char what, const char *text, size_t len)
{
	switch (what) {
	case 'r':
		check_record(text, len);
		/* Any record that is not the next one is behind a gap. */
		x->records = x->console_counts = true;
		kernlog_record(x->k, text, len);
		x->seq = (unsigned long long)kernlog_position(x->k).next_seq;
		break;
	case 'g':
		x->seq++;
		x->console_counts = true;
		next_record(x, text, len);
		break;
	case 'n':
		next_record(x, text, len);
		break;
	case 'c':
		kernlog_line(x->k, text, len, ++x->line, GUEST_US);
		break;
	case 'b':
		kernlog_beat(x->k, ++x->turn);
		break;
	case 's':
		x->console_counts = true;
		kernlog_silent(x->k);
		break;
	case 'u':
		kernlog_caught_up(x->k);
		break;
	case 'x':
		kernlog_reboot(x->k);
		x->seq = 0;
		break;
	case 'l':
		kernlog_new_log(x->k);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz x = {0};
	struct kernlog_handler h = {.finding = check_finding, .arg = &x};
	const char *p = (const char *)data, *end = p + size;
	size_t len;

	x.k = kernlog_new(&h);
	for (; p < end; p += len + 1) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		len = (size_t)((newline ? newline : end) - p);
		if (len)
			happen(&x, *p, p + 1, len - 1);
	}
	kernlog_flush(x.k);
	kernlog_free(x.k);
	return 0;
}
