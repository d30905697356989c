// SPDX-License-Identifier: GPL-2.0-only
/* Which of the kernel's words count, and which of the console's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "diag/kernlog.h"

#define NOW_US 100000000 /* the guest's clock: 100 s since its boot */

struct fixture {
	struct kernlog *k;
	struct finding found[16];
	size_t nfound;
	uint64_t lost;
	uint64_t seq;
	const char *to_drain; /* lines that the console has not delivered yet */
	int64_t line;
};

static void on_finding(void *arg, const struct finding *f)
{
	struct fixture *x = arg;
	struct finding *to = &x->found[x->nfound++];

	assert_true(x->nfound <= ARRAY_SIZE(x->found));
	*to = *f;
	to->title = xstrdup(f->title);
	to->function = f->function ? xstrdup(f->function) : NULL;
	to->text = xstrdup(f->text);
}

static void on_lost(void *arg, uint64_t n)
{
	((struct fixture *)arg)->lost += n;
}

static bool console(struct fixture *x, const char *text)
{
	bool panics = false;
	size_t n;

	for (; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		panics |= kernlog_line(x->k, text, n, ++x->line, NOW_US);
	}
	return panics;
}

static void on_drain(void *arg)
{
	struct fixture *x = arg;
	const char *text = x->to_drain;

	x->to_drain = NULL;
	if (text)
		console(x, text);
}

static int setup(void **state)
{
	struct fixture *x = xcalloc(1, sizeof(*x));
	struct kernlog_handler h = {.finding = on_finding,
				    .lost = on_lost,
				    .drain = on_drain,
				    .last_word = "the last word",
				    .arg = x};

	x->k = kernlog_new(&h);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	for (size_t i = 0; i < x->nfound; i++)
		finding_done(&x->found[i]);
	kernlog_free(x->k);
	free(x);
	return 0;
}

/* The next record: priority and caller, time in seconds, text as /dev/kmsg has it. */
static void record_of(struct fixture *x, const char *priority, const char *caller, double s,
		      const char *text)
{
	_cleanup_free_ char *record =
		xasprintf("%s,%llu,%lld,-%s;%s", priority, (unsigned long long)x->seq++,
			  (long long)(s * 1000000 + 0.5), caller, text);

	assert_int_equal(kernlog_record(x->k, record, strlen(record)), 0);
}

static void record(struct fixture *x, const char *priority, double s, const char *text)
{
	record_of(x, priority, "", s, text);
}

static void warning(struct fixture *x, double s, const char *function)
{
	_cleanup_free_ char *text =
		xasprintf("WARNING: CPU: 0 PID: 1 at a.c:1 %s+0x1/0x2", function);

	record(x, "4", s, "------------[ cut here ]------------");
	record(x, "4", s + 0.000001, text);
	record(x, "4", s + 0.000002, "---[ end trace 0000000000000000 ]---");
}

static void lockdep_is(struct fixture *x, enum lockdep want)
{
	assert_int_equal(kernlog_lockdep(x->k), want);
}

static void expect_count(struct fixture *x, size_t n)
{
	kernlog_flush(x->k);
	if (x->nfound != n)
		fail_msg("%zu findings, not %zu; the last is \"%s\"", x->nfound, n,
			 x->nfound ? x->found[x->nfound - 1].title : "");
}

static void expect(struct fixture *x, const char *title)
{
	expect_count(x, 1);
	assert_string_equal(x->found[0].title, title);
}

/* ---- records */

static void test_records_count(void **state)
{
	struct fixture *x = *state;

	record(x, "6", 1, "a line");
	warning(x, 2, "f");
	expect(x, "WARNING in f");
	assert_string_equal(x->found[0].text,
			    "[    2.000000] ------------[ cut here ]------------\n"
			    "[    2.000001] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n"
			    "[    2.000002] ---[ end trace 0000000000000000 ]---\n");
	assert_int_equal(x->lost, 0);
}

/* Whatever a test prints, the next report of the kernel is seen. */
static void test_printed_stamps_hide_nothing(void **state)
{
	struct fixture *x = *state;

	record(x, "6", 1, "a line");
	console(x, "[1700000000.123456] starting\n[99999.000000] x\n[    0.000001] x\n");
	warning(x, 2, "f");
	expect(x, "WARNING in f");
}

