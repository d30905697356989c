/* SPDX-License-Identifier: GPL-2.0-only */
/* A client of a guest's control socket (reach/control.h). */
#ifndef REACH_REMOTE_H
#define REACH_REMOTE_H

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "reach/pump.h"

/* A connection to the guest in dir; blocking. The descriptor or a negative errno. */
int remote_connect(const char *dir, struct err *err);

/* What END said, a field a string "key=value". */
struct remote_answer {
	struct strv fields;
	struct strbuf text;
};
void remote_answer_done(struct remote_answer *a);
const char *remote_field(const struct remote_answer *a, const char *key); /* "" where it is not */

/*
 * Ask and wait, at most ten seconds, for the answer: an error when nobody answers, or with the
 * message of one that says no. fd stays open for the next question; a may be NULL.
 */
int remote_ask(int fd, const char *what, const char *arg, struct remote_answer *a, struct err *err);

/* One question over a connection of its own. */
int remote_ask_dir(const char *dir, const char *what, const char *arg, struct remote_answer *a,
		   struct err *err);

/*
 * Run a stream to its end, between descriptors of ours; the callbacks of config are not used. Its
 * exit status, 128 and the signal when it was killed, or a negative errno.
 */
int remote_run(const char *dir, const struct pump_config *config, struct err *err);

#endif
