/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How other processes reach a guest that runs: a socket in the host's part of its directory, served
 * by whoever runs the guest. Frames (proto/frame.h) go over it. A client opens streams exactly as
 * the host does at the agent, by ids of its own: OPEN, INPUT, MORE, SIZE and CLOSE are passed on
 * and DONE, DATA, WINDOW and END come back. ASK is for the host itself: its "do" is
 *
 *	info		what the guest is, as fields of END
 *	mon TEXT	a command for QEMU's monitor, or a QMP command in JSON: the answer is DATA
 *	sysrq KEY	typed on the guest's console
 *	gdb on|off	QEMU's gdb stub, on the socket DIR/gdb
 *	debug		the kernel's own debugger is going to be used
 *	watch		what the guest writes on its console is DATA from now on
 *	kill		the guest is ended
 *
 * and each is answered by END: status 0, or 1 and a message. Who has asked for gdb or debug is the
 * guest's debugger for as long as it is connected: there is one, and no deadline counts any more.
 */
#ifndef REACH_CONTROL_H
#define REACH_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/loop.h"
#include "proto/frame.h"
#include "vm/qmp.h"

/* Below the VM's directory: what its QEMU does not see. */
#define CONTROL_HOST_DIR "host"
#define CONTROL_SOCKET	 "control"

/* What "sysrq" takes. */
static inline bool control_is_key(const char *s)
{
	return s[0] > ' ' && s[0] <= '~' && !s[1];
}

struct control;

/* The guest, as the control socket needs it. */
struct control_guest {
	const char *dir;     /* of the VM; its CONTROL_HOST_DIR is there, mode 0700 */
	int64_t patience_ns; /* for the agent's answer to OPEN */
	/* A finished frame for the agent. */
	int (*send)(void *arg, struct frame_writer *w, struct err *err);
	uint32_t (*new_id)(void *arg); /* of a command to the agent */
	void (*qmp)(void *arg, const char *command, json_t *arguments, qmp_reply_fn *fn,
		    void *fn_arg);
	void (*type)(void *arg, const char *data, size_t len); /* on the console */
	bool (*stopped)(void *arg); /* by its user or a debugger: it does nothing that is asked */
	void (*debugged)(void *arg);
	void (*describe)(void *arg, struct frame_writer *w);
	void (*kill)(void *arg);
	void *arg;
};

/* Start to listen; guest is copied, its strings are not. */
int control_open(struct loop *loop, const struct control_guest *guest, struct control **out,
		 struct err *err);

/* Serve fd too, the end of a connected socket, which becomes control's. */
void control_join(struct control *c, int fd);

/*
 * Whether streams can be opened: those asked for before are then, or refused with why; NULL: they
 * have to wait. Not ready: what was open is over.
 */
void control_ready(struct control *c, bool ready, const char *why);

/* A frame of the agent; whether it concerned a stream. */
bool control_frame(struct control *c, const struct frame *f);
/* What the guest wrote on its console. */
void control_console(struct control *c, const char *data, size_t len);

/* After the VM: no answer may still come. NULL allowed. */
void control_free(struct control *c);

#endif
