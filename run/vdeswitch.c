// SPDX-License-Identifier: GPL-2.0-only
#include "run/vdeswitch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bwrap.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/proc.h"
#include "vm/sandbox.h"

#define START_NS    (10 * NSEC_PER_SEC)
#define LOOK_NS	    (10 * NSEC_PER_MSEC)
#define HOSTS_MAX   250
#define LOCK_PREFIX ".ktest."
#define MADE	    LOCK_PREFIX "made" /* the directory is one of ours */

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
		_cleanup_free_ char *path = xasprintf("%s/" LOCK_PREFIX "%d", n->vde, n->host);

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
static void add_sandbox(const struct network *n, const char *keeper, struct strv *argv)
{
	bwrap_start(keeper, argv);
	strv_addv(argv, "--unshare-all", "--uid", "0", "--gid", "0", "--cap-drop", "ALL",
		  "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", n->vde,
		  n->vde, "--", NULL);
}

/* vde_switch would set the directory's mode. */
static void add_switch(const struct network *n, struct strv *argv)
{
	struct stat st;

	strv_addv(argv, "vde_switch", "--sock", n->vde, "--mode", "0600", "--dirmode", NULL);
	strv_addf(argv, "0%o", stat(n->vde, &st) < 0 ? 0700U : (unsigned int)st.st_mode & 07777);
}

static int start(struct network *n, int which, const char *keeper, bool confined, int in,
		 struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);

	if (confined)
		add_sandbox(n, keeper, &argv);
	else
		strv_add(&argv, keeper);
	if (which == SWITCH)
		add_switch(n, &argv);
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

/* It does not say when it listens, so it is asked again and again. */
struct await {
	struct loop *loop;
	struct loop_source *look;
	struct network *network;
	const char *ctl;
	int64_t deadline_ns;
	int result;
	struct err *err;
};

static void on_look(void *arg)
{
	struct await *a = arg;

	if (is_alive(a->ctl)) {
		loop_quit(a->loop);
	} else if (loop_now_ns() > a->deadline_ns) {
		a->result = err_set(a->err, ETIMEDOUT, "vde_switch does not start");
		loop_quit(a->loop);
	} else {
		loop_timer_set(a->look, loop_now_ns() + LOOK_NS);
	}
}

static void on_end(void *arg, pid_t pid, int status)
{
	struct await *a = arg;
	char word[64];

	(void)pid;
	a->network->pids[SWITCH] = 0;
	a->result =
		err_set(a->err, EIO, "vde_switch: %s", proc_status_str(status, word, sizeof(word)));
	loop_quit(a->loop);
}

static int await_switch(struct network *n, const char *ctl, struct err *err)
{
	struct await a = {.network = n, .ctl = ctl, .err = err};
	int r = loop_new(&a.loop, err);

	if (r < 0)
		return r;
	a.deadline_ns = loop_now_ns() + START_NS;
	a.look = loop_timer(a.loop, loop_now_ns(), on_look, &a);
	loop_child(a.loop, n->pids[SWITCH], on_end, &a);
	r = loop_run(a.loop);
	loop_free(a.loop);
	return r < 0 ? err_set(err, r, "vde_switch: %s", strerror(-r)) : a.result;
}

/* vde_switch ends at the end of its standard input, that is with us. */
static int start_switch(struct network *n, const char *ctl, const char *keeper, struct err *err)
{
	const char *why;
	bool confined = sandbox_probe(keeper, &why) == SANDBOX_BWRAP;
	int in[2], r;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	n->hold = in[1];
	r = start(n, SWITCH, keeper, confined, in[0], err);
	close(in[0]);
	if (r == 0)
		r = await_switch(n, ctl, err);
	if (r == 0 && confined)
		r = start(n, GATEWAY, keeper, confined, -1, err);
	else if (r == 0)
		log_warn("the switch has no gateway: %s", why);
	return r;
}

/* "003.4711": that of a port, which a switch that is ended before it has seen its peer go leaves.
 */
