// SPDX-License-Identifier: GPL-2.0-only
/* The guest that a command is for; and those commands that are no more than a question to it. */
#include "cmd/reach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/opt.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "reach/control.h"
#include "reach/guests.h"
#include "reach/remote.h"

#define AT(field) .offset = offsetof(struct reach, field)

static const struct opt reach_opts[] = {
	{0, "vm", OPT_STRING, "NAME", "the guest, by its name in 'ktest ps' or its directory",
	 AT(vm), .commands = REACH_ANY | REACH_COPY},
	{'o', "out", OPT_STRING, "DIR", "the guest of the run with this output (./ktest-out)",
	 AT(out), .commands = REACH_ANY | REACH_COPY},
	{'t', "to", OPT_STRING, "DIR", "where to", AT(to), .commands = REACH_COPY},
	{0, "json", OPT_BOOL, NULL, "as JSON", AT(json), .commands = REACH_PS},
	{'h', "help", OPT_HELP, NULL, "this list", 0,
	 .commands = REACH_ANY | REACH_COPY | REACH_PS},
	{0},
};

int reach_parse(unsigned int command, const char *args, int min, int max, int argc, char **argv,
		struct reach *r, struct err *err)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	int ret = opt_parse(reach_opts, command, argc, argv, r, &r->rest, err);

	r->cache = path_cache();
	if (ret == OPT_WANTS_HELP) {
		opt_help(reach_opts, command, &b);
		printf("usage: ktest %s [options] %s\n\n%s", argv[0], args, b.s);
	}
	if (ret)
		return ret;
	if (argc - r->rest < min)
		return err_usage(err, "%s: %s is missing", argv[0], args);
	if (argc - r->rest > max)
		return err_usage(err, "%s: unexpected %s", argv[0], argv[r->rest + max]);
	return 0;
}

void reach_done(struct reach *r)
{
	free(r->vm);
	free(r->out);
	free(r->to);
	free(r->cache);
}

char *reach_find(const struct reach *r, struct err *err)
{
	char *dir;

	return guests_find(r->cache, r->vm, r->out, &dir, err) < 0 ? NULL : dir;
}

/* Its exit status, for what has been parsed: help is no failure. */
static int parsed(int r)
{
	return r == OPT_WANTS_HELP ? 0 : r;
}

/* ---- ps */

static const char *const columns[] = {"name",	 "pid",	    "test", "subtest", "phase",
				      "seconds", "release", "arch", "out"};

static json_t *column_json(const char *name, const char *text)
{
	if (strcmp(name, "pid") != 0 && strcmp(name, "seconds") != 0)
		return json_string_lossy(text);
	return *text ? json_integer(strtoll(text, NULL, 10)) : json_null();
}

static json_t *guest_json(const struct guest_ref *g, const struct remote_answer *a)
{
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		json_object_set_new(o, columns[i],
				    column_json(columns[i], remote_field(a, columns[i])));
	json_object_set_new(o, "name", json_string_lossy(g->name));
	json_object_set_new(o, "dir", json_string_lossy(g->dir));
	return o;
}

static void print_guest(const struct guest_ref *g, const struct remote_answer *a)
{
	_cleanup_strbuf_ struct strbuf test = {0};
	const char *subtest = remote_field(a, "subtest"), *name = remote_field(a, "test");

	text_escape(&test, name, strlen(name), 40);
	if (*subtest)
		strbuf_putc(&test, ' ');
	text_escape(&test, subtest, strlen(subtest), 40);
	printf("%-14s %-8s %8ss  %-24s %-20s %s\n", g->name, remote_field(a, "phase"),
	       remote_field(a, "seconds"), remote_field(a, "release"), test.s ? test.s : "",
	       remote_field(a, "out"));
}

