// SPDX-License-Identifier: GPL-2.0-only
#include "diag/kernlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diag/kmsg.h"
#include "diag/patterns.h"
#include "diag/prefix.h"

/* The kernel's own limit for a line is 1024 (LOG_LINE_MAX in kernel/printk/). */
#define LINE_MAX_BYTES 1024
#define RECORD_MAX     8192

/* Processors stamp their messages before they queue: stamps go back a little. */
#define BEFORE_US 100000
/* How far the host's idea of the guest's clock may be behind. */
#define AHEAD_US  10000000

#define HELD_MAX     2048
/* Lines behind one that begins a report: they are held where there is no room for others. */
#define REPORT_LINES 60

/* Keys that are remembered, about; WAYS of them compete for their places. */
#define KEYS_MAX 8192
#define WAYS	 4

/* A line of the console that may be the kernel's. */
struct held {
	char *text;
	size_t len;
	int64_t stamp_us;
	char caller[16];
	size_t caller_len;
	uint64_t key;
	unsigned int beat; /* of when it came */
	bool reports;	   /* it begins a report, or stands close behind such a line */
};

/* The latest keys of lines, with a value each. */
struct keys {
	struct key {
		uint64_t key;
		int64_t value; /* 0: nothing is here */
	} v[KEYS_MAX / WAYS][WAYS];
	unsigned char next[KEYS_MAX / WAYS]; /* the way that the next key takes */
};

struct kernlog {
	struct kernlog_handler handler;
	struct scan *scan;
	bool silent;	   /* the console counts */
	uint64_t next_seq; /* of the next record */
	int64_t last_us;   /* the latest record's time */
	unsigned int beat;
	uint64_t turn; /* of the last beat */
	int reporting; /* so many lines more are close behind one that begins a report */
	enum lockdep lockdep;
	uint64_t last_word; /* key of the agent's last word; 0: it has not come */
	bool last_word_shown;

	struct held held[HELD_MAX]; /* a ring: nheld of them, the oldest at first_held */
	size_t first_held, nheld;

	struct keys told;   /* lines that came in records */
	struct keys places; /* lines of the console: their numbers in the log */
};

/* ---- keys */

/* 0: it is not there. */
static int64_t key_get(const struct keys *keys, uint64_t key)
{
	const struct key *set = keys->v[key % (KEYS_MAX / WAYS)];

	for (int i = 0; i < WAYS; i++)
		if (set[i].key == key)
			return set[i].value;
	return 0;
}

static void key_put(struct keys *keys, uint64_t key, int64_t value)
{
	size_t set = key % (KEYS_MAX / WAYS);

	keys->v[set][keys->next[set]] = (struct key){key, value};
	keys->next[set] = (unsigned char)((keys->next[set] + 1) % WAYS);
}

/* ---- lines that are held */

static struct held *held_at(struct kernlog *k, size_t i)
{
	return &k->held[(k->first_held + i) % HELD_MAX];
}

static void drop_oldest(struct kernlog *k, size_t n)
{
	for (; n; n--, k->nheld--) {
		free(held_at(k, 0)->text);
		k->first_held = (k->first_held + 1) % HELD_MAX;
	}
}

/* Room for a line of a report: lines that are none make way, the oldest first. */
static void make_room(struct kernlog *k)
{
	size_t i = 0;

	while (i < k->nheld && held_at(k, i)->reports)
		i++;
	if (i == k->nheld) {
		drop_oldest(k, 1);
		return;
	}
	free(held_at(k, i)->text);
	for (; i + 1 < k->nheld; i++)
		*held_at(k, i) = *held_at(k, i + 1);
	k->nheld--;
}

static void hold(struct kernlog *k, const struct kline *l, bool begins)
{
	bool reports = begins || k->reporting > 0;
	struct held *h;

	k->reporting = begins ? REPORT_LINES : k->reporting - reports;
	if (k->nheld == HELD_MAX && !reports)
		return;
	if (k->nheld == HELD_MAX)
		make_room(k);
	h = held_at(k, k->nheld++);
	*h = (struct held){.text = xmalloc(l->len + 1),
			   .len = l->len,
			   .stamp_us = l->stamp_us,
			   .caller_len = l->caller_len,
			   .key = kline_key(l),
			   .beat = k->beat,
			   .reports = reports};
	memcpy(h->text, l->text, l->len);
	memcpy(h->caller, l->caller, l->caller_len);
}

/* The number of held lines up to the one with this key, 0: there is none. */
static size_t held_up_to(struct kernlog *k, uint64_t key)
{
	for (size_t i = 0; i < k->nheld; i++)
		if (held_at(k, i)->key == key)
			return i + 1;
	return 0;
}

