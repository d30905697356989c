// SPDX-License-Identifier: GPL-2.0-only
/* The frames that set a guest up, read back field by field. */
#include "t/unit/unit.h"

#include "run/guest.h"
#include "run/kernels.h"

struct fixture {
	struct settings settings;
	struct run_kernel kernel;
	struct outdir out;
	struct test_file file;
	struct guest_base base;
	struct guest_plan plan;
	struct guest guest;
	struct strv binds;
	char buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];
	struct frame_writer w;
	struct frame f;
};

static char tree[] = "/home/u/tree", out_path[] = "/home/u/ktest-out", release[] = "6.1.0-56-amd64",
	    modules[] = "/k/lib/modules/6.1.0", name[] = "vm1",
	    test_path[] = "/home/u/tree/a.ktest", ktest_tree[] = "/usr/lib/ktest",
	    image[] = "/root.img";

static void fixture(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	x->settings.tree = ktest_tree;
	x->kernel.kernel.release = release;
	x->kernel.kernel.modules = modules;
	x->out.path = out_path;
	x->file.needs.tree = tree;
	x->file.needs.path = test_path;
	x->file.arch = arch_find("x86_64");
	x->file.kernel = &x->kernel;
	x->file.bus = bus_find("virtio-blk", NULL);
	x->base = (struct guest_base){.settings = &x->settings, .out = &x->out};
	x->plan.file = &x->file;
	x->guest.name = name;
	frame_begin(&x->w, x->buf, sizeof(x->buf), FRAME_SETUP);
}

static int finish(struct fixture *x)
{
	int r = frame_finish(&x->w, 0);

	if (r == 0)
		assert_int_equal(frame_parse(x->w.buf, x->w.len, &x->f), x->w.len);
	disks_done(&x->guest.config.disks);
	strv_done(&x->binds);
	return r;
}

/* The n-th value of key, from 0; NULL if there are fewer. */
static const char *nth(const struct fixture *x, const char *key, int n)
{
	const char *k, *v;
	size_t pos = 0, len;

	while (frame_next(&x->f, &pos, &k, &len, &v))
		if (len == strlen(key) && !memcmp(k, key, len) && n-- == 0)
			return v;
	return NULL;
}

/* Where the field with this key and beginning stands; -1 if there is none. */
static int order(const struct fixture *x, const char *key, const char *begin)
{
	const char *k, *v;
	size_t pos = 0, len;

	for (int i = 0; frame_next(&x->f, &pos, &k, &len, &v); i++)
		if (len == strlen(key) && !memcmp(k, key, len) && str_starts(v, begin))
			return i;
	return -1;
}

static void assert_order(const struct fixture *x, const char *key1, const char *begin1,
			 const char *key2, const char *begin2)
{
	assert_true(order(x, key1, begin1) >= 0);
	assert_true(order(x, key1, begin1) < order(x, key2, begin2));
}

static struct guest_fresh fresh;

static void setup(struct fixture *x)
{
	guest_refresh(&fresh);
	guest_setup(&x->base, &x->plan, &x->guest, &x->binds, &fresh, &x->w);
	assert_int_equal(finish(x), 0);
}

/* What is mounted on comes before what is mounted there. */
static void test_mounts_of_the_host_root_in_order(void **state)
{
	static struct fixture x;

	(void)state;
	fixture(&x);
	strv_addv(&x.binds, "/usr", NULL);
	setup(&x);
	assert_order(&x, "time", "1", "mount", "9p\tktest-view\t/view\tro\t");
	assert_order(&x, "mount", "9p\tktest-view\t/view\t", "mount",
		     "9p\tktest-view.0\t/view/usr\tro\t");
	assert_order(&x, "mount", "9p\tktest-view.0\t", "mount", "overlay\t");
	assert_order(&x, "mount", "tmpfs\ttmpfs\t/upper\t", "mkdir", "/upper/up\t");
	assert_order(&x, "mkdir", "/upper/work\t", "mount", "overlay\toverlay\t/newroot\t");
	assert_order(&x, "mount", "overlay\t", "mount",
		     "bind\t/view/host\t/newroot/host\trbind\t-");
	assert_order(&x, "mount", "bind\t/view/host\t", "mount",
		     "9p\tktest-out\t/newroot/host/home/u/ktest-out\tnosuid,nodev\t");
	assert_order(&x, "mount", "9p\tktest-out\t", "newroot", "/newroot");
	assert_order(&x, "newroot", "/newroot", "mount",
		     "bind\t/host/.modules\t/lib/modules/6.1.0-56-amd64\tbind\t-");
	assert_order(&x, "newroot", "/newroot", "symlink", "/host/home/u/tree\t/ktest");
	assert_int_equal(order(&x, "net", ""), -1);
	assert_int_equal(order(&x, "mount", "ext4"), -1);
}