int cmd_ps(int argc, char **argv, struct err *err)
{
	_cleanup_reach_ struct reach reach = {0};
	_cleanup_json_ json_t *all = json_array();
	struct guest_ref *guests;
	int r = reach_parse(REACH_PS, "", 0, 0, argc, argv, &reach, err);
	size_t n;

	if (r)
		return parsed(r);
	n = guests_list(reach.cache, &guests);
	for (size_t i = 0; i < n; i++) {
		struct remote_answer a = {0};
		struct err why = {0};

		if (remote_ask_dir(guests[i].dir, "info", NULL, &a, &why) < 0)
			strv_add(&a.fields, "phase=stuck");
		if (reach.json)
			json_array_append_new(all, guest_json(&guests[i], &a));
		else
			print_guest(&guests[i], &a);
		remote_answer_done(&a);
	}
	if (reach.json) {
		json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		printf("\n");
	} else if (!n) {
		fprintf(stderr, "no guest runs\n");
	}
	guests_free(guests, n);
	return 0;
}

/* ---- questions */

static int ask(int argc, char **argv, const char *args, int n, const char *what, struct err *err)
{
	_cleanup_reach_ struct reach reach = {0};
	_cleanup_free_ char *dir = NULL;
	int r = reach_parse(REACH_ANY, args, n, n, argc, argv, &reach, err);

	if (r)
		return parsed(r);
	if (n && !control_is_key(argv[reach.rest]))
		return err_usage(err, "%s takes one key, not '%s'", what, argv[reach.rest]);
	dir = reach_find(&reach, err);
	return dir ? remote_ask_dir(dir, what, n ? argv[reach.rest] : NULL, NULL, err) : err->code;
}

int cmd_sysrq(int argc, char **argv, struct err *err)
{
	return ask(argc, argv, "KEY", 1, "sysrq", err);
}

int cmd_kill(int argc, char **argv, struct err *err)
{
	return ask(argc, argv, "", 0, "kill", err);
}

/* ---- mon */

/* As a terminal shows it: the monitor ends its lines by CR and LF. */
static void print_answer(const struct strbuf *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->s[i] != '\r')
			putchar(text->s[i]);
	fflush(stdout);
}

/* The monitor for people has no other sign that it says no (QEMU, monitor/hmp.c). */
static bool is_refusal(const char *text)
{
	return str_starts(text, "unknown command: ") || str_starts(text, "Error: ");
}

static int ask_line(int fd, const char *line, struct err *err)
{
	struct remote_answer a = {0};
	int r = remote_ask(fd, "mon", line, &a, err);

	if (r == 0 && a.text.len && is_refusal(a.text.s))
		r = err_set(err, EINVAL, "%.*s", (int)strcspn(a.text.s, "\r\n"), a.text.s);
	else
		print_answer(&a.text);
	remote_answer_done(&a);
	return r;
}

/* A line a command; an answer that says no is not the end, but the last one's is the exit status.
 */
static int monitor(int fd, struct err *err)
{
	bool terminal = isatty(STDIN_FILENO);
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int r = 0;

	for (;;) {
		if (terminal)
			printf("(qemu) ");
		fflush(stdout);
		if (getline(&line, &size, stdin) < 0)
			break;
		line[strcspn(line, "\n")] = '\0';
		if (!*line)
			continue;
		r = ask_line(fd, line, err);
		if (r < 0)
			fprintf(stderr, "%s\n", err->msg);
		if (r == -ETIMEDOUT)
			break;
	}
	if (terminal)
		printf("\n");
	return r < 0 ? 1 : 0;
}

int cmd_mon(int argc, char **argv, struct err *err)
{
	_cleanup_reach_ struct reach reach = {0};
	_cleanup_free_ char *dir = NULL;
	_cleanup_free_ char *line = NULL;
	_cleanup_strv_ struct strv words = {0};
	_cleanup_close_ int fd = -1;
	int r = reach_parse(REACH_ANY, "[COMMAND...]", 0, 1000, argc, argv, &reach, err);

	if (r)
		return parsed(r);
	dir = reach_find(&reach, err);
	fd = dir ? remote_connect(dir, err) : -1;
	if (fd < 0)
		return err->code;
	for (int i = reach.rest; i < argc; i++)
		strv_add(&words, argv[i]);
	line = strv_join(&words, " ");
	return words.n ? ask_line(fd, line, err) : monitor(fd, err);
}
