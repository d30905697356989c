// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/makelog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SHOWN_MAX 400 /* characters of an error */

/* Tags in front of what becomes an object, as the kernel's makefiles print them. */
static const char *const object_tags[] = {"CC", "AS", "HOSTCC", "HOSTCXX", "RUSTC", "VDSO"};

static const struct mark {
	const char *text;
	bool begins; /* the line, and is not somewhere in it */
} error_marks[] = {
	{": error: ", false}, /* gcc, clang, ld.lld */
	{": fatal error: ", false},
	{": internal compiler error: ", false},
	{": Error: ", false},		      /* as */
	{": undefined reference to ", false}, /* ld */
	{": multiple definition of ", false},
	{": final link failed", false},
	{": region ", false},
	{"ERROR: ", true},  /* modpost */
	{"error: ", true},  /* clang's driver, objtool, rustc */
	{"FAILED: ", true}, /* resolve_btfids */
	{"FATAL: ", true},
};

static bool holds(const char *line, const char *mark, bool begins)
{
	return begins ? str_starts(line, mark) : strstr(line, mark) != NULL;
}

/* "  CC [M]  fs/ext4/inode.o" */
static bool is_object(const char *line)
{
	if (!str_starts(line, "  ") || !isupper((unsigned char)line[2]))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(object_tags); i++) {
		size_t n = strlen(object_tags[i]);

		if (!strncmp(line + 2, object_tags[i], n) && line[2 + n] == ' ')
			return true;
	}
	return false;
}

/* What gcc says of its own end after the errors, and a region of which ld says no more. */
static bool is_error(const char *line)
{
	if (strstr(line, ": region ") && !strstr(line, " overflowed by "))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(error_marks); i++)
		if (holds(line, error_marks[i].text, error_marks[i].begins))
			return true;
	return false;
}

/* "make[3]: *** No rule to make target 'x', needed by 'y'.  Stop." tells something; that a target
 * has failed, "make[2]: *** [scripts/Makefile.build:480: fs] Error 2", does not. */
static const char *stop_reason(const char *line)
{
	const char *s = strstr(line, "*** ");

	if (!s || !(str_starts(line, "make") || strstr(line, ": *** ") || s == line))
		return NULL;
	s += 4;
	return *s && *s != '[' && !str_starts(s, "Waiting for") ? s : NULL;
}

/* In front of names of files below dir; elsewhere in the line they are cut off too. */
static void cut_dir(struct strbuf *out, const char *line, const char *dir)
{
	size_t n = dir ? strlen(dir) : 0;
	const char *hit;

	while (n && (hit = strstr(line, dir))) {
		bool whole = hit[n] == '/' && (hit == line || !isalnum((unsigned char)hit[-1]));

		strbuf_add(out, line, (size_t)(hit - line) + (whole ? 0 : n));
		line = hit + n + whole;
	}
	strbuf_puts(out, line);
}

/* A line that is nothing but such a directory stays as it is. */
static char *shown(const struct makelog *l, const char *line)
{
	struct strbuf once = {0}, twice = {0}, out = {0};

	cut_dir(&once, line, l->build_dir);
	cut_dir(&twice, once.s ? once.s : "", l->source);
	if (twice.len)
		text_escape(&out, twice.s, twice.len, SHOWN_MAX);
	else
		text_escape(&out, line, strlen(line), SHOWN_MAX);
	strbuf_done(&once);
	strbuf_done(&twice);
	return strbuf_detach(&out);
}

static void add_error(struct makelog *l, const char *line)
{
	_cleanup_free_ char *text = shown(l, line);

	/* A header's error comes once for each file that includes it. */
	if (strv_has(&l->errors, text))
		return;
	if (l->nerrors++ < MAKELOG_ERRORS_MAX)
		strv_add(&l->errors, text);
}

void makelog_line(struct makelog *l, const char *line, size_t len)
{
	_cleanup_free_ char *s = xstrndup(line, len);

	if (is_object(s)) {
		l->objects++;
		return;
	}
	if (strstr(s, "No space left on device"))
		l->disk_full = true;
	if (is_error(s))
		add_error(l, s);
	else if (!l->stop && stop_reason(s))
		l->stop = shown(l, stop_reason(s));
}

const char *makelog_cause(const struct makelog *l)
{
	return l->errors.n ? l->errors.v[0] : l->stop;
}

void makelog_done(struct makelog *l)
{
	strv_done(&l->errors);
	free(l->stop);
	l->errors = (struct strv){0};
	l->stop = NULL;
}
