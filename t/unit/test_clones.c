// SPDX-License-Identifier: GPL-2.0-only
/* Which saved guest a file gets: another one for all that such a guest depends on, and no other. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "base/log.h"
#include "run/clones.h"

struct fixture {
	struct settings settings;
	struct run_kernel kernel;
	struct test_file file;
	struct subtest subtest;
	struct guest_plan plan;
	struct run run;
};

static char cache[64], tree[64], test_path[80], out_path[64], qemu[64], image[64], program[64];
static char initrd[] = "/cache/initramfs-1", id[] = "0123456789abcdef", release[] = "6.1.0";

static void ignore(void *arg, enum log_level level, const char *line)
{
	(void)arg, (void)level, (void)line;
}

static int enter(void **state)
{
	if (unit_enter(state))
		return -1;
	snprintf(cache, sizeof(cache), "%s/cache", unit_dir);
	snprintf(tree, sizeof(tree), "%s/tree", unit_dir);
	snprintf(test_path, sizeof(test_path), "%s/a.ktest", tree);
	snprintf(out_path, sizeof(out_path), "%s/out", unit_dir);
	snprintf(qemu, sizeof(qemu), "%s/qemu", unit_dir);
	snprintf(image, sizeof(image), "%s/root.img", unit_dir);
	snprintf(program, sizeof(program), "%s/ktest", unit_dir);
	unit_write("qemu", "a QEMU");
	unit_write("root.img", "a root");
	unit_write("ktest", "a program");
	unit_write("vmlinuz", "a kernel");
	log_set_sink(ignore, NULL);
	return mkdir("tree", 0755) || mkdir("tree/lib", 0755) || mkdir("tree/tests", 0755);
}

static void fixture(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	x->settings.tree = tree;
	x->settings.cache = cache;
	x->settings.program = program;
	x->kernel.kernel = (struct kernel){.id = id, .release = release, .vmlinuz = qemu};
	x->file.needs.tree = tree;
	x->file.needs.path = test_path;
	x->file.arch = arch_find("x86_64");
	x->file.kernel = &x->kernel;
	x->file.bus = bus_find("virtio-blk", NULL);
	x->file.cpus = 1;
	x->file.mem_mib = 64;
	x->file.isolation = ISOLATION_CLONE;
	x->file.subtests = &x->subtest;
	x->file.n = 1;
	x->plan = (struct guest_plan){.file = &x->file, .initrd = initrd, .upper_disk = true};
	x->run.settings = &x->settings;
	x->run.out.path = out_path;
	x->run.base =
		(struct guest_base){.settings = &x->settings, .out = &x->run.out, .qemu = qemu};
	x->run.plan = (struct plan){&x->file, 1};
	x->run.plans = &x->plan;
}

static void done(struct fixture *x)
{
	clones_done(&x->run);
	free(x->plan.pack.tree);
	free(x->plan.pack.modules);
}

/* The key of the template that it gets, for what change() makes of it. */
static char *key_of(bool with_root, void (*change)(struct fixture *x))
{
	struct fixture x;
	char *key;

	fixture(&x);
	if (with_root)
		x.run.base.root_image = image;
	if (change)
		change(&x);
	clones_prepare(&x.run);
	if (x.run.ntemplates != 1)
		fail_msg("%zu templates, isolation %d", x.run.ntemplates, (int)x.file.isolation);
	assert_ptr_equal(x.plan.template, x.run.templates[0]);
	assert_int_equal(x.plan.template->point, with_root ? TEMPLATE_READY : TEMPLATE_BOOTED);
	key = xstrdup(x.plan.template->key);
	done(&x);
	return key;
}

static bool matters(bool with_root, void (*change)(struct fixture *x))
{
	_cleanup_free_ char *a = key_of(with_root, NULL), *b = key_of(with_root, change);

	return strcmp(a, b) != 0;
}

/* ---- what it depends on */

static char net[] = "user", other_id[] = "fedcba9876543210", other_initrd[] = "/cache/initramfs-2",
	    other[] = "/elsewhere";
static uint64_t sizes[] = {1 << 20, 2 << 20};
static char word_a[] = "a", word_b[] = "b";
static char *words[] = {word_a, word_b};

#define WORDS ((struct strv){.v = words, .n = ARRAY_SIZE(words)})

#define CHANGE(name, what)                  \
	static void name(struct fixture *x) \
	{                                   \
		what;                       \
	}

