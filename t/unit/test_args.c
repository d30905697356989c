// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's arguments as golden lists: what is not in them is not in the machine. */
#include "t/unit/unit.h"

#include "base/json.h"
#include "vm/config.h"
#include "vm/sandbox.h"

static const struct vm_fds all_fds = {.qmp = 10, .user_qmp = 11, .agent = 13, .serial = 14};

static struct vm_config config(void)
{
	return (struct vm_config){
		.name = "vm1",
		.qemu = "/usr/bin/qemu-system-x86_64",
		.arch = arch_find("x86_64"),
		.accel = ACCEL_TCG,
		.cpus = 4,
		.mem_mib = 2048,
		.kernel = "/k,ernel/vmlinuz",
		.initrd = "/cache/initrd",
		.append = "console=hvc0 a=\"b c\"",
		.dir = "/var/tmp/ktest/vm1",
	};
}

static void config_done(struct vm_config *c)
{
	disks_done(&c->disks);
	view_done(&c->view);
	strv_done(&c->qemu_prepend);
	strv_done(&c->qemu_append);
}

static void make(const struct vm_config *c, const struct vm_fds *fds, const struct strv *binds,
		 struct strv *argv)
{
	struct strv none = {0};
	struct err err = {0};

	assert_int_equal(vm_args(c, fds, "/ktest-view", binds ? binds : &none, argv, &err), 0);
}

/* The value that follows the n-th option of this name, from 0; NULL if there is none. */
static const char *value(const struct strv *argv, const char *name, int n)
{
	for (size_t i = 0; i + 1 < argv->n; i++)
		if (!strcmp(argv->v[i], name) && n-- == 0)
			return argv->v[i + 1];
	return NULL;
}

static bool mentions(const struct strv *argv, const char *text)
{
	for (size_t i = 0; i < argv->n; i++)
		if (strstr(argv->v[i], text))
			return true;
	return false;
}

static void equal(const struct strv *argv, const char *const *want)
{
	size_t i;

	for (i = 0; i < argv->n && want[i]; i++)
		assert_string_equal(argv->v[i], want[i]);
	assert_int_equal(i, argv->n);
	assert_null(want[i]);
}

static void test_smallest_machine(void **state)
{
	/* clang-format off */
	static const char *const want[] = {
		"/usr/bin/qemu-system-x86_64",
		"-machine", "q35",
		"-accel", "tcg,thread=multi",
		"-cpu", "max",
		"-smp", "4",
		"-m", "2048M",
		"-S",
		"-nodefaults", "-no-user-config",
		"-display", "none",
		"-name", "ktest-vm1",
		"-action", "reboot=shutdown,shutdown=pause,panic=none",
		"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		"-device", "pvpanic-pci",
		"-chardev", "socket,id=qmp,fd=10",
		"-mon", "chardev=qmp,mode=control",
		"-chardev", "socket,id=serial,fd=14",
		"-serial", "chardev:serial",
		"-chardev", "socket,id=agent,fd=13",
		"-device", "virtio-serial-pci,id=serial0",
		"-device", "virtserialport,bus=serial0.0,chardev=agent,name=ktest.agent",
		"-kernel", "/k,ernel/vmlinuz",
		"-initrd", "/cache/initrd",
		"-append", "console=hvc0 a=\"b c\"",
		NULL,
	};
	/* clang-format on */
	_cleanup_strv_ struct strv argv = {0};
	struct vm_config c = config();
	struct vm_fds fds = all_fds;

	(void)state;
	fds.user_qmp = -1;
	make(&c, &fds, NULL, &argv);
	equal(&argv, want);
	config_done(&c);
}

static void test_monitor_for_the_user_listens(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct vm_config c = config();

	(void)state;
	make(&c, &all_fds, NULL, &argv);
	assert_string_equal(value(&argv, "-chardev", 1),
			    "socket,id=user-qmp,fd=11,server=on,wait=off");
	assert_string_equal(value(&argv, "-mon", 1), "chardev=user-qmp,mode=control");
}

