// SPDX-License-Identifier: GPL-2.0-only
/* Kernel consoles in t/data/console and what is found in each. Run from the tree's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "diag/patterns.h"
#include "diag/prefix.h"
#include "diag/scan.h"

#define EXPECTED_MAX 8

struct expected {
	enum finding_kind kind;
	const char *title;
	const char *function;
	int64_t first, last;
};

struct sample {
	const char *file;
	struct expected f[EXPECTED_MAX]; /* up to the first without a title */
};

static const struct sample samples[] = {
	{"warn-6.1", {{FINDING_WARNING, "WARNING in ext4_iomap_begin", "ext4_iomap_begin", 1, 15}}},
	{"warn-caller-5.10-arm64",
	 {{FINDING_WARNING, "WARNING in refcount_warn_saturate", "refcount_warn_saturate", 0, 15}}},
	{"warn-6.18", {{FINDING_WARNING, "WARNING in pick_next_task", "pick_next_task", 0, 10}}},
	{"oops-null-6.1",
	 {{FINDING_OOPS, "Oops: kernel NULL pointer dereference in bugs_oops", "bugs_oops", 0, 20},
	  {FINDING_PANIC, "Kernel panic - not syncing: Fatal exception", NULL, 23, 25}}},
	{"oops-gpf-kasan-6.12",
	 {{FINDING_OOPS, "Oops: general protection fault in bch2_fs_open", "bch2_fs_open", 0, 9}}},
	{"oops-6.6-arm64",
	 {{FINDING_OOPS, "Oops: unable to handle kernel paging request in list_del_entry",
	   "list_del_entry", 0, 16}}},
	{"bug-5.15",
	 {{FINDING_BUG, "kernel BUG at lib/list_debug.c:26 in __list_add_valid", "__list_add_valid",
	   1, 10}}},
	{"kasan-6.6",
	 {{FINDING_KASAN, "KASAN: slab-out-of-bounds Read in kmalloc_oob_right",
	   "kmalloc_oob_right", 0, 18}}},
	{"kasan-memcpy-5.10",
	 {{FINDING_KASAN, "KASAN: use-after-free Write in copy_it", "copy_it", 0, 10}}},
	{"sanitizers-6.12",
	 {{FINDING_KMSAN, "KMSAN: uninit-value in do_statx", "do_statx", 0, 4},
	  {FINDING_KCSAN, "KCSAN: data-race in ext4_sync_file / mark_inode_dirty", "ext4_sync_file",
	   5, 10},
	  {FINDING_KFENCE, "KFENCE: out-of-bounds read in test_read", "test_read", 11, 16},
	  {FINDING_UBSAN, "UBSAN: array-index-out-of-bounds in bar_probe", "bar_probe", 17, 27}}},
	{"lockdep-6.6",
	 {{FINDING_LOCKDEP, "possible circular locking dependency detected in set_state",
	   "set_state", 0, 36},
	  {FINDING_LOCKDEP, "suspicious RCU usage in foo_lookup", "foo_lookup", 38, 50}}},
	{"hangs-6.1",
	 {{FINDING_HUNG_TASK, "INFO: task hung in deactivate_super", "deactivate_super", 0, 10},
	  {FINDING_LOCKUP, "BUG: soft lockup in bugs_spin", "bugs_spin", 12, 19},
	  {FINDING_RCU_STALL, "rcu stall in bugs_spin", "bugs_spin", 20, 30},
	  {FINDING_LOCKUP, "BUG: workqueue lockup", NULL, 31, 34},
	  {FINDING_LOCKUP, "hard LOCKUP in hard_spin", "hard_spin", 35, 37}}},
	{"leaks-6.6",
	 {{FINDING_LEAK, "memory leak in leak_it", "leak_it", 0, 6},
	  {FINDING_LEAK, "unregister_netdevice: waiting for device to become free", NULL, 7, 7},
	  {FINDING_LEAK, "ref_tracker: leaked reference in inet_init", "inet_init", 8, 10},
	  {FINDING_LEAK, "BUG foo_inode: Objects remaining", NULL, 11, 19},
	  {FINDING_BUG, "BUG kmalloc-64: Poison overwritten in poke_it", "poke_it", 20, 22},
	  {FINDING_BUG, "BUG: sleeping function called from invalid context in sleepy", "sleepy",
	   23, 30},
	  {FINDING_BUG,
	   "rust_kernel: panicked at samples/rust/rust_minimal.rs:12:9 in rust_helper_BUG",
	   "rust_helper_BUG", 31, 37}}},
	{"panic-5.10-arm64",
	 {{FINDING_PANIC,
	   "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: smash "
	   "[bugs]",
	   NULL, 0, 5}}},
	{"interleaved",
	 {{FINDING_WARNING, "WARNING in first_warning", "first_warning", 0, 3},
	  {FINDING_WARNING, "WARNING in second_warning", "second_warning", 4, 7},
	  {FINDING_WARNING, "WARNING: the guest died here", NULL, 9, 10}}},
	{"none", {{0}}},
};

