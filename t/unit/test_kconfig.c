// SPDX-License-Identifier: GPL-2.0-only
/* Kconfig files, and the reason why a symbol is not what it should be. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "kbuild/kconfig.h"
#include "kbuild/kreason.h"

static const char main_file[] = "mainmenu \"Linux/$(ARCH)\"\n"
				"source \"arch/$(SRCARCH)/Kconfig\"\n"
				"cc-name := $(shell,echo GCC)\n"
				"$(error-if,$(failure,command -v $(CC)),no (compiler))\n"
				"config PLAIN\n"
				"\tbool \"A plain one\"\n"
				"\tdepends on LEFT && !RIGHT || \\\n"
				"\t\tTHIRD\n"
				"\tdepends on SET # a comment && NOTHING\n"
				"\thelp\n"
				"\t  config NOT_THIS\n"
				"\n"
				"\t\t  endmenu\n"
				"\t  depends on NOT_THIS\n"
				"\t depends on ENDED\n"
				"config LEFT\n"
				"\tbool \"left\"\n"
				"config RIGHT\n"
				"\tbool \"right\"\n"
				"config THIRD\n"
				"\tbool \"third\"\n"
				"config SET\n"
				"\tbool 'set'\n"
				"\tselect CHOSEN if LEFT\n"
				"\tselect HIDDEN\n"
				"config CHOSEN\n"
				"\tbool \"chosen\"\n"
				"config HIDDEN\n"
				"\tbool\n"
				"config NOBODY\n"
				"\tbool\n"
				"config DERIVED\n"
				"\tdef_bool y if RIGHT\n"
				"\tdepends on THIRD\n"
				"config MODULES\n"
				"\tbool \"modules\"\n"
				"\tmodules\n"
				"menuconfig TRI\n"
				"\ttristate \"three\"\n"
				"config BASE\n"
				"\ttristate \"base\"\n"
				"config CAPPED\n"
				"\ttristate \"capped\"\n"
				"\tdepends on BASE\n"
				"config NUMBER\n"
				"\tint \"number\"\n"
				"\trange 1 LIMIT\n"
				"\tdefault 5\n"
				"config LIMIT\n"
				"\tint\n"
				"\tdefault 64\n"
				"config TEXT\n"
				"\tstring \"text\"\n"
				"if LEFT\n"
				"menu \"A menu\"\n"
				"\tdepends on THIRD\n"
				"\tvisible if RIGHT\n"
				"config DEEP\n"
				"\tbool \"deep\" if SET\n"
				"endmenu\n"
				"endif # LEFT\n"
				"choice\n"
				"\tprompt \"One of them\"\n"
				"\tdefault FIRST\n"
				"config FIRST\n"
				"\tbool \"first\"\n"
				"if SET\n"
				"config SECOND\n"
				"\tbool \"second\"\n"
				"endif\n"
				"endchoice\n"
				"comment \"nothing\"\n"
				"\tdepends on LEFT\n"
				"config COMPILER\n"
				"\tbool \"compiler\"\n"
				"\tdepends on $(cc-option,-fsomething -x \"#(\")\n"
				"config VERSION\n"
				"\tbool \"version\"\n"
				"\tdepends on NUMBER >= 10 && \"$(ARCH)\" = \"x86_64\"\n"
				"config CHAIN\n"
				"\tbool \"chain\"\n"
				"\tdepends on DERIVED\n"
				"config TWICE\n"
				"\tbool \"twice\" if RIGHT\n"
				"config TWICE\n"
				"\tbool \"twice\" if THIRD && LEFT\n"
				"config FORCED\n"
				"\tbool \"forced\" if RIGHT\n"
				"\tdefault y if SET\n"
				"future-statement of some kind\n";

static const char arch_file[] = "config ARCH_ONE\n\tbool\n\tdefault $(success,test -x /bin/true)\n";

static const char dotconfig[] =
	"CONFIG_LEFT=y\nCONFIG_RIGHT=y\nCONFIG_SET=y\nCONFIG_CHOSEN=y\nCONFIG_HIDDEN=y\n"
	"CONFIG_BASE=m\nCONFIG_CAPPED=m\nCONFIG_MODULES=y\nCONFIG_NUMBER=5\nCONFIG_LIMIT=64\n"
	"CONFIG_TEXT=\"a\"\nCONFIG_FIRST=y\n# CONFIG_SECOND is not set\nCONFIG_FORCED=y\n"
	"# CONFIG_TRI is not set\n";

static struct kconfig k;
static struct dotconfig c;

static int set_up(void **state)
{
	(void)state;
	if (unit_enter(state) || mkdir("arch", 0755) || mkdir("arch/x86", 0755))
		return 1;
	unit_write("Kconfig", main_file);
	unit_write("arch/x86/Kconfig", arch_file);
	dotconfig_parse(&c, dotconfig, strlen(dotconfig));
	return kconfig_read(&k, ".", arch_find("x86_64"), NULL);
}

static int tear_down(void **state)
{
	kconfig_done(&k);
	dotconfig_done(&c);
	return unit_leave(state);
}

static const struct {
	const char *symbol, *want, *why;
} reasons[] = {
	{"PLAIN", "y",
	 "depends on (LEFT (=y) && !RIGHT (=y) || THIRD (=n)) && ENDED (=n, not defined here) "
	 "(Kconfig:5)"},
	{"CHOSEN", "n", "selected by SET (=y)"},
	{"HIDDEN", "n", "selected by SET (=y)"},
	{"NOBODY", "y", "it has no prompt, and nothing selects it here (Kconfig:30)"},
	{"ARCH_ONE", "y",
	 "it has no prompt; its default is $(success,test -x /bin/true) (arch/x86/Kconfig:1)"},
	{"DERIVED", "y",
	 "it has no prompt; its default is y if RIGHT (=y); it depends on THIRD (=n) (Kconfig:32)"},
	{"TRI", "m", "its conditions in Kconfig are met, but it was not set (Kconfig:38)"},
	{"CAPPED", "y", "depends on BASE (=m) (Kconfig:42)"},
	{"NUMBER", "100", "its range is 1 to LIMIT (=64) (Kconfig:45)"},
	{"NUMBER", "y", "it is of type int, a number"},
	{"TEXT", "5", "it is of type string, a text in quotes"},
	{"LEFT", "m", "it is of type bool, which is y or n"},
	{"DEEP", "y", "its menu \"A menu\" depends on THIRD (=n) (Kconfig:58)"},
	{"SECOND", "y", "the choice \"One of them\" has FIRST (=y) (Kconfig:68)"},
	{"FIRST", "n", "the choice \"One of them\" has to have one (Kconfig:65)"},
	{"COMPILER", "y",
	 "depends on $(cc-option,-fsomething -x \"#(\"), which a test of this compiler or machine "
	 "decides (Kconfig:74)"},
	{"VERSION", "y", "depends on NUMBER (=5) >= 10 (Kconfig:77)"},
	{"CHAIN", "y",
	 "depends on DERIVED (=n) (Kconfig:80); DERIVED: it has no prompt; its default is y if "
	 "RIGHT (=y); it depends on THIRD (=n) (Kconfig:32)"},
	{"TWICE", "y", "its conditions in Kconfig are met, but it was not set (Kconfig:83)"},
};

static void test_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};

		assert_int_equal(kreason(&k, &c, reasons[i].symbol, reasons[i].want, &out), 0);
		assert_string_equal(out.s, reasons[i].why);
	}
}

/* What is seen only when other things are set. */
static const struct {
	const char *config, *symbol, *want, *why;
} others[] = {
	{"", "DEEP", "y",
	 "has its prompt only if SET (=n); its menu \"A menu\" depends on THIRD (=n); its menu \"A "
	 "menu\" is there only if RIGHT (=n); stands within if LEFT (=n) (Kconfig:58)"},
	{"", "TRI", "m", "MODULES (=n) (Kconfig:38)"},
	{"CONFIG_SET=y\nCONFIG_FORCED=y\n", "FORCED", "n",
	 "has its prompt only if RIGHT (=n); its default is y if SET (=y) (Kconfig:87)"},
	{"", "TWICE", "y", "has its prompt only if RIGHT (=n) (Kconfig:83)"},
	{"", "HIDDEN", "y", "it has no prompt, only select sets it: by SET (=n) (Kconfig:28)"},
	{"", "SECOND", "y", "stands within if SET (=n) (Kconfig:68)"},
};

