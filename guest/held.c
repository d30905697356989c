// SPDX-License-Identifier: GPL-2.0-only
#include "guest/held.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "guest/cgroup.h"
#include "guest/child.h"
#include "guest/console.h"
#include "guest/loop.h"
#include "guest/port.h"

#define SCRIPT_MAX 65536 /* what an empty pipe takes at once */
#define ARGS_KEPT  2	 /* its program and that one's script stay as they are */

static void shell_waits(struct watch *w, uint32_t events);

static struct {
	pid_t pid; /* 0: there is none */
	int script;
	struct watch word; /* that it waits */
	struct frame frame;
	char payload[FRAME_PAYLOAD_MAX]; /* of the frame */
} held = {.word = {-1, shell_waits}};

/* ---- its start */

static void let_go(void)
{
	close(held.script);
	held.pid = 0;
}

static void shell_waits(struct watch *w, uint32_t events)
{
	char c;
	int ended = read(w->fd, &c, 1) != 1;

	(void)events;
	loop_remove(w);
	close(w->fd);
	port_done(frame_get(&held.frame, "id"), ended ? ECHILD : 0, ended ? "hold: it ended" : "");
}

static void keep_frame(const struct frame *f)
{
	held.frame = *f;
	held.frame.payload = memcpy(held.payload, f->payload, f->len);
}

/*
 * It reads nothing, and says so on descriptor 3 when it waits for the script on 4. Its end of each
 * pipe is closed here: then it reads the end of the script, and we that of it.
 */
static int start(const struct frame *f, struct fault *fault)
{
	int script[2], word[2], null, report;
	struct child_io io;

	if (pipe2(script, O_CLOEXEC))
		return fault_errno(fault, "hold: pipe");
	if (pipe2(word, O_CLOEXEC)) {
		close(script[0]);
		close(script[1]);
		return fault_errno(fault, "hold: pipe");
	}
	cgroup_make(HELD_CGROUP);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	io = (struct child_io){{null, console_fd(), console_fd(), word[1], script[0]}, 5, 0};
	held.pid = child_start(f, HELD_CGROUP, &io, &report, fault);
	close(null);
	close(script[0]);
	close(word[1]);
	held.script = script[1];
	held.word.fd = word[0];
	if (held.pid < 0) {
		let_go();
		close(word[0]);
		return -fault->error;
	}
	close(report); /* where its program does not run, it does not wait either */
	return loop_add(&held.word, EPOLLIN);
}

void held_command(const struct frame *f)
{
	struct fault fault = {0};

	if (held.pid)
		fault_set(&fault, EEXIST, "hold: one waits already");
	else
		start(f, &fault);
	if (fault.error)
		port_done(frame_get(f, "id"), fault.error, fault.text);
	else
		keep_frame(f);
}

void held_reaped(pid_t pid)
{
	if (held.pid && pid == held.pid)
		let_go();
}

/* ---- what it is told */

struct script {
	size_t len;
	int full;
	char text[SCRIPT_MAX];
};

static void put(struct script *s, const char *text, size_t len)
{
	if (s->full || len > sizeof(s->text) - s->len) {
		s->full = 1;
		return;
	}
	memcpy(s->text + s->len, text, len);
	s->len += len;
}

/* A word that the shell takes as it stands. */
static void put_word(struct script *s, const char *word)
{
	put(s, " '", 2);
	for (const char *quote; (quote = strchr(word, '\'')); word = quote + 1) {
		put(s, word, (size_t)(quote - word));
		put(s, "'\\''", 4);
	}
	put(s, word, strlen(word));
	put(s, "'", 1);
}

static int has_env(const struct frame *f, const char *env)
{
	const char *value;
	size_t pos = 0;

	while ((value = frame_next_of(f, &pos, "env")))
		if (!strcmp(value, env))
			return 1;
	return 0;
}

/* The shell's own clock and random numbers begin with its start, which was that of all others. */
static void write_script(struct script *s, const struct frame *f)
{
	const char *value;
	size_t pos = 0;
	unsigned int random = 0;
	char text[64];
	int args = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (unsigned int)now_ns();
	put(s, text,
	    (size_t)snprintf(text, sizeof(text), "SECONDS=0 RANDOM=%u", random & 0x7fffffff));
	while ((value = frame_next_of(f, &pos, "env"))) {
		if (has_env(&held.frame, value))
			continue;
		put(s, "\nexport", 7);
		put_word(s, value);
	}
	put(s, "\nset --", 7);
	pos = 0;
	while ((value = frame_next_of(f, &pos, "arg")))
		if (args++ >= ARGS_KEPT)
			put_word(s, value);
	put(s, "\n", 1);
}

pid_t held_take(const struct frame *f)
{
	static struct script script;
	pid_t pid = held.pid;
	int taken;

	if (!pid)
		return 0;
	script.len = 0;
	script.full = 0;
	write_script(&script, f);
	taken = !script.full && write(held.script, script.text, script.len) == (ssize_t)script.len;
	let_go();
	if (taken)
		return pid;
	cgroup_kill(HELD_CGROUP);
	kill(pid, SIGKILL);
	return 0;
}