struct found {
	struct finding f[64];
	size_t n;
};

static void collect(void *arg, const struct finding *f)
{
	struct found *found = arg;
	struct finding *to;

	assert_true(found->n < ARRAY_SIZE(found->f));
	to = &found->f[found->n++];
	*to = *f;
	to->title = xstrdup(f->title);
	to->function = f->function ? xstrdup(f->function) : NULL;
	to->text = xstrdup(f->text);
}

static void found_done(struct found *found)
{
	for (size_t i = 0; i < found->n; i++)
		finding_done(&found->f[i]);
	found->n = 0;
}

/* A line as the console shows it. */
static void feed_line(struct scan *s, const char *line, size_t len)
{
	struct prefix p = prefix_read(line, len);
	struct kline l = {.text = line + p.len,
			  .len = len - p.len,
			  .level = LEVEL_UNKNOWN,
			  .stamp_us = p.stamp_us,
			  .caller = p.caller,
			  .caller_len = p.caller_len};

	while (l.len && l.text[l.len - 1] == '\r')
		l.len--;
	scan_line(s, &l);
}

/* before is put in front of each line, after behind it. */
static void feed(struct scan *s, const char *text, const char *before, const char *after)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	size_t n;

	for (; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		strbuf_reset(&line);
		strbuf_puts(&line, before);
		strbuf_add(&line, text, n);
		strbuf_puts(&line, after);
		feed_line(s, line.s, line.len);
	}
}

static char *load(const char *file)
{
	_cleanup_free_ char *path = xasprintf("t/data/console/%s.txt", file);
	struct err err = {0};
	char *text;
	size_t len;

	if (file_read(path, 1 << 20, &text, &len, &err) < 0)
		fail_msg("%s", err.msg);
	return text;
}

static void check(const struct sample *s, const struct found *found)
{
	size_t n = 0;

	while (n < EXPECTED_MAX && s->f[n].title)
		n++;
	for (size_t i = 0; i < found->n; i++) {
		if (i >= n)
			fail_msg("%s: unexpected \"%s\"", s->file, found->f[i].title);
		assert_string_equal(found->f[i].title, s->f[i].title);
		assert_int_equal(found->f[i].kind, s->f[i].kind);
		if (s->f[i].function)
			assert_string_equal(found->f[i].function, s->f[i].function);
		else
			assert_null(found->f[i].function);
		if (found->f[i].first_line != s->f[i].first ||
		    found->f[i].last_line != s->f[i].last)
			fail_msg("%s: %s: lines %lld to %lld", s->file, s->f[i].title,
				 (long long)found->f[i].first_line,
				 (long long)found->f[i].last_line);
	}
	if (found->n != n)
		fail_msg("%s: %zu findings, not %zu", s->file, found->n, n);
}

static void run_sample(const struct sample *s, const char *before, const char *after)
{
	_cleanup_free_ char *text = load(s->file);
	struct found found = {0};
	struct scan *scan = scan_new(collect, &found);

	feed(scan, text, before, after);
	scan_flush(scan);
	check(s, &found);
	found_done(&found);
	scan_free(scan);
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		run_sample(&samples[i], "", "");
}

static void test_samples_with_crs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		run_sample(&samples[i], "\r", "\r");
}

/* A log without stamps, as a console of printk.time=0 makes it. */
static void test_without_stamps(void **state)
{
	struct found found = {0};
	struct scan *s = scan_new(collect, &found);

	(void)state;
	feed(s,
	     "BUG: unable to handle page fault for address: ffffffffdeadbeef\n"
	     "Oops: 0000 [#1] SMP\nRIP: 0010:foo+0x1/0x2\n---[ end trace 0 ]---\n",
	     "", "");
	assert_int_equal(found.n, 1);
	assert_string_equal(found.f[0].title, "Oops: unable to handle page fault in foo");
	found_done(&found);
	scan_free(s);
}

/* The panic that a machine really made: linux 6.1 of Debian under TCG, sysrq c, panic=-1. */
static void test_real_panic(void **state)
{
	_cleanup_free_ char *text = load("panic-sysrq-6.1");
	struct found found = {0};
	struct scan *s = scan_new(collect, &found);

	(void)state;
	feed(s, text, "", "\r");
	assert_int_equal(found.n, 0);
	scan_flush(s);
	assert_int_equal(found.n, 1);
	assert_string_equal(found.f[0].title, "Kernel panic - not syncing: sysrq triggered crash");
	assert_true(finding_fatal(found.f[0].kind));
	found_done(&found);
	scan_free(s);
}

