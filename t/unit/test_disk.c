// SPDX-License-Identifier: GPL-2.0-only
/* Where disks go: names in the guest follow the order, and what a bus cannot hold is refused. */
#include "t/unit/unit.h"

#include "base/json.h"
#include "vm/disk.h"

static const char *const bus_names[] = {"virtio-blk", "virtio-scsi-pci", "ahci", "piix4-ide", "lsi",
					"nvme"};

static const struct bus *bus(const char *name)
{
	const struct bus *b = bus_find(name, NULL);

	assert_non_null(b);
	return b;
}

static void scratch(struct disks *d, const char *bus_name, int n)
{
	for (int i = 0; i < n; i++)
		disks_add(d, DISK_SCRATCH, bus(bus_name), "/d", 1 << 20);
}

static const char *device(const struct disks *d, size_t i, const char *key)
{
	return json_get_str(d->v[i].device, key);
}

static bool is_there(const struct disks *d, const char *id)
{
	const json_t *row;
	size_t i;

	json_array_foreach (d->bridges, i, row)
		if (str_eq(json_get_str(row, "id"), id))
			return true;
	return str_eq(id, "pcie.0");
}

/* A device without what names it: its place. */
static json_t *place_of(const json_t *device)
{
	json_t *place = json_deep_copy(device);

	json_object_del(place, "id");
	json_object_del(place, "drive");
	json_object_del(place, "serial");
	return place;
}

static bool same_place(const struct disk *a, const struct disk *b)
{
	_cleanup_json_ json_t *x = place_of(a->device);
	_cleanup_json_ json_t *y = place_of(b->device);

	return json_equal(x, y);
}

/*
 * What holds for every bus and number: unique ids, the drive and serial number named by them, a
 * place that exists and is taken once.
 */
static void check_places(const struct disks *d)
{
	for (size_t i = 0; i < d->n; i++) {
		_cleanup_free_ char *parent = xstrdup(device(d, i, "bus")),
				    *node = xasprintf("%s-node", d->v[i].id);

		assert_string_equal(device(d, i, "id"), d->v[i].id);
		assert_string_equal(device(d, i, "serial"), d->v[i].id);
		assert_string_equal(device(d, i, "drive"), node);
		assert_string_equal(device(d, i, "driver"), d->v[i].bus->device);
		if (d->v[i].bus->controller)
			*strrchr(parent, '.') = '\0';
		assert_true(is_there(d, parent));
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(d->v[k].id, d->v[i].id);
			assert_false(same_place(&d->v[k], &d->v[i]));
		}
	}
}

static void test_every_bus_holds_what_it_says(void **state)
{
	static const int numbers[] = {0, 1, 8, 9, 64};

	(void)state;
	for (size_t b = 0; b < ARRAY_SIZE(bus_names); b++)
		for (size_t k = 0; k < ARRAY_SIZE(numbers); k++) {
			struct disks d = {0};
			struct err err = {0};
			int max = bus(bus_names[b])->max;

			scratch(&d, bus_names[b], numbers[k]);
			if (max && numbers[k] > max) {
				assert_int_equal(disks_place(&d, "pcie.0", &err), -EINVAL);
				assert_non_null(strstr(err.msg, bus_names[b]));
			} else {
				assert_int_equal(disks_place(&d, "pcie.0", &err), 0);
				check_places(&d);
			}
			disks_done(&d);
		}
}

static void test_piix4_has_two_channels_of_two(void **state)
{
	static const struct {
		const char *bus;
		int unit;
	} want[] = {{"ctl-piix4-ide0.0", 0},
		    {"ctl-piix4-ide0.0", 1},
		    {"ctl-piix4-ide0.1", 0},
		    {"ctl-piix4-ide0.1", 1}};
	struct disks d = {0};
	struct err err = {0};

	(void)state;
	scratch(&d, "piix4-ide", 4);
	assert_int_equal(disks_place(&d, "pcie.0", &err), 0);
	assert_int_equal(json_array_size(d.bridges), 1);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(device(&d, i, "bus"), want[i].bus);
		assert_int_equal(json_get_int(d.v[i].device, "unit", -1), want[i].unit);
	}
	disks_done(&d);
	scratch(&d, "piix4-ide", 5);
	assert_int_equal(disks_place(&d, "pcie.0", &err), -EINVAL);
	assert_string_equal(err.msg,
			    "piix4-ide takes 4 disks, the test wants more; use another bus");
	disks_done(&d);
}

