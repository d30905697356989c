// SPDX-License-Identifier: GPL-2.0-only
#include "guest/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "guest/util.h"

static int console = -1;
static int nowhere = -1;

/* What a test writes reaches the host as it is, and what the host types (SysRq) does not come back.
 */
static void set_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return;
	t.c_oflag &= (tcflag_t)~OPOST;
	t.c_lflag &= (tcflag_t) ~(ECHO | ECHONL);
	tcsetattr(fd, TCSANOW, &t);
}

/*
 * By /dev/console and not the device itself: when a test that made it its controlling terminal
 * exits, the kernel hangs up every descriptor of the terminal but those.
 */
int console_open(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	set_raw(fd);
	if (console >= 0)
		close(console);
	console = fd;
	return 0;
}

int console_fd(void)
{
	int n;

	if (console >= 0 && !ioctl(console, TIOCOUTQ, &n))
		return console;
	if (!console_open())
		return console;
	if (nowhere < 0)
		nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	return nowhere;
}

int console_pending(void)
{
	int n;

	if (console < 0 || ioctl(console, TIOCOUTQ, &n) || n < 0)
		return 0;
	if (!n)
		tcdrain(console); /* what a UART holds beyond the queue; short */
	return n;
}

void console_drain(long long deadline)
{
	while (console_pending() && now_ns() < deadline)
		poll(NULL, 0, 1);
}
