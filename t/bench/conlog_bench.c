// SPDX-License-Identifier: GPL-2.0-only
/*
 * conlog_bench MEGABYTES DIR [stamped]: seconds and peak memory of so much console on its way into
 * two logs in DIR, scanned for kernel bugs; the same text is what `conlog_bench MEGABYTES -` prints
 * for tee. With "stamped" every fourth line is the kernel's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/loop.h"
#include "diag/kernlog.h"
#include "run/conlog.h"
#include "run/lines.h"

#define CHUNK (128 << 10)

static void count_finding(void *arg, const struct finding *f)
{
	(void)f;
	++*(unsigned int *)arg;
}

static enum conlog_action scan_it(void *arg, const char *line, size_t len)
{
	struct line_event ev;

	/* 1,000,000 s since boot */
	kernlog_line(arg, line, len, 1, 1000000000000);
	line_parse(line, len, &ev);
	return CONLOG_KEEP;
}

/* Lines of about 80 bytes. */
static size_t make_text(char *text, bool stamped)
{
	size_t n = 0;

	for (unsigned int i = 0; n + 128 < CHUNK; i++) {
		if (stamped && i % 4 == 0)
			n += (size_t)sprintf(text + n, "[ 1234.%06u] ", i);
		n += (size_t)sprintf(
			text + n, "generic/%03u: %.*s %u\r\n", i % 1000, 50 + (int)(i % 30),
			"wrote 4096/4096 bytes at offset 81920, 4 KiB, 1 ops; 0.0001 sec "
			"(31.002 MiB/sec)",
			i * 2654435761U);
	}
	return n;
}

static int log_open(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static int run_bench(const char *text, size_t len, long long total, const char *dir)
{
	struct conlog_options o = {.start_ns = loop_now_ns(), .tmp_dir = dir, .line = scan_it};
	int fd = log_open(dir, "subtest.log");
	unsigned int found = 0;
	struct kernlog_handler kernel = {.finding = count_finding, .arg = &found};
	int64_t start = loop_now_ns();
	struct err err = {0};
	struct rusage ru;
	struct conlog *c;
	int r = 0;

	o.run_fd = log_open(dir, "run.log");
	o.arg = kernlog_new(&kernel);
	o.log_limit = 1ULL << 40; /* so that both get all of it, as with tee */
	c = conlog_new(&o);
	conlog_subtest(c, fd, &err);
	for (long long done = 0; done < total && r == 0; done += (long long)len)
		r = conlog_feed(c, text, len, &err);
	conlog_free(c);
	kernlog_silent(o.arg);
	kernlog_free(o.arg);
	getrusage(RUSAGE_SELF, &ru);
	if (r < 0) {
		fprintf(stderr, "conlog_bench: %s\n", err.msg);
		return 1;
	}
	printf("%.3f s, %ld KiB, %u findings\n", (double)(loop_now_ns() - start) / 1e9,
	       ru.ru_maxrss, found);
	return 0;
}

int main(int argc, char **argv)
{
	static char text[CHUNK];
	long long total;
	size_t len;

	if (argc < 3)
		return 2;
	total = atoll(argv[1]) << 20;
	len = make_text(text, argc > 3);
	if (strcmp(argv[2], "-") != 0)
		return run_bench(text, len, total, argv[2]);
	for (long long done = 0; done < total; done += (long long)len)
		if (fd_write_all(1, text, len) < 0)
			return 1;
	return 0;
}
