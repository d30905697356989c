// SPDX-License-Identifier: GPL-2.0-only
#include "image/ns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"

#define CHECK_MS   30000
#define REMOVE_MS  (10 * 60 * 1000)
#define OUTPUT_MAX (16 << 20)

void ns_words(bool root, struct strv *argv)
{
	const char *path = getenv("PATH");

	strv_add(argv, "unshare");
	if (!root)
		strv_addv(argv, "--user", "--map-auto", "--map-root-user", NULL);
	/* The first process takes all others with it when it is killed. */
	strv_addv(argv, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--", "env",
		  "LC_ALL=C", NULL);
	strv_addf(argv, "PATH=%s:/usr/sbin:/usr/bin:/sbin:/bin", path ? path : "");
}

int ns_run(const struct strv *argv, int64_t deadline_ms, struct strbuf *log, struct err *err)
{
	_cleanup_strv_ struct strv words = {0};
	struct proc_spec spec = PROC_SPEC(&words);
	struct proc_result res;
	int r;

	ns_words(geteuid() == 0, &words);
	strv_cat(&words, argv);
	r = proc_capture(&spec, deadline_ms, OUTPUT_MAX, &res, err);
	if (r < 0)
		return r;
	strbuf_add(log, res.out.s, res.out.len);
	strbuf_add(log, res.err.s, res.err.len);
	if (res.timed_out)
		r = err_set(err, ETIMEDOUT, "%s: no end after %lld minutes", argv->v[0],
			    (long long)(deadline_ms / 60000));
	else if (res.status || res.flooded)
		r = err_set(err, EIO, "%s failed", argv->v[0]);
	proc_result_done(&res);
	return r;
}

/* What unshare says first is the cause. */
static int explain(const char *said, struct err *err)
{
	int len = (int)strcspn(said, "\n");

	if (geteuid() == 0)
		return err_set(
			err, EPERM,
			"root may not mount here (%.*s): run it outside of the container, or "
			"give the container CAP_SYS_ADMIN",
			len, said);
	return err_set(err, EPERM,
		       "no user namespace to work in (%.*s): install newuidmap (Debian: uidmap), "
		       "have subordinate ids (usermod --add-subuids 100000-165535 --add-subgids "
		       "100000-165535 USER), allow user namespaces "
		       "(sysctl kernel.unprivileged_userns_clone, "
		       "kernel.apparmor_restrict_unprivileged_userns), or be root",
		       len, said);
}

int ns_check(struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_strbuf_ struct strbuf log = {0};

	strv_addv(&argv, "chown", "--version", NULL);
	if (ns_run(&argv, CHECK_MS, &log, err) == 0)
		return 0;
	return explain(log.len ? log.s : "unshare failed", err);
}

void ns_remove(const char *dir)
{
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_strbuf_ struct strbuf log = {0};

	strv_addv(&argv, "rm", "-rf", "--one-file-system", "--", dir, NULL);
	ns_run(&argv, REMOVE_MS, &log, NULL);
}
