/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program that stands in for QEMU in the command-line tests: it takes QEMU's arguments, speaks
 * QMP, and plays kernel and agent by a script that is appended to its own binary, so that it needs
 * neither environment nor files where it runs.
 *
 * The script is read line by line. A word with a colon begins a section:
 *
 *	boot:		what the guest does from power on; without "hello" at its end if that is
 *			not in it already
 *	subtest NAME:	when the agent is told to start NAME; "subtest *:" any other
 *	init:		when it is told to run the init hooks (default: exit 0)
 *	quiet:		when it is told to fall quiet, before it answers
 *	restored:	what the guest does first that goes on as a saved one
 *	config:		settings, below
 *
 * Actions, one a line, in order:
 *	print TEXT	a line on the console; "printn TEXT" without its end. \n \r \t \\ \xNN
 *	kernel LEVEL [STAMP] TEXT	a message of the kernel's: a line on the console and a
 *			record of the agent's
 *	record LEVEL [STAMP] TEXT	the record alone, as with a quiet console; TEXT as in
 *"print", with \\xNN for what /dev/kmsg escapes; LEVEL may be 8 times a facility more
 *	pong		waits for a PING, and answers it: with the setting "ignore ping"
 *	lose N		N records that the agent did not get to read
 *	flood N [TEXT]	N bytes of console
 *	frames N	N frames of type LOG
 *	sleep MS
 *	hello [K=V...]	the agent's first frame, with these fields instead of the usual ones
 *	exit N		the subtest ends with this status; "signal N": by this signal
 *	frame T K=V...	any frame, T a number; "$ID" is the running subtest's id
 *	raw HEX		bytes to the agent's port; "rawqmp TEXT": to QMP
 *	replay		the last frame again, byte for byte
 *	call VERB A...	a CALL of the running subtest; goes on with the REPLY, which it prints
 *	calls N VERB A...	as many CALLs, no REPLY waited for
 *	panic		console text, then what QEMU does with a pvpanic device, and the restart
 *	text-panic	the console text alone, then nothing ever
 *	hang		no beat, no answer, ever; QMP works
 *	reset		the guest resets (with reboot=shutdown, shutdown=pause); "bye R": BYE first
 *	event NAME	any QMP event
 *	leave		a grandchild that sleeps in a session of its own
 *	die [N]		QEMU exits with this status when all is sent; "kill": by SIGKILL
 * A section that ends without exit leaves the subtest running, with beats.
 *
 * Settings:
 *	ignore WHAT	a QMP command's name, or term (SIGTERM), signal, stop, start, setup, cont,
 *			ping, gather, quiet, keys (sysrq, by Ctrl-O on the console); start is a
 *			subtest's
 *	refuse NAME	a QMP command is answered by an error
 *	die-on NAME	QEMU exits when it gets this command
 *	stream WHAT	when a stream is opened: silent, refuse, flood (beyond its window), bad
 *			(bytes that are no data), die; by default what is sent comes back
 *	greeting TEXT	instead of QMP's
 *	dump N		bytes that dump-guest-memory writes, at most 32768; default 16; "dump-fails"
 *	probe MS	of processor time that a pass of the accelerator's probe takes; default 0
 *	memory MIB	of the guest's memory that its boot writes, where that is a file; default 1
 *	saving HOW	late (the stream ends before QEMU's word of it), fails, torn (ends in the
 *			middle), silent (no word of the end), dies, big (more than anybody keeps)
 *	restoring HOW	fails, silent, dies
 *	only NAME	a restored guest of another -name does as it should
 *	busy TEXT	the agent cannot fall quiet, and says so
 *	nonce TEXT	what a restored guest answers instead of what it was asked
 *	setup-fails TEXT, renew-fails TEXT	SETUP's answer in a booted, in a restored guest
 */
#ifndef T_CLI_FAKE_H
#define T_CLI_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "proto/frame.h"

/* One end of a socket that ktest holds the other of, or the file that is the guest's console. */
struct channel {
	int fd; /* -1: not there, or closed by the other end */
	bool write_only;
	char *out;
	size_t out_len, out_cap;
	char in[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];
	size_t in_len;
};

