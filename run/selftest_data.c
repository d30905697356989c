// SPDX-License-Identifier: GPL-2.0-only
#include "run/selftest_data.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATTERN_FILE  "/run/ktest/pattern"
#define PATTERN_SIZE  49152
#define DISK_AT	      (0x100000000LL + 4096)
#define DISK_SIZE     65536
#define CONSOLE_LINES 1000
#define CONSOLE_WIDTH 64

static void __attribute__((format(printf, 3, 4)))
field(struct frame_writer *w, const char *key, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	frame_add(w, key, b.s);
}

static void fill_pattern(char *buf, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buf[i] = (char)('a' + (i * 31 + i / 97) % 26);
}

void selftest_setup(const struct selftest_vm *m, int64_t now_ns, struct frame_writer *w)
{
	static char pattern[PATTERN_SIZE + 1];

	fill_pattern(pattern, PATTERN_SIZE);
	field(w, "time", "%" PRId64, now_ns);
	field(w, "mount", "tmpfs\ttmpfs\t/newroot\tnosuid\tmode=0755");
	field(w, "newroot", "/newroot");
	field(w, "write", PATTERN_FILE "\t%s", pattern);
	/* Nothing of the kernel's is to stand between the lines that are looked for. */
	field(w, "write", "?/proc/sys/kernel/printk\t1");
	field(w, "disk", "%s", m->config.disks.v[0].id);
}

void selftest_start(const struct selftest_vm *m, int64_t set_ns, const char *disk,
		    struct frame_writer *w)
{
	_cleanup_free_ char *modules = selftest_vm_modules(m);

	field(w, "name", "selftest");
	field(w, "arg", "/run/ktest/ktest-ctl");
	field(w, "arg", "selftest");
	field(w, "arg", "clock=%" PRId64, set_ns);
	field(w, "arg", "processors=%d", m->config.cpus);
	field(w, "arg", "modules=%s", modules);
	field(w, "arg", "devices=/dev/hvc0");
	field(w, "arg", "cgroup");
	field(w, "arg", "files=/tmp/selftest");
	field(w, "arg", "frames=" PATTERN_FILE);
	field(w, "arg", "calls");
	field(w, "arg", "disk=/dev/%s", disk);
	field(w, "arg", "output");
}

bool selftest_console_whole(const struct strbuf *text, int *line)
{
	char pattern[CONSOLE_WIDTH + 1] = {0}, want[CONSOLE_WIDTH + 16];
	const char *at = text->s;

	fill_pattern(pattern, CONSOLE_WIDTH);
	for (*line = 0; at && *line < CONSOLE_LINES; (*line)++) {
		int len = snprintf(want, sizeof(want), "%04d %s\n", *line, pattern);

		at = memmem(at, text->len - (size_t)(at - text->s), want, (size_t)len);
		if (!at)
			return false;
		at += len;
	}
	return at != NULL;
}

int selftest_disk_check(const char *path, struct err *err)
{
	static char want[DISK_SIZE], got[DISK_SIZE];
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	fill_pattern(want, sizeof(want));
	if (fd < 0 || pread(fd, got, sizeof(got), DISK_AT) != (ssize_t)sizeof(got))
		return err_errno(err, "%s", path);
	if (memcmp(want, got, sizeof(got)) != 0)
		return err_set(err, EIO, "its file has not what the guest wrote");
	return 0;
}
