// SPDX-License-Identifier: GPL-2.0-only
#include "vm/sandbox.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bwrap.h"
#include "base/file.h"
#include "vm/net.h"

#define VIEW_DIR "/ktest-view"

static struct {
	bool begun, known;
	struct proc_running *trial;
	enum sandbox_kind kind;
	struct err why;
} probe;

void sandbox_probe_begin(const char *keeper)
{
	_cleanup_strv_ struct strv argv = {0};

	if (probe.begun)
		return;
	probe.begun = true;
	bwrap_start(keeper, &argv);
	strv_addv(&argv, "--unshare-all", "--uid", "0", "--gid", "0", "--ro-bind", "/", "/",
		  "--dev", "/dev", "--proc", "/proc", "--cap-drop", "ALL", NULL);
	bwrap_try_begin(&argv, &probe.trial, &probe.why);
}

enum sandbox_kind sandbox_probe(const char *keeper, const char **why)
{
	if (!probe.known) {
		sandbox_probe_begin(keeper);
		probe.known = true;
		probe.kind = SANDBOX_KEEPER;
		if (probe.trial && proc_run_end(probe.trial, NULL, &probe.why) == 0)
			probe.kind = SANDBOX_BWRAP;
	}
	*why = probe.why.msg;
	return probe.kind;
}

void sandbox_places(enum sandbox_kind kind, const struct vm_config *c, char **view_dir,
		    struct strv *binds)
{
	*view_dir = kind == SANDBOX_BWRAP ? xstrdup(VIEW_DIR) : xasprintf("%s/view", c->dir);
	for (size_t i = 0; i < c->view.n && kind != SANDBOX_BWRAP; i++)
		if (c->view.entries[i].kind == VIEW_BIND && path_is_dir(c->view.entries[i].source))
			strv_add(binds, c->view.entries[i].path);
}

static int realize_entry(const struct view_entry *e, const char *dir, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s%s", dir, e->path);
	_cleanup_free_ char *copy = xstrdup(path);
	int r = mkdir_p(dirname(copy), 0755, err);

	if (r < 0)
		return r;
	if (e->kind == VIEW_SYMLINK)
		return symlink(e->source, path) < 0 ? err_errno(err, "%s", path) : 0;
	if (e->kind == VIEW_BIND && !path_is_dir(e->source))
		return file_copy(e->source, path, err);
	return mkdir_p(path, 0755, err);
}

int sandbox_view(enum sandbox_kind kind, const struct vm_config *c, char **view_dir,
		 struct strv *binds, struct err *err)
{
	int r = 0;

	sandbox_places(kind, c, view_dir, binds);
	for (size_t i = 0; i < c->view.n && r == 0 && kind != SANDBOX_BWRAP; i++)
		if (c->view.entries[i].kind != VIEW_EMPTY)
			r = realize_entry(&c->view.entries[i], *view_dir, err);
	return r;
}

static void add_isolation(const struct vm_config *c, struct strv *argv)
{
	strv_addv(argv, "--unshare-user", "--uid", "0", "--gid", "0", "--unshare-pid",
		  "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try",
		  "--new-session", "--cap-drop", "ALL", "--clearenv", "--setenv", "PATH",
		  "/usr/bin:/bin", "--setenv", "TMPDIR", c->dir, NULL);
}

/* A top directory that is a link (merged /usr) stays one. */
static void add_top_dir(const char *path, struct strv *argv)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n > 0) {
		target[n] = '\0';
		strv_addv(argv, "--symlink", target, path, NULL);
	} else if (path_is_dir(path)) {
		strv_addv(argv, "--ro-bind", path, path, NULL);
	}
}

static void ro_bind(const char *path, struct strv *argv)
{
	strv_addv(argv, "--ro-bind", path, path, NULL);
}

/*
 * QEMU from elsewhere than /usr finds its firmware and libraries beside itself: PREFIX/bin with
 * PREFIX/share, or a build tree with pc-bios. PREFIX itself is not shown, it may be a home
 * directory.
 */
static void add_qemu(const char *qemu, struct strv *argv)
{
	static const char *const beside[] = {"share", "lib", "lib64", "libexec", "pc-bios"};
	_cleanup_free_ char *real = realpath(qemu, NULL);
	_cleanup_free_ char *up = NULL;
	char *dir;

	if (!real || str_starts(real, "/usr/"))
		return;
	up = xstrdup(real);
	dir = dirname(up);
	ro_bind(dir, argv);
	dir = dirname(dir);
	for (size_t i = 0; i < ARRAY_SIZE(beside); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, beside[i]);

		if (path_is_dir(path))
			ro_bind(path, argv);
	}
	if (strcmp(real, qemu) != 0)
		strv_addv(argv, "--symlink", real, qemu, NULL);
}

