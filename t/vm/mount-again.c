// SPDX-License-Identifier: GPL-2.0-only
/*
 * The init of a kernel that a hostile guest starts in place of ours (kexec): no share is in use
 * there, so each tag can be mounted as the guest likes. Tells on the console what it finds.
 */
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TAGS "/sys/bus/virtio/drivers/9pnet_virtio/virtio*/mount_tag"

static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "r");
	char line[256], path[300];

	while (order && fgets(line, sizeof(line), order)) {
		int fd;

		line[strcspn(line, " \n")] = '\0';
		snprintf(path, sizeof(path), "/modules/%s", line);
		fd = open(path, O_RDONLY);
		if (syscall(SYS_finit_module, fd, "", 0) < 0)
			printf("AGAIN module %s: %m\n", line);
		close(fd);
	}
}

static void list(const char *what, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			printf("AGAIN %s%s/%s\n", what, path + strlen("/again"), e->d_name);
	if (dir)
		closedir(dir);
}

/* A password's hash is longer than what locks an account. */
static void read_shadow(void)
{
	FILE *f = fopen("/again/etc/shadow", "r");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		char *hash = strchr(line, ':');

		if (hash && strcspn(hash + 1, ":") > 4)
			printf("AGAIN FOUND a password\n");
	}
	if (f)
		fclose(f);
}

static void look(const char *tag, const char *aname)
{
	static const char *const dirs[] = {"/again/root",    "/again/home",    "/again/run",
					   "/again/var/lib", "/again/var/tmp", "/again/tmp",
					   "/again/srv",     "/again/proc",    "/again/dev"};
	char options[256];
	int fd;

	snprintf(options, sizeof(options), "trans=virtio,version=9p2000.L,cache=none,aname=%s",
		 aname);
	if (mount(tag, "/again", "9p", 0, options) < 0) {
		printf("AGAIN %s from %s: %m\n", tag, aname);
		return;
	}
	printf("AGAIN MOUNTED %s from %s\n", tag, aname);
	list("TOP ", "/again");
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		list("IN ", dirs[i]);
	read_shadow();
	fd = open("/again/usr/ktest-new", O_CREAT | O_WRONLY, 0644);
	if (fd >= 0)
		printf("AGAIN FOUND %s can be written\n", tag);
	umount("/again");
}

int main(void)
{
	static const char *const anames[] = {"/", "/..", "/../../../..", "/root", "../etc"};
	glob_t g = {0};
	char tag[64];

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/again", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	load_modules();
	sleep(2);
	/* The console's driver is a module: there was none when the kernel started us. */
	if (!freopen("/dev/hvc0", "w", stdout))
		return 1;
	setlinebuf(stdout);
	glob(TAGS, 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		FILE *f = fopen(g.gl_pathv[i], "r");

		memset(tag, 0, sizeof(tag));
		if (!f || !fread(tag, 1, sizeof(tag) - 1, f))
			continue;
		fclose(f);
		for (size_t k = 0; k < sizeof(anames) / sizeof(anames[0]); k++)
			look(tag, anames[k]);
	}
	printf("AGAIN done\n");
	for (;;)
		pause();
}
