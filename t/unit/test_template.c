// SPDX-License-Identifier: GPL-2.0-only
/* Saved guests in their cache: whole ones are found again, and nobody loses one in use. */
#include "t/unit/unit.h"

#include <sys/file.h>
#include <time.h>

#include "base/file.h"
#include "run/template.h"
#include "run/template_cache.h"

static char cache[64], all[80];

static int enter(void **state)
{
	if (unit_enter(state))
		return -1;
	snprintf(cache, sizeof(cache), "%s/cache", unit_dir);
	snprintf(all, sizeof(all), "%s/" TEMPLATES, cache);
	return 0;
}

static int empty(void **state)
{
	(void)state;
	return rm_rf(cache, NULL);
}

static void take(const char *key, struct template *t)
{
	template_open(cache, TEMPLATE_READY, xstrdup(key), t);
}

static const char *in(const struct template *t, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	return path;
}

/* Up to the point where it could be published. */
static void begin(const char *key, struct template *t)
{
	struct err err = {0};

	take(key, t);
	assert_false(t->there);
	assert_int_equal(template_begin(cache, t, &err), 0);
	assert_int_equal(file_create_sparse(t->mem, 1 << 20, NULL), 0);
	unit_write(t->state, "the state");
	unit_write(in(t, "disk-1-0"), "a disk");
	t->host = 15;
	t->qemu_version = 702;
	strv_add(&t->names.scratch, "/dev/vdb");
}

static void make(const char *key, struct template *t)
{
	struct err err = {0};

	begin(key, t);
	assert_int_equal(template_publish(cache, t, &err), 0);
	assert_true(t->there);
}

static void make_and_close(const char *key)
{
	struct template t;

	make(key, &t);
	template_close(&t);
}

static bool is_there(const char *key)
{
	struct template t;
	bool there;

	take(key, &t);
	there = t.there;
	template_close(&t);
	return there;
}

/* Of the cache's directory, all names. */
static int entries(void)
{
	char cmd[128];
	int n = -1;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "find %s -mindepth 1 -maxdepth 1 | wc -l", all);
	f = popen(cmd, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &n), 1);
	pclose(f);
	return n;
}

/* ---- made and found */

static void test_nothing_is_there_at_first(void **state)
{
	struct template t;

	(void)state;
	take("k", &t);
	assert_false(t.there);
	assert_int_equal(t.lock_fd, -1);
	assert_null(t.why_not);
	assert_string_equal(t.key, "k");
	template_close(&t);
	assert_false(unit_exists(all));
}

static void test_what_was_made_is_found_with_all_that_is_known_of_it(void **state)
{
	struct template t;

	(void)state;
	make_and_close("k");
	take("k", &t);
	assert_true(t.there);
	assert_int_equal(t.host, 15);
	assert_int_equal(t.qemu_version, 702);
	assert_int_equal(t.names.scratch.n, 1);
	assert_string_equal(t.names.scratch.v[0], "/dev/vdb");
	assert_string_equal(unit_read(t.state), "the state");
	assert_true(unit_exists(t.mem));
	assert_int_equal(entries(), 1);
	template_close(&t);
	assert_true(is_there("k"));
	assert_false(is_there("another"));
}

static void test_saved_at_another_point_it_is_another(void **state)
{
	struct template t;

	(void)state;
	make_and_close("k");
	template_open(cache, TEMPLATE_BOOTED, xstrdup("k"), &t);
	assert_false(t.there);
	template_close(&t);
}

