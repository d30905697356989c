// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>

#include "run/selftest_data.h"
#include "run/selftest_parts.h"

/* Before the speed factor. */
#define BOOT_NS (60 * NSEC_PER_SEC)
#define STEP_NS (30 * NSEC_PER_SEC)

/* A guest has no business to write more. */
#define CONSOLE_MAX ((size_t)4 << 20)

static const char *step_name(enum step step)
{
	static const char *const names[] = {"boot",   "setup",	   "ping", "start",
					    "checks", "heartbeat", "stop", "end"};

	return names[step];
}

void selftest_report(struct selftest *t, const char *name, bool ok, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	t->failed += !ok;
	t->ui->check(t->ui->arg, name, ok, b.len ? b.s : "");
}

void selftest_step(struct selftest *t, enum step step)
{
	int64_t ns = step == STEP_BOOT ? BOOT_NS : STEP_NS;

	t->step = step;
	loop_timer_set(t->deadline,
		       loop_now_ns() + (int64_t)((double)ns * t->machine.accel.speed_factor));
}

static void end(struct selftest *t, bool kill)
{
	selftest_step(t, STEP_OVER);
	vm_end(t->vm, kill);
}

/* The guest is not to be had any further. */
void selftest_broken(struct selftest *t, const char *why)
{
	if (t->given_up)
		return;
	t->given_up = true;
	selftest_report(t, step_name(t->step), false, "%s", why);
	end(t, true);
}

/* ---- what happens to the guest */

static void on_console(void *arg, const char *data, size_t len)
{
	struct selftest *t = arg;

	if (t->ui->console)
		t->ui->console(t->ui->arg, data, len);
	if (len <= CONSOLE_MAX - t->console.len)
		strbuf_add(&t->console, data, len);
}

static void got_poweroff(struct selftest *t)
{
	if (t->step == STEP_STOP)
		end(t, false);
	else
		selftest_broken(t, "the guest switched itself off");
}

static void check_disk(struct selftest *t)
{
	struct err err = {0};
	bool ok = selftest_disk_check(t->machine.disk, &err) == 0;

	selftest_report(t, "storage", ok, "%s",
			ok ? "the disk's file has what the guest wrote" : err.msg);
}

/* Also without a VM_POWEROFF before it: the switch of the riscv64 machine ends QEMU before 8.2 at
 * once. */
static void got_end(struct selftest *t, const char *how)
{
	bool stopping = t->step == STEP_STOP || t->step == STEP_OVER;

	if (stopping && t->bye) {
		selftest_report(t, "stop", true, "it switched itself off");
		check_disk(t);
	} else if (!t->given_up) {
		selftest_broken(t, how);
	}
	loop_quit(t->loop);
}

static void on_event(void *arg, enum vm_event event, const char *detail)
{
	struct selftest *t = arg;

	switch (event) {
	case VM_PANICKED:
		selftest_broken(t, "the kernel panicked");
		break;
	case VM_RESET:
		selftest_broken(t, "the guest restarted");
		break;
	case VM_POWEROFF:
		got_poweroff(t);
		break;
	case VM_RESTORED:
		break;
	case VM_BROKEN:
		selftest_broken(t, detail);
		break;
	case VM_ENDED:
		got_end(t, detail);
		break;
	}
}

/* The last line that there is on the console, for who asks why. */
static const char *last_line(const struct strbuf *b, size_t *len)
{
	size_t from, to = b->len;

	while (to && (b->s[to - 1] == '\n' || b->s[to - 1] == '\r'))
		to--;
	for (from = to; from && b->s[from - 1] != '\n'; from--)
		;
	*len = to - from;
	return b->s + from;
}

static void on_deadline(void *arg)
{
	struct selftest *t = arg;
	_cleanup_free_ char *why = NULL;
	const char *line;
	size_t len = 0;

	if (t->step == STEP_OVER) {
		vm_end(t->vm, true);
		return;
	}
	vm_drain(t->vm);
	line = t->console.len ? last_line(&t->console, &len) : "";
	why = xasprintf("no answer in time; the console ends with: %.*s", (int)len, line);
	selftest_broken(t, why);
}

static void on_signal(void *arg, int signo, pid_t sender)
{
	struct selftest *t = arg;

	(void)signo;
	(void)sender;
	t->interrupted = t->given_up = true;
	end(t, true);
}

/* ---- all of it */

static void tell_begin(const struct selftest *t)
{
	const struct selftest_vm *m = &t->machine;
	_cleanup_strbuf_ struct strbuf b = {0};

	strbuf_addf(&b, "%s, kernel %s, ", m->arch->name, m->kernel.name);
	accel_describe(&m->accel, &b);
	t->ui->begin(t->ui->arg, b.s);
}

static int start(struct selftest *t, struct err *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	const struct vm_handler handler = {on_console, selftest_frame, on_event, t};
	int r = loop_new(&t->loop, err);

	if (r < 0)
		return r;
	t->start_ns = loop_now_ns();
	t->deadline = loop_timer(t->loop, INT64_MAX, on_deadline, t);
	r = vm_start(t->loop, &t->machine.config, t->settings->keeper, &handler, &t->vm, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		loop_signal(t->loop, signals[i], on_signal, t);
	selftest_step(t, STEP_BOOT);
	return loop_run(t->loop);
}

int selftest_run(const struct settings *s, const struct selftest_ui *ui, int *exit_status,
		 struct err *err)
{
	struct selftest t = {.settings = s, .ui = ui};
	int r = selftest_vm_make(s, &t.machine, err);

	if (r == 0) {
		tell_begin(&t);
		r = start(&t, err);
	}
	*exit_status = t.interrupted ? EXIT_INTERRUPTED : t.failed ? 1 : 0;
	vm_free(t.vm);
	loop_free(t.loop);
	strbuf_done(&t.console);
	selftest_vm_done(&t.machine);
	return r;
}