/* The number of held lines in a row, from the oldest on, that are from before this time. */
static size_t held_before(struct kernlog *k, int64_t stamp_us)
{
	size_t n = 0;

	while (n < k->nheld && held_at(k, n)->stamp_us <= stamp_us)
		n++;
	return n;
}

static void count_line(struct kernlog *k, const struct held *h)
{
	struct kline l = {.text = h->text,
			  .len = h->len,
			  .level = LEVEL_UNKNOWN,
			  .stamp_us = h->stamp_us,
			  .caller = h->caller,
			  .caller_len = h->caller_len};

	if (h->stamp_us + BEFORE_US >= k->last_us)
		scan_line(k->scan, &l);
}

/* The oldest n lines are the kernel's, as far as anybody knows. */
static void count_held(struct kernlog *k, size_t n)
{
	for (size_t i = 0; i < n; i++)
		count_line(k, held_at(k, i));
	drop_oldest(k, n);
}

struct kernlog *kernlog_new(const struct kernlog_handler *h)
{
	struct kernlog *k = xcalloc(1, sizeof(*k));

	k->handler = *h;
	k->scan = scan_new(h->finding, h->arg);
	return k;
}

void kernlog_free(struct kernlog *k)
{
	if (!k)
		return;
	drop_oldest(k, k->nheld);
	scan_free(k->scan);
	free(k);
}

struct kernlog_position kernlog_position(const struct kernlog *k)
{
	return (struct kernlog_position){(int64_t)k->next_seq, k->last_us, k->lockdep};
}

void kernlog_resume(struct kernlog *k, const struct kernlog_position *at)
{
	k->next_seq = (uint64_t)at->next_seq;
	k->last_us = at->last_us;
	k->lockdep = at->lockdep;
}

/* ---- lockdep */

static bool begins(const struct kline *l, const char *with)
{
	size_t len = strlen(with);

	return l->len >= len && !memcmp(l->text, with, len);
}

/* The messages of kernel/locking/lockdep.c, and of add_taint() in kernel/panic.c, which comes
 * without lockdep as well. A report of lockdep's is its last one. */
static void read_lockdep(struct kernlog *k, const struct kline *l)
{
	const struct pattern *p;

	if (l->follows)
		return;
	if (k->lockdep == LOCKDEP_NONE && begins(l, "Lock dependency validator: Copyright"))
		k->lockdep = LOCKDEP_ON;
	if (k->lockdep != LOCKDEP_ON)
		return;
	p = pattern_match(l->text, l->len, l->level);
	if ((p && p->kind == FINDING_LOCKDEP) ||
	    begins(l, "turning off the locking correctness validator.") ||
	    begins(l, "Disabling lock debugging due to kernel taint"))
		k->lockdep = LOCKDEP_OFF;
}

enum lockdep kernlog_lockdep(const struct kernlog *k)
{
	return k->lockdep;
}

/* ---- records */

/* Held lines from before a record, when others before it were lost. */
static void fill_gap(struct kernlog *k, const struct kmsg *m, uint64_t first_key)
{
	size_t n;

	if (k->handler.drain)
		k->handler.drain(k->handler.arg);
	n = held_up_to(k, first_key);
	count_held(k, n ? n - 1 : held_before(k, m->time_us));
	if (k->handler.lost)
		k->handler.lost(k->handler.arg, m->seq - k->next_seq);
}

static bool is_last_word(const struct kernlog *k, const struct kline *l)
{
	size_t n = k->handler.last_word ? strlen(k->handler.last_word) : 0;

	return n && l->len >= n && !memcmp(l->text + l->len - n, k->handler.last_word, n);
}

static void told_line(struct kernlog *k, const struct kmsg *m, const struct kline *l)
{
	uint64_t key = kline_key(l);

	key_put(&k->told, key, 1);
	if (is_last_word(k, l)) {
		k->last_word = key;
		k->last_word_shown = held_up_to(k, key) > 0;
	}
	drop_oldest(k, held_up_to(k, key));
	if (m->facility != 0)
		return;
	read_lockdep(k, l);
	scan_line(k->scan, l);
}

/* The next line of a record's text at *pos; false at its end. */
static bool next_line(const char *text, size_t len, size_t *pos, struct kline *l)
{
	const char *newline;

	if (*pos > len)
		return false;
	newline = memchr(text + *pos, '\n', len - *pos);
	l->text = text + *pos;
	l->len = newline ? (size_t)(newline - l->text) : len - *pos;
	*pos += l->len + 1;
	return true;
}

