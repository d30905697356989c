// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/formats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "report/junit.h"
#include "report/kcidb.h"
#include "report/ktap.h"

void formats_done(struct formats *f)
{
	free(f->junit);
	free(f->kcidb);
}

static int check_path(const char *option, const char *path, struct err *err)
{
	_cleanup_free_ char *dir = NULL;
	char *slash;

	if (!path || !strcmp(path, "-"))
		return 0;
	dir = xstrdup(path);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	if (access(slash ? dir : ".", W_OK) < 0)
		return err_errno(err, "%s: cannot write into the directory of %s", option, path);
	if (path_is_dir(path))
		return err_usage(err, "%s: %s is a directory", option, path);
	return 0;
}

int formats_check(const struct formats *f, struct err *err)
{
	int r = check_path("--junit", f->junit, err);

	return r < 0 ? r : check_path("--kcidb", f->kcidb, err);
}

int formats_put(const char *path, const char *text, size_t len, struct err *err)
{
	if (strcmp(path, "-") != 0)
		return file_put(path, text, len, err);
	fwrite(text, 1, len, stdout);
	return fflush(stdout) || ferror(stdout) ? err_errno(err, "standard output") : 0;
}

static int put_ktap(const struct result *r, struct err *err)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	report_ktap(r, &b);
	return formats_put("-", b.s, b.len, err);
}

static int put_junit(const char *path, int dir_fd, const struct result *r, struct err *err)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	report_junit(r, dir_fd, &b);
	return formats_put(path, b.s, b.len, err);
}

static int put_kcidb(const char *path, int dir_fd, const struct result *r, struct err *err)
{
	_cleanup_json_ json_t *o = report_kcidb(r, dir_fd);
	_cleanup_free_ char *text = json_dumps(o, JSON_INDENT(1));
	_cleanup_free_ char *line = xasprintf("%s\n", text);

	return formats_put(path, line, strlen(line), err);
}

int formats_write(const struct formats *f, int dir_fd, const struct result *r, struct err *err)
{
	struct err later = {0};
	int ret = 0;

	if (f->ktap)
		ret = put_ktap(r, err);
	if (f->junit)
		ret = put_junit(f->junit, dir_fd, r, ret < 0 ? &later : err) < 0 ? -EIO : ret;
	if (f->kcidb)
		ret = put_kcidb(f->kcidb, dir_fd, r, ret < 0 ? &later : err) < 0 ? -EIO : ret;
	return ret;
}
