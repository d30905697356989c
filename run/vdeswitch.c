// SPDX-License-Identifier: GPL-2.0-only
#include "run/vdeswitch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/proc.h"
#include "vm/sandbox.h"

#define START_NS  (10 * NSEC_PER_SEC)
#define LOOK_NS	  (10 * NSEC_PER_MSEC)
#define HOSTS_MAX 250

enum { SWITCH, GATEWAY };

int vdeswitch_check(struct err *err)
{
	static const char *const programs[] = {"vde_switch", "slirpvde"};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		_cleanup_free_ char *path = find_program(programs[i]);

		if (!path)
			return err_set(err, ENOENT, "-n vde: %s is missing (Debian: vde2)",
				       programs[i]);
	}
	return 0;
}

/* ---- an address of our own */

static int take_host(struct network *n, struct err *err)
{
	for (n->host = VM_NET_HOST; n->host < HOSTS_MAX; n->host++) {
		_cleanup_free_ char *path = xasprintf("%s/.ktest.%d", n->vde, n->host);

		n->lock_fd = lock_try(path, NULL);
		if (n->lock_fd == -EWOULDBLOCK)
			continue;
		if (n->lock_fd < 0)
			return err_set(err, n->lock_fd, "%s: %s", path, strerror(-n->lock_fd));
		n->lock = path;
		path = NULL;
		return 0;
	}
	return err_set(err, EBUSY, "no address is free on it");
}

/* ---- the switch itself */

/* The host's files read-only, nothing of its network. */
static void add_sandbox(const struct network *n, struct strv *argv)
{
	strv_addv(argv, "bwrap", "--unshare-all", "--uid", "0", "--gid", "0", "--die-with-parent",
		  "--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
		  "--bind", n->vde, n->vde, "--", NULL);
}

static int start(struct network *n, int which, const char *program, bool confined, int in,
		 struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);

	/* The keeper would give it an empty standard input. */
	if (which == GATEWAY)
		strv_addv(&argv, program, "keeper", NULL);
	if (confined)
		add_sandbox(n, &argv);
	if (which == SWITCH)
		strv_addv(&argv, "vde_switch", "--sock", n->vde, "--mode", "0600", NULL);
	else
		strv_addv(&argv, "slirpvde", "-s", n->vde, "-n", VM_NET_PREFIX "0", NULL);
	spec.fd_in = in;
	spec.own_session = true;
	return proc_spawn(&spec, &n->pids[which], err);
}

/* One that was killed leaves its socket. */
static bool is_alive(const char *ctl)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(ctl) >= sizeof(sa.sun_path))
		return false;
	strcpy(sa.sun_path, ctl);
	return connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0;
}

static int await_switch(struct network *n, const char *ctl, struct err *err)
{
	const struct timespec pause = {0, LOOK_NS};
	int64_t deadline = loop_now_ns() + START_NS;
	char word[64];
	int status;

	while (!is_alive(ctl)) {
		if (waitpid(n->pids[SWITCH], &status, WNOHANG) > 0) {
			n->pids[SWITCH] = 0;
			return err_set(err, EIO, "vde_switch: %s",
				       proc_status_str(status, word, sizeof(word)));
		}
		if (loop_now_ns() > deadline)
			return err_set(err, ETIMEDOUT, "vde_switch does not start");
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* vde_switch ends at the end of its standard input, that is with us. */
static int start_switch(struct network *n, const char *ctl, const char *program, struct err *err)
{
	const char *why;
	bool confined = sandbox_probe(&why) == SANDBOX_BWRAP;
	int in[2], r;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	n->hold = in[1];
	r = start(n, SWITCH, program, confined, in[0], err);
	close(in[0]);
	if (r == 0)
		r = await_switch(n, ctl, err);
	if (r == 0 && confined)
		r = start(n, GATEWAY, program, confined, -1, err);
	else if (r == 0)
		log_warn("the switch has no gateway: %s", why);
	return r;
}

int vdeswitch_start(struct network *n, const char *program, struct err *err)
{
	_cleanup_free_ char *ctl = xasprintf("%s/ctl", n->vde);
	int r = mkdir_p(n->vde, 0700, err);

	if (r == 0)
		r = take_host(n, err);
	if (r < 0 || is_alive(ctl))
		return r;
	unlink(ctl);
	return start_switch(n, ctl, program, err);
}

void vdeswitch_end(struct network *n)
{
	_cleanup_free_ char *ctl = n->hold >= 0 ? xasprintf("%s/ctl", n->vde) : NULL;

	for (int i = GATEWAY; i >= SWITCH; i--) {
		if (n->pids[i] <= 0)
			continue;
		kill(n->pids[i], SIGTERM);
		waitpid(n->pids[i], NULL, 0);
	}
	if (n->hold >= 0) {
		close(n->hold);
		unlink(ctl);
	}
	if (n->lock)
		unlink(n->lock);
	if (n->lock_fd >= 0)
		close(n->lock_fd);
}