int kernlog_record(struct kernlog *k, const char *record, size_t len)
{
	char text[RECORD_MAX];
	struct kline l = {0};
	struct kmsg m;
	size_t pos = 0, n;

	if (len > sizeof(text) || kmsg_parse(record, len, &m) < 0)
		return -EBADMSG;
	if (m.seq < k->next_seq)
		return 0;
	n = kmsg_text(&m, text);
	l = (struct kline){.level = m.level,
			   .stamp_us = m.time_us,
			   .caller = m.caller,
			   .caller_len = m.caller_len};
	if (k->silent)
		scan_flush(k->scan);
	k->silent = false;
	next_line(text, n, &pos, &l);
	if (m.seq > k->next_seq)
		fill_gap(k, &m, kline_key(&l));
	k->next_seq = m.seq + 1;
	k->last_us = m.time_us > k->last_us ? m.time_us : k->last_us;
	do {
		l.record_len = n - (size_t)(l.text - text);
		told_line(k, &m, &l);
		l.follows |= l.len > 0;
	} while (next_line(text, n, &pos, &l));
	return 0;
}

/* ---- the console */

/* A part of the console that looks like a message of the kernel's. */
static bool console_message(struct kernlog *k, const struct kline *l, int64_t log_line)
{
	uint64_t key = kline_key(l);
	const struct pattern *p;

	/* A copy that a test prints of the kernel's log stands behind the original. */
	if (log_line && !key_get(&k->places, key))
		key_put(&k->places, key, log_line);
	if (l->stamp_us + BEFORE_US < k->last_us)
		return false;
	if (key_get(&k->told, key)) {
		/* A test may print a copy: only lines from before its time were read, too. */
		k->last_word_shown |= key == k->last_word;
		drop_oldest(k, held_before(k, l->stamp_us));
		return false;
	}
	p = pattern_match(l->text, l->len, l->level);
	if (k->silent)
		scan_line(k->scan, l);
	else
		hold(k, l, p != NULL);
	return p && finding_fatal(p->kind);
}

/*
 * Where the next message of the kernel's begins at or behind line: a time stamp that is not in the
 * future. A test that has not ended its line has the kernel's behind it. NULL: nowhere.
 */
static const char *find_message(const char *line, const char *end, int64_t guest_us,
				struct prefix *prefix)
{
	for (; line < end && (line = memchr(line, '[', (size_t)(end - line))); line++) {
		*prefix = prefix_read(line, (size_t)(end - line));
		if (prefix->stamp_us >= 0 && prefix->stamp_us <= guest_us + AHEAD_US)
			return line;
	}
	return NULL;
}

bool kernlog_line(struct kernlog *k, const char *line, size_t len, int64_t log_line,
		  int64_t guest_us)
{
	const char *end = line + len, *at, *next;
	struct prefix prefix, after;
	bool panic = false;

	at = find_message(line, end, guest_us, &prefix);
	for (; at; at = next, prefix = after) {
		struct kline l = {.text = at + prefix.len,
				  .level = LEVEL_UNKNOWN,
				  .stamp_us = prefix.stamp_us,
				  .caller = prefix.caller,
				  .caller_len = prefix.caller_len};

		next = find_message(l.text, end, guest_us, &after);
		l.len = (size_t)((next ? next : end) - l.text);
		while (l.len && l.text[l.len - 1] == '\r')
			l.len--;
		if (l.len > LINE_MAX_BYTES)
			l.len = LINE_MAX_BYTES;
		panic |= console_message(k, &l, log_line);
	}
	return panic;
}

void kernlog_caught_up(struct kernlog *k)
{
	if (!k->silent)
		drop_oldest(k, k->nheld);
}

void kernlog_bye(struct kernlog *k)
{
	if (!k->last_word_shown)
		kernlog_caught_up(k);
}

void kernlog_beat(struct kernlog *k, uint64_t turn)
{
	size_t n = 0;

	if (turn == k->turn)
		return;
	k->turn = turn;
	while (n < k->nheld && held_at(k, n)->beat != k->beat)
		n++;
	drop_oldest(k, n);
	k->beat++;
}

void kernlog_silent(struct kernlog *k)
{
	if (k->silent)
		return;
	k->silent = true;
	count_held(k, k->nheld);
}

void kernlog_idle(struct kernlog *k)
{
	scan_idle(k->scan);
}

void kernlog_flush(struct kernlog *k)
{
	scan_flush(k->scan);
}

void kernlog_reboot(struct kernlog *k)
{
	scan_reboot(k->scan);
	drop_oldest(k, k->nheld);
	k->silent = false;
	k->next_seq = 0;
	k->last_us = 0;
	k->lockdep = LOCKDEP_NONE;
	k->last_word = 0;
	k->last_word_shown = false;
	memset(&k->told, 0, sizeof(k->told));
}

void kernlog_new_log(struct kernlog *k)
{
	memset(&k->places, 0, sizeof(k->places));
}

int64_t kernlog_log_line(const struct kernlog *k, uint64_t key)
{
	return key_get(&k->places, key);
}