/* A line that reads like a bug is not one for being on the console. */
static void test_console_alone_does_not_count(void **state)
{
	struct fixture *x = *state;

	record(x, "6", 99, "a line");
	assert_true(console(x, "[   99.500000] WARNING: CPU: 0 PID: 1 at a.c:1 printed+0x1/0x2\n"
			       "[   99.500001] ---[ end trace 0000000000000000 ]---\n"
			       "<0>[   99.600000] Kernel panic - not syncing: printed\n"));
	kernlog_caught_up(x->k);
	expect_count(x, 0);
	kernlog_silent(x->k);
	expect_count(x, 0);
}

/* Facility 1 is a write to /dev/kmsg; a name and a newline in an option are a user's words. */
static void test_forged_records(void **state)
{
	struct fixture *x = *state;

	record(x, "11", 1, "BUG: KASAN: slab-out-of-bounds in f+0x1/0x2");
	record(x, "8", 1, "Kernel panic - not syncing: x");
	record(x, "6", 1, "BUG: KASAN: x[97]: segfault at 1 ip 1 sp 1 error 4 in x[1+1]");
	record(x, "3", 1,
	       "ext4: Unknown parameter 'x\\x0aBUG: KASAN: slab-out-of-bounds in f+0x1/0x2'");
	record(x, "6", 1, "[U] BUG: KASAN: slab-out-of-bounds in f+0x1/0x2");
	expect_count(x, 0);
}

/* The first line that is not empty begins a report, those behind it go on with one. */
static void test_lines_of_a_record(void **state)
{
	struct fixture *x = *state;

	record(x, "3", 1, "\\x0aBUG: sleeping function called from invalid context at a.c:1");
	record(x, "4", 1, "Call Trace:\\x0a <TASK>\\x0a sleepy+0x1/0x2");
	record(x, "6", 1, "done");
	expect(x, "BUG: sleeping function called from invalid context in sleepy");
}

/* A name with a newline, and an empty one, do not hide the report. */
static void test_names_hide_nothing(void **state)
{
	struct fixture *x = *state;

	record(x, "3", 1, "INFO: task a\\x0ab:12 blocked for more than 120 seconds.");
	record(x, "3", 2, "INFO: task :12 blocked for more than 120 seconds.");
	expect_count(x, 2);
}