/* No socket but those handed over, no port, no card: QEMU gets nothing that it would open. */
static void test_no_network_unless_asked_for(void **state)
{
	_cleanup_strv_ struct strv argv = {0}, user = {0};
	struct vm_config c = config();

	(void)state;
	make(&c, &all_fds, NULL, &argv);
	assert_false(mentions(&argv, "net"));
	assert_false(mentions(&argv, "tcp"));
	assert_false(mentions(&argv, "vnc"));
	c.network = VM_NET_USER;
	c.host = VM_NET_HOST;
	make(&c, &all_fds, NULL, &user);
	assert_string_equal(value(&user, "-netdev", 0), "user,id=net0,restrict=on");
	assert_true(mentions(&user, "virtio-net-pci,romfile=,netdev=net0,mac=52:54:00:12:34:0f"));
	assert_false(mentions(&user, "fwd"));
}

static void test_networks_that_lead_somewhere(void **state)
{
	_cleanup_strv_ struct strv internet = {0}, forward = {0}, vde = {0};
	struct vm_config c = config();

	(void)state;
	c.host = 16;
	c.network = VM_NET_INTERNET;
	make(&c, &all_fds, NULL, &internet);
	assert_string_equal(value(&internet, "-netdev", 0), "user,id=net0,restrict=off");
	c.network = VM_NET_USER;
	c.forwards[0] = (struct vm_forward){8080, 80};
	c.forwards[1] = (struct vm_forward){2222, 22};
	c.nforwards = 2;
	make(&c, &all_fds, NULL, &forward);
	assert_string_equal(
		value(&forward, "-netdev", 0),
		"user,id=net0,restrict=on,hostfwd=tcp::20000-:80,hostfwd=tcp::20001-:22");
	c.network = VM_NET_VDE;
	c.vde = "/run/a,b";
	make(&c, &all_fds, NULL, &vde);
	assert_string_equal(value(&vde, "-netdev", 0), "vde,id=net0,sock=/run/a,,b");
	assert_true(mentions(&vde, "mac=52:54:00:12:34:10"));
}

static void test_vmcoreinfo_for_dumps(void **state)
{
	_cleanup_strv_ struct strv without = {0}, with = {0};
	struct vm_config c = config();

	(void)state;
	make(&c, &all_fds, NULL, &without);
	assert_false(mentions(&without, "vmcoreinfo"));
	c.vmcoreinfo = true;
	make(&c, &all_fds, NULL, &with);
	assert_true(mentions(&with, "vmcoreinfo"));
}

static void test_kvm_is_used_only_when_chosen(void **state)
{
	_cleanup_strv_ struct strv tcg = {0}, kvm = {0};
	struct vm_config c = config();

	(void)state;
	make(&c, &all_fds, NULL, &tcg);
	assert_false(mentions(&tcg, "kvm"));
	c.accel = ACCEL_KVM;
	make(&c, &all_fds, NULL, &kvm);
	assert_string_equal(value(&kvm, "-accel", 0), "kvm");
	assert_string_equal(value(&kvm, "-cpu", 0), "host,migratable=on");
}

/* In QEMU's syntax a comma begins the next option: in a path it is written twice. */
static void test_commas_in_paths(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct vm_config c = config();

	(void)state;
	c.out = "/home/u/o,ut,readonly=off";
	disks_add(&c.disks, DISK_IMAGE, bus_find("virtio-blk", NULL), "/i,snapshot=off", 0);
	disks_add(&c.disks, DISK_SCRATCH, bus_find("virtio-blk", NULL), "/s,\"x", 1 << 20);
	assert_int_equal(disks_place(&c.disks, "pcie.0", NULL), 0);
	make(&c, &all_fds, NULL, &argv);
	assert_string_equal(
		value(&argv, "-fsdev", 0),
		"local,id=ktest-out,multidevs=remap,security_model=mapped-file,fmode=0644,"
		"dmode=0755,path=/home/u/o,,ut,,readonly=off");
	assert_string_equal(value(&argv, "-drive", 0),
			    "if=none,id=image0-node,format=raw,snapshot=on,file=/i,,snapshot=off");
	/* JSON has its own way */
	assert_non_null(strstr(value(&argv, "-blockdev", 0), "\"filename\":\"/s,\\\"x\""));
	assert_string_equal(value(&argv, "-kernel", 0), "/k,ernel/vmlinuz");
	config_done(&c);
}