static void test_it_is_its_owners_alone(void **state)
{
	struct template t;
	struct stat st;

	(void)state;
	make("k", &t);
	assert_int_equal(stat(t.dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(all, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	template_close(&t);
}

static void test_unpublished_it_leaves_nothing(void **state)
{
	struct template t;

	(void)state;
	begin("k", &t);
	assert_int_equal(entries(), 1);
	assert_false(is_there("k"));
	template_close(&t);
	assert_int_equal(entries(), 0);
}

static void test_of_two_makers_one_publishes_and_both_have_it(void **state)
{
	struct template a, b;

	(void)state;
	begin("k", &a);
	begin("k", &b);
	assert_string_not_equal(a.dir, b.dir);
	assert_int_equal(template_publish(cache, &a, NULL), 0);
	b.host = 77;
	assert_int_equal(template_publish(cache, &b, NULL), 0);
	assert_string_equal(a.dir, b.dir);
	assert_string_equal(a.mem, b.mem);
	assert_true(a.there && b.there);
	assert_int_equal(b.host, 15);
	assert_int_equal(b.names.scratch.n, 1);
	assert_int_equal(entries(), 1);
	template_close(&a);
	template_close(&b);
	assert_true(is_there("k"));
}

static void test_a_cache_that_cannot_be_is_told(void **state)
{
	struct template t;
	struct err err = {0};

	(void)state;
	unit_write("cache", "a file");
	take("k", &t);
	assert_true(template_begin(cache, &t, &err) < 0);
	assert_non_null(strstr(err.msg, cache));
	template_close(&t);
	unlink("cache");
}

/* ---- what is not whole */

/* How to spoil it, in its directory. */
static const char *const spoilers[] = {
	"truncate -s -1 mem",
	"truncate -s +4096 mem",
	"truncate -s 0 state",
	"rm mem",
	"rm state",
	"rm disk-1-0",
	"echo more >>disk-1-0",
	"echo one that was not there >disk-2-0",
	"mv mem m && ln -s m mem",
	"rm info.json",
	"truncate -s 0 info.json",
	"truncate -s 30 info.json",
	"echo null >info.json",
	"echo '[]' >info.json",
	"sed -i 's/\"names\": {/\"names\": 3, \"x\": {/' info.json",
	"sed -i 's/\"host\": 15/\"host\": 16/' info.json",
	"printf X | dd of=mem bs=1 seek=5000 conv=notrunc status=none",
	"printf X | dd of=state bs=1 seek=5 conv=notrunc status=none",
	"rm seal",
	": >seal",
	"truncate -s 2M info.json",
	"rm lock",
	"rm -r ../k && mkdir ../k",
};

static void test_what_is_not_whole_is_not_taken_and_removed(void **state)
{
	char cmd[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spoilers); i++) {
		struct template t;

		make_and_close("k");
		snprintf(cmd, sizeof(cmd), "cd %s/k && %s", all, spoilers[i]);
		assert_int_equal(system(cmd), 0);
		take("k", &t);
		if (t.there || t.lock_fd >= 0 || t.names.scratch.n || entries())
			fail_msg("taken or left after: %s", spoilers[i]);
		template_close(&t);
	}
}

/* Whoever goes on as it has the files open; another one's files are not to take its place. */
static void test_what_is_not_whole_stays_while_it_is_used(void **state)
{
	struct template a, b;
	struct err err = {0};

	(void)state;
	make("k", &a);
	assert_int_equal(truncate(a.state, 1), 0);
	begin("k", &b);
	assert_int_equal(entries(), 2);
	assert_true(template_publish(cache, &b, &err) < 0);
	assert_false(b.there);
	assert_non_null(strstr(err.msg, "in the way"));
	assert_true(unit_exists(a.mem));
	template_close(&a);
	template_close(&b);
	assert_false(is_there("k"));
	assert_int_equal(entries(), 0);
}

/* ---- who may remove it */

static void test_in_use_it_is_not_removed(void **state)
{
	struct template t;
	char dir[128];

	(void)state;
	make("k", &t);
	snprintf(dir, sizeof(dir), "%s", t.dir);
	template_remove(dir);
	assert_true(is_there("k"));
	template_close(&t);
	assert_true(is_there("k"));
	template_remove(dir);
	assert_false(is_there("k"));
	assert_int_equal(entries(), 0);
}

static void test_discarded_it_stays_for_those_that_use_it(void **state)
{
	struct template a, b;

	(void)state;
	make("k", &a);
	take("k", &b);
	template_discard(&b, "it does not answer");
	template_discard(&b, "and is dead");
	assert_false(b.there);
	assert_string_equal(b.why_not, "it does not answer");
	assert_true(unit_exists(a.mem));
	template_discard(&a, "neither here");
	assert_int_equal(entries(), 0);
	template_close(&a);
	template_close(&b);
}

static void test_discarded_before_it_was_made(void **state)
{
	struct template t;

	(void)state;
	begin("k", &t);
	template_discard(&t, "its log shows a bug");
	assert_int_equal(entries(), 0);
	template_close(&t);
}

static void test_what_killed_makers_left_is_swept(void **state)
{
	struct template made, other;
	pid_t pid;

	(void)state;
	begin("k", &made);
	/* One that is killed: its lock ends with it. */
	pid = fork();
	if (pid == 0) {
		begin("j", &other);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(unit_wait(pid), 1000 + SIGKILL);
	assert_int_equal(mkdir("cache/templates/.tmp-not-locked-yet", 0700), 0);
	assert_int_equal(entries(), 3);
	templates_sweep(all);
	assert_int_equal(entries(), 1);
	assert_true(unit_exists(made.mem));
	template_close(&made);
	templates_sweep("/nonexistent");
}

/* Each sweeps, then begins, and takes nothing from another that has just begun. */
static void test_many_begin_at_the_same_time(void **state)
{
	struct template t;
	pid_t pids[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		for (int n = 0; pids[i] == 0 && n < 500; n++) {
			templates_sweep(all);
			begin("k", &t);
			template_close(&t);
		}
		if (pids[i] == 0)
			_exit(0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		assert_int_equal(unit_wait(pids[i]), 0);
	assert_int_equal(entries(), 0);
}

static void used_at(const char *key, time_t when)
{
	struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
	char path[128];

	snprintf(path, sizeof(path), "%s/%s/seal", all, key);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A MiB that is on the disk, and as much that is none. */
static void make_large(const char *key, struct template *t)
{
	static char block[1 << 20];

	begin(key, t);
	memset(block, 'x', sizeof(block));
	assert_int_equal(file_write(t->mem, block, sizeof(block), 0600, NULL), 0);
	assert_int_equal(truncate(t->mem, 1 << 30), 0);
	assert_int_equal(template_publish(cache, t, NULL), 0);
}

static void test_the_longest_unused_go_first(void **state)
{
	static const char *const keys[] = {"a", "b", "c", "d"};
	struct template t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		make_large(keys[i], &t);
		template_close(&t);
		used_at(keys[i], time(NULL) - 10000 + (time_t)i);
	}
	/* Taken up is used: a is the newest now. */
	assert_true(is_there("a"));
	templates_trim(all, 5 << 20);
	assert_int_equal(entries(), 4);
	templates_trim(all, 5 << 19);
	assert_int_equal(entries(), 2);
	assert_true(is_there("a"));
	assert_true(is_there("d"));
}

static void test_what_is_used_is_not_trimmed(void **state)
{
	struct template a, b;

	(void)state;
	make_large("a", &a);
	used_at("a", time(NULL) - 10000);
	make_large("b", &b);
	template_close(&b);
	templates_trim(all, 0);
	assert_true(is_there("a"));
	assert_false(is_there("b"));
	template_close(&a);
	templates_trim(all, 0);
	assert_false(is_there("a"));
}

/* ---- what cannot be had */

static void test_a_refusal_is_believed_for_a_day(void **state)
{
	struct timespec old[2] = {{.tv_sec = time(NULL) - 2 * 24 * 3600},
				  {.tv_sec = time(NULL) - 2 * 24 * 3600}};
	struct template t;
	char *why;

	(void)state;
	make_and_close("k");
	assert_null(template_refused(cache, "j"));
	template_refuse(cache, "j", "QEMU cannot");
	why = template_refused(cache, "j");
	assert_string_equal(why, "QEMU cannot");
	free(why);
	take("j", &t);
	assert_string_equal(t.why_not, "QEMU cannot");
	template_close(&t);
	templates_trim(all, 0);
	assert_int_equal(utimensat(AT_FDCWD, "cache/templates/j.refused", old, 0), 0);
	assert_null(template_refused(cache, "j"));
	take("j", &t);
	assert_null(t.why_not);
	template_close(&t);
	assert_int_equal(entries(), 0);
}

/* What was made after all counts for more. */
static void test_one_that_is_there_outweighs_a_refusal(void **state)
{
	(void)state;
	make_and_close("k");
	template_refuse(cache, "k", "no");
	assert_true(is_there("k"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_nothing_is_there_at_first, empty),
		cmocka_unit_test_teardown(test_what_was_made_is_found_with_all_that_is_known_of_it,
					  empty),
		cmocka_unit_test_teardown(test_saved_at_another_point_it_is_another, empty),
		cmocka_unit_test_teardown(test_it_is_its_owners_alone, empty),
		cmocka_unit_test_teardown(test_unpublished_it_leaves_nothing, empty),
		cmocka_unit_test_teardown(test_of_two_makers_one_publishes_and_both_have_it, empty),
		cmocka_unit_test_teardown(test_a_cache_that_cannot_be_is_told, empty),
		cmocka_unit_test_teardown(test_what_is_not_whole_is_not_taken_and_removed, empty),
		cmocka_unit_test_teardown(test_what_is_not_whole_stays_while_it_is_used, empty),
		cmocka_unit_test_teardown(test_in_use_it_is_not_removed, empty),
		cmocka_unit_test_teardown(test_discarded_it_stays_for_those_that_use_it, empty),
		cmocka_unit_test_teardown(test_discarded_before_it_was_made, empty),
		cmocka_unit_test_teardown(test_what_killed_makers_left_is_swept, empty),
		cmocka_unit_test_teardown(test_many_begin_at_the_same_time, empty),
		cmocka_unit_test_teardown(test_the_longest_unused_go_first, empty),
		cmocka_unit_test_teardown(test_what_is_used_is_not_trimmed, empty),
		cmocka_unit_test_teardown(test_a_refusal_is_believed_for_a_day, empty),
		cmocka_unit_test_teardown(test_one_that_is_there_outweighs_a_refusal, empty),
	};

	return cmocka_run_group_tests(tests, enter, unit_leave);
}
