// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "reach/attach.h"
#include "report/build.h"
#include "report/progress.h"

static void show_text(void *arg, const char *text, size_t len)
{
	struct screen *s = arg;

	if (s->attach) {
		attach_text(s->attach, text, len);
		return;
	}
	if (s->progress) {
		progress_write(s->progress, text, len);
		return;
	}
	fwrite(text, 1, len, stdout);
	fflush(stdout);
}

static void show_progress(void *arg, const struct run_progress *p)
{
	struct screen *s = arg;

	if (s->progress)
		progress_show(s->progress, p);
}

static void show_build(void *arg, const struct kbuild_progress *p)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	struct screen *s = arg;

	build_format(p, &b);
	if (s->progress)
		progress_text(s->progress, b.s, b.len);
	else if (build_line_due(p, &s->line_ns))
		log_note("%s", b.s);
}

int screen_width(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col)
		return ws.ws_col;
	return 100;
}

void screen_open(struct screen *s, bool line)
{
	*s = (struct screen){.terminal = line && isatty(STDOUT_FILENO)};
	if (s->terminal)
		s->progress = progress_new(stdout, screen_width());
	cmd_progress = s->progress;
}

void screen_close(struct screen *s)
{
	cmd_progress = NULL;
	progress_free(s->progress);
	s->progress = NULL;
}

struct run_ui screen_ui(struct screen *s)
{
	return (struct run_ui){
		.live = show_text, .progress = show_progress, .build = show_build, .arg = s};
}

/* ---- a guest that stays */

static void on_detached(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

static void show_guest(void *arg, struct loop *loop, int fd)
{
	struct screen *s = arg;
	const struct attach_config config = {.tty = STDIN_FILENO, .ended = on_detached, .arg = s};
	struct err err = {0};

	screen_close(s);
	if (attach_new(loop, fd, &config, &s->attach, &err) < 0)
		log_warn("no shell: %s", err.msg);
}

static void tell_of_guest(void *arg, struct loop *loop, int fd)
{
	(void)arg;
	(void)loop;
	close(fd);
	log_note("no terminal: the guest stays for 'ktest ssh', 'console' and others until 'ktest "
		 "kill'");
}

static void guest_gone(void *arg)
{
	struct screen *s = arg;

	/* Below what the guest wrote last, its prompt for example. */
	if (s->attach)
		fputc('\n', stdout);
	attach_free(s->attach);
	s->attach = NULL;
}

void screen_interactive(struct run_ui *ui)
{
	bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	ui->stay = terminal ? show_guest : tell_of_guest;
	ui->gone = guest_gone;
}
