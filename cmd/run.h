/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of `run`, and of what builds kernels. */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "base/opt.h"
#include "cmd/formats.h"
#include "run/settings.h"

/* The commands, as bits that say which of them take an option. */
enum {
	OF_RUN = 1,	   /* ktest run */
	OF_BUILD_RUN = 2,  /* build-test-kernel run */
	OF_BUILD = 4,	   /* build-test-kernel build */
	OF_CONFIG = 8,	   /* build-test-kernel config, oldconfig */
	OF_SELFTEST = 256, /* ktest selftest */
	OF_SOURCE = OF_BUILD_RUN | OF_BUILD | OF_CONFIG,
	OF_TESTS = OF_RUN | OF_SOURCE, /* what concerns test files */
};

/* What the command line says; what it does not say stays empty, for the rc files. */
struct run_options {
	struct settings s;
	uint64_t mem;
	bool trace;
	bool json; /* --json */
	struct formats formats;
	bool loop;	      /* -L */
	bool boot;	      /* no test: a guest for its user */
	char *dest, *variant; /* of `build`: -D, -V */
};

extern const struct opt run_opts[];
extern const struct opt coverage_opts[];
extern const struct opt crash_opts[];

/* Let rc files and defaults fill what was not given, and check it. */
int options_settle(struct run_options *o, unsigned int command, struct err *err);
void options_done(struct run_options *o);

#endif
