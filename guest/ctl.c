// SPDX-License-Identifier: GPL-2.0-only
/* ktest-ctl: what a test uses to ask the host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest/calls.h"

static int say(const char *what)
{
	fprintf(stderr, "ktest-ctl: %s: %s\n", what, strerror(errno));
	return 1;
}

static int connect_agent(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = CALLS_SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int put(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The agent may refuse and close before all is written: then its answer counts. */
static void send_words(int fd, char **words, int n)
{
	int ret = 0;

	for (int i = 0; !ret && i < n; i++)
		ret = send(fd, words[i], strlen(words[i]) + 1, MSG_NOSIGNAL) < 0;
	shutdown(fd, SHUT_WR);
}

/* As one write, so that the answers of several at a time do not mix. */
static int print_answer(int fd)
{
	static char buf[FRAME_PAYLOAD_MAX + 1];
	size_t len = 0;
	ssize_t n;
	int failed;

	while ((n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += (size_t)n;
	if (!len) {
		errno = n < 0 ? errno : ECONNRESET;
		return say("the agent");
	}
	failed = *buf != '0';
	if (len > 1 && buf[len - 1] != '\n')
		buf[len++] = '\n';
	if (put(failed ? STDERR_FILENO : STDOUT_FILENO, buf + 1, len - 1))
		return say("write");
	return failed;
}

int ctl_main(int argc, char **argv)
{
	int fd;
	int ret;

	if (argc < 2) {
		fprintf(stderr, "usage: ktest-ctl VERB [ARG...]\n");
		return 129;
	}
	if (!strcmp(argv[1], "selftest")) {
		printf("ktest agent, protocol %d\n", FRAME_VERSION);
		return fflush(stdout) ? say("write") : 0;
	}
	fd = connect_agent();
	if (fd < 0)
		return say(CALLS_SOCKET);
	send_words(fd, argv + 1, argc - 1);
	ret = print_answer(fd);
	close(fd);
	return ret;
}
