// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/apt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"

#define UPDATE_MS   (15 * 60 * 1000)
#define DOWNLOAD_MS (120LL * 60 * 1000)
#define QUERY_MS    (5 * 60 * 1000)
#define OUTPUT_MAX  (16 << 20)

void apt_package_done(struct apt_package *p)
{
	free(p->name);
	free(p->version);
	strv_done(&p->depends);
	*p = (struct apt_package){0};
}

void apt_close(struct apt *apt)
{
	free(apt->dir);
	free(apt->conf);
	*apt = (struct apt){0};
}

/* What apt complains of first is the cause; its last line only sums up. */
static int failure(const struct proc_result *res, const char *program, struct err *err)
{
	const char *text = res->err.s, *e = strstr(text, "E: ");
	char word[64];
	size_t len;

	if (res->timed_out)
		return err_set(err, ETIMEDOUT, "%s takes too long", program);
	if (e)
		text = e + 3;
	len = strcspn(text, "\n");
	return err_set(err, EIO, "%s: %.*s", program, (int)(len < 800 ? len : 800),
		       len ? text : proc_status_str(res->status, word, sizeof(word)));
}

static int run(const struct strv *argv, const char *cwd, int64_t deadline_ms, struct strbuf *out,
	       struct err *err)
{
	struct proc_spec spec = PROC_SPEC(argv);
	struct proc_result res;
	int r;

	spec.cwd = cwd;
	r = proc_capture(&spec, deadline_ms, OUTPUT_MAX, &res, err);
	if (r < 0)
		return r;
	if (res.status || res.timed_out || res.flooded)
		r = failure(&res, argv->v[0], err);
	else if (out)
		strbuf_add(out, res.out.s, res.out.len);
	proc_result_done(&res);
	return r;
}

/* The hooks of the host's configuration would work on the host's own directories. */
static char *conf_text(const char *dir, const struct strv *archs)
{
	struct strbuf b = {0};

	strbuf_puts(&b, "#clear APT::Update::Pre-Invoke;\n"
			"#clear APT::Update::Post-Invoke;\n"
			"#clear APT::Update::Post-Invoke-Success;\n"
			"#clear APT::Architectures;\n");
	strbuf_addf(&b, "APT::Architecture \"%s\";\n", archs->v[0]);
	for (size_t i = 0; i < archs->n; i++)
		strbuf_addf(&b, "APT::Architectures:: \"%s\";\n", archs->v[i]);
	strbuf_addf(&b, "Dir::State \"%s/state\";\n", dir);
	strbuf_addf(&b, "Dir::State::status \"%s/status\";\n", dir);
	strbuf_addf(&b, "Dir::Cache \"%s/cache\";\n", dir);
	strbuf_addf(&b, "Dir::Log \"%s\";\n", dir);
	strbuf_addf(&b, "Dir::Etc::SourceList \"%s/sources.list\";\n", dir);
	strbuf_puts(&b, "Dir::Etc::SourceParts \"/dev/null\";\n"
			"Dir::Etc::Preferences \"/dev/null\";\n"
			"Dir::Etc::PreferencesParts \"/dev/null\";\n"
			"Acquire::Languages \"none\";\n"
			"Acquire::http::Timeout \"20\";\n"
			"Acquire::https::Timeout \"20\";\n"
			"Acquire::Retries \"1\";\n"
			"APT::Update::Error-Mode \"any\";\n");
	/* Root's apt would step down to a user who cannot write here. */
	if (geteuid() == 0)
		strbuf_puts(&b, "APT::Sandbox::User \"root\";\n");
	return strbuf_detach(&b);
}

static int make_dirs(const char *dir, struct err *err)
{
	static const char *const dirs[] = {"state/lists/partial", "cache/archives/partial"};
	_cleanup_free_ char *status = xasprintf("%s/status", dir);
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == 0; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, dirs[i]);

		r = mkdir_p(path, 0755, err);
	}
	return r < 0 ? r : file_write(status, "", 0, 0644, err);
}

int apt_open(struct apt *apt, const char *dir, const struct strv *archs, struct err *err)
{
	_cleanup_free_ char *text = conf_text(dir, archs);
	int r;

	if (strpbrk(dir, "\"\n"))
		return err_set(err, EINVAL, "%s: apt cannot work in a directory of that name", dir);
	r = make_dirs(dir, err);
	if (r < 0)
		return r;
	apt->dir = xstrdup(dir);
	apt->conf = xasprintf("%s/apt.conf", dir);
	return file_write(apt->conf, text, strlen(text), 0644, err);
}

