// SPDX-License-Identifier: GPL-2.0-only
#include "run/kernels.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "kbuild/publish.h"
#include "kernel/load.h"
#include "run/same.h"

static void build_free(struct build *b)
{
	build_done(b);
	free(b);
}

void kernels_done(struct run_kernels *ks)
{
	for (size_t i = 0; i < ks->n; i++) {
		kernel_done(&ks->v[i]->kernel);
		free(revision_answer(&ks->v[i]->revision));
		if (ks->v[i]->build)
			build_free(ks->v[i]->build);
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

/* ---- kernels that exist */

/* The one that an earlier file of the same architecture has. */
static struct run_kernel *known(const struct plan *p, size_t file)
{
	for (size_t i = 0; i < file; i++)
		if (p->files[i].kernel && !p->files[i].kernel->build &&
		    p->files[i].arch == p->files[file].arch)
			return p->files[i].kernel;
	return NULL;
}

static int find(struct run_kernels *ks, const struct settings *s, struct plan *p, size_t file,
		struct err *err)
{
	struct test_file *f = &p->files[file];

	f->kernel = known(p, file);
	if (f->kernel)
		return 0;
	f->kernel = add(ks);
	return kernel_find(s->kernel, f->arch->name, &f->kernel->kernel, err);
}

/* ---- kernels built */

static struct run_kernel *known_build(const struct run_kernels *ks, const struct build *b,
				      size_t *number)
{
	*number = 1;
	for (size_t i = 0; i < ks->n; i++) {
		if (!ks->v[i]->build)
			continue;
		if (build_same(ks->v[i]->build, b))
			return ks->v[i];
		*number += ks->v[i]->build->k.arch == b->k.arch;
	}
	return NULL;
}

static int make(struct run_kernel *k, const struct run_ui *ui, struct err *err)
{
	struct kbuild_result result = {0};
	struct kbuild *b = &k->build->k;
	int r;

	b->progress = ui->build;
	b->arg = ui->arg;
	revision_ask(b->source, &k->revision);
	r = kbuild_run(b, &result, err);
	kbuild_result_done(&result);
	return r < 0 ? r : kernel_load_dir(b->install_dir, &k->kernel, err);
}

static int build(struct run_kernels *ks, const struct settings *s, struct test_file *f,
		 const struct run_ui *ui, struct err *err)
{
	struct build *b = xcalloc(1, sizeof(*b));
	size_t number = 1;
	int r = build_prepare(b, s, f, err);

	f->kernel = r == 0 ? known_build(ks, b, &number) : NULL;
	if (r < 0 || f->kernel) {
		build_free(b);
		return r;
	}
	f->kernel = add(ks);
	f->kernel->build = b;
	r = build_place(b, s, number, err);
	return r < 0 ? r : make(f->kernel, ui, err);
}

static int get(struct run_kernels *ks, const struct settings *s, struct plan *p, size_t file,
	       const struct run_ui *ui, struct err *err)
{
	struct test_file *f = &p->files[file];

	if (f->needs.no_vm)
		return 0;
	if (s->source && !f->needs.no_kbuild)
		return build(ks, s, f, ui, err);
	return find(ks, s, p, file, err);
}

int kernels_find(struct run_kernels *ks, const struct settings *s, struct plan *p,
		 const struct run_ui *ui, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < p->n && r == 0; i++)
		r = get(ks, s, p, i, ui, err);
	return r;
}

/* ---- in the journal */

static json_t *hashes_of(const struct run_kernel *rk)
{
	return same_kernel(&rk->kernel, rk->packed ? &rk->modules : NULL);
}

static void compare(const struct run_kernel *rk, const json_t *had, struct strv *changed)
{
	const struct kernel *k = &rk->kernel;
	_cleanup_json_ json_t *now = hashes_of(rk);

	if (!str_eq(json_get_str(had, "release"), k->release) || !same_hash(had, now, "image_hash"))
		strv_addf(changed, "the image of the kernel %s", k->name);
	if (!same_hash(had, now, "modules_hash"))
		strv_addf(changed, "the modules of the kernel %s", k->name);
}

static void resume_one(struct run_kernel *k, const struct result *r, struct strv *changed)
{
	_cleanup_strv_ struct strv names = {0};
	_cleanup_free_ char *then = NULL;
	const json_t *had = NULL;
	json_t *kernel;
	size_t i;

	json_array_foreach (r->kernels, i, kernel) {
		const char *name = json_get_str(kernel, "name");

		if (str_eq(name, k->kernel.name))
			had = kernel;
		strv_add(&names, name ? name : "?");
	}
	then = strv_join(&names, " and ");
	if (!had) {
		strv_addf(changed, "the kernel (%s then, %s now)", then, k->kernel.name);
		return;
	}
	snprintf(k->id, sizeof(k->id), "%s", json_get_str(had, "id"));
	compare(k, had, changed);
}

void kernels_resume(struct run_kernels *ks, const struct result *r, struct strv *changed)
{
	for (size_t i = 0; i < ks->n; i++)
		resume_one(ks->v[i], r, changed);
}

/* What `build -D` wrote beside a kernel; NULL: it did not. */
static json_t *published(const struct kernel *k)
{
	_cleanup_free_ char *path = k->dir ? xasprintf("%s/manifest.json", k->dir) : NULL;

	return path ? json_load_file(path, 0, NULL) : NULL;
}

static char *find_variant(const struct run_kernel *k, const json_t *manifest)
{
	const char *name = json_get_str(manifest, "variant");

	if (k->build && k->build->variants.n)
		return strv_join(&k->build->variants, ",");
	return name ? xstrdup(name) : NULL;
}

static char *find_commit(struct run_kernel *k, const json_t *manifest)
{
	const char *commit = json_get_str(manifest, "revision");

	if (k->build)
		return revision_answer(&k->revision);
	if (!commit)
		return NULL;
	return xasprintf("%s%s", commit, json_get_bool(manifest, "dirty", false) ? "-dirty" : "");
}

static json_t *kernel_json(struct run_kernel *rk)
{
	const struct kernel *k = &rk->kernel;
	_cleanup_json_ json_t *manifest = published(k);
	_cleanup_free_ char *variant = find_variant(rk, manifest);
	_cleanup_free_ char *commit = find_commit(rk, manifest);
	_cleanup_free_ char *id = k->vmlinux ? build_id_of(k->vmlinux) : NULL;
	_cleanup_json_ json_t *hashes = hashes_of(rk);
	json_t *event;

	event = json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o, s:o}", "id", rk->id, "release",
			  k->release, "arch", k->arch, "name", k->name, "variant",
			  json_string_lossy(variant), "build_id", json_string_lossy(id), "commit",
			  json_string_lossy(commit));
	json_object_update(event, hashes);
	return event;
}

void kernels_record(struct run_kernels *ks, struct journal *journal, struct err *err)
{
	for (size_t i = 0; i < ks->n; i++)
		journal_event(journal, "kernel", kernel_json(ks->v[i]), err);
}
