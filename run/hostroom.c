// SPDX-License-Identifier: GPL-2.0-only
#include "run/hostroom.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/children.h"
#include "base/file.h"
#include "base/str.h"

#define TEXT_MAX  65536
#define DEPTH_MAX 4 /* sandbox, its init, QEMU */

static char *read_text(const char *path)
{
	char *text = NULL;
	size_t len;

	return file_read(path, TEXT_MAX, &text, &len, NULL) < 0 ? NULL : text;
}

/* "NAME:  123 kB" at the start of a line; otherwise where there is none. */
static int64_t kib_of(const char *text, const char *name, int64_t otherwise)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ':')
			return strtoll(line + len + 1, NULL, 10);
	}
	return otherwise;
}

void hostroom_read(struct hostroom *r)
{
	_cleanup_free_ char *memory = read_text("/proc/meminfo");
	_cleanup_free_ char *load = read_text("/proc/loadavg");
	int64_t total = kib_of(memory, "MemTotal", INT64_MAX);
	int64_t available = kib_of(memory, "MemAvailable", INT64_MAX);

	r->total_mib = total == INT64_MAX ? total : total / 1024;
	r->available_mib = available == INT64_MAX ? available : available / 1024;
	r->load = load ? strtod(load, NULL) : 0;
}

int hostroom_cpus(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;

	return n > 0 ? n : 1;
}

static int64_t own_kib(pid_t pid, int depth)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/smaps_rollup", (int)pid);
	_cleanup_free_ char *text = read_text(path);
	int64_t kib = kib_of(text, "Private_Dirty", 0) + kib_of(text, "Swap", 0);
	size_t n;
	pid_t *children = depth < DEPTH_MAX ? children_of(pid, &n) : NULL;

	for (size_t i = 0; children && i < n; i++)
		kib += own_kib(children[i], depth + 1);
	free(children);
	return kib;
}

int64_t hostroom_own_mib(pid_t pid)
{
	int64_t kib = pid > 0 ? own_kib(pid, 0) : 0;

	return (kib + 1023) / 1024;
}

/* The first two numbers of a thread's schedstat; Documentation/scheduler/sched-stats.rst. */
static bool add_thread(pid_t pid, const char *tid, int64_t *ran_ns, int64_t *waited_ns)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/task/%s/schedstat", (int)pid, tid);
	_cleanup_free_ char *text = read_text(path);
	long long ran, waited;

	if (!text || sscanf(text, "%lld %lld", &ran, &waited) != 2)
		return false;
	*ran_ns += ran;
	*waited_ns += waited;
	return true;
}

static bool add_process(pid_t pid, int depth, int64_t *ran_ns, int64_t *waited_ns)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/task", (int)pid);
	DIR *threads = opendir(path);
	const struct dirent *de;
	bool any = false;
	size_t n;
	pid_t *children;

	while (threads && (de = readdir(threads)))
		if (de->d_name[0] != '.')
			any |= add_thread(pid, de->d_name, ran_ns, waited_ns);
	if (threads)
		closedir(threads);
	children = depth < DEPTH_MAX ? children_of(pid, &n) : NULL;
	for (size_t i = 0; children && i < n; i++)
		any |= add_process(children[i], depth + 1, ran_ns, waited_ns);
	free(children);
	return any;
}

bool hostroom_ran(pid_t pid, int64_t *ran_ns, int64_t *waited_ns)
{
	*ran_ns = *waited_ns = 0;
	return pid > 0 && add_process(pid, 0, ran_ns, waited_ns);
}
