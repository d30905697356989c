// SPDX-License-Identifier: GPL-2.0-only
/*
 * What testy starts for the tests that it chose, and what it makes of how that ended. KTEST_SRC is
 * the tree, else the current directory.
 */
#include "t/unit/unit.h"

#include "base/file.h"
#include "testy/job.h"
#include "testy/verdict.h"

static char *src, *top;
static struct testy_settings settings;

static int group_setup(void **state)
{
	const char *dir = getenv("KTEST_SRC");

	src = path_real(dir ? dir : ".", NULL);
	if (!src || unit_enter(state))
		return 1;
	top = getcwd(NULL, 0);
	return 0;
}

static int group_teardown(void **state)
{
	free(settings.out);
	free(src);
	free(top);
	return unit_leave(state);
}

static int fresh(void **state)
{
	(void)state;
	assert_int_equal(system("rm -rf w && mkdir -p w/out"), 0);
	free(settings.out);
	settings = (struct testy_settings){.tree = src, .jobs = 1};
	settings.out = xasprintf("%s/w", top);
	return 0;
}

/* ---- jobs */

#define TESTS_MAX 8

struct fixture {
	struct testy_match m;
	struct testy_test tests[TESTS_MAX];
	struct testy_jobs jobs;
};

/* A test file that declares this. */
static void add(struct fixture *f, const char *name, const char *declares)
{
	_cleanup_free_ char *text = xasprintf(
		"#!/bin/bash\n[[ $1 == list-tests ]] && echo one\n[[ $1 == deps ]] && { :; %s\n}\n"
		"true\n",
		declares);
	struct testy_test *t = &f->tests[f->m.n++];
	_cleanup_free_ char *dir = xasprintf("w/%s", name);

	*strrchr(dir, '/') = '\0';
	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	t->path = xasprintf("%s/w/%s", top, name);
	unit_write(t->path, text);
	assert_int_equal(chmod(t->path, 0755), 0);
	f->m.tests = f->tests;
}

static void make(struct fixture *f)
{
	testy_jobs_make(&f->m, &settings, &f->jobs);
}

static void fixture_done(struct fixture *f)
{
	testy_jobs_done(&f->jobs);
	for (size_t i = 0; i < f->m.n; i++)
		free(f->tests[i].path);
}

/* The job's words, with where the tests work as @. */
static void check_argv(const struct testy_job *j, const char *want)
{
	_cleanup_free_ char *all = strv_join(&j->argv, " ");
	_cleanup_strbuf_ struct strbuf got = {0};

	for (const char *s = all; *s; s++) {
		bool here = !strncmp(s, settings.out, strlen(settings.out));

		strbuf_putc(&got, here ? '@' : *s);
		s += here ? strlen(settings.out) - 1 : 0;
	}
	assert_string_equal(got.s, want);
}

static void test_without_a_source(void **state)
{
	struct fixture f = {0};
	char kernel[] = "debian/bookworm";

	(void)state;
	add(&f, "x/a.ktest", "");
	add(&f, "y/a.ktest", "");
	add(&f, "a", "");
	add(&f, "b.sh", "");
	make(&f);
	assert_int_equal(f.jobs.n, 4);
	check_argv(&f.jobs.v[0], "ktest run -o @/out/a @/x/a.ktest");
	check_argv(&f.jobs.v[1], "ktest run -o @/out/a.2 @/y/a.ktest");
	check_argv(&f.jobs.v[2], "keeper @/a");
	assert_string_equal(f.jobs.v[2].name, "a.3");
	check_argv(&f.jobs.v[3], "keeper @/b.sh");
	testy_jobs_done(&f.jobs);
	settings.kernel = kernel;
	settings.priority = -2;
	make(&f);
	check_argv(&f.jobs.v[0], "ktest run -o @/out/a -k debian/bookworm -p-2 @/x/a.ktest");
	check_argv(&f.jobs.v[3], "keeper @/b.sh");
	fixture_done(&f);
}

/* argv after "-o DIR", of a job that builds. */
static const char *built(const struct testy_job *j)
{
	static char text[4096];
	_cleanup_free_ char *all = NULL;
	struct strv rest = {j->argv.v + 4, j->argv.n - 4};

	assert_int_equal(j->kind, TESTY_BUILD);
	assert_string_equal(j->argv.v[0], "build-test-kernel");
	assert_string_equal(j->argv.v[2], "-o");
	assert_memory_equal(j->argv.v[3], settings.out, strlen(settings.out));
	assert_memory_equal(j->argv.v[3] + strlen(settings.out), "/kernel-", 8);
	all = strv_join(&rest, " ");
	snprintf(text, sizeof(text), "%s", all);
	return text;
}

