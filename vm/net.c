// SPDX-License-Identifier: GPL-2.0-only
#include "vm/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base/file.h"
#include "base/loop.h"
#include "base/proc.h"

#define START_NS   (20 * NSEC_PER_SEC)
#define ANSWER_MAX 4096
#define API_NAME   "net-api"
#define LOG_NAME   "net.log"
#define TUN	   "/dev/net/tun"

bool net_wanted(const struct vm_config *c)
{
	return c->network == VM_NET_INTERNET || (c->network == VM_NET_USER && c->nforwards);
}

/* Somebody else may take the port until it is used: that is an error then, of fewer words. */
static int check_port(int port, struct err *err)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd >= 0 && bind(fd, (struct sockaddr *)&in, sizeof(in)) == 0 && listen(fd, 1) == 0)
		return 0;
	return err_errno(err, "--forward: port %d of 127.0.0.1", port);
}

int net_check(enum sandbox_kind kind, const struct vm_config *c, struct err *err)
{
	_cleanup_free_ char *slirp = find_program("slirp4netns");
	int r = 0;

	if (!net_wanted(c))
		return 0;
	if (kind != SANDBOX_BWRAP)
		return err_set(err, ENOTSUP,
			       "the guest's network cannot be opened: it would reach the host's "
			       "loopback without a namespace of its own (bubblewrap)");
	if (!slirp)
		return err_set(err, ENOENT,
			       "the guest's network cannot be opened: slirp4netns is missing "
			       "(Debian: slirp4netns)");
	if (access(TUN, R_OK | W_OK) < 0)
		return err_errno(err, "the guest's network cannot be opened: " TUN
				      " (`modprobe tun` as root, or a container that has it)");
	for (size_t i = 0; i < c->nforwards && r == 0; i++)
		r = check_port(c->forwards[i].host, err);
	return r;
}

