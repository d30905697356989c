// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a stream of frames; a frame that is accepted is written again and must be the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static void write_again(const struct frame *f, const char *bytes, size_t len)
{
	static char buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];
	struct frame_writer w;
	const char *key;
	const char *value;
	size_t key_len;
	size_t pos = 0;

	frame_begin(&w, buf, sizeof(buf), f->type);
	while (frame_next(f, &pos, &key, &key_len, &value)) {
		char *name = strndup(key, key_len);

		frame_add(&w, name, value);
		check(frame_get(f, name) != NULL);
		frame_get_int(f, name, 0);
		free(name);
	}
	check(pos == f->len);
	check(frame_finish(&w, f->seq) == 0);
	check(w.len == len);
	/* All but the flags, which a writer of this version does not set. */
	check(!memcmp(buf, bytes, 6) && !memcmp(buf + 8, bytes + 8, len - 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of just the size, so that a read beyond it is seen. */
	char *copy = malloc(size ? size : 1);
	size_t pos = 0;

	memcpy(copy, data, size);
	while (pos < size) {
		struct frame f;
		long n = frame_parse(copy + pos, size - pos, &f);

		if (n == 0)
			break;
		if (n > 0) {
			check((size_t)n <= size - pos);
			write_again(&f, copy + pos, (size_t)n);
		}
		pos += n > 0 ? (size_t)n : 1;
	}
	free(copy);
	return 0;
}