static void add_system(const struct vm_config *c, struct strv *argv)
{
	static const char *const top[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
	static const char *const etc[] = {"/etc/ld.so.cache", "/etc/ld.so.conf",
					  "/etc/ld.so.conf.d", "/etc/alternatives"};

	ro_bind("/usr", argv);
	for (size_t i = 0; i < ARRAY_SIZE(top); i++)
		add_top_dir(top[i], argv);
	for (size_t i = 0; i < ARRAY_SIZE(etc); i++)
		strv_addv(argv, "--ro-bind-try", etc[i], etc[i], NULL);
	/*
	 * Read-only: where ktest is root, so is QEMU as far as the owner of a file goes, and
	 * /proc/sys asks for no more than that.
	 */
	strv_addv(argv, "--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev", "--tmpfs",
		  "/tmp", NULL);
	if (c->accel == ACCEL_KVM)
		strv_addv(argv, "--dev-bind", "/dev/kvm", "/dev/kvm", NULL);
	add_qemu(c->qemu, argv);
}

/* Every disk lies in the VM's directory, but for the user's images and those of a saved guest. */
static void add_images(const struct vm_config *c, struct strv *argv)
{
	for (size_t i = 0; i < c->disks.n; i++) {
		const struct disk *d = &c->disks.v[i];

		if (d->role == DISK_RW_IMAGE || d->elsewhere)
			strv_addv(argv, "--bind", d->path, d->path, NULL);
		else if (d->role == DISK_ROOT || d->role == DISK_PACK ||
			 (d->role == DISK_IMAGE && !d->nunder))
			ro_bind(d->path, argv);
		for (int k = 0; k < d->nunder; k++)
			ro_bind(d->under[k].path, argv);
	}
}

static void add_files(const struct vm_config *c, struct strv *argv)
{
	strv_addv(argv, "--bind", c->dir, c->dir, NULL);
	if (c->hidden)
		strv_addv(argv, "--tmpfs", c->hidden, NULL);
	for (size_t i = 0; i < c->own_masked.n; i++)
		ro_bind(c->own_masked.v[i], argv);
	ro_bind(c->kernel, argv);
	ro_bind(c->initrd, argv);
	add_images(c, argv);
	/* An older QEMU opens it for writing even where it writes nothing. */
	if (c->mem)
		strv_addv(argv, c->mem_read_only ? "--ro-bind" : "--bind", c->mem, c->mem, NULL);
	if (c->out)
		strv_addv(argv, "--bind", c->out, c->out, NULL);
}

/* All that is opened for a network: names are asked for, in the namespace's own network. */
static void add_net(const struct vm_config *c, const struct net *net, struct strv *argv)
{
	strv_add(argv, "--info-fd");
	strv_addf(argv, "%d", net->info[1]);
	strv_add(argv, "--block-fd");
	strv_addf(argv, "%d", net->block[0]);
	strv_add(argv, "--ro-bind");
	strv_addf(argv, "%s/" VM_RESOLV, c->dir);
	strv_add(argv, "/etc/resolv.conf");
}

int sandbox_argv(enum sandbox_kind kind, const struct vm_config *c, const char *keeper,
		 const struct net *net, struct strv *argv, struct err *err)
{
	_cleanup_free_ char *bwrap = NULL;

	if (kind == SANDBOX_KEEPER) {
		strv_add(argv, keeper);
		return 0;
	}
	bwrap = find_program("bwrap");
	if (!bwrap)
		return err_set(err, ENOENT, "bwrap (bubblewrap) has gone");
	bwrap_start(keeper, argv);
	add_isolation(c, argv);
	add_system(c, argv);
	add_files(c, argv);
	if (net)
		add_net(c, net, argv);
	if (c->network == VM_NET_VDE)
		strv_addv(argv, "--bind", c->vde, c->vde, NULL);
	if (c->view.n)
		strv_addv(argv, "--dir", VIEW_DIR, NULL);
	view_argv(&c->view, VIEW_DIR, argv);
	strv_addv(argv, "--remount-ro", "/", "--chdir", "/", "--", NULL);
	return 0;
}