static void test_view_is_read_only_and_output_is_mapped(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct vm_config c = config();

	(void)state;
	view_add(&c.view, VIEW_BIND, "/usr", "/usr");
	c.out = "/out";
	c.out_xattr = true;
	make(&c, &all_fds, NULL, &argv);
	assert_string_equal(value(&argv, "-fsdev", 0),
			    "local,id=ktest-view,multidevs=remap,readonly=on,security_model=none,"
			    "path=/ktest-view");
	assert_string_equal(value(&argv, "-fsdev", 1),
			    "local,id=ktest-out,multidevs=remap,security_model=mapped-xattr,"
			    "fmode=0644,dmode=0755,path=/out");
	assert_null(value(&argv, "-fsdev", 2));
	assert_true(mentions(&argv, "virtio-9p-pci,fsdev=ktest-view,mount_tag=ktest-view"));
	assert_true(mentions(&argv, "virtio-9p-pci,fsdev=ktest-out,mount_tag=ktest-out"));
	config_done(&c);
}

/* Without bubblewrap each directory of the view is a share of its own, by its path on the host. */
static void test_binds_of_the_keeper(void **state)
{
	_cleanup_strv_ struct strv argv = {0}, binds = {0};
	struct vm_config c = config();

	(void)state;
	view_add(&c.view, VIEW_BIND, "/usr", "/usr");
	view_add(&c.view, VIEW_BIND, "/host/t", "/home/u/t,ree");
	strv_addv(&binds, "/usr", "/host/t", NULL);
	make(&c, &all_fds, &binds, &argv);
	assert_non_null(strstr(value(&argv, "-fsdev", 1), "id=ktest-view.0,"));
	assert_true(
		str_ends(value(&argv, "-fsdev", 1), ",readonly=on,security_model=none,path=/usr"));
	assert_non_null(strstr(value(&argv, "-fsdev", 2), "id=ktest-view.1,"));
	assert_true(str_ends(value(&argv, "-fsdev", 2),
			     ",readonly=on,security_model=none,path=/home/u/t,,ree"));
	assert_true(mentions(&argv, "virtio-9p-pci,fsdev=ktest-view.1,mount_tag=ktest-view.1"));
	config_done(&c);
}

static void test_disks_come_after_what_they_hang_on(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct vm_config c = config();
	size_t bridge = 0, disk = 0, node = 0;

	(void)state;
	disks_add(&c.disks, DISK_SLOW, bus_find("ahci", NULL), "/s", 1 << 20);
	assert_int_equal(disks_place(&c.disks, "pcie.0", NULL), 0);
	make(&c, &all_fds, NULL, &argv);
	for (size_t i = 0; i < argv.n; i++) {
		bridge = strstr(argv.v[i], "\"id\":\"ctl-ahci0\"") ? i : bridge;
		node = !strcmp(argv.v[i], "-blockdev") ? i : node;
		disk = strstr(argv.v[i], "\"id\":\"slow0\",\"drive\"") ? i : disk;
	}
	assert_true(bridge && bridge < disk);
	assert_true(node && node < disk);
	assert_string_equal(value(&argv, "-object", 0),
			    "{\"qom-type\":\"throttle-group\",\"id\":\"slow0\",\"limits\":"
			    "{\"bps-total\":16777216,\"iops-total\":200}}");
	config_done(&c);
}