int net_prepare(const struct vm_config *c, struct net *net, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/" VM_RESOLV, c->dir);
	static const char text[] = "nameserver " NET_RESOLVER "\n";

	if (pipe2(net->info, O_CLOEXEC) < 0 || pipe2(net->block, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	return file_write(path, text, strlen(text), 0644, err);
}

/* ---- what others say, until they have said all */

static int read_some(int fd, int64_t deadline_ns, char *buf, size_t size)
{
	struct pollfd p = {fd, POLLIN, 0};
	int64_t left = (deadline_ns - loop_now_ns()) / NSEC_PER_MSEC;
	ssize_t n;

	if (left <= 0 || poll(&p, 1, (int)left) == 0)
		return -ETIMEDOUT;
	n = read(fd, buf, size);
	return n < 0 ? (errno == EINTR ? 0 : -errno) : n == 0 ? -EPIPE : (int)n;
}

/* A JSON object, which may come in pieces. */
static json_t *read_object(int fd, struct err *err)
{
	int64_t deadline = loop_now_ns() + START_NS;
	char buf[ANSWER_MAX];
	size_t len = 0;
	json_t *o = NULL;
	int n = 0;

	while (!o && n >= 0 && len < sizeof(buf)) {
		n = read_some(fd, deadline, buf + len, sizeof(buf) - len);
		len += n > 0 ? (size_t)n : 0;
		o = json_loadb(buf, len, 0, NULL);
	}
	if (!json_is_object(o)) {
		json_decref(o);
		err_set(err, n < 0 ? n : EPROTO, "no answer: %s", strerror(n < 0 ? -n : EPROTO));
		return NULL;
	}
	return o;
}

/* bwrap's --info-fd: {"child-pid": N, ...} */
static int read_child(const struct net *net, pid_t *pid, struct err *err)
{
	json_t *o = read_object(net->info[0], err);

	if (!o)
		return err_wrap(err, "bwrap");
	*pid = (pid_t)json_integer_value(json_object_get(o, "child-pid"));
	json_decref(o);
	return *pid > 0 ? 0 : err_set(err, EPROTO, "bwrap does not say what it started");
}

/* ---- slirp4netns */

static int start(const struct vm_config *c, const char *keeper, pid_t child, int ready,
		 struct net *net, struct err *err)
{
	_cleanup_free_ char *log = xasprintf("%s/" LOG_NAME, c->dir);
	_cleanup_close_ int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	_cleanup_strv_ struct strv argv = {0};
	struct proc_spec spec = PROC_SPEC(&argv);

	strv_addv(&argv, keeper, "slirp4netns", "--configure", "--mtu=1500",
		  "--disable-host-loopback", "--cidr=" NET_CIDR, "--enable-sandbox",
		  "--enable-seccomp", NULL);
	strv_addf(&argv, "--userns-path=/proc/%d/ns/user", (int)child);
	strv_addf(&argv, "--api-socket=%s/" API_NAME, c->dir);
	strv_addf(&argv, "--ready-fd=%d", ready);
	strv_addf(&argv, "%d", (int)child);
	strv_add(&argv, "tap0");
	spec.fd_out = spec.fd_err = out;
	spec.fds[spec.nfds++] = ready;
	spec.own_session = true;
	return proc_spawn(&spec, &net->pid, err);
}

static int not_ready(const struct vm_config *c, struct err *err)
{
	_cleanup_free_ char *log = xasprintf("%s/" LOG_NAME, c->dir), *text = NULL;
	size_t len = 0;
	char *line;

	if (file_read(log, 1 << 20, &text, &len, NULL) < 0 || !len)
		return err_set(err, EIO, "slirp4netns did not start");
	text[len - (text[len - 1] == '\n')] = '\0';
	line = strrchr(text, '\n');
	return err_set(err, EIO, "slirp4netns did not start: %.300s", line ? line + 1 : text);
}

static int start_ready(const struct vm_config *c, const char *keeper, pid_t child, struct net *net,
		       struct err *err)
{
	int ready[2], r;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	r = start(c, keeper, child, ready[1], net, err);
	close(ready[1]);
	if (r == 0 && read_some(ready[0], loop_now_ns() + START_NS, &byte, 1) <= 0)
		r = not_ready(c, err);
	close(ready[0]);
	return r;
}

/* ---- its API: one request a connection */

static int api_open(const struct vm_config *c, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_free_ char *path = xasprintf("%s/" API_NAME, c->dir);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int out;

	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(err, ENAMETOOLONG, "%s: too long for a socket's name", path);
	strcpy(sa.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_errno(err, "%s", path);
	out = fd;
	fd = -1;
	return out;
}

static int forward(const struct vm_config *c, size_t i, struct err *err)
{
	_cleanup_close_ int fd = api_open(c, err);
	json_t *request = json_pack("{s:s, s:{s:s, s:s, s:i, s:s, s:i}}", "execute", "add_hostfwd",
				    "arguments", "proto", "tcp", "host_addr", "127.0.0.1",
				    "host_port", c->forwards[i].host, "guest_addr", NET_INNER,
				    "guest_port", NET_PORT + (int)i);
	_cleanup_free_ char *text = json_dumps(request, JSON_COMPACT);
	json_t *answer;
	int r;

	json_decref(request);
	if (fd < 0)
		return fd;
	r = fd_write_all(fd, text, strlen(text));
	shutdown(fd, SHUT_WR);
	answer = r < 0 ? NULL : read_object(fd, err);
	if (r < 0 || !answer)
		return err_set(err, EIO, "--forward %d: slirp4netns does not answer",
			       c->forwards[i].host);
	if (!json_object_get(answer, "return"))
		r = err_set(err, EADDRINUSE, "--forward: port %d of 127.0.0.1 cannot be had",
			    c->forwards[i].host);
	json_decref(answer);
	return r;
}

int net_connect(const struct vm_config *c, const char *keeper, struct net *net, struct err *err)
{
	pid_t child = 0;
	int r;

	close(net->info[1]);
	close(net->block[0]);
	net->info[1] = net->block[0] = -1;
	r = read_child(net, &child, err);
	if (r == 0)
		r = start_ready(c, keeper, child, net, err);
	for (size_t i = 0; i < c->nforwards && r == 0; i++)
		r = forward(c, i, err);
	if (r == 0)
		r = fd_write_all(net->block[1], "x", 1);
	return r;
}

void net_end(struct net *net)
{
	int *fds[] = {&net->info[0], &net->info[1], &net->block[0], &net->block[1]};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	if (net->pid > 0) {
		kill(net->pid, SIGTERM);
		waitpid(net->pid, NULL, 0);
	}
	net->pid = 0;
}
