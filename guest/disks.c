// SPDX-License-Identifier: GPL-2.0-only
#include "guest/disks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/hdreg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest/util.h"

#define DISKS_MAX 256

/* Remembered, because with 64 disks to look up each serial would be read 64 times. */
static struct {
	int n;
	struct disk {
		char name[32];
		char serial[64];
	} disks[DISKS_MAX];
} known;

static void trim(char *s)
{
	size_t blanks = strspn(s, " \t\n");
	size_t len = strlen(s) - blanks;

	memmove(s, s + blanks, len + 1);
	while (len && strchr(" \t\n", s[len - 1]))
		s[--len] = 0;
}

/* Unit serial number page of SPC: page code, length, then the text from byte 4 on. */
static int scsi_serial(const char *name, char *serial, size_t size)
{
	char path[96];
	char page[260];
	size_t len;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/block/%s/device/vpd_pg80", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, page, sizeof(page));
	close(fd);
	if (n <= 4)
		return 0;
	len = (size_t)n - 4 < size - 1 ? (size_t)n - 4 : size - 1;
	memcpy(serial, page + 4, len);
	serial[len] = 0;
	return 1;
}

static int ata_serial(const char *name, char *serial, size_t size)
{
	struct hd_driveid id = {0};
	char path[64];
	int fd;
	int ok;

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ok = !ioctl(fd, HDIO_GET_IDENTITY, &id);
	close(fd);
	if (!ok)
		return 0;
	snprintf(serial, size, "%.*s", (int)sizeof(id.serial_no), (const char *)id.serial_no);
	return 1;
}

static int sysfs_serial(const char *name, const char *attribute, char *serial, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/block/%s/%s", name, attribute);
	return read_text(path, serial, size) > 0;
}

static int read_serial(const char *name, char *serial, size_t size)
{
	if (sysfs_serial(name, "serial", serial, size) ||	 /* virtio-blk */
	    sysfs_serial(name, "device/serial", serial, size) || /* nvme */
	    scsi_serial(name, serial, size) || ata_serial(name, serial, size)) {
		trim(serial);
		return *serial != 0;
	}
	return 0;
}

static void scan(void)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *d;

	known.n = 0;
	while (dir && known.n < DISKS_MAX && (d = readdir(dir))) {
		struct disk *disk = &known.disks[known.n];

		if (d->d_name[0] == '.' || strlen(d->d_name) >= sizeof(disk->name) ||
		    !strncmp(d->d_name, "loop", 4) || !strncmp(d->d_name, "ram", 3))
			continue;
		strcpy(disk->name, d->d_name);
		if (read_serial(disk->name, disk->serial, sizeof(disk->serial)))
			known.n++;
	}
	if (dir)
		closedir(dir);
}

/* What is remembered is only a hint where to look: disks come, go and return under other names. */
static const struct disk *find_known(const char *serial)
{
	char now[sizeof(known.disks[0].serial)];

	for (int i = 0; i < known.n; i++) {
		const struct disk *d = &known.disks[i];

		if (!strcmp(d->serial, serial) && read_serial(d->name, now, sizeof(now)) &&
		    !strcmp(now, serial))
			return d;
	}
	return NULL;
}

int disk_find(const char *serial, char *name, size_t size)
{
	const struct disk *d = find_known(serial);

	if (!d) {
		scan();
		d = find_known(serial);
	}
	if (!d)
		return -ENOENT;
	snprintf(name, size, "%s", d->name);
	return 0;
}
