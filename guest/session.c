// SPDX-License-Identifier: GPL-2.0-only
#include "guest/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/cgroup.h"
#include "guest/child.h"
#include "guest/console.h"
#include "guest/cores.h"
#include "guest/gather.h"
#include "guest/held.h"
#include "guest/kmsg.h"
#include "guest/loop.h"
#include "guest/port.h"
#include "guest/procs.h"
#include "guest/stream.h"
#include "guest/util.h"

#define SESSIONS_MAX  8
#define ID_MAX	      64
#define KILL_NS	      (5 * NS_PER_S)
#define CORES_NS      (60 * NS_PER_S)
#define DRAIN_NS      (10 * NS_PER_S)
#define KILL_LOOK_NS  (20 * NS_PER_MS)
#define DRAIN_LOOK_NS (1 * NS_PER_MS)
#define CLIMB_MAX     64

/* The life of a session; after RUNNING the timer takes it from one state to the next. */
enum session_state {
	SESSION_FREE,
	SESSION_STARTING, /* the child has not yet got to its program */
	SESSION_RUNNING,
	SESSION_KILLING, /* the main process has ended, what it left is being killed */
	SESSION_CORES,	 /* core dumps are being copied */
	SESSION_DRAINING /* the console has bytes left to hand over, or the kernel's log records */
};

struct session {
	enum session_state state;
	char id[ID_MAX];
	const char *group; /* its cgroup: its id, or that of a shell that waited */
	pid_t pid;
	pid_t copier; /* in SESSION_CORES */
	int status;   /* wait status of the main process */
	int64_t started;
	int64_t duration;
	int64_t deadline; /* of the state */
	long long taint_before;
	int walks; /* looks for what is left */
	int left;
	int alive;
	char cores[512];
	char mark[128]; /* a file that the program makes once it has begun what it was started for
			 */
	struct watch exec; /* tells whether the program runs */
	struct timer tick;
};

static struct session sessions[SESSIONS_MAX];

static struct session *session_by_id(const char *id)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i].state != SESSION_FREE && !strcmp(sessions[i].id, id))
			return &sessions[i];
	}
	return NULL;
}

static struct session *session_by_group(const char *group)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i].state != SESSION_FREE && !strcmp(sessions[i].group, group))
			return &sessions[i];
	}
	return NULL;
}

static struct session *session_by_pid(pid_t pid)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i].state != SESSION_FREE && sessions[i].pid == pid)
			return &sessions[i];
	}
	return NULL;
}

/*
 * Whose a process is: by its cgroup, its session id, or by descent. Those that left all three
 * behind are nobody's.
 */
static struct session *owner_of(const struct proc *p)
{
	struct proc above = *p;
	char group[ID_MAX];
	struct session *s;

	cgroup_of(p->pid, group, sizeof(group));
	s = *group ? session_by_group(group) : NULL;
	if (!s)
		s = session_by_pid(p->sid);
	for (int i = 0; !s && above.pid > 1 && i < CLIMB_MAX; i++) {
		s = session_by_pid(above.pid);
		if (proc_read(above.ppid, &above))
			break;
	}
	return s;
}

const char *session_id_of(pid_t pid)
{
	struct session *s;
	struct proc p;

	if (proc_read(pid, &p))
		return NULL;
	s = owner_of(&p);
	return s ? s->id : NULL;
}

static int is_copier(pid_t pid)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i].state == SESSION_CORES && sessions[i].copier == pid)
			return 1;
	}
	return 0;
}

/* Nobody's processes die with the first session that ends after they appeared. */
static void kill_one(const struct proc *p, void *data)
{
	struct session *s = data;
	const struct session *owner = owner_of(p);

	if ((owner && owner != s) || is_copier(p->pid) || gather_is(p->pid) ||
	    (!owner && stream_owns(p)))
		return;
	s->alive += p->alive;
	kill(p->pid, SIGKILL);
}

/* Every process but kernel threads descends from the agent: without children there is none. */
static int has_children(void)
{
	siginfo_t info;

	return !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) || errno != ECHILD;
}

