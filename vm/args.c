// SPDX-License-Identifier: GPL-2.0-only
#include "vm/config.h"
#include "vm/net.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The shortest limit among the architectures: x86's COMMAND_LINE_SIZE. */
#define KERNEL_APPEND_MAX 2047

/* In QEMU's own option syntax a comma in a value is written twice. */
static void add_escaped(struct strbuf *b, const char *value)
{
	for (; *value; value++) {
		strbuf_putc(b, *value);
		if (*value == ',')
			strbuf_putc(b, ',');
	}
}

/* argv: -NAME and the JSON value, whose reference is taken. */
static void add_json(struct strv *argv, const char *name, json_t *value)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_COMPACT);

	strv_addv(argv, name, text, NULL);
	json_decref(value);
}

static void add_memory(const struct vm_config *c, struct strv *argv)
{
	json_t *mem = json_pack("{s:s, s:s, s:s, s:I, s:b}", "qom-type", "memory-backend-file",
				"id", "mem", "mem-path", c->mem, "size",
				(json_int_t)c->mem_mib << 20, "share", !c->state);

	if (c->state && c->mem_read_only) {
		json_object_set_new(mem, "readonly", json_true());
		json_object_set_new(mem, "rom", json_string("off"));
	}
	add_json(argv, "-object", mem);
}

static void add_machine(const struct vm_config *c, struct strv *argv)
{
	size_t npmem = disks_count(&c->disks, DISK_PMEM);
	int64_t max_mib = c->mem_mib;

	for (size_t i = 0; i < c->disks.n; i++)
		if (c->disks.v[i].role == DISK_PMEM)
			max_mib += (int64_t)(c->disks.v[i].size >> 20) + 1;
	if (c->mem)
		add_memory(c, argv);
	strv_addv(argv, "-machine", NULL);
	strv_addf(argv, "%s%s%s", c->arch->machine[c->accel], npmem ? ",nvdimm=on" : "",
		  c->mem ? ",memory-backend=mem" : "");
	strv_addv(argv, "-accel", c->arch->accel[c->accel], "-cpu", c->arch->cpu[c->accel], NULL);
	strv_addv(argv, "-smp", NULL);
	strv_addf(argv, "%d", c->cpus);
	strv_addv(argv, "-m", NULL);
	if (npmem)
		strv_addf(argv, "size=%" PRId64 "M,slots=%zu,maxmem=%" PRId64 "M", c->mem_mib,
			  npmem, max_mib);
	else
		strv_addf(argv, "%" PRId64 "M", c->mem_mib);
}

/*
 * It starts stopped: the console is added by QMP, see vm.c.
 *
 * A guest that reboots is stopped, not restarted or ended, and one that panics gets to its reboot:
 * what to do is the job's to decide. QEMU gives up every right it does not need once it runs.
 */
static void add_behaviour(const struct vm_config *c, struct strv *argv)
{
	strv_addv(argv, "-S", "-nodefaults", "-no-user-config", "-display", "none", "-name", NULL);
	strv_addf(argv, "ktest-%s", c->name);
	strv_addv(argv, "-action", "reboot=shutdown,shutdown=pause,panic=none", "-sandbox",
		  "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		  "-device", c->arch->pvpanic, NULL);
	if (c->vmcoreinfo)
		strv_addv(argv, "-device", "vmcoreinfo", NULL);
	if (c->state)
		strv_addv(argv, "-incoming", "defer", NULL);
}

static int add_kernel(const struct vm_config *c, struct strv *argv, struct err *err)
{
	size_t len = strlen(c->append);

	if (len > KERNEL_APPEND_MAX)
		return err_set(err, E2BIG,
			       "the kernel's command line has %zu characters, it can take %d; "
			       "use fewer or shorter --append and require-kernel-append",
			       len, KERNEL_APPEND_MAX);
	strv_addv(argv, "-kernel", c->kernel, "-initrd", c->initrd, "-append", c->append, NULL);
	return 0;
}

static void add_chardev(struct strv *argv, const char *id, int fd, bool listening)
{
	strv_add(argv, "-chardev");
	strv_addf(argv, "socket,id=%s,fd=%d%s", id, fd, listening ? ",server=on,wait=off" : "");
}

static void add_kgdb(const struct vm_config *c, struct strv *argv)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	strbuf_puts(&b, "socket,id=kgdb,server=on,wait=off,path=");
	add_escaped(&b, c->dir);
	strbuf_puts(&b, "/" VM_KGDB);
	strv_addv(argv, "-chardev", b.s, "-serial", "chardev:kgdb", NULL);
}

static void add_channels(const struct vm_config *c, const struct vm_fds *fds, struct strv *argv)
{
	add_chardev(argv, "qmp", fds->qmp, false);
	strv_addv(argv, "-mon", "chardev=qmp,mode=control", NULL);
	if (fds->user_qmp >= 0) {
		add_chardev(argv, "user-qmp", fds->user_qmp, true);
		strv_addv(argv, "-mon", "chardev=user-qmp,mode=control", NULL);
	}
	add_chardev(argv, "serial", fds->serial, false);
	strv_addv(argv, "-serial", "chardev:serial", NULL);
	if (c->kgdb)
		add_kgdb(c, argv);
	add_chardev(argv, "agent", fds->agent, false);
	strv_addv(argv, "-device", "virtio-serial-pci,id=serial0", "-device",

		  "virtserialport,bus=serial0.0,chardev=agent,name=ktest.agent", NULL);
}