static bool is_port(int dir, const char *name)
{
	struct stat st;
	char end;
	int port, pid;

	return sscanf(name, "%3d.%d%c", &port, &pid, &end) == 2 &&
	       fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode);
}

/* Whether the directory holds what a switch or take_host() leaves, or nothing. */
static int check_dir(const char *vde, struct err *err)
{
	DIR *d = opendir(vde);
	struct dirent *e;
	int r = 0;

	if (!d)
		return err_errno(err, "%s", vde);
	while (r == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    strcmp(e->d_name, "ctl") != 0 && !str_starts(e->d_name, LOCK_PREFIX) &&
		    !is_port(dirfd(d), e->d_name))
			r = err_set(
				err, ENOTEMPTY,
				"it holds other files, such as %s; name a directory that is new "
				"or empty",
				e->d_name);
	closedir(d);
	return r;
}

/* Whether the directory is still there under its name when it is locked. */
static bool dir_lock(const char *vde, int *fd)
{
	struct stat st, named;

	*fd = open(vde, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return false;
	if (flock(*fd, LOCK_EX) == 0 && fstat(*fd, &st) == 0 && stat(vde, &named) == 0 &&
	    st.st_dev == named.st_dev && st.st_ino == named.st_ino)
		return true;
	close(*fd);
	*fd = -1;
	errno = ENOENT;
	return false;
}

/* Two that come at the same time start one switch, also while a third one leaves. */
static int dir_enter(struct network *n, int *fd, struct err *err)
{
	_cleanup_free_ char *mark = xasprintf("%s/" MADE, n->vde);
	bool made;
	int r;

	do {
		made = !path_exists(n->vde);
		r = mkdir_p(n->vde, 0700, err);
	} while (r == 0 && !dir_lock(n->vde, fd) && errno == ENOENT);
	if (r == 0 && *fd < 0)
		r = err_errno(err, "%s", n->vde);
	return r == 0 && made ? file_write(mark, "", 0, 0600, err) : r;
}

static bool is_in_use(const char *vde)
{
	DIR *d = opendir(vde);
	const struct dirent *e;
	bool used = false;

	while (d && !used && (e = readdir(d)))
		used = str_starts(e->d_name, LOCK_PREFIX) && strcmp(e->d_name, MADE) != 0;
	if (d)
		closedir(d);
	return used;
}

/* The last one removes a directory that one of us has made, if nobody else has put anything there.
 */
static void dir_leave(const char *vde)
{
	_cleanup_free_ char *mark = xasprintf("%s/" MADE, vde);
	_cleanup_close_ int lock = -1;

	if (dir_lock(vde, &lock) && !is_in_use(vde) && unlink(mark) == 0)
		rmdir(vde);
}

int vdeswitch_start(struct network *n, const char *keeper, struct err *err)
{
	_cleanup_free_ char *ctl = xasprintf("%s/ctl", n->vde);
	_cleanup_close_ int lock = -1;
	int r = dir_enter(n, &lock, err);
	bool alive;

	if (r < 0)
		return r;
	alive = is_alive(ctl);
	r = alive ? 0 : check_dir(n->vde, err);
	if (r == 0)
		r = take_host(n, err);
	if (r < 0 || alive)
		return r;
	unlink(ctl);
	return start_switch(n, ctl, keeper, err);
}

static void remove_sockets(const char *vde)
{
	DIR *d = opendir(vde);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (!strcmp(e->d_name, "ctl") || is_port(dirfd(d), e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

void vdeswitch_end(struct network *n)
{
	for (int i = GATEWAY; i >= SWITCH; i--) {
		if (n->pids[i] <= 0)
			continue;
		kill(n->pids[i], SIGTERM);
		waitpid(n->pids[i], NULL, 0);
	}
	if (n->hold >= 0) {
		close(n->hold);
		remove_sockets(n->vde);
	}
	if (n->lock)
		unlink(n->lock);
	if (n->lock_fd >= 0)
		close(n->lock_fd);
	if (n->vde)
		dir_leave(n->vde);
}
