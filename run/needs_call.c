// SPDX-License-Identifier: GPL-2.0-only
#include "run/needs_call.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "base/text.h"
#include "run/needs_orphans.h"
#include "run/needs_sandbox.h"
#include "run/testenv.h"
#include "kernel/arch.h"

#define DEADLINE_MS 30000
#define OUTPUT_MAX  (1 << 20)
/* Enough for the temporary files of a here-document, too little to fill a disk by mistake. */
#define LIMIT_FSIZE (16ULL << 20)

/* Without links, which the sandbox may lack; the caller frees it. */
static char *find_deps(const struct needs_limits *limits)
{
	const char *env = getenv("ktest_deps_dir");
	_cleanup_free_ char *home = path_home(".ktest/deps");
	const char *deps = limits->deps_dir ? limits->deps_dir : env && *env ? env : home;
	char *real = path_real(deps, NULL);

	return real ? real : xstrdup(deps);
}

/* No more than a file can have a use for: the user's environment may hold secrets. */
static void make_env(const char *library, const char *deps, int64_t priority,
		     const struct needs_limits *limits, struct strv *env)
{
	const struct arch *host = arch_host();

	testenv_keep(env, "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
	testenv_keep(env, "HOME", "/");
	testenv_keep(env, "USER", NULL);
	testenv_keep(env, "CC", NULL);
	strv_add(env, "LC_ALL=C");
	strv_add(env, "TMPDIR=/tmp");
	strv_addf(env, "ktest_priority=%" PRId64, priority);
	strv_addf(env, "ktest_dir=%s", library);
	if (limits->arch)
		strv_addf(env, "ktest_arch=%s", limits->arch);
	else
		testenv_keep(env, "ktest_arch", host ? host->name : NULL);
	if (limits->variants && limits->variants->n) {
		_cleanup_free_ char *names = strv_join(limits->variants, " ");

		strv_addf(env, "ktest_variant=%s", names);
	}
	strv_addf(env, "ktest_deps_dir=%s", deps);
}

/* ---- how it ended */

/* The last line of text that is not blank, shown in at most max columns. */
static void last_line(const struct strbuf *text, size_t max, struct strbuf *shown)
{
	size_t end = text->len, start;

	while (end && strchr(" \t\r\n", text->s[end - 1]) && text->s[end - 1])
		end--;
	for (start = end; start && text->s[start - 1] != '\n';)
		start--;
	if (end > start)
		text_escape(shown, text->s + start, end - start, max);
}

/*
 * bash's message on text it cannot parse, "FILE: line N: ...", the file left out when it is the one
 * asked; what follows on stderr only quotes the line.
 */
static bool syntax_error(const struct strbuf *text, const char *path, struct strbuf *shown)
{
	static const char *const signs[] = {": syntax error", ": unexpected EOF while looking for"};
	_cleanup_free_ char *copy = xstrndup(text->s, text->len);
	char *save = NULL;

	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!strstr(l, signs[0]) && !strstr(l, signs[1]))
			continue;
		if (str_starts(l, path) && str_starts(l + strlen(path), ": "))
			l += strlen(path) + 2;
		text_escape(shown, l, strlen(l), 200);
		return true;
	}
	return false;
}

/* bwrap tells of a child's signal by the exit status that a shell would give it. */
static int signal_of(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	return WEXITSTATUS(status) > 128 && WEXITSTATUS(status) <= 128 + SIGSYS
		       ? WEXITSTATUS(status) - 128
		       : 0;
}

static int judge(const struct proc_result *res, const char *call, const char *path,
		 int64_t deadline_ms, size_t max_output, struct err *err)
{
	_cleanup_strbuf_ struct strbuf said = {0};

	if (res->flooded)
		return err_set(err, EFBIG, "'%s' printed more than %zu bytes", call, max_output);
	if (res->timed_out)
		return err_set(err, ETIMEDOUT, "'%s' did not end within %" PRId64 ".%" PRId64 " s",
			       call, deadline_ms / 1000, deadline_ms % 1000 / 100);
	if (res->status == 0)
		return 0;
	if (syntax_error(&res->err, path, &said))
		return err_set(err, EINVAL, "%s", said.s);
	last_line(&res->err, 300, &said);
	if (signal_of(res->status))
		return err_set(err, EIO, "'%s' was killed by %s%s%s", call,
			       signal_name(signal_of(res->status)), said.len ? ": " : "",
			       said.len ? said.s : "");
	return err_set(err, EIO, "'%s' failed with exit status %d%s%s", call,
		       WEXITSTATUS(res->status), said.len ? ": " : "",
		       said.len ? said.s : ", and no word why");
}

/*
 * A misspelt declaration is a command that bash does not find, and the file goes on without it.
 * Other libraries may look for programs that are not there; with ours it is a mistake.
 */
static int check_declarations(const struct proc_result *res, struct err *err)
{
	static const char lost[] = ": command not found";
	const char *end = strstr(res->err.s, lost), *start = end;
	_cleanup_strbuf_ struct strbuf said = {0};

	if (!end || !strstr(res->out.s, "ktest_library=1"))
		return 0;
	while (start > res->err.s && start[-1] != '\n')
		start--;
	text_escape(&said, start, (size_t)(end - start), 200);
	return err_set(err, EINVAL, "%s: no such declaration or command", said.s);
}

static int capture(struct proc_spec *spec, bool sandboxed, int64_t deadline_ms, size_t max_output,
		   struct proc_result *res, struct err *err)
{
	struct orphans orphans;
	int r;

	if (sandboxed)
		return proc_capture(spec, deadline_ms, max_output, res, err);
	orphans_begin(&orphans);
	r = proc_capture(spec, deadline_ms, max_output, res, err);
	orphans_end(&orphans);
	return r;
}

int needs_call(const struct needs *n, const char *library, const char *call, int64_t priority,
	       const struct needs_limits *limits, struct strbuf *out, struct err *err)
{
	int64_t deadline_ms = limits->deadline_ms ? limits->deadline_ms : DEADLINE_MS;
	size_t max_output = limits->max_output ? limits->max_output : OUTPUT_MAX;
	_cleanup_free_ char *runner = xasprintf("%s/lib/run-host.sh", library);
	_cleanup_free_ char *dir = xstrdup(n->path), *deps = find_deps(limits);
	_cleanup_strv_ struct strv argv = {0}, env = {0};
	struct proc_spec spec = PROC_SPEC(&argv);
	_cleanup_close_ int filter = -1;
	int r, sandboxed = needs_sandbox(n, library, deps, limits, &argv, &filter, err);
	struct proc_result res;

	if (sandboxed < 0)
		return sandboxed;
	if (!sandboxed && limits->keeper)
		strv_add(&argv, limits->keeper);
	strv_addv(&argv, "bash", runner, n->path, call, NULL);
	make_env(library, deps, priority, limits, &env);
	spec.env = env.v;
	if (filter >= 0)
		spec.fds[spec.nfds++] = filter;
	spec.cwd = sandboxed ? NULL : dirname(dir);
	spec.limit_fsize = LIMIT_FSIZE;
	r = capture(&spec, sandboxed, deadline_ms, max_output, &res, err);
	if (r < 0)
		return r;
	r = judge(&res, call, n->path, deadline_ms, max_output, err);
	if (r == 0)
		r = check_declarations(&res, err);
	if (r == 0)
		strbuf_add(out, res.out.s, res.out.len);
	proc_result_done(&res);
	return r;
}