static void test_other_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_dotconfig_ struct dotconfig other = {0};
		_cleanup_strbuf_ struct strbuf out = {0};

		dotconfig_parse(&other, others[i].config, strlen(others[i].config));
		assert_int_equal(kreason(&k, &other, others[i].symbol, others[i].want, &out), 0);
		assert_string_equal(out.s, others[i].why);
	}
}

static void test_unknown(void **state)
{
	static const char *const names[] = {"NOT_THIS", "NOTHING", "cc-name", ""};
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(kreason(&k, &c, names[i], "y", &out), -ENOENT);
	assert_int_equal(out.len, 0);
}

/* The values that expressions come to. */
static const struct {
	const char *text;
	enum ktri value;
} values[] = {
	{"y", KTRI_Y},
	{"n", KTRI_N},
	{"m", KTRI_M},
	{"LEFT", KTRI_Y},
	{"BASE", KTRI_M},
	{"!BASE", KTRI_M},
	{"!LEFT", KTRI_N},
	{"LEFT && BASE", KTRI_M},
	{"THIRD || BASE", KTRI_M},
	{"THIRD && LEFT || RIGHT", KTRI_Y},
	{"THIRD && (LEFT || RIGHT)", KTRI_N},
	{"!(THIRD || UNHEARD_OF)", KTRI_Y},
	{"BASE = m", KTRI_Y},
	{"BASE!=m", KTRI_N},
	{"THIRD = n", KTRI_Y},
	{"NUMBER < 10", KTRI_Y},
	{"NUMBER <= 4", KTRI_N},
	{"NUMBER > 0x4", KTRI_Y},
	{"TEXT = \"a\"", KTRI_Y},
	{"\"$(ARCH)\" != \"i386\"", KTRI_Y},
	{"$(success,true)", KTRI_UNKNOWN},
	{"!$(success,true)", KTRI_UNKNOWN},
	{"$(success,true) && THIRD", KTRI_N},
	{"$(success,true) || LEFT", KTRI_Y},
	{"$(success,true) && LEFT", KTRI_UNKNOWN},
	{"\"$(CROSS)\" != \"\"", KTRI_UNKNOWN},
};

