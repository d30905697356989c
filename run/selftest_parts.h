/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the parts of a self-test: its state, from one frame to the next. */
#ifndef RUN_SELFTEST_PARTS_H
#define RUN_SELFTEST_PARTS_H

#include "run/selftest.h"
#include "run/selftest_vm.h"
#include "vm/vm.h"

enum step {
	STEP_BOOT,  /* HELLO is awaited */
	STEP_SETUP, /* and so is DONE of SETUP */
	STEP_PING,
	STEP_START,
	STEP_CHECKS, /* the guest looks at itself, EXIT is awaited */
	STEP_BEAT,   /* one, if none came yet */
	STEP_STOP,   /* the power-off */
	STEP_OVER,   /* QEMU's end */
};

struct selftest {
	const struct settings *settings;
	const struct selftest_ui *ui;
	struct selftest_vm machine;
	struct loop *loop;
	struct loop_source *deadline;
	struct vm *vm;
	enum step step;
	int64_t start_ns, set_ns; /* of the VM; what the guest's clock was set to */
	char disk[16];		  /* the guest's name of it */
	struct strbuf console;
	size_t failed;
	bool beaten, bye; /* a BEAT came, BYE came */
	bool given_up;	  /* why is told */
	bool interrupted;
};

/* selftest.c */
void selftest_report(struct selftest *t, const char *name, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void selftest_step(struct selftest *t, enum step step); /* with the time that it may take */
/* The guest is not to be had any further; the step that it is in has failed. */
void selftest_broken(struct selftest *t, const char *why);

/* selftest_frames.c: the VM's callback */
void selftest_frame(void *arg, const struct frame *f);

#endif