static void check_built(const struct testy_job *j, const char *one, const char *two)
{
	_cleanup_free_ char *want =
		xasprintf("-k /src/linux %s/%s%s%s%s", settings.out, one, two ? " " : "",
			  two ? settings.out : "", two ? two : "");

	assert_string_equal(built(j), want);
}

#define REQUIRE(s) "echo 'ktest_kernel_config_require=(" s ")'"

static void test_one_build_for_what_agrees(void **state)
{
	struct fixture f = {0};
	char source[] = "/src/linux";

	(void)state;
	settings.source = source;
	add(&f, "a.ktest", REQUIRE("XFS_FS EXT4_FS") "; echo ktest_mem=512");
	add(&f, "b.ktest", REQUIRE("BTRFS_FS"));
	add(&f, "c.sh", "");
	add(&f, "d.ktest", REQUIRE("EXT4_FS XFS_FS") "; echo ktest_cpus=2");
	add(&f, "e.ktest", REQUIRE("EXT4_FS XFS_FS") "; echo ktest_compiler=clang");
	add(&f, "sub/d.ktest", REQUIRE("EXT4_FS XFS_FS"));
	add(&f, "broken.ktest", "exit 3");
	make(&f);
	assert_int_equal(f.jobs.n, 6);
	check_built(&f.jobs.v[0], "a.ktest", "/d.ktest");
	check_built(&f.jobs.v[1], "b.ktest", NULL);
	assert_int_equal(f.jobs.v[2].kind, TESTY_PROGRAM);
	check_built(&f.jobs.v[3], "e.ktest", NULL);
	/* ktest would call it by another name beside one of the same. */
	check_built(&f.jobs.v[4], "sub/d.ktest", NULL);
	check_built(&f.jobs.v[5], "broken.ktest", NULL);
	assert_string_not_equal(f.jobs.v[0].dir, f.jobs.v[1].dir);
	assert_string_not_equal(f.jobs.v[0].dir, f.jobs.v[4].dir);
	fixture_done(&f);
}

static char *key_of(const char *deps)
{
	struct needs n = {0};
	char *key;

	assert_int_equal(needs_parse_deps(deps, strlen(deps), &n, NULL), 0);
	key = testy_kernel_key(&n);
	needs_done(&n);
	return key;
}

static void test_kernel_key(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"", "ktest_mem=512\nktest_cpus=3\nktest_timeout=5\n", true},
		{"ktest_arch=x86_64\n", "ktest_arch=aarch64\n", false},
		{"ktest_arch=\n", "", true},
		{"ktest_compiler=gcc\n", "ktest_compiler=clang\n", false},
		{"ktest_kconfig_base=a\n", "", false},
		{"ktest_kbuild_target=a\n", "", false},
		{"ktest_storage_bus=nvme\n", "", false},
		{"ktest_no_vm=1\n", "", false},
		{"ktest_no_kbuild=1\n", "", false},
		{"ktest_kernel_config_require=(A B)\n", "ktest_kernel_config_require=(B A)\n",
		 true},
		{"ktest_kernel_config_require=(A)\n", "ktest_kernel_config_require=(A A)\n", true},
		{"ktest_kernel_config_require=(A)\n", "ktest_kernel_config_require_soft=(A)\n",
		 false},
		{"ktest_kernel_make_append=(A B)\n", "ktest_kernel_make_append=(B A)\n", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *a = key_of(rows[i].a), *b = key_of(rows[i].b);

		if (str_eq(a, b) != rows[i].same)
			fail_msg("%s and %s: not %d", rows[i].a, rows[i].b, rows[i].same);
	}
}

/* ---- verdicts */

struct seen {
	struct strbuf text; /* "NAME VERDICT WHY\n" */
	struct strbuf log;  /* of the last one */
};

static void on_outcome(void *arg, const struct testy_outcome *o)
{
	struct seen *s = arg;
	char buf[256];
	ssize_t n;

	strbuf_addf(&s->text, "%s %s %s\n", path_base(o->test->path), verdict_name(o->verdict),
		    o->why);
	strbuf_reset(&s->log);
	while (o->log_fd >= 0 && (n = read(o->log_fd, buf, sizeof(buf))) > 0)
		strbuf_add(&s->log, buf, (size_t)n);
}

