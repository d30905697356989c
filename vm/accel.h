/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which accelerator a guest runs with, and how slow the guest is. A /dev/kvm that opens
 * proves nothing, so a tiny guest that runs real instructions is started once per boot of the host.
 */
#ifndef VM_ACCEL_H
#define VM_ACCEL_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "kernel/arch.h"

struct accel_info {
	enum accel accel;
	char reason[200];    /* one line: why this one */
	double speed_factor; /* 1 to 20: what deadlines are multiplied by */
	bool loaded;	     /* measured on a busy host: will be measured again */
};

const char *accel_name(enum accel accel); /* "tcg", "kvm": the name for QEMU's -accel */

/*
 * Decide for want ("auto", "kvm" or "tcg"), the guest architecture arch and the binary qemu (a
 * path). The probe's answer is kept in cache_dir/accel.json (created as needed; NULL: no cache) and
 * holds for this boot of the host and this very binary, so a second call costs nothing. Speed that
 * was measured while the load was above the number of processors is measured again when it is not.
 *
 * auto never fails: what speaks against KVM becomes the reason for TCG. "kvm" that does not work
 * is -ENODEV with the reason in *err, a word that is none of the three a usage error.
 */
int accel_choose(const char *want, const char *arch, const char *qemu, const char *cache_dir,
		 struct accel_info *out, struct err *err);

/* What names this boot of the host; the caller frees it. NULL: nothing does. */
char *accel_boot_id(void);

/* One line without a newline for the head of a run: "accelerator tcg (REASON), speed factor 11.3".
 */
int accel_describe(const struct accel_info *info, struct strbuf *out);

#endif
