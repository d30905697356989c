// SPDX-License-Identifier: GPL-2.0-only
#include "testy/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define FILE_MAX (64 << 20)

/* The length of path less trailing slashes and "/.". */
static size_t trimmed(const char *path)
{
	size_t n = strlen(path);

	for (;;) {
		if (n > 1 && path[n - 1] == '/')
			n--;
		else if (n > 1 && path[n - 1] == '.' && path[n - 2] == '/')
			n--;
		else
			return n;
	}
}

/* One name more on real, which is absolute and clean. */
static char *join(char *real, const char *name)
{
	char *joined;

	if (!strcmp(name, ".."))
		*(strrchr(real, '/') + (strrchr(real, '/') == real)) = '\0';
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return real;
	joined = xasprintf("%s/%s", strcmp(real, "/") != 0 ? real : "", name);
	free(real);
	return joined;
}

/* The longest directory above path that exists, resolved; *rest is what comes below it. */
static char *resolve_above(const char *path, const char **rest)
{
	_cleanup_free_ char *dir = xstrdup(path);
	char *real = NULL, *slash;

	while (!real && (slash = strrchr(dir, '/')) && slash != dir) {
		*slash = '\0';
		real = path_real(dir, NULL);
	}
	*rest = path + (real ? strlen(dir) : 0);
	return real ? real : xstrdup("/");
}

static char *resolve(const char *path)
{
	const char *rest;
	char *real = resolve_above(path, &rest);
	size_t n;

	for (; *rest; rest += n + (rest[n] == '/')) {
		n = strcspn(rest, "/");
		_cleanup_free_ char *name = xstrndup(rest, n);

		real = join(real, name);
	}
	return real;
}

char *testy_path(const char *dir, const char *path, bool follow)
{
	_cleanup_free_ char *full =
		dir && *path != '/' ? xasprintf("%s/%s", dir, path) : path_absolute(path);
	char *real, *to;

	full[trimmed(full)] = '\0';
	/* What a last ".." leads to depends on links. */
	if (!strcmp(path_base(full), "..") && (to = path_real(full, NULL)))
		return to;
	real = resolve(full);
	if (!follow || !path_is_dir(real) || !(to = path_real(real, NULL)))
		return real;
	free(real);
	return to;
}

const char *testy_path_below(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	if (n == 1)
		return path + 1;
	if (strncmp(dir, path, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return path + n + (path[n] == '/');
}

int testy_paths_read(const char *file, struct strv *paths, struct err *err)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	size_t len, n;
	int r;

	if (!strcmp(file, "-"))
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		r = errno;
		return err_usage(err, "-i %s: %s", file, strerror(r));
	}
	r = file_read_fd(fd, file, FILE_MAX, &text, &len, err);
	for (const char *s = text; r == 0 && s < text + len; s += n + 1) {
		n = strcspn(s, "\n");
		if (s + n < text + len && s[n] == '\0')
			return err_usage(err, "-i %s: a NUL byte; it is to have a path a line",
					 file);
		if (n)
			strv_addn(paths, s, n);
	}
	return r;
}
