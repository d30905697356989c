// SPDX-License-Identifier: GPL-2.0-only
#include "guest/procs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/util.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h; the value is old and stable */

int proc_read(pid_t pid, struct proc *p)
{
	char path[32];
	char text[512];
	const char *rest;
	unsigned int flags;
	long threads;
	char state;
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	ret = read_text(path, text, sizeof(text));
	if (ret < 0)
		return ret;
	/* The name in parentheses may hold anything, parentheses included. */
	rest = strrchr(text, ')');
	if (!rest ||
	    sscanf(rest, ") %c %d %*d %d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
		   &state, &p->ppid, &p->sid, &flags, &threads) != 5)
		return -ESRCH;
	p->pid = pid;
	p->kernel = (flags & PF_KTHREAD) != 0;
	/* A process whose first thread has ended shows as zombie while others run. */
	p->alive = (state != 'Z' && state != 'X') || threads > 1;
	return 0;
}

void procs_walk(void (*each)(const struct proc *p, void *data), void *data)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		pid_t pid = atoi(d->d_name);
		struct proc p;

		if (pid > 1 && !proc_read(pid, &p) && !p.kernel)
			each(&p, data);
	}
	if (dir)
		closedir(dir);
}
