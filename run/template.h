/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A template: a guest that was booted once and saved, for others to go on as; doc/clones.md. It is
 * a directory below CACHE/templates, named by everything that its guest depends on and kept between
 * runs: its memory, the state of its devices, and what it wrote to its disks.
 */
#ifndef RUN_TEMPLATE_H
#define RUN_TEMPLATE_H

#include <jansson.h>

#include "base/hash.h"
#include "diag/kernlog.h"
#include "result/names.h"

enum template_point {
	TEMPLATE_BOOTED, /* its agent waits for SETUP */
	TEMPLATE_READY,	 /* set up, and the init hooks have run */
};

/* What an empty layer over a disk's file is called: the file's name and this. */
#define TEMPLATE_LAYER ".layer"

struct template
{
	enum template_point point;
	char *key;	   /* names it among the others */
	char *dir;	   /* where it lies, or is being made */
	char *mem, *state; /* files in there */
	int lock_fd;	   /* holds it, while it is used or made; -1 */
	bool there;	   /* made: guests can go on as it */
	char *why_not;	   /* there will be none: the reason, of this run or an earlier one */
	int host;	   /* the last byte of its MAC */
	int qemu_version;  /* 702 is 7.2 */
	bool streams;	   /* its agent has them */
	bool has_kmsg;	   /* its agent sends the kernel's records */
	struct kernlog_position kmsg;
	int64_t uptime_us;	  /* since its boot, when it was saved */
	struct guest_names names; /* TEMPLATE_READY: of the disks */
	json_t *bugs; /* for findings_tell_again(): of its guest, before it was saved; or NULL */
	struct unit *maker; /* that makes it in this run; NULL: none */
	int failures;	    /* guests that did not go on as it */
	bool worked;	    /* one did */

	/* Its guest did not come up: why the subtests have no verdict; NULL: it did. */
	const char *reason; /* static string */
	char *title;
};

/* A template with this key, which becomes its own; taken up where it is whole and there. */
void template_open(const char *cache, enum template_point point, char *key, struct template *t);
/* It is let go; what was not published is removed. */
void template_close(struct template *t);

/* A directory to make it in: t->dir, t->mem and t->state are there to be written. */
int template_begin(const char *cache, struct template *t, struct err *err);
/* What was begun and not published is removed: it can be begun again. */
void template_unfinished(struct template *t);
/* What was made is whole, and becomes its own for this run and later ones. */
int template_publish(const char *cache, struct template *t, struct err *err);
/*
 * What keeps the guest with this key from being saved, or this host from going on with any, will do
 * so in later runs: for a day that is believed. The caller frees what it is told; NULL: nothing is
 * known.
 */
void template_refuse(const char *cache, const char *key, const char *why);
char *template_refused(const char *cache, const char *key);
/* Nothing good came of it: it is removed for everybody, and none is made in this run. */
void template_discard(struct template *t, const char *why);

#endif