static void test_root_image_is_read_only_beneath_its_disk(void **state)
{
	static struct fixture x;

	(void)state;
	fixture(&x);
	x.base.root_image = image;
	x.plan.upper_disk = true;
	x.kernel.kernel.modules = NULL;
	x.guest.config.network = VM_NET_USER;
	x.guest.config.host = VM_NET_HOST;
	setup(&x);
	assert_order(&x, "mount", "ext4\tdisk:root0\t/lower\tro\tnoload", "mount",
		     "overlay\toverlay\t/newroot\t-\tlowerdir=/lower,");
	assert_order(&x, "mount", "ext4\tdisk:upper0\t/upper\t", "mkdir", "/upper/up\t");
	assert_int_equal(order(&x, "mount", "tmpfs"), -1);
	assert_int_equal(order(&x, "mount", "bind\t/host/.modules"), -1);
	assert_true(order(&x, "net", "?52:54:00:12:34:0f\t10.0.2.15/24\t10.0.2.2\t10.0.2.3") >= 0);
}

/* Those that the test gets, in the order of their declaration. */
static void test_disks_that_are_asked_for(void **state)
{
	static struct fixture x;
	const struct bus *bus = bus_find("nvme", NULL);
	struct disks *d;

	(void)state;
	fixture(&x);
	d = &x.guest.config.disks;
	disks_add(d, DISK_ROOT, bus, "/r", 0);
	disks_add(d, DISK_UPPER, bus, "/u", 0);
	disks_add(d, DISK_SCRATCH, bus, "/s", 0);
	disks_add(d, DISK_PMEM, NULL, "/p", 0);
	disks_add(d, DISK_SCRATCH, bus, "/s", 0);
	setup(&x);
	assert_string_equal(nth(&x, "disk", 0), "scratch0");
	assert_string_equal(nth(&x, "disk", 1), "scratch1");
	assert_null(nth(&x, "disk", 2));
}

/* A path with the separator in it must not become further columns: such a frame is not sent. */
static void test_no_path_makes_columns(void **state)
{
	char evil[] = "/home/u/x\t/newroot\trw\tsuid";
	static struct fixture x;

	(void)state;
	fixture(&x);
	x.out.path = evil;
	guest_setup(&x.base, &x.plan, &x.guest, &x.binds, &fresh, &x.w);
	assert_true(finish(&x) < 0);
	fixture(&x);
	x.file.needs.tree = evil;
	guest_setup(&x.base, &x.plan, &x.guest, &x.binds, &fresh, &x.w);
	assert_true(finish(&x) < 0);
	fixture(&x);
	strv_add(&x.binds, evil);
	guest_setup(&x.base, &x.plan, &x.guest, &x.binds, &fresh, &x.w);
	assert_true(finish(&x) < 0);
}

/* Blanks, equals signs and non-ASCII bytes are just bytes. */
static void test_odd_paths_are_kept_as_they_are(void **state)
{
	char odd[] = "/home/\xc3\xa9 =1\n/out";
	static struct fixture x;

	(void)state;
	fixture(&x);
	x.out.path = odd;
	setup(&x);
	assert_true(order(&x, "symlink", "/host/home/\xc3\xa9 =1\n/out\t/ktest-out") >= 0);
}

/* ---- guests that are saved */

static char pack_tree[] = "/cache/tree-1", pack_modules[] = "/cache/modules-1",
	    saved_state[] = "/t/state";

