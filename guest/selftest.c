// SPDX-License-Identifier: GPL-2.0-only
#include "guest/selftest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "guest/calls.h"
#include "guest/util.h"

/* Known to the host as well, see doc/protocol.md. */
#define PATTERN_SIZE  49152
#define ECHO_SIZE     3000
#define DISK_AT	      (0x100000000LL + 4096) /* not where 32 bits lead */
#define CONSOLE_LINES 1000

#define CLOCK_LATE_NS (600 * NS_PER_S)
#define NAP_NS	      (20 * NS_PER_MS)
#define AFTER_2038    0x90000000LL

static void fill_pattern(char *buf, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buf[i] = (char)('a' + (i * 31 + i / 97) % 26);
}

/* Each check: 0 or an error, with *f saying what was found. */

static int check_clock(const char *arg, struct fault *f)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	int64_t start = now_ns();
	struct timespec now;
	uint64_t set;
	int64_t late;

	if (parse_number(arg, 10, &set))
		return fault_set(f, EINVAL, "'%s' is no time", arg);
	clock_gettime(CLOCK_REALTIME, &now);
	late = now.tv_sec * NS_PER_S + now.tv_nsec - (int64_t)set;
	if (late < 0 || late > CLOCK_LATE_NS)
		return fault_set(f, ERANGE, "it is %lld ms off", (long long)(late / NS_PER_MS));
	nanosleep(&nap, NULL);
	if (now_ns() - start < NAP_NS)
		return fault_set(f, ERANGE, "a sleep of 20 ms ended early");
	return fault_set(f, 0, "set by the host, and it runs");
}

static int check_processors(const char *arg, struct fault *f)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t want;

	if (parse_number(arg, 10, &want) || (uint64_t)n != want)
		return fault_set(f, ENODEV, "%ld on line, not %s", n, arg);
	return fault_set(f, 0, "%ld on line", n);
}

/* "NAME SIZE ..." a line. */
static int is_loaded(const char *list, const char *name, size_t len)
{
	for (const char *line = list; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!strncmp(line, name, len) && line[len] == ' ')
			return 1;
	return 0;
}

