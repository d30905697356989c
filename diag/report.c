// SPDX-License-Identifier: GPL-2.0-only
#include "diag/report.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* A report that waits for its call trace gives up after so many lines that may be anybody's. */
#define STRANGERS_MAX 60
/* "[ cut here ]" is followed by what it is within so many lines. */
#define CUT_LINES_MAX 40

static bool starts(const char *msg, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !memcmp(msg, with, n);
}

static bool is_ruler(const char *msg, size_t len)
{
	size_t n = 0;

	while (n < len && msg[n] == '=')
		n++;
	while (n < len && (msg[n] == ' ' || msg[n] == '\r'))
		n++;
	return n == len && n >= 20;
}

void ruler_read(struct ruler *r, const struct kline *l, int64_t n)
{
	bool is = l->len && l->text[0] == '=' && is_ruler(l->text, l->len);

	*r = is ? (struct ruler){l->len, n, l->stamp_us, kline_key(l)} : (struct ruler){0};
}

/* ---- its text and where it stands */

static void add_stamp(struct report *r, int64_t us)
{
	if (us >= 0)
		strbuf_addf(&r->text, "[%5lld.%06lld] ", (long long)(us / 1000000),
			    (long long)(us % 1000000));
}

static void add_line(struct report *r, const struct kline *l, int64_t n)
{
	r->last = n;
	r->last_key = kline_key(l);
	if (r->text.len + l->len > REPORT_TEXT_MAX)
		return;
	add_stamp(r, l->stamp_us);
	for (size_t i = 0; i < l->len; i++)
		strbuf_putc(&r->text, l->text[i] ? l->text[i] : '?');
	strbuf_putc(&r->text, '\n');
}

/* The line added last surely belongs to the report. */
static void make_certain(struct report *r)
{
	r->certain = r->last;
	r->certain_key = r->last_key;
	r->certain_len = r->text.len;
}

/* The lines behind the last certain one do not belong to the report. */
static void cut_back(struct report *r)
{
	r->last = r->certain;
	r->last_key = r->certain_key;
	r->text.len = r->certain_len;
}

static void add_ruler(struct report *r, const struct ruler *above)
{
	r->first = above->n;
	r->first_key = above->key;
	add_stamp(r, above->stamp_us);
	for (size_t i = 0; i < above->len; i++)
		strbuf_putc(&r->text, '=');
	strbuf_putc(&r->text, '\n');
}

void report_done(struct report *r)
{
	strbuf_done(&r->text);
}

/* ---- its beginning */

static void describe(struct report *r, const char *msg, size_t len)
{
	pattern_title(r->p, msg, len, r->title);
	if (r->p->function != FN_LINE || r->function[0])
		return;
	if (symbol_find(msg, len, r->function) && symbol_reporter(r->function))
		r->function[0] = 0;
}

/* Without a function, "WARNING: CPU: 0 PID: 1 at file.c:12 0xffff" still has a place. */
static void warning_place(struct report *r, const char *msg, size_t len)
{
	const char *at = memmem(msg, len, " at ", 4), *end;
	char text[TITLE_MAX + 1];

	if (r->function[0] || !at || r->p->kind != FINDING_WARNING)
		return;
	end = memchr(at + 4, ' ', len - (size_t)(at + 4 - msg));
	len = end ? (size_t)(end - at) : len - (size_t)(at - msg);
	snprintf(text, sizeof(text), "WARNING%.*s", (int)(len < 150 ? len : 150), at);
	title_tidy(text, strlen(text), r->title);
}

static void open_report(struct report *r, const struct pattern *p, const struct kline *l)
{
	r->p = p;
	r->end = p->end;
	r->joined = p->flags & PATTERN_JOINS;
	r->in_trace = p->end == END_INDENT;
	r->lines = r->strangers = 0;
	r->title[0] = r->access[0] = r->function[0] = r->frame[0] = '\0';
	describe(r, l->text, l->len);
	if (p->end == END_TRACE && p->function == FN_LINE)
		warning_place(r, l->text, l->len);
}

void report_begin(struct report *r, const struct pattern *p, const struct ruler *above,
		  const struct kline *l, int64_t n)
{
	strbuf_reset(&r->text);
	r->stamp_us = l->stamp_us;
	open_report(r, p, l);
	if (above->len)
		add_ruler(r, above);
	add_line(r, l, n);
	make_certain(r);
	if (above->len)
		return;
	r->first = n;
	r->first_key = r->last_key;
}