CHANGE(cpus, x->file.cpus = 2)
CHANGE(memory, x->file.mem_mib = 128)
CHANGE(dump, x->file.dump = true)
CHANGE(no_upper, x->plan.upper_disk = false)
CHANGE(accel, x->run.base.accel.accel = ACCEL_KVM)
CHANGE(kernel, x->kernel.kernel.id = other_id)
CHANGE(initramfs, x->plan.initrd = other_initrd)
CHANGE(arch, x->file.arch = arch_find("aarch64"))
CHANGE(bus, x->file.bus = bus_find("ahci", NULL))
CHANGE(network, x->settings.network = net)
CHANGE(internet, x->file.internet = true)
CHANGE(append, x->settings.append = WORDS)
CHANGE(kernel_append, x->file.needs.kernel_append = WORDS)
CHANGE(qemu_append, x->file.needs.qemu_append = WORDS)
CHANGE(qemu_prepend, x->file.needs.qemu_prepend = WORDS)
CHANGE(qemu_args, x->settings.qemu_args = WORDS)
CHANGE(scratch, (x->file.needs.scratch = sizes, x->file.needs.nscratch = 1))
CHANGE(more_scratch, (x->file.needs.scratch = sizes, x->file.needs.nscratch = 2))
CHANGE(slow, (x->file.needs.slow = sizes, x->file.needs.nslow = 1))
CHANGE(pmem, (x->file.needs.pmem = sizes, x->file.needs.npmem = 1))
CHANGE(images, x->file.needs.images = WORDS)

CHANGE(env, x->settings.env = WORDS)
CHANGE(verbose, x->settings.verbose = true)
CHANGE(path, x->file.needs.path = image)
CHANGE(output, x->run.out.path = other)
CHANGE(deps, x->settings.deps_dir = other)

CHANGE(timeout, x->settings.timeout_s = 3)
CHANGE(jobs, x->settings.jobs = 3)
CHANGE(nice_value, x->settings.nice = 3)
CHANGE(log_limit, x->settings.log_limit = 3)

static void (*const of_the_machine[])(struct fixture *) = {
	cpus,	   memory,  dump,	  accel,  kernel,	 initramfs,   arch,
	bus,	   network, internet,	  append, kernel_append, qemu_append, qemu_prepend,
	qemu_args, scratch, more_scratch, slow,	  pmem,		 images,      verbose,
};
static void (*const of_the_hooks[])(struct fixture *) = {env, path, output, deps};
static void (*const of_neither[])(struct fixture *) = {timeout, jobs, nice_value, log_limit};

static void test_the_machine_matters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of_the_machine); i++)
		if (!matters(false, of_the_machine[i]))
			fail_msg("number %zu does not matter", i);
	assert_true(matters(false, no_upper));
}

static void test_what_hooks_read_matters_behind_them_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of_the_hooks); i++) {
		if (!matters(true, of_the_hooks[i]))
			fail_msg("number %zu does not matter", i);
		if (matters(false, of_the_hooks[i]))
			fail_msg("number %zu matters before the hooks", i);
	}
}

static void test_what_a_guest_does_not_know_does_not_matter(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of_neither); i++)
		if (matters(true, of_neither[i]) || matters(false, of_neither[i]))
			fail_msg("number %zu matters", i);
}

/* ---- files */

static void changed_file(const char *name, bool with_root, bool expected)
{
	_cleanup_free_ char *a = key_of(with_root, NULL), *b = NULL;
	char text[64];

	snprintf(text, sizeof(text), "%s, changed", name);
	unit_write(name, text);
	b = key_of(with_root, NULL);
	if ((strcmp(a, b) != 0) != expected)
		fail_msg("%s: %s to %s", name, a, b);
}

static void test_files_that_matter(void **state)
{
	(void)state;
	changed_file("qemu", false, true);
	changed_file("ktest", false, true);
	changed_file("root.img", true, true);
	changed_file("tree/a.ktest", true, true);
	changed_file("tree/lib/other.sh", true, true);
	changed_file("tree/a.ktest", false, false);
	changed_file("tree/lib/another.sh", false, false);
}

/* ---- where there can be none */

static enum isolation isolation_of(void (*change)(struct fixture *x), enum isolation declared)
{
	struct fixture x;
	enum isolation got;

