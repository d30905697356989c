// SPDX-License-Identifier: GPL-2.0-only
/* What a self-test sends and what it believes of what comes back. */
#include "t/unit/unit.h"

#include "base/file.h"
#include "run/selftest_data.h"

static struct selftest_vm machine(void)
{
	struct selftest_vm m = {.config = {.cpus = 3}};
	struct err err;

	disks_add(&m.config.disks, DISK_SCRATCH, bus_find("virtio-blk", &err), "disk", 1 << 20);
	strv_addv(&m.modules.paths, "/k/drivers/virtio-pci-modern-dev.ko.xz", "/k/x/virtio_blk.ko",
		  NULL);
	return m;
}

static void machine_done(struct selftest_vm *m)
{
	disks_done(&m->config.disks);
	module_set_done(&m->modules);
}

static char frame_buf[FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX];

static struct frame finish(struct frame_writer *w)
{
	struct frame f;

	assert_int_equal(frame_finish(w, 0), 0);
	assert_int_equal(frame_parse(w->buf, w->len, &f), w->len);
	return f;
}

static bool has_field(const struct frame *f, const char *want)
{
	const char *key, *value;
	size_t pos = 0, len;

	while (frame_next(f, &pos, &key, &len, &value))
		if (!strncmp(want, key, len) && want[len] == '=' && !strcmp(want + len + 1, value))
			return true;
	return false;
}

static void modules_have_the_kernels_names(void **state)
{
	struct selftest_vm m = machine();
	char *names = selftest_vm_modules(&m);

	(void)state;
	assert_string_equal(names, "virtio_pci_modern_dev,virtio_blk");
	free(names);
	machine_done(&m);
}

static void no_modules_are_no_names(void **state)
{
	struct selftest_vm m = {0};
	char *names = selftest_vm_modules(&m);

	(void)state;
	assert_string_equal(names, "");
	free(names);
}

static void both_frames_are_whole(void **state)
{
	struct selftest_vm m = machine();
	struct frame_writer w;
	struct frame f;

	(void)state;
	frame_begin(&w, frame_buf, sizeof(frame_buf), FRAME_SETUP);
	selftest_setup(&m, 12345, &w);
	f = finish(&w);
	assert_true(has_field(&f, "time=12345"));
	assert_true(has_field(&f, "disk=scratch0"));
	assert_true(f.len > 48 << 10);
	frame_begin(&w, frame_buf, sizeof(frame_buf), FRAME_START);
	selftest_start(&m, 12345, "vda", &w);
	f = finish(&w);
	assert_true(has_field(&f, "arg=clock=12345"));
	assert_true(has_field(&f, "arg=processors=3"));
	assert_true(has_field(&f, "arg=modules=virtio_pci_modern_dev,virtio_blk"));
	assert_true(has_field(&f, "arg=disk=/dev/vda"));
	machine_done(&m);
}

/* "0000 a...": what the guest prints, the lines from first to last. */
static void add_lines(struct strbuf *b, int first, int last)
{
	for (int i = first; i <= last; i++) {
		strbuf_addf(b, "%04d ", i);
		for (size_t k = 0; k < 64; k++)
			strbuf_putc(b, (char)('a' + (k * 31) % 26));
		strbuf_putc(b, '\n');
	}
}

static void a_console_has_every_line_or_tells_which(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	int line = -1;

	(void)state;
	assert_false(selftest_console_whole(&b, &line));
	assert_int_equal(line, 0);
	strbuf_puts(&b, "[    1.2] Linux version\n");
	add_lines(&b, 0, 998);
	assert_false(selftest_console_whole(&b, &line));
	assert_int_equal(line, 999);
	add_lines(&b, 999, 999);
	assert_true(selftest_console_whole(&b, &line));
	b.s[500 * 70] ^= 1;
	assert_false(selftest_console_whole(&b, &line));
	assert_in_range(line, 490, 510);
}

static void lines_out_of_order_do_not_count(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	int line;

	(void)state;
	add_lines(&b, 500, 999);
	add_lines(&b, 0, 499);
	assert_false(selftest_console_whole(&b, &line));
	assert_int_equal(line, 500);
}

static void a_disk_must_have_what_was_written(void **state)
{
	char block[65536];
	struct err err = {0};
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)('a' + (i * 31 + i / 97) % 26);
	assert_true(selftest_disk_check("disk", &err) < 0);
	assert_int_equal(file_create_sparse("disk", 5ULL << 30, &err), 0);
	assert_int_equal(selftest_disk_check("disk", &err), -EIO);
	fd = open("disk", O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, block, sizeof(block), (1LL << 32) + 4096), sizeof(block));
	assert_int_equal(selftest_disk_check("disk", &err), 0);
	assert_int_equal(pwrite(fd, "?", 1, (1LL << 32) + 4096 + 65535), 1);
	assert_int_equal(selftest_disk_check("disk", &err), -EIO);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules_have_the_kernels_names),
		cmocka_unit_test(no_modules_are_no_names),
		cmocka_unit_test(both_frames_are_whole),
		cmocka_unit_test(a_console_has_every_line_or_tells_which),
		cmocka_unit_test(lines_out_of_order_do_not_count),
		cmocka_unit_test(a_disk_must_have_what_was_written),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