int apt_update(const struct apt *apt, const char *sources, struct err *err)
{
	_cleanup_free_ char *list = xasprintf("%s/sources.list", apt->dir);
	_cleanup_strv_ struct strv argv = {0};
	int r = file_write(list, sources, strlen(sources), 0644, err);

	/* A mirror that takes connections and says nothing is waited for anew with each suite. */
	strv_addv(&argv, "apt-get", "-q", "-c", apt->conf, "-o", "Acquire::Retries=0", "-o",
		  "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10", "update", NULL);
	return r < 0 ? r : run(&argv, NULL, UPDATE_MS, NULL, err);
}

/* "a (>= 1) | b, c:any": a, c */
static void parse_depends(const char *s, struct strv *names)
{
	while (*s && *s != '\n') {
		size_t len;

		s += strspn(s, " ,");
		len = strcspn(s, " (|,:\n");
		if (len)
			strv_addn(names, s, len);
		s += strcspn(s, ",\n");
	}
}

static void parse_field(const char *line, struct apt_package *p)
{
	const char *colon = strchr(line, ':');
	const char *value = colon ? colon + 1 + strspn(colon + 1, " ") : NULL;

	if (!value)
		return;
	if (str_starts(line, "Package:") && !p->name)
		p->name = xstrndup(value, strcspn(value, "\n"));
	else if (str_starts(line, "Version:") && !p->version)
		p->version = xstrndup(value, strcspn(value, "\n"));
	else if (str_starts(line, "Size:"))
		p->size = strtoll(value, NULL, 10);
	else if (str_starts(line, "Depends:") || str_starts(line, "Pre-Depends:"))
		parse_depends(value, &p->depends);
}

int apt_parse_stanza(const char *text, struct apt_package *p)
{
	const char *line = text;

	*p = (struct apt_package){0};
	while (*line && *line != '\n') {
		parse_field(line, p);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	if (p->name && p->version)
		return 0;
	apt_package_done(p);
	return -EINVAL;
}

int apt_show(const struct apt *apt, const char *name, struct apt_package *p, struct err *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_strv_ struct strv argv = {0};
	int r;

	strv_addv(&argv, "apt-cache", "-q", "-c", apt->conf, "show", "--no-all-versions", name,
		  NULL);
	r = run(&argv, NULL, QUERY_MS, &out, err);
	if (r < 0 || !out.len || apt_parse_stanza(out.s, p) < 0)
		return err_set(err, ENOENT, "no package %s there", name);
	return 0;
}

int apt_missing(const struct apt *apt, const struct strv *names, struct strv *missing,
		struct err *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_strv_ struct strv argv = {0};
	int r;

	strv_addv(&argv, "apt-cache", "-q", "-c", apt->conf, "pkgnames", NULL);
	strbuf_putc(&out, '\n');
	r = run(&argv, NULL, QUERY_MS, &out, err);
	for (size_t i = 0; i < names->n && r == 0; i++) {
		_cleanup_free_ char *line = xasprintf("\n%s\n", names->v[i]);

		if (!strstr(out.s, line))
			strv_add(missing, names->v[i]);
	}
	return r;
}

int apt_download(const struct apt *apt, const struct strv *names, const char *to, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	strv_addv(&argv, "apt-get", "-q", "-c", apt->conf, "download", NULL);
	strv_cat(&argv, names);
	return run(&argv, to, DOWNLOAD_MS, NULL, err);
}

int apt_fetch(const struct apt *apt, const struct strv *words, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	strv_addv(&argv, "apt-get", "-q", "-c", apt->conf, "-y", "--download-only",
		  "--no-install-recommends", NULL);
	strv_cat(&argv, words);
	return run(&argv, NULL, DOWNLOAD_MS, NULL, err);
}

char *apt_host_mirror(const char *origin, const char *label)
{
	_cleanup_free_ char *want = xasprintf("%s|%s|http", origin, label);
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_strv_ struct strv argv = {0};
	const char *line;
	size_t len;

	strv_addv(&argv, "apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)",
		  "Created-By: Packages", NULL);
	if (run(&argv, NULL, QUERY_MS, &out, NULL) < 0 || !out.len)
		return NULL;
	for (line = out.s; *line; line += *line == '\n') {
		len = strcspn(line, "\n");
		if (str_starts(line, want)) {
			line += strlen(want) - 4;
			len = strcspn(line, "\n");
			return xstrndup(line, line[len - 1] == '/' ? len - 1 : len);
		}
		line += len;
	}
	return NULL;
}
