// SPDX-License-Identifier: GPL-2.0-only
/* What gcov says, added up, and what becomes of it on paper. */
#include "t/unit/unit.h"

#include "report/coverpage.h"
#include "report/tracefile.h"
#include "run/coverage.h"

#define OBJECT(dir, files)                                            \
	"{\"format_version\": \"1\", \"current_working_directory\": " \
	"\"" dir "\", \"files\": [" files "]}\n"
#define SOURCE(name, lines, functions) \
	"{\"file\": \"" name "\", \"lines\": [" lines "], \"functions\": [" functions "]}"
#define LINE(nr, count) "{\"line_number\": " nr ", \"count\": " count "}"
#define FUNCTION(name, nr, count) \
	"{\"name\": \"" name "\", \"start_line\": " nr ", \"execution_count\": " count "}"

static void add(struct coverage *c, const char *text)
{
	struct err err = {0};

	if (coverage_add_json(c, text, strlen(text), &err) < 0)
		fail_msg("%s", err.msg);
}

/* The tracefile of c. */
static char *traced(struct coverage *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	coverage_sort(c);
	tracefile_print(f, c);
	fclose(f);
	return text;
}

static void is_traced(struct coverage *c, const char *want)
{
	_cleanup_free_ char *text = traced(c);

	assert_string_equal(text, want);
}

static void test_counts_add_up(void **state)
{
	struct coverage c = {0};

	(void)state;
	add(&c, OBJECT("/b", SOURCE("z.c", LINE("3", "2") "," LINE("4", "0"),
				    FUNCTION("f", "3", "2") "," FUNCTION("g", "9", "0"))));
	add(&c, OBJECT("/b", SOURCE("z.c", LINE("3", "40") "," LINE("4", "0") "," LINE("7", "1"),
				    FUNCTION("f", "3", "1")))
			OBJECT("/b", SOURCE("a.c", LINE("1", "0"), "")));
	is_traced(&c, "TN:\nSF:/b/a.c\nFNF:0\nFNH:0\nDA:1,0\nLF:1\nLH:0\nend_of_record\n"
		      "SF:/b/z.c\nFN:3,f\nFN:9,g\nFNDA:3,f\nFNDA:0,g\nFNF:2\nFNH:1\n"
		      "DA:3,42\nDA:4,0\nDA:7,1\nLF:3\nLH:2\nend_of_record\n");
	coverage_done(&c);
}

/* One source, however the compiler was told of it. */
static void test_names_of_sources(void **state)
{
	static const char *const names[] = {"/src/x/a.h", "../src/x/a.h", "./../src/./y/../x/a.h",
					    "/../src//x/a.h"};
	struct coverage c = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *text =
			xasprintf(OBJECT("/build", SOURCE("%s", LINE("1", "1"), "")), names[i]);

		add(&c, text);
	}
	is_traced(&c, "TN:\nSF:/src/x/a.h\nFNF:0\nFNH:0\nDA:1,4\nLF:1\nLH:1\nend_of_record\n");
	coverage_done(&c);
}

/* A kernel that names its sources from its top: the build directory links that. */
static void test_names_from_the_source_tree(void **state)
{
	struct coverage c = {0};
	_cleanup_free_ char *text =
		xasprintf(OBJECT("%s/b", SOURCE("fs/a.c", LINE("1", "1"),
						"") "," SOURCE("gen.c", LINE("1", "1"), "")),
			  unit_dir);
	_cleanup_free_ char *source = xasprintf("%s/src/fs/a.c", unit_dir);
	_cleanup_free_ char *made = xasprintf("%s/b/gen.c", unit_dir);

	(void)state;
	assert_int_equal(mkdir("b", 0755) | mkdir("src", 0755) | mkdir("src/fs", 0755), 0);
	assert_int_equal(symlink("../src", "b/source"), 0);
	unit_write("src/fs/a.c", "");
	add(&c, text);
	assert_string_equal(c.files[0].path, source);
	assert_string_equal(c.files[1].path, made);
	coverage_done(&c);
}