	fixture(&x);
	x.file.needs.isolation = declared;
	change(&x);
	clones_prepare(&x.run);
	got = x.file.isolation;
	if (got != ISOLATION_CLONE)
		assert_int_equal(x.run.ntemplates, 0);
	done(&x);
	return got;
}

CHANGE(nothing, (void)x)
CHANGE(nvme, (scratch(x), x->file.bus = bus_find("nvme", NULL)))
CHANGE(finished, x->subtest.done = true)
CHANGE(on_the_host, x->file.needs.no_vm = true)

/* They are plugged in after the restore, so nothing that uses them can have run before the save. */
static void test_disks_that_cannot_be_saved(void **state)
{
	struct fixture x;

	(void)state;
	assert_int_equal(isolation_of(nothing, ISOLATION_DEFAULT), ISOLATION_CLONE);
	fixture(&x);
	x.run.base.root_image = image;
	nvme(&x);
	clones_prepare(&x.run);
	assert_int_equal(x.file.isolation, ISOLATION_CLONE);
	assert_int_equal(x.plan.template->point, TEMPLATE_BOOTED);
	done(&x);
}

static void test_none_for_what_boots_none(void **state)
{
	static void (*const changes[])(struct fixture *) = {finished, on_the_host};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct fixture x;

		fixture(&x);
		changes[i](&x);
		clones_prepare(&x.run);
		assert_int_equal(x.run.ntemplates, 0);
		assert_null(x.plan.template);
		done(&x);
	}
}

static void test_files_with_equal_needs_share_it(void **state)
{
	struct test_file files[3];
	struct guest_plan plans[3];
	struct fixture x;

	(void)state;
	fixture(&x);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		files[i] = x.file;
		plans[i] = x.plan;
		plans[i].file = &files[i];
	}
	files[2].cpus = 2;
	x.run.plan = (struct plan){files, 3};
	x.run.plans = plans;
	clones_prepare(&x.run);
	assert_int_equal(x.run.ntemplates, 2);
	assert_ptr_equal(plans[0].template, plans[1].template);
	assert_ptr_not_equal(plans[0].template, plans[2].template);
	done(&x);
}

/* Two that fail of none that worked: nobody tries it again. */
static void test_failures(void **state)
{
	struct template *t;
	struct fixture x;

	(void)state;
	fixture(&x);
	clones_prepare(&x.run);
	t = x.plan.template;
	clones_failed(&x.run, t, false, "one");
	assert_null(t->why_not);
	t->worked = true;
	clones_failed(&x.run, t, false, "two");
	assert_null(t->why_not);
	t->worked = false;
	clones_failed(&x.run, t, false, "three");
	assert_string_equal(t->why_not, "three");
	done(&x);
}

/* What a guest did is held against guests like it; what QEMU did, against all on this host. */
static void test_who_is_to_blame(void **state)
{
	_cleanup_free_ char *why = NULL, *key = NULL;
	_cleanup_free_ char *templates = xasprintf("%s/templates", cache);
	struct unit maker = {0};
	struct template *t;
	struct fixture x;

	(void)state;
	assert_int_equal(mkdir_p(templates, 0700, NULL), 0);
	fixture(&x);
	clones_prepare(&x.run);
	t = x.plan.template;
	t->maker = &maker;
	key = xstrdup(t->key);
	clones_failed(&x.run, t, false, "it panicked");
	clones_failed(&x.run, t, false, "it panicked");
	why = template_refused(x.settings.cache, key);
	assert_string_equal(why, "it panicked");
	done(&x);

	fixture(&x);
	x.file.cpus = 2;
	clones_prepare(&x.run);
	t = x.plan.template;
	assert_null(t->why_not);
	t->maker = &maker;
	clones_failed(&x.run, t, true, "QEMU died");
	clones_failed(&x.run, t, true, "QEMU died");
	done(&x);

	fixture(&x);
	x.file.cpus = 3;
	clones_prepare(&x.run);
	assert_null(x.plan.template);
	done(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_machine_matters),
		cmocka_unit_test(test_what_hooks_read_matters_behind_them_only),
		cmocka_unit_test(test_what_a_guest_does_not_know_does_not_matter),
		cmocka_unit_test(test_files_that_matter),
		cmocka_unit_test(test_disks_that_cannot_be_saved),
		cmocka_unit_test(test_none_for_what_boots_none),
		cmocka_unit_test(test_files_with_equal_needs_share_it),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_who_is_to_blame),
	};

	return cmocka_run_group_tests(tests, enter, unit_leave);
}