/* How many of the session are still alive; all of them have been sent SIGKILL. */
static int kill_rest(struct session *s)
{
	s->alive = 0;
	if (!has_children())
		return 0;
	procs_walk(kill_one, s);
	cgroup_kill(s->group); /* also what was forked during the walk */
	if (!s->walks++)
		s->left = s->alive;
	return s->alive;
}

/* It stays open, since in a clone it takes long to be found. */
static long long read_taint(void)
{
	static int fd = -1;
	char text[32];
	ssize_t n;

	if (fd < 0)
		fd = open("/proc/sys/kernel/tainted", O_RDONLY | O_CLOEXEC);
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = 0;
	return atoll(text);
}

static void send_exit(struct session *s)
{
	struct frame_writer w;
	char buf[512];
	char taint[48];
	int signaled = WIFSIGNALED(s->status);

	snprintf(taint, sizeof(taint), "%lld,%lld", s->taint_before, read_taint());
	frame_begin(&w, buf, sizeof(buf), FRAME_EXIT);
	frame_add(&w, "id", s->id);
	frame_add_int(&w, "status", signaled ? -1 : WEXITSTATUS(s->status));
	frame_add_int(&w, "signal", signaled ? WTERMSIG(s->status) : 0);
	frame_add_int(&w, "duration_ns", s->duration);
	frame_add(&w, "tainted", taint);
	if (*s->mark)
		frame_add_int(&w, "begun", !access(s->mark, F_OK));
	frame_add_int(&w, "left", s->left);
	if (s->alive)
		frame_add_int(&w, "left_stuck", s->alive);
	port_send(&w, PORT_MUST);
}

static void session_enter(struct session *s, enum session_state state, int64_t limit_ns)
{
	s->state = state;
	s->deadline = now_ns() + limit_ns;
	timer_arm(&s->tick, now_ns());
}

static void enter_cores(struct session *s)
{
	s->copier = *s->cores ? cores_copy(s->cores) : 0;
	if (s->copier > 0)
		session_enter(s, SESSION_CORES, CORES_NS);
	else
		session_enter(s, SESSION_DRAINING, DRAIN_NS);
}

static void tick_killing(struct session *s)
{
	if (kill_rest(s) && now_ns() < s->deadline) {
		timer_arm(&s->tick, now_ns() + KILL_LOOK_NS);
		return;
	}
	kmsg_mark();
	enter_cores(s);
}

static void tick_cores(struct session *s)
{
	if (now_ns() < s->deadline) {
		timer_arm(&s->tick, s->deadline);
		return;
	}
	port_log("copying core dumps to %s takes too long", s->cores);
	kill(s->copier, SIGKILL);
	session_enter(s, SESSION_DRAINING, DRAIN_NS);
}

static void tick_draining(struct session *s)
{
	/* EXIT would wait in the same queue as the records: they have no deadline of their own. */
	if (!kmsg_sent() || (console_pending() && now_ns() < s->deadline)) {
		timer_arm(&s->tick, now_ns() + DRAIN_LOOK_NS);
		return;
	}
	send_exit(s);
	cgroup_remove(s->group);
	s->state = SESSION_FREE;
}

static void session_tick(struct timer *t)
{
	struct session *s = (struct session *)((char *)t - offsetof(struct session, tick));

	if (s->state == SESSION_KILLING)
		tick_killing(s);
	else if (s->state == SESSION_CORES)
		tick_cores(s);
	else if (s->state == SESSION_DRAINING)
		tick_draining(s);
}

/* The child has got to its program, or said why it could not. */
static void conclude_start(struct session *s)
{
	struct fault f = {0};
	ssize_t n = read(s->exec.fd, &f, sizeof(f));

	loop_remove(&s->exec);
	close(s->exec.fd);
	if (n == (ssize_t)sizeof(f)) {
		s->state = SESSION_FREE; /* the child ends by itself and is reaped as an orphan */
		cgroup_remove(s->id);
		port_done(s->id, f.error, f.text);
		return;
	}
	s->state = SESSION_RUNNING;
	port_done(s->id, 0, "");
}

