// SPDX-License-Identifier: GPL-2.0-only
/* ktest-ctl: what a test uses to ask the host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest/calls.h"
#include "guest/selftest.h"

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

int ctl_ask(char **words, int n, char *answer, size_t size)
{
	size_t len = 0;
	ssize_t got;
	int fd = connect_agent();

	if (fd < 0)
		return -errno;
	send_words(fd, words, n);
	while ((got = read(fd, answer + len, size - 1 - len)) > 0)
		len += (size_t)got;
	if (!len)
		got = got < 0 ? -errno : -ECONNRESET;
	close(fd);
	answer[len] = 0;
	return len ? (int)len : (int)got;
}

/* As one write, so that the answers of several at a time do not mix. */
static int print_answer(char *answer, size_t len)
{
	int failed = *answer != '0';

	if (len > 1 && answer[len - 1] != '\n')
		answer[len++] = '\n';
	if (put(failed ? STDERR_FILENO : STDOUT_FILENO, answer + 1, len - 1))
		return say("write");
	return failed;
}

int ctl_main(int argc, char **argv)
{
	static char answer[FRAME_PAYLOAD_MAX + 1];
	int len;

	if (argc < 2) {
		fprintf(stderr, "usage: ktest-ctl VERB [ARG...]\n");
		return 129;
	}
	if (!strcmp(argv[1], "selftest"))
		return selftest_main(argc - 2, argv + 2);
	/* One byte is for the newline that may be missing. */
	len = ctl_ask(argv + 1, argc - 1, answer, sizeof(answer) - 1);
	if (len < 0) {
		errno = -len;
		return say(CALLS_SOCKET);
	}
	return print_answer(answer, (size_t)len);
}
