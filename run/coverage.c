// SPDX-License-Identifier: GPL-2.0-only
#include "run/coverage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

#define LINES_MAX 200000   /* of a source file */
#define TOTAL_MAX 40000000 /* of all: what a kernel has, twice */

static void file_done(struct coverage_file *f)
{
	for (size_t i = 0; i < f->nfunctions; i++)
		free(f->functions[i].name);
	free(f->functions);
	free(f->hits);
	free(f->path);
	json_decref(f->names);
}

void coverage_done(struct coverage *c)
{
	for (size_t i = 0; i < c->n; i++)
		file_done(&c->files[i]);
	free(c->files);
	json_decref(c->paths);
	*c = (struct coverage){0};
}

/* ---- finding and adding */

static size_t index_of(json_t *index, const char *key, size_t otherwise)
{
	size_t at = (size_t)json_get_int(index, key, (int64_t)otherwise);

	if (at == otherwise)
		json_object_set_new(index, key, json_integer((json_int_t)otherwise));
	return at;
}

static struct coverage_file *get_file(struct coverage *c, const char *path)
{
	size_t at;

	if (!c->paths)
		c->paths = json_object();
	at = index_of(c->paths, path, c->n);
	if (at == c->n) {
		c->files = xrealloc(c->files, (c->n + 1) * sizeof(*c->files));
		c->files[c->n++] = (struct coverage_file){
			.path = xstrdup(path),
			.names = json_object(),
		};
	}
	return &c->files[at];
}

