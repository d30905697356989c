// SPDX-License-Identifier: GPL-2.0-only
/* From gcov.N directories to what gcov says of their data: coverage_add_run(). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "result/guestdir.h"
#include "run/coverage.h"

#define DEPTH_MAX  64
#define BATCH	   64 /* files a gcov */
#define GCOV_MS	   (10 * 60 * 1000)
#define OUTPUT_MAX (1ULL << 30)
#define WARN_MAX   5

/* The data files that have notes beside them. */
struct data {
	struct strv files;
	size_t without;
};

/* ---- what there is */

static void find_data(const char *dir, int depth, struct data *d);

static void visit(const char *dir, const struct dirent *de, int depth, struct data *d)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, de->d_name);
	_cleanup_free_ char *notes = NULL;

	if (de->d_type == DT_DIR && depth < DEPTH_MAX)
		find_data(path, depth + 1, d);
	if (de->d_type != DT_REG || !str_ends(path, ".gcda"))
		return;
	notes = xasprintf("%.*s.gcno", (int)strlen(path) - 5, path);
	if (path_readable(notes))
		strv_add(&d->files, path);
	else
		d->without++;
}

static void find_data(const char *dir, int depth, struct data *d)
{
	struct dirent **found = NULL;
	int n = scandir(dir, &found, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (strcmp(found[i]->d_name, ".") != 0 && strcmp(found[i]->d_name, "..") != 0 &&
		    strcmp(found[i]->d_name, GUESTDIR_METADATA) != 0)
			visit(dir, found[i], depth, d);
		free(found[i]);
	}
	free(found);
}

static int find_runs(const char *dir, struct data *d, struct err *err)
{
	struct dirent **found = NULL;
	int n = scandir(dir, &found, NULL, alphasort);

	if (n < 0)
		return err_errno(err, "%s", dir);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, found[i]->d_name);

		if (outdir_is_coverage(found[i]->d_name))
			find_data(path, 0, d);
		free(found[i]);
	}
	free(found);
	return 0;
}

/* ---- which gcov */

/*
 * GCC's notes begin with "gcno" and its version as a word of the machine's byte order: "B22*" is
 * 12.2 (gcc/gcov-io.h). clang writes that of an old GCC, "408*", for which gcov is none.
 */
static int read_version(const char *data, int *major, struct err *err)
{
	_cleanup_free_ char *notes = xasprintf("%.*s.gcno", (int)strlen(data) - 5, data);
	_cleanup_close_ int fd = open(notes, O_RDONLY | O_CLOEXEC);
	char head[8];

	if (fd < 0 || read(fd, head, sizeof(head)) != sizeof(head))
		return err_set(err, EBADMSG, "%s: cannot be read", notes);
	/* Little-endian, the letter is last. */
	if (!memcmp(head, "oncg", 4)) {
		char letter = head[7], digit = head[6];

		if (letter >= 'A' && letter <= 'Z' && digit >= '0' && digit <= '9') {
			*major = (letter - 'A') * 10 + digit - '0';
			return 0;
		}
	}
	return err_set(err, ENOTSUP,
		       "%s: not made by GCC 5 or newer (clang's notes are read by llvm-cov alone)",
		       notes);
}

static int choose_gcov(const char *program, const char *data, char **gcov, struct err *err)
{
	char name[32];
	int major = 0, r;

	if (program) {
		*gcov = find_program(program);
		return *gcov ? 0 : err_set(err, ENOENT, "no program %s", program);
	}
	r = read_version(data, &major, err);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "gcov-%d", major);
	*gcov = find_program(name);
	if (!*gcov)
		*gcov = find_program("gcov");
	if (*gcov)
		return 0;
	return err_set(err, ENOENT, "no gcov, which comes with GCC; the kernel was built by GCC %d",
		       major);
}

/* ---- asking it */

/* What it complains of is a file each; the first few are shown. */
static void warn(const struct strbuf *said, size_t *warned)
{
	const char *at = said->s, *nl;

	for (; at && *at; at = nl ? nl + 1 : NULL) {
		_cleanup_strbuf_ struct strbuf b = {0};

		nl = strchr(at, '\n');
		if (++*warned > WARN_MAX)
			continue;
		text_escape(&b, at, nl ? (size_t)(nl - at) : strlen(at), 300);
		log_warn("gcov: %s", b.s);
	}
}

static int ask(struct coverage *c, const char *gcov, const struct strv *files, size_t from,
	       size_t *warned, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	struct proc_result res;
	int r;

	strv_addv(&argv, gcov, "--json-format", "--stdout", NULL);
	for (size_t i = from; i < files->n && i < from + BATCH; i++)
		strv_add(&argv, files->v[i]);
	/* It looks for sources, and may write beside them: not in the user's directory. */
	spec.cwd = "/";
	r = proc_capture(&spec, GCOV_MS, OUTPUT_MAX, &res, err);
	if (r < 0)
		return r;
	warn(&res.err, warned);
	if (res.timed_out || res.flooded || res.status)
		r = err_set(err, EIO,
			    "%s failed; is it of the compiler that built the kernel? (--gcov)",
			    gcov);
	else
		r = coverage_add_json(c, res.out.s, res.out.len, err);
	proc_result_done(&res);
	return r;
}

static int ask_all(struct coverage *c, const char *program, const struct data *d, struct err *err)
{
	_cleanup_free_ char *gcov = NULL;
	size_t warned = 0;
	int r = choose_gcov(program, d->files.n ? d->files.v[0] : "", &gcov, err);

	for (size_t i = 0; i < d->files.n && r == 0; i += BATCH)
		r = ask(c, gcov, &d->files, i, &warned, err);
	if (warned > WARN_MAX)
		log_warn("gcov: %zu complaints in all", warned);
	return r;
}

int coverage_add_run(struct coverage *c, const char *dir, const char *program, struct err *err)
{
	_cleanup_free_ char *real = path_real(dir, err);
	struct data d = {0};
	int r = real ? find_runs(real, &d, err) : err->code;

	if (r == 0 && d.without)
		log_warn("%s: %zu data files have no notes (.gcno) beside them", dir, d.without);
	if (r == 0 && !d.files.n)
		r = err_set(err, ENOENT,
			    "%s: no coverage there; it takes a kernel with CONFIG_GCOV_KERNEL",
			    dir);
	if (r == 0)
		r = ask_all(c, program, &d, err);
	strv_done(&d.files);
	return r;
}
