/* SPDX-License-Identifier: GPL-2.0-only */
/* A .config as it stands: lines "CONFIG_A=VALUE" and "# CONFIG_A is not set". */
#ifndef KBUILD_DOTCONFIG_H
#define KBUILD_DOTCONFIG_H

#include <stddef.h>

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"

#define DOTCONFIG_SIZE_MAX (4 << 20) /* bytes; a distribution's has 300 kB */

/* {} is an empty one. */
struct dotconfig {
	struct map values; /* by symbol, without CONFIG_; char *, text still in quotes */
};

/* Added to what c holds already; a line takes the place of an earlier one. Others are not looked
 * at, as the kernel does not. */
void dotconfig_parse(struct dotconfig *c, const char *text, size_t len);
int dotconfig_read(struct dotconfig *c, const char *path, struct err *err);

/* "n" for "is not set", NULL if no line names it. */
const char *dotconfig_get(const struct dotconfig *c, const char *symbol);
void dotconfig_set(struct dotconfig *c, const char *symbol, const char *value);

/* The lines, in the order in which the symbols came. */
void dotconfig_write(const struct dotconfig *c, struct strbuf *out);
void dotconfig_done(struct dotconfig *c);
#define _cleanup_dotconfig_ __attribute__((cleanup(dotconfig_done)))

/* Whether two values are the same: text is, with and without quotes, and NULL is "n". */
bool dotconfig_same(const char *a, const char *b);

#endif