bool report_adopts(const struct report *r, const struct pattern *p)
{
	if (!r->p || p->flags & (PATTERN_CUT | PATTERN_LOCKDEP) || p->kind == FINDING_PANIC)
		return false;
	return r->p->flags & PATTERN_CUT && r->lines < CUT_LINES_MAX;
}

void report_adopt(struct report *r, const struct pattern *p, const struct kline *l, int64_t n)
{
	open_report(r, p, l);
	add_line(r, l, n);
	make_certain(r);
	if (p->end == END_EQUALS || p->end == END_LINE)
		r->end = END_TRACE;
}

/* A trap that follows the line which names it: "kernel BUG at" and "invalid opcode:", "BUG: unable
 * to handle" and "Oops:". */
static bool takes_trap(const struct report *r)
{
	return r->end == END_TRACE && r->p->function == FN_PC && !r->joined && !r->in_trace;
}

bool report_takes(const struct report *r, const struct pattern *p)
{
	if (!r->p)
		return false;
	if (r->p->kind == FINDING_PANIC)
		return true;
	if (r->p->kind == FINDING_LOCKDEP && p->flags & PATTERN_LOCKDEP)
		return true;
	if (r->p->flags & PATTERN_PREAMBLE && !r->in_trace &&
	    (p->flags & (PATTERN_CUT | PATTERN_JOINS) || p->kind == FINDING_BUG))
		return true;
	return p->flags & PATTERN_JOINS && takes_trap(r);
}

static bool is_trace_head(const char *msg, size_t len)
{
	while (len && (*msg == ' ' || *msg == '\t')) {
		msg++;
		len--;
	}
	return starts(msg, len, "Call Trace:") || starts(msg, len, "Call trace:") ||
	       starts(msg, len, "Backtrace:");
}

/* "RAX: 0000", "RIP: 0033:", "EAX: ", "Code: ": they stand between the frames of an x86 trace. */
static bool is_register(const char *msg, size_t len)
{
	if (starts(msg, len, "Code: "))
		return true;
	return len > 4 && (msg[0] == 'R' || msg[0] == 'E') && isalnum((unsigned char)msg[1]) &&
	       isalnum((unsigned char)msg[2]) && msg[3] == ':';
}

static bool is_indented(const char *msg, size_t len)
{
	return len && (msg[0] == ' ' || msg[0] == '\t');
}

static bool is_list(const char *msg, size_t len)
{
	return is_indented(msg, len) || starts(msg, len, "Showing ") ||
	       starts(msg, len, "workqueue ") || starts(msg, len, "pool ");
}

/* The line is none of the report's: it ended before. */
static bool has_left(const struct report *r, const char *msg, size_t len)
{
	switch (r->end) {
	case END_STACK:
		return r->in_trace && !is_indented(msg, len) && !is_register(msg, len) &&
		       !is_trace_head(msg, len);
	case END_INDENT:
		return !is_indented(msg, len);
	case END_LIST:
		return !is_list(msg, len);
	case END_LINE:
		return true;
	default:
		return false;
	}
}

/* The line is the report's last. */
static bool is_last(const struct report *r, const char *msg, size_t len)
{
	if (r->lines >= REPORT_LINES_MAX || (r->p->flags & PATTERN_CUT && r->lines > CUT_LINES_MAX))
		return true;
	switch (r->end) {
	case END_TRACE:
		return starts(msg, len, "---[ end trace");
	case END_EQUALS:
		return is_ruler(msg, len);
	case END_PANIC:
		return starts(msg, len, "---[ end Kernel panic") ||
		       starts(msg, len, "Rebooting in ");
	default:
		return false;
	}
}

static void read_frame(struct report *r, const char *msg, size_t len)
{
	char name[SYMBOL_MAX];

	if (r->frame[0] || !r->in_trace || !symbol_frame(msg, len, name) || symbol_reporter(name))
		return;
	if (r->p->kind == FINDING_HUNG_TASK && symbol_waiter(name))
		return;
	if (r->p->kind == FINDING_LEAK && symbol_allocator(name))
		return;
	memcpy(r->frame, name, sizeof(name));
}