static void test_values(void **state)
{
	static const struct kvar vars[] = {{"ARCH", "x86_64"}, {0}};
	const struct kvalues v = {&k, &c};
	struct arena mem = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct klex l = {.vars = vars};
		const struct kexpr *e;

		klex_line(&l, values[i].text, strlen(values[i].text));
		e = kexpr_parse(&l, &mem);
		assert_non_null(e);
		assert_int_equal(l.token, KTOKEN_END);
		assert_int_equal(kexpr_value(e, &v), values[i].value);
		klex_done(&l);
	}
	arena_done(&mem);
}

static const struct {
	const char *text, *message;
} bad[] = {
	{"config A\nendif\n", "Kconfig:2: an end of something that did not begin"},
	{"if A\nendmenu\n", "Kconfig:2: an end of something that did not begin"},
	{"if A\nconfig B\n", "Kconfig:2: a block does not end with its file"},
	{"config\n", "Kconfig:1: config without a symbol"},
	{"if A\nsource \"ends\"\nendif\n", "ends:1: an end of something that did not begin"},
	{"\nsource \"missing\"\n", "missing: No such file"},
	{"source \"Kconfig\"\n", "Kconfig: too many files source one another"},
};

static int open_bad(void *arg, const char *path, char **text, size_t *len, struct err *err)
{
	const char *s = strcmp(path, "ends") ? arg : "endif\n";

	if (!strcmp(path, "missing"))
		return err_set(err, ENOENT, "%s: No such file", path);
	*text = xstrdup(s);
	*len = strlen(s);
	return 0;
}

static void test_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *text = xstrdup(bad[i].text);
		_cleanup_kconfig_ struct kconfig other = {.open = open_bad, .arg = text};
		struct err err = {0};

		assert_true(kconfig_parse(&other, "Kconfig", &err) < 0);
		assert_string_equal(err.msg, bad[i].message);
		free(text);
	}
}

/* A tree has no business outside of itself. */
static void test_outside(void **state)
{
	static const char *const paths[] = {"/etc/passwd", "../Kconfig", "arch/../../Kconfig"};

	(void)state;
	mkdir("outside", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *text = xasprintf("source \"%s\"\n", paths[i]);
		_cleanup_kconfig_ struct kconfig other = {0};
		struct err err = {0};

		unit_write("outside/Kconfig", text);
		assert_int_equal(kconfig_read(&other, "outside", arch_find("x86_64"), &err),
				 -EINVAL);
		assert_non_null(strstr(err.msg, "lies outside of the source"));
	}
}

/* Deep and long ones end with an answer, not with the stack. */
static void test_bounds(void **state)
{
	_cleanup_strbuf_ struct strbuf deep = {0};
	struct arena mem = {0};
	struct klex l = {0};

	(void)state;
	for (int i = 0; i < 100000; i++)
		strbuf_putc(&deep, i % 2 ? '(' : '!');
	klex_line(&l, deep.s, deep.len);
	assert_null(kexpr_parse(&l, &mem));
	strbuf_reset(&deep);
	for (int i = 0; i < 100000; i++)
		strbuf_puts(&deep, "A && ");
	strbuf_puts(&deep, "A");
	klex_line(&l, deep.s, deep.len);
	assert_null(kexpr_parse(&l, &mem));
	klex_done(&l);
	arena_done(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),	  cmocka_unit_test(test_other_reasons),
		cmocka_unit_test(test_unknown),	  cmocka_unit_test(test_values),
		cmocka_unit_test(test_malformed), cmocka_unit_test(test_outside),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
