/* SPDX-License-Identifier: GPL-2.0-only */
/* From a test file's needs to the VM that meets them, and to the frames that set its guest up. */
#ifndef RUN_GUEST_H
#define RUN_GUEST_H

#include "kernel/kernel.h"
#include "kernel/modules.h"
#include "proto/frame.h"
#include "result/names.h"
#include "result/guestdir.h"
#include "run/plan.h"
#include "run/template.h"
#include "vm/config.h"

/* A twentieth of a file system, 5 %, stays free for others. */
#define DISK_KEPT_PART 20

/* What the guests of a run have in common. */
struct guest_base {
	const struct settings *settings;
	const struct outdir *out;
	const char *run_dir; /* rundir.path */
	const char *qemu;    /* path of the binary */
	const struct network *network;
	char *root_image; /* an ext4 file; NULL: root_dir */
	char *root_dir;	  /* a directory tree; NULL: the host's userspace */
	struct accel_info accel;
};

/* What one file's guests have in common: found before the first is started. */
struct guest_plan {
	const struct test_file *file;
	struct module_set modules;
	struct strv
		extmods; /* host directories with built .ko files, as file->needs.kernel_modules */
	char *kernel_image; /* what QEMU boots: the image, or under TCG its payload */
	char *initrd;
	struct {
		char *tree, *modules; /* images of what it reads; NULL: it sees them as a share */
	} pack;
	char *copy, *deps; /* directories that it sees in place of tree and clones; NULL: it sees
			      these */
	char *test;	   /* of the test file, likewise */
	struct template *template; /* that its guests go on as; NULL: they are booted */
	bool upper_disk;	   /* else what the guest writes over its root lies in its memory */
};

struct guest {
	struct vm_config config;
	int number;
	char *name, *dir, *append;
	char *out;		      /* the path of its tree */
	struct guestdir tree;	      /* that it can write in */
	char *host_dir;		      /* in dir, hidden from QEMU */
	const struct template *saved; /* goes on as this one or, when that is not there yet, is to
					 become it; NULL: an ordinary one */
};

/*
 * Find what would fail before any boot: drivers, config, memory, external modules; then
 * make the initramfs. One line with the remedy in *err.
 */
int guest_plan_make(const struct guest_base *base, const struct test_file *file,
		    struct guest_plan *gp, struct err *err);
void guest_plan_done(struct guest_plan *gp);

/*
 * From here on its guests see the test file as it is now. Where no sandbox hides the rest of the
 * tree's directory, that is of a copy of the tree.
 */
int guest_plan_freeze(const struct guest_base *base, struct guest_plan *gp, struct err *err);

/* Why guests are not shown a directory beside the tree: without a sandbox this in it could not be
 * hidden (a static string). NULL: they are. */
const char *guest_unseen(const struct guest_base *base, const char *dir);

/* That enough disk space is free for guests and output. */
int guest_check_space(const struct guest_base *base, struct err *err);

/* Make the VM's directory, its disks and its configuration; its name is "vm1" for number 1, saved
 * as g->saved. */
int guest_make(const struct guest_base *base, const struct guest_plan *gp, int number,
	       const struct template *saved, struct guest *g, struct err *err);
/* Of a guest that is being saved: a layer for each disk that it has written. */
int guest_disks_layers(const struct guest *g, struct err *err);
/* The files that the guest left in its tree move to the output directory; the VM's directory is
 * removed with all disks. */
void guest_done(struct guest *g);

/* Paths inside the guest; the caller frees them. */
char *guest_path(const char *host_path);

/* Of each guest its own: when it is set up, and where its random numbers begin. */
struct guest_fresh {
	int64_t time_ns;
	bool random;		/* the host had some */
	unsigned char seed[64]; /* for the guest's pool */
	unsigned char id[16];	/* machine-id(5) */
};

/* Of now. */
void guest_refresh(struct guest_fresh *fresh);

/* The fields of SETUP that make a guest which goes on as a saved one another than all others. */
void guest_renew(const struct guest *g, const struct guest_fresh *fresh, struct frame_writer *w);

/* The fields of SETUP, after frame_begin(); binds as vm_binds() gives them. */
void guest_setup(const struct guest_base *base, const struct guest_plan *gp, const struct guest *g,
		 const struct strv *binds, const struct guest_fresh *fresh, struct frame_writer *w);

/* The arguments and environment of a START frame that calls the file with phase ("init",
 * "run-tests") and names. */
void guest_start(const struct guest_base *base, const struct guest_plan *gp,
		 const struct guest_names *names, const char *phase, const struct strv *subtests,
		 int nr_reboots, struct frame_writer *w);

#endif
