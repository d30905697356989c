// SPDX-License-Identifier: GPL-2.0-only
#include "base/sum.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "base/str.h"

#define CHUNK (64 << 10)

static struct sum from_xxh(XXH128_hash_t h)
{
	return (struct sum){.lo = h.low64, .hi = h.high64};
}

struct sum sum_of(const void *data, size_t len)
{
	return from_xxh(XXH3_128bits(data, len));
}

void sum_add(struct sum *many, struct sum one)
{
	many->hi += one.hi + __builtin_add_overflow(many->lo, one.lo, &many->lo);
}

bool sum_eq(struct sum a, struct sum b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

static int feed(XXH3_state_t *state, int fd, void *chunk)
{
	ssize_t n;

	do {
		n = read(fd, chunk, CHUNK);
		if (n > 0)
			XXH3_128bits_update(state, chunk, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

int sum_fd(int fd, const char *name, struct sum *out, struct err *err)
{
	_cleanup_free_ void *chunk = xmalloc(CHUNK);
	XXH3_state_t *state = XXH3_createState();
	int r;

	if (!state)
		return err_set(err, ENOMEM, "%s: no memory for its hash", name);
	XXH3_128bits_reset(state);
	r = feed(state, fd, chunk);
	*out = from_xxh(XXH3_128bits_digest(state));
	XXH3_freeState(state);
	return r < 0 ? err_set(err, r, "%s: %s", name, strerror(-r)) : 0;
}

void sum_hex(struct sum s, char hex[SUM_HEX_MAX])
{
	snprintf(hex, SUM_HEX_MAX, "%016llx%016llx", (unsigned long long)s.hi,
		 (unsigned long long)s.lo);
}

static int parse_half(const char *hex, uint64_t *out)
{
	uint64_t v = 0;

	for (int i = 0; i < 16; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *d = hex[i] ? strchr(digits, hex[i]) : NULL;

		if (!d)
			return -EINVAL;
		v = v << 4 | (uint64_t)(d - digits);
	}
	*out = v;
	return 0;
}

int sum_parse(const char *hex, struct sum *out)
{
	struct sum s;

	if (parse_half(hex, &s.hi) < 0 || parse_half(hex + 16, &s.lo) < 0)
		return -EINVAL;
	*out = s;
	return 0;
}
