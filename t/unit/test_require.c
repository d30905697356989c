// SPDX-License-Identifier: GPL-2.0-only
/* What kernels must be configured with. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "kbuild/require.h"

static struct kbuild b = {.version = "6.12.48"};

static const struct require *get(const struct requires *r, const char *symbol)
{
	return map_get(&r->by_symbol, symbol);
}

static int parse(struct requires *r, const char *text, struct err *err)
{
	b.arch = arch_find("x86_64");
	return requires_parse(r, &b, "list", text, strlen(text), err);
}

static void expect(const struct requires *r, const char *symbol, const char *value, bool soft)
{
	const struct require *q = get(r, symbol);

	assert_non_null(q);
	assert_string_equal(q->value, value);
	assert_int_equal(q->soft, soft);
}

static void test_values(void **state)
{
	_cleanup_requires_ struct requires r = {0};

	(void)state;
	assert_int_equal(parse(&r,
			       "# all of it\n\nA\n\tB=n # off\nC=m soft\r\nD=-5\nE=0xff\n"
			       "F=text\nG=\"quoted\"\nCONFIG_H\n9P_FS",
			       NULL),
			 0);
	expect(&r, "A", "y", false);
	expect(&r, "B", "n", false);
	expect(&r, "C", "m", true);
	expect(&r, "D", "-5", false);
	expect(&r, "E", "0xff", false);
	expect(&r, "F", "\"text\"", false);
	expect(&r, "G", "\"quoted\"", false);
	expect(&r, "H", "y", false);
	expect(&r, "9P_FS", "y", false);
	assert_string_equal(get(&r, "B")->from, "list:4");
}

static void test_conditions(void **state)
{
	_cleanup_requires_ struct requires r = {0};

	(void)state;
	assert_int_equal(parse(&r,
			       "A on x86_64\nB on i386\nC from 6.12\nD from 6.12.49\n"
			       "E before 6.12\nF before 6.13\nG from 5.9\nH before 10\n"
			       "I from 6.1 before 6.12 soft\nJ soft on amd64 from 6\n"
			       "K from 6.12.48\nL before 6.12.48\n",
			       NULL),
			 0);
	assert_non_null(get(&r, "A"));
	assert_null(get(&r, "B"));
	assert_non_null(get(&r, "C"));
	assert_null(get(&r, "D"));
	assert_null(get(&r, "E"));
	assert_non_null(get(&r, "F"));
	assert_non_null(get(&r, "G"));
	assert_non_null(get(&r, "H"));
	assert_null(get(&r, "I"));
	assert_true(get(&r, "J")->soft);
	assert_non_null(get(&r, "K"));
	assert_null(get(&r, "L"));
}

static void test_later_wins(void **state)
{
	_cleanup_requires_ struct requires r = {0};

	(void)state;
	assert_int_equal(parse(&r, "A\nB soft\nC\nA=n\nB=m soft\n", NULL), 0);
	expect(&r, "A", "n", false);
	expect(&r, "B", "m", true);
	assert_int_equal(requires_add(&r, "C=n", "a test", true, NULL), 0);
	expect(&r, "C", "y", false);
	assert_int_equal(requires_add(&r, "B=n", "a test", false, NULL), 0);
	expect(&r, "B", "n", false);
}

static void test_contradiction(void **state)
{
	_cleanup_requires_ struct requires r = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(requires_add(&r, "A", "a test", false, &err), 0);
	assert_int_equal(requires_add(&r, "A=y", "a test", false, &err), 0);
	assert_int_equal(requires_add(&r, "A=n", "a test", false, &err), -EINVAL);
	assert_string_equal(err.msg, "a test: CONFIG_A is required as y and as n");
}

static const struct {
	const char *text, *message;
} bad[] = {
	{"A B", "list:1: neither soft nor on, from or before: \"B\""},
	{"\nA on", "list:2: no architecture: \"on\""},
	{"A on vax", "list:1: no architecture: \"vax\""},
	{"A from six", "list:1: no version of the kernel: \"six\""},
	{"A before", "list:1: no version of the kernel: \"before\""},
	{"=y", "list:1: no symbol, not SYMBOL or SYMBOL=VALUE: \"=y\""},
	{"A=", "list:1: no value, not SYMBOL or SYMBOL=VALUE: \"A=\""},
	{"A-B", "list:1: no value, not SYMBOL or SYMBOL=VALUE: \"A-B\""},
	{"A=\x1b[2J", "list:1: no value, not SYMBOL or SYMBOL=VALUE: \"A=\\x1b[2J\""},
};

static void test_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_requires_ struct requires r = {0};
		struct err err = {0};

		assert_int_equal(parse(&r, bad[i].text, &err), -EINVAL);
		assert_string_equal(err.msg, bad[i].message);
	}
}

/* The lists that we ship, for each architecture and version that they tell apart. */
static void test_shipped(void **state)
{
	static const char *const archs[] = {"x86_64", "i386", "aarch64"};
	static const char *const buses[] = {
		"virtio-blk", "virtio-scsi-pci", "ahci", "piix4-ide", "lsi", "nvme"};
	char *names[] = {
		(char[]){"gcov"},    (char[]){"kasan"},	  (char[]){"kcsan"}, (char[]){"kmsan"},
		(char[]){"lockdep"}, (char[]){"preempt"}, (char[]){"ubsan"}, NULL};
	struct strv variants = {.v = names, .n = ARRAY_SIZE(names) - 1};
	struct kbuild all = {.tree = *state, .version = "6.12", .variants = &variants};

	for (size_t a = 0; a < ARRAY_SIZE(archs); a++) {
		for (size_t i = 0; i < ARRAY_SIZE(buses); i++) {
			_cleanup_requires_ struct requires r = {0};
			struct err err = {0};

			all.arch = arch_find(archs[a]);
			all.bus = buses[i];
			assert_int_equal(requires_collect(&r, &all, &err), 0);
			expect(&r, "64BIT", a == 1 ? "n" : "y", false);
			expect(&r, "LOCALVERSION", "\"-ktest\"", false);
			expect(&r, "RANDOMIZE_BASE", "n", false);
			assert_int_equal(get(&r, "SATA_AHCI") != NULL, i == 2);
			assert_int_equal(get(&r, "KVM_GUEST") != NULL, a < 2);
			assert_int_equal(get(&r, "RTC_DRV_PL031") != NULL, a == 2);
			expect(&r, "KASAN", "y", false);
		}
	}
}

