/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel was built from and what came out: whether any of it is other than at the last good
 * build. */
#ifndef KBUILD_STATE_H
#define KBUILD_STATE_H

#include "kbuild/kbuild.h"
#include "kbuild/tree.h"

enum state_part {
	STATE_TREE,	   /* every file of the source */
	STATE_KCONFIG,	   /* those that configuring reads */
	STATE_INPUTS,	   /* config_inputs() */
	STATE_COMPILER,	   /* and what goes with it */
	STATE_ARGUMENTS,   /* of make, but the number of jobs */
	STATE_ENVIRONMENT, /* what the kernel's makefiles read of it */
	STATE_CONFIG,	   /* build_dir/.config */
	STATE_OUTPUTS,	   /* every file of install_dir */
	STATE_PARTS,
};

struct state {
	struct sum part[STATE_PARTS];
	int64_t made_ns; /* when make was last started in build_dir, by the real time; 0: never */
};

/* The tree of b's source without what we put into it. */
int state_scan(const struct kbuild *b, struct tree *t, struct err *err);

/* The parts up to STATE_ENVIRONMENT, as they are now. */
int state_of_source(const struct kbuild *b, const struct tree *t, struct state *s, struct err *err);

/* The others; what is not there is a part that equals no other. */
int state_of_result(const struct kbuild *b, struct state *s, struct err *err);

/* What differs, in words, the first of it; NULL: nothing. Static. */
const char *state_change(const struct state *was, const struct state *now);

/* Whether configuring again could make another .config than the one that was's build had. */
bool state_config_stands(const struct state *was, const struct state *now);

/* The state of the last good build, below build_dir. Without one -ENOENT, and *s equals no other.
 */
int state_load(const struct kbuild *b, struct state *s);
int state_save(const struct kbuild *b, const struct state *s, struct err *err);

/* The same with nothing installed: before anything of it is touched, and for a build that fails. It
 * remembers what the .config came from. */
int state_save_unbuilt(const struct kbuild *b, const struct state *s, struct err *err);

/*
 * A file of t, which is b's source, that changed since make was last started but has an older time,
 * as archives and backups leave them: make, which goes by times, would not see it. NULL if there is
 * none.
 */
const char *state_backdated(const struct state *was, const struct tree *t);

/* Under which name the kernel is kept that now is built from a tree of this content (content_sum):
 * 32 hex digits. */
void state_key(const struct kbuild *b, const struct state *now, struct sum content,
	       char key[SUM_HEX_MAX]);

#endif
