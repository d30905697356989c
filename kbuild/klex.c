// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/klex.h"

#include <ctype.h>
#include <string.h>

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_-./", c));
}

/* Where the macro at s ends, which begins with "$(": behind its own parenthesis. */
static const char *macro_end(const char *s, const char *end)
{
	int depth = 0;

	for (s++; s < end; s++) {
		if (*s == '(')
			depth++;
		else if (*s == ')' && --depth == 0)
			return s + 1;
	}
	return end;
}

static const char *variable(const struct klex *l, const char *name, size_t len)
{
	for (const struct kvar *v = l->vars; v && v->name; v++)
		if (strlen(v->name) == len && !memcmp(v->name, name, len))
			return v->value;
	return NULL;
}

/* The macro at l->s, replaced if it is a variable that we know. */
static void take_macro(struct klex *l)
{
	const char *end = macro_end(l->s, l->end);
	const char *value = NULL;

	if (end > l->s + 3 && end[-1] == ')')
		value = variable(l, l->s + 2, (size_t)(end - l->s) - 3);
	if (value) {
		strbuf_puts(&l->text, value);
	} else {
		strbuf_add(&l->text, l->s, (size_t)(end - l->s));
		l->token = KTOKEN_MACRO;
	}
	l->s = end;
}

static bool at_macro(const struct klex *l)
{
	return l->end - l->s >= 2 && l->s[0] == '$' && l->s[1] == '(';
}

static void take_word(struct klex *l)
{
	l->token = KTOKEN_WORD;
	while (l->s < l->end) {
		if (at_macro(l))
			take_macro(l);
		else if (is_word(*l->s))
			strbuf_putc(&l->text, *l->s++);
		else
			break;
	}
}

/* A quote that is not closed ends with the line. */
static void take_quoted(struct klex *l)
{
	char quote = *l->s++;

	l->token = KTOKEN_QUOTED;
	while (l->s < l->end && *l->s != quote) {
		if (at_macro(l)) {
			take_macro(l);
			continue;
		}
		if (*l->s == '\\' && l->s + 1 < l->end)
			l->s++;
		strbuf_putc(&l->text, *l->s++);
	}
	l->s += l->s < l->end ? 1 : 0;
}

static const struct {
	const char *text;
	enum ktoken token;
} operators[] = {
	{"||", KTOKEN_OR}, {"&&", KTOKEN_AND}, {"!=", KTOKEN_NE},   {"<=", KTOKEN_LE},
	{">=", KTOKEN_GE}, {"!", KTOKEN_NOT},  {"=", KTOKEN_EQ},    {"<", KTOKEN_LT},
	{">", KTOKEN_GT},  {"(", KTOKEN_OPEN}, {")", KTOKEN_CLOSE},
};

static void take_operator(struct klex *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		size_t n = strlen(operators[i].text);

		if ((size_t)(l->end - l->s) >= n && !memcmp(l->s, operators[i].text, n)) {
			l->token = operators[i].token;
			l->s += n;
			return;
		}
	}
	l->token = KTOKEN_OTHER;
	l->s++;
}

void klex_next(struct klex *l)
{
	strbuf_reset(&l->text);
	strbuf_reserve(&l->text, 1);
	while (l->s < l->end && (*l->s == ' ' || *l->s == '\t' || *l->s == '\r'))
		l->s++;
	if (l->s == l->end || *l->s == '#')
		l->token = KTOKEN_END;
	else if (*l->s == '"' || *l->s == '\'')
		take_quoted(l);
	else if (is_word(*l->s) || at_macro(l))
		take_word(l);
	else
		take_operator(l);
}

void klex_line(struct klex *l, const char *s, size_t len)
{
	l->s = s;
	l->end = s + len;
	klex_next(l);
}

bool klex_is(const struct klex *l, const char *word)
{
	return l->token == KTOKEN_WORD && !strcmp(l->text.s, word);
}

void klex_done(struct klex *l)
{
	strbuf_done(&l->text);
}

static void raw_line(struct klines *in, const char **line, size_t *len)
{
	const char *nl = memchr(in->s, '\n', (size_t)(in->end - in->s));

	*line = in->s;
	*len = (size_t)((nl ? nl : in->end) - in->s);
	in->s = nl ? nl + 1 : in->end;
}

static bool goes_on(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	return len && line[len - 1] == '\\' && line[i] != '#';
}

bool klines_next(struct klines *in, const char **line, size_t *len)
{
	int more = 0;

	if (in->s == in->end)
		return false;
	raw_line(in, line, len);
	in->lineno++;
	strbuf_reset(&in->joined);
	while (goes_on(*line, *len) && in->s < in->end) {
		strbuf_add(&in->joined, *line, *len - 1);
		raw_line(in, line, len);
		more++;
	}
	if (more) {
		strbuf_add(&in->joined, *line, *len);
		*line = in->joined.s;
		*len = in->joined.len;
	}
	in->lineno += more;
	return true;
}

/* In columns, tabs being 8 wide; -1 for a blank line. */
static int indentation(const char *s, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\t')
			n = n / 8 * 8 + 8;
		else if (s[i] == ' ')
			n++;
		else if (s[i] != '\r')
			return n;
	}
	return -1;
}

void klines_skip_help(struct klines *in)
{
	int first = -1;

	while (in->s < in->end) {
		const char *back = in->s, *line;
		size_t len;
		int n;

		raw_line(in, &line, &len);
		n = indentation(line, len);
		if (n == 0 || (n > 0 && n < first)) {
			in->s = back;
			return;
		}
		if (first < 0)
			first = n;
		in->lineno++;
	}
}

void klines_done(struct klines *in)
{
	strbuf_done(&in->joined);
}