static void read_lock(struct report *r, const char *msg, size_t len)
{
	const char *at = memmem(msg, len, "at: ", 4);

	if (at)
		symbol_find(at, len - (size_t)(at - msg), r->function);
}

static void read_access(struct report *r, const char *msg, size_t len)
{
	if (r->p->kind != FINDING_KASAN || r->access[0])
		return;
	if (starts(msg, len, "Read of size"))
		memcpy(r->access, "Read", 5);
	else if (starts(msg, len, "Write of size"))
		memcpy(r->access, "Write", 6);
}

/* The message of a WARN() stands between "[ cut here ]" and the line that says what it is. */
static void read_message(struct report *r, const char *msg, size_t len)
{
	char text[TITLE_MAX + 1];

	if (!(r->p->flags & PATTERN_CUT) || r->lines != 1 || !len)
		return;
	title_tidy(msg, len, text);
	snprintf(r->title, sizeof(r->title), "WARNING: %.*s", TITLE_MAX - 9, text);
}

static void read_line(struct report *r, const char *msg, size_t len)
{
	if (is_trace_head(msg, len))
		r->in_trace = true;
	if (r->p->function == FN_PC && !r->function[0])
		symbol_pc(msg, len, r->function);
	if (r->p->function == FN_AT && !r->function[0])
		read_lock(r, msg, len);
	read_access(r, msg, len);
	read_message(r, msg, len);
	read_frame(r, msg, len);
}

/* kmemleak puts its name before each line. */
static size_t own_prefix(const struct report *r, const char *msg, size_t len)
{
	static const char prefix[] = "kmemleak: ";
	size_t n = strlen(prefix);

	return r->p->kind == FINDING_LEAK && len > n && starts(msg, len, prefix) &&
			       is_indented(msg + n, len - n)
		       ? n
		       : 0;
}

bool report_follow(struct report *r, const struct kline *l, int64_t n)
{
	const struct pattern *p = pattern_match(l->text, l->len, l->level);
	size_t prefix = own_prefix(r, l->text, l->len);
	const char *msg = l->text + prefix;
	size_t len = l->len - prefix;

	if (has_left(r, msg, len)) {
		cut_back(r);
		return true;
	}
	r->lines++;
	if (p && p->flags & PATTERN_JOINS)
		r->joined = true;
	read_line(r, msg, len);
	add_line(r, l, n);
	if (r->end != END_STACK || r->in_trace || is_indented(msg, len) || is_register(msg, len)) {
		make_certain(r);
		r->strangers = 0;
	} else if (++r->strangers > STRANGERS_MAX) {
		cut_back(r);
		return true;
	}
	return is_last(r, msg, len);
}

/* ---- what it says */

static const char *report_function(const struct report *r)
{
	if (r->p->function == FN_NONE)
		return "";
	return r->function[0] ? r->function : r->frame;
}

/* "KCSAN: data-race in a / b" holds its functions already. */
static void verbatim_function(const char *title, struct finding *f)
{
	const char *in = strstr(title, " in ");

	if (in && f->kind == FINDING_KCSAN)
		f->function = xstrndup(in + 4, strcspn(in + 4, " "));
}

void report_finding(const struct report *r, struct finding *f)
{
	const char *function = report_function(r);
	_cleanup_strbuf_ struct strbuf b = {0};

	bool to_certain = r->end == END_STACK;

	*f = (struct finding){
		.kind = r->p->kind,
		.stamp_us = r->stamp_us,
		.first_line = r->first,
		.last_line = to_certain ? r->certain : r->last,
		.first_key = r->first_key,
		.last_key = to_certain ? r->certain_key : r->last_key,
		.text = xstrndup(r->text.s, to_certain ? r->certain_len : r->text.len)};
	/* A WARN with a message is known by its function once that is known. */
	if (function[0] && r->p->flags & PATTERN_CUT)
		strbuf_puts(&b, "WARNING");
	else
		strbuf_puts(&b, r->title[0] ? r->title : finding_kind_name(r->p->kind));
	if (r->access[0])
		strbuf_addf(&b, " %s", r->access);
	if (function[0])
		strbuf_addf(&b, " in %s", function);
	f->title = xstrndup(b.s, b.len < TITLE_MAX ? b.len : TITLE_MAX);
	if (function[0])
		f->function = xstrdup(function);
	else
		verbatim_function(f->title, f);
}
