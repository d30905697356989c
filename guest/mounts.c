// SPDX-License-Identifier: GPL-2.0-only
#include "guest/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* The initramfs, once it is out of sight; mounts made there are ended from there. */
static int old_root = -1;

struct system_mount {
	const char *target;
	const char *type;
	unsigned long flags;
	const char *options;
	int optional; /* 1: the kernel may lack it */
};

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static const struct system_mount early_mounts[] = {
	{"/proc", "proc", SAFE, NULL, 0},
	{"/sys", "sysfs", SAFE, NULL, 0},
	{"/dev", "devtmpfs", MS_NOSUID, "mode=0755", 0},
};

/* In order: a target may lie in an earlier mount. */
static const struct system_mount root_mounts[] = {
	{"/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755", 0},
	{"/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", 0},
	{"/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", 0},
	{"/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,gid=5,ptmxmode=0666", 1},
	{"/dev/mqueue", "mqueue", SAFE, NULL, 1},
	{"/sys/fs/cgroup", "cgroup2", SAFE, NULL, 1},
	{"/sys/kernel/debug", "debugfs", SAFE, NULL, 1},
	{"/sys/kernel/tracing", "tracefs", SAFE, NULL, 1},
	{"/sys/kernel/config", "configfs", SAFE, NULL, 1},
	{"/sys/kernel/security", "securityfs", SAFE, NULL, 1},
};

static const struct {
	const char *name;
	unsigned long flag;
} flag_names[] = {
	{"ro", MS_RDONLY},	     {"nosuid", MS_NOSUID},   {"nodev", MS_NODEV},
	{"noexec", MS_NOEXEC},	     {"noatime", MS_NOATIME}, {"bind", MS_BIND},
	{"rbind", MS_BIND | MS_REC}, {"move", MS_MOVE},	      {"remount", MS_REMOUNT},
};

void mounts_early(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(early_mounts); i++) {
		const struct system_mount *m = &early_mounts[i];

		mkdir(m->target, 0755);
		if (mount(m->type, m->target, m->type, m->flags, m->options) && errno != EBUSY)
			complain("mount %s: %s", m->target, strerror(errno));
	}
}

static int parse_flag(const char *name, size_t len, unsigned long *flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (strlen(flag_names[i].name) == len && !memcmp(flag_names[i].name, name, len)) {
			*flags |= flag_names[i].flag;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_flags(const char *list, unsigned long *flags)
{
	int ret = 0;

	*flags = 0;
	if (!strcmp(list, "-"))
		return 0;
	while (!ret && *list) {
		size_t len = strcspn(list, ",");

		ret = parse_flag(list, len, flags);
		list += len + (list[len] == ',');
	}
	return ret;
}

/* A directory, or for the bind of a file an empty file. */
static int make_target(const char *source, const char *target, unsigned long flags)
{
	struct stat st;
	int ret;
	int fd;

	if (!(flags & MS_BIND) || stat(source, &st) || S_ISDIR(st.st_mode))
		return mkdir_p(target, 0755);
	ret = mkdir_parents(target);
	if (ret)
		return ret;
	fd = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno != EROFS ? -errno : 0;
}

static int mount_fault(const char *type, const char *source, const char *target, struct fault *f)
{
	if (errno == ENODEV && strcmp(type, "-"))
		return fault_set(f, ENODEV, "mount %s: the kernel has no file system %s", target,
				 type);
	return fault_errno(f, "mount %s on %s", source, target);
}

int mount_add(const char *type, const char *source, const char *target, const char *flags,
	      const char *options, struct fault *f)
{
	/* What a bind ignores and a second call must set. */
	const unsigned long second = MS_RDONLY | SAFE | MS_NOATIME;
	unsigned long mask;
	int ret;

	if (parse_flags(flags, &mask))
		return fault_set(f, EINVAL, "mount %s: unknown flag in '%s'", target, flags);
	ret = make_target(source, target, mask);
	if (ret)
		return fault_set(f, ret, "mount %s: cannot make it: %s", target, strerror(-ret));
	if (!strcmp(options, "-"))
		options = NULL;
	if (mount(source, target, type, mask, options))
		return mount_fault(type, source, target, f);
	if ((mask & MS_BIND) && (mask & second) &&
	    mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | (mask & second), NULL))
		return mount_fault(type, source, target, f);
	return 0;
}

static int mount_system(const struct system_mount *m, struct fault *f)
{
	int made = mkdir_p(m->target, 0755);

	if (!made && is_mount_point(m->target))
		return 0;
	if (!made && !mount(m->type, m->target, m->type, m->flags, m->options))
		return 0;
	if (m->optional)
		return 0;
	return fault_errno(f, "mount %s", m->target);
}

static int move_into(const char *root, const char *target, struct fault *f)
{
	char path[512];
	int ret;

	snprintf(path, sizeof(path), "%s%s", root, target);
	ret = mkdir_p(path, 0755);
	if (ret)
		return fault_set(f, ret, "new root: %s: %s", path, strerror(-ret));
	if (mount(target, path, NULL, MS_MOVE, NULL))
		return fault_errno(f, "new root: move %s", target);
	return 0;
}

static int enter(const char *path, struct fault *f)
{
	if (chdir(path) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		return fault_errno(f, "new root: %s", path);
	return 0;
}

/* What udev makes elsewhere; bash needs the first for process substitution. */
static void make_dev_links(void)
{
	static const char *const links[][2] = {
		{"/proc/self/fd", "/dev/fd"},
		{"/proc/self/fd/0", "/dev/stdin"},
		{"/proc/self/fd/1", "/dev/stdout"},
		{"/proc/self/fd/2", "/dev/stderr"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		if (symlink(links[i][0], links[i][1]) && errno != EEXIST)
			complain("%s: %s", links[i][1], strerror(errno));
	}
}

int mounts_new_root(const char *path, struct fault *f)
{
	int ret = 0;

	if (old_root >= 0)
		return fault_set(f, EBUSY, "new root: there is one already");
	if (!is_mount_point(path))
		return fault_set(f, EINVAL, "new root: nothing is mounted on %s", path);
	old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(early_mounts); i++)
		ret = move_into(path, early_mounts[i].target, f);
	if (!ret)
		ret = enter(path, f);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(root_mounts); i++)
		ret = mount_system(&root_mounts[i], f);
	make_dev_links();
	return ret;
}

int mounts_old_root(void)
{
	return old_root;
}
