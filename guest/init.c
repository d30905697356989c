// SPDX-License-Identifier: GPL-2.0-only
/* The agent: PID 1 of a guest. doc/protocol.md describes what it does for the host. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/calls.h"
#include "guest/console.h"
#include "guest/gather.h"
#include "guest/held.h"
#include "guest/kmsg.h"
#include "guest/loop.h"
#include "guest/modules.h"
#include "guest/mounts.h"
#include "guest/net.h"
#include "guest/port.h"
#include "guest/session.h"
#include "guest/setup.h"
#include "guest/share.h"
#include "guest/stop.h"
#include "guest/stream.h"
#include "guest/uevent.h"
#include "guest/util.h"

#define CAPS	   "exec calls disks net stop gather streams quiet"
#define CAP_KMSG   " kmsg"
#define BEAT_NS	   NS_PER_S
#define LOOK_MS	   50		   /* between looks for port and console where no uevent tells */
#define CONSOLE_NS (10 * NS_PER_S) /* a machine without a console is used without */
#define KMSG_NS	   (10 * NS_PER_S)

static void beat(struct timer *t);
static void signal_ready(struct watch *w, uint32_t events);

static struct timer beat_timer = {.fire = beat};
static struct watch signals = {-1, signal_ready};

/* What the kernel has yet to say comes before the last word. */
static void quiet_command(const struct frame *f)
{
	struct fault fault = {0};

	sync();
	shares_release(&fault);
	console_drain(now_ns() + CONSOLE_NS);
	kmsg_drain(now_ns() + KMSG_NS);
	kmsg_stop();
	timer_disarm(&beat_timer);
	port_done(frame_get(f, "id"), fault.error, fault.text);
}

static void ping_command(const struct frame *f)
{
	const char *nonce = frame_get(f, "nonce");

	kmsg_drain(now_ns() + KMSG_NS);
	port_done(frame_get(f, "id"), 0, nonce ? nonce : "");
}

static const struct {
	uint16_t type;
	void (*run)(const struct frame *f);
} commands[] = {
	{FRAME_SETUP, setup_command},	     {FRAME_START, session_start_command},
	{FRAME_HOLD, held_command},	     {FRAME_SIGNAL, session_signal_command},
	{FRAME_REPLY, calls_reply_command},  {FRAME_STOP, stop_command},
	{FRAME_PING, ping_command},	     {FRAME_OPEN, stream_open_command},
	{FRAME_INPUT, stream_input_command}, {FRAME_MORE, stream_more_command},
	{FRAME_SIZE, stream_size_command},   {FRAME_CLOSE, stream_close_command},
	{FRAME_GATHER, gather_command},	     {FRAME_QUIET, quiet_command},
};

/* Types it does not know are skipped: the host may be newer. */
static void handle_frame(const struct frame *f)
{
	if (!beat_timer.armed) {
		timer_arm(&beat_timer, now_ns() + BEAT_NS);
		kmsg_start();
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].type == f->type) {
			commands[i].run(f);
			return;
		}
	}
}

static void send_hello(void)
{
	struct frame_writer w;
	struct utsname uts;
	char buf[1024];
	char boot_id[64];

	uname(&uts);
	read_text("/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id));
	frame_begin(&w, buf, sizeof(buf), FRAME_HELLO);
	frame_add_int(&w, "version", FRAME_VERSION);
	frame_add(&w, "caps", kmsg_is_open() ? CAPS CAP_KMSG : CAPS);
	frame_add(&w, "release", uts.release);
	frame_add(&w, "arch", uts.machine);
	frame_add(&w, "boot_id", boot_id);
	frame_add_int(&w, "uptime_ns", uptime_ns());
	port_send(&w, PORT_MUST);
}

static int64_t mem_available_kb(void)
{
	char text[512];
	const char *line;
	long long kb;

	read_text("/proc/meminfo", text, sizeof(text));
	line = strstr(text, "MemAvailable:");
	return line && sscanf(line, "MemAvailable: %lld", &kb) == 1 ? kb : 0;
}

static void beat(struct timer *t)
{
	struct frame_writer w;
	char buf[256];
	char load[64];

	read_text("/proc/loadavg", load, sizeof(load));
	load[strcspn(load, " ")] = 0;
	frame_begin(&w, buf, sizeof(buf), FRAME_BEAT);
	frame_add_int(&w, "uptime_ns", uptime_ns());
	frame_add(&w, "load", load);
	frame_add_int(&w, "mem_avail_kb", mem_available_kb());
	frame_add_int(&w, "kmsg", kmsg_is_idle());
	port_send(&w, PORT_DROP);
	timer_arm(t, now_ns() + BEAT_NS);
}

/* The agent is the parent of every orphan; all it owes them is this. */
static void signal_ready(struct watch *w, uint32_t events)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)events;
	while (read(w->fd, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!stream_reaped(pid, status))
			session_reaped(pid, status);
}

static int signals_open(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return signals.fd < 0 ? -errno : loop_add(&signals, EPOLLIN);
}

/* The kernel gives init no streams when the console is a module; 0 to 2 must not become others. */
static void fill_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < 2);
	if (fd > 2)
		close(fd);
}

static char first_complaint[640];

static void keep_complaint(const char *text)
{
	complain("%s", text);
	if (!*first_complaint)
		snprintf(first_complaint, sizeof(first_complaint), "%s", text);
}

/* Both come some time after their driver, in either order; without the port there is nobody to
 * serve. */
static void await_host(void)
{
	int64_t start = now_ns();
	int console = console_open();
	int port = port_open();
	int told = 0;

	while (port || (console && now_ns() - start < CONSOLE_NS)) {
		if (!uevent_wait(LOOK_MS) && !told && now_ns() - start > 30 * NS_PER_S) {
			complain("no port " FRAME_PORT_NAME " yet: %s", strerror(-port));
			told = 1;
		}
		if (console)
			console = console_open();
		if (port)
			port = port_open();
	}
}

static void port_room(void)
{
	stream_room();
	kmsg_room();
}

static int boot(void)
{
	umask(022);
	setpgid(0, 0); /* the kernel starts it in none */
	mounts_early();
	fill_streams();
	kmsg_open();
	write_text("/proc/self/oom_score_adj", 0, "-1000");
	if (uevent_open())
		complain("no uevents");
	modules_load(keep_complaint);
	await_host();
	net_loopback();
	if (loop_init() || signals_open()) {
		complain("no loop: %s", strerror(errno));
		return 1;
	}
	uevent_start(setup_devices_changed);
	port_start(handle_frame, port_room);
	send_hello();
	if (*first_complaint)
		port_log("%s", first_complaint);
	kmsg_start();
	timer_arm(&beat_timer, now_ns() + BEAT_NS);
	loop_run();
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	/* A test may run ktest-ctl as the first process of a PID namespace: the name counts too. */
	if (getpid() != 1 || !strcmp(slash ? slash + 1 : argv[0], "ktest-ctl"))
		return ctl_main(argc, argv);
	return boot();
}