static void test_functions_of_one_name(void **state)
{
	struct coverage c = {0};
	struct coverage_sum sum = {0};

	(void)state;
	add(&c,
	    OBJECT("/", SOURCE("a.c", "", FUNCTION("f", "1", "1") "," FUNCTION("f", "8", "0"))));
	coverage_count(&c.files[0], &sum);
	assert_int_equal(sum.functions, 2);
	assert_int_equal(sum.functions_hit, 1);
	coverage_done(&c);
}

static void test_counts_do_not_wrap(void **state)
{
	struct coverage c = {0};

	(void)state;
	for (int i = 0; i < 3; i++)
		add(&c, OBJECT("/", SOURCE("a.c", LINE("1", "9223372036854775807"), "")));
	assert_true(c.files[0].hits[1] == INT64_MAX);
	coverage_done(&c);
}

/* Numbers that are none, lines that no file has. */
static void test_odd_values(void **state)
{
	struct coverage c = {0};

	(void)state;
	add(&c,
	    OBJECT("/",
		   SOURCE("a.c",
			  LINE("0", "1") "," LINE("-5", "1") "," LINE("200000", "1") "," LINE(
				  "2", "-7") "," LINE("\"3\"", "1") ", 7, {}",
			  "{\"name\": 3}, []," FUNCTION(
				  "a\\nb", "1", "1")) "," SOURCE("b\\nLF:9", LINE("1", "1"), "")));
	is_traced(&c, "TN:\nSF:/a.c\nFNF:0\nFNH:0\nDA:2,0\nLF:1\nLH:0\nend_of_record\n");
	coverage_done(&c);
}

static void is_refused(const char *text, const char *why)
{
	struct coverage c = {0};
	struct err err = {0};

	assert_true(coverage_add_json(&c, text, strlen(text), &err) < 0);
	if (!strstr(err.msg, why))
		fail_msg("'%s' lacks '%s'", err.msg, why);
	coverage_done(&c);
}

static void test_what_is_not_gcovs(void **state)
{
	(void)state;
	is_refused(OBJECT("/", "") "rubbish\n", "line 2");
	is_refused("{\"format_version\": \"9\", \"files\": []}\n", "'9', not 1 or 2");
	is_refused("{\"files\": []}\n", "not 1 or 2");
	is_refused("[1, 2]\n", "not 1 or 2");
}

/* Every source may not be as large as one may. */
static void test_all_is_bounded(void **state)
{
	struct coverage c = {0};
	struct err err = {0};
	int r = 0;

	(void)state;
	for (int i = 0; i < 1000 && r == 0; i++) {
		_cleanup_free_ char *text =
			xasprintf(OBJECT("/", SOURCE("%d.c", LINE("199999", "1"), "")), i);

		r = coverage_add_json(&c, text, strlen(text), &err);
	}
	assert_int_equal(r, -EFBIG);
	coverage_done(&c);
}

static void test_page_of_a_file(void **state)
{
	struct coverage c = {0};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	add(&c, OBJECT("/<b>",
		       SOURCE("a.c", LINE("2", "3") "," LINE("4", "0"), FUNCTION("f&", "2", "3"))));
	coverpage_file(f, &c.files[0], "one\nif (a < b)\n\x01\nfour");
	fclose(f);
	assert_non_null(strstr(text, "<title>/&lt;b&gt;/a.c</title>"));
	assert_non_null(strstr(text, "<a href=\"#L2\">f&amp;</a>"));
	assert_non_null(strstr(text, "<span id=\"L2\" class=\"h\">"));
	assert_non_null(strstr(text, "         3</span> if (a &lt; b)</span>"));
	assert_non_null(strstr(text, "<span id=\"L3\"><"));
	assert_non_null(strstr(text, "</span> ?</span>"));
	assert_non_null(strstr(text, "<span id=\"L4\" class=\"m\">"));
	assert_null(strstr(text, "id=\"L5\""));
	free(text);
	coverage_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_add_up),
		cmocka_unit_test(test_names_of_sources),
		cmocka_unit_test(test_names_from_the_source_tree),
		cmocka_unit_test(test_functions_of_one_name),
		cmocka_unit_test(test_counts_do_not_wrap),
		cmocka_unit_test(test_odd_values),
		cmocka_unit_test(test_what_is_not_gcovs),
		cmocka_unit_test(test_all_is_bounded),
		cmocka_unit_test(test_page_of_a_file),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
