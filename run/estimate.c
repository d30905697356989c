// SPDX-License-Identifier: GPL-2.0-only
#include "run/estimate.h"

#include <unistd.h>

#include "base/log.h"
#include "result/history.h"

/* Of each subtest, the newest so many count. */
#define RUNS_MAX 5

/* What is added up of a subtest. */
struct total {
	int runs;
	int64_t ms;
};

struct reading {
	struct test_file *file;
	struct total *totals; /* of its subtests */
};

static void on_estimate(void *arg, const struct history_estimate *e)
{
	struct reading *r = arg;
	struct subtest *s = plan_find(r->file, e->subtest);
	struct total *total = s ? &r->totals[s - r->file->subtests] : NULL;

	if (!s || total->runs == RUNS_MAX)
		return;
	total->ms += e->duration_ms;
	total->runs++;
	s->expected_ms = total->ms / total->runs;
	if (e->mem_mib > s->mem_mib)
		s->mem_mib = e->mem_mib;
	if (e->mem_mib > r->file->peak_mib)
		r->file->peak_mib = e->mem_mib;
}

static int read_file(struct history *h, const struct run *run, struct test_file *f, struct err *err)
{
	_cleanup_free_ struct total *totals = xcalloc(f->n, sizeof(*totals));
	struct reading r = {f, totals};
	char host[256] = "";
	const struct history_place where = {
		.host = host,
		.accel = run->base.qemu ? accel_name(run->base.accel.accel) : NULL,
		.arch = f->needs.no_vm ? NULL : f->arch->name,
	};

	gethostname(host, sizeof(host) - 1);
	return history_estimates(h, f->base, &where, RUNS_MAX * f->n, on_estimate, &r, err);
}

void estimate_read(struct run *run)
{
	struct history *h = NULL;
	struct err err = {0};
	int r = history_open(&h, false, &err);

	for (size_t i = 0; i < run->plan.n && r == 0; i++)
		r = read_file(h, run, &run->plan.files[i], &err);
	if (r < 0)
		log_debug("no estimates: %s", err.msg);
	history_close(h);
}

static int64_t with_margin(const struct test_file *f, int64_t peak_mib)
{
	int64_t need = peak_mib + peak_mib / 2;

	return need < f->mem_mib ? need : f->mem_mib;
}

void estimate_unit(struct unit *u)
{
	int64_t peak = 0;

	u->expected_ms = 0;
	for (size_t i = 0; i < unit_count(u); i++) {
		const struct subtest *s = unit_subtest(u, i);

		if (s->done)
			continue;
		u->expected_ms += s->expected_ms;
		peak = s->mem_mib > peak ? s->mem_mib : peak;
	}
	peak = peak ? peak : u->file->peak_mib;
	if (u->plan)
		u->mem_mib = peak ? with_margin(u->file, peak) : u->file->mem_mib;
}

bool estimate_grown(struct unit *u, int64_t peak_mib)
{
	int64_t need = with_margin(u->file, peak_mib);
	bool first = !u->file->peak_mib && peak_mib;

	if (u->plan && need > u->mem_mib)
		u->mem_mib = need;
	if (peak_mib > u->file->peak_mib)
		u->file->peak_mib = peak_mib;
	return first;
}
