// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as what an image says of itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_manifest_ struct image_manifest m = {0};
	char *text = malloc(size + 1);
	struct err err = {0};

	memcpy(text, data, size);
	text[size] = '\0';
	if (image_manifest_parse(text, &m, &err) < 0) {
		if (!strstr(err.msg, MANIFEST_PATH) || m.suite)
			abort();
	} else {
		_cleanup_free_ char *again = image_manifest_text(&m);
		_cleanup_manifest_ struct image_manifest back = {0};

		if (image_manifest_parse(again, &back, &err) < 0 || back.want.n != m.want.n)
			abort();
	}
	free(text);
	return 0;
}
