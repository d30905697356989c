// SPDX-License-Identifier: GPL-2.0-only
#include "proto/frame.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Bytes are placed one by one: neither alignment nor the byte order of the machine matters. */
static void put_le(char *p, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (char)(v >> (8 * i));
}

static uint32_t get_le(const char *p, int bytes)
{
	uint32_t v = 0;

	for (int i = 0; i < bytes; i++)
		v |= (uint32_t)(unsigned char)p[i] << (8 * i);
	return v;
}

static int is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || c == '_';
}

void frame_begin(struct frame_writer *w, char *buf, size_t cap, uint16_t type)
{
	w->buf = buf;
	w->cap = cap;
	w->len = FRAME_HEADER_SIZE;
	w->overflow = cap < FRAME_HEADER_SIZE;
	if (w->overflow)
		return;
	put_le(buf, FRAME_MAGIC, 4);
	put_le(buf + 4, type, 2);
	put_le(buf + 6, 0, 2);
}

void frame_addn(struct frame_writer *w, const char *key, const char *value, size_t len)
{
	size_t key_len = 0;
	size_t room;

	while (is_key_char(key[key_len]))
		key_len++;
	if (w->overflow || !key_len || key[key_len] || memchr(value, 0, len)) {
		w->overflow = 1;
		return;
	}
	room = w->cap - w->len;
	if (len > FRAME_PAYLOAD_MAX || key_len > FRAME_PAYLOAD_MAX || key_len + len + 2 > room ||
	    w->len + key_len + len + 2 > FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX) {
		w->overflow = 1;
		return;
	}
	memcpy(w->buf + w->len, key, key_len);
	w->len += key_len;
	w->buf[w->len++] = '=';
	memcpy(w->buf + w->len, value, len);
	w->len += len;
	w->buf[w->len++] = 0;
}

void frame_add(struct frame_writer *w, const char *key, const char *value)
{
	frame_addn(w, key, value, strlen(value));
}

void frame_add_int(struct frame_writer *w, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	frame_add(w, key, text);
}

int frame_finish(struct frame_writer *w, uint32_t seq)
{
	if (w->overflow)
		return -EMSGSIZE;
	put_le(w->buf + 8, seq, 4);
	put_le(w->buf + 12, (uint32_t)(w->len - FRAME_HEADER_SIZE), 4);
	return 0;
}

/* Every field is "key=value" with its own NUL, so that readers need no further checks. */
static int fields_valid(const char *p, size_t len)
{
	const char *end = p + len;

	if (len && end[-1])
		return 0;
	while (p < end) {
		const char *key = p;

		while (is_key_char(*p))
			p++;
		if (p == key || *p != '=')
			return 0;
		p += strlen(p) + 1;
	}
	return 1;
}

/* A wrong start is told at the first byte that differs, not when a header's worth has come. */
static int magic_matches(const char *data, size_t len)
{
	char magic[4];

	put_le(magic, FRAME_MAGIC, 4);
	return !memcmp(data, magic, len < 4 ? len : 4);
}

long frame_parse(const char *data, size_t len, struct frame *f)
{
	uint32_t payload;

	if (len && !magic_matches(data, len))
		return -EBADMSG;
	if (len < FRAME_HEADER_SIZE)
		return 0;
	payload = get_le(data + 12, 4);
	if (payload > FRAME_PAYLOAD_MAX)
		return -EBADMSG;
	if (len - FRAME_HEADER_SIZE < payload)
		return 0;
	if (!fields_valid(data + FRAME_HEADER_SIZE, payload))
		return -EBADMSG;
	f->type = (uint16_t)get_le(data + 4, 2);
	f->seq = get_le(data + 8, 4);
	f->payload = data + FRAME_HEADER_SIZE;
	f->len = payload;
	return (long)(FRAME_HEADER_SIZE + payload);
}

int frame_next(const struct frame *f, size_t *pos, const char **key, size_t *key_len,
	       const char **value)
{
	const char *p = f->payload + *pos;

	if (*pos >= f->len)
		return 0;
	*key = p;
	*key_len = strcspn(p, "=");
	*value = p + *key_len + 1;
	*pos += *key_len + 1 + strlen(*value) + 1;
	return 1;
}

const char *frame_next_of(const struct frame *f, size_t *pos, const char *key)
{
	const char *k;
	const char *value;
	size_t len;

	while (frame_next(f, pos, &k, &len, &value)) {
		if (strlen(key) == len && !memcmp(k, key, len))
			return value;
	}
	return NULL;
}

const char *frame_get(const struct frame *f, const char *key)
{
	size_t pos = 0;

	return frame_next_of(f, &pos, key);
}

/* Strict, unlike strtoll: no blanks, no plus sign, nothing behind, no silent clamping. */
static int parse_int(const char *s, int64_t *out)
{
	int negative = *s == '-';
	int64_t v = 0;

	s += negative;
	if (!*s)
		return 0;
	for (; *s; s++) {
		int digit = *s - '0';

		if (digit < 0 || digit > 9)
			return 0;
		/* Counted downwards, because INT64_MIN has no positive twin. */
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v))
			return 0;
	}
	if (!negative && v == INT64_MIN)
		return 0;
	*out = negative ? v : -v;
	return 1;
}

int64_t frame_get_int(const struct frame *f, const char *key, int64_t fallback)
{
	const char *text = frame_get(f, key);
	int64_t v;

	return text && parse_int(text, &v) ? v : fallback;
}
