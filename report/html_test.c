// SPDX-License-Identifier: GPL-2.0-only
/* One subtest of the page. */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "report/html_parts.h"
#include "report/logs.h"
#include "report/nested.h"
#include "report/table.h"
#include "report/xml.h"

/* Bytes of a log: its beginning tells what was set up, its end what went wrong. */
#define LOG_HEAD      (64 << 10)
#define LOG_TAIL      (192 << 10)
#define LOG_PASS_TAIL (32 << 10)
#define LOG_MIN	      (4 << 10) /* of each, when the room for all of them is used up */

static void add_findings(struct strbuf *b, const struct result_test *t)
{
	json_t *f;
	size_t i;

	if (!json_array_size(t->findings))
		return;
	strbuf_puts(b, "<ul class=\"findings\">\n");
	json_array_foreach (t->findings, i, f) {
		const char *kind = json_get_str(f, "kind"), *title = json_get_str(f, "title");
		const char *action = json_get_str(f, "action"), *why = json_get_str(f, "why");
		bool fails = !action || str_eq(action, "fail");
		_cleanup_free_ char *text =
			xasprintf("%s: %s%s%s%s%s", kind ? kind : "finding", title ? title : "",
				  fails ? "" : "; action: ", fails ? "" : action, why ? ", " : "",
				  why ? why : "");

		html_element(b, "li", NULL, text);
	}
	strbuf_puts(b, "</ul>\n");
}

static void add_attempts(struct strbuf *b, const struct result_test *t)
{
	if (t->nattempts < 2)
		return;
	strbuf_puts(b, "<ul class=\"attempts\">\n");
	for (size_t i = 0; i < t->nattempts; i++) {
		const struct result_attempt *a = &t->attempts[i];
		const char *why = a->put_back ? "put back" : a->title ? a->title : a->reason;

		strbuf_addf(b, "<li>attempt %d: ", a->n);
		html_verdict(b, a->verdict);
		strbuf_putc(b, ' ');
		if (why)
			xml_text(b, why, strlen(why));
		strbuf_puts(b, "</li>\n");
	}
	strbuf_puts(b, "</ul>\n");
}

static void add_often(struct strbuf *b, const struct result_test *t)
{
	if (t->rate.runs > 1) {
		strbuf_puts(b, " <span class=\"dim\">");
		table_rate(&t->rate, b);
		strbuf_puts(b, "</span>");
	}
	if (t->confirmed != VERDICT_NONE)
		strbuf_addf(b, " <span class=\"dim\">%s</span>", table_confirmed(t));
}

static void add_nested(struct strbuf *b, const struct result_test *t, const json_t *results,
		       int depth)
{
	struct nested n;

	if (!nested_count(t, results) || depth > NESTED_DEPTH_MAX)
		return;
	strbuf_puts(b, "<ul class=\"nested\">\n");
	for (size_t i = 0; i < json_array_size(results); i++) {
		if (!nested_get(t, results, i, &n))
			continue;
		strbuf_puts(b, "<li>");
		html_verdict(b, n.verdict);
		strbuf_putc(b, ' ');
		xml_text(b, n.name, strlen(n.name));
		strbuf_puts(b, n.directive || n.text ? " <span class=\"dim\">" : "");
		if (n.directive)
			xml_text(b, n.directive, strlen(n.directive));
		strbuf_putc(b, ' ');
		if (n.text)
			xml_text(b, n.text, strlen(n.text));
		strbuf_puts(b, n.directive || n.text ? "</span>" : "");
		add_nested(b, t, n.nested, depth + 1);
		strbuf_puts(b, "</li>\n");
	}
	strbuf_puts(b, "</ul>\n");
}

static void add_pre(struct strbuf *b, const struct strbuf *text)
{
	/* A parser drops the first newline in it. */
	strbuf_puts(b, "<pre>\n");
	xml_text(b, text->s, text->len);
	strbuf_puts(b, "</pre>\n");
}

static void add_log(struct strbuf *b, const struct html_source *s, const struct result_test *t,
		    size_t *room)
{
	bool passed = t->verdict == VERDICT_PASS || t->verdict == VERDICT_SKIP;
	size_t head = LOG_HEAD, tail = passed ? LOG_PASS_TAIL : LOG_TAIL;
	struct log_part p;

	if (*room < head + tail)
		head = tail = LOG_MIN;
	if (!log_read(s->dir_fd, t, head, tail, &p)) {
		html_element(b, "p", "dim", t->attempt ? "no log" : "not started");
	} else {
		if (p.head.len)
			add_pre(b, &p.head);
		if (p.left_out)
			strbuf_addf(b,
				    "<p class=\"dim\">%" PRIu64 " of %" PRIu64
				    " bytes of the log are left out here</p>\n",
				    p.left_out, p.size);
		if (p.tail.len)
			add_pre(b, &p.tail);
		*room -= p.head.len + p.tail.len < *room ? p.head.len + p.tail.len : *room;
	}
	log_part_done(&p);
}

static void add_summary(struct strbuf *b, const struct result_test *t)
{
	const char *why = t->title ? t->title : t->reason;

	strbuf_puts(b, "<summary>");
	html_verdict(b, t->verdict);
	strbuf_puts(b, " <b>");
	xml_text(b, t->file, strlen(t->file));
	strbuf_putc(b, ' ');
	xml_text(b, t->subtest, strlen(t->subtest));
	strbuf_puts(b, "</b>");
	if (t->kernel) {
		strbuf_puts(b, " <span class=\"dim\">");
		xml_text(b, t->kernel, strlen(t->kernel));
		strbuf_puts(b, "</span>");
	}
	if (t->flaky)
		strbuf_puts(b, " <span class=\"skip\">flaky</span>");
	add_often(b, t);
	if (why) {
		strbuf_puts(b, " &mdash; ");
		xml_text(b, why, strlen(why));
	}
	strbuf_puts(b, "</summary>\n");
}

void html_test(struct strbuf *b, const struct html_source *s, size_t number, size_t *log_room)
{
	const struct result_test *t = &s->r->tests[number];
	bool good = t->verdict == VERDICT_PASS || t->verdict == VERDICT_SKIP ||
		    (t->verdict == VERDICT_NONE && !t->cut_off);

	strbuf_addf(b, "<details class=\"test\" id=\"t%zu\"%s>", number, good ? "" : " open");
	add_summary(b, t);
	strbuf_puts(b, "<div>\n");
	add_findings(b, t);
	add_attempts(b, t);
	add_nested(b, t, t->nested, 1);
	if (t->nested_dropped > 0)
		html_element(b, "p", "dim", "More results than are kept were printed.");
	add_log(b, s, t, log_room);
	strbuf_puts(b, "</div></details>\n");
}
