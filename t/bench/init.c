// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the bare boot that ours is compared with: it loads the modules that the agent would, in
 * the same order, prints a line on the console and waits to be killed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
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

int main(void)
{
	int fd = open("/modules/order", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, order, sizeof(order) - 1);
	char *save;

	if (n > 0)
		order[n] = 0;
	for (char *line = strtok_r(order, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		load(line);
	dprintf(1, "bench: up\n");
	for (;;)
		pause();
}