void channel_send(struct channel *c, const void *data, size_t len);

struct step {
	char *word;
	char *rest; /* of the line; "" when there is none */
};

struct section {
	char *name;
	struct step *steps;
	size_t n;
};

struct script {
	struct section *sections;
	size_t n;
};

/* Read what follows the marker in the file path; exits with a message when it cannot. */
void script_load(struct script *s, const char *path);
const struct section *script_find(const struct script *s, const char *name);
bool script_setting(const struct script *s, const char *setting, const char *value);
const char *script_setting_get(const struct script *s, const char *setting);
/* \n and so on in place; the length is returned since text may hold NULs. */
size_t script_unescape(char *text);

struct fake {
	struct channel qmp, console, agent;
	int keys; /* what is typed on the console, -1: not there */
	struct script script;

	bool stopped;  /* paused, as QMP's status has it: the guest does nothing */
	bool capable;  /* qmp_capabilities was received */
	bool quitting; /* told to quit: when the answer is sent */

	/* its memory and whom it goes on as */
	const char *mem;	     /* the file; NULL: it is none */
	bool mem_shared;	     /* what it writes is in the file */
	bool incoming;		     /* nothing was restored yet */
	const char *name;	     /* of -name */
	const char *tree, *view;     /* the shares: what its guest writes in, and what it reads */
	bool ignores_shared, events; /* capabilities of migration */

	/* the guest */
	bool restored;
	bool quiet;		/* not a word until it is spoken to */
	bool booting, quieting; /* in the section of that name */
	bool hung;
	bool said_hello;
	uint32_t seq;
	uint64_t kmsg_seq; /* number of the kernel's next record */
	int64_t next_beat_ms;
	char last_frame[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];
	size_t last_len;

	/* the script's place */
	const struct section *section;
	size_t step;
	int64_t wake_ms; /* of a sleep, 0: none */
	size_t flooded;	 /* of the step */
	bool in_call;	 /* waiting for the REPLY */
	char *id;	 /* of the subtest that runs, NULL: none */
	char *ping;	 /* id of a PING that waits for "pong", NULL: none */
};

int64_t now_ms(void);
/* What was typed: sysrq 't' is answered by one task. */
void keys_input(struct fake *f);

/* fake-script.c: power on, and as many steps as can be taken now. */
void guest_power_on(struct fake *f);
void guest_run(struct fake *f);
void guest_enter(struct fake *f, const char *section);

/* fake-agent.c */
void agent_input(struct fake *f);
void agent_beat(struct fake *f);
void agent_hello(struct fake *f, const char *fields);
void agent_exit(struct fake *f, int status, int signo);
void agent_bye(struct fake *f, const char *reason);
void agent_fall_quiet(struct fake *f); /* the end of the section "quiet" */
void agent_call(struct fake *f, const char *words);
void agent_log(struct fake *f, const char *text);
/* Answer the PING that waits; false: none does. */
bool agent_pong(struct fake *f);
/* "LEVEL [STAMP] TEXT": a record of the kernel's, as /dev/kmsg gives it. */
void agent_record(struct fake *f, const char *spec);
/* "TYPE key=value ..." */
void agent_frame(struct fake *f, const char *spec);

/* fake-migration.c: the guest is saved, and another one goes on as it */
void mem_open(struct fake *f, const char *object); /* the value of -object */
void mem_boot(struct fake *f);			   /* a guest that boots writes its memory */
json_t *cmd_capabilities_of_migration(struct fake *f, const json_t *args);
json_t *cmd_migrate(struct fake *f, const json_t *args);
json_t *cmd_migrate_incoming(struct fake *f, const json_t *args);

/* fake-qmp.c */
void qmp_greet(struct fake *f);
void qmp_input(struct fake *f);
void qmp_event(struct fake *f, const char *name, json_t *data); /* takes data, NULL: none */
/* The guest shut down or was reset and QEMU paused: reason is "guest-reset" or "guest-shutdown". */
void qmp_guest_shutdown(struct fake *f, const char *reason);

#endif
