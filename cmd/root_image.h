/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of root_image's commands. */
#ifndef CMD_ROOT_IMAGE_H
#define CMD_ROOT_IMAGE_H

#include "base/opt.h"
#include "run/settings.h"

/* The kinds of commands, as bits that say which of them take an option. */
enum {
	RI_MAKES = 1,	/* create, init */
	RI_CHANGES = 2, /* update, sync, update_files */
	RI_SHELL = 4,
	RI_LIST = 8,
};

struct root_image_options {
	char *arch, *image, *mirror, *suite;
	struct strv packages;
	bool minimal, verbose;
	uint64_t size;
	struct settings s; /* of guests that are needed */
};

extern const struct opt root_image_opts[];

#endif
