// SPDX-License-Identifier: GPL-2.0-only
#include "report/coverpage.h"

#include <inttypes.h>
#include <string.h>

static const char style[] =
	"body{font:14px sans-serif;margin:1em 2em;color:#222;background:#fff}"
	"table{border-collapse:collapse}td,th{padding:2px 8px;text-align:right}"
	"td:first-child,th:first-child{text-align:left}tr:hover{background:#eef}"
	"meter{width:8em}a{color:#036;text-decoration:none}"
	"pre{font:13px monospace;line-height:1.35;tab-size:8}"
	"pre span{display:block}pre span:target{outline:2px solid #36c}"
	".h{background:#dfd}.m{background:#fdd}.n{color:#666}";

/* ---- pieces */

/* Whatever is no text of ours: source lines and names may hold any byte. */
static void put_text(FILE *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else if (c >= ' ' || c == '\t')
			fputc(c, out);
		else
			fputc('?', out);
	}
}

static void head(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>", out);
	put_text(out, title, strlen(title));
	fprintf(out, "</title><style>%s</style></head><body>\n<h1>", style);
	put_text(out, title, strlen(title));
	fputs("</h1>\n", out);
}

static void foot(FILE *out)
{
	fputs("</body></html>\n", out);
}

static double percent(size_t part, size_t all)
{
	return all ? 100.0 * (double)part / (double)all : 100;
}

static void put_cells(FILE *out, const struct coverage_sum *s)
{
	fprintf(out,
		"<td><meter max=\"100\" low=\"50\" high=\"75\" optimum=\"100\" value=\"%.1f\">"
		"</meter></td><td>%.1f %%</td><td>%zu / %zu</td><td>%.1f %%</td><td>%zu / %zu</td>",
		percent(s->lines_hit, s->lines), percent(s->lines_hit, s->lines), s->lines_hit,
		s->lines, percent(s->functions_hit, s->functions), s->functions_hit, s->functions);
}

static const char columns[] =
	"<th></th><th colspan=\"2\">lines</th><th colspan=\"2\">functions</th>";

/* ---- the list */

/* The directory that all have in common is said once. */
static size_t common_prefix(const struct coverage *c)
{
	size_t n = c->n ? strlen(c->files[0].path) : 0;

	for (size_t i = 1; i < c->n; i++) {
		size_t k = 0;

		while (k < n && c->files[i].path[k] == c->files[0].path[k])
			k++;
		n = k;
	}
	while (n && c->files[0].path[n - 1] != '/')
		n--;
	return n;
}

void coverpage_index(FILE *out, const struct coverage *c)
{
	size_t skip = common_prefix(c);
	struct coverage_sum all = {0};

	for (size_t i = 0; i < c->n; i++)
		coverage_count(&c->files[i], &all);
	head(out, "Coverage");
	fprintf(out, "<table>\n<tr><th>");
	put_text(out, c->n ? c->files[0].path : "", skip);
	fprintf(out, "</th>%s</tr>\n<tr><td><b>%zu files</b></td>", columns, c->n);
	put_cells(out, &all);
	fputs("</tr>\n", out);
	for (size_t i = 0; i < c->n; i++) {
		struct coverage_sum one = {0};

		coverage_count(&c->files[i], &one);
		fprintf(out, "<tr><td><a href=\"%zu.html\">", i);
		put_text(out, c->files[i].path + skip, strlen(c->files[i].path + skip));
		fputs("</a></td>", out);
		put_cells(out, &one);
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
	foot(out);
}

/* ---- a file */

static void put_functions(FILE *out, const struct coverage_file *f)
{
	fputs("<details><summary>functions</summary><table>\n", out);
	for (size_t i = 0; i < f->nfunctions; i++) {
		const struct coverage_function *fn = &f->functions[i];

		fprintf(out, "<tr class=\"%s\"><td><a href=\"#L%" PRId64 "\">",
			fn->hits ? "h" : "m", fn->line);
		put_text(out, fn->name, strlen(fn->name));
		fprintf(out, "</a></td><td>%" PRId64 "</td></tr>\n", fn->hits);
	}
	fputs("</table></details>\n", out);
}

static void put_line(FILE *out, size_t nr, int64_t hits, const char *text, size_t len)
{
	const char *class = hits > 0 ? " class=\"h\"" : hits == 0 ? " class=\"m\"" : "";

	fprintf(out, "<span id=\"L%zu\"%s><span class=\"n\" style=\"display:inline\">%6zu ", nr,
		class, nr);
	if (hits >= 0)
		fprintf(out, "%10" PRId64 "</span> ", hits);
	else
		fprintf(out, "%10s</span> ", "");
	put_text(out, text, len);
	fputs("</span>", out);
}

static int64_t hits_of(const struct coverage_file *f, size_t line)
{
	return line < f->nlines ? f->hits[line] : COVERAGE_NO_CODE;
}

static void put_source(FILE *out, const struct coverage_file *f, const char *source)
{
	size_t nr = 1, len;

	for (; *source; source += len + (source[len] == '\n'), nr++) {
		len = strcspn(source, "\n");
		put_line(out, nr, hits_of(f, nr), source, len);
	}
}

void coverpage_file(FILE *out, const struct coverage_file *f, const char *source)
{
	struct coverage_sum sum = {0};

	coverage_count(f, &sum);
	head(out, f->path);
	fprintf(out,
		"<p><a href=\"index.html\">all "
		"files</a></p><table><tr><td></td>%s</tr><tr><td></td>",
		columns);
	put_cells(out, &sum);
	fputs("</tr></table>\n", out);
	put_functions(out, f);
	fputs("<pre>", out);
	if (source)
		put_source(out, f, source);
	for (size_t i = 0; !source && i < f->nlines; i++)
		if (f->hits[i] >= 0)
			put_line(out, i, f->hits[i], "", 0);
	fputs("</pre>\n", out);
	foot(out);
}
