// SPDX-License-Identifier: GPL-2.0-only
#include "guest/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest/util.h"

#define ORDER_MAX 65536

static int load_file(const char *path, const char *params)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = {0};
	void *image = MAP_FAILED;
	int ret;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st))
		image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	ret = image == MAP_FAILED ? -errno : 0;
	close(fd);
	if (ret)
		return ret;
	if (syscall(SYS_init_module, image, (unsigned long)st.st_size, params))
		ret = -errno;
	munmap(image, (size_t)st.st_size);
	return ret == -EEXIST || ret == -ENODEV ? 0 : ret;
}

static int load_line(char *line, char *why, size_t size)
{
	char *params = strchr(line, ' ');
	char path[512];
	int ret;

	if (params)
		*params++ = 0;
	snprintf(path, sizeof(path), "/modules/%s", line);
	ret = load_file(path, params ? params : "");
	unlink(path); /* the initramfs is memory of the guest's */
	if (ret)
		snprintf(why, size, "module %s: %s", line, strerror(-ret));
	return ret;
}

void modules_load(void (*complaint)(const char *text))
{
	static char order[ORDER_MAX];
	char why[600];
	char *save;

	if (read_text("/modules/order", order, sizeof(order)) <= 0)
		return;
	for (char *line = strtok_r(order, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (load_line(line, why, sizeof(why)))
			complaint(why);
	}
}
