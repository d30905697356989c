// SPDX-License-Identifier: GPL-2.0-only
#include "run/clones.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "run/again.h"
#include "run/guest_parts.h"
#include "run/pack.h"
#include "run/template_cache.h"
#include "run/template_key.h"
#include "vm/sandbox.h"

#define FAILURES_MAX 2
#define SPACE_MAX    (1ULL << 30)

/* Of what any saved guest depends on: another boot, accelerator or QEMU may do. */
static char *host_key(const struct guest_base *b)
{
	_cleanup_free_ char *boot = accel_boot_id();
	struct hash h;

	hash_init(&h);
	hash_str(&h, boot ? boot : "");
	hash_stat(&h, b->qemu);
	hash_stat(&h, "/proc/self/exe");
	hash_add(&h, &b->accel.accel, sizeof(b->accel.accel));
	return hash_hex(&h);
}

/* ---- what can be had */

/* For what a guest may well write to its memory until it is saved, and what is kept for others. */
static bool has_space(const struct guest_base *b, const struct guest_plan *gp)
{
	uint64_t avail, total, need = (uint64_t)gp->file->mem_mib << 20;

	if (fs_space(b->settings->cache, &avail, &total) < 0)
		return true;
	if (need > SPACE_MAX)
		need = SPACE_MAX;
	return avail > need + total / DISK_KEPT_PART;
}

/* NULL, or why its guest cannot be saved. */
static const char *why_not(const struct guest_plan *gp)
{
	const struct needs *n = &gp->file->needs;
	_cleanup_free_ char *qemu_img = find_program("qemu-img");

	if (!qemu_img && (gp->upper_disk || n->images.n))
		return "qemu-img (qemu-utils) is missing";
	return NULL;
}

/* Whether all that its guest reads of the host can be in images: a share keeps it from being saved
 * once it is mounted. */
static bool can_be_ready(const struct guest_base *b, const struct guest_plan *gp)
{
	const char *why;

	return b->root_image && gp->upper_disk && !gp->file->needs.git.n &&
	       !gp->file->bus->unsaved &&
	       (!b->settings->source || sandbox_probe(b->settings->keeper, &why) == SANDBOX_BWRAP);
}

static int make_pack(const struct guest_base *b, struct guest_plan *gp, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/packs", b->settings->cache);
	struct run_kernel *rk = gp->file->kernel;
	struct view v = {0};
	int r;

	guest_view_packed(b, gp, &v);
	r = pack_view(&v, b->out->path, dir, &gp->pack.tree, err);
	view_done(&v);
	if (r == 0)
		r = pack_modules(&rk->kernel, dir, &gp->pack.modules, &rk->modules, err);
	rk->packed = r == 0 && gp->pack.modules;
	return r;
}

/* The point at which its guest can be saved. */
static enum template_point choose_point(const struct guest_base *b, struct guest_plan *gp)
{
	struct err err = {0};

	if (!can_be_ready(b, gp))
		return TEMPLATE_BOOTED;
	if (make_pack(b, gp, &err) == 0 &&
	    plan_check_file(gp->file, gp->file->needs.path, &err) == 0)
		return TEMPLATE_READY;
	log_note("%s: each subtest has the init hooks run anew: %s", gp->file->needs.path, err.msg);
	return TEMPLATE_BOOTED;
}

static struct template *find_template(struct run *run, enum template_point point, char *key)
{
	struct template *t;

	for (size_t i = 0; i < run->ntemplates; i++) {
		t = run->templates[i];
		if (str_eq(t->key, key)) {
			free(key);
			return t;
		}
	}
	t = xmalloc(sizeof(*t));
	template_open(run->settings->cache, point, key, t);
	run->templates =
		xrealloc(run->templates, (run->ntemplates + 1) * sizeof(struct template *));
	run->templates[run->ntemplates++] = t;
	return t;
}

static void do_without(const struct settings *s, struct test_file *f, const char *why)
{
	bool wanted = plan_wanted(s, f) == ISOLATION_CLONE;

	f->isolation = wanted ? ISOLATION_BOOT : ISOLATION_SHARED;
	log_note("%s: no saved guests: %s; %s", f->needs.path, why,
		 wanted ? "each subtest has its guest booted" : "its subtests share a guest");
}

static char *make_key(const struct guest_base *b, const struct guest_plan *gp,
		      enum template_point point, struct err *err)
{
	_cleanup_strv_ struct strv inputs = {0};

	return template_inputs(b, gp, point, &inputs, err) < 0 ? NULL : template_key(&inputs);
}

int clones_unchanged(const struct run *run, const struct guest_plan *gp, struct err *err)
{
	const struct template *t = gp->template;
	_cleanup_free_ char *key = make_key(&run->base, gp, t->point, err);

	if (!key)
		return err->code;
	return str_eq(key, t->key)
		       ? 0
		       : err_set(err, EAGAIN,
				 "the kernel, QEMU, ktest or an image was replaced during the run");
}

static void prepare_file(struct run *run, struct test_file *f, const char *refused)
{
	struct guest_plan *gp = &run->plans[f - run->plan.files];
	const char *why = refused ? refused : why_not(gp);
	enum template_point point;
	struct err err = {0};
	char *key = NULL;

	if (!why) {
		point = choose_point(&run->base, gp);
		key = make_key(&run->base, gp, point, &err);
		why = key ? NULL : err.msg;
	}
	if (why) {
		do_without(run->settings, f, why);
		return;
	}
	gp->template = find_template(run, point, key);
	if (gp->template->why_not)
		do_without(run->settings, f, gp->template->why_not);
	else if (!gp->template->there && !has_space(&run->base, gp))
		do_without(run->settings, f, "too little disk space is free in the cache");
}

void clones_prepare(struct run *run)
{
	_cleanup_free_ char *host = run->base.qemu ? host_key(&run->base) : NULL;
	_cleanup_free_ char *refused = host ? template_refused(run->settings->cache, host) : NULL;
	_cleanup_free_ char *all = xasprintf("%s/" TEMPLATES, run->settings->cache);

	templates_sweep(all);
	for (size_t i = 0; i < run->plan.n; i++) {
		struct test_file *f = &run->plan.files[i];

		if (!f->needs.no_vm && f->isolation == ISOLATION_CLONE &&
		    again_due(run->settings, f))
			prepare_file(run, f, refused);
	}
}

void clones_done(struct run *run)
{
	for (size_t i = 0; i < run->ntemplates; i++) {
		template_close(run->templates[i]);
		free(run->templates[i]);
	}
	free(run->templates);
	run->templates = NULL;
	run->ntemplates = 0;
}

void clones_failed(const struct run *run, struct template *t, bool host, const char *why)
{
	_cleanup_free_ char *key = host_key(&run->base);

	if (++t->failures < FAILURES_MAX || t->worked)
		return;
	if (t->maker)
		template_refuse(run->settings->cache, host ? key : t->key, why);
	template_discard(t, why);
}
