// SPDX-License-Identifier: GPL-2.0-only
/* The command line as a table reads it. */
#include "t/unit/unit.h"

#include "base/opt.h"

enum { RUN = 1, FETCH = 2 };

struct options {
	bool verbose, quiet;
	char *kernel, *accel;
	int64_t priority;
	uint64_t limit;
	struct strv append;
};

#define AT(field) offsetof(struct options, field)

static const struct opt table[] = {
	{'v', "verbose", OPT_BOOL, NULL, "say more", AT(verbose), 0, 0, NULL, RUN | FETCH},
	{'q', NULL, OPT_BOOL, NULL, "say less", AT(quiet), 0, 0, NULL, RUN},
	{'k', "kernel", OPT_STRING, "KERNEL", "what to boot", AT(kernel), 0, 0, NULL, RUN},
	{'p', "priority", OPT_INT, "N", "how much of it", AT(priority), -2, 5, NULL, RUN},
	{0, "limit", OPT_SIZE, "BYTES", "of a log", AT(limit), 0, 0, NULL, RUN},
	{0, "append-to-the-command-line", OPT_LIST, "WORD", "of the kernel", AT(append), 0, 0, NULL,
	 RUN},
	{0, "accel", OPT_CHOICE, "NAME", "auto, kvm or tcg", AT(accel), 0, 0, "auto|kvm|tcg", RUN},
	{0, "secret", OPT_BOOL, NULL, NULL, AT(quiet), 0, 0, NULL, RUN},
	{'h', "help", OPT_HELP, NULL, "this list", 0, 0, 0, NULL, RUN | FETCH},
	{0},
};

struct parsed {
	struct options o;
	struct err err;
	int r, rest;
};

static void done(struct parsed *p)
{
	free(p->o.kernel);
	free(p->o.accel);
	strv_done(&p->o.append);
}

#define _cleanup_parsed_ __attribute__((cleanup(done)))

/* The line split at its blanks; '_' stands for an empty word. */
static void parse(struct parsed *p, unsigned int command, const char *line)
{
	static char copy[256], empty[1];
	char *argv[16], *save = NULL;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(w, "_") ? w : empty;
	argv[argc] = NULL;
	p->r = opt_parse(table, command, argc, argv, &p->o, &p->rest, &p->err);
}

static void refused(const char *line, const char *why)
{
	_cleanup_parsed_ struct parsed p = {0};

	parse(&p, RUN, line);
	assert_int_equal(p.r, -EINVAL);
	assert_true(p.err.usage);
	if (!strstr(p.err.msg, why))
		fail_msg("%s: '%s' does not say '%s'", line, p.err.msg, why);
}

static void test_short_options_join_and_carry_their_argument(void **state)
{
	_cleanup_parsed_ struct parsed p = {0};

	(void)state;
	parse(&p, RUN, "run -vqp3 -k debian test");
	assert_int_equal(p.r, 0);
	assert_true(p.o.verbose && p.o.quiet);
	assert_int_equal(p.o.priority, 3);
	assert_string_equal(p.o.kernel, "debian");
	assert_int_equal(p.rest, 4);
}

static void test_argument_may_look_like_an_option(void **state)
{
	_cleanup_parsed_ struct parsed p = {0};

	(void)state;
	parse(&p, RUN, "run -p -2 -kv --append-to-the-command-line -x");
	assert_int_equal(p.r, 0);
	assert_int_equal(p.o.priority, -2);
	assert_string_equal(p.o.kernel, "v");
	assert_string_equal(p.o.append.v[0], "-x");
	assert_false(p.o.verbose);
}

static void test_long_options(void **state)
{
	_cleanup_parsed_ struct parsed p = {0};

	(void)state;
	parse(&p, RUN,
	      "run --kernel=a=b --limit 4k --append-to-the-command-line= "
	      "--append-to-the-command-line=x --accel=tcg");
	assert_int_equal(p.r, 0);
	assert_string_equal(p.o.kernel, "a=b");
	assert_int_equal(p.o.limit, 4096);
	assert_int_equal(p.o.append.n, 2);
	assert_string_equal(p.o.append.v[0], "");
	assert_string_equal(p.o.append.v[1], "x");
	assert_string_equal(p.o.accel, "tcg");
	assert_int_equal(p.rest, 7);
}

static void test_the_last_one_wins_and_the_words_are_copies(void **state)
{
	_cleanup_parsed_ struct parsed p = {0};

	(void)state;
	parse(&p, RUN, "run -k first --kernel second -p1 -p2");
	assert_int_equal(p.r, 0);
	parse(&(struct parsed){0}, RUN, "run x x x x x x x x");
	assert_string_equal(p.o.kernel, "second");
	assert_int_equal(p.o.priority, 2);
}

