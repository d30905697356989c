// SPDX-License-Identifier: GPL-2.0-only
#include "run/guest.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "reach/control.h"
#include "reach/sshconf.h"
#include "run/guest_parts.h"
#include "run/machine.h"
#include "run/network.h"
#include "run/stall.h"

/* From which version on a file can be memory without being opened for writing. */
#define QEMU_READ_ONLY_MEM 802

/* kgdb's port is the second one that a PC has; others have no more than one. */
static bool has_kgdb(const struct guest_base *b, const struct test_file *f)
{
	return b->settings->interactive && f->arch->isa;
}

/*
 * A slow guest needs more patience with itself before it calls its processors stalled. Whole
 * multiples of the kernel's defaults, so that one host gives one command line; what a test or the
 * user sets comes later and counts.
 */
static void add_patience(const struct test_file *f, struct strv *extra)
{
	int64_t factor = (int64_t)ceil(f->speed_factor);
	int64_t stall = STALL_RCU_S * factor, lockup = STALL_WATCHDOG_S * factor;

	if (factor <= 1)
		return;
	strv_addf(extra, STALL_RCU "%" PRId64, stall < STALL_RCU_MAX_S ? stall : STALL_RCU_MAX_S);
	strv_addf(extra, STALL_WATCHDOG "%" PRId64,
		  lockup < STALL_WATCHDOG_MAX_S ? lockup : STALL_WATCHDOG_MAX_S);
}

static char *kernel_append(const struct guest_base *b, const struct test_file *f)
{
	_cleanup_strv_ struct strv extra = {0};
	_cleanup_free_ char *words = NULL;

	if (has_kgdb(b, f))
		strv_add(&extra, "kgdboc=ttyS1");
	add_patience(f, &extra);
	strv_cat(&extra, &f->needs.kernel_append);
	words = strv_join(&extra, " ");
	return machine_append(b->settings, f->arch, words);
}

static void fill_config(const struct guest_base *b, const struct guest_plan *gp, struct guest *g)
{
	const struct test_file *f = gp->file;
	struct vm_config *c = &g->config;

	c->name = g->name;
	c->dir = g->dir;
	c->append = g->append;
	c->qemu = b->qemu;
	c->arch = f->arch;
	c->accel = b->accel.accel;
	c->cpus = f->cpus;
	c->mem_mib = f->mem_mib;
	c->kernel = gp->kernel_image;
	c->initrd = gp->initrd;
	c->out = g->out;
	c->out_xattr = b->out->xattr;
	c->vmcoreinfo = f->dump;
	strv_cat(&c->qemu_prepend, &f->needs.qemu_prepend);
	strv_cat(&c->qemu_append, &f->needs.qemu_append);
	strv_cat(&c->qemu_append, &b->settings->qemu_args);
	c->nice = (int)b->settings->nice;
	c->hidden = g->host_dir;
	strv_addf(&c->own_masked, "%s/" SSHCONF_FILE, g->dir);
	c->kgdb = has_kgdb(b, f);
	c->paused = b->settings->gdb_wait;
	c->mem = g->saved ? g->saved->mem : NULL;
	c->state = g->saved && g->saved->there ? g->saved->state : NULL;
	c->mem_read_only = c->state && g->saved->qemu_version >= QEMU_READ_ONLY_MEM;
}

int guest_describe(const struct guest_base *b, const struct guest_plan *gp, int number,
		   const struct template *saved, struct guest *g, struct err *err)
{
	int r;

	*g = (struct guest){.number = number, .saved = saved};
	g->name = xasprintf("vm%d", number);
	g->dir = xasprintf("%s/%s", b->run_dir, g->name);
	g->out = guestdir_path(b->out, g->name);
	g->append = kernel_append(b, gp->file);
	g->host_dir = xasprintf("%s/" CONTROL_HOST_DIR, g->dir);
	fill_config(b, gp, g);
	r = guest_disks_describe(b, gp, g, err);
	return r < 0 ? r : network_config(b->settings, gp->file, b->network, &g->config, err);
}

int guest_make(const struct guest_base *b, const struct guest_plan *gp, int number,
	       const struct template *saved, struct guest *g, struct err *err)
{
	int r = guest_describe(b, gp, number, saved, g, err);

	if (r < 0)
		return r;
	/* Parents that mkdir_p makes are anybody's to read. */
	r = mkdir_p(g->dir, 0700, err);
	if (r == 0)
		r = guestdir_make(b->out, g->name, &g->tree, err);
	if (r == 0)
		r = mkdir_p(g->host_dir, 0700, err);
	if (r == 0)
		r = sshconf_write(g->dir, b->settings->program, err);
	if (r == 0 && saved && !saved->there)
		r = file_create_sparse(saved->mem, (uint64_t)gp->file->mem_mib << 20, err);
	if (r == 0)
		r = guest_disks_make(g, err);
	return r < 0 ? r : guest_view_make(b, gp, g, err);
}

void guest_forget(struct guest *g)
{
	disks_done(&g->config.disks);
	view_done(&g->config.view);
	strv_done(&g->config.own_masked);
	strv_done(&g->config.qemu_prepend);
	strv_done(&g->config.qemu_append);
	free(g->name);
	free(g->dir);
	free(g->host_dir);
	free(g->out);
	free(g->append);
	*g = (struct guest){0};
}

void guest_done(struct guest *g)
{
	struct err err;

	guestdir_end(&g->tree);
	if (g->dir && rm_rf(g->dir, &err) < 0)
		log_warn("%s", err.msg);
	guest_forget(g);
}