static void test_pmem_makes_room_in_the_machine(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct vm_config c = config();

	(void)state;
	disks_add(&c.disks, DISK_PMEM, NULL, "/p0", 64 << 20);
	disks_add(&c.disks, DISK_PMEM, NULL, "/p1", (1 << 20) + 1);
	assert_int_equal(disks_place(&c.disks, "pcie.0", NULL), 0);
	make(&c, &all_fds, NULL, &argv);
	assert_string_equal(value(&argv, "-machine", 0), "q35,nvdimm=on");
	assert_string_equal(value(&argv, "-m", 0), "size=2048M,slots=2,maxmem=2115M");
	assert_string_equal(value(&argv, "-object", 0),
			    "{\"qom-type\":\"memory-backend-file\",\"id\":\"mem-pmem0\","
			    "\"mem-path\":\"/p0\",\"size\":67108864,\"share\":true}");
	config_done(&c);
}

/* A guest that is saved writes its memory to the file; one that goes on as it only reads it. */
static void test_memory_that_is_a_file(void **state)
{
	_cleanup_strv_ struct strv saved = {0}, restored = {0}, newer = {0};
	struct vm_config c = config();
	struct vm_fds fds = all_fds;

	(void)state;
	c.mem = "/t/m,em";
	make(&c, &fds, NULL, &saved);
	assert_string_equal(value(&saved, "-object", 0),
			    "{\"qom-type\":\"memory-backend-file\",\"id\":\"mem\","
			    "\"mem-path\":\"/t/m,em\",\"size\":2147483648,\"share\":true}");
	assert_string_equal(value(&saved, "-machine", 0), "q35,memory-backend=mem");
	assert_null(value(&saved, "-incoming", 0));
	c.state = "/t/state";
	fds.state = 15;
	make(&c, &fds, NULL, &restored);
	assert_string_equal(value(&restored, "-object", 0),
			    "{\"qom-type\":\"memory-backend-file\",\"id\":\"mem\","
			    "\"mem-path\":\"/t/m,em\",\"size\":2147483648,\"share\":false}");
	assert_string_equal(value(&restored, "-incoming", 0), "defer");
	assert_false(mentions(&restored, "/t/state"));
	c.mem_read_only = true;
	make(&c, &fds, NULL, &newer);
	assert_non_null(strstr(value(&newer, "-object", 0), "\"readonly\":true,\"rom\":\"off\""));
}

/* But for that, the machine of both is the same to the last word. */
static void test_a_restored_machine_is_the_saved_one(void **state)
{
	_cleanup_strv_ struct strv saved = {0}, restored = {0};
	struct vm_config c = config();
	size_t other = 0, k = 0;

	(void)state;
	disks_add(&c.disks, DISK_SCRATCH, bus_find("virtio-blk", NULL), "/s", 1 << 20);
	assert_int_equal(disks_place(&c.disks, "pcie.0", NULL), 0);
	c.out = "/out";
	c.network = VM_NET_USER;
	c.host = VM_NET_HOST;
	c.mem = "/t/mem";
	make(&c, &all_fds, NULL, &saved);
	c.state = "/t/state";
	make(&c, &all_fds, NULL, &restored);
	for (size_t i = 0; i < saved.n; i++, k++) {
		if (!strcmp(restored.v[k], "-incoming"))
			k += 2;
		other += strcmp(saved.v[i], restored.v[k]) != 0;
	}
	assert_int_equal(k, restored.n);
	assert_int_equal(other, 1);
	config_done(&c);
}

