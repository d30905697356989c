/* SPDX-License-Identifier: GPL-2.0-only */
/* What control.c (clients and what they ask) and control_stream.c share; for no one else. */
#ifndef REACH_CONTROL_PARTS_H
#define REACH_CONTROL_PARTS_H

#include "reach/control.h"
#include "vm/agent.h"

#define CONTROL_ID_MAX 32

struct client {
	struct client *next;
	struct control *control;
	struct agent *link;
	bool dead;		    /* to be freed when no callback is at work */
	bool busy;		    /* QEMU has been asked for it */
	bool debugs;		    /* it is the guest's debugger */
	char asked[CONTROL_ID_MAX]; /* id of the ASK that is being answered */
	char watch[CONTROL_ID_MAX]; /* of the one to see the console; "" when it does not */
};

struct stream {
	struct stream *next;
	struct client *client;
	char id[CONTROL_ID_MAX]; /* the client's */
	uint32_t guest_id;	 /* 0: not yet passed on */
	char *open;		 /* the payload of OPEN, until then */
	size_t open_len;
	bool running;	   /* DONE has come */
	int64_t to_guest;  /* bytes that the guest takes */
	int64_t to_client; /* bytes that the client takes */
	struct loop_source *patience;
};

struct control {
	struct loop *loop;
	struct control_guest guest;
	int listener;
	struct loop_source *source, *sweep;
	struct client *clients;
	struct stream *streams;
	bool ready;
	char *why; /* streams cannot be opened; NULL: they have to wait */
};

#define CONTROL_STOPPED \
	"the guest is stopped: 'ktest mon cont', or the debugger at it, lets it go on"

/* control.c */
void client_send(struct client *c, struct frame_writer *w);
void client_begin(struct frame_writer *w, uint16_t type, const char *id);
void client_end(struct client *c, const char *id, const char *error);
void client_data(struct client *c, const char *id, const char *data, size_t len);
void client_drop(struct client *c); /* its frame handler may be at work */

/* control_stream.c: frames of a client, and what becomes of its streams when it goes */
void streams_frame(struct client *c, const struct frame *f);
void streams_drop(struct client *c);
void streams_open_all(struct control *c);
void streams_end_all(struct control *c, const char *why);

#endif