static void controllers(const char *name, int disks, size_t want, const char *last_bus, int last_id)
{
	struct disks d = {0};

	scratch(&d, name, disks);
	assert_int_equal(disks_place(&d, "pcie.0", NULL), 0);
	assert_int_equal(json_array_size(d.bridges), want);
	assert_string_equal(device(&d, d.n - 1, "bus"), last_bus);
	assert_int_equal(json_get_int(d.v[d.n - 1].device, "scsi-id", -1), last_id);
	disks_done(&d);
}

static void test_a_full_controller_is_followed_by_another(void **state)
{
	(void)state;
	controllers("ahci", 6, 1, "ctl-ahci0.5", -1);
	controllers("ahci", 7, 2, "ctl-ahci1.0", -1);
	controllers("ahci", 64, 11, "ctl-ahci10.3", -1);
	/* 7 is the adapter's own id. */
	controllers("lsi", 7, 1, "ctl-lsi53c895a0.0", 6);
	controllers("lsi", 8, 2, "ctl-lsi53c895a1.0", 0);
	controllers("virtio-scsi-pci", 64, 1, "ctl-virtio-scsi-pci0.0", 63);
	controllers("virtio-scsi-pci", 65, 2, "ctl-virtio-scsi-pci1.0", 0);
}

static void test_few_pci_disks_have_a_root_port_each(void **state)
{
	struct disks d = {0};
	char port[16];

	(void)state;
	scratch(&d, "virtio-blk", 8);
	assert_int_equal(disks_place(&d, "pcie.0", NULL), 0);
	assert_int_equal(json_array_size(d.bridges), 8);
	for (size_t i = 0; i < 8; i++) {
		const json_t *row = json_array_get(d.bridges, i);

		snprintf(port, sizeof(port), "port%zu", i);
		assert_string_equal(json_get_str(row, "driver"), "pcie-root-port");
		assert_string_equal(json_get_str(row, "bus"), "pcie.0");
		assert_int_equal(json_get_int(row, "chassis", 0), i + 1);
		assert_string_equal(device(&d, i, "bus"), port);
		assert_null(device(&d, i, "addr"));
	}
	disks_done(&d);
}

static void test_many_pci_disks_share_bridges_in_order(void **state)
{
	struct disks d = {0};

	(void)state;
	scratch(&d, "nvme", 64);
	assert_int_equal(disks_place(&d, "pcie.0", NULL), 0);
	assert_int_equal(json_array_size(d.bridges), 3);
	for (size_t i = 0; i < 64; i++) {
		char name[16], addr[8];

		snprintf(name, sizeof(name), "bridge%zu", i / 31);
		snprintf(addr, sizeof(addr), "%zx", i % 31 + 1); /* slot 0 is the bridge's own */
		assert_string_equal(device(&d, i, "bus"), name);
		assert_string_equal(device(&d, i, "addr"), addr);
	}
	disks_done(&d);
}

/* The guest finds the root first, whatever was declared before it, and its names do not shift. */
static void test_root_sits_on_the_bus_itself(void **state)
{
	struct disks d = {0};

	(void)state;
	scratch(&d, "virtio-blk", 8);
	disks_add(&d, DISK_ROOT, bus("virtio-blk"), "/root.img", 0);
	disks_add(&d, DISK_PMEM, NULL, "/p", 64 << 20);
	assert_int_equal(disks_place(&d, "pcie.0", NULL), 0);
	assert_string_equal(device(&d, 8, "bus"), "pcie.0");
	/* neither it nor the pmem counts among the eight */
	assert_int_equal(json_array_size(d.bridges), 8);
	assert_string_equal(device(&d, 9, "driver"), "nvdimm");
	assert_string_equal(device(&d, 9, "memdev"), "mem-pmem0");
	disks_done(&d);
}

