// SPDX-License-Identifier: GPL-2.0-only
/*
 * bareclone DIR COUNT JOBS SIZE QEMU ARGUMENT...
 *
 * What a clone costs when nothing is done but to restore it: QEMU boots once with its memory of
 * SIZE bytes in DIR/mem, until its guest (init.c) says that it is ready, and is saved; then COUNT
 * clones of it, JOBS at a time, each run bash once. Prints "wall_ns N": of all clones, from the
 * start of the first to the end of the last.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX   128
#define PATIENCE_S 120

struct machine {
	pid_t pid;
	int qmp, serial; /* our ends */
};

static const char *dir, *size;
static char **base; /* QEMU and its arguments */

static void fail(const char *what)
{
	fprintf(stderr, "bareclone: %s: %s\n", what, strerror(errno));
	exit(2);
}

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Read from fd until it has said text. */
static void await(int fd, const char *text)
{
	char buf[65536];
	size_t len = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, PATIENCE_S * 1000) < 1)
			fail(text);
		n = read(fd, buf + len, sizeof(buf) - 1 - len);
		if (n <= 0)
			fail(text);
		len += (size_t)n;
		buf[len] = 0;
		if (strstr(buf, text))
			return;
		if (len > sizeof(buf) / 2) { /* the text may be cut */
			memmove(buf, buf + len - 256, 256);
			len = 256;
		}
	}
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail("write");
}

static void start(struct machine *m, int clone)
{
	char object[512], qmp[64], *argv[ARGS_MAX];
	int n = 0, q[2], s[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, q) || socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		fail("socketpair");
	fcntl(q[0], F_SETFD, FD_CLOEXEC);
	fcntl(s[0], F_SETFD, FD_CLOEXEC);
	snprintf(object, sizeof(object),
		 "memory-backend-file,id=mem,size=%s,mem-path=%s/mem,share=%s", size, dir,
		 clone ? "off" : "on");
	snprintf(qmp, sizeof(qmp), "socket,id=q,fd=%d", q[1]);
	while (base[n] && n < ARGS_MAX - 12) {
		argv[n] = base[n];
		n++;
	}
	for (char **extra = (char *[]){"-object", object, "-chardev", qmp, "-mon",
				       "chardev=q,mode=control", "-serial", "stdio", NULL};
	     *extra; extra++)
		argv[n++] = *extra;
	if (clone) {
		argv[n++] = "-incoming";
		argv[n++] = "defer";
	}
	argv[n] = NULL;
	m->pid = fork();
	if (m->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(s[1], 0);
		dup2(s[1], 1);
		execv(argv[0], argv);
		_exit(127);
	}
	close(q[1]);
	close(s[1]);
	m->qmp = q[0];
	m->serial = s[0];
	await(m->qmp, "QMP");
	say(m->qmp,
	    "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"migrate-set-capabilities\","
	    "\"arguments\":{\"capabilities\":[{\"capability\":\"x-ignore-shared\",\"state\":"
	    "true},{\"capability\":\"events\",\"state\":true}]}}");
}

static void end(struct machine *m)
{
	kill(m->pid, SIGKILL);
	waitpid(m->pid, NULL, 0);
	close(m->qmp);
	close(m->serial);
}

static void save(void)
{
	struct machine m;
	char command[1024];

	start(&m, 0);
	await(m.serial, "bench: ready");
	snprintf(command, sizeof(command),
		 "{\"execute\":\"stop\"}{\"execute\":\"migrate\",\"arguments\":{\"uri\":"
		 "\"exec:cat >%s/state\"}}",
		 dir);
	say(m.qmp, command);
	await(m.qmp, "\"completed\"");
	say(m.qmp, "{\"execute\":\"quit\"}");
	waitpid(m.pid, NULL, 0);
	close(m.qmp);
	close(m.serial);
}

static void clone_once(void)
{
	struct machine m;
	char command[1024];

	start(&m, 1);
	snprintf(command, sizeof(command),
		 "{\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"exec:cat %s/state\"}}",
		 dir);
	say(m.qmp, command);
	await(m.qmp, "\"completed\"");
	say(m.qmp, "{\"execute\":\"cont\"}");
	say(m.serial, ".\n"); /* a terminal hands out lines */
	await(m.serial, "bench: done");
	end(&m);
}

int main(int argc, char **argv)
{
	int count, jobs, status, failed = 0;
	long long began;
	char path[512];
	int fd;

	if (argc < 6) {
		fprintf(stderr, "usage: bareclone DIR COUNT JOBS SIZE QEMU ARGUMENT...\n");
		return 2;
	}
	dir = argv[1];
	count = atoi(argv[2]);
	jobs = atoi(argv[3]);
	size = argv[4];
	base = argv + 5;
	snprintf(path, sizeof(path), "%s/mem", dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		fail(path);
	close(fd);
	save();
	began = now_ns();
	for (int i = 0; i < jobs; i++)
		if (fork() == 0) {
			for (int k = i; k < count; k += jobs)
				clone_once();
			_exit(0);
		}
	while (wait(&status) > 0)
		failed |= status;
	if (failed)
		return 2;
	printf("wall_ns %lld\n", now_ns() - began);
	return 0;
}
