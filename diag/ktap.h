/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KTAP that a test prints itself (kselftest, KUnit), read line by line while the test runs. Format:
 * Documentation/dev-tools/ktap.rst, and TAP 13 and 14 as far as they differ. What nests is
 * indented; kselftest's runner puts "# " there instead of blanks. Lines that are none of it are
 * passed over: the kernel's messages and the test's own stand between. Nothing counts before a
 * version line.
 */
#ifndef DIAG_KTAP_H
#define DIAG_KTAP_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define KTAP_DEPTH_MAX	  8
#define KTAP_RESULTS_MAX  5000
#define KTAP_NAME_MAX	  200	      /* bytes; what is longer is cut */
#define KTAP_TEXT_MAX	  500	      /* bytes behind a directive; the same */
#define KTAP_ALL_TEXT_MAX (512 << 10) /* bytes of names and texts together */

struct ktap;

struct ktap *ktap_new(void);
void ktap_free(struct ktap *k); /* NULL allowed */

/* One line without its newline, any bytes; printk's prefix is taken off. */
void ktap_line(struct ktap *k, const char *line, size_t len);

/*
 * The end of the output: what was found, NULL if nothing was, and the reader is as new. An array of
 * {"name", "verdict", "directive", "text", "nested"}, the last three only where there are any:
 * verdict is PASS, FAIL, SKIP, ERROR, or MISS for results that the plan promised and that did not
 * come. A parent with a child that did not pass is FAIL, one whose children were all skipped SKIP;
 * what was expected to fail (TODO, XFAIL) is PASS. *dropped counts the results beyond the limits.
 */
json_t *ktap_take(struct ktap *k, int64_t *dropped);

#endif
