// SPDX-License-Identifier: GPL-2.0-only
#include "guest/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/util.h"

#define ROOT "/sys/fs/cgroup"
#define OURS ROOT "/ktest"

int cgroup_make(const char *name)
{
	char path[PATH_MAX];

	if (access(ROOT "/cgroup.procs", F_OK))
		return -ENOSYS;
	snprintf(path, sizeof(path), OURS "/%s", name);
	return mkdir_p(path, 0755);
}

void cgroup_join(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), OURS "/%s/cgroup.procs", name);
	write_text(path, 0, "0");
}

void cgroup_kill(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), OURS "/%s/cgroup.kill", name);
	write_text(path, 0, "1");
}

/* Only directories can be removed in a cgroup, and only from the leaves up. */
static void remove_tree(char *path, size_t len)
{
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		size_t n = strlen(d->d_name);

		if (d->d_type != DT_DIR || d->d_name[0] == '.' || len + n + 2 > PATH_MAX)
			continue;
		path[len] = '/';
		memcpy(path + len + 1, d->d_name, n + 1);
		remove_tree(path, len + 1 + n);
		path[len] = 0;
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

void cgroup_remove(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), OURS "/%s", name);
	if (rmdir(path) && errno != ENOENT)
		remove_tree(path, strlen(path));
}

void cgroup_of(pid_t pid, char *name, size_t size)
{
	static const char prefix[] = "0::/ktest/";
	char path[64];
	char text[1024];
	const char *line;
	size_t len;

	*name = 0;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (read_text(path, text, sizeof(text)) <= 0)
		return;
	line = strstr(text, prefix);
	if (!line || (line != text && line[-1] != '\n'))
		return;
	line += strlen(prefix);
	len = strcspn(line, "/\n");
	if (len < size) {
		memcpy(name, line, len);
		name[len] = 0;
	}
}