static void add_share(struct strv *argv, const char *tag, const char *path, const char *model)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	strbuf_addf(&b, "local,id=%s,multidevs=remap,%s,path=", tag, model);
	add_escaped(&b, path);
	strv_addv(argv, "-fsdev", b.s, "-device", NULL);
	strv_addf(argv, "virtio-9p-pci,fsdev=%s,mount_tag=%s", tag, tag);
}

static const char *view_source(const struct view *view, const char *path)
{
	for (size_t i = 0; i < view->n; i++)
		if (!strcmp(view->entries[i].path, path))
			return view->entries[i].source;
	return path;
}

/*
 * In the writable share links, devices, owners and modes are kept in attributes of plain files, so
 * that a guest can leave neither a link out of the directory nor a set-uid program on the host.
 */
static void add_shares(const struct vm_config *c, const char *view_dir, const struct strv *binds,
		       struct strv *argv)
{
	static const char read_only[] = "readonly=on,security_model=none";
	char tag[48];

	if (c->view.n)
		add_share(argv, VM_TAG_VIEW, view_dir, read_only);
	for (size_t i = 0; i < binds->n; i++) {
		snprintf(tag, sizeof(tag), "%s.%zu", VM_TAG_VIEW, i);
		add_share(argv, tag, view_source(&c->view, binds->v[i]), read_only);
	}
	if (c->out)
		add_share(argv, VM_TAG_OUT, c->out,
			  c->out_xattr ? "security_model=mapped-xattr,fmode=0644,dmode=0755"
				       : "security_model=mapped-file,fmode=0644,dmode=0755");
}

static void add_netdev(const struct vm_config *c, struct strv *argv)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	if (c->network == VM_NET_VDE) {
		strbuf_puts(&b, "vde,id=net0,sock=");
		add_escaped(&b, c->vde);
	} else {
		/* restrict: in the sandbox there may be no network behind it either. */
		strbuf_addf(&b, "user,id=net0,restrict=%s",
			    c->network == VM_NET_INTERNET ? "off" : "on");
		for (size_t i = 0; i < c->nforwards; i++)
			strbuf_addf(&b, ",hostfwd=tcp::%d-:%d", NET_PORT + (int)i,
				    c->forwards[i].guest);
	}
	strv_addv(argv, "-netdev", b.s, NULL);
}

static void add_network(const struct vm_config *c, struct strv *argv)
{
	if (c->network == VM_NET_NONE)
		return;
	add_netdev(c, argv);
	strv_add(argv, "-device");
	strv_addf(argv, "%s,netdev=net0,mac=" VM_NET_MAC "%02x", c->arch->nic, c->host);
}

static void add_backend(const struct vm_config *c, const struct disk *d, struct strv *argv)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	if (d->role == DISK_PMEM) {
		add_json(argv, "-object",
			 json_pack("{s:s, s:s+, s:s, s:I, s:b}", "qom-type", "memory-backend-file",
				   "id", "mem-", d->id, "mem-path", d->path, "size",
				   (json_int_t)d->size, "share", !c->state));
		return;
	}
	if (d->role == DISK_IMAGE && !d->nunder) {
		/* The copy that is written to is made by QEMU in $TMPDIR and has no name. */
		strbuf_addf(&b, "if=none,id=%s-node,format=%s,snapshot=on,file=", d->id, d->format);
		add_escaped(&b, d->path);
		strv_addv(argv, "-drive", b.s, NULL);
		return;
	}
	if (d->role == DISK_SLOW)
		add_json(argv, "-object",
			 json_pack("{s:s, s:s, s:{s:i, s:i}}", "qom-type", "throttle-group", "id",
				   d->id, "limits", "bps-total", DISK_SLOW_BPS, "iops-total",
				   DISK_SLOW_IOPS));
	add_json(argv, "-blockdev", disk_blockdev(d));
}

bool vm_disk_is_late(const struct vm_config *c, const struct disk *d)
{
	return c->mem && d->bus && d->bus->unsaved;
}

static void add_disks(const struct vm_config *c, struct strv *argv)
{
	json_t *bridge;
	size_t i;

	json_array_foreach (c->disks.bridges, i, bridge)
		add_json(argv, "-device", json_incref(bridge));
	for (i = 0; i < c->disks.n; i++) {
		add_backend(c, &c->disks.v[i], argv);
		if (!vm_disk_is_late(c, &c->disks.v[i]))
			add_json(argv, "-device", json_incref(c->disks.v[i].device));
	}
}

int vm_args(const struct vm_config *c, const struct vm_fds *fds, const char *view_dir,
	    const struct strv *binds, struct strv *argv, struct err *err)
{
	strv_add(argv, c->qemu);
	strv_cat(argv, &c->qemu_prepend);
	add_machine(c, argv);
	add_behaviour(c, argv);
	add_channels(c, fds, argv);
	add_shares(c, view_dir, binds, argv);
	add_network(c, argv);
	add_disks(c, argv);
	strv_cat(argv, &c->qemu_append);
	return add_kernel(c, argv, err);
}
