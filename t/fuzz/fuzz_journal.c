// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a journal, by themselves and as what follows a good first line; and all that is
 * derived from it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/kcidb.h"
#include "report/ktap.h"
#include "report/table.h"
#include "result/journal.h"
#include "result/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char head[] = "{\"t_ns\":1,\"seq\":0,\"ev\":\"run\",\"version\":1,\"id\":\"x\"}\n";

static void check(int ok)
{
	if (!ok)
		abort();
}

static void check_table(const struct result *r, int width)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	table_format(r, width, false, &b);
	for (size_t i = 0; i < b.len; i++)
		check(b.s[i] == '\n' || (unsigned char)b.s[i] >= ' ');
}

/* Control characters of a guest end in none of them. */
static void check_text(const struct strbuf *b)
{
	for (size_t i = 0; i < b->len; i++)
		check(b->s[i] == '\n' || b->s[i] == '\t' || (unsigned char)b->s[i] >= ' ');
}

static void check_page(const struct result *r)
{
	struct html_source s = {.r = r, .dir_fd = -1};
	struct strbuf page = {0};
	FILE *f = open_memstream(&page.s, &page.len);

	check(f != NULL);
	report_html(f, &s);
	fclose(f);
	check_text(&page);
	free(page.s);
}

static void check_reports(const struct result *r)
{
	_cleanup_strbuf_ struct strbuf ktap = {0}, junit = {0};
	json_t *kcidb = report_kcidb(r, -1);

	report_ktap(r, &ktap);
	check_text(&ktap);
	report_junit(r, -1, &junit);
	check_text(&junit);
	check(json_array_size(json_object_get(kcidb, "tests")) >= r->n);
	json_decref(kcidb);
	check_page(r);
}

static void derive(int fd)
{
	struct result r;
	unsigned int n = 0;
	json_t *json;

	lseek(fd, 0, SEEK_SET);
	if (result_read_fd(fd, "journal", &r, NULL) == 0)
		check(r.run != NULL);
	for (int v = VERDICT_NONE; v <= VERDICT_MISS; v++)
		n += r.counts.n[v];
	check(n == r.n);
	json = result_json(&r);
	check(json_array_size(json_object_get(json, "tests")) == r.n);
	json_decref(json);
	check_table(&r, 0);
	check_table(&r, 40);
	if (r.run)
		check_reports(&r);
	result_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int with_head = 0; with_head < 2; with_head++) {
		int fd = memfd_create("journal", MFD_CLOEXEC);

		check(fd >= 0);
		if (with_head)
			fd_write_all(fd, head, strlen(head));
		fd_write_all(fd, data, size);
		derive(fd);
		close(fd);
	}
	return 0;
}