static void test_buses_are_mixed_and_indexes_count_per_role(void **state)
{
	struct disks d = {0};

	(void)state;
	disks_add(&d, DISK_UPPER, bus("virtio-blk"), "/u", 1);
	disks_add(&d, DISK_SCRATCH, bus("lsi"), "/a", 1);
	disks_add(&d, DISK_SLOW, bus("lsi"), "/b", 1);
	disks_add(&d, DISK_SCRATCH, bus("lsi"), "/c", 1);
	assert_int_equal(disks_place(&d, "pcie.0", NULL), 0);
	check_places(&d);
	assert_string_equal(d.v[3].id, "scratch1");
	assert_int_equal(json_get_int(d.v[3].device, "scsi-id", -1), 2);
	assert_ptr_equal(disks_find(&d, DISK_SCRATCH, 1), &d.v[3]);
	assert_ptr_equal(disks_find(&d, DISK_SLOW, 0), &d.v[2]);
	assert_null(disks_find(&d, DISK_SLOW, 1));
	assert_int_equal(disks_count(&d, DISK_SCRATCH), 2);
	disks_done(&d);
	assert_int_equal(d.n, 0);
}

static void test_unknown_bus_lists_what_there_is(void **state)
{
	struct err err = {0};

	(void)state;
	assert_null(bus_find("virtio", &err));
	assert_true(err.usage);
	assert_string_equal(err.msg,
			    "no storage bus 'virtio'; there are virtio-blk, virtio-scsi-pci, "
			    "ahci, piix4-ide, lsi, nvme");
	for (size_t i = 0; i < ARRAY_SIZE(bus_names); i++)
		assert_string_equal(bus(bus_names[i])->name, bus_names[i]);
}

/* ---- backends */

static void blockdev(enum disk_role role, const char *path, const char *want)
{
	struct disks d = {0};
	const struct disk *disk = disks_add(&d, role, bus("virtio-blk"), path, 1 << 20);
	_cleanup_json_ json_t *node = disk_blockdev(disk);
	_cleanup_free_ char *text = json_dumps(node, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, want);
	disks_done(&d);
}

static void test_backends(void **state)
{
	(void)state;
	unit_write("q,cow", "QFI\xfb and more");
	blockdev(DISK_SCRATCH, "/vm/s",
		 "{\"discard\":\"unmap\",\"driver\":\"raw\",\"file\":{\"cache\":{\"direct\":false,"
		 "\"no-flush\":true},\"discard\":\"unmap\",\"driver\":\"file\",\"filename\":\"/vm/"
		 "s\","
		 "\"read-only\":false},\"node-name\":\"scratch0-node\",\"read-only\":false}");
	blockdev(DISK_SLOW, "/vm/s",
		 "{\"driver\":\"throttle\",\"file\":{\"discard\":\"unmap\",\"driver\":\"raw\","
		 "\"file\":{\"cache\":{\"direct\":false,\"no-flush\":true},\"discard\":\"unmap\","
		 "\"driver\":\"file\",\"filename\":\"/vm/"
		 "s\",\"read-only\":false},\"read-only\":false},"
		 "\"node-name\":\"slow0-node\",\"throttle-group\":\"slow0\"}");
	/* The user's own file: flushed, of its own format, a comma is just a comma. */
	blockdev(
		DISK_RW_IMAGE, "q,cow",
		"{\"discard\":\"unmap\",\"driver\":\"qcow2\",\"file\":{\"cache\":{\"direct\":false,"
		"\"no-flush\":false},\"discard\":\"unmap\",\"driver\":\"file\",\"filename\":\"q,"
		"cow\","
		"\"read-only\":false},\"node-name\":\"rw0-node\",\"read-only\":false}");
	blockdev(DISK_ROOT, "/root.img",
		 "{\"driver\":\"raw\",\"file\":{\"cache\":{\"direct\":false,\"no-flush\":false},"
		 "\"driver\":\"file\",\"filename\":\"/root.img\",\"read-only\":true},"
		 "\"node-name\":\"root0-node\",\"read-only\":true}");
}

/* What is read only is told to QEMU at every level. */
static void test_packs_are_read_only(void **state)
{
	(void)state;
	blockdev(DISK_PACK, "/cache/tree-1",
		 "{\"driver\":\"raw\",\"file\":{\"cache\":{\"direct\":false,\"no-flush\":true},"
		 "\"driver\":\"file\",\"filename\":\"/cache/tree-1\",\"read-only\":true},"
		 "\"node-name\":\"pack0-node\",\"read-only\":true}");
}

