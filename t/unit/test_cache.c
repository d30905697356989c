// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cache cannot lie: a key names every state of all that goes in, and what is not as it was
 * kept is made again.
 */
#include "t/unit/unit.h"

#include <sys/resource.h>
#include <time.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/log.h"
#include "base/seal.h"
#include "base/str.h"
#include "base/walk.h"
#include "t/unit/unseen.h"

static char said[4096];

static void on_log(void *arg, enum log_level level, const char *line)
{
	size_t len = strlen(said);

	(void)arg;
	if (level != LOG_DEBUG)
		snprintf(said + len, sizeof(said) - len, "%s\n", line);
}

static int enter(void **state)
{
	log_set_sink(on_log, NULL);
	return unit_enter(state);
}

static int empty(void **state)
{
	(void)state;
	said[0] = '\0';
	return system("rm -rf * .t*");
}

/* ---- the state of a file */

static char *key_of(const char *path)
{
	struct hash h;

	hash_init(&h);
	hash_stat(&h, path);
	return hash_hex(&h);
}

static void another_of_the_same_name(void)
{
	assert_int_equal(system("cp -p f g && mv g f"), 0);
}

static void rewrite(void)
{
	rewrite_unseen("f", "two", 3);
}

static void touch(void)
{
	assert_int_equal(utimensat(AT_FDCWD, "f", NULL, 0), 0);
}

static void grow(void)
{
	unit_write("f", "onetwo");
}

static void close_it(void)
{
	assert_int_equal(chmod("f", 0600), 0);
}

static void take_away(void)
{
	assert_int_equal(unlink("f"), 0);
}

static void test_every_state_of_a_file_has_its_key(void **state)
{
	static void (*const changes[])(void) = {
		another_of_the_same_name, rewrite, touch, grow, close_it, take_away,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		_cleanup_free_ char *before = NULL, *same = NULL, *after = NULL;

		unlink("f");
		unit_write("f", "one");
		settle();
		before = key_of("f");
		same = key_of("f");
		assert_string_equal(before, same);
		settle();
		changes[i]();
		settle(); /* so that it is not by its content that the change shows */
		after = key_of("f");
		if (str_eq(before, after))
			fail_msg("change %zu does not show", i);
	}
}

/* Both are of the clock's same tick: nothing but the content can tell. */
static void test_a_change_within_a_tick_shows(void **state)
{
	char text[2] = "a";

	(void)state;
	unit_write("f", text);
	for (int i = 0; i < 50; i++) {
		_cleanup_free_ char *before = key_of("f"), *after = NULL;

		text[0] = text[0] == 'a' ? 'b' : 'a';
		rewrite_unseen("f", text, 1);
		after = key_of("f");
		assert_string_not_equal(before, after);
	}
}

/* As the file system of an image has it: whole seconds, the same for all. */
static char *key_in_image(const char *path, ino_t inode)
{
	struct stat st;
	struct hash h;

	assert_int_equal(stat(path, &st), 0);
	st.st_ino = inode;
	st.st_mtim = st.st_ctim = (struct timespec){.tv_sec = 1};
	hash_init(&h);
	hash_state(&h, AT_FDCWD, path, &st);
	return hash_hex(&h);
}

static void test_where_times_are_normalised_the_content_counts(void **state)
{
	_cleanup_free_ char *a = NULL, *b = NULL, *c = NULL;

	(void)state;
	unit_write("f", "one");
	a = key_in_image("f", 7);
	b = key_in_image("f", 7);
	unit_write("f", "two");
	c = key_in_image("f", 7);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
}

static void test_of_a_link_where_it_leads(void **state)
{
	struct hash a, b;
	struct stat st;

	(void)state;
	assert_int_equal(symlink("one", "l"), 0);
	assert_int_equal(lstat("l", &st), 0);
	hash_init(&a);
	hash_state(&a, AT_FDCWD, "l", &st);
	assert_int_equal(unlink("l"), 0);
	assert_int_equal(symlink("two", "l"), 0);
	hash_init(&b);
	hash_state(&b, AT_FDCWD, "l", &st);
	assert_false(sum_eq(a.v, b.v));
}

static void test_strings_are_told_apart(void **state)
{
	struct hash a, b;

	(void)state;
	hash_init(&a);
	hash_str(&a, "ab");
	hash_str(&a, "c");
	hash_init(&b);
	hash_str(&b, "a");
	hash_str(&b, "bc");
	assert_false(sum_eq(a.v, b.v));
}

