/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel built from its source: configured, made, kept, installed. What is unchanged is not made
 * again, and what was made once is taken from the cache.
 */
#ifndef KBUILD_KBUILD_H
#define KBUILD_KBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "kernel/arch.h"

/* How far a build is, for a progress line. */
struct kbuild_progress {
	const char *phase;	     /* "checking", "configuring", "building", "installing" */
	size_t done, total;	     /* objects; total 0: not known */
	bool total_is_guess;	     /* not counted at the last build of this configuration */
	int64_t elapsed_ns, left_ns; /* left_ns -1: not known */
};

/* What became of it. */
enum kbuild_how {
	KBUILD_UNCHANGED, /* make was not started */
	KBUILD_CACHED,	  /* taken from the cache */
	KBUILD_MADE,
};

struct kbuild_result {
	enum kbuild_how how;
	char *log; /* of make, below build_dir; NULL: it was not started */
	int64_t duration_ns;
};

void kbuild_result_done(struct kbuild_result *r);

/* What is to be built; everything in it is the caller's and lives for the call. */
struct kbuild {
	const struct arch *arch;
	const char *source;	 /* the source tree, absolute, links resolved */
	const char *version;	 /* of the source, by its Makefile: "6.12.48" */
	const char *tree;	 /* ktest's own, which holds kconfig/ */
	const char *build_dir;	 /* O=: out/kernel_build.ARCH */
	const char *install_dir; /* out/kernel.ARCH */
	const char *user_config; /* below build_dir: what `config` and `oldconfig` changed */
	const char *cache;	 /* ~/.cache/ktest; NULL: nothing is kept */

	/* the configuration */
	bool keep_config;	 /* -K: the .config of build_dir as it is */
	const char *config_base; /* a file, or a target of the kernel's make; NULL: allnoconfig */
	const char *bus;	 /* storage bus: "virtio-blk" */
	const struct strv *require;	 /* "A=VALUE", "A" for y; each has to be reached */
	const struct strv *require_soft; /* the same, but need not */
	const struct strv *variants;	 /* "kasan": lists in kconfig/ */

	/* the build */
	const char *compiler;	      /* "gcc", "clang-14", a path; NULL: $CC or gcc */
	const char *target;	      /* what to make besides image and modules; NULL: nothing */
	const struct strv *make_args; /* "V=1" */
	const struct strv *gcov;      /* directories whose objects count what runs: "fs/ext4" */
	bool always_make;
	int nice;

	/* How it goes on, NULL: nobody asks. Strings live for the call. */
	void (*progress)(void *arg, const struct kbuild_progress *p);
	void *arg;
};

/*
 * Configure, build and install: afterwards install_dir is what kernel_load_dir() takes. SIGINT,
 * SIGTERM and SIGHUP meanwhile end make and all that it started; that is -EINTR. What is wrong with
 * the source, the host or the configuration is one line with the remedy, before make is started; a
 * failed build is one line that names the first error's file and the log, the compiler's own lines
 * going out as log_note before it.
 */
int kbuild_run(const struct kbuild *b, struct kbuild_result *result, struct err *err);

#endif