/* What is written to it is the guest's that writes it, once it has been saved. */
static void test_saved_pmem(void **state)
{
	_cleanup_strv_ struct strv saved = {0}, restored = {0};
	struct vm_config c = config();

	(void)state;
	disks_add(&c.disks, DISK_PMEM, NULL, "/p0", 64 << 20);
	assert_int_equal(disks_place(&c.disks, "pcie.0", NULL), 0);
	c.mem = "/t/mem";
	make(&c, &all_fds, NULL, &saved);
	assert_string_equal(value(&saved, "-machine", 0), "q35,nvdimm=on,memory-backend=mem");
	assert_non_null(strstr(value(&saved, "-object", 1), "\"share\":true"));
	c.state = "/t/state";
	make(&c, &all_fds, NULL, &restored);
	assert_non_null(strstr(value(&restored, "-object", 1), "\"share\":false"));
	config_done(&c);
}

/* An image that a saved guest wrote over has layers, and is no snapshot of QEMU's any more. */
static void test_images_with_layers(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct vm_config c = config();

	(void)state;
	disk_cover(disks_add(&c.disks, DISK_IMAGE, bus_find("virtio-blk", NULL), "/i", 0), "/l");
	assert_int_equal(disks_place(&c.disks, "pcie.0", NULL), 0);
	make(&c, &all_fds, NULL, &argv);
	assert_null(value(&argv, "-drive", 0));
	assert_non_null(strstr(value(&argv, "-blockdev", 0), "\"filename\":\"/l\""));
	assert_non_null(strstr(value(&argv, "-blockdev", 0), "\"filename\":\"/i\""));
	config_done(&c);
}

static void test_kernel_command_line_has_a_limit(void **state)
{
	_cleanup_strv_ struct strv fits = {0}, argv = {0}, none = {0};
	struct vm_config c = config();
	struct err err = {0};
	char append[2049];

	(void)state;
	memset(append, 'a', sizeof(append));
	append[2047] = '\0';
	c.append = append;
	make(&c, &all_fds, NULL, &fits);
	assert_string_equal(value(&fits, "-append", 0), append);
	append[2047] = 'a';
	append[2048] = '\0';
	assert_int_equal(vm_args(&c, &all_fds, "/v", &none, &argv, &err), -E2BIG);
	assert_non_null(strstr(err.msg, "2048 characters, it can take 2047"));
}

/* The user's own come where QEMU takes the last word. */
static void test_additions_stand_first_and_last(void **state)
{
	_cleanup_strv_ struct strv argv = {0};
	struct vm_config c = config();

	(void)state;
	strv_addv(&c.qemu_prepend, "-early", "x,y", NULL);
	strv_addv(&c.qemu_append, "-cpu", "Nehalem", NULL);
	make(&c, &all_fds, NULL, &argv);
	assert_string_equal(argv.v[1], "-early");
	assert_string_equal(argv.v[2], "x,y");
	assert_string_equal(value(&argv, "-cpu", 0), "max");
	assert_string_equal(value(&argv, "-cpu", 1), "Nehalem");
	config_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smallest_machine),
		cmocka_unit_test(test_monitor_for_the_user_listens),
		cmocka_unit_test(test_no_network_unless_asked_for),
		cmocka_unit_test(test_networks_that_lead_somewhere),
		cmocka_unit_test(test_vmcoreinfo_for_dumps),
		cmocka_unit_test(test_kvm_is_used_only_when_chosen),
		cmocka_unit_test(test_commas_in_paths),
		cmocka_unit_test(test_view_is_read_only_and_output_is_mapped),
		cmocka_unit_test(test_binds_of_the_keeper),
		cmocka_unit_test(test_disks_come_after_what_they_hang_on),
		cmocka_unit_test(test_pmem_makes_room_in_the_machine),
		cmocka_unit_test(test_memory_that_is_a_file),
		cmocka_unit_test(test_a_restored_machine_is_the_saved_one),
		cmocka_unit_test(test_saved_pmem),
		cmocka_unit_test(test_images_with_layers),
		cmocka_unit_test(test_kernel_command_line_has_a_limit),
		cmocka_unit_test(test_additions_stand_first_and_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