static void test_the_first_word_ends_it(void **state)
{
	_cleanup_parsed_ struct parsed word = {0}, dashes = {0}, dash = {0}, none = {0};

	(void)state;
	parse(&word, RUN, "run -v test -q");
	assert_int_equal(word.rest, 2);
	assert_false(word.o.quiet);
	parse(&dashes, RUN, "run -v -- -q");
	assert_int_equal(dashes.r, 0);
	assert_int_equal(dashes.rest, 3);
	assert_false(dashes.o.quiet);
	parse(&dash, RUN, "run - -q");
	assert_int_equal(dash.r, 0);
	assert_int_equal(dash.rest, 1);
	parse(&none, RUN, "run");
	assert_int_equal(none.rest, 1);
}

static void test_what_is_wrong_is_named(void **state)
{
	(void)state;
	refused("run --kern x", "--kern;");
	refused("run --kernel", "--kernel needs an argument");
	refused("run -vk", "-k needs an argument");
	refused("run --verbose=yes", "--verbose takes no argument");
	refused("run -vx", "unknown option -x");
	refused("run --=x", "unknown option --");
	refused("run --accel xen", "'xen' is none of auto|kvm|tcg");
	refused("run --accel kv", "'kv' is none");
	refused("run --accel auto|kvm", "is none");
	refused("run --accel=", "is none");
	refused("run -p6", "--priority: '6' is not a number from -2 to 5");
	refused("run -p 2x", "'2x'");
	refused("run -p _", "''");
	refused("run --limit 4X", "--limit: '4X' is not a size");
	refused("run --limit 99999999999T", "is not a size");
}

static void test_options_of_another_command_are_unknown(void **state)
{
	_cleanup_parsed_ struct parsed p = {0}, v = {0};

	(void)state;
	parse(&p, FETCH, "fetch -q");
	assert_int_equal(p.r, -EINVAL);
	assert_non_null(strstr(p.err.msg, "'fetch -h'"));
	parse(&v, FETCH, "fetch -v");
	assert_int_equal(v.r, 0);
}

static void test_help_is_asked_for_before_what_follows_it_is_read(void **state)
{
	_cleanup_parsed_ struct parsed p = {0}, joined = {0};

	(void)state;
	parse(&p, RUN, "run --help --no-such-thing");
	assert_int_equal(p.r, OPT_WANTS_HELP);
	parse(&joined, RUN, "run -vh");
	assert_int_equal(joined.r, OPT_WANTS_HELP);
}

/* However long an option is, every row's help begins in the same column. */
static void test_help_is_aligned(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	long column = -1;
	int rows = 0;

	(void)state;
	opt_help(table, RUN, &b);
	for (const struct opt *o = table; o->name || o->short_name; o++) {
		const char *at = o->help ? strstr(b.s, o->help) : NULL, *line = at;

		if (!o->help)
			continue;
		assert_non_null(at);
		while (line > b.s && line[-1] != '\n')
			line--;
		column = column < 0 ? at - line : column;
		assert_int_equal(at - line, column);
		assert_int_equal(at[-1], ' ');
		rows++;
	}
	assert_int_equal(rows, 8);
	assert_non_null(strstr(b.s, "  -k, --kernel KERNEL "));
	assert_non_null(strstr(b.s, "      --limit BYTES "));
	assert_null(strstr(b.s, "secret"));
}

static void test_help_lists_what_the_command_takes(void **state)
{
	_cleanup_strbuf_ struct strbuf help = {0}, words = {0}, mdoc = {0};

	(void)state;
	opt_help(table, FETCH, &help);
	assert_null(strstr(help.s, "kernel"));
	opt_words(table, FETCH, &words);
	assert_string_equal(words.s, "-v --verbose -h --help ");
	opt_mdoc(table, FETCH, &mdoc);
	assert_string_equal(mdoc.s, ".It Fl v , Fl -verbose\nsay more.\n"
				    ".It Fl h , Fl -help\nthis list.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_options_join_and_carry_their_argument),
		cmocka_unit_test(test_argument_may_look_like_an_option),
		cmocka_unit_test(test_long_options),
		cmocka_unit_test(test_the_last_one_wins_and_the_words_are_copies),
		cmocka_unit_test(test_the_first_word_ends_it),
		cmocka_unit_test(test_what_is_wrong_is_named),
		cmocka_unit_test(test_options_of_another_command_are_unknown),
		cmocka_unit_test(test_help_is_asked_for_before_what_follows_it_is_read),
		cmocka_unit_test(test_help_is_aligned),
		cmocka_unit_test(test_help_lists_what_the_command_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
