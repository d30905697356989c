// SPDX-License-Identifier: GPL-2.0-only
/* Which saved guest a file gets: another one for all that such a guest depends on, and no other. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/seal.h"
#include "run/clones.h"
#include "run/template_key.h"
#include "vm/sandbox.h"
#include "t/unit/unseen.h"

struct fixture {
	struct settings settings;
	struct run_kernel kernel;
	struct test_file file;
	struct subtest subtest;
	struct guest_plan plan;
	struct run run;
};

static char cache[64], tree[64], test_path[80], out_path[64], qemu[64], image[64], program[64];
static char kernel[64], initrd[80], bios[64], deps_dir_of[64], run_dir[64], release[] = "6.1.0";

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
	snprintf(kernel, sizeof(kernel), "%s/vmlinuz", unit_dir);
	snprintf(initrd, sizeof(initrd), "%s/initrd", unit_dir);
	snprintf(bios, sizeof(bios), "%s/bios", unit_dir);
	snprintf(run_dir, sizeof(run_dir), "%s/run", unit_dir);
	snprintf(deps_dir_of, sizeof(deps_dir_of), "%s/deps", unit_dir);
	unit_write("vmlinuz", "a kernel");
	unit_write("initrd", "an initramfs");
	unit_write("bios", "a BIOS");
	log_set_sink(ignore, NULL);
	if (mkdir("tree", 0755) || mkdir("deps", 0755) || mkdir("tree/lib", 0755) ||
	    mkdir("tree/tests", 0755))
		return -1;
	unit_write("tree/a.ktest", "a test");
	settle();
	return 0;
}

/* As plan_make() leaves it. */
static struct sum content_of(const char *file)
{
	struct hash h;

	hash_init(&h);
	assert_int_equal(hash_file(&h, file, NULL), 0);
	return h.v;
}

