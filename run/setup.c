// SPDX-License-Identifier: GPL-2.0-only
/* The frames that set a guest up and start things in it; doc/protocol.md lists the fields. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"
#include "base/loop.h"
#include "run/guest_parts.h"
#include "run/kernels.h"
#include "run/testenv.h"

#define P9_OPTIONS "trans=virtio,version=9p2000.L,msize=512000"
#define SELF_DIR   "/run/ktest"

#define MACHINE_ID SELF_DIR "/machine-id"

static int tabs(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += *s == '\t';
	return n;
}

static void __attribute__((format(printf, 3, 4)))
field(struct frame_writer *w, const char *key, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	/* A path with a TAB in it would become columns of its own. */
	if (strchr(fmt, '\t') && tabs(b.s) != tabs(fmt))
		w->overflow = 1;
	frame_add(w, key, b.s);
}

/* ---- SETUP */

/*
 * The host's files belong to nobody where ktest runs as an ordinary user: a set-uid program would
 * change to that user, so such bits are ignored there.
 */
static void setup_root(const struct guest_base *b, const struct guest_plan *gp, bool packed,
		       const struct strv *binds, struct frame_writer *w)
{
	const char *flags = !b->root_image && geteuid() != 0 ? "nosuid" : "-";
	const char *lower = b->root_image ? "/lower" : "/view";

	if (packed)
		field(w, "mount", "ext4\tdisk:pack0\t/view\tro\tnoload");
	else
		field(w, "mount", "9p\t" VM_TAG_VIEW "\t/view\tro\t" P9_OPTIONS ",cache=loose");
	for (size_t i = 0; i < binds->n && !packed; i++)
		field(w, "mount",
		      "9p\t" VM_TAG_VIEW ".%zu\t/view%s\tro\t" P9_OPTIONS ",cache=loose", i,
		      binds->v[i]);
	if (b->root_image)
		field(w, "mount", "ext4\tdisk:root0\t/lower\tro\tnoload");
	if (gp->upper_disk)
		field(w, "mount", "ext4\tdisk:upper0\t/upper\t-\t-");
	else
		field(w, "mount", "tmpfs\ttmpfs\t/upper\t-\tmode=0755");
	field(w, "mkdir", "/upper/up\t0755");
	field(w, "mkdir", "/upper/work\t0700");
	field(w, "mount",
	      "overlay\toverlay\t/newroot\t%s\tlowerdir=%s,upperdir=/upper/up,workdir=/upper/work",
	      flags, lower);
}

static void setup_shares(const struct guest_base *b, const struct guest_plan *gp,
			 struct frame_writer *w)
{
	const struct kernel *k = &gp->file->kernel->kernel;

	field(w, "mount", "bind\t/view/host\t/newroot/host\trbind\t-");
	if (gp->test)
		field(w, "mount", "bind\t/view" GUEST_TEST "\t/newroot/host%s\tbind\t-",
		      gp->file->needs.path);
	field(w, "mount",
	      "9p\t" VM_TAG_OUT "\t/newroot/host%s\tnosuid,nodev\t" P9_OPTIONS ",cache=mmap",
	      b->out->path);
	field(w, "newroot", "/newroot");
	if (k->modules)
		field(w, "mount", "bind\t/host/.modules\t/lib/modules/%s\tbind\t-", k->release);
}

/* A share that is mounted keeps a guest from being saved: these are let go for that. */
static void setup_packed(const struct guest_base *b, const struct guest_plan *gp,
			 const struct guest *g, struct frame_writer *w)
{
	field(w, "mount", "bind\t/view/host\t/newroot/host\trbind\t-");
	field(w, "newroot", "/newroot");
	field(w, "share", "9p\t" VM_TAG_OUT "\t/host%s\tnosuid,nodev\t" P9_OPTIONS ",cache=mmap",
	      b->out->path);
	if (g->config.view.n)
		field(w, "share",
		      "9p\t" VM_TAG_VIEW "\t" GUEST_SHARE "\tro\t" P9_OPTIONS ",cache=loose");
	if (gp->pack.modules)
		field(w, "mount", "ext4\tdisk:pack1\t/lib/modules/%s\tro\tnoload",
		      gp->file->kernel->kernel.release);
}

