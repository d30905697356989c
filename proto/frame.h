/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frames that host and guest agent exchange on a virtio-serial port; doc/protocol.md is
 * the reference. A frame is a header of 16 bytes, little-endian
 *
 *	u32 magic   "KTF1"
 *	u16 type    enum frame_type
 *	u16 flags   0; receivers ignore bits they do not know
 *	u32 seq     counts the sender's frames from 0, wraps
 *	u32 length  of the payload, at most FRAME_PAYLOAD_MAX
 *
 * and a payload of fields "key=value\0". Keys are [a-z_]+; a value holds any byte but NUL. A
 * key may come several times, in order. Unknown types and keys are skipped, so both
 * sides can grow; what they can do they say in "version" and "caps" of the first frame.
 *
 * Includes only libc: both the agent and the host are built from this file.
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_MAGIC	  0x3146544bU /* "KTF1" read as little-endian */
#define FRAME_HEADER_SIZE 16
#define FRAME_PAYLOAD_MAX 65536
#define FRAME_VERSION	  1
#define FRAME_PORT_NAME	  "ktest.agent"
/* How the record ends that the agent writes to the kernel's log before BYE: what the console shows
 * behind it are words of the kernel that no frame brings. */
#define FRAME_LAST_WORD	  "the agent ends the guest"

enum frame_type {
	/* guest to host */
	FRAME_HELLO =
		1,	/* version caps(space separated) release(uname -r) arch boot_id uptime_ns */
	FRAME_BEAT = 2, /* uptime_ns load mem_avail_kb: once a second */
	FRAME_DONE = 3, /* id error(0 or errno) message: answer to a command */
	FRAME_EXIT = 4, /* id status(exit status or -1) signal duration_ns tainted(mask
			   before,after) begun(0 or 1: whether START's mark is there)
			   left(processes killed) left_stuck(of them, still there) */
	FRAME_CALL = 5, /* id verb arg... session: asked by a test through ktest-ctl; the host
			   answers FRAME_REPLY */
	FRAME_LOG = 6,	/* text: a line of the agent for the user */
	FRAME_BYE = 7,	/* reason: the last frame before power off or an announced reboot */
	FRAME_DATA = 8, /* id fd(1 or 2) data(as bytes.h has it): what a stream's program writes */
	FRAME_WINDOW = 9, /* id bytes: so many more of INPUT are welcome */
	FRAME_END = 10,	  /* id status signal: a stream is over, all it wrote has been sent */
	FRAME_KMSG = 11,  /* record...: the kernel's messages, each as /dev/kmsg gives it, less the
			     newline at its end */

	/* host to guest */
	FRAME_SETUP = 64, /* id and the fields of doc/protocol.md: mounts, names, time, sysctls */
	FRAME_START = 65, /* id name arg... env... cwd cores(directory) mark(file): answered by DONE
			     (started) and EXIT */
	FRAME_SIGNAL = 66, /* id signal: to every process of the session started as id */
	FRAME_REPLY = 67,  /* id error message: answer to CALL */
	FRAME_STOP = 68,   /* how(poweroff|reboot): sync, unmount, BYE, then do it */
	FRAME_PING = 69,   /* id nonce: answered by DONE with the nonce as message */
	FRAME_OPEN = 70,   /* id io(pipe|socket|pty) arg... env... cwd rows cols window: answered by
			      DONE (with a window of its own) and END */
	FRAME_INPUT = 71,  /* id data: for the program to read */
	FRAME_MORE = 72,   /* id bytes: so many more of DATA are welcome */
	FRAME_SIZE = 73,   /* id rows cols: of the pty */
	FRAME_CLOSE = 74,  /* id what(in|all): no more input, or nobody reads any more */
	FRAME_QUIET = 75,  /* id: after the DONE not a word, until another command comes: the guest
			      is saved meanwhile */
	FRAME_HOLD = 76,   /* id arg... env... cwd: a shell that waits for a START with "held" */
	FRAME_GATHER = 80, /* id from to(directories) suffix(of names): copies files, answered by
			      DONE with files, their number */

	/* to ktest's control socket, where streams are opened as above; see reach/control.h */
	FRAME_ASK = 128, /* id do arg: answered by DATA and END */
};

struct frame {
	uint16_t type;
	uint32_t seq;
	const char *payload; /* fields, each ended by NUL; points into the reader's buffer */
	size_t len;
};

/* Growing or fixed writer: fields are added to buf, then frame_finish fills in the header. */
struct frame_writer {
	char *buf; /* at least FRAME_HEADER_SIZE bytes */
	size_t cap;
	size_t len;
	int overflow; /* a field did not fit or held a NUL: the frame must not be sent */
};

/* Begin a frame in buf of cap bytes (the caller's, FRAME_HEADER_SIZE + payload). */
void frame_begin(struct frame_writer *w, char *buf, size_t cap, uint16_t type);
void frame_add(struct frame_writer *w, const char *key, const char *value);
void frame_addn(struct frame_writer *w, const char *key, const char *value, size_t len);
void frame_add_int(struct frame_writer *w, const char *key, int64_t value);
/* The whole frame stands in w->buf, w->len bytes. 0, or -EMSGSIZE on overflow. */
int frame_finish(struct frame_writer *w, uint32_t seq);

/*
 * Look for a frame at the start of data. Returns the bytes it takes (header included) with *f
 * filled in, 0 when more bytes are needed, -EBADMSG when this is no frame
 * (magic, length, payload not ended by NUL, field without key).
 */
long frame_parse(const char *data, size_t len, struct frame *f);

/* The first value of key, NULL if it is not there. */
const char *frame_get(const struct frame *f, const char *key);
/* A decimal value of key; fallback when missing or malformed. */
int64_t frame_get_int(const struct frame *f, const char *key, int64_t fallback);
/* Iterate: *pos starts at 0; returns 0 at the end, else 1 with *key (not terminated, *key_len) and
 * *value. */
int frame_next(const struct frame *f, size_t *pos, const char **key, size_t *key_len,
	       const char **value);
/* The same for the values of one key: the next one, NULL at the end. */
const char *frame_next_of(const struct frame *f, size_t *pos, const char *key);

#endif
