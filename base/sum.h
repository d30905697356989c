/* SPDX-License-Identifier: GPL-2.0-only */
/* A 128-bit XXH3: good against chance, not against malice. */
#ifndef BASE_SUM_H
#define BASE_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sum {
	uint64_t lo, hi;
};

#define SUM_HEX_MAX 33 /* 32 digits and the NUL */

struct sum sum_of(const void *data, size_t len);

/* Add one to many: the result does not depend on the order. */
void sum_add(struct sum *many, struct sum one);

bool sum_eq(struct sum a, struct sum b);

/* What is left to read of fd; name is for messages. */
int sum_fd(int fd, const char *name, struct sum *out, struct err *err);

void sum_hex(struct sum s, char hex[SUM_HEX_MAX]);
int sum_parse(const char *hex, struct sum *out); /* 0 or -EINVAL; what follows is not looked at */

#endif