static void exec_ready(struct watch *w, uint32_t events)
{
	(void)events;
	conclude_start((struct session *)((char *)w - offsetof(struct session, exec)));
}

static void main_ended(struct session *s, int status)
{
	if (s->state == SESSION_STARTING)
		conclude_start(s);
	if (s->state != SESSION_RUNNING)
		return;
	s->status = status;
	s->duration = now_ns() - s->started;
	session_enter(s, SESSION_KILLING, KILL_NS);
}

void session_reaped(pid_t pid, int status)
{
	held_reaped(pid);
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = &sessions[i];

		if (s->state <= SESSION_RUNNING && s->state != SESSION_FREE && s->pid == pid)
			main_ended(s, status);
		else if (s->state == SESSION_KILLING)
			timer_arm(&s->tick, now_ns());
		else if (s->state == SESSION_CORES && s->copier == pid)
			session_enter(s, SESSION_DRAINING, DRAIN_NS);
	}
}

static int check_id(const char *id, struct fault *f)
{
	/* It names a directory of the cgroup file system. */
	if (!id || !*id || *id == '.' || strchr(id, '/') || strlen(id) >= ID_MAX)
		return fault_set(f, EINVAL, "start: '%.80s' cannot be the id of a session",
				 id ? id : "");
	if (session_by_id(id))
		return fault_set(f, EEXIST, "start: session %s is there already", id);
	return 0;
}

static struct session *session_new(const struct frame *frame, struct fault *f)
{
	const char *id = frame_get(frame, "id");
	const char *cores = frame_get(frame, "cores");
	const char *mark = frame_get(frame, "mark");

	if (check_id(id, f))
		return NULL;
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = &sessions[i];

		if (s->state != SESSION_FREE)
			continue;
		memset(s, 0, sizeof(*s));
		strcpy(s->id, id);
		s->group = s->id;
		snprintf(s->cores, sizeof(s->cores), "%s", cores ? cores : "");
		snprintf(s->mark, sizeof(s->mark), "%s", mark ? mark : "");
		s->tick.fire = session_tick;
		s->exec.ready = exec_ready;
		return s;
	}
	fault_set(f, EAGAIN, "start: %d sessions run already", SESSIONS_MAX);
	return NULL;
}

static int session_run(struct session *s, const struct frame *frame, struct fault *f)
{
	s->taint_before = read_taint();
	if (*s->mark)
		unlink(s->mark);
	s->started = now_ns();
	s->pid = frame_get(frame, "held") ? held_take(frame) : 0;
	if (s->pid) {
		s->group = HELD_CGROUP;
		s->state = SESSION_RUNNING;
		port_done(s->id, 0, "");
		return 0;
	}
	cgroup_make(s->id);
	s->pid = child_start(frame, s->id, NULL, &s->exec.fd, f);
	if (s->pid < 0)
		return s->pid;
	s->state = SESSION_STARTING;
	loop_add(&s->exec, EPOLLIN);
	return 0;
}

void session_start_command(const struct frame *frame)
{
	struct fault f = {0};
	struct session *s = session_new(frame, &f);

	if (!s || session_run(s, frame, &f))
		port_done(frame_get(frame, "id"), f.error, f.text);
}

struct signal_request {
	struct session *session;
	int signal;
	int sent;
};

static void signal_one(const struct proc *p, void *data)
{
	struct signal_request *r = data;

	if (owner_of(p) == r->session && !kill(p->pid, r->signal))
		r->sent++;
}

void session_signal_command(const struct frame *frame)
{
	const char *id = frame_get(frame, "id");
	struct signal_request r = {id ? session_by_id(id) : NULL, 0, 0};

	r.signal = (int)frame_get_int(frame, "signal", -1);
	if (!r.session) {
		port_done(id, ESRCH, "signal: there is no such session");
		return;
	}
	if (r.signal < 0 || r.signal >= _NSIG) {
		port_done(id, EINVAL, "signal: a number is needed");
		return;
	}
	procs_walk(signal_one, &r);
	port_done(id, r.sent ? 0 : ESRCH, r.sent ? "" : "signal: no process is left");
}