/* A restored card has the address of the saved one, whatever QEMU was told. */
static void own_mac(const struct guest *g, char *mac, size_t size)
{
	if (g->config.state && g->config.network == VM_NET_USER)
		snprintf(mac, size, VM_NET_CLONE "%02x:%02x", g->number >> 8 & 0xff,
			 g->number & 0xff);
	else
		snprintf(mac, size, VM_NET_MAC "%02x", g->config.host);
}

void guest_refresh(struct guest_fresh *fresh)
{
	*fresh = (struct guest_fresh){.time_ns = realtime_ns()};
	fresh->random = getrandom(fresh->seed, sizeof(fresh->seed), 0) == sizeof(fresh->seed) &&
			getrandom(fresh->id, sizeof(fresh->id), 0) == sizeof(fresh->id);
}

static void add_hex(struct strbuf *b, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		strbuf_addf(b, "%02x", bytes[i]);
}

/*
 * What tells it from all other guests. again: it has had another one. Whatever is touched here
 * costs a clone time: code that has not run before is slow to emulate.
 */
static void setup_identity(const struct guest *g, const struct guest_fresh *fresh, bool again,
			   struct frame_writer *w)
{
	_cleanup_strbuf_ struct strbuf seed = {0}, id = {0};
	const struct vm_config *c = &g->config;
	char mac[24];

	field(w, "time", "%" PRId64, fresh->time_ns);
	if (fresh->random) {
		add_hex(&seed, fresh->seed, sizeof(fresh->seed));
		add_hex(&id, fresh->id, sizeof(fresh->id));
		field(w, "write", "?%s\t%s", again ? MACHINE_ID : "/etc/machine-id", id.s);
		field(w, "seed", "?%s", seed.s);
	}
	field(w, "hostname", "%s", g->name);
	if (c->network == VM_NET_NONE)
		return;
	own_mac(g, mac, sizeof(mac));
	if (c->state)
		field(w, "mac", "?" VM_NET_MAC "%02x\t%s", g->saved->host, mac);
	field(w, "net", "%s%s\t" VM_NET_PREFIX "%d/24\t" VM_NET_GATEWAY "\t%s",
	      c->network == VM_NET_USER ? "?" : "", mac, c->host, again ? "-" : VM_NET_RESOLVER);
}

void guest_renew(const struct guest *g, const struct guest_fresh *fresh, struct frame_writer *w)
{
	setup_identity(g, fresh, true, w);
	field(w, "shares", "again");
}

static void setup_names(const struct guest_base *b, const struct guest_plan *gp,
			const struct guest *g, const struct guest_fresh *fresh,
			struct frame_writer *w)
{
	field(w, "symlink", "/host%s\t/ktest", gp->file->needs.tree);
	field(w, "symlink", "/host%s\t/ktest-out", b->out->path);
	field(w, "mkdir", SELF_DIR "/tmp\t1777");
	field(w, "mkdir", "/mnt\t0755");
	field(w, "mkdir", "/root\t0700");
	setup_identity(g, fresh, false, w);
	/* In memory, for clones to be given another at once. */
	if (guest_is_packed(g)) {
		field(w, "write", "?" MACHINE_ID "\t-");
		field(w, "mount", "?bind\t" MACHINE_ID "\t/etc/machine-id\tbind\t-");
		field(w, "keep", "?" MACHINE_ID);
		field(w, "keep", "?/dev/urandom");
	}
}

static void setup_disks(const struct guest *g, struct frame_writer *w)
{
	for (size_t i = 0; i < g->config.disks.n; i++) {
		const struct disk *d = &g->config.disks.v[i];

		if (d->role != DISK_PMEM && d->role != DISK_ROOT && d->role != DISK_UPPER &&
		    d->role != DISK_PACK)
			field(w, "disk", "%s", d->id);
	}
}

