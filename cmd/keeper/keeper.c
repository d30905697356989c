// SPDX-License-Identifier: GPL-2.0-only
/*
 * keeper PROGRAM ARG...: what sandboxes run under; not for people. A program of its own, since one
 * starts with each guest, and loading ktest's libraries takes twenty times as long.
 */
#include <stdio.h>

#include "vm/sandbox.h"

int main(int argc, char **argv)
{
	struct err err = {0};
	int r;

	if (argc < 2) {
		fprintf(stderr, "usage: keeper PROGRAM ARG...\n");
		return EXIT_USAGE;
	}
	r = keeper_main(argv + 1, &err);
	if (r >= 0)
		return r;
	fprintf(stderr, "ktest: %s\n", err.msg);
	return EXIT_CANNOT;
}
