// SPDX-License-Identifier: GPL-2.0-only
#include "run/kernels.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

void kernels_done(struct run_kernels *ks)
{
	for (size_t i = 0; i < ks->n; i++) {
		kernel_done(&ks->v[i]->kernel);
		free(ks->v[i]);
	}
	free(ks->v);
	*ks = (struct run_kernels){0};
}

static struct run_kernel *add(struct run_kernels *ks)
{
	struct run_kernel *k = xcalloc(1, sizeof(*k));

	ks->v = xrealloc(ks->v, (ks->n + 1) * sizeof(struct run_kernel *));
	ks->v[ks->n++] = k;
	snprintf(k->id, sizeof(k->id), "k%zu", ks->n);
	return k;
}

/* The one that an earlier file of the same architecture has. */
static struct run_kernel *known(const struct plan *p, size_t file)
{
	for (size_t i = 0; i < file; i++)
		if (p->files[i].kernel && p->files[i].arch == p->files[file].arch)
			return p->files[i].kernel;
	return NULL;
}

int kernels_find(struct run_kernels *ks, const struct settings *s, struct plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		struct test_file *f = &p->files[i];
		int r;

		if (f->needs.no_vm || (f->kernel = known(p, i)))
			continue;
		f->kernel = add(ks);
		r = kernel_find(s->kernel, f->arch->name, &f->kernel->kernel, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void resume_one(struct run_kernel *k, const struct result *r, size_t *next)
{
	json_t *had;
	size_t i;

	json_array_foreach (r->kernels, i, had)
		if (str_eq(json_get_str(had, "release"), k->kernel.release) &&
		    str_eq(json_get_str(had, "name"), k->kernel.name)) {
			snprintf(k->id, sizeof(k->id), "%s", json_get_str(had, "id"));
			return;
		}
	snprintf(k->id, sizeof(k->id), "k%zu", ++*next);
}

void kernels_resume(struct run_kernels *ks, const struct result *r)
{
	size_t next = json_array_size(r->kernels);

	for (size_t i = 0; i < ks->n; i++)
		resume_one(ks->v[i], r, &next);
}

void kernels_record(const struct run_kernels *ks, struct journal *journal, struct err *err)
{
	for (size_t i = 0; i < ks->n; i++) {
		const struct kernel *k = &ks->v[i]->kernel;

		journal_event(journal, "kernel",
			      json_pack("{s:s, s:s, s:s, s:s?}", "id", ks->v[i]->id, "release",
					k->release, "arch", k->arch, "name", k->name),
			      err);
	}
}
