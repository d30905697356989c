/* SPDX-License-Identifier: GPL-2.0-only */
/* Root images that need a guest to be set up: image_guest_fn of image/image.h. */
#ifndef RUN_IMAGE_H
#define RUN_IMAGE_H

#include "image/image.h"
#include "run/settings.h"

/* arg is a struct settings: what to boot, and how; its output, root and network are not used. */
int image_guest(void *arg, const struct arch *arch, const char *dir, char **log, struct err *err);

#endif