static void test_callers_are_told_apart(void **state)
{
	struct fixture *x = *state;
	static const char *const lines[][2] = {
		{"------------[ cut here ]------------", "------------[ cut here ]------------"},
		{"WARNING: CPU: 0 PID: 1 at a.c:1 first+0x1/0x2",
		 "WARNING: CPU: 1 PID: 2 at a.c:2 second+0x1/0x2"},
		{"Call Trace:", "Call Trace:"},
		{"---[ end trace 0000000000000000 ]---", "---[ end trace 0000000000000000 ]---"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		record_of(x, "4", ",caller=C1", 1 + (double)i, lines[i][0]);
		record_of(x, "4", ",caller=T22", 1.5 + (double)i, lines[i][1]);
	}
	expect_count(x, 2);
	assert_string_equal(x->found[0].title, "WARNING in first");
	assert_string_equal(x->found[1].title, "WARNING in second");
}

static void test_not_a_record(void **state)
{
	struct fixture *x = *state;
	static char huge[10000] = "4,0,1,-;";

	memset(huge + 8, 'x', sizeof(huge) - 8);
	assert_int_equal(kernlog_record(x->k, "rubbish", 7), -EBADMSG);
	assert_int_equal(kernlog_record(x->k, huge, sizeof(huge)), -EBADMSG);
}

/* ---- gaps */

static const char console_warning[] =
	"[   50.000000] ------------[ cut here ]------------\r\n"
	"[   50.000001] WARNING: CPU: 0 PID: 1 at a.c:1 lost+0x1/0x2\r\n"
	"[   50.000002] ---[ end trace 0000000000000000 ]---\r\n";

static void test_gap_is_filled_from_the_console(void **state)
{
	struct fixture *x = *state;

	record(x, "6", 49, "before");
	console(x, "[   49.000000] before\n");
	x->to_drain = console_warning;
	x->seq += 3;
	record(x, "6", 51, "behind");
	assert_int_equal(x->lost, 3);
	expect(x, "WARNING in lost");
}

/* The first record has number 0: what was overwritten before the agent came is a gap, too. */
static void test_gap_at_boot(void **state)
{
	struct fixture *x = *state;

	console(x, console_warning);
	x->seq = 3;
	record(x, "6", 51, "behind");
	assert_int_equal(x->lost, 3);
	expect(x, "WARNING in lost");
}

/* Only what is from the time of the gap. */
static void test_gap_takes_nothing_else(void **state)
{
	struct fixture *x = *state;

	record(x, "6", 60, "before");
	console(x, console_warning);
	console(x, "[   62.000000] WARNING: CPU: 0 PID: 1 at a.c:1 later+0x1/0x2\n");
	x->seq += 3;
	record(x, "6", 61, "behind");
	expect_count(x, 0);
}

static void test_saved_guest_goes_on_at_its_record(void **state)
{
	struct fixture *x = *state;
	struct kernlog_position at = {700, 40000000};

	kernlog_resume(x->k, &at);
	x->seq = 700;
	warning(x, 50, "f");
	expect(x, "WARNING in f");
	assert_int_equal(x->lost, 0);
	assert_int_equal(kernlog_position(x->k).next_seq, 703);
}

/* A test that prints thousands of lines behind a lost report pushes none of it out, nor does a copy
 * of what the agent has told. */
static void test_gap_behind_a_flood(void **state)
{
	struct fixture *x = *state;
	char line[100];

	record(x, "12", 49, "marker");
	console(x, "[   49.000000] marker\n");
	console(x, console_warning);
	for (int i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line), "[   50.%06d] x", 100 + i);
		console(x, line);
	}
	console(x, "[   49.000000] marker\n");
	x->seq += 3;
	record(x, "6", 51, "behind");
	expect(x, "WARNING in lost");
}

/* ---- a guest that ends */

static const char shutdown_warning[] =
	"[   60.000001] ------------[ cut here ]------------\n"
	"[   60.000002] WARNING: CPU: 0 PID: 1 at a.c:1 late+0x1/0x2\n"
	"[   60.000003] ---[ end trace 0000000000000000 ]---\n";

/* Behind the agent's last word only the kernel speaks, whichever of the two is read first. */
static void test_behind_the_last_word(void **state)
{
	struct fixture *x = *state;

	console(x, "[   59.000000] BUG: KASAN: printed in f+0x1/0x2\n"
		   "[   60.000000] agent: the last word\n");
	console(x, shutdown_warning);
	record(x, "11", 60, "agent: the last word");
	kernlog_bye(x->k);
	kernlog_silent(x->k);
	expect(x, "WARNING in late");
}

static void test_last_word_on_a_quiet_console(void **state)
{
	struct fixture *x = *state;

	console(x, "[   59.000000] BUG: KASAN: printed in f+0x1/0x2\n");
	record(x, "11", 60, "agent: the last word");
	kernlog_bye(x->k);
	kernlog_silent(x->k);
	expect_count(x, 0);
}

/* ---- a guest that is dead or silent */

static void test_dying_words(void **state)
{
	struct fixture *x = *state;

	record(x, "6", 49, "before");
	console(x, "[   49.000000] before\n");
	assert_true(console(x, "[   50.000000] Kernel panic - not syncing: dying\n"));
	expect_count(x, 0);
	kernlog_silent(x->k);
	expect(x, "Kernel panic - not syncing: dying");
}