/* ---- a seal */

static void run(const char *cmd)
{
	if (system(cmd))
		fail_msg("failed: %s", cmd);
}

static void make_sealed(void)
{
	struct err err = {0};

	run("mkdir -p d/sub && echo one >d/a && echo two >d/sub/b && ln -s a d/link && "
	    "truncate -s 70M d/large && echo edge >>d/large");
	if (seal_write("d", &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_any_damage_breaks_the_seal(void **state)
{
	static const char *const damages[] = {
		"echo ONE >d/a",
		"printf on >d/a",
		": >d/a",
		"rm d/a",
		"chmod 755 d/a",
		"echo new >d/new",
		"echo TWO >d/sub/b",
		"mv d/sub/b d/sub/c",
		"mkdir d/sub/more",
		"ln -sfn b d/link",
		"truncate -s 71M d/large",
		"echo x | dd of=d/large conv=notrunc status=none",
		"printf X | dd of=d/large bs=1 seek=$((70 << 20)) conv=notrunc status=none",
		"cp d/large l && mv l d/large",
		"echo x >d/seal",
		": >d/seal",
		"rm d/seal",
		"tr 0-9 1-90 <d/seal >s && mv s d/seal",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		make_sealed();
		assert_true(seal_check("d"));
		run(damages[i]);
		if (seal_check("d"))
			fail_msg("not seen: %s", damages[i]);
		run("rm -rf d");
	}
	assert_false(seal_check("d"));
}

/* The bytes of a file that is read as a whole, one after the other. */
static void test_every_byte_counts(void **state)
{
	static char text[300];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	run("mkdir d");
	unit_write("d/f", text);
	assert_int_equal(seal_write("d", NULL), 0);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		text[i] = 'y';
		rewrite_unseen("d/f", text, sizeof(text) - 1);
		text[i] = 'x';
		assert_false(seal_check("d"));
	}
	rewrite_unseen("d/f", text, sizeof(text) - 1);
	assert_true(seal_check("d"));
}

/* File systems make holes of zeros and zeros of holes; a byte in one, or one that moved, is damage.
 */
static void test_zeros_are_holes(void **state)
{
	static const char *const same[] = {
		"cp --sparse=never d/f f && mv f d/f",
		"cp --sparse=always d/f f && mv f d/f",
	};
	static const char *const damages[] = {
		"printf x | dd of=d/f bs=1 seek=1000000 conv=notrunc status=none",
		"printf x | dd of=d/f bs=1 seek=2999999 conv=notrunc status=none",
		"dd if=/dev/zero of=d/f bs=1 seek=2000000 count=4 conv=notrunc status=none",
		"truncate -s 3000001 d/f",
		"truncate -s 2999999 d/f",
		("dd if=/dev/zero of=d/f bs=1 seek=2000000 count=4 conv=notrunc status=none && "
		 "printf data | dd of=d/f bs=1 seek=2100000 conv=notrunc status=none"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		run("mkdir d && truncate -s 3000000 d/f && "
		    "printf data | dd of=d/f bs=1 seek=2000000 conv=notrunc status=none");
		assert_int_equal(seal_write("d", NULL), 0);
		for (size_t j = 0; j < ARRAY_SIZE(same); j++) {
			run(same[j]);
			assert_true(seal_check("d"));
		}
		run(damages[i]);
		if (seal_check("d"))
			fail_msg("not seen: %s", damages[i]);
		run("rm -rf d");
	}
}

/* No time of what was kept changes: it can be held against what it was. */
static void test_the_time_of_use_is_the_seals(void **state)
{
	struct stat before, after;
	struct seal seal;

	(void)state;
	make_sealed();
	run("touch -d @1000 d/seal");
	assert_int_equal(stat("d/large", &before), 0);
	assert_true(seal_check("d"));
	assert_int_equal(stat("d/large", &after), 0);
	assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof(before.st_ctim));
	assert_int_equal(seal_read("d", &seal), 0);
	assert_true(seal.used > time(NULL) - 60);
	assert_true(seal.bytes >= 3 * 512 && seal.bytes < 1 << 20);
}

/* A process that has no descriptor left knows nothing of the entry, which stays. */
static void test_want_is_no_damage(void **state)
{
	struct rlimit old, few;
	struct err err = {0};
	int r;

	(void)state;
	make_sealed();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = (struct rlimit){.rlim_cur = 4, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = cache_find("d", &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(cache_find("d", &err), 1);
	assert_string_equal(said, "");
}

static void test_only_what_can_be_read_is_sealed(void **state)
{
	struct err err = {0};

	(void)state;
	assert_true(seal_write("nowhere", &err) < 0);
	assert_non_null(strstr(err.msg, "nowhere"));
}

/* ---- entries */

static int made;
static bool alone = true;  /* nobody else makes it */
static const char *change; /* a command, while it is made */

static int key_f(void *arg, struct hash *h, struct err *err)
{
	(void)arg;
	return hash_file(h, "f", err);
}

static int make_f(void *arg, const char *entry, const char *to, struct err *err)
{
	_cleanup_free_ char *copy = xasprintf("%s/f", entry);
	int r = file_copy("f", copy, err);

	assert_true(str_starts(to, "c/"));
	assert_true(!alone || !path_exists(to));
	made++;
	if (change)
		run(change);
	return arg ? err_set(err, EIO, "%s", (const char *)arg) : r;
}

static const struct cache_item item = {
	.dir = "c",
	.limits = {.bytes = 1 << 20, .in_use_s = CACHE_IN_USE_S},
	.key = key_f,
	.make = make_f,
};

/* The content of f's entry; static. */
static const char *get(void)
{
	_cleanup_free_ char *entry = NULL, *path = NULL;
	struct err err = {0};

	if (cache_get(&item, &entry, &err) < 0)
		fail_msg("%s", err.msg);
	path = xasprintf("%s/f", entry);
	return unit_read(path);
}

static int count(const char *dir)
{
	_cleanup_free_ char *cmd = xasprintf("find %s -mindepth 1 -maxdepth 1 | wc -l", dir);
	FILE *f = popen(cmd, "re");
	int n = -1;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &n), 1);
	pclose(f);
	return n;
}

static void test_it_is_made_once_for_each_state(void **state)
{
	(void)state;
	made = 0;
	unit_write("f", "one");
	assert_string_equal(get(), "one");
	assert_string_equal(get(), "one");
	assert_int_equal(made, 1);
	unit_write("f", "two");
	assert_string_equal(get(), "two");
	unit_write("f", "one");
	assert_string_equal(get(), "one");
	assert_int_equal(made, 2);
	assert_int_equal(count("c"), 2);
	assert_string_equal(said, "");
}

static void test_a_damaged_one_is_made_again_with_a_line(void **state)
{
	static const char *const damages[] = {
		"truncate -s 2 c/*/f",
		"rm c/*/f",
		"rm c/*/seal",
		"rm -r c/*/*",
		"rm c/*/seal && mkfifo $(echo c/*)/seal",
		"d=$(echo c/*) && rm -r $d && ln -s /nowhere $d",
		"d=$(echo c/*) && rm -r $d && touch $d",
	};

	(void)state;
	unit_write("f", "one");
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		get();
		made = 0;
		said[0] = '\0';
		run(damages[i]);
		assert_string_equal(get(), "one");
		assert_int_equal(made, 1);
		assert_non_null(strstr(said, "is not as it was kept: it is made again"));
		assert_string_equal(get(), "one");
		assert_int_equal(made, 1);
		assert_int_equal(count("c"), 1);
	}
}

static int key_state(void *arg, struct hash *h, struct err *err)
{
	(void)arg, (void)err;
	hash_stat(h, "f");
	return 0;
}

/* A file that counts as recent when the making begins does so at its end. */
static void test_time_that_passes_is_no_change(void **state)
{
	struct cache_item by_state = item;
	_cleanup_free_ char *entry = NULL;
	struct err err = {0};

	(void)state;
	made = 0;
	by_state.key = key_state;
	change = "sleep 0.03";
	unit_write("f", "one");
	assert_int_equal(cache_get(&by_state, &entry, &err), 0);
	change = NULL;
	assert_int_equal(made, 1);
}

/* An entry of mixed states would be taken for the first one's for ever. */
static void test_what_changes_while_it_is_made_is_made_anew(void **state)
{
	_cleanup_free_ char *entry = NULL;
	struct err err = {0};

	(void)state;
	made = 0;
	unit_write("f", "one");
	change = "test $(cat f) = two || printf two >f";
	assert_string_equal(get(), "two");
	assert_int_equal(made, 2);
	change = NULL;
	unit_write("f", "one");
	assert_string_equal(get(), "one");
	assert_int_equal(count("c"), 2);
	unit_write("f", "three");
	change = "echo >>f";
	assert_int_equal(cache_get(&item, &entry, &err), -EAGAIN);
	change = NULL;
	assert_null(entry);
	assert_int_equal(count("c"), 2);
}

static void test_a_failure_leaves_nothing(void **state)
{
	static char why[] = "no way";
	struct cache_item fails = item;
	char *entry = NULL;
	struct err err = {0};

	(void)state;
	unit_write("f", "one");
	fails.arg = why;
	assert_int_equal(cache_get(&fails, &entry, &err), -EIO);
	assert_string_equal(err.msg, why);
	assert_null(entry);
	assert_int_equal(count("c"), 0);
	unlink("f");
	assert_true(cache_get(&item, &entry, &err) < 0);
	assert_non_null(strstr(err.msg, "f: "));
}

static void test_many_at_the_same_time_have_one(void **state)
{
	pid_t pids[6];

	(void)state;
	unit_write("f", "one");
	alone = false;
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i])
			_exit(strcmp(get(), "one") != 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		assert_int_equal(unit_wait(pids[i]), 0);
	alone = true;
	assert_int_equal(count("c"), 1);
}

