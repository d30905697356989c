// SPDX-License-Identifier: GPL-2.0-only
#include "run/selftest_vm.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "kernel/initramfs.h"
#include "run/machine.h"

#define MEM_MIB	   512
#define CPUS	   2
#define DISK_BYTES (5ULL << 30) /* sparse; what is written lies beyond 4 GiB */

static int find_parts(const struct settings *s, struct selftest_vm *m, struct err *err)
{
	int r;

	m->arch = s->arch ? arch_find(s->arch) : arch_host();
	if (!m->arch)
		return err_usage(err, "this machine's architecture is none of %s; name one with -a",
				 arch_names());
	r = kernel_find(s->kernel, m->arch->name, &m->kernel, err);
	if (r == 0)
		r = machine_qemu(s, m->arch, &m->qemu, err);
	return r < 0 ? r
		     : accel_choose(s->accel ? s->accel : "auto", m->arch->name, m->qemu, s->cache,
				    &m->accel, err);
}

static int make_initrd(const struct settings *s, const struct bus *bus, struct selftest_vm *m,
		       struct err *err)
{
	_cleanup_free_ char *agent = NULL, *cache = xasprintf("%s/initramfs", s->cache);
	_cleanup_free_ char *drivers = xstrdup(bus->modules);
	_cleanup_strv_ struct strv want = {0};
	char *save = NULL;
	int r = machine_agent(s, m->arch, &agent, err);

	if (r < 0)
		return r;
	strv_addv(&want, "virtio_pci", "virtio_console", NULL);
	for (char *w = strtok_r(drivers, " ", &save); w; w = strtok_r(NULL, " ", &save))
		strv_add(&want, w);
	r = modules_closure(&m->kernel, &want, &m->modules, err);
	return r < 0 ? r : initramfs_get(&m->kernel, &m->modules, agent, cache, &m->initrd, err);
}

static int make_disk(const struct bus *bus, struct selftest_vm *m, struct err *err)
{
	int r;

	m->vm_dir = xasprintf("%s/vm", m->dir.path);
	m->disk = xasprintf("%s/disk", m->vm_dir);
	r = mkdir_p(m->vm_dir, 0700, err);
	if (r == 0)
		r = file_create_sparse(m->disk, DISK_BYTES, err);
	if (r < 0)
		return r;
	disks_add(&m->config.disks, DISK_SCRATCH, bus, m->disk, DISK_BYTES);
	return disks_place(&m->config.disks, m->arch->pci_bus, err);
}

static void fill_config(const struct settings *s, struct selftest_vm *m)
{
	struct vm_config *c = &m->config;

	c->name = "selftest";
	c->qemu = m->qemu;
	c->arch = m->arch;
	c->accel = m->accel.accel;
	c->cpus = s->cpus ? (int)s->cpus : CPUS;
	c->mem_mib = s->mem_mib ? s->mem_mib : MEM_MIB;
	c->kernel = m->image;
	c->initrd = m->initrd;
	c->append = m->append;
	c->dir = m->vm_dir;
	c->network = VM_NET_NONE;
	strv_cat(&c->qemu_append, &s->qemu_args);
	c->nice = (int)s->nice;
}

int selftest_vm_make(const struct settings *s, struct selftest_vm *m, struct err *err)
{
	const struct bus *bus = bus_find(s->bus ? s->bus : DEFAULT_BUS, err);
	int r;

	if (!bus)
		return err->code;
	r = find_parts(s, m, err);
	if (r == 0)
		r = make_initrd(s, bus, m, err);
	if (r == 0)
		r = rundir_make(NULL, s->work_dir, &m->dir, err);
	if (r == 0)
		r = make_disk(bus, m, err);
	if (r < 0)
		return r;
	m->image = machine_kernel(s, m->accel.accel, &m->kernel);
	m->append = machine_append(s, m->arch, "");
	fill_config(s, m);
	return 0;
}

void selftest_vm_done(struct selftest_vm *m)
{
	struct err err;

	if (m->dir.path && rundir_remove(&m->dir, &err) < 0)
		log_warn("%s", err.msg);
	disks_done(&m->config.disks);
	strv_done(&m->config.qemu_append);
	module_set_done(&m->modules);
	kernel_done(&m->kernel);
	free(m->qemu);
	free(m->image);
	free(m->initrd);
	free(m->append);
	free(m->vm_dir);
	free(m->disk);
	*m = (struct selftest_vm){.dir.lock_fd = -1};
}

char *selftest_vm_modules(const struct selftest_vm *m)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	for (size_t i = 0; i < m->modules.paths.n; i++) {
		const char *name = path_base(m->modules.paths.v[i]);

		strbuf_puts(&b, i ? "," : "");
		for (size_t k = 0; name[k] && name[k] != '.'; k++)
			strbuf_putc(&b, name[k]);
	}
	for (char *p = b.len ? strchr(b.s, '-') : NULL; p; p = strchr(p, '-'))
		*p = '_';
	return strbuf_detach(&b);
}
