/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The job: a unit's subtests brought through guests, one after the other, until each has a verdict.
 * A state machine on the loop; see enum job_phase.
 */
#ifndef RUN_JOB_H
#define RUN_JOB_H

#include <stddef.h>

#include "reach/control.h"
#include "run/lines.h"
#include "run/share.h"
#include "run/trial.h"
#include "vm/vm.h"

enum job_phase {
	JOB_BOOT,    /* QEMU runs, HELLO is awaited */
	JOB_RESTORE, /* instead: QEMU runs, the saved guest in it is to answer and to be renewed */
	JOB_SETUP,   /* SETUP sent */
	JOB_INIT,    /* the init hooks run */
	JOB_RUN,     /* a subtest runs (or, without control, all of them) */
	JOB_REBOOT,  /* the guest announced a restart and is on its way to it */
	JOB_SAVE,    /* it falls quiet and is saved */
	JOB_GATHER,  /* what its kernel has counted is being copied out */
	JOB_STAY,    /* interactive: what it had to do is done, its user is at it */
	JOB_TROUBLE, /* something is wrong with the guest: evidence is being collected */
	JOB_STOP,    /* it was asked to switch off, or is being ended */
	JOB_DONE,    /* no guest, nothing left to do */
};

/* gather.c: the coverage of this boot */
struct gather {
	bool taken;	    /* or given up */
	uint32_t id;	    /* of the command that runs; 0: none */
	char dir[16];	    /* "gcov.0" */
	int next;	    /* enum gather_next */
	uint32_t reboot_id; /* the call that is answered then */
};

struct job {
	struct trial trial;
	struct run *run; /* this and the next are the trial's, and its unit's */
	struct test_file *file;
	const struct guest_plan *plan;
	enum job_phase phase;

	/* the guest of the moment */
	struct guest guest;
	struct vm *vm;
	struct guest_names names;
	uint32_t next_id, wait_id; /* of commands to the agent; wait_id: whose answer moves us on;
				      0: none's */
	uint32_t session_id;	   /* of the START that runs, for EXIT */
	int64_t last_sign_ns;	   /* of life: a frame or a console byte */
	int64_t console_ns;	   /* last console byte */
	int64_t weighed_ns;	   /* when its memory was last looked at; 0: never */
	int64_t panic_ns;	   /* when the console or pvpanic said so; 0: they did not */
	bool panic_sure;	   /* pvpanic did */
	int64_t frame_ns;	   /* last frame of the agent, or the start */
	int64_t news_ns;	   /* last one that was not a BEAT */
	struct {
		int64_t guest_us, host_ns; /* since boot, as the agent said at host_ns */
	} clock;
	bool bye;		 /* the agent has ended the guest */
	bool awaits_bye;	 /* it was reset, and BYE may still come */
	bool bye_late;		 /* BYE will not come */
	bool has_kmsg;		 /* the agent sends the kernel's records */
	struct control *control; /* NULL: it cannot be reached */
	bool streams;		 /* its agent has them */
	bool shown;		 /* its user has it on the terminal */
	bool tried;		 /* there was a guest */
	bool holding;		 /* it has been told to HOLD a shell */
	bool saved;		 /* this one was, and is to be published */
	char nonce[20];		 /* that a restored one is asked for */
	bool dead;		 /* it is stopped for good, and stays to be looked at */
	bool stopping;		 /* it was asked to switch off, and has not answered */

	struct loop_source *deadline, *tick; /* of the phase */

	struct gather gather;

	/* trouble.c */
	enum verdict trouble_verdict;
	const char *trouble_reason; /* static string */
	char *trouble_title;
	bool trouble_alive; /* its agent answers, as far as is known */
	int evidence_step;
	int64_t evidence_ns; /* when it was asked for */

	struct {
		uint32_t id; /* of the PING whose answer is awaited; 0: none is */
		int64_t until_ns;
		bool ending; /* the agent's answers no longer matter */
		enum line_kind kind;
		struct line_event line;
		struct strbuf rest; /* of the console, behind the line */
	} verdict;		    /* ownverdict.c: a verdict on the console that waits to count */

	struct share share; /* stall.c: what QEMU got of the processors */
	int64_t looked_ns;  /* when that was looked at; 0: never */

	struct dump *dump; /* dump.c: the guest's memory, on its way to a file; NULL: it is not */
};

/*
 * Start with the first guest; a job that cannot have one gives every subtest the verdict MISS.
 * trial.run to trial.done_arg are set, all else is zero; trial.done is called when it is done,
 * maybe in this very call, and job_done() is due then, but not from within.
 */
void job_start(struct job *job);
void job_done(struct job *job);
/* The run is ending early: the guest is killed, the current subtest stays without a verdict. */
void job_cancel(struct job *job);

