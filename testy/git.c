// SPDX-License-Identifier: GPL-2.0-only
#include "testy/git.h"

#include <string.h>

#include "base/file.h"
#include "base/proc.h"

#define GIT_MS 120000 /* a tree that is not in the page cache takes its time */

/*
 * git itself in dir, as far as the words are always the same: it writes nothing and runs no helper
 * program that a diff could have.
 */
static void git_argv(const char *dir, struct strv *argv)
{
	strv_addv(argv, "git", "--no-optional-locks", "--no-pager", "-C", dir, NULL);
}

/* A line that git prints. */
static int git_line(const char *dir, const char *const *words, struct strbuf *out, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	int r;

	git_argv(dir, &argv);
	for (; *words; words++)
		strv_add(&argv, *words);
	r = proc_run(&argv, GIT_MS, out, err);
	while (r == 0 && out->len && out->s[out->len - 1] == '\n')
		out->s[--out->len] = '\0';
	return r;
}

static int git_top(const char *dir, struct strbuf *top, struct err *err)
{
	static const char *const words[] = {"rev-parse", "--show-toplevel", NULL};

	if (git_line(dir, words, top, err) < 0) {
		err->usage = 1;
		return err_wrap(err, "no git tree in %s; name the changed files", dir);
	}
	if (top->len)
		return 0;
	return err_usage(err, "%s is in no work tree of git; name the changed files", dir);
}

/* Names separated by NUL, below top. */
static int git_names(const char *top, const char *const *words, struct strv *paths, struct err *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_strv_ struct strv argv = {0};
	size_t n;
	int r;

	git_argv(top, &argv);
	for (; *words; words++)
		strv_add(&argv, *words);
	r = proc_run(&argv, GIT_MS, &out, err);
	for (const char *s = out.s; r == 0 && s && s < out.s + out.len; s += n + 1) {
		n = strlen(s);
		/* A git tree inside that is no submodule ends in '/'. */
		strv_addf(paths, "%s/%.*s", top, (int)(n && s[n - 1] == '/' ? n - 1 : n), s);
	}
	return r;
}

/* Without looking for renames, one is a file that is gone and one that is new. */
#define DIFF "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-relative"

static int git_diff(const char *top, const char *rev, bool staged, struct strv *paths,
		    struct err *err)
{
	const char *words[] = {DIFF, rev ? rev : "--", rev ? "--" : NULL, NULL};
	const char *cached[] = {DIFF, "--cached", rev ? rev : "--", rev ? "--" : NULL, NULL};

	return git_names(top, staged ? cached : words, paths, err);
}

static int git_untracked(const char *top, struct strv *paths, struct err *err)
{
	/* What earlier runs wrote, kernels among it, is no change. */
	static const char *const words[] = {"ls-files",
					    "-z",
					    "--others",
					    "--exclude-standard",
					    "--exclude=testy-out/",
					    "--exclude=ktest-out/",
					    NULL};

	return git_names(top, words, paths, err);
}

/* The work tree against rev, NULL: against the index, and that against the last commit. */
static int git_work_tree(const char *top, const char *rev, struct strv *paths, struct err *err)
{
	int r = git_diff(top, rev, false, paths, err);

	if (r == 0)
		r = git_diff(top, rev, true, paths, err);
	return r < 0 ? r : git_untracked(top, paths, err);
}

int testy_git_uncommitted(const char *dir, struct strv *paths, struct err *err)
{
	_cleanup_strbuf_ struct strbuf top = {0};
	int r = git_top(dir, &top, err);

	return r < 0 ? r : git_work_tree(top.s, NULL, paths, err);
}

/* Where the branch left rev, or rev itself when they have nothing in common. */
static int find_base(const char *top, const char *rev, struct strbuf *base, struct err *err)
{
	_cleanup_free_ char *commit = xasprintf("%s^{commit}", rev);
	const char *const verify[] = {"rev-parse", "--verify", "--quiet", commit, NULL};
	_cleanup_strbuf_ struct strbuf known = {0};
	const char *const merge_base[] = {"merge-base", "HEAD", "", NULL};
	const char *words[ARRAY_SIZE(merge_base)];

	if (*rev == '-' || git_line(top, verify, &known, err) < 0)
		return err_usage(err, "--since %s: git knows no such revision", rev);
	memcpy(words, merge_base, sizeof(words));
	words[2] = known.s;
	if (git_line(top, words, base, NULL) < 0)
		strbuf_puts(base, known.s);
	return 0;
}

int testy_git_since(const char *dir, const char *rev, struct strv *paths, struct err *err)
{
	_cleanup_strbuf_ struct strbuf top = {0}, base = {0};
	int r = git_top(dir, &top, err);

	if (r == 0)
		r = find_base(top.s, rev, &base, err);
	return r < 0 ? r : git_work_tree(top.s, base.s, paths, err);
}

int testy_git_range(const char *dir, const char *range, struct strv *paths, struct err *err)
{
	_cleanup_strbuf_ struct strbuf top = {0};
	int r = git_top(dir, &top, err);

	if (r < 0)
		return r;
	if (*range == '-')
		return err_usage(err, "%s: no range of revisions", range);
	r = git_diff(top.s, range, false, paths, err);
	if (r < 0) {
		err->usage = 1;
		return err_wrap(err, "the changes of %s", range);
	}
	return 0;
}

bool testy_git_is_range(const char *arg)
{
	for (const char *s = arg, *end; *s; s = end + (*end == '/')) {
		size_t n = strcspn(s, "/");
		const char *dots = strstr(s, "..");

		end = s + n;
		if (dots && dots < end && !(n == 2 && dots == s))
			return true;
	}
	return false;
}