/* A report of which half came in records is one finding, with all of its lines. */
static void test_joined_at_the_last_record(void **state)
{
	struct fixture *x = *state;

	record(x, "1", 50, "BUG: kernel NULL pointer dereference, address: 0000000000000000");
	record(x, "4", 50.000001, "Oops: 0002 [#1] PREEMPT SMP NOPTI");
	console(x,
		"[   50.000000] BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
		"[   50.000001] Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
		"[   50.000002] RIP: 0010:culprit+0x1/0x2\n"
		"[   50.000003] ---[ end trace 0000000000000000 ]---\n");
	kernlog_silent(x->k);
	expect(x, "Oops: kernel NULL pointer dereference in culprit");
	assert_int_equal(x->found[0].last_line, 3);
}

/* Two messages on a line, text before them, and far behind a line's beginning. */
static void test_console_as_tests_leave_it(void **state)
{
	struct fixture *x = *state;
	_cleanup_strbuf_ struct strbuf progress = {0};

	for (int i = 0; i < 2000; i++)
		strbuf_puts(&progress, "fio: 1 %\r");
	strbuf_puts(&progress,
		    "login: [   50.000000] ------------[ cut here ]------------"
		    "[   50.000001] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n"
		    "** 7 printk messages dropped ** [   50.000002] ---[ end trace 0 ]---\n");
	console(x, progress.s);
	kernlog_silent(x->k);
	expect(x, "WARNING in f");
}

/* Only the time between the last record and now can be the kernel's. */
static void test_window(void **state)
{
	struct fixture *x = *state;

	record(x, "6", 60, "before");
	kernlog_silent(x->k);
	console(x, "[   50.000000] BUG: KASAN: a in f+0x1/0x2\n"
		   "[  500.000000] BUG: KASAN: b in f+0x1/0x2\n"
		   "BUG: KASAN: c in f+0x1/0x2\n");
	expect_count(x, 0);
	console(x, "[   70.000000] BUG: KASAN: d in f+0x1/0x2\n");
	expect(x, "KASAN: d in f");
}

/* Text that stood on the console before the agent's last word but one is a test's. */
static void test_beats_overtake_the_console(void **state)
{
	struct fixture *x = *state;

	console(x, "[   98.000000] BUG: KASAN: a in f+0x1/0x2\n");
	kernlog_beat(x->k, 1);
	console(x, "[   99.000000] BUG: KASAN: b in f+0x1/0x2\n");
	kernlog_beat(x->k, 2);
	kernlog_silent(x->k);
	expect(x, "KASAN: b in f");
}

/* A host that was busy reads the console of a guest that has died, and then what its agent sent in
 * the seconds before. */
static void test_beats_that_come_together(void **state)
{
	struct fixture *x = *state;

	kernlog_beat(x->k, 1);
	console(x, "[   99.000000] BUG: KASAN: a in f+0x1/0x2\n");
	kernlog_beat(x->k, 2);
	kernlog_beat(x->k, 2);
	kernlog_beat(x->k, 2);
	kernlog_silent(x->k);
	expect(x, "KASAN: a in f");
}

/* The agent was only slow: its records tell the same again. */
static void test_silence_ends(void **state)
{
	struct fixture *x = *state;

	console(x, "[   50.000000] ------------[ cut here ]------------\n"
		   "[   50.000001] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n"
		   "[   50.000002] ---[ end trace 0000000000000000 ]---\n");
	kernlog_silent(x->k);
	warning(x, 50, "f");
	expect(x, "WARNING in f");
	console(x, "[   99.000000] BUG: KASAN: printed in f+0x1/0x2\n");
	kernlog_caught_up(x->k);
	expect_count(x, 1);
}

static void test_echoed(void **state)
{
	struct fixture *x = *state;
	_cleanup_free_ char *text = NULL;
	struct err err = {0};
	size_t len;

	assert_int_equal(file_read("t/data/console/echoed.txt", 1 << 20, &text, &len, &err), 0);
	record(x, "6", 10, "random: crng init done");
	kernlog_silent(x->k);
	console(x, text);
	expect(x, "BUG: scheduling while atomic in real_culprit");
}

static void test_reboot(void **state)
{
	struct fixture *x = *state;

	warning(x, 50, "f");
	console(x, "[   99.000000] BUG: KASAN: printed in f+0x1/0x2\n");
	kernlog_reboot(x->k);
	x->seq = 0;
	warning(x, 50, "f");
	expect_count(x, 2);
	kernlog_silent(x->k);
	expect_count(x, 2);
	assert_int_equal(x->lost, 0);
}

