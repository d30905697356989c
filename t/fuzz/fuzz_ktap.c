// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as the output of a test: its KTAP is read within the limits, and can be journaled. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "diag/ktap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static size_t count(const json_t *results, int depth)
{
	size_t i, n = json_array_size(results);
	json_t *r;

	check(depth <= KTAP_DEPTH_MAX && n > 0);
	json_array_foreach (results, i, r) {
		const json_t *nested = json_object_get(r, "nested");
		const char *verdict = json_get_str(r, "verdict");

		check(json_get_str(r, "name") && *json_get_str(r, "name"));
		check(verdict && strstr("PASS FAIL SKIP ERROR MISS", verdict));
		if (nested)
			n += count(nested, depth + 1);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktap *k = ktap_new();
	const char *at = (const char *)data;
	int64_t dropped;
	json_t *r;

	while (size) {
		const char *nl = memchr(at, '\n', size);
		size_t n = nl ? (size_t)(nl - at) : size;
		_cleanup_free_ char *line = xmalloc(n ? n : 1); /* a read past it is seen */

		memcpy(line, at, n);
		ktap_line(k, line, n);
		n += nl != NULL;
		at += n;
		size -= n;
	}
	r = ktap_take(k, &dropped);
	check(dropped >= 0 && (!r || count(r, 1) <= KTAP_RESULTS_MAX));
	json_decref(r);
	ktap_free(k);
	return 0;
}
