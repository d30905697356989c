// SPDX-License-Identifier: GPL-2.0-only
/* ktest doctor: what this machine has and lacks, a line each, with the remedy. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "image/bootstrap.h"
#include "image/ns.h"
#include "image/place.h"
#include "kernel/kernel.h"
#include "kernel/modules.h"
#include "vm/accel.h"
#include "kernel/arch.h"
#include "vm/sandbox.h"

enum mark { GOOD, WEAK, BAD };

struct checkup {
	char *tree, *cache;
	int bad;
};

static void __attribute__((format(printf, 4, 5)))
say(struct checkup *c, enum mark mark, const char *what, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "weak", "MISSING"};
	va_list ap;

	c->bad += mark == BAD;
	printf("%-8s %-14s ", words[mark], what);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static void check_qemu(struct checkup *c)
{
	const struct arch *arch = arch_host();
	_cleanup_free_ char *qemu = arch ? find_program(arch->qemu) : NULL;
	_cleanup_strbuf_ struct strbuf b = {0};
	struct accel_info accel;
	struct err err = {0};

	if (!arch) {
		say(c, BAD, "architecture", "this machine's is not among %s", arch_names());
		return;
	}
	if (!qemu) {
		say(c, BAD, "qemu", "no %s; install it (Debian: %s)", arch->qemu,
		    arch->qemu_package);
		return;
	}
	say(c, GOOD, "qemu", "%s", qemu);
	if (accel_choose("auto", arch->name, qemu, c->cache, &accel, &err) < 0) {
		say(c, BAD, "accelerator", "%s", err.msg);
		return;
	}
	accel_describe(&accel, &b);
	say(c, accel.accel == ACCEL_KVM ? GOOD : WEAK, "accelerator", "%s", b.s);
}

static void check_sandbox(struct checkup *c)
{
	_cleanup_free_ char *keeper = program_keeper();
	const char *why;

	if (sandbox_probe(keeper, &why) == SANDBOX_BWRAP)
		say(c, GOOD, "sandbox", "bubblewrap: QEMU sees only what its guest needs");
	else
		say(c, WEAK, "sandbox",
		    "%s; install bubblewrap, and allow user namespaces "
		    "(sysctl kernel.unprivileged_userns_clone, "
		    "kernel.apparmor_restrict_unprivileged_userns)",
		    why);
}

static void check_programs(struct checkup *c)
{
	static const struct {
		const char *name, *use;
		enum mark missing;
	} programs[] = {
		{"bash", "test files are bash scripts", BAD},
		{"mke2fs",
		 "the guest's own layer over its root (e2fsprogs); else its memory is used", WEAK},
		{"depmod", "`ktest kernel fetch` (kmod)", WEAK},
		{"git", "finds the tree a test belongs to", WEAK},
	};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		_cleanup_free_ char *path = find_program(programs[i].name);

		say(c, path ? GOOD : programs[i].missing, programs[i].name, "%s",
		    path ? path : programs[i].use);
	}
}

static void check_images(struct checkup *c)
{
	const struct arch *arch = arch_host();
	_cleanup_free_ char *image = arch ? image_find(arch) : NULL;
	enum bootstrap which;
	struct err err = {0};

	say(c, GOOD, "root", "%s",
	    image ? image : "this machine's own userspace; `root_image create` makes an image");
	if (arch && bootstrap_find(arch, &which, &err) < 0)
		say(c, WEAK, "root_image", "%s", err.msg);
	else if (ns_check(&err) < 0)
		say(c, WEAK, "root_image", "%s", err.msg);
	else
		say(c, GOOD, "root_image", "can make images");
}

static void check_kernel(struct checkup *c)
{
	static const char *const drivers[] = {"virtio_pci", "virtio_console", "9p", "9pnet_virtio",
					      "overlay"};
	struct kernel k = {0};
	struct err err = {0};

	if (kernel_find(NULL, NULL, &k, &err) < 0) {
		say(c, BAD, "kernel", "%s", err.msg);
		return;
	}
	say(c, GOOD, "kernel", "%s (%s)", k.name, k.release);
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!modules_have(&k, drivers[i]))
			say(c, BAD, "kernel", "it has no driver %s, which every guest needs",
			    drivers[i]);
	kernel_done(&k);
}

static void check_agent(struct checkup *c)
{
	const struct arch *arch = arch_host();
	_cleanup_free_ char *path =
		xasprintf("%s/libexec/agent.%s", c->tree, arch ? arch->name : "unknown");

	if (path_readable(path))
		say(c, GOOD, "agent", "%s", path);
	else
		say(c, BAD, "agent", "%s is not there; run make", path);
}

/* Those of other architectures that were built, as far as they can be used. */
static void check_other_agents(struct checkup *c)
{
	const struct arch *a;

	for (size_t i = 0; (a = arch_at(i)); i++) {
		_cleanup_free_ char *path = xasprintf("%s/libexec/agent.%s", c->tree, a->name);
		_cleanup_free_ char *qemu = find_program(a->qemu);

		if (a == arch_host() || !path_readable(path))
			continue;
		if (qemu)
			say(c, GOOD, "agent", "%s", path);
		else
			say(c, WEAK, "agent", "%s, but no %s; install it (Debian: %s)", path,
			    a->qemu, a->qemu_package);
	}
}

static void check_space(struct checkup *c)
{
	const char *tmp = getenv("TMPDIR");
	uint64_t avail, total;
	long long mib = (long long)sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE) >> 20;

	if (!tmp || !*tmp)
		tmp = "/var/tmp";
	if (fs_space(tmp, &avail, &total) < 0)
		say(c, BAD, "disk", "%s cannot be used for scratch disks; set TMPDIR", tmp);
	else
		say(c, avail < total / 20 || avail < (1ULL << 30) ? WEAK : GOOD, "disk",
		    "%" PRIu64 " MiB of %" PRIu64 " MiB free in %s", avail >> 20, total >> 20, tmp);
	say(c, GOOD, "memory", "%lld MiB unused; a guest takes 4096 MiB unless told otherwise",
	    mib);
}

int cmd_doctor(int argc, char **argv, struct err *err)
{
	_cleanup_free_ char *tree = program_tree();
	_cleanup_free_ char *cache = path_cache();
	struct checkup c = {.tree = tree, .cache = cache};

	if (argc > 1)
		return err_usage(err, "doctor: unexpected %s", argv[1]);
	check_qemu(&c);
	check_sandbox(&c);
	check_programs(&c);
	check_agent(&c);
	check_other_agents(&c);
	check_kernel(&c);
	check_images(&c);
	check_space(&c);
	return c.bad ? 125 : 0;
}