static int64_t sum_of(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static void add_line(struct coverage *c, struct coverage_file *f, size_t line, int64_t hits)
{
	if (line >= f->nlines) {
		size_t n = line + 1 + line / 2;

		if (c->total + n > TOTAL_MAX)
			return;
		c->total += n - f->nlines;
		f->hits = xrealloc(f->hits, n * sizeof(*f->hits));
		for (size_t i = f->nlines; i < n; i++)
			f->hits[i] = COVERAGE_NO_CODE;
		f->nlines = n;
	}
	f->hits[line] = f->hits[line] < 0 ? hits : sum_of(f->hits[line], hits);
}

static void add_function(struct coverage_file *f, const char *name, int64_t line, int64_t hits)
{
	_cleanup_free_ char *key = xasprintf("%s:%lld", name, (long long)line);
	size_t at = index_of(f->names, key, f->nfunctions);

	if (at == f->nfunctions) {
		f->functions = xrealloc(f->functions, (at + 1) * sizeof(*f->functions));
		f->functions[f->nfunctions++] =
			(struct coverage_function){.name = xstrdup(name), .line = line};
	}
	f->functions[at].hits = sum_of(f->functions[at].hits, hits);
}

/* ---- what gcov says */

/* The absolute path without "." and "..": sources are named as the compiler was told. */
static char *clean_path(const char *dir, const char *name)
{
	_cleanup_free_ char *whole = *name == '/' ? xstrdup(name) : xasprintf("%s/%s", dir, name);
	struct strbuf out = {0};
	char *save = NULL;

	strbuf_puts(&out, "");
	for (char *p = strtok_r(whole, "/", &save); p; p = strtok_r(NULL, "/", &save)) {
		char *last = out.len ? strrchr(out.s, '/') : NULL;

		if (!strcmp(p, "."))
			continue;
		if (strcmp(p, "..") != 0)
			strbuf_addf(&out, "/%s", p);
		else if (last)
			out.s[out.len = (size_t)(last - out.s)] = '\0';
	}
	return strbuf_detach(&out);
}

/*
 * Where a source is: named from the directory that the compiler ran in, or, by kernels that cut
 * their own path off names (-ffile-prefix-map), from the source tree, which "source" there links.
 */
static char *source_path(const char *dir, const char *name)
{
	char *path = clean_path(dir, name), *real;
	_cleanup_free_ char *below = NULL;

	if (*name == '/' || path_exists(path))
		return path;
	below = xasprintf("%s/source/%s", dir, name);
	real = path_real(below, NULL);
	if (!real)
		return path;
	free(path);
	return real;
}

/* A name that can stand in a line of a tracefile; NULL: none. */
static const char *get_name(const json_t *o, const char *key)
{
	const char *name = json_get_str(o, key);

	for (const char *c = name; c && *c; c++)
		if ((unsigned char)*c < ' ')
			return NULL;
	return name;
}

static int64_t get_count(const json_t *o, const char *key)
{
	int64_t n = json_get_int(o, key, -1);

	return n < 0 ? 0 : n;
}

static void take_file(struct coverage *c, const char *dir, const json_t *file)
{
	const json_t *lines = json_object_get(file, "lines");
	const json_t *functions = json_object_get(file, "functions");
	const char *name = get_name(file, "file");
	_cleanup_free_ char *path = name ? source_path(dir, name) : NULL;
	struct coverage_file *f;
	const json_t *o;
	size_t i;

	if (!path || !*path)
		return;
	f = get_file(c, path);
	json_array_foreach (lines, i, o) {
		int64_t line = json_get_int(o, "line_number", 0);

		if (line > 0 && line < LINES_MAX)
			add_line(c, f, (size_t)line, get_count(o, "count"));
	}
	json_array_foreach (functions, i, o)
		if (get_name(o, "name"))
			add_function(f, get_name(o, "name"), get_count(o, "start_line"),
				     get_count(o, "execution_count"));
}

static int check_total(const struct coverage *c, struct err *err)
{
	if (c->total + LINES_MAX * 2 < TOTAL_MAX)
		return 0;
	return err_set(err, EFBIG, "gcov: sources of more than %d lines in all", TOTAL_MAX);
}

static int take_object(struct coverage *c, const char *text, size_t len, size_t nr, struct err *err)
{
	json_error_t je;
	_cleanup_json_ json_t *o = json_loadb(text, len, 0, &je);
	const char *version = json_get_str(o, "format_version");
	const char *dir = get_name(o, "current_working_directory");
	const json_t *file;
	size_t i;

	if (!o)
		return err_set(err, EBADMSG, "gcov: line %zu: %s", nr, je.text);
	if (!version || (strcmp(version, "1") != 0 && strcmp(version, "2") != 0))
		return err_set(err, EBADMSG, "gcov: line %zu: its format is '%.20s', not 1 or 2",
			       nr, version ? version : "");
	json_array_foreach (json_object_get(o, "files"), i, file)
		take_file(c, dir ? dir : "/", file);
	return check_total(c, err);
}

int coverage_add_json(struct coverage *c, const char *text, size_t len, struct err *err)
{
	const char *end = text + len, *nl;
	int r = 0;

	for (size_t nr = 1; text < end && r == 0; nr++, text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		nl = nl ? nl : end;
		if (nl > text)
			r = take_object(c, text, (size_t)(nl - text), nr, err);
	}
	return r;
}

/* ---- in the end */

static int by_path(const void *a, const void *b)
{
	const struct coverage_file *fa = a, *fb = b;

	return strcmp(fa->path, fb->path);
}

void coverage_sort(struct coverage *c)
{
	if (c->n)
		qsort(c->files, c->n, sizeof(*c->files), by_path);
	json_decref(c->paths);
	c->paths = json_object();
	for (size_t i = 0; i < c->n; i++)
		json_object_set_new(c->paths, c->files[i].path, json_integer((json_int_t)i));
}

void coverage_count(const struct coverage_file *f, struct coverage_sum *sum)
{
	for (size_t i = 0; i < f->nlines; i++) {
		sum->lines += f->hits[i] >= 0;
		sum->lines_hit += f->hits[i] > 0;
	}
	for (size_t i = 0; i < f->nfunctions; i++) {
		sum->functions++;
		sum->functions_hit += f->functions[i].hits > 0;
	}
}
