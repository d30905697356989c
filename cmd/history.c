// SPDX-License-Identifier: GPL-2.0-only
/* ktest history, ktest flaky, ktest compare: what earlier runs came to. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/opt.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "report/compare.h"
#include "report/table.h"
#include "result/history.h"
#include "run/noise.h"

enum { HISTORY = 1, FLAKY = 2, COMPARE = 4 };

struct history_options {
	int64_t n;
};

static const struct opt history_opts[] = {
	{'n', "number", OPT_INT, "N", "at most so many results, the newest ones (50)",
	 offsetof(struct history_options, n), 1, 1000000, NULL, HISTORY},
	{'h', "help", OPT_HELP, NULL, "this list", 0, 0, 0, NULL, HISTORY | FLAKY | COMPARE},
	{0},
};

static int help(const char *synopsis, unsigned int command)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	opt_help(history_opts, command, &b);
	printf("usage: ktest %s\n\n%s", synopsis, b.s);
	return 0;
}

/* 0 with *h open and up to date. What is locked is read as it is. */
static int open_synced(struct history **h, struct err *err)
{
	struct err why = {0};
	size_t added;
	int r = history_open(h, true, err);

	if (r < 0)
		return r;
	r = history_sync(*h, &added, &why);
	if (r == -EBUSY) {
		log_warn("%s; what follows may lack the last runs", why.msg);
		return 0;
	}
	if (r < 0) {
		*err = why;
		history_close(*h);
		*h = NULL;
	}
	return r;
}

static void add_day(struct strbuf *b, int64_t t_ns)
{
	time_t seconds = (time_t)(t_ns / NSEC_PER_SEC);
	char text[40] = "-";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	strbuf_puts(b, text);
}

static void add_word(struct strbuf *b, const char *s)
{
	if (!s || !*s)
		return;
	strbuf_puts(b, "  ");
	text_escape(b, s, strlen(s), 80);
}

/* ---- history TEST */

static void print_entry(void *arg, const struct history_entry *e)
{
	_cleanup_strbuf_ struct strbuf b = {0}, time = {0};
	size_t *n = arg;

	++*n;
	table_duration(e->duration_ms, &time);
	add_day(&b, e->started_ns);
	strbuf_addf(&b, "  %-5s  %7s", verdict_name(e->verdict), time.s);
	add_word(&b, e->subtest);
	add_word(&b, e->flaky ? "flaky" : NULL);
	add_word(&b, e->release);
	add_word(&b, e->arch);
	add_word(&b, e->variant);
	add_word(&b, e->commit);
	add_word(&b, e->host);
	add_word(&b, e->accel);
	add_word(&b, e->run);
	add_word(&b, e->title ? e->title : e->reason);
	printf("%s\n", b.s);
}

/* FILE as journals name it: what a run calls "file". */
static char *base_of(const char *word)
{
	char *base = xstrdup(path_base(word));

	if (str_ends(base, ".ktest"))
		base[strlen(base) - strlen(".ktest")] = '\0';
	return base;
}

static int print_history(const char *file, const char *subtest, int64_t max, struct err *err)
{
	_cleanup_free_ char *base = base_of(file);
	struct history *h = NULL;
	size_t n = 0;
	int r = open_synced(&h, err);

	if (r == 0)
		r = history_tests(h, base, subtest, (size_t)(max ? max : 50), print_entry, &n, err);
	if (r == 0 && !n)
		r = err_set(err, ENOENT, "nothing is known of %s%s%s", base, subtest ? " " : "",
			    subtest ? subtest : "");
	history_close(h);
	return r;
}

static int rebuild(struct err *err)
{
	struct history *h = NULL;
	size_t added = 0;
	int r = history_open(&h, true, err);

	if (r == 0)
		r = history_rebuild(h, &added, err);
	if (r == 0)
		printf("%zu run%s\n", added, added == 1 ? "" : "s");
	history_close(h);
	return r;
}

