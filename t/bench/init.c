// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the bare boot that ours is compared with: it loads the modules that the agent would, in
 * the same order, prints a line on the console and waits to be killed. With bench.clone among the
 * kernel's arguments it runs `bash -c true` of the root image on the first disk before that, and
 * again for each byte that it reads.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char order[65536];

static void load(const char *name)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		dprintf(1, "bench: %s: %m\n", name);
	close(fd);
}

static void run_bash(void)
{
	char *const argv[] = {"bash", "-c", "true", NULL};
	char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execve("/bin/bash", argv, env);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		dprintf(1, "bench: bash: status %d\n", status);
}

static int is_clone(void)
{
	static char line[4096];
	int fd;
	ssize_t n;

	mount("proc", "/proc", "proc", 0, NULL);
	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);
	return n > 0 && strstr(line, "bench.clone");
}

static void serve(void)
{
	char byte;

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mkdir("/newroot", 0755);
	if (mount("/dev/vda", "/newroot", "ext4", MS_RDONLY, "noload") || chroot("/newroot"))
		dprintf(1, "bench: root: %m\n");
	run_bash();
	dprintf(1, "bench: ready\n");
	while (read(0, &byte, 1) == 1) {
		if (byte != '.')
			continue;
		run_bash();
		dprintf(1, "bench: done\n");
	}
}

int main(void)
{
	int fd = open("/modules/order", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, order, sizeof(order) - 1);
	char *save;

	if (n > 0)
		order[n] = 0;
	for (char *line = strtok_r(order, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		load(line);
	if (is_clone())
		serve();
	dprintf(1, "bench: up\n");
	for (;;)
		pause();
}
