/* SPDX-License-Identifier: GPL-2.0-only */
/* What jansson leaves to its users: text from a guest is seldom clean UTF-8. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/*
 * s as a JSON string, each byte that is not part of well-formed UTF-8 replaced by U+FFFD; NULL
 * gives JSON null. Never fails: for json_pack's "o". json_string() and "s" return NULL for such
 * bytes, and with them the whole object is lost.
 */
json_t *json_string_lossy(const char *s);

struct strv;
json_t *json_strv_lossy(const struct strv *sv); /* an array of such strings */

/* The value of a key, NULL or otherwise when it is absent or of another type. */
const char *json_get_str(const json_t *object, const char *key);
int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise);
bool json_get_bool(const json_t *object, const char *key, bool otherwise);

void cleanup_json(json_t **j);
#define _cleanup_json_ __attribute__((cleanup(cleanup_json)))

#endif