/* A report that is told twice is one finding; after a reboot the clock begins anew. */
static void test_repetition_and_reboot(void **state)
{
	static const char warning[] = "[   10.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n"
				      "[   10.000001] ---[ end trace 0 ]---\n";
	struct found found = {0};
	struct scan *s = scan_new(collect, &found);

	(void)state;
	feed(s, warning, "", "");
	feed(s, warning, "", "");
	feed(s, "[   20.000000] a line\n", "", "");
	feed(s, warning, "", "");
	assert_int_equal(found.n, 1);
	scan_flush(s);
	feed(s, warning, "", "");
	assert_int_equal(found.n, 1);
	scan_reboot(s);
	feed(s, warning, "", "");
	assert_int_equal(found.n, 2);
	found_done(&found);
	scan_free(s);
}

static void test_bounds(void **state)
{
	_cleanup_free_ char *huge = xmalloc(1 << 20);
	struct found found = {0};
	struct scan *s = scan_new(collect, &found);
	char line[128];

	(void)state;
	memset(huge, 'A', 1 << 20);
	memcpy(huge, "[    1.000000] Kernel panic - not syncing: ", 43);
	feed_line(s, huge, 1 << 20);
	scan_flush(s);
	assert_int_equal(strlen(found.f[0].title), TITLE_MAX);
	found_done(&found);

	/* A report without end is over after 500 lines. */
	feed(s, "[    2.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n", "", "");
	for (int i = 0; i < 600; i++) {
		snprintf(line, sizeof(line), "[    2.%06d] foo", i);
		feed_line(s, line, strlen(line));
	}
	assert_int_equal(found.n, 1);
	assert_int_equal(found.f[0].last_line - found.f[0].first_line, 500);
	found_done(&found);
	scan_free(s);
}

static size_t counted;

static void count(void *arg, const struct finding *f)
{
	(void)arg;
	(void)f;
	counted++;
}

/* A storm is told in full: what of it is kept is for others to say. */
static void test_storm(void **state)
{
	struct scan *s = scan_new(count, NULL);
	char line[128];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line),
			 "[    2.%06d] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2", i);
		feed_line(s, line, strlen(line));
	}
	scan_flush(s);
	assert_int_equal(counted, 5000);
	counted = 0;
	feed(s,
	     "[    8.000000] INFO: task sh:7 blocked for more than 120 seconds.\n"
	     "[    9.000000] Kernel panic - not syncing: x\n",
	     "", "");
	scan_flush(s);
	assert_int_equal(counted, 2);
	scan_free(s);
}

static void test_prefix(void **state)
{
	static const struct {
		const char *line;
		size_t len;
		int64_t us;
		const char *caller;
	} t[] = {
		{"[   12.345678] x", 15, 12345678, ""},
		{"<4>[    0.000001][ T123] x", 25, 1, "T123"},
		{"[    1.000000][    C0]  x", 23, 1000000, "C0"},
		{"\r\r[    1.000000] x", 17, 1000000, ""},
		{"[    1.000000]", 14, 1000000, ""},
		{"[ T12] x", 7, -1, "T12"},
		{"<6>x", 3, -1, ""},
		{"[    1.00000] x", 0, -1, ""},
		{"[ 1.000000", 0, -1, ""},
		{"[12]", 0, -1, ""},
		{"<>x", 0, -1, ""},
		{"  x", 0, -1, ""},
		{"", 0, -1, ""},
		{"[99999999999999999999.000000] x", 0, -1, ""},
	};
	struct prefix p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		p = prefix_read(t[i].line, strlen(t[i].line));
		assert_int_equal(p.len, t[i].len);
		assert_int_equal(p.stamp_us, t[i].us);
		assert_int_equal(p.caller_len, strlen(t[i].caller));
		assert_memory_equal(p.caller ? p.caller : "", t[i].caller, p.caller_len);
	}
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(finding_kind_name(FINDING_HUNG_TASK), "hung_task");
	assert_string_equal(finding_reason(FINDING_HUNG_TASK), "hang");
	assert_string_equal(finding_reason(FINDING_RCU_STALL), "hang");
	assert_string_equal(finding_reason(FINDING_LOCKUP), "hang");
	assert_string_equal(finding_reason(FINDING_LEAK), "leak");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_samples_with_crs),
		cmocka_unit_test(test_without_stamps),
		cmocka_unit_test(test_real_panic),
		cmocka_unit_test(test_repetition_and_reboot),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