int cmd_history(int argc, char **argv, struct err *err)
{
	struct history_options o = {0};
	int rest, r = opt_parse(history_opts, HISTORY, argc, argv, &o, &rest, err);
	int words = argc - rest;

	if (r == OPT_WANTS_HELP)
		return help("history [-n N] FILE [SUBTEST]\n       ktest history rebuild", HISTORY);
	if (r < 0)
		return r;
	if (words < 1 || words > 2)
		return err_usage(err, "history: name a test file, and perhaps a subtest of it");
	if (words == 1 && !strcmp(argv[rest], "rebuild"))
		return rebuild(err);
	return print_history(argv[rest], words == 2 ? argv[rest + 1] : NULL, o.n, err);
}

/* ---- flaky */

static void print_flake(void *arg, const struct history_flake *f)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	int64_t bad = f->failed + f->flaky;
	size_t *n = arg;
	double low, high;

	++*n;
	noise_interval((size_t)bad, (size_t)f->runs, &low, &high);
	strbuf_addf(&b, "%3.0f %% (%.0f to %.0f %%)  %" PRId64 " of %" PRId64,
		    100.0 * (double)bad / (double)f->runs, 100 * low, 100 * high, bad, f->runs);
	add_word(&b, f->file);
	strbuf_putc(&b, ' ');
	text_escape(&b, f->subtest, strlen(f->subtest), 80);
	add_word(&b, f->release);
	add_word(&b, f->arch);
	add_word(&b, f->commit);
	strbuf_puts(&b, "  ");
	add_day(&b, f->last_ns);
	printf("%s\n", b.s);
}

int cmd_flaky(int argc, char **argv, struct err *err)
{
	struct history_options o = {0};
	struct history *h = NULL;
	size_t n = 0;
	int rest, r = opt_parse(history_opts, FLAKY, argc, argv, &o, &rest, err);

	if (r == OPT_WANTS_HELP)
		return help("flaky\nSubtests that both passed and failed on one kernel.", FLAKY);
	if (r == 0 && rest < argc)
		r = err_usage(err, "flaky: unexpected %s", argv[rest]);
	if (r == 0)
		r = open_synced(&h, err);
	if (r == 0)
		r = history_flaky(h, print_flake, &n, err);
	if (r == 0 && !n)
		printf("no subtest is known to be flaky\n");
	history_close(h);
	return r;
}

/* ---- compare */

struct side {
	char *id;
	struct result r;
};

static int read_side(struct history *h, const char *word, struct side *s, struct err *err)
{
	_cleanup_free_ char *journal = xasprintf("%s/journal.jsonl", word);
	int r;

	if (path_is_dir(word)) {
		r = result_read(journal, &s->r, err);
		str_set(&s->id, json_string_value(json_object_get(s->r.run, "id")));
		return r;
	}
	r = history_find_run(h, word, &s->id, err);
	return r < 0 ? r : history_read_run(s->id, &s->r, err);
}

struct past {
	struct history *h;
	const char *run;
};

static size_t past_durations(void *arg, const char *file, const char *subtest, int64_t *ms,
			     size_t max)
{
	const struct past *p = arg;

	return history_durations(p->h, p->run, file, subtest, ms, max);
}

static int compare(struct history *h, char **words, struct err *err)
{
	struct side old = {0}, now = {0};
	struct past past = {.h = h};
	struct compare c = {&old.r, &now.r, past_durations, &past};
	_cleanup_strbuf_ struct strbuf b = {0};
	struct compare_counts counts;
	int r = read_side(h, words[0], &old, err);

	if (r == 0)
		r = read_side(h, words[1], &now, err);
	if (r == 0) {
		past.run = old.id ? old.id : "";
		compare_format(&c, &b, &counts);
		fputs(b.s, stdout);
		r = counts.failed ? 1 : 0;
	}
	result_done(&old.r);
	result_done(&now.r);
	free(old.id);
	free(now.id);
	return r;
}

int cmd_compare(int argc, char **argv, struct err *err)
{
	struct history_options o = {0};
	struct history *h = NULL;
	int rest, r = opt_parse(history_opts, COMPARE, argc, argv, &o, &rest, err);

	if (r == OPT_WANTS_HELP)
		return help("compare RUN1 RUN2\n"
			    "A run is an output directory, an id or its beginning, last or last~N.",
			    COMPARE);
	if (r == 0 && argc - rest != 2)
		r = err_usage(err, "compare: name two runs");
	if (r == 0)
		r = open_synced(&h, err);
	if (r == 0)
		r = compare(h, argv + rest, err);
	history_close(h);
	return r;
}
