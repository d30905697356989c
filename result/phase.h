/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's life outside of subtests, where a kernel can fail as well. Each part has a row of its
 * own among the subtests of a file, where something went wrong in it (doc/results.md).
 */
#ifndef RESULT_PHASE_H
#define RESULT_PHASE_H

enum phase {
	PHASE_NONE, /* a subtest's */
	PHASE_BOOT, /* until the init hooks begin */
	PHASE_INIT, /* until the first subtest begins */
	PHASE_END,  /* behind a subtest, where no other runs */
	PHASES,	    /* their number */
};

const char *phase_name(enum phase p);	      /* "boot"; NULL for none */
const char *phase_row(enum phase p);	      /* "(boot)"; NULL for none */
enum phase phase_find(const char *name);      /* by "boot"; NULL allowed */
enum phase phase_of_row(const char *subtest); /* by "(boot)" */

#endif
