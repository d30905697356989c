// SPDX-License-Identifier: GPL-2.0-only
#include "vm/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "vm/probe.h"

#define KVM_API 12 /* the only one since 2.6.22 */

/* Where there is no probe to measure with. */
#define FACTOR_TCG_GUESS 10.0
#define FACTOR_MAX	 20.0

const char *accel_name(enum accel accel)
{
	return accel == ACCEL_KVM ? "kvm" : "tcg";
}

__attribute__((format(printf, 2, 3))) static void reason_set(struct accel_info *out,
							     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out->reason, sizeof(out->reason), fmt, ap);
	va_end(ap);
}

static void explain_denied(const char *dev, char *why, size_t len)
{
	struct stat st;
	struct group *g;

	if (!stat(dev, &st) && (st.st_mode & 0060) == 0060 && (g = getgrgid(st.st_gid)))
		snprintf(why, len, "no permission for %s; to get it, join the group %s", dev,
			 g->gr_name);
	else
		snprintf(why, len,
			 "no permission for %s; to get it, give it to the group kvm (mode 660) and "
			 "join that",
			 dev);
}

/* Whether the device looks like a KVM that this guest could use; why not, otherwise. */
static bool kvm_present(const struct accel_host *host, const struct arch *arch, char *why,
			size_t len)
{
	_cleanup_close_ int fd = -1;

	if (!arch_kvm_possible(arch)) {
		snprintf(why, len, "this machine's KVM cannot run %s guests", arch->name);
		return false;
	}
	fd = open(host->kvm, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && ioctl(fd, KVM_GET_API_VERSION, 0) == KVM_API)
		return true;
	if (fd >= 0)
		snprintf(why, len, "%s is not the KVM device", host->kvm);
	else if (errno == ENOENT)
		snprintf(why, len,
			 "there is no %s (no hardware virtualization here, or its module is not "
			 "loaded)",
			 host->kvm);
	else if (errno == EACCES || errno == EPERM)
		explain_denied(host->kvm, why, len);
	else
		snprintf(why, len, "%s: %s", host->kvm, strerror(errno));
	return false;
}

/* The probe's answer, from the cache or now. A remembered failure is not taken when retry is set.
 */
static void probe_get(const struct accel_host *host, const struct arch *arch, enum accel accel,
		      const char *qemu, const char *cache_dir, bool retry, struct probe *p)
{
	if (probe_recall(host, accel, qemu, cache_dir, p) && (p->works || !retry) &&
	    !(probe_is_loaded(p) && host->load <= 1))
		return;
	if (accel == ACCEL_KVM)
		log_note("trying KVM with a tiny guest, once per boot of this machine");
	probe_run(host, arch, accel, qemu, p);
	/* TCG works: a guest that got nowhere was on a machine out of breath. */
	if (accel == ACCEL_TCG && !p->works)
		p->lasting = false;
	probe_remember(host, accel, qemu, cache_dir, p);
}

static void choose_tcg(const struct accel_host *host, const struct arch *arch, const char *qemu,
		       const char *cache_dir, const char *why, struct accel_info *out)
{
	struct probe p = {0};

	out->accel = ACCEL_TCG;
	reason_set(out, "%s", why);
	if (!host->image) {
		out->speed_factor = FACTOR_TCG_GUESS;
		reason_set(out, "%.140s; speed not measured: no probe for %s", why, arch->name);
		return;
	}
	probe_get(host, arch, ACCEL_TCG, qemu, cache_dir, false, &p);
	out->speed_factor = p.works ? p.factor : FACTOR_MAX;
	out->loaded = probe_is_loaded(&p);
	if (!p.works)
		reason_set(out, "%.100s; speed not measured: %.70s", why, p.why);
}

/* Whether KVM it is; why not, otherwise. */
static bool try_kvm(const struct accel_host *host, const struct arch *arch, const char *qemu,
		    const char *cache_dir, bool retry, struct accel_info *out, char *why,
		    size_t len)
{
	struct probe p = {0};

	if (!kvm_present(host, arch, why, len))
		return false;
	out->accel = ACCEL_KVM;
	if (!host->image) {
		out->speed_factor = 1;
		reason_set(out, "%s opens; not tried: no probe for %s", host->kvm, arch->name);
		return true;
	}
	probe_get(host, arch, ACCEL_KVM, qemu, cache_dir, retry, &p);
	out->speed_factor = p.factor;
	out->loaded = probe_is_loaded(&p);
	reason_set(out, "%s works", host->kvm);
	if (!p.works)
		snprintf(why, len, "%s opens but does not work: %.150s", host->kvm, p.why);
	return p.works;
}

int accel_choose_on(const struct accel_host *host, const char *want, const char *arch_name,
		    const char *qemu, const char *cache_dir, struct accel_info *out,
		    struct err *err)
{
	const struct arch *arch = arch_find(arch_name);
	struct accel_info info = {0};
	char why[200];

	if (!arch)
		return err_set(err, EINVAL, "unknown architecture %s (known: %s)", arch_name,
			       arch_names());
	if (str_eq(want, "tcg"))
		choose_tcg(host, arch, qemu, cache_dir, "as asked for", &info);
	else if (!str_eq(want, "auto") && !str_eq(want, "kvm"))
		return err_usage(err, "accelerator '%s': auto, kvm or tcg", want);
	else if (!try_kvm(host, arch, qemu, cache_dir, str_eq(want, "kvm"), &info, why,
			  sizeof(why))) {
		if (str_eq(want, "kvm"))
			return err_set(err, ENODEV, "no KVM: %s", why);
		choose_tcg(host, arch, qemu, cache_dir, why, &info);
	}
	*out = info;
	return 0;
}

char *accel_boot_id(void)
{
	char *text = NULL;
	size_t len;

	if (file_read("/proc/sys/kernel/random/boot_id", 256, &text, &len, NULL) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* libexec/NAME of our tree, if it is there. */
static char *probe_image(const struct arch *arch)
{
	_cleanup_free_ char *tree = NULL;
	char *path;

	if (!arch || !arch->probe || !(tree = program_tree()))
		return NULL;
	path = xasprintf("%s/libexec/%s", tree, arch->probe);
	if (path_readable(path))
		return path;
	log_debug("%s is missing: no accelerator probe", path);
	cleanup_free(&path);
	return NULL;
}

static double load_per_cpu(void)
{
	double load;

	return getloadavg(&load, 1) == 1 ? load / (double)sysconf(_SC_NPROCESSORS_ONLN) : 0;
}

int accel_choose(const char *want, const char *arch, const char *qemu, const char *cache_dir,
		 struct accel_info *out, struct err *err)
{
	_cleanup_free_ char *image = probe_image(arch_find(arch)), *boot_id = accel_boot_id();
	struct accel_host host = {"/dev/kvm", image, boot_id, PROBE_DEADLINE_MS, load_per_cpu()};

	return accel_choose_on(&host, want, arch, qemu, cache_dir, out, err);
}

int accel_describe(const struct accel_info *info, struct strbuf *out)
{
	strbuf_addf(out, "accelerator %s (%s), speed factor %.1f%s", accel_name(info->accel),
		    info->reason, info->speed_factor,
		    info->loaded ? " (measured under load, will be measured again)" : "");
	return 0;
}
