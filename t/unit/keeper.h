/* SPDX-License-Identifier: GPL-2.0-only */
/* Unit tests that are also the keeper which their subject puts around. */
#ifndef T_UNIT_KEEPER_H
#define T_UNIT_KEEPER_H

#include "t/unit/unit.h"

#include "vm/sandbox.h"

/* The path of a keeper: this program by another name, for the main that calls unit_be_keeper(). */
static inline const char *unit_keeper(void)
{
	static char path[sizeof(unit_dir) + 8], exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	assert_true(n > 0);
	exe[n] = '\0';
	snprintf(path, sizeof(path), "%s/keeper", unit_dir);
	assert_true(symlink(exe, path) == 0 || errno == EEXIST);
	return path;
}

/* First of all in main: does not return when this is the keeper. */
static inline void unit_be_keeper(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct err err = {0};
	int r;

	if (argc < 2 || !slash || strcmp(slash + 1, "keeper") != 0)
		return;
	r = keeper_main(argv + 1, &err);
	if (r < 0)
		fprintf(stderr, "%s\n", err.msg);
	exit(r < 0 ? EXIT_CANNOT : r);
}

#endif