/* The job whose trial this is: for callbacks that get the trial. */
static inline struct job *job_of(struct trial *t)
{
	return (struct job *)(void *)((char *)t - offsetof(struct job, trial));
}

/* ---- between the parts of the job */

/* jobio.c: what all parts use */
void job_set_phase(struct job *job, enum job_phase phase);
const char *job_phase_name(enum job_phase phase);
/* How long this phase may take from now on; INT64_MAX: for ever. */
void job_deadline(struct job *job, int64_t ns);
int64_t job_scale(const struct job *job, int64_t ns); /* times the speed factor */
void job_weigh(struct job *job);		      /* its memory, if it is time to */
void job_guest_event(struct job *job, const char *state, const char *reason);
void job_begin_frame(struct job *job, struct frame_writer *w, uint16_t type, uint32_t id);
void job_send(struct job *job, struct frame_writer *w); /* a failure becomes trouble */

/* job.c */
void job_kill_guest(struct job *job);
void job_said_bye(struct job *job);

/* steps.c: a guest from HELLO to its last subtest */
void steps_frame(void *arg, const struct frame *f); /* the VM's callback */
void steps_next(struct job *job);		    /* the next subtest, or the end of the guest */
void steps_stop(struct job *job);		    /* ask it to switch off */
void steps_setup(struct job *job);		    /* its agent is there: set it up */
void steps_set_up(struct job *job, const struct frame *done); /* the answer: run the init hooks */
void steps_ready(struct job *job);			      /* it is set up */

/* reach.c: the guest for other processes, from its start to its end */
void reach_open(struct job *job);
void reach_close(struct job *job);
/* Whether it is somebody's from the start (-I), and whether it is one's by now (-S). */
bool reach_is_users(const struct job *job);
bool reach_stays(const struct job *job);
/* Whether time limits count for it. */
bool reach_timed(const struct job *job);
/* It stays, alive or (dead) to be looked at, until its user ends it. */
void reach_stay(struct job *job, bool dead);
void reach_end(struct job *job);

/* jobkmsg.c: what the guest's kernel says */
struct kernlog_handler jobkmsg_handler(struct job *job);
/* A frame that is about it: true, and it is dealt with. */
bool jobkmsg_frame(struct job *job, const struct frame *f);
void jobkmsg_line(struct job *job, const char *line, size_t len); /* of the console */
/* The agent that speaks now can send the kernel's records, or cannot. */
void jobkmsg_agent(struct job *job, bool has_kmsg);
/* The agent had sent every record that there was when it sent the frame of this moment. */
void jobkmsg_caught_up(struct job *job);
/* The guest is dead: what its console shows after the agent's last word counts. */
void jobkmsg_dead(struct job *job);
/* pvpanic says that the kernel panics: its last words and its restart follow. */
void jobkmsg_panicked(struct job *job);
bool jobkmsg_agent_silent(const struct job *job);
void jobkmsg_tick(struct job *job);
/* A guest starts, or goes on as one that was saved at this time of its own clock. */
void jobkmsg_begin(struct job *job, int64_t uptime_us);
/* The guest's clock says so now; what it says as far as is known. Microseconds since its boot. */
void jobkmsg_clock(struct job *job, int64_t uptime_us);
int64_t jobkmsg_uptime_us(const struct job *job);
/* Messages of its kernel with a later time are none of the boot. */
void jobkmsg_init_begins(struct job *job);

/* ownverdict.c: verdicts that the library of a test file prints on the console */
int ownverdict_feed(struct job *job, const char *data, size_t len, struct err *err);
enum conlog_action ownverdict_line(struct job *job, enum line_kind kind,
				   const struct line_event *ev);
bool ownverdict_answered(struct job *job, const struct frame *done);
void ownverdict_tick(struct job *job);
void ownverdict_begin(struct job *job); /* the file is started */
void ownverdict_end(struct job *job);	/* the file, or its guest, has ended: what waits counts */

/* calls.c: what tests ask for */
void calls_frame(struct job *job, const struct frame *f);
void calls_reboot(struct job *job); /* let it restart, as it asked to */
enum conlog_action calls_line(void *arg, const char *line, size_t len); /* conlog's callback */

/*
 * trouble.c: the guest is not to go on. The current subtest (if there is one) gets verdict v with
 * this reason and title once the evidence is in; then the guest is killed. alive: it can still be
 * asked for its tasks.
 */
void trouble(struct job *job, enum verdict v, const char *reason, const char *title, bool alive);
void trouble_deadline(struct job *job); /* the deadline timer fired in JOB_TROUBLE */
void trouble_console(struct job *job);	/* a console byte came in JOB_TROUBLE */

#endif