/* ---- room */

/* An entry of so many KiB, last used so long ago. */
static void put(const char *name, int kib, int age_s)
{
	_cleanup_free_ char *dir = xasprintf("c/%s", name), *seal = xasprintf("%s/seal", dir);
	_cleanup_free_ char *cmd =
		xasprintf("mkdir -p %s && head -c %dK /dev/urandom >%s/data && sync %s/data", dir,
			  kib, dir, dir);
	struct timespec times[2] = {{.tv_sec = time(NULL) - age_s}, {.tv_sec = time(NULL) - age_s}};

	run(cmd);
	assert_int_equal(seal_write(dir, NULL), 0);
	assert_int_equal(utimensat(AT_FDCWD, seal, times, 0), 0);
}

static void trim(uint64_t kib, size_t newest)
{
	const struct cache_limits limits = {kib << 10, newest, CACHE_IN_USE_S};

	cache_trim("c", limits);
}

static void test_the_longest_unused_go_first(void **state)
{
	(void)state;
	put("old", 100, 4000);
	put("older", 100, 5000);
	put("new", 100, 0);
	trim(250, 0);
	assert_false(unit_exists("c/older"));
	assert_true(unit_exists("c/old"));
	/* Used: what is the longest unused is the other. */
	put("older", 100, 4500);
	assert_int_equal(cache_find("c/older", NULL), 1);
	trim(250, 0);
	assert_true(unit_exists("c/older"));
	assert_false(unit_exists("c/old"));
	trim(0, 0);
	assert_true(unit_exists("c/older"));
	assert_true(unit_exists("c/new"));
	assert_int_equal(count("c"), 2);
}

