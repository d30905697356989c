// SPDX-License-Identifier: GPL-2.0-only
#include "run/machine.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "kernel/payload.h"

int machine_qemu(const struct settings *s, const struct arch *arch, char **qemu, struct err *err)
{
	*qemu = find_program(s->qemu ? s->qemu : arch->qemu);
	if (*qemu)
		return 0;
	return err_set(err, ENOENT, "no %s; install QEMU (Debian: %s) or name one with --qemu",
		       s->qemu ? s->qemu : arch->qemu, arch->qemu_package);
}

/* "gcc-x86-64-linux-gnu" */
static char *compiler_package(const struct arch *arch)
{
	char *name = xasprintf("gcc-%.*s", (int)strlen(arch->cross) - 1, arch->cross);

	for (char *p = strchr(name, '_'); p; p = strchr(p, '_'))
		*p = '-';
	return name;
}

int machine_agent(const struct settings *s, const struct arch *arch, char **agent, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/libexec/agent.%s", s->tree, arch->name);
	_cleanup_free_ char *package = compiler_package(arch);

	if (path_readable(path)) {
		*agent = path;
		path = NULL;
		return 0;
	}
	if (arch == arch_host())
		return err_set(err, ENOENT, "no agent for %s: %s is missing; run make", arch->name,
			       path);
	return err_set(
		err, ENOENT,
		"no agent for %s: %s is missing; install a cross compiler with its C library "
		"(Debian: %s, libc6-dev-%s-cross) and run `make agents`",
		arch->name, path, package, arch->debian);
}

/* KVM unpacks a bzImage faster than we do; TCG takes as long for it as for the rest of the boot.
 * QEMU takes an Image only bare. */
char *machine_kernel(const struct settings *s, enum accel accel, const struct kernel *kernel)
{
	_cleanup_free_ char *cache = xasprintf("%s/payload", s->cache);
	const struct arch *arch = arch_find(kernel->arch);
	char *path = NULL;
	struct err err;

	if ((accel == ACCEL_TCG || (arch && arch->magic)) &&
	    payload_get(kernel, cache, &path, &err) < 0)
		log_debug("the kernel is booted as it is: %s", err.msg);
	return path ? path : xstrdup(kernel->vmlinuz);
}

char *machine_append(const struct settings *s, const struct arch *arch, const char *extra)
{
	_cleanup_free_ char *own = strv_join(&s->append, " ");

	/*
	 * loglevel=5: warnings are on the console, where bugs are found. It comes first: the early
	 * console is on from the moment its argument is read.
	 */
	return xasprintf(
		"%s console=hvc0 %s rdinit=/init panic=-1 oops=panic sysrq_always_enabled "
		"printk.time=1 log_buf_len=4M random.trust_cpu=on no_timer_check raid=noautodetect "
		"mitigations=off nokaslr%s%s%s%s",
		s->verbose ? "ignore_loglevel" : "loglevel=5", arch->earlycon, *extra ? " " : "",
		extra, *own ? " " : "", own);
}
