/* SPDX-License-Identifier: GPL-2.0-only */
/* What a job does with saved guests: its guest becomes one, or goes on as one. */
#ifndef RUN_CLONE_H
#define RUN_CLONE_H

#include "run/job.h"

/* The template that the job's next guest is to become or to go on as; NULL: it is booted. */
struct template *clone_template(struct job *job);

/* ---- saving */

/* Whether the guest is to be saved at this point of its way up. */
bool save_due(const struct job *job, enum template_point point);
/* Have it fall quiet, save it and end it. */
void save_begin(struct job *job);
/* DONE in JOB_SAVE. */
void save_answered(struct job *job, const struct frame *f);
/* The guest has ended, its directory is still there: what was saved is published. */
void save_ended(struct job *job);
/* It cannot be saved: those that were to go on as it are booted. */
void save_give_up(struct job *job, const char *why);
/* The same where there is no guest, or no more. */
void save_impossible(struct job *job, const char *why);
/* It did not come up: nor would those that were to go on as it. */
void save_failed(struct job *job, const char *reason, const char *title);

/* ---- going on */

/* VM_RESTORED */
void clone_restored(struct job *job);
/* DONE in JOB_RESTORE. */
void clone_answered(struct job *job, const struct frame *f);
/* Whether all that the job's template depends on is as it was. If not, the template is given up:
 * the job's guest and those after it are booted. */
bool clone_fits(struct job *job);
/* The saved guest does not go on: it is killed, and the next guest is booted. */
void clone_failed(struct job *job, bool host, const char *why);
/* The same where there is no guest. */
void clone_impossible(struct job *job, bool host, const char *why);

#endif
