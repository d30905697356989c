// SPDX-License-Identifier: GPL-2.0-only
#include "report/junit.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/loop.h"
#include "report/logs.h"
#include "report/nested.h"
#include "report/xml.h"

#define LOG_TAIL 16384 /* bytes of a log that did not pass */

enum outcome { PASSED, FAILED, BROKEN, SKIPPED, OUTCOMES };

struct suite {
	struct strbuf cases;
	unsigned int n[OUTCOMES];
	int64_t ms, start_ns;
};

static void add_attr(struct strbuf *b, const char *name, const char *value)
{
	strbuf_addf(b, " %s=\"", name);
	xml_attr(b, value);
	strbuf_putc(b, '"');
}

static void add_seconds(struct strbuf *b, int64_t ms)
{
	strbuf_addf(b, " time=\"%" PRId64 ".%03d\"", ms / 1000, (int)(ms % 1000));
}

static void add_timestamp(struct strbuf *b, int64_t t_ns)
{
	time_t seconds = (time_t)(t_ns / NSEC_PER_SEC);
	char text[32];
	struct tm tm;

	if (t_ns <= 0 || !gmtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	add_attr(b, "timestamp", text);
}

/* ---- a case */

static enum outcome outcome_of(enum verdict v, bool cut_off)
{
	switch (v) {
	case VERDICT_PASS:
		return PASSED;
	case VERDICT_FAIL:
		return FAILED;
	case VERDICT_SKIP:
		return SKIPPED;
	case VERDICT_NONE:
		return cut_off ? BROKEN : SKIPPED;
	default:
		return BROKEN;
	}
}

static const char *message_of(const struct result_test *t)
{
	if (t->verdict == VERDICT_NONE)
		return t->cut_off ? "cut off with the run" : "not run";
	return t->title ? t->title : t->reason;
}

static void add_findings(struct strbuf *b, const struct result_test *t)
{
	json_t *f;
	size_t i;

	json_array_foreach (t->findings, i, f) {
		const char *title = json_get_str(f, "title");

		if (title)
			xml_text(b, title, strlen(title));
		strbuf_putc(b, '\n');
	}
}

/* <failure>, <error> or <skipped>, at most one of them. */
static void add_outcome(struct strbuf *b, const struct result_test *t, enum outcome o)
{
	static const char *const tags[] = {
		[FAILED] = "failure", [BROKEN] = "error", [SKIPPED] = "skipped"};

	if (o == PASSED)
		return;
	strbuf_addf(b, "\n\t\t\t<%s", tags[o]);
	add_attr(b, "message", message_of(t));
	if (o != SKIPPED)
		add_attr(b, "type", t->reason ? t->reason : verdict_name(t->verdict));
	if (o != SKIPPED && json_array_size(t->findings)) {
		strbuf_putc(b, '>');
		add_findings(b, t);
		strbuf_addf(b, "</%s>", tags[o]);
	} else {
		strbuf_puts(b, "/>");
	}
}

static void add_retries(struct strbuf *b, const struct result_test *t)
{
	const char *tag = t->verdict == VERDICT_PASS ? "flaky" : "rerun";
	const struct result_attempt *told = result_attempt_told(t);

	for (size_t i = 0; i < t->nattempts; i++) {
		const struct result_attempt *a = &t->attempts[i];
		enum outcome o = outcome_of(a->verdict, true);

		/* The one that is told is the testcase's own. */
		if (a == told || a->put_back || (o != FAILED && o != BROKEN))
			continue;
		strbuf_addf(b, "\n\t\t\t<%s%s", tag, o == FAILED ? "Failure" : "Error");
		add_attr(b, "message", a->title ? a->title : a->reason ? a->reason : "cut off");
		add_attr(b, "type", a->reason ? a->reason : verdict_name(a->verdict));
		strbuf_puts(b, "/>");
	}
}

static void add_log(struct strbuf *b, const struct result_test *t, int dir_fd)
{
	struct log_part log;

	if (log_read(dir_fd, t, 0, LOG_TAIL, &log)) {
		strbuf_puts(b, "\n\t\t\t<system-out>");
		xml_text(b, log.head.len ? log.head.s : "", log.head.len);
		xml_text(b, log.tail.len ? log.tail.s : "", log.tail.len);
		strbuf_puts(b, "</system-out>");
	}
	log_part_done(&log);
}

static void begin_case(struct suite *s, const char *class, const char *name, int64_t ms)
{
	strbuf_puts(&s->cases, "\t\t<testcase");
	add_attr(&s->cases, "classname", class);
	add_attr(&s->cases, "name", name);
	add_seconds(&s->cases, ms);
	strbuf_putc(&s->cases, '>');
}

static void end_case(struct suite *s, enum outcome o)
{
	strbuf_puts(&s->cases, "</testcase>\n");
	s->n[o]++;
}

struct nested_case {
	struct suite *suite;
	const char *class;
};

static void add_nested(void *arg, const char *path, const struct nested *n)
{
	static const char *const tags[] = {
		[FAILED] = "failure", [BROKEN] = "error", [SKIPPED] = "skipped"};
	const struct nested_case *c = arg;
	enum outcome o = n->pardoned ? SKIPPED : outcome_of(n->verdict, true);
	struct strbuf *b = &c->suite->cases;

	begin_case(c->suite, c->class, path, 0);
	if (o != PASSED) {
		strbuf_addf(b, "\n\t\t\t<%s", tags[o]);
		add_attr(b, "message",
			 n->pardoned ? "it failed, but the subtest passed all the same" : n->text);
		strbuf_puts(b, "/>");
	}
	end_case(c->suite, o);
}

static void add_test(struct suite *s, const struct result *r, const struct result_test *t,
		     int dir_fd)
{
	bool several = json_array_size(r->kernels) > 1 && t->kernel;
	_cleanup_free_ char *class = xasprintf("%s.%s", t->file, t->subtest);
	_cleanup_free_ char *name =
		several ? xasprintf("%s [%s]", t->subtest, t->kernel) : xstrdup(t->subtest);
	struct nested_case nested = {s, class};
	enum outcome o = t->undecisive ? SKIPPED : outcome_of(t->verdict, t->cut_off);

	begin_case(s, t->file, name, t->duration_ms);
	add_outcome(&s->cases, t, o);
	add_retries(&s->cases, t);
	if (o == FAILED || o == BROKEN)
		add_log(&s->cases, t, dir_fd);
	end_case(s, o);
	s->ms += t->duration_ms;
	if (t->nattempts && (!s->start_ns || t->attempts[0].start_ns < s->start_ns))
		s->start_ns = t->attempts[0].start_ns;
	nested_each(t, add_nested, &nested);
}

/* ---- suites */

static void add_counts(struct strbuf *b, const struct suite *s)
{
	strbuf_addf(b, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"",
		    s->n[PASSED] + s->n[FAILED] + s->n[BROKEN] + s->n[SKIPPED], s->n[FAILED],
		    s->n[BROKEN], s->n[SKIPPED]);
	add_seconds(b, s->ms);
}

static void add_property(struct strbuf *b, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_puts(b, "\t\t\t<property");
	add_attr(b, "name", name);
	add_attr(b, "value", value);
	strbuf_puts(b, "/>\n");
}

static void add_properties(struct strbuf *b, const struct result *r)
{
	json_t *k;
	size_t i;

	strbuf_puts(b, "\t\t<properties>\n");
	add_property(b, "run", json_get_str(r->run, "id"));
	add_property(b, "accel", json_get_str(r->host, "accel"));
	add_property(b, "qemu", json_get_str(r->host, "qemu"));
	json_array_foreach (r->kernels, i, k) {
		add_property(b, "kernel", json_get_str(k, "release"));
		add_property(b, "arch", json_get_str(k, "arch"));
		add_property(b, "commit", json_get_str(k, "commit"));
	}
	strbuf_puts(b, "\t\t</properties>\n");
}

/* The tests of one file, from *at on; *at is moved behind them, its counts are added to all. */
static void add_suite(struct strbuf *out, const struct result *r, int dir_fd, size_t *at,
		      struct suite *all)
{
	const char *file = r->tests[*at].file;
	struct suite s = {0};

	for (; *at < r->n && !strcmp(r->tests[*at].file, file); ++*at)
		add_test(&s, r, &r->tests[*at], dir_fd);
	strbuf_puts(out, "\t<testsuite");
	add_attr(out, "name", file);
	add_counts(out, &s);
	add_timestamp(out, s.start_ns);
	add_attr(out, "hostname", json_get_str(r->host, "name"));
	strbuf_puts(out, ">\n");
	add_properties(out, r);
	strbuf_add(out, s.cases.s, s.cases.len);
	strbuf_puts(out, "\t</testsuite>\n");
	for (int i = 0; i < OUTCOMES; i++)
		all->n[i] += s.n[i];
	all->ms += s.ms;
	strbuf_done(&s.cases);
}

void report_junit(const struct result *r, int dir_fd, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf suites = {0};
	struct suite all = {0};
	size_t at = 0;

	while (at < r->n)
		add_suite(&suites, r, dir_fd, &at, &all);
	strbuf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	add_attr(out, "name", json_get_str(r->run, "id"));
	add_counts(out, &all);
	strbuf_puts(out, ">\n");
	if (suites.len)
		strbuf_add(out, suites.s, suites.len);
	strbuf_puts(out, "</testsuites>\n");
}