/* ---- where a report stands in the log */

static void test_log_lines(void **state)
{
	struct fixture *x = *state;

	x->line = 6;
	warning(x, 50, "f");
	console(x, "a test says something\n"
		   "[   50.000000] ------------[ cut here ]------------\r\n"
		   "[   50.000001] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\r\n"
		   "[   50.000002] ---[ end trace 0000000000000000 ]---\r\n"
		   "[   50.000000] ------------[ cut here ]------------\r\n");
	expect_count(x, 1);
	assert_int_equal(kernlog_log_line(x->k, x->found[0].first_key), 8);
	assert_int_equal(kernlog_log_line(x->k, x->found[0].last_key), 10);
	kernlog_new_log(x->k);
	assert_int_equal(kernlog_log_line(x->k, x->found[0].first_key), 0);
}

/* More than is kept: nothing grows, and the latest counts. */
static void test_bounds(void **state)
{
	struct fixture *x = *state;
	char line[100];

	for (int i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line), "[   90.%06d] line", i);
		console(x, line);
	}
	console(x, "[   91.000000] Kernel panic - not syncing: x\n");
	kernlog_silent(x->k);
	expect(x, "Kernel panic - not syncing: x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void test_lockdep(void **state)
{
	struct fixture *x = *state;

	/* Comes in any kernel. */
	record(x, "4", 1, "Disabling lock debugging due to kernel taint");
	lockdep_is(x, LOCKDEP_NONE);
	record(x, "12", 2, "Lock dependency validator: Copyright (c) forged");
	lockdep_is(x, LOCKDEP_NONE);
	record(x, "6", 2, "Lock dependency validator: Copyright (c) 2006 Red Hat, Inc.");
	record(x, "4", 3, "x: turning off the locking correctness validator.");
	lockdep_is(x, LOCKDEP_ON);
	record(x, "4", 3, "Disabling lock debugging due to kernel taint");
	lockdep_is(x, LOCKDEP_OFF);
	kernlog_reboot(x->k);
	x->seq = 0;
	lockdep_is(x, LOCKDEP_NONE);
	record(x, "6", 0, "Lock dependency validator: Copyright (c) 2006 Red Hat, Inc.");
	record(x, "4", 5, "WARNING: possible circular locking dependency detected");
	lockdep_is(x, LOCKDEP_OFF);
}

/* A guest goes on as one whose boot another had seen. */
static void test_lockdep_of_a_clone(void **state)
{
	struct kernlog_position at = {.next_seq = 7, .lockdep = LOCKDEP_ON};
	struct fixture *x = *state;

	kernlog_resume(x->k, &at);
	x->seq = 7;
	lockdep_is(x, LOCKDEP_ON);
	record(x, "3", 9, "turning off the locking correctness validator.");
	assert_int_equal(kernlog_position(x->k).lockdep, LOCKDEP_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_records_count),
		TEST(test_printed_stamps_hide_nothing),
		TEST(test_console_alone_does_not_count),
		TEST(test_forged_records),
		TEST(test_lines_of_a_record),
		TEST(test_names_hide_nothing),
		TEST(test_callers_are_told_apart),
		TEST(test_not_a_record),
		TEST(test_gap_is_filled_from_the_console),
		TEST(test_gap_at_boot),
		TEST(test_gap_takes_nothing_else),
		TEST(test_gap_behind_a_flood),
		TEST(test_behind_the_last_word),
		TEST(test_last_word_on_a_quiet_console),
		TEST(test_saved_guest_goes_on_at_its_record),
		TEST(test_dying_words),
		TEST(test_joined_at_the_last_record),
		TEST(test_console_as_tests_leave_it),
		TEST(test_window),
		TEST(test_beats_overtake_the_console),
		TEST(test_beats_that_come_together),
		TEST(test_silence_ends),
		TEST(test_echoed),
		TEST(test_reboot),
		TEST(test_log_lines),
		TEST(test_bounds),
		TEST(test_lockdep),
		TEST(test_lockdep_of_a_clone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