/* Nothing is mounted for good that a guest cannot be saved with: images, and shares to let go. */
static void test_a_guest_to_be_saved_has_images_and_shares(void **state)
{
	static struct template t = {.point = TEMPLATE_READY};
	static struct fixture x;

	(void)state;
	fixture(&x);
	x.base.root_image = image;
	x.plan.upper_disk = true;
	x.plan.pack.tree = pack_tree;
	x.plan.pack.modules = pack_modules;
	x.guest.saved = &t;
	disks_add(&x.guest.config.disks, DISK_SCRATCH, x.file.bus, "/s", 0);
	disks_add(&x.guest.config.disks, DISK_PACK, x.file.bus, pack_tree, 0);
	setup(&x);
	assert_order(&x, "mount", "ext4\tdisk:pack0\t/view\tro\tnoload", "mount",
		     "ext4\tdisk:root0\t/lower\t");
	assert_order(&x, "mount", "bind\t/view/host\t/newroot/host\t", "newroot", "/newroot");
	assert_order(&x, "newroot", "/newroot", "share",
		     "9p\tktest-out\t/host/home/u/ktest-out\tnosuid,nodev\t");
	assert_order(&x, "newroot", "/newroot", "mount",
		     "ext4\tdisk:pack1\t/lib/modules/6.1.0-56-amd64\tro\tnoload");
	assert_int_equal(order(&x, "mount", "9p"), -1);
	assert_int_equal(order(&x, "share", "9p\tktest-view"), -1);
	assert_string_equal(nth(&x, "disk", 0), "scratch0");
	assert_null(nth(&x, "disk", 1));
}

/* Saved before it is set up it has what others have. */
static void test_a_guest_saved_early_is_set_up_as_others(void **state)
{
	static struct template t = {.point = TEMPLATE_BOOTED};
	static struct fixture x;

	(void)state;
	fixture(&x);
	x.guest.saved = &t;
	setup(&x);
	assert_true(order(&x, "mount", "9p\tktest-view\t/view\t") >= 0);
	assert_true(order(&x, "mount", "9p\tktest-out\t") >= 0);
	assert_int_equal(order(&x, "share", ""), -1);
}

static void renew(struct fixture *x, int number)
{
	static struct template t = {.point = TEMPLATE_READY, .host = 15};

	fixture(x);
	x->guest.number = number;
	x->guest.saved = &t;
	x->guest.config.state = saved_state;
	x->guest.config.network = VM_NET_USER;
	x->guest.config.host = VM_NET_HOST;
	guest_refresh(&fresh);
	guest_renew(&x->guest, &fresh, &x->w);
	assert_int_equal(finish(x), 0);
}

static void assert_hex(const char *s, size_t n)
{
	assert_int_equal(strlen(s), n);
	assert_int_equal(strspn(s, "0123456789abcdef"), n);
}

/* The time before anything is done by it, random numbers, and an address that only it has. */
static void test_a_restored_guest_becomes_another(void **state)
{
	static struct fixture a, b;
	const char *id = "?/run/ktest/machine-id\t";

	(void)state;
	renew(&a, 1);
	renew(&b, 258);
	assert_int_equal(order(&a, "time", "1"), 0);
	assert_string_equal(nth(&a, "hostname", 0), name);
	assert_hex(nth(&a, "seed", 0) + 1, 128);
	assert_string_not_equal(nth(&a, "seed", 0), nth(&b, "seed", 0));
	assert_true(str_starts(nth(&a, "write", 0), id));
	assert_hex(nth(&a, "write", 0) + strlen(id), 32);
	assert_string_not_equal(nth(&a, "write", 0), nth(&b, "write", 0));
	/* What seeds it is not told to everybody who reads the machine's id. */
	assert_null(strstr(nth(&a, "seed", 0), nth(&a, "write", 0) + strlen(id)));
	assert_string_equal(nth(&a, "mac", 0), "?52:54:00:12:34:0f\t52:54:00:13:00:01");
	assert_string_equal(nth(&b, "mac", 0), "?52:54:00:12:34:0f\t52:54:00:13:01:02");
	assert_order(&a, "mac", "?", "net", "?52:54:00:13:00:01\t10.0.2.15/24\t10.0.2.2\t-");
	assert_non_null(nth(&a, "shares", 0));
	assert_int_equal(order(&a, "mount", ""), -1);
}

/* ---- the answer */

