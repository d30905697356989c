// SPDX-License-Identifier: GPL-2.0-only
/* Kconfig files, line for line. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "kbuild/kfile.h"

int kfile_malformed(const struct kfile *f, const char *what, struct err *err)
{
	return err_set(err, EINVAL, "%s:%d: %s", f->path, f->in.lineno, what);
}

static bool is_assignment(const struct kfile *f)
{
	return f->lex.token == KTOKEN_EQ || f->lex.token == KTOKEN_OTHER;
}

static int parse_line(struct kfile *f, const char *line, size_t len, struct err *err)
{
	const struct kstatement *s;

	if (++f->k->lines > KCONFIG_LINES_MAX)
		return kfile_malformed(f, "too many lines", err);
	klex_line(&f->lex, line, len);
	if (f->lex.token != KTOKEN_WORD)
		return 0;
	s = kstatement_find(f->lex.text.s);
	klex_next(&f->lex);
	return s && !is_assignment(f) ? s->run(f, s->arg, err) : 0;
}

static int parse_text(struct kfile *f, const char *text, size_t len, struct err *err)
{
	const char *line;
	int r = 0;

	f->in = (struct klines){.s = text, .end = text + len};
	f->lex.vars = f->k->vars;
	while (r == 0 && klines_next(&f->in, &line, &len))
		r = parse_line(f, line, len, err);
	if (r == 0 && *f->block != f->outer)
		r = kfile_malformed(f, "a block does not end with its file", err);
	klines_done(&f->in);
	klex_done(&f->lex);
	return r;
}

int kfile_parse(struct kconfig *k, const char *path, struct kblock **block, int depth,
		struct err *err)
{
	struct kfile f = {.k = k, .block = block, .outer = *block, .depth = depth};
	_cleanup_strbuf_ struct strbuf shown = {0};
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	text_escape(&shown, path, strlen(path), 200);
	f.path = arena_strn(&k->mem, shown.s ? shown.s : "", shown.len);
	if (depth > KCONFIG_DEPTH_MAX || ++k->files > KCONFIG_FILES_MAX)
		return err_set(err, ELOOP, "%s: too many files source one another", f.path);
	r = k->open(k->arg, path, &text, &len, err);
	return r < 0 ? r : parse_text(&f, text, len, err);
}

int kconfig_parse(struct kconfig *k, const char *path, struct err *err)
{
	struct kblock *block = NULL;

	return kfile_parse(k, path, &block, 0, err);
}
