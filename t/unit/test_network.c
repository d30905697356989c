// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/unit.h"

#include "run/network.h"
#include "vm/net.h"

/* What the option -n NAME, switches and forwards come to for a file; the words of err. */
static int configure(const char *name, const char *vde, const char *forward, bool internet,
		     struct vm_config *c, struct err *err)
{
	struct settings s = {0};
	struct test_file f = {.internet = internet};
	int r;

	*c = (struct vm_config){0};
	*err = (struct err){0};
	s.network = name ? xstrdup(name) : NULL;
	s.vde = vde ? xstrdup(vde) : NULL;
	f.needs.path = xstrdup("/t/a.ktest");
	if (forward)
		strv_add(&s.forwards, forward);
	r = network_config(&s, &f, NULL, c, err);
	settings_done(&s);
	free(f.needs.path);
	return r;
}

static void test_kinds(void **state)
{
	static const struct {
		const char *name;
		bool internet;
		enum vm_network kind;
	} kinds[] = {{NULL, false, VM_NET_USER},
		     {"user", false, VM_NET_USER},
		     {"user,internet", false, VM_NET_INTERNET},
		     {"vde", false, VM_NET_VDE},
		     {"none", false, VM_NET_NONE},
		     {"user", true, VM_NET_INTERNET}};
	struct vm_config c;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_int_equal(configure(kinds[i].name, NULL, NULL, kinds[i].internet, &c, &err),
				 0);
		assert_int_equal(c.network, kinds[i].kind);
		assert_int_equal(c.host, VM_NET_HOST);
	}
}

static void test_forwards(void **state)
{
	struct vm_config c;
	struct err err;

	(void)state;
	assert_int_equal(configure("user", NULL, "8080:80", false, &c, &err), 0);
	assert_int_equal(c.nforwards, 1);
	assert_int_equal(c.forwards[0].host, 8080);
	assert_int_equal(c.forwards[0].guest, 80);
	assert_true(net_wanted(&c));
	assert_int_equal(configure("user", NULL, NULL, false, &c, &err), 0);
	assert_false(net_wanted(&c));
}

static void test_at_most_so_many_forwards(void **state)
{
	struct test_file f = {0};
	struct settings s = {0};
	struct vm_config c = {0};
	struct err err = {0};

	(void)state;
	for (int i = 0; i < VM_FORWARDS_MAX; i++)
		strv_addf(&s.forwards, "%d:1", 1000 + i);
	assert_int_equal(network_config(&s, &f, NULL, &c, &err), 0);
	assert_int_equal(c.nforwards, VM_FORWARDS_MAX);
	strv_add(&s.forwards, "2000:1");
	assert_true(network_config(&s, &f, NULL, &c, &err) < 0);
	assert_string_equal(err.msg, "--forward: 16 at most");
	settings_done(&s);
}

static void test_what_does_not_go_together(void **state)
{
	static const struct {
		const char *name, *vde, *forward;
		bool internet, usage;
		const char *words;
	} cases[] = {
		{"tap", NULL, NULL, false, true,
		 "-n tap: there are user, user,internet, vde and none"},
		{"none", NULL, NULL, true, false,
		 "/t/a.ktest asks for the internet, which -n none keeps it from"},
		{"vde", NULL, NULL, true, false,
		 "/t/a.ktest asks for the internet, which -n vde keeps it from"},
		{"none", NULL, "80:80", false, true, "--forward is for -n user"},
		{"vde", NULL, "80:80", false, true, "--forward is for -n user"},
		{"user", "/switch", NULL, false, true, "--vde is for -n vde"},
		{"user", NULL, "80", false, true, "--forward 80: not HOST:GUEST, two TCP ports"},
		{"user", NULL, "80:", false, true, "--forward 80:: not HOST:GUEST, two TCP ports"},
		{"user", NULL, "0:80", false, true,
		 "--forward 0:80: not HOST:GUEST, two TCP ports"},
		{"user", NULL, "80:-1", false, true,
		 "--forward 80:-1: not HOST:GUEST, two TCP ports"},
		{"user", NULL, "80:65536", false, true,
		 "--forward 80:65536: not HOST:GUEST, two TCP ports"},
	};
	struct vm_config c;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(configure(cases[i].name, cases[i].vde, cases[i].forward,
				      cases[i].internet, &c, &err) < 0);
		assert_string_equal(err.msg, cases[i].words);
		assert_int_equal(err.usage, cases[i].usage);
	}
}

/* A guest at a switch has the run's port of it. */
static void test_a_port_of_a_switch(void **state)
{
	char vde[] = "/switch", name[] = "vde";
	const struct network n = {.vde = vde, .host = 17};
	const struct settings s = {.network = name};
	const struct test_file f = {0};
	struct vm_config c = {0};

	(void)state;
	assert_int_equal(network_config(&s, &f, &n, &c, NULL), 0);
	assert_int_equal(c.host, 17);
	assert_string_equal(c.vde, "/switch");
}

/* Only what runs in a guest needs what networks need. */
static void test_check_names_file_and_program(void **state)
{
	char path[] = "/t/a.ktest", name[] = "vde";
	struct test_file f = {.needs = {.path = path, .no_vm = true}};
	const struct settings s = {.network = name};
	const struct plan p = {.files = &f, .n = 1};
	struct err err = {0};

	(void)state;
	setenv("PATH", "/nowhere", 1);
	assert_int_equal(network_check(&s, &p, &err), 0);
	f.needs.no_vm = false;
	assert_int_equal(network_check(&s, &p, &err), -ENOENT);
	assert_string_equal(err.msg, "-n vde: vde_switch is missing (Debian: vde2)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_forwards),
		cmocka_unit_test(test_at_most_so_many_forwards),
		cmocka_unit_test(test_what_does_not_go_together),
		cmocka_unit_test(test_a_port_of_a_switch),
		cmocka_unit_test(test_check_names_file_and_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