static void names_from(const char *const *disks, struct guest_names *names)
{
	static struct fixture x;

	fixture(&x);
	disks_add(&x.guest.config.disks, DISK_SCRATCH, x.file.bus, "/s", 0);
	disks_add(&x.guest.config.disks, DISK_SCRATCH, x.file.bus, "/s", 0);
	disks_add(&x.guest.config.disks, DISK_SLOW, x.file.bus, "/s", 0);
	disks_add(&x.guest.config.disks, DISK_PMEM, NULL, "/p", 0);
	frame_begin(&x.w, x.buf, sizeof(x.buf), FRAME_DONE);
	for (; *disks; disks++)
		frame_add(&x.w, "disk", *disks);
	assert_int_equal(frame_finish(&x.w, 0), 0);
	assert_int_equal(frame_parse(x.w.buf, x.w.len, &x.f), x.w.len);
	guest_names_read(&x.guest.config.disks, &x.f, names);
	disks_done(&x.guest.config.disks);
}

static void test_names_that_the_guest_gives(void **state)
{
	static const char *const answer[] = {"slow0\tvdc", "scratch1\tnvme1n1", "scratch0\tvda",
					     "scratch10\tvdz", NULL};
	struct guest_names names = {0};

	(void)state;
	names_from(answer, &names);
	assert_int_equal(names.scratch.n, 2);
	assert_string_equal(names.scratch.v[0], "/dev/vda");
	assert_string_equal(names.scratch.v[1], "/dev/nvme1n1");
	assert_string_equal(names.slow.v[0], "/dev/vdc");
	assert_string_equal(names.pmem.v[0], "/dev/pmem0");
	guest_names_done(&names);
}

static void test_names_that_are_none_are_not_believed(void **state)
{
	static const char *const answer[] = {"scratch0\t../../etc/passwd", "scratch1\t", "slow0",
					     NULL};
	struct guest_names names = {0};

	(void)state;
	names_from(answer, &names);
	assert_string_equal(names.scratch.v[0], "/dev/unknown");
	assert_string_equal(names.scratch.v[1], "/dev/unknown");
	assert_string_equal(names.slow.v[0], "/dev/unknown");
	guest_names_done(&names);
}

/* ---- START */

static void test_start_calls_the_file_with_its_subtests(void **state)
{
	static const char *const want[] = {"/bin/bash",
					   "/host/usr/lib/ktest/lib/run-guest.sh",
					   "/host/home/u/tree/a.ktest",
					   "run-tests",
					   "b c",
					   "-x"};
	_cleanup_strv_ struct strv subtests = {0};
	struct guest_names names = {0};
	static struct fixture x;

	(void)state;
	fixture(&x);
	strv_addv(&subtests, "b c", "-x", NULL);
	strv_addv(&names.scratch, "/dev/vda", "/dev/vdb", NULL);
	strv_addv(&x.settings.env, "MINE=1\t2", "NR_REBOOTS=9", NULL);
	guest_start(&x.base, &x.plan, &names, "run-tests", &subtests, 2, &x.w);
	strv_done(&x.settings.env);
	guest_names_done(&names);
	assert_int_equal(finish(&x), 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_string_equal(nth(&x, "arg", (int)i), want[i]);
	assert_null(nth(&x, "arg", ARRAY_SIZE(want)));
	assert_true(order(&x, "env", "ktest_scratch_dev_list=/dev/vda /dev/vdb") >= 0);
	/* --env has the last word */
	assert_order(&x, "env", "NR_REBOOTS=2", "env", "NR_REBOOTS=9");
	assert_true(order(&x, "env", "MINE=1\t2") >= 0);
	assert_string_equal(nth(&x, "cwd", 0), "/root");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mounts_of_the_host_root_in_order),
		cmocka_unit_test(test_root_image_is_read_only_beneath_its_disk),
		cmocka_unit_test(test_disks_that_are_asked_for),
		cmocka_unit_test(test_no_path_makes_columns),
		cmocka_unit_test(test_odd_paths_are_kept_as_they_are),
		cmocka_unit_test(test_a_guest_to_be_saved_has_images_and_shares),
		cmocka_unit_test(test_a_guest_saved_early_is_set_up_as_others),
		cmocka_unit_test(test_a_restored_guest_becomes_another),
		cmocka_unit_test(test_names_that_the_guest_gives),
		cmocka_unit_test(test_names_that_are_none_are_not_believed),
		cmocka_unit_test(test_start_calls_the_file_with_its_subtests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