static const char *file_of(const json_t *node)
{
	return json_get_str(json_object_get(node, "file"), "filename");
}

/* Only the uppermost is written, and what lies under it is no layer's own word. */
static void check_layer(const json_t *node, const char *path, const char *format)
{
	const json_t *file = json_object_get(node, "file");

	assert_string_equal(json_get_str(node, "driver"), format);
	assert_string_equal(json_get_str(file, "driver"), "file");
	assert_string_equal(file_of(node), path);
	assert_true(json_is_true(json_object_get(node, "read-only")));
	assert_true(json_is_true(json_object_get(file, "read-only")));
}

static void test_layers(void **state)
{
	struct disks d = {0};
	struct disk *disk;
	_cleanup_json_ json_t *one = NULL, *two = NULL;
	const json_t *under;

	(void)state;
	unit_write("image", "QFI\xfb and more");
	disk = disks_add(&d, DISK_IMAGE, bus("virtio-blk"), "image", 1 << 20);
	disk_cover(disk, "written, by the saved guest");
	one = disk_blockdev(disk);
	assert_string_equal(json_get_str(one, "node-name"), "image0-node");
	assert_string_equal(json_get_str(one, "driver"), "qcow2");
	assert_string_equal(file_of(one), "written, by the saved guest");
	assert_true(json_is_false(json_object_get(one, "read-only")));
	under = json_object_get(one, "backing");
	check_layer(under, "image", "qcow2");
	assert_null(json_object_get(under, "backing"));

	disk_cover(disk, "own");
	two = disk_blockdev(disk);
	assert_string_equal(file_of(two), "own");
	assert_string_equal(json_get_str(two, "discard"), "unmap");
	under = json_object_get(two, "backing");
	check_layer(under, "written, by the saved guest", "qcow2");
	under = json_object_get(under, "backing");
	check_layer(under, "image", "qcow2");
	disks_done(&d);
}

static void test_a_throttled_disk_is_throttled_above_its_layers(void **state)
{
	struct disks d = {0};
	struct disk *disk = disks_add(&d, DISK_SLOW, bus("ahci"), "saved", 1 << 20);
	_cleanup_json_ json_t *node = NULL;
	const json_t *inner;

	(void)state;
	disk_cover(disk, "own");
	node = disk_blockdev(disk);
	assert_string_equal(json_get_str(node, "driver"), "throttle");
	assert_string_equal(json_get_str(node, "node-name"), "slow0-node");
	assert_null(json_object_get(node, "backing"));
	inner = json_object_get(node, "file");
	assert_string_equal(file_of(inner), "own");
	check_layer(json_object_get(inner, "backing"), "saved", "raw");
	disks_done(&d);
}

/* What lies on a disk of the guest's own never decides how the host reads it. */
static void test_format_is_looked_at_for_images_only(void **state)
{
	struct disks d = {0};

	(void)state;
	unit_write("looks", "QFI\xfb");
	unit_write("short", "QFI");
	assert_string_equal(disk_format("looks"), "qcow2");
	assert_string_equal(disk_format("short"), "raw");
	assert_string_equal(disk_format("missing"), "raw");
	assert_string_equal(disks_add(&d, DISK_SCRATCH, bus("nvme"), "looks", 1)->format, "raw");
	assert_string_equal(disks_add(&d, DISK_IMAGE, bus("nvme"), "looks", 1)->format, "qcow2");
	disks_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bus_holds_what_it_says),
		cmocka_unit_test(test_piix4_has_two_channels_of_two),
		cmocka_unit_test(test_a_full_controller_is_followed_by_another),
		cmocka_unit_test(test_few_pci_disks_have_a_root_port_each),
		cmocka_unit_test(test_many_pci_disks_share_bridges_in_order),
		cmocka_unit_test(test_root_sits_on_the_bus_itself),
		cmocka_unit_test(test_buses_are_mixed_and_indexes_count_per_role),
		cmocka_unit_test(test_unknown_bus_lists_what_there_is),
		cmocka_unit_test(test_backends),
		cmocka_unit_test(test_packs_are_read_only),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_a_throttled_disk_is_throttled_above_its_layers),
		cmocka_unit_test(test_format_is_looked_at_for_images_only),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
