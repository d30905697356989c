// SPDX-License-Identifier: GPL-2.0-only
/* Which directory goes into the guest with a test file. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "run/needs.h"

/* dir is a home, or one lies below it. */
static bool holds_home(const char *dir, const char *home)
{
	_cleanup_free_ char *real = home && *home == '/' ? path_real(home, NULL) : NULL;

	/* Some accounts live in "/", and that says nothing of what is below it. */
	return real && strcmp(real, "/") != 0 && path_below(real, dir);
}

static bool holds_home_of(const char *dir, uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	return pw && holds_home(dir, pw->pw_dir);
}

/*
 * What no guest is to see all of. Whatever holds such a directory is one itself, so a walk upward
 * may end at the first.
 */
static bool too_much(const char *dir)
{
	static const char *const everyones[] = {"/", "/tmp", "/var", "/var/tmp", "/etc", "/run"};
	const char *sudo = getenv("SUDO_UID");
	int64_t uid;

	for (size_t i = 0; i < ARRAY_SIZE(everyones); i++)
		if (!strcmp(dir, everyones[i]))
			return true;
	if (holds_home(dir, getenv("HOME")) || holds_home(dir, "/root"))
		return true;
	if (holds_home_of(dir, geteuid()))
		return true;
	if (sudo && str_int(sudo, 0, UINT32_MAX, &uid) == 0 && holds_home_of(dir, (uid_t)uid))
		return true;
	/* /home, and the homes in it */
	return !strcmp(dir, "/home") || (str_starts(dir, "/home/") && !strchr(dir + 6, '/'));
}

static bool dir_has(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	return access(path, F_OK) == 0;
}

/* The parent of dir, cut off in place. */
static void go_up(char *dir)
{
	char *slash = strrchr(dir, '/');

	if (slash == dir)
		slash++;
	*slash = '\0';
}

/* A library beside its tests/: the directory that holds both. */
static void widen_to_library(char **dir)
{
	_cleanup_free_ char *up = xstrdup(*dir);

	go_up(up);
	if (dir_has(up, "lib") && !too_much(up))
		str_set(dir, up);
}

/* The nearest directory with .git and the topmost with test-libs.sh, from dir upward. */
static void look_upward(const char *dir, char **git, char **libs)
{
	_cleanup_free_ char *at = xstrdup(dir);

	for (; !too_much(at); go_up(at)) {
		if (!*git && dir_has(at, ".git"))
			*git = xstrdup(at);
		if (dir_has(at, "test-libs.sh"))
			str_set(libs, at);
	}
}

char *needs_tree(const char *path, struct err *err)
{
	_cleanup_free_ char *dir = path_real(path, err);
	char *git = NULL, *libs = NULL;

	if (!dir)
		return NULL;
	go_up(dir);
	if (too_much(dir)) {
		err_set(err, EPERM,
			"%s: a guest would see all of %s; put the test into a directory of its own",
			path, dir);
		return NULL;
	}
	look_upward(dir, &git, &libs);
	if (git) {
		free(libs);
		return git;
	}
	if (!libs)
		return xstrdup(dir);
	widen_to_library(&libs);
	return libs;
}
