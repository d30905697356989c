/* SPDX-License-Identifier: GPL-2.0-only */
/* Which files of a run have their subtests run in clones, and of which template; doc/clones.md. */
#ifndef RUN_CLONES_H
#define RUN_CLONES_H

#include "run/trial.h"

/*
 * Give the plan of each file with isolation clone its template: found in the cache, or still to be
 * made. Where there can be none the file gets isolation boot, or shared where clones are only the
 * default, and one line says why. The output directory is open.
 */
void clones_prepare(struct run *run);
void clones_done(struct run *run);

/* 0 where gp's template, which was saved in this run, has the name still that it was to have;
 * -EAGAIN where what it depends on has changed meanwhile. */
int clones_unchanged(const struct run *run, const struct guest_plan *gp, struct err *err);

/*
 * A guest could not go on as t: after the second one nobody tries again. Where t is fresh, it is
 * this guest, or this host (QEMU said so or died), that cannot do it.
 */
void clones_failed(const struct run *run, struct template *t, bool host, const char *why);

#endif