void guest_setup(const struct guest_base *b, const struct guest_plan *gp, const struct guest *g,
		 const struct strv *binds, const struct guest_fresh *fresh, struct frame_writer *w)
{
	field(w, "time", "%" PRId64, fresh->time_ns);
	setup_root(b, gp, guest_is_packed(g), binds, w);
	if (guest_is_packed(g))
		setup_packed(b, gp, g, w);
	else
		setup_shares(b, gp, w);
	setup_names(b, gp, g, fresh, w);
	setup_disks(g, w);
	/* The boot is quiet for speed; from now on the stacks of hung tasks, KERN_INFO, are shown.
	 */
	field(w, "write", "?/proc/sys/kernel/printk\t%d", b->settings->verbose ? 8 : 7);
}

/* ---- START */

static void env_list(struct frame_writer *w, const char *name, const struct strv *list)
{
	_cleanup_free_ char *words = strv_join(list, " ");

	field(w, "env", "%s_list=%s", name, words);
}

static void env_sizes(struct frame_writer *w, const struct needs *n)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	strbuf_puts(&b, "ktest_scratch_dev_sizes_list=");
	for (size_t i = 0; i < n->nscratch; i++)
		strbuf_addf(&b, "%s%" PRIu64, i ? " " : "", n->scratch[i]);
	frame_add(w, "env", b.s);
}

/* Where a kernel built for this run came from, both read-only. */
static void env_built(const struct guest_base *base, const struct guest_plan *gp,
		      struct frame_writer *w)
{
	const struct build *b = gp->file->kernel->build;
	const char *source = b ? b->k.source : NULL;
	bool seen =
		source && (path_below(source, gp->file->needs.tree) || !guest_unseen(base, source));

	field(w, "env", "ktest_kernel_source=%s%s", seen ? "/host" : "", seen ? source : "");
	field(w, "env", "ktest_kernel_build=%s", guest_build_dir(gp) ? GUEST_BUILD : "");
}

static void env_places(const struct guest_base *b, const struct guest_plan *gp,
		       struct frame_writer *w)
{
	const char *deps = b->settings->deps_dir;

	field(w, "env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	field(w, "env", "HOME=/root");
	field(w, "env", "home=/root");
	field(w, "env", "ktest_dir=/host%s", gp->file->needs.tree);
	field(w, "env", "ktest_out=/host%s", b->out->path);
	field(w, "env", "ktest_tmp=" SELF_DIR "/tmp");
	field(w, "env", "ktest_state=" SELF_DIR);
	field(w, "env", "ktest_module_dir=/host/.kmod");
	field(w, "env", "ktest_kernel_binary=/host/.kernel");
	env_built(b, gp, w);
	field(w, "env", "ktest_deps_dir=/host%s", deps ? deps : "/nonexistent");
}

static void env_disks(const struct guest_plan *gp, const struct guest_names *names,
		      struct frame_writer *w)
{
	env_list(w, "ktest_scratch_dev", &names->scratch);
	env_list(w, "ktest_scratch_slowdev", &names->slow);
	env_list(w, "ktest_image_dev", &names->image);
	env_list(w, "ktest_rw_image_dev", &names->rw_image);
	env_list(w, "ktest_pmem_dev", &names->pmem);
	env_sizes(w, &gp->file->needs);
}

void guest_start(const struct guest_base *b, const struct guest_plan *gp,
		 const struct guest_names *names, const char *phase, const struct strv *subtests,
		 int nr_reboots, struct frame_writer *w)
{
	_cleanup_strv_ struct strv env = {0};

	field(w, "name", "%s", phase);
	field(w, "arg", "/bin/bash");
	field(w, "arg", "/host%s/lib/run-guest.sh", b->settings->tree);
	field(w, "arg", "/host%s", gp->file->needs.path);
	field(w, "arg", "%s", phase);
	for (size_t i = 0; i < subtests->n; i++)
		frame_add(w, "arg", subtests->v[i]);
	if (gp->file->needs.own_library)
		field(w, "mark", SELF_DIR "/begun");
	env_places(b, gp, w);
	env_disks(gp, names, w);
	testenv_run(b->settings, gp->file, nr_reboots, &env);
	for (size_t i = 0; i < env.n; i++)
		frame_add(w, "env", env.v[i]);
	field(w, "cwd", "/root");
}