static void fixture(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	x->settings.tree = tree;
	x->settings.cache = cache;
	x->settings.program = program;
	x->kernel.kernel = (struct kernel){.release = release, .vmlinuz = kernel};
	x->file.needs.tree = tree;
	x->file.needs.path = test_path;
	x->file.content = content_of(test_path);
	x->file.arch = arch_find("x86_64");
	x->file.kernel = &x->kernel;
	x->file.bus = bus_find("virtio-blk", NULL);
	x->file.cpus = 1;
	x->file.mem_mib = 64;
	x->file.isolation = ISOLATION_CLONE;
	x->file.subtests = &x->subtest;
	x->file.n = 1;
	x->plan = (struct guest_plan){.file = &x->file, .upper_disk = true};
	x->plan.kernel_image = kernel;
	x->plan.initrd = initrd;
	x->run.settings = &x->settings;
	x->run.out = (struct outdir){.path = out_path};
	x->run.base =
		(struct guest_base){.settings = &x->settings, .out = &x->run.out, .qemu = qemu};
	x->run.base.run_dir = run_dir;
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

static char net[] = "none", other[] = "/elsewhere";
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
CHANGE(other_kernel, x->plan.kernel_image = other)
CHANGE(initramfs, x->plan.initrd = other)
CHANGE(arch, x->file.arch = arch_find("aarch64"))
CHANGE(network, x->settings.network = net)
CHANGE(internet, x->file.internet = true)
CHANGE(append, x->settings.append = WORDS)
CHANGE(kernel_append, x->file.needs.kernel_append = WORDS)
CHANGE(qemu_append, x->file.needs.qemu_append = WORDS)
CHANGE(qemu_prepend, x->file.needs.qemu_prepend = WORDS)
CHANGE(qemu_args, x->settings.qemu_args = WORDS)
CHANGE(scratch, (x->file.needs.scratch = sizes, x->file.needs.nscratch = 1))
CHANGE(bus, (scratch(x), x->file.bus = bus_find("ahci", NULL)))
CHANGE(more_scratch, (x->file.needs.scratch = sizes, x->file.needs.nscratch = 2))
CHANGE(slow, (x->file.needs.slow = sizes, x->file.needs.nslow = 1))
CHANGE(pmem, (x->file.needs.pmem = sizes, x->file.needs.npmem = 1))
CHANGE(images, x->file.needs.images = WORDS)
CHANGE(larger_scratch, (x->file.needs.scratch = sizes + 1, x->file.needs.nscratch = 1))
CHANGE(larger_slow, (x->file.needs.slow = sizes + 1, x->file.needs.nslow = 1))
CHANGE(larger_pmem, (x->file.needs.pmem = sizes + 1, x->file.needs.npmem = 1))

CHANGE(env, x->settings.env = WORDS)
CHANGE(verbose, x->settings.verbose = true)
CHANGE(path, (x->file.needs.path = image, x->file.content = content_of(image)))
CHANGE(output, x->run.out.path = other)
CHANGE(deps, x->settings.deps_dir = other)

CHANGE(timeout, x->settings.timeout_s = 3)
CHANGE(jobs, x->settings.jobs = 3)
CHANGE(nice_value, x->settings.nice = 3)
CHANGE(log_limit, x->settings.log_limit = 3)

static void (*const of_the_machine[])(struct fixture *) = {
	cpus,	   memory,  dump,	  accel,  other_kernel,	 initramfs,   arch,
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

/* The file's name, which is all that QEMU is told, is the same. */
static void test_the_size_of_a_disk_matters(void **state)
{
	static void (*const pairs[][2])(struct fixture *) = {
		{scratch, larger_scratch}, {slow, larger_slow}, {pmem, larger_pmem}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		_cleanup_free_ char *a = key_of(false, pairs[i][0]);
		_cleanup_free_ char *b = key_of(false, pairs[i][1]);

		assert_string_not_equal(a, b);
	}
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
	settle();
	unit_write(name, text);
	settle();
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
	changed_file("vmlinuz", false, true);
	changed_file("initrd", false, true);
	changed_file("tree/a.ktest", true, true);
	changed_file("tree/lib/other.sh", true, true);
	changed_file("tree/a.ktest", false, false);
	changed_file("tree/lib/another.sh", false, false);
}

static char bios_word[100];
static char *bios_words[] = {bios_word};

CHANGE(with_bios, x->settings.qemu_args = ((struct strv){.v = bios_words, .n = 1}))

static void test_files_that_the_user_names_to_qemu(void **state)
{
	static const char *const around[][2] = {
		{"", ""}, {"if=pflash,file=", ",format=raw"}, {"file:", ""}, {"a=", "=b"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(around); i++) {
		_cleanup_free_ char *before = NULL, *after = NULL;

		snprintf(bios_word, sizeof(bios_word), "%s%s%s", around[i][0], bios, around[i][1]);
		settle();
		before = key_of(false, with_bios);
		rewrite_unseen(bios, i % 2 ? "A BIOS" : "a bios", 6);
		settle();
		after = key_of(false, with_bios);
		assert_string_not_equal(before, after);
	}
}

/* An initramfs that the cache has made again is the same one. */
static void test_of_what_the_cache_keeps_the_seal_counts(void **state)
{
	_cleanup_free_ char *a = NULL, *b = NULL, *c = NULL;
	char old[80];

	(void)state;
	snprintf(old, sizeof(old), "%s", initrd);
	snprintf(initrd, sizeof(initrd), "%s/i/initrd", cache);
	assert_int_equal(system("mkdir -p cache/i && echo one >cache/i/initrd"), 0);
	assert_int_equal(seal_write("cache/i", NULL), 0);
	a = key_of(false, NULL);
	assert_int_equal(system("rm -r cache/i && mkdir cache/i && echo one >cache/i/initrd"), 0);
	assert_int_equal(seal_write("cache/i", NULL), 0);
	b = key_of(false, NULL);
	assert_int_equal(system("echo two >cache/i/initrd"), 0);
	assert_int_equal(seal_write("cache/i", NULL), 0);
	c = key_of(false, NULL);
	snprintf(initrd, sizeof(initrd), "%s", old);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
}

/* ---- that all of what is said counts */

static char forward[] = "8080:80";
static char *images_of[] = {bios}, *forward_of[] = {forward};

static void everything(struct fixture *x)
{
	x->run.base.root_image = image;
	x->file.needs.scratch = sizes;
	x->file.needs.nscratch = 2;
	x->file.needs.pmem = sizes;
	x->file.needs.npmem = 1;
	x->file.needs.slow = sizes;
	x->file.needs.nslow = 1;
	x->file.needs.images = (struct strv){.v = images_of, .n = 1};
	x->file.needs.own_library = true;
	x->file.internet = true;
	x->file.dump = true;
	x->settings.deps_dir = deps_dir_of;
	x->settings.forwards = (struct strv){.v = forward_of, .n = 1};
	x->file.needs.kernel_append = WORDS;
	x->settings.env = WORDS;
	x->plan.pack.tree = xstrdup(bios);
	x->plan.pack.modules = xstrdup(bios);
	x->kernel.kernel.modules = tree;
}

static void inputs_of(struct fixture *x, enum template_point point, struct strv *inputs)
{
	struct err err = {0};

	if (template_inputs(&x->run.base, &x->plan, point, inputs, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Each argument and each field by its position: changed, left out, or in another place. */
static void test_every_position_counts(void **state)
{
	_cleanup_strv_ struct strv inputs = {0};
	_cleanup_free_ char *key = NULL;
	struct fixture x;

	(void)state;
	fixture(&x);
	everything(&x);
	inputs_of(&x, TEMPLATE_READY, &inputs);
	assert_true(inputs.n > 100);
	key = template_key(&inputs);
	for (size_t i = 0; i < inputs.n; i++) {
		_cleanup_strv_ struct strv longer = {0}, fewer = {0}, swapped = {0};
		_cleanup_free_ char *a = NULL, *b = NULL, *c = NULL;

		for (size_t k = 0; k < inputs.n; k++) {
			size_t there = k == i ? i + 1 : k == i + 1 ? i : k;

			strv_addf(&longer, "%s%s", inputs.v[k], k == i ? "x" : "");
			if (k != i)
				strv_add(&fewer, inputs.v[k]);
			strv_add(&swapped, inputs.v[there % inputs.n]);
		}
		a = template_key(&longer);
		b = template_key(&fewer);
		c = template_key(&swapped);
		if (!strcmp(key, a) || !strcmp(key, b) ||
		    (!strcmp(key, c) && i + 1 < inputs.n && strcmp(inputs.v[i], inputs.v[i + 1])))
			fail_msg("does not count: %s", inputs.v[i]);
	}
	done(&x);
}

/* ---- that what is said is what counts: a guest that is made, and what it and its QEMU are told */

static void add_fields(struct frame_writer *w, const char *name, struct strv *said)
{
	const char *key, *value;
	size_t pos = 0, len;
	struct frame f;

	assert_int_equal(frame_finish(w, 5), 0);
	assert_true(frame_parse(w->buf, w->len, &f) > 0);
	while (frame_next(&f, &pos, &key, &len, &value))
		strv_addf(said, "%s %.*s=%s", name, (int)len, key, value);
}

static void say(struct fixture *x, struct guest *g, const struct guest_fresh *fresh,
		struct strv *said)
{
	static char buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];
	const struct vm_fds fds = {13, 14, 15, 16, 17};
	_cleanup_strv_ struct strv argv = {0}, binds = {0};
	_cleanup_free_ char *view_dir = NULL;
	static const struct guest_names names;
	static const struct strv none;
	struct frame_writer w;
	const char *why;

	sandbox_places(sandbox_probe(x->settings.keeper, &why), &g->config, &view_dir, &binds);
	assert_int_equal(vm_args(&g->config, &fds, view_dir, &binds, &argv, NULL), 0);
	for (size_t i = 0; i < argv.n; i++)
		strv_addf(said, "argument %s", argv.v[i]);
	if (g->saved->point == TEMPLATE_BOOTED)
		return;
	frame_begin(&w, buf, sizeof(buf), FRAME_SETUP);
	guest_setup(&x->run.base, &x->plan, g, &binds, fresh, &w);
	add_fields(&w, "SETUP", said);
	frame_begin(&w, buf, sizeof(buf), FRAME_START);
	guest_start(&x->run.base, &x->plan, &names, "init", &none, 0, &w);
	add_fields(&w, "START", said);
	frame_begin(&w, buf, sizeof(buf), FRAME_HOLD);
	guest_start(&x->run.base, &x->plan, &names, "wait", &none, 0, &w);
	add_fields(&w, "HOLD", said);
}

static void replace_all(struct strv *list, const char *from, const char *to)
{
	for (size_t i = 0; i < list->n; i++) {
		_cleanup_strbuf_ struct strbuf b = {0};
		const char *s = list->v[i], *at;

		for (; (at = strstr(s, from)); s = at + strlen(from)) {
			strbuf_add(&b, s, (size_t)(at - s));
			strbuf_puts(&b, to);
		}
		strbuf_puts(&b, s);
		str_set(&list->v[i], b.s);
	}
}

static char *hex_of(const unsigned char *bytes, size_t n)
{
	struct strbuf b = {0};

	for (size_t i = 0; i < n; i++)
		strbuf_addf(&b, "%02x", bytes[i]);
	return strbuf_detach(&b);
}

static void replace_own(const struct guest *g, const struct guest_fresh *fresh, struct strv *said)
{
	static const char *const fds[][2] = {
		{"fd=13", "fd=3"}, {"fd=14", "fd=4"}, {"fd=15", "fd=5"}, {"fd=16", "fd=6"}};
	static const struct guest_fresh zero;
	_cleanup_free_ char *seed = hex_of(fresh->seed, sizeof(fresh->seed));
	_cleanup_free_ char *id = hex_of(fresh->id, sizeof(fresh->id));
	_cleanup_free_ char *no_seed = hex_of(zero.seed, sizeof(zero.seed));
	_cleanup_free_ char *no_id = hex_of(zero.id, sizeof(zero.id));
	_cleanup_free_ char *now = xasprintf("time=%lld", (long long)fresh->time_ns);

	replace_all(said, run_dir, "/dev/null/run");
	replace_all(said, g->saved->dir, "/dev/null/template");
	replace_all(said, "vm7", "vm0");
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		replace_all(said, fds[i][0], fds[i][1]);
	replace_all(said, seed, no_seed);
	replace_all(said, id, no_id);
	replace_all(said, now, "time=0");
}

static void test_what_is_said_is_what_counts(void **state)
{
	static const enum template_point points[] = {TEMPLATE_READY, TEMPLATE_BOOTED};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		_cleanup_strv_ struct strv inputs = {0}, said = {0};
		struct template t = {.point = points[i], .lock_fd = -1};
		struct guest_fresh fresh;
		struct err err = {0};
		struct fixture x;
		struct guest g;

		fixture(&x);
		everything(&x);
		assert_int_equal(outdir_open(out_path, &x.run.out, &err), 0);
		inputs_of(&x, points[i], &inputs);
		assert_int_equal(template_begin(cache, &t, &err), 0);
		if (guest_make(&x.run.base, &x.plan, 7, &t, &g, &err) < 0)
			fail_msg("%s", err.msg);
		guest_refresh(&fresh);
		say(&x, &g, &fresh, &said);
		replace_own(&g, &fresh, &said);
		if (points[i] == TEMPLATE_BOOTED)
			replace_all(&said, out_path, "/dev/null/out");
		for (size_t k = 0; k < said.n; k++)
			assert_string_equal(said.v[k], inputs.v[k]);
		for (size_t k = said.n; k < inputs.n; k++)
			assert_true(str_starts(inputs.v[k], "file ") ||
				    str_starts(inputs.v[k], "disk "));
		guest_done(&g);
		outdir_close(&x.run.out);
		template_close(&t);
		done(&x);
	}
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
		cmocka_unit_test(test_the_size_of_a_disk_matters),
		cmocka_unit_test(test_what_hooks_read_matters_behind_them_only),
		cmocka_unit_test(test_what_a_guest_does_not_know_does_not_matter),
		cmocka_unit_test(test_files_that_matter),
		cmocka_unit_test(test_files_that_the_user_names_to_qemu),
		cmocka_unit_test(test_of_what_the_cache_keeps_the_seal_counts),
		cmocka_unit_test(test_every_position_counts),
		cmocka_unit_test(test_what_is_said_is_what_counts),
		cmocka_unit_test(test_disks_that_cannot_be_saved),
		cmocka_unit_test(test_none_for_what_boots_none),
		cmocka_unit_test(test_files_with_equal_needs_share_it),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_who_is_to_blame),
	};

	return cmocka_run_group_tests(tests, enter, unit_leave);
}
