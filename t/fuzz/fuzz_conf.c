// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as an rc file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
	char *text, *more;
	int64_t number;
};

static const struct conf_entry table[] = {
	{"ktest_root_image", CONF_STRING, offsetof(struct values, text)},
	{"a", CONF_STRING, offsetof(struct values, more)},
	{"ktest_nice", CONF_INT, offsetof(struct values, number)},
	{0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of just the size, so that a read beyond it is seen. */
	char *copy = malloc(size ? size : 1);
	struct values v = {0};
	struct err err = {0};

	memcpy(copy, data, size);
	if (conf_parse("rc", copy, size, table, &v, &err) < 0) {
		if (strncmp(err.msg, "rc:", 3) != 0)
			abort();
		for (const char *c = err.msg; *c; c++)
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				abort();
	}
	free(v.text);
	free(v.more);
	free(copy);
	return 0;
}