/* However long ago that was: a guest of its run may open it at any time. */
static void test_an_entry_in_use_stays(void **state)
{
	int ready[2], go[2];
	char c;
	pid_t pid;

	(void)state;
	put("a", 100, 0);
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(go[1]);
		c = (char)cache_find("c/a", NULL);
		_exit(write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) != 0);
	}
	close(go[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, 1);
	run("touch -d '2 hours ago' c/a/seal");
	trim(0, 0);
	assert_true(unit_exists("c/a"));
	close(go[1]);
	assert_int_equal(unit_wait(pid), 0);
	trim(0, 0);
	assert_false(unit_exists("c/a"));
	close(ready[0]);
	close(ready[1]);
}

static void test_so_many_stay_whatever_they_take(void **state)
{
	(void)state;
	put("a", 100, 5000);
	put("b", 100, 4000);
	put("c", 100, 3000);
	trim(0, 2);
	assert_false(unit_exists("c/a"));
	assert_int_equal(count("c"), 2);
}

static void test_files_of_an_older_kind_go_too(void **state)
{
	(void)state;
	run("mkdir c && head -c 100K /dev/zero >c/payload-1 && touch -d @1000 c/payload-1 && "
	    "mkdir c/other && touch -d @1000 c/other");
	put("new", 100, 0);
	trim(50, 0);
	assert_false(unit_exists("c/payload-1"));
	assert_true(unit_exists("c/other")); /* no entry, and no file */
	assert_true(unit_exists("c/new"));
}

