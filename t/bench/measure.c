// SPDX-License-Identifier: GPL-2.0-only
/*
 * measure [-m MARKER] [-k] [-a FILE] COMMAND...
 *
 * Runs the command and prints what it took, one "name value" a line:
 *	marker_ns	from its start until its stdout had MARKER; missing when it never had
 *	marker_at_ns	the time of day then
 *	marker_cpu_ns	processor time until then, of its process and the QEMUs below it
 *	wall_ns		from its start to its end
 *	own_ns		processor time of the command's process alone
 *	qemu_ns		that of the QEMUs below it: the last look before each ended
 *	peak_kib	most memory its process had at a time: the last look before it ended
 *	status		exit status, or 128 and the signal
 * With -k the command is killed when the marker is there. -a writes the arguments of the last QEMU
 * to FILE, a line each. Without a marker its stdout is thrown away.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS	  (10 * 1000000LL)
#define QEMUS_MAX 64

struct qemu {
	pid_t pid;
	long long cpu_ns;
	int ended;
};

static struct {
	const char *marker;
	int kill_it;
	const char *arguments; /* file to write those of the last QEMU to */

	pid_t pid;
	int out; /* its stdout, -1: closed */
	long long began_ns, marker_ns, marker_at_ns, marker_cpu_ns, last_look_ns;
	long peak_kib;
	struct qemu qemus[QEMUS_MAX];
	int nqemus;
} m = {.out = -1};

static long long clock_ns(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		return -1;
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static long long cpu_ns(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) ? -1 : clock_ns(clock);
}

static size_t read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

static pid_t parent_of(pid_t pid)
{
	char stat[512];
	const char *p;

	read_proc(pid, "stat", stat, sizeof(stat));
	p = strrchr(stat, ')');
	return p && strlen(p) > 4 ? atoi(p + 4) : 0;
}

static int is_below_us(pid_t pid)
{
	for (int i = 0; pid > 1 && i < 32; i++, pid = parent_of(pid))
		if (pid == getpid())
			return 1;
	return 0;
}

static void write_arguments(pid_t pid)
{
	static char args[65536];
	size_t n = read_proc(pid, "cmdline", args, sizeof(args));
	FILE *f = fopen(m.arguments, "we");

	for (size_t i = 0; f && i < n; i += strlen(args + i) + 1)
		fprintf(f, "%s\n", args + i);
	if (!f || fclose(f))
		perror(m.arguments);
}

static void consider(pid_t pid)
{
	char comm[32];

	for (int i = 0; i < m.nqemus; i++)
		if (m.qemus[i].pid == pid && !m.qemus[i].ended)
			return;
	read_proc(pid, "comm", comm, sizeof(comm));
	if (strncmp(comm, "qemu-system", 11) != 0 || !is_below_us(pid) || m.nqemus == QEMUS_MAX)
		return;
	/* Those of the last: one before it may have been a probe. */
	if (m.arguments)
		write_arguments(pid);
	m.qemus[m.nqemus++] = (struct qemu){.pid = pid};
}

static void find_qemus(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (isdigit(e->d_name[0]))
			consider(atoi(e->d_name));
	if (d)
		closedir(d);
}

static int any_runs(void)
{
	for (int i = 0; i < m.nqemus; i++)
		if (!m.qemus[i].ended)
			return 1;
	return 0;
}

/* A pid that is taken again would count backwards, or from nothing. */
static void look_at_qemu(struct qemu *q)
{
	long long ns = q->ended ? -1 : cpu_ns(q->pid);

	if (ns < q->cpu_ns)
		q->ended = 1;
	else
		q->cpu_ns = ns;
}

static void look(void)
{
	char status[4096];
	const char *p;

	m.last_look_ns = clock_ns(CLOCK_MONOTONIC);
	read_proc(m.pid, "status", status, sizeof(status));
	p = strstr(status, "VmHWM:");
	if (p)
		m.peak_kib = atol(p + 6);
	for (int i = 0; i < m.nqemus; i++)
		look_at_qemu(&m.qemus[i]);
	if (!any_runs())
		find_qemus();
}

static void start(char **argv)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC)) {
		perror("pipe");
		exit(2);
	}
	m.began_ns = clock_ns(CLOCK_MONOTONIC);
	m.pid = fork();
	if (m.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(m.marker ? fds[1] : open("/dev/null", O_WRONLY), 1);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	close(fds[1]);
	m.out = fds[0];
}

static void marker_came(void)
{
	m.marker_ns = clock_ns(CLOCK_MONOTONIC) - m.began_ns;
	m.marker_at_ns = clock_ns(CLOCK_REALTIME);
	look();
	m.marker_cpu_ns = cpu_ns(m.pid);
	for (int i = 0; i < m.nqemus; i++)
		m.marker_cpu_ns += m.qemus[i].pid == m.pid ? 0 : m.qemus[i].cpu_ns;
	if (m.kill_it)
		kill(m.pid, SIGKILL);
}

/* What was read last may hold the marker's first part. */
static void look_for_marker(const char *data, size_t len)
{
	static char tail[256 + 65536];
	static size_t kept;
	size_t keep = strlen(m.marker) - 1;

	memcpy(tail + kept, data, len);
	kept += len;
	if (memmem(tail, kept, m.marker, keep + 1)) {
		marker_came();
	} else if (kept > keep) {
		memmove(tail, tail + kept - keep, keep);
		kept = keep;
	}
}

static void read_output(void)
{
	char data[65536];
	ssize_t n = read(m.out, data, sizeof(data));

	if (n > 0 && m.marker && !m.marker_ns)
		look_for_marker(data, (size_t)n);
	if (n == 0) {
		close(m.out);
		m.out = -1;
	}
}

/* Whether the command has ended; it is still a zombie then, and its own time can be read. */
static int ended(void)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)m.pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

static void run(void)
{
	while (!ended()) {
		struct pollfd p = {.fd = m.out, .events = POLLIN};

		if (poll(&p, 1, 10) > 0)
			read_output();
		if (clock_ns(CLOCK_MONOTONIC) - m.last_look_ns >= LOOK_NS)
			look();
	}
}

static void report(void)
{
	long long wall = clock_ns(CLOCK_MONOTONIC) - m.began_ns, own = cpu_ns(m.pid), qemu = 0;
	int status = 0;

	while (m.out >= 0 && m.marker && !m.marker_ns && !m.kill_it)
		read_output();
	waitpid(m.pid, &status, 0);
	/* Processes that the command left must not disturb what is measured next. */
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < m.nqemus; i++)
		qemu += m.qemus[i].cpu_ns;
	if (m.marker_ns)
		printf("marker_ns %lld\nmarker_at_ns %lld\nmarker_cpu_ns %lld\n", m.marker_ns,
		       m.marker_at_ns, m.marker_cpu_ns);
	printf("wall_ns %lld\nown_ns %lld\nqemu_ns %lld\npeak_kib %ld\nstatus %d\n", wall, own,
	       qemu, m.peak_kib, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+m:ka:")) != -1) {
		if (c == 'm')
			m.marker = optarg;
		else if (c == 'k')
			m.kill_it = 1;
		else if (c == 'a')
			m.arguments = optarg;
		else
			return 129;
	}
	if (optind == argc || (m.marker && (!*m.marker || strlen(m.marker) > 256))) {
		fprintf(stderr, "usage: measure [-m MARKER] [-k] [-a FILE] COMMAND...\n");
		return 129;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	start(argv + optind);
	run();
	report();
	return 0;
}