static void judge(const struct testy_job *j, int status, const char *cut_off, struct seen *s)
{
	strbuf_reset(&s->text);
	testy_verdicts(j, &settings, status, cut_off, 1, on_outcome, s);
}

static void seen_done(struct seen *s)
{
	strbuf_done(&s->text);
	strbuf_done(&s->log);
}

#define EXIT(n) ((n) << 8)

static void test_programs(void **state)
{
	static const struct {
		int status;
		const char *want;
	} rows[] = {
		{EXIT(0), "a.sh PASS \n"},
		{EXIT(1), "a.sh FAIL exit status 1\n"},
		{EXIT(77), "a.sh FAIL exit status 77\n"},
		{EXIT(125), "a.sh MISS exit status 125\n"},
		{SIGKILL, "a.sh FAIL killed by SIGKILL\n"},
	};
	struct fixture f = {0};
	struct seen s = {0};

	(void)state;
	add(&f, "a.sh", "");
	make(&f);
	unit_write("w/out/a.sh.log", "what it said\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		judge(&f.jobs.v[0], rows[i].status, NULL, &s);
		assert_string_equal(s.text.s, rows[i].want);
		assert_string_equal(s.log.s, "what it said\n");
	}
	judge(&f.jobs.v[0], EXIT(0), "interrupted", &s);
	assert_string_equal(s.text.s, "a.sh MISS interrupted\n");
	seen_done(&s);
	fixture_done(&f);
}

static void copy_journal(const char *golden, const char *dir)
{
	_cleanup_free_ char *from = xasprintf("%s/t/golden/%s/journal.jsonl", src, golden);
	_cleanup_free_ char *to = xasprintf("%s/journal.jsonl", dir);

	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	assert_int_equal(file_copy(from, to, NULL), 0);
}

static void test_results(void **state)
{
	static const struct {
		const char *golden, *name, *want;
	} rows[] = {
		{"pass", "success.ktest", "success.ktest PASS 1 skipped of 5 subtests\n"},
		{"failures", "all.ktest",
		 "all.ktest FAIL 12 failed, 1 broken, 3 without verdict of 16 subtests\n"},
		{"interrupted", "disks.ktest", "disks.ktest MISS 2 not run of 2 subtests\n"},
		{"killed", "disks.ktest", "disks.ktest MISS 2 not run of 3 subtests\n"},
		{"flaky", "b.ktest", "b.ktest PASS \n"},
		{"flaky", "a.ktest", "a.ktest FAIL 1 failed of 3 subtests\n"},
		/* one that the journal does not speak of */
		{"flaky", "c.ktest", "c.ktest MISS exit status 1\n"},
	};
	struct seen s = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f = {0};

		fresh(NULL);
		add(&f, rows[i].name, "");
		make(&f);
		judge(&f.jobs.v[0], EXIT(125), NULL, &s);
		/* Nothing of a journal: ktest itself could not. */
		assert_non_null(strstr(s.text.s, " MISS exit status 125\n"));
		copy_journal(rows[i].golden, f.jobs.v[0].dir);
		judge(&f.jobs.v[0], EXIT(1), NULL, &s);
		assert_string_equal(s.text.s, rows[i].want);
		fixture_done(&f);
	}
	seen_done(&s);
}

/* A guest can plant links where ktest writes. */
static void test_links(void **state)
{
	struct fixture f = {0};
	struct seen s = {0};
	_cleanup_free_ char *log = NULL;

	(void)state;
	add(&f, "a.ktest", "");
	make(&f);
	copy_journal("pass", "w/victim");
	unit_write("w/secret", "a secret\n");
	assert_int_equal(mkdir_p(f.jobs.v[0].dir, 0755, NULL), 0);
	log = xasprintf("%s/journal.jsonl", f.jobs.v[0].dir);
	assert_int_equal(symlink("../../victim/journal.jsonl", log), 0);
	assert_int_equal(symlink("../secret", f.jobs.v[0].log), 0);
	judge(&f.jobs.v[0], EXIT(0), NULL, &s);
	assert_string_equal(s.text.s, "a.ktest MISS it left no results\n");
	assert_int_equal(s.log.len, 0);
	seen_done(&s);
	fixture_done(&f);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		T(test_without_a_source), T(test_one_build_for_what_agrees),
		T(test_kernel_key),	  T(test_programs),
		T(test_results),	  T(test_links),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
