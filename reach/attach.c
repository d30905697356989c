// SPDX-License-Identifier: GPL-2.0-only
#include "reach/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/term.h"
#include "proto/bytes.h"
#include "reach/pump.h"
#include "reach/sshconf.h"

#define CTRL_A	 '\x01'
#define TEXT_MAX (1 << 20) /* that a stopped terminal has not taken yet */

struct attach {
	struct loop *loop;
	struct attach_config c;
	struct term term;
	struct agent *link;
	struct pump *shell;
	unsigned int shells;  /* started so far: each has an id of its own */
	int status;	      /* of the last that has ended; -1: none has */
	bool prefix;	      /* Ctrl-a was typed */
	bool over;	      /* the shell has ended, Enter starts another */
	bool at_cr;	      /* the last character of text was one */
	int in, out, text_fd; /* the terminal's */
	struct strbuf text;
	struct loop_source *writer; /* of what is in text; NULL: there is none */
	struct loop_source *keys;   /* read here while there is no shell */
	struct loop_source *winch, *later;
	char *why;  /* why it ended */
	bool again; /* for later: start a shell */
};

/* ---- text */

static void write_text(void *arg, int fd, uint32_t events)
{
	struct attach *a = arg;
	ssize_t n = write(fd, a->text.s, a->text.len);

	(void)events;
	if (n > 0) {
		a->text.len -= (size_t)n;
		memmove(a->text.s, a->text.s + n, a->text.len);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		a->text.len = 0;
	}
	if (a->text.len)
		return;
	loop_remove(a->writer);
	a->writer = NULL;
}

/* A raw terminal takes a line feed for just that. */
void attach_text(struct attach *a, const char *text, size_t len)
{
	if (a->text.len > TEXT_MAX)
		return;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' && !a->at_cr)
			strbuf_putc(&a->text, '\r');
		strbuf_putc(&a->text, text[i]);
		a->at_cr = text[i] == '\r';
	}
	if (a->text.len && !a->writer)
		a->writer = loop_io(a->loop, a->text_fd, EPOLLOUT, write_text, a);
}

static void say(struct attach *a, const char *line)
{
	attach_text(a, "\n[", 2);
	attach_text(a, line, strlen(line));
	attach_text(a, "]\n", 2);
}

/* ---- the end */

static void end(struct attach *a, const char *why)
{
	if (a->why)
		return;
	a->why = xstrdup(why);
	loop_remove(a->keys);
	a->keys = NULL;
	loop_timer_set(a->later, loop_now_ns());
}

static void ask(struct attach *a, const char *what)
{
	char buf[256];
	struct frame_writer w;

	frame_begin(&w, buf, sizeof(buf), FRAME_ASK);
	frame_add(&w, "id", what);
	frame_add(&w, "do", what);
	agent_send(a->link, &w, NULL);
}

/* ---- keys */

static void help(struct attach *a)
{
	say(a,
	    a->c.detach
		    ? "Ctrl-a x ends the guest, Ctrl-a d leaves it, Ctrl-a Ctrl-a sends Ctrl-a"
		    : "Ctrl-a x ends the guest, Ctrl-a Ctrl-a sends Ctrl-a; from elsewhere: ktest "
		      "ssh, console, gdb, mon, sysrq, push, pull");
}

static void leave(struct attach *a)
{
	a->status = 0;
	end(a, "detached");
}

/* What follows Ctrl-a; whether it is for the guest after all. */
static bool command_key(struct attach *a, char key)
{
	if (key == 'x' || key == 'X')
		ask(a, "kill");
	else if (key == 'h' || key == '?')
		help(a);
	else if (key == 'd' && a->c.detach)
		leave(a);
	else
		return key == CTRL_A || key == 'a';
	return false;
}

static size_t filter(void *arg, char *data, size_t len)
{
	struct attach *a = arg;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (a->prefix) {
			a->prefix = false;
			if (command_key(a, data[i]))
				data[n++] = CTRL_A;
		} else if (data[i] == CTRL_A) {
			a->prefix = true;
		} else if (!a->over) {
			data[n++] = data[i];
		} else if (data[i] == '\r' || data[i] == '\n') {
			a->again = true;
			loop_timer_set(a->later, loop_now_ns());
		}
	}
	return n;
}

/* ---- the shell */

static void shell_ended(void *arg, int status, int signal, const char *why);

