// SPDX-License-Identifier: GPL-2.0-only
#include "report/html.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/loop.h"
#include "base/text.h"
#include "report/html_parts.h"
#include "report/table.h"
#include "report/xml.h"

#define LOGS_MAX ((size_t)48 << 20) /* bytes of all logs: a browser has to take the page */

void html_element(struct strbuf *b, const char *tag, const char *class, const char *text)
{
	strbuf_addf(b, "<%s", tag);
	if (class)
		strbuf_addf(b, " class=\"%s\"", class);
	strbuf_putc(b, '>');
	xml_text(b, text, strlen(text));
	strbuf_addf(b, "</%s>\n", tag);
}

const char *html_verdict_class(enum verdict v)
{
	static const char *const classes[] = {
		[VERDICT_NONE] = "none", [VERDICT_PASS] = "pass",   [VERDICT_FAIL] = "fail",
		[VERDICT_SKIP] = "skip", [VERDICT_ERROR] = "error", [VERDICT_MISS] = "miss",
	};

	return (size_t)v < ARRAY_SIZE(classes) ? classes[v] : classes[VERDICT_NONE];
}

void html_verdict(struct strbuf *b, enum verdict v)
{
	strbuf_addf(b, "<span class=\"v %s\">%s</span>", html_verdict_class(v), verdict_name(v));
}

/* ---- the head */

static void add_title(struct strbuf *b, const struct result *r)
{
	const char *id = json_get_str(r->run, "id");
	bool bad = r->counts.n[VERDICT_FAIL] || r->counts.n[VERDICT_ERROR] ||
		   r->phases.n[VERDICT_FAIL] || r->phases.n[VERDICT_ERROR];

	strbuf_puts(b, bad ? "failed" : r->exit_status ? "incomplete" : "passed");
	strbuf_puts(b, ": ktest ");
	if (id)
		xml_text(b, id, strlen(id));
}

static void add_head(struct strbuf *b, const struct result *r)
{
	strbuf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		       "style-src 'unsafe-inline'; script-src 'sha256-" HTML_SCRIPT_SHA256 "'; "
		       "base-uri 'none'; form-action 'none'\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	add_title(b, r);
	strbuf_addf(b, "</title>\n<style>\n%s</style>\n<script>%s</script></head>\n<body>\n<h1>",
		    html_style, html_script);
	add_title(b, r);
	strbuf_puts(b, "</h1>\n");
}

static void add_counts(struct strbuf *b, const struct result *r)
{
	static const enum verdict order[] = {VERDICT_FAIL, VERDICT_ERROR, VERDICT_MISS,
					     VERDICT_PASS, VERDICT_SKIP,  VERDICT_NONE};

	strbuf_puts(b, "<p class=\"counts\">");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		unsigned int n = r->counts.n[order[i]] + r->phases.n[order[i]];

		if (n)
			strbuf_addf(b, "<span class=\"%s\">%u %s</span>",
				    html_verdict_class(order[i]), n, verdict_name(order[i]));
	}
	strbuf_puts(b, "</p>\n");
}

static void add_fact(struct strbuf *b, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	html_element(b, "dt", NULL, name);
	html_element(b, "dd", NULL, value);
}

static void add_kernel(struct strbuf *b, const json_t *k)
{
	static const char *const keys[] = {"id",   "release",  "arch",	"variant",
					   "name", "build_id", "commit"};
	_cleanup_strbuf_ struct strbuf text = {0};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_get_str(k, keys[i]))
			strbuf_addf(&text, "%s%s", text.len ? " " : "", json_get_str(k, keys[i]));
	add_fact(b, "kernel", text.s);
}

static void add_facts(struct strbuf *b, const struct result *r)
{
	_cleanup_strbuf_ struct strbuf took = {0};
	json_t *k;
	size_t i;

	strbuf_puts(b, "<dl>\n");
	json_array_foreach (r->kernels, i, k)
		add_kernel(b, k);
	add_fact(b, "accelerator", json_get_str(r->host, "accel"));
	add_fact(b, "host", json_get_str(r->host, "name"));
	add_fact(b, "started", json_get_str(r->run, "started"));
	if (r->end_ns > r->start_ns)
		table_duration((r->end_ns - r->start_ns) / NSEC_PER_MSEC, &took);
	add_fact(b, "took", took.s);
	add_fact(b, "interrupted by", r->interrupted);
	add_fact(b, "ended", r->finished ? NULL : "no: it was cut off, or still runs");
	strbuf_puts(b, "</dl>\n");
}

/* ---- the table */

static void add_past(struct strbuf *b, const struct html_source *s, const struct result_test *t)
{
	struct html_past past[HTML_PAST_MAX];
	size_t n = s->past(s->arg, t->file, t->subtest, past, HTML_PAST_MAX);

	strbuf_puts(b, "<td class=\"s\">");
	html_sparkline(b, past, n);
	strbuf_puts(b, "</td>");
}

static void add_row(struct strbuf *b, const struct html_source *s, size_t number)
{
	const struct result_test *t = &s->r->tests[number];
	const char *why = t->title ? t->title : t->reason;

	strbuf_addf(b, "<tr data-t=\"%zu\"><td class=\"v\">", number);
	html_verdict(b, t->verdict);
	strbuf_puts(b, "</td><td class=\"n\">");
	table_duration(t->verdict == VERDICT_NONE ? -1 : t->duration_ms, b);
	strbuf_addf(b, "</td><td><a href=\"#t%zu\">", number);
	xml_text(b, t->file, strlen(t->file));
	strbuf_putc(b, ' ');
	xml_text(b, t->subtest, strlen(t->subtest));
	strbuf_puts(b, "</a></td>");
	if (s->past)
		add_past(b, s, t);
	strbuf_puts(b, "<td>");
	xml_text(b, why ? why : "", why ? strlen(why) : 0);
	strbuf_puts(b, "</td></tr>\n");
}

static void add_table(struct strbuf *b, const struct html_source *s)
{
	strbuf_puts(
		b,
		"<h2>Subtests</h2>\n<form><input name=\"q\" type=\"search\" placeholder=\"search "
		"names, verdicts and logs\" autocomplete=\"off\"><span id=\"found\" "
		"class=\"dim\"></span></form>\n<table><thead><tr><th>verdict</th>"
		"<th class=\"n\">time</th><th>subtest</th>");
	strbuf_puts(b, s->past ? "<th>history</th>" : "");
	strbuf_puts(b, "<th>why</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < s->r->n; i++)
		add_row(b, s, i);
	strbuf_puts(b, "</tbody></table>\n");
}

static void put(FILE *f, struct strbuf *b)
{
	if (b->len)
		fwrite(b->s, 1, b->len, f);
	strbuf_reset(b);
}

void report_html(FILE *f, const struct html_source *s)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	size_t room = LOGS_MAX;

	add_head(&b, s->r);
	add_counts(&b, s->r);
	add_facts(&b, s->r);
	html_timeline(&b, s->r);
	add_table(&b, s);
	strbuf_puts(&b, "<h2>Logs</h2>\n");
	for (size_t i = 0; i < s->r->n; i++) {
		html_test(&b, s, i, &room);
		put(f, &b);
	}
	strbuf_puts(&b, "</body></html>\n");
	put(f, &b);
}
