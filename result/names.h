/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest calls its disks. */
#ifndef RESULT_NAMES_H
#define RESULT_NAMES_H

#include <jansson.h>

#include "base/str.h"
#include "proto/frame.h"
#include "vm/disk.h"

struct guest_names {
	struct strv scratch, slow, image, rw_image, pmem; /* "/dev/vdb" */
};

/* From the "disk" fields of SETUP's answer. */
void guest_names_read(const struct disks *disks, const struct frame *done,
		      struct guest_names *names);
void guest_names_copy(const struct guest_names *from, struct guest_names *to);
void guest_names_done(struct guest_names *names);

/* {"scratch":["/dev/vdb"],...}: a new reference, and back; false: it is none. */
json_t *guest_names_json(const struct guest_names *names);
bool guest_names_parse(const json_t *j, struct guest_names *names);

#endif
