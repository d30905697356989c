/* SPDX-License-Identifier: GPL-2.0-only */
/* What the user asked of a run, after the command line, the rc files and the defaults. */
#ifndef RUN_SETTINGS_H
#define RUN_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/str.h"

/* Where nothing else is said; doc/writing-tests.md names them. */
#define DEFAULT_TIMEOUT_S 1200 /* a subtest, before the speed factor */
#define DEFAULT_MEM_MIB	  4096
#define DEFAULT_CPUS_MAX  16
#define DEFAULT_LOG_LIMIT (1ULL << 30)
#define DEFAULT_BUS	  "virtio-blk"

struct settings {
	char *kernel;	/* -k; NULL: the newest there is */
	char *source;	/* build-test-kernel: -k, the tree to build it from; NULL: it exists */
	char *arch;	/* -a; NULL: the test's, else this machine's */
	char *out;	/* -o, absolute */
	char *work_dir; /* -T; NULL: a temporary one */
	char *root; /* --root IMAGE or "host"; NULL: an image where there is one, else the host */
	char *network;			  /* -n */
	char *vde;			  /* --vde, absolute; NULL: a switch of the run's own */
	struct strv forwards;		  /* --forward HOST:GUEST */
	char *bus;			  /* --bus; NULL: the test's */
	char *isolation;		  /* --isolation; NULL: the test's */
	char *accel;			  /* --accel */
	char *qemu;			  /* --qemu; NULL: found by the architecture */
	char *deps_dir;			  /* where require-git puts its clones */
	int64_t cpus, mem_mib, timeout_s; /* 0: as the test declares */
	int64_t priority, nice;
	int64_t repeat, retry; /* --repeat, --retry; 0: not given */
	bool until_fail, confirm;
	int64_t jobs; /* -j, guests at a time; 0: as many as this host has room for */
	uint64_t log_limit;
	bool dump;			    /* --dump */
	char *dump_format;		    /* --dump-format; NULL: by the kernel */
	uint64_t dump_limit;		    /* --dump-limit; 0: the default */
	struct strv variants;		    /* --variant */
	struct strv append, qemu_args, env; /* --append, --qemu-arg, --env NAME=VALUE */
	struct strv fail_on;		    /* --fail-on; run/failon.h */
	bool failfast, verbose, resume;
	bool interactive;   /* -I: the guest stays, no time limits */
	bool until_failure; /* -S: interactive from the first failure on */
	bool gdb_wait;	    /* --gdb-wait: its first instruction waits for a debugger */
	bool unkept;	    /* no test's run: it is none of the history's */
	/* of building: see kbuild/kbuild.h */
	struct strv make_args, gcov;
	bool fresh_config, keep_config, always_make;
	char *program; /* path of ktest */
	char *keeper;  /* and of the program that ends what it starts, whatever happens */
	char *tree;    /* of ktest itself: lib/, libexec/ */
	char *cache;   /* ~/.cache/ktest */
};

void settings_done(struct settings *s);

/* Every field that changes what a run does, for the journal; a new reference. */
json_t *settings_json(const struct settings *s);

#endif
