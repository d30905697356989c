// SPDX-License-Identifier: GPL-2.0-only
#include "run/lines.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "diag/prefix.h"

#define RULER	      "========= "
#define SECONDS_MAX   100000000 /* three years; more is no duration */
#define LINE_USED_MAX 1024	/* nothing longer is any of these */

/* What is left of the line. */
struct cursor {
	const char *p, *end;
};

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static bool skip(struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	if (left(c) < n || memcmp(c->p, word, n) != 0)
		return false;
	c->p += n;
	return true;
}

static bool read_number(struct cursor *c, int64_t max, int64_t *out)
{
	const char *start = c->p;
	int64_t v = 0;

	for (; c->p < c->end && isdigit((unsigned char)*c->p) && c->p - start < 18; c->p++)
		v = v * 10 + (*c->p - '0');
	*out = v;
	return c->p > start && v <= max;
}

/* Everything up to a blank or the end. */
static bool read_word(struct cursor *c, char *out, size_t size)
{
	const char *start = c->p;
	size_t n;

	while (c->p < c->end && (unsigned char)*c->p > 0x20 && *c->p != 0x7f)
		c->p++;
	n = (size_t)(c->p - start);
	if (!n || n >= size || (c->p < c->end && *c->p != ' '))
		return false;
	memcpy(out, start, n);
	out[n] = 0;
	return true;
}

/* The rest, cut to size, nothing in it that upsets a terminal. */
static void read_rest(struct cursor *c, char *out, size_t size)
{
	size_t n = left(c) < size - 1 ? left(c) : size - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = iscntrl((unsigned char)c->p[i]) ? '?' : c->p[i];
	out[n] = 0;
}

/* "NAME in 12s", and ": REASON" when there is to be one. */
static enum line_kind parse_result(struct cursor c, enum line_kind kind, struct line_event *ev)
{
	if (!read_word(&c, ev->name, sizeof(ev->name)) || !skip(&c, " in ") ||
	    !read_number(&c, SECONDS_MAX, &ev->seconds) || !skip(&c, "s"))
		return LINE_NONE;
	if (kind == LINE_NOTRUN && skip(&c, ":")) {
		skip(&c, " ");
		read_rest(&c, ev->reason, sizeof(ev->reason));
		return kind;
	}
	return left(&c) ? LINE_NONE : kind;
}

static enum line_kind parse_failed(struct cursor c, struct line_event *ev)
{
	struct cursor timeout = c;

	/* "FAILED TIMEOUT in 3s" is a subtest of that name that failed. */
	if (skip(&timeout, "TIMEOUT ") && parse_result(timeout, LINE_TIMEOUT, ev) == LINE_TIMEOUT)
		return LINE_TIMEOUT;
	return parse_result(c, LINE_FAILED, ev);
}

static enum line_kind parse_verdict(struct cursor c, struct line_event *ev)
{
	if (skip(&c, "TEST   "))
		return read_word(&c, ev->name, sizeof(ev->name)) && !left(&c) ? LINE_TEST
									      : LINE_NONE;
	if (skip(&c, "PASSED "))
		return parse_result(c, LINE_PASSED, ev);
	if (skip(&c, "FAILED "))
		return parse_failed(c, ev);
	if (skip(&c, "NOTRUN "))
		return parse_result(c, LINE_NOTRUN, ev);
	return LINE_NONE;
}

static bool is_id_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* "vdb3" or "3", up to the end, a comma or a blank. */
static bool parse_device(struct cursor *c, struct line_event *ev)
{
	const char *start = c->p, *digits;
	struct cursor number;
	int64_t index;
	size_t n;

	while (c->p < c->end && is_id_char(*c->p))
		c->p++;
	n = (size_t)(c->p - start);
	if (!n || n >= sizeof(ev->device) || (left(c) && *c->p != ',' && *c->p != ' '))
		return false;
	for (digits = c->p; digits > start && isdigit((unsigned char)digits[-1]);)
		digits--;
	number = (struct cursor){digits, c->p};
	ev->index = read_number(&number, 9999, &index) ? (int)index : -1;
	if (digits == start)
		return ev->index >= 0;
	memcpy(ev->device, start, n);
	ev->device[n] = 0;
	return true;
}

/* "device_add DRIVER,drive=X,id=ID,...": the machine knows the rest of the device itself. */
static bool parse_add(struct cursor c, struct line_event *ev)
{
	while (c.p < c.end) {
		c.p = memchr(c.p, ',', left(&c));
		if (!c.p)
			return false;
		c.p++;
		if (skip(&c, "id="))
			return parse_device(&c, ev) && ev->device[0];
	}
	return false;
}

static bool parse_hotplug(struct cursor c, struct line_event *ev)
{
	if (skip(&c, "device_add ")) {
		ev->hotplug = HOTPLUG_PLUG;
		return parse_add(c, ev);
	}
	if (skip(&c, "device_del ") || skip(&c, "unplug "))
		ev->hotplug = HOTPLUG_UNPLUG;
	else if (skip(&c, "plug "))
		ev->hotplug = HOTPLUG_PLUG;
	else
		return false;
	return parse_device(&c, ev) && !left(&c);
}

static enum line_kind parse_monitor(struct cursor c, struct line_event *ev)
{
	struct cursor command = c;

	read_rest(&command, ev->reason, sizeof(ev->reason));
	ev->index = -1;
	if (parse_hotplug(c, ev))
		return LINE_MONITOR;
	ev->hotplug = HOTPLUG_REFUSED;
	ev->device[0] = 0;
	ev->index = -1;
	return LINE_MONITOR;
}

static enum line_kind parse_reboot(struct cursor c, struct line_event *ev)
{
	if (!read_number(&c, INT32_MAX, &ev->got) || !skip(&c, " expected ") ||
	    !read_number(&c, INT32_MAX, &ev->expected) || left(&c))
		return LINE_NONE;
	return LINE_REBOOT;
}

static enum line_kind parse(struct cursor c, struct line_event *ev)
{
	if (skip(&c, RULER))
		return parse_verdict(c, ev);
	if (skip(&c, "WATCHDOG "))
		return read_number(&c, SECONDS_MAX, &ev->seconds) && !left(&c) ? LINE_WATCHDOG
									       : LINE_NONE;
	if (skip(&c, "QEMU_MONITOR "))
		return parse_monitor(c, ev);
	if (skip(&c, "TEST SUCCESS"))
		return left(&c) ? LINE_NONE : LINE_SUCCESS;
	if (skip(&c, "TEST FAILED"))
		return left(&c) ? LINE_NONE : LINE_FAILURE;
	if (skip(&c, "Kernel version: "))
		return read_word(&c, ev->name, sizeof(ev->name)) ? LINE_KERNEL : LINE_NONE;
	if (skip(&c, "UNEXPECTED REBOOT: got "))
		return parse_reboot(c, ev);
	return LINE_NONE;
}

enum line_kind line_parse(const char *line, size_t len, struct line_event *ev)
{
	enum line_kind kind;
	size_t at;

	while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	at = prefix_read(line, len).len;
	/* Cheap on the lines that are none, which is nearly all. */
	if (at == len || len - at > LINE_USED_MAX || !strchr("=WQTKU", line[at]))
		return LINE_NONE;
	*ev = (struct line_event){0};
	kind = parse((struct cursor){line + at, line + len}, ev);
	if (kind == LINE_NONE)
		*ev = (struct line_event){0};
	return kind;
}
