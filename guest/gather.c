// SPDX-License-Identifier: GPL-2.0-only
#include "guest/gather.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/loop.h"
#include "guest/port.h"
#include "guest/util.h"

#define DEPTH_MAX 64
#define CHUNK	  (256 << 10) /* fewer round trips of a 9p share */
#define ID_MAX	  64

/* What the child that copies tells of it. */
struct report {
	struct fault fault; /* the first; error 0: none */
	int files;
};

static void report_ready(struct watch *w, uint32_t events);

static struct watch reporter = {-1, report_ready};
static char current_id[ID_MAX];
static pid_t copier;

/* ---- in the child */

static void keep_fault(struct report *r, const char *name)
{
	if (!r->fault.error)
		fault_errno(&r->fault, "gather: %.200s", name);
}

/* Their sizes are 0: such a file is read until it ends. */
static int copy(int from, int to)
{
	static char buf[CHUNK];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0) {
		for (ssize_t done = 0; done < n;) {
			ssize_t put = write(to, buf + done, (size_t)(n - done));

			if (put < 0)
				return -1;
			done += put;
		}
	}
	return n < 0 ? -1 : 0;
}

static void copy_file(int from_dir, int to_dir, const char *name, struct report *r)
{
	int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (from < 0 || to < 0 || copy(from, to) < 0)
		keep_fault(r, name);
	else
		r->files++;
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to))
		keep_fault(r, name);
}

static int ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && !strcmp(name + n - k, suffix);
}

static void copy_tree(int from, int to, const char *suffix, int depth, struct report *r);

static void copy_below(int from, int to, const char *name, const char *suffix, int depth,
		       struct report *r)
{
	int sub = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int into = -1;

	if (sub >= 0 && (!mkdirat(to, name, 0755) || errno == EEXIST))
		into = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (into >= 0)
		copy_tree(sub, into, suffix, depth + 1, r);
	else
		keep_fault(r, name);
	if (into >= 0)
		close(into);
	if (sub >= 0)
		close(sub);
}

static void copy_tree(int from, int to, const char *suffix, int depth, struct report *r)
{
	DIR *dir = depth < DEPTH_MAX ? fdopendir(dup(from)) : NULL;
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.' && (!d->d_name[1] || !strcmp(d->d_name, "..")))
			continue;
		if (d->d_type == DT_DIR)
			copy_below(from, to, d->d_name, suffix, depth, r);
		else if (d->d_type == DT_REG && ends_with(d->d_name, suffix))
			copy_file(from, to, d->d_name, r);
	}
	if (dir)
		closedir(dir);
}

static void gather(const char *from, const char *to, const char *suffix, struct report *r)
{
	int source = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (source < 0 || target < 0)
		keep_fault(r, source < 0 ? from : to);
	else
		copy_tree(source, target, suffix, 0, r);
}

/* ---- in the agent */

static void answer(const struct fault *f, int files)
{
	struct frame_writer w;
	char buf[1024];

	frame_begin(&w, buf, sizeof(buf), FRAME_DONE);
	frame_add(&w, "id", current_id);
	frame_add_int(&w, "error", f->error);
	frame_add(&w, "message", f->text);
	frame_add_int(&w, "files", files);
	port_send(&w, PORT_MUST);
}

static void report_ready(struct watch *w, uint32_t events)
{
	struct report r = {0};
	ssize_t n = read(w->fd, &r, sizeof(r));

	(void)events;
	loop_remove(w);
	close(w->fd);
	w->fd = -1;
	if (n != (ssize_t)sizeof(r))
		fault_set(&r.fault, EIO, "gather: what copies was killed");
	answer(&r.fault, r.files);
}

/* 0, or -errno. */
static int start(const struct frame *f, struct fault *fault)
{
	const char *from = frame_get(f, "from"), *to = frame_get(f, "to");
	const char *suffix = frame_get(f, "suffix");
	struct report r = {0};
	int pipefd[2];

	if (!from || !to || !suffix)
		return fault_set(fault, EINVAL, "gather: from, to and suffix are needed");
	if (reporter.fd >= 0)
		return fault_set(fault, EBUSY, "gather: one at a time");
	if (pipe2(pipefd, O_CLOEXEC))
		return fault_errno(fault, "gather: pipe");
	copier = fork();
	if (copier == 0) {
		setpgid(0, 0); /* for share.c: it is to wait for the mount */
		gather(from, to, suffix, &r);
		_exit(write(pipefd[1], &r, sizeof(r)) < 0 ? 1 : 0);
	}
	if (copier < 0)
		fault_errno(fault, "gather: fork");
	close(pipefd[1]);
	if (copier < 0)
		close(pipefd[0]);
	else
		reporter.fd = pipefd[0];
	return -fault->error;
}

int gather_is(pid_t pid)
{
	return reporter.fd >= 0 && pid == copier;
}

void gather_command(const struct frame *f)
{
	const char *id = frame_get(f, "id");
	struct fault fault = {0};

	if (start(f, &fault)) {
		port_done(id, fault.error, fault.text);
		return;
	}
	snprintf(current_id, sizeof(current_id), "%s", id ? id : "");
	loop_add(&reporter, EPOLLIN);
}