static void test_layers(void **state)
{
	_cleanup_strv_ struct strv hard = {0}, soft = {0}, gcov = {0};
	_cleanup_requires_ struct requires r = {0};
	struct kbuild test = {.tree = *state, .version = "6.12", .arch = arch_find("x86_64")};

	strv_addv(&hard, "RANDOMIZE_BASE", "XFS_FS=m", NULL);
	strv_addv(&soft, "SMP=n", "XFS_QUOTA", NULL);
	strv_add(&gcov, "fs/ext4");
	test.require = &hard;
	test.require_soft = &soft;
	test.gcov = &gcov;
	assert_int_equal(requires_collect(&r, &test, NULL), 0);
	expect(&r, "RANDOMIZE_BASE", "y", false);
	expect(&r, "XFS_FS", "m", false);
	expect(&r, "SMP", "y", false);
	expect(&r, "XFS_QUOTA", "y", true);
	expect(&r, "GCOV_KERNEL", "y", false);
	assert_null(get(&r, "GCOV_PROFILE_ALL"));
}

static void test_no_such_list(void **state)
{
	static const char *const wrong[] = {"floppy", "../base", ""};
	struct kbuild test = {.tree = *state, .version = "6.12", .arch = arch_find("x86_64")};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_requires_ struct requires r = {0};
		struct err err = {0};

		test.bus = wrong[i];
		assert_int_equal(requires_collect(&r, &test, &err), -ENOENT);
		assert_memory_equal(err.msg, "no bus '", 8);
	}
}

/* This source's tree, for what it ships. */
static int find_tree(void **state)
{
	*state = path_real(".", NULL);
	return !*state || !path_exists("kconfig/base");
}

static int free_tree(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	   cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_later_wins), cmocka_unit_test(test_contradiction),
		cmocka_unit_test(test_malformed),  cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_layers),	   cmocka_unit_test(test_no_such_list),
	};

	return cmocka_run_group_tests(tests, find_tree, free_tree);
}
