// SPDX-License-Identifier: GPL-2.0-only
#include "guest/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/console.h"
#include "guest/kmsg.h"
#include "guest/mounts.h"
#include "guest/port.h"
#include "guest/util.h"

#define KILL_NS	 (5 * NS_PER_S)
#define DRAIN_NS (10 * NS_PER_S)

/* Nothing of the loop runs any more: this is the end, and short waits are all there is to do. */
static void kill_everything(void)
{
	int64_t deadline = now_ns() + KILL_NS;

	while (now_ns() < deadline) {
		kill(-1, SIGKILL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			return;
		poll(NULL, 0, 5);
	}
	complain("processes are left that cannot be killed");
}

static void say_bye(const char *reason)
{
	struct frame_writer w;
	char buf[512];

	frame_begin(&w, buf, sizeof(buf), FRAME_BYE);
	frame_add(&w, "reason", reason);
	port_send(&w, PORT_MUST);
}

void stop_now(int reboot_after, const char *reason)
{
	kill_everything();
	sync();
	mounts_end();
	complain(FRAME_LAST_WORD);
	console_drain(now_ns() + DRAIN_NS);
	kmsg_drain(now_ns() + DRAIN_NS);
	say_bye(reason);
	port_drain(now_ns() + DRAIN_NS);
	reboot(reboot_after ? RB_AUTOBOOT : RB_POWER_OFF);
	/* A machine that cannot: the host sees BYE and ends it. */
	reboot(RB_HALT_SYSTEM);
	for (;;)
		pause();
}

void stop_command(const struct frame *f)
{
	const char *how = frame_get(f, "how");

	if (how && !strcmp(how, "reboot"))
		stop_now(1, "reboot");
	stop_now(0, "poweroff");
}