static int check_modules(const char *arg, struct fault *f)
{
	static char list[65536];
	int n = 0;
	size_t len;

	if (*arg && read_text("/proc/modules", list, sizeof(list)) < 0)
		return fault_set(f, ENOENT, "the kernel has no modules");
	for (; *arg; arg += len, arg += *arg == ',', n++) {
		len = strcspn(arg, ",");
		if (!is_loaded(list, arg, len))
			return fault_set(f, ENOENT, "%.*s is not loaded", (int)len, arg);
	}
	return fault_set(f, 0, n ? "%d loaded" : "none needed", n);
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *d;
	int n = 0;

	while (dir && (d = readdir(dir)))
		n += d->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

static int check_devices(const char *arg, struct fault *f)
{
	int virtio = count_entries("/sys/bus/virtio/devices");
	int pci = count_entries("/sys/bus/pci/devices");
	struct stat st;

	if (stat(arg, &st) || !S_ISCHR(st.st_mode))
		return fault_set(f, ENODEV, "there is no console %s", arg);
	if (virtio < 1 || pci < virtio)
		return fault_set(f, ENODEV, "%d on PCI, %d of virtio", pci, virtio);
	return fault_set(f, 0, "%d on PCI, %d of virtio", pci, virtio);
}

static int check_cgroup(const char *arg, struct fault *f)
{
	char text[512];
	const char *line;

	(void)arg;
	read_text("/proc/self/cgroup", text, sizeof(text));
	line = strstr(text, "0::");
	if (!line || strncmp(line, "0::/ktest/", 10))
		return fault_set(f, ENOENT, "no group of cgroup2 for a session");
	return fault_set(f, 0, "a session has its own");
}

/* What a program of 32 bits gets wrong that was built without care. */
static int check_files(const char *arg, struct fault *f)
{
	const struct timespec times[2] = {{.tv_sec = AFTER_2038}, {.tv_sec = AFTER_2038}};
	int fd = open(arg, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st = {0};
	int ret = 0;

	if (fd < 0)
		return fault_errno(f, "%s", arg);
	unlink(arg);
	if (ftruncate(fd, DISK_AT) || futimens(fd, times) || fstat(fd, &st))
		ret = fault_errno(f, "%s", arg);
	close(fd);
	if (ret)
		return ret;
	if (st.st_size != DISK_AT || st.st_mtime != AFTER_2038)
		return fault_set(f, EOVERFLOW, "size %lld, time %lld", (long long)st.st_size,
				 (long long)st.st_mtime);
	return fault_set(f, 0, "beyond 4 GiB and the year 2038");
}

/* The host has sent it in one frame. */
static int check_frames(const char *arg, struct fault *f)
{
	static char want[PATTERN_SIZE + 1];
	static char got[PATTERN_SIZE + 2];
	int n = read_text(arg, got, sizeof(got));

	fill_pattern(want, PATTERN_SIZE);
	if (n < 0)
		return fault_set(f, n, "%s: %s", arg, strerror(-n));
	if (strcmp(got, want))
		return fault_set(f, EBADMSG, "of %d bytes %d have come, or others", PATTERN_SIZE,
				 n);
	return fault_set(f, 0, "one of %d bytes came whole", n);
}

static int check_calls(const char *arg, struct fault *f)
{
	static char text[ECHO_SIZE + 1];
	static char answer[ECHO_SIZE + 16];
	char verb[] = "echo";
	char *words[] = {verb, text};
	int n;

	(void)arg;
	fill_pattern(text, ECHO_SIZE);
	n = ctl_ask(words, 2, answer, sizeof(answer));
	if (n < 0)
		return fault_set(f, n, "%s", strerror(-n));
	if (*answer != '0' || strcmp(answer + 1, text))
		return fault_set(f, EBADMSG, "the answer has %d bytes, or others", n - 1);
	return fault_set(f, 0, "%d bytes there and back", n - 1);
}

static int disk_round(int fd, struct fault *f)
{
	static char block[65536];
	static char back[65536];

	fill_pattern(block, sizeof(block));
	if (pwrite(fd, block, sizeof(block), DISK_AT) != sizeof(block) || fsync(fd))
		return fault_errno(f, "writing");
	if (ioctl(fd, BLKFLSBUF, 0) || pread(fd, back, sizeof(back), DISK_AT) != sizeof(back))
		return fault_errno(f, "reading back");
	if (memcmp(block, back, sizeof(block)))
		return fault_set(f, EIO, "other bytes come back than were written");
	return fault_set(f, 0, "written and read back beyond 4 GiB");
}

static int check_disk(const char *arg, struct fault *f)
{
	int fd = open(arg, O_RDWR | O_CLOEXEC);
	int ret = fd < 0 ? fault_errno(f, "%s", arg) : disk_round(fd, f);

	if (fd >= 0)
		close(fd);
	return ret;
}

/* More than any buffer on the way holds; the host looks whether it has all. */
static int check_output(const char *arg, struct fault *f)
{
	char text[65] = {0};

	(void)arg;
	fill_pattern(text, sizeof(text) - 1);
	for (int i = 0; i < CONSOLE_LINES; i++)
		if (printf("%04d %s\n", i, text) < 0)
			return fault_errno(f, "line %d", i);
	return fflush(stdout) ? fault_errno(f, "flush")
			      : fault_set(f, 0, "%d lines", CONSOLE_LINES);
}

/* The value of an argument that a check has the name of is what it is given. */
static const struct check {
	const char *name;
	int (*run)(const char *arg, struct fault *f);
} checks[] = {
	{"clock", check_clock},	    {"processors", check_processors}, {"modules", check_modules},
	{"devices", check_devices}, {"cgroup", check_cgroup},	      {"files", check_files},
	{"frames", check_frames},   {"calls", check_calls},	      {"disk", check_disk},
	{"output", check_output},
};

static const struct check *find_check(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		if (strlen(checks[i].name) == len && !memcmp(checks[i].name, name, len))
			return &checks[i];
	return NULL;
}

static int tell(const char *name, int failed, const char *text)
{
	char words[4][sizeof(((struct fault *)0)->text)];
	char *argv[] = {words[0], words[1], words[2], words[3]};
	char answer[256];

	snprintf(words[0], sizeof(words[0]), "check");
	snprintf(words[1], sizeof(words[1]), "%s", name);
	snprintf(words[2], sizeof(words[2]), "%s", failed ? "failed" : "ok");
	snprintf(words[3], sizeof(words[3]), "%s", text);
	return ctl_ask(argv, 4, answer, sizeof(answer)) < 1 || *answer != '0';
}

int selftest_main(int argc, char **argv)
{
	int failed = 0;

	if (!argc)
		return printf("ktest agent, protocol %d\n", FRAME_VERSION) < 0 || fflush(stdout);
	for (int i = 0; i < argc; i++) {
		size_t len = strcspn(argv[i], "=");
		const struct check *c = find_check(argv[i], len);
		struct fault f = {0};
		int bad = c ? c->run(argv[i] + len + (argv[i][len] == '='), &f)
			    : fault_set(&f, EINVAL, "this agent knows no such check");

		failed += bad != 0;
		if (tell(c ? c->name : "unknown", bad, f.text))
			return 125;
	}
	return failed;
}