/* Keys are read even while there is no shell: for Ctrl-a x. */
static void start_shell(struct attach *a)
{
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_strv_ struct strv env = {0};
	struct pump_config c = {
		.io = "pty",
		.argv = &argv,
		.env = &env,
		.cwd = "/root",
		.in = a->in,
		.out = a->out,
		.out_err = -1,
		.filter = filter,
		.ended = shell_ended,
		.arg = a,
	};
	char id[24];

	strv_addv(&argv, "/bin/sh", "-c", "command -v bash >/dev/null && exec bash -l; exec sh -l",
		  NULL);
	sshconf_env(&env);
	term_size(a->term.fd, &c.rows, &c.cols);
	snprintf(id, sizeof(id), "shell%u", ++a->shells);
	pump_free(a->shell);
	a->over = false;
	a->shell = pump_new(a->loop, a->link, id, &c);
}

static void read_key(void *arg, int fd, uint32_t events);

static void shell_ended(void *arg, int status, int signal, const char *why)
{
	struct attach *a = arg;

	a->over = true;
	if (!why)
		a->status = signal ? 128 + signal : status;
	if (a->c.once) {
		end(a, why ? why : "the shell has ended");
		return;
	}
	if (why)
		say(a, why);
	say(a, "the shell has ended; Enter starts another, Ctrl-a x ends the guest");
	a->keys = a->keys ? a->keys : loop_io(a->loop, a->in, EPOLLIN, read_key, a);
}

static void read_key(void *arg, int fd, uint32_t events)
{
	struct attach *a = arg;
	char keys[256];
	ssize_t n = read(fd, keys, sizeof(keys));

	(void)events;
	if (n > 0)
		filter(a, keys, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end(a, "the terminal is gone");
}

static void do_later(void *arg)
{
	struct attach *a = arg;

	if (a->why) {
		a->c.ended(a->c.arg, a->why);
		return;
	}
	if (!a->again)
		return;
	a->again = false;
	loop_remove(a->keys);
	a->keys = NULL;
	start_shell(a);
}

/* ---- the link */

static void on_frame(void *arg, const struct frame *f)
{
	struct attach *a = arg;
	const char *data = frame_get(f, "data");
	_cleanup_free_ char *bytes = NULL;
	long n;

	pump_frame(a->shell, f);
	if (f->type != FRAME_DATA || !data || !str_eq(frame_get(f, "id"), "watch"))
		return;
	bytes = xmalloc(strlen(data) + 1);
	n = bytes_unescape(data, bytes);
	if (n > 0)
		attach_text(a, bytes, (size_t)n);
}

static void on_closed(void *arg, const char *why)
{
	(void)why;
	end(arg, "the guest has ended");
}

static void on_winch(void *arg, int signo, pid_t sender)
{
	struct attach *a = arg;
	int rows, cols;

	(void)signo;
	(void)sender;
	term_size(a->term.fd, &rows, &cols);
	if (!a->over)
		pump_size(a->shell, rows, cols);
}

static int another(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

int attach_new(struct loop *loop, int fd, const struct attach_config *config, struct attach **out,
	       struct err *err)
{
	struct attach *a = xcalloc(1, sizeof(*a));
	const struct agent_handler handler = {on_frame, on_closed, a};
	int r;

	a->loop = loop;
	a->c = *config;
	a->status = -1;
	r = term_raw(config->tty, &a->term, err);
	if (r < 0) {
		close(fd);
		free(a);
		return r;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	a->link = agent_new(loop, fd, &handler);
	a->in = another(a->term.fd);
	a->out = another(a->term.fd);
	a->text_fd = another(a->term.fd);
	a->winch = loop_signal(loop, SIGWINCH, on_winch, a);
	a->later = loop_timer(loop, INT64_MAX, do_later, a);
	say(a, "Ctrl-a h lists what ktest does for you, Ctrl-a x ends the guest");
	if (a->c.watch)
		ask(a, "watch");
	start_shell(a);
	*out = a;
	return 0;
}

int attach_status(const struct attach *a)
{
	return a->status;
}

void attach_free(struct attach *a)
{
	if (!a)
		return;
	pump_free(a->shell);
	agent_free(a->link);
	loop_remove(a->keys);
	loop_remove(a->writer);
	loop_remove(a->winch);
	loop_remove(a->later);
	if (a->text.len && write(a->text_fd, a->text.s, a->text.len) < 0)
		a->text.len = 0;
	term_restore(&a->term);
	close(a->in);
	close(a->out);
	close(a->text_fd);
	strbuf_done(&a->text);
	free(a->why);
	free(a);
}
