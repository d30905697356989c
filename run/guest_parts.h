/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of guest.h share; for no one else. */
#ifndef RUN_GUEST_PARTS_H
#define RUN_GUEST_PARTS_H

#include "run/guest.h"

/* Where it finds the directory that its kernel was built in. */
#define GUEST_BUILD "/host/.build"

/* The test file as it was when the run began, where the guest does not see a copy of its tree. */
#define GUEST_TEST "/host/.test"

/* In a guest with images of what it reads: where the rest is mounted. */
#define GUEST_SHARE "/host/.share"

/* Whether it reads the host's files from images. */
static inline bool guest_is_packed(const struct guest *g)
{
	return g->saved && g->saved->point == TEMPLATE_READY;
}

/* guest.c: what it is, complete but for what it sees of the host (config.view); nothing is made */
int guest_describe(const struct guest_base *b, const struct guest_plan *gp, int number,
		   const struct template *saved, struct guest *g, struct err *err);
/* Free what describes it. */
void guest_forget(struct guest *g);

/* guest_disks.c: all its disks and their places; then the files that are its own */
int guest_disks_describe(const struct guest_base *b, const struct guest_plan *gp, struct guest *g,
			 struct err *err);
int guest_disks_make(const struct guest *g, struct err *err);

/* guest_view.c: the shares' contents */
int guest_view_make(const struct guest_base *b, const struct guest_plan *gp, struct guest *g,
		    struct err *err);
/* guest_view.c: where its kernel was built; NULL: it was not, or is kept without that */
const char *guest_build_dir(const struct guest_plan *gp);
/* guest_view.c: what a guest that is saved has in images */
void guest_view_packed(const struct guest_base *b, const struct guest_plan *gp, struct view *v);

#endif