static void test_sweeping_takes_old_temporaries(void **state)
{
	(void)state;
	run("mkdir -p c/t-.a/x c/t-.b c/u && touch -d '2 hours ago' c/t-.a c/u");
	cache_sweep("c", "t-.", 3600);
	assert_false(unit_exists("c/t-.a"));
	assert_true(unit_exists("c/t-.b"));
	assert_true(unit_exists("c/u"));
}

/* ---- a walk */

static int note_name(void *arg, int dirfd, const char *path, const struct stat *st, struct err *err)
{
	struct strbuf *b = arg;
	struct stat here;

	assert_int_equal(fstatat(dirfd, path_base(path), &here, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(here.st_ino, st->st_ino);
	strbuf_addf(b, "%s ", path);
	if (str_eq(path, "d/fail"))
		return err_set(err, EIO, "enough");
	return str_ends(path, "skip") ? WALK_SKIP : 0;
}

static const char *walked(const char *dir, bool lenient, int expected)
{
	static char out[1024];
	_cleanup_strbuf_ struct strbuf b = {0};
	struct err err = {0};

	assert_int_equal(walk_tree(dir, lenient, note_name, &b, &err), expected);
	snprintf(out, sizeof(out), "%s", b.s ? b.s : "");
	return out;
}

static void test_a_walk_is_in_order_and_follows_no_link(void **state)
{
	(void)state;
	run("mkdir -p w/b/c w/a w/skip/x && touch w/b/c/f w/b/a w/.hidden w/B && ln -s / w/root && "
	    "ln -s w link");
	assert_string_equal(walked("w", false, 0), ".hidden B a b b/a b/c b/c/f root skip ");
	assert_string_equal(walked("link", false, 0), ".hidden B a b b/a b/c b/c/f root skip ");
	run("mkdir -p w/d/fail/x w/e");
	assert_string_equal(walked("w", false, -EIO), ".hidden B a b b/a b/c b/c/f d d/fail ");
}

static void test_what_a_walk_cannot_enter(void **state)
{
	static char deep[400];

	(void)state;
	walked("nowhere", false, -ENOENT);
	walked("nowhere", true, 0);
	for (int i = 0; i < 70; i++)
		strcat(deep, "/x");
	{
		_cleanup_free_ char *cmd = xasprintf("mkdir -p w%s", deep);

		run(cmd);
	}
	walked("w", false, -ELOOP);
	walked("w", true, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_every_state_of_a_file_has_its_key, empty),
		cmocka_unit_test_teardown(test_a_change_within_a_tick_shows, empty),
		cmocka_unit_test_teardown(test_where_times_are_normalised_the_content_counts,
					  empty),
		cmocka_unit_test_teardown(test_of_a_link_where_it_leads, empty),
		cmocka_unit_test_teardown(test_strings_are_told_apart, empty),
		cmocka_unit_test_teardown(test_any_damage_breaks_the_seal, empty),
		cmocka_unit_test_teardown(test_every_byte_counts, empty),
		cmocka_unit_test_teardown(test_zeros_are_holes, empty),
		cmocka_unit_test_teardown(test_the_time_of_use_is_the_seals, empty),
		cmocka_unit_test_teardown(test_want_is_no_damage, empty),
		cmocka_unit_test_teardown(test_only_what_can_be_read_is_sealed, empty),
		cmocka_unit_test_teardown(test_it_is_made_once_for_each_state, empty),
		cmocka_unit_test_teardown(test_a_damaged_one_is_made_again_with_a_line, empty),
		cmocka_unit_test_teardown(test_time_that_passes_is_no_change, empty),
		cmocka_unit_test_teardown(test_what_changes_while_it_is_made_is_made_anew, empty),
		cmocka_unit_test_teardown(test_a_failure_leaves_nothing, empty),
		cmocka_unit_test_teardown(test_many_at_the_same_time_have_one, empty),
		cmocka_unit_test_teardown(test_the_longest_unused_go_first, empty),
		cmocka_unit_test_teardown(test_an_entry_in_use_stays, empty),
		cmocka_unit_test_teardown(test_so_many_stay_whatever_they_take, empty),
		cmocka_unit_test_teardown(test_files_of_an_older_kind_go_too, empty),
		cmocka_unit_test_teardown(test_sweeping_takes_old_temporaries, empty),
		cmocka_unit_test_teardown(test_a_walk_is_in_order_and_follows_no_link, empty),
		cmocka_unit_test_teardown(test_what_a_walk_cannot_enter, empty),
	};

	return cmocka_run_group_tests(tests, enter, unit_leave);
}
