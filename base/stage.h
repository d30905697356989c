/* SPDX-License-Identifier: GPL-2.0-only */
/* Where something is made ready, beside the place that it is for: nobody meets it half done there,
 * and what a killed process left goes at the next use. */
#ifndef BASE_STAGE_H
#define BASE_STAGE_H

#include "base/err.h"

/* Remove of a stage what its owner cannot: what is left then goes by rm_rf(). */
typedef void stage_remove_fn(const char *dir);

/* A directory PLACE/.ktest.XXXXXX; it vanishes with its process. */
struct stage {
	char *place;
	char *dir;
	int fd;			 /* holds the lock that says the stage is alive */
	stage_remove_fn *remove; /* NULL: there is nothing that rm_rf() cannot remove */
};

#define STAGE_INIT       \
	{                \
		.fd = -1 \
	}

/* Make place and a stage in it, after removing those that no process owns any more. */
int stage_open(const char *place, struct stage *st, struct err *err);
void stage_close(struct stage *st); /* removes it */
#define _cleanup_stage_ __attribute__((cleanup(stage_close)))

/* Move the directory or file ready, in the stage, to PLACE/NAME, in place of what is there. *path
 * is where it lies; the caller frees it. */
int stage_publish(const struct stage *st, const char *ready, const char *name, char **path,
		  struct err *err);

/* Remove the stages that no process owns. */
void stage_sweep(const char *place, stage_remove_fn *remove);

#endif
