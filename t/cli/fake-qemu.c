// SPDX-License-Identifier: GPL-2.0-only
/* The program: arguments, channels and the loop; t/cli/fake.h says what it does. */
#include "t/cli/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void channel_send(struct channel *c, const void *data, size_t len)
{
	if (c->fd < 0)
		return;
	if (c->out_len + len > c->out_cap) {
		c->out_cap = 2 * (c->out_len + len);
		c->out = realloc(c->out, c->out_cap);
		if (!c->out)
			abort();
	}
	memcpy(c->out + c->out_len, data, len);
	c->out_len += len;
}

static void channel_flush(struct channel *c)
{
	ssize_t n;

	if (c->fd < 0 || !c->out_len)
		return;
	n = write(c->fd, c->out, c->out_len);
	if (n < 0 && errno != EAGAIN)
		c->fd = -1;
	if (c->fd < 0)
		c->out_len = 0;
	if (n <= 0)
		return;
	memmove(c->out, c->out + n, c->out_len - (size_t)n);
	c->out_len -= (size_t)n;
}

static void channel_fill(struct channel *c)
{
	ssize_t n = read(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len);

	if (n > 0)
		c->in_len += (size_t)n;
	else if (n == 0 || errno != EAGAIN)
		c->fd = -1;
}

static void help(const char *what)
{
	if (!strcmp(what, "-accel"))
		puts("Accelerators supported in QEMU binary:\ntcg");
	else if (!strcmp(what, "-machine"))
		puts("Supported machines are:\nq35                  fake (alias of pc-q35-7.2)");
	else
		puts("name \"virtio-blk-pci\", bus PCI\nname \"virtio-serial-pci\", bus PCI\n"
		     "name \"virtio-9p-pci\", bus PCI\nname \"pvpanic-pci\", bus PCI");
	exit(0);
}

/* Like the accelerator probe, wait for the host's answer to the line. */
static void probe_say(const char *line)
{
	char answer;

	puts(line);
	fflush(stdout);
	if (read(STDIN_FILENO, &answer, 1) != 1)
		exit(1);
}

/* The accelerator probe (guest/probe/probe.S): a guest as fast as one under KVM. */
static void probe(const struct script *s)
{
	const char *text = script_setting_get(s, "probe");
	double ms = text ? strtod(text, NULL) : 0;

	probe_say("ktest probe 2");
	for (int i = 0; i < 2; i++) {
		clock_t end = clock() + (clock_t)(ms * CLOCKS_PER_SEC / 1000);

		while (clock() < end)
			;
		probe_say("pass");
	}
	puts("done");
	exit(33);
}

static void channel_open(struct fake *f, const char *chardev)
{
	const char *id = strstr(chardev, "id="), *fd = strstr(chardev, "fd=");
	struct channel *c = NULL;

	if (!id || !fd)
		return;
	id += 3;
	if (!strncmp(id, "qmp", 3))
		c = &f->qmp;
	else if (!strncmp(id, "agent", 5))
		c = &f->agent;
	if (!c)
		return;
	c->fd = atoi(fd + 3);
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0) {
		fprintf(stderr, "qemu-system-x86_64: -chardev %s: %s\n", chardev, strerror(errno));
		exit(1);
	}
}

static void share_open(struct fake *f, const char *fsdev)
{
	const char *path = strstr(fsdev, ",path=");

	if (path && strstr(fsdev, "id=ktest-out,"))
		f->tree = path + strlen(",path=");
	if (path && strstr(fsdev, "id=ktest-view,"))
		f->view = path + strlen(",path=");
}

static void parse_args(struct fake *f, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--version") || !strcmp(argv[i], "-version")) {
			puts("QEMU emulator version 7.2.0 (a fake)");
			exit(0);
		}
		if (i + 1 < argc && !strcmp(argv[i + 1], "help"))
			help(argv[i]);
		if (!strncmp(argv[i], "isa-debug-exit", 14))
			probe(&f->script);
		if (!strcmp(argv[i], "-S"))
			f->stopped = true;
		if (i + 1 < argc && !strcmp(argv[i], "-object"))
			mem_open(f, argv[i + 1]);
		if (i + 1 < argc && !strcmp(argv[i], "-name"))
			f->name = argv[i + 1];
		if (!strcmp(argv[i], "-incoming"))
			f->incoming = true;
		if (i + 1 < argc && !strcmp(argv[i], "-chardev"))
			channel_open(f, argv[i + 1]);
		if (i + 1 < argc && !strcmp(argv[i], "-fsdev"))
			share_open(f, argv[i + 1]);
	}
}

static struct pollfd poll_of(const struct channel *c)
{
	return (struct pollfd){
		.fd = c->fd,
		.events = (short)((!c->write_only && c->in_len < sizeof(c->in) ? POLLIN : 0) |
				  (c->out_len ? POLLOUT : 0)),
	};
}

static int timeout_of(const struct fake *f)
{
	int64_t wake = f->next_beat_ms;

	if (f->wake_ms && !f->stopped && !f->hung && f->wake_ms < wake)
		wake = f->wake_ms;
	return wake > now_ms() ? (int)(wake - now_ms()) : 0;
}

void keys_input(struct fake *f)
{
	static const char answer[] = "[   99.000001] sysrq: Show State\r\n"
				     "[   99.000002] task:fake_task state:D stack:0 pid:42\r\n";
	char typed[64];
	ssize_t n = f->keys < 0 ? 0 : read(f->keys, typed, sizeof(typed));

	if (f->hung || f->stopped || script_setting(&f->script, "ignore", "keys"))
		return;
	for (ssize_t i = 1; i < n; i++)
		if (typed[i - 1] == '\x0f' && typed[i] == 't')
			channel_send(&f->console, answer, strlen(answer));
}

static void fake_once(struct fake *f)
{
	/* What the guest said before it stopped stands before QMP's word of that. */
	struct channel *channels[] = {&f->console, &f->agent, &f->qmp};
	struct pollfd fds[4];

	for (int i = 0; i < 3; i++)
		fds[i] = poll_of(channels[i]);
	fds[3] = (struct pollfd){.fd = f->keys, .events = POLLIN};
	poll(fds, 4, timeout_of(f));
	for (int i = 0; i < 3; i++) {
		if (fds[i].fd < 0)
			continue;
		if (!channels[i]->write_only && fds[i].revents & (POLLIN | POLLHUP | POLLERR))
			channel_fill(channels[i]);
		if (fds[i].revents & POLLOUT)
			channel_flush(channels[i]);
	}
	keys_input(f);
	qmp_input(f);
	agent_input(f);
	agent_beat(f);
	guest_run(f);
}

int main(int argc, char **argv)
{
	static struct fake f;

	f.qmp.fd = f.console.fd = f.agent.fd = f.keys = -1;
	signal(SIGPIPE, SIG_IGN);
	script_load(&f.script, (const char *)getauxval(AT_EXECFN));
	parse_args(&f, argc, argv);
	if (script_setting(&f.script, "ignore", "term"))
		signal(SIGTERM, SIG_IGN);
	qmp_greet(&f);
	if (!f.incoming)
		guest_power_on(&f);
	for (;;)
		fake_once(&f);
}
