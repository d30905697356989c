// SPDX-License-Identifier: GPL-2.0-only
/* The verdict lines of foreign libraries: what is one, what it says, and what merely looks like it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "run/lines.h"

static const struct {
	const char *line;
	enum line_kind kind;
	const char *name;
	int64_t seconds;
	const char *reason;
} verdicts[] = {
	{"========= TEST   a_b", LINE_TEST, "a_b", 0, ""},
	{"========= TEST   generic/001", LINE_TEST, "generic/001", 0, ""},
	{"========= PASSED a in 12s", LINE_PASSED, "a", 12, ""},
	{"========= PASSED a in 12s\r", LINE_PASSED, "a", 12, ""},
	{"\r========= PASSED a in 12s", LINE_PASSED, "a", 12, ""},
	{"[   12.345678] ========= PASSED a in 12s", LINE_PASSED, "a", 12, ""},
	{"<4>[   12.345678][ T12] ========= FAILED a in 0s", LINE_FAILED, "a", 0, ""},
	{"========= FAILED TIMEOUT a in 60s", LINE_TIMEOUT, "a", 60, ""},
	{"========= FAILED TIMEOUT in 3s", LINE_FAILED, "TIMEOUT", 3, ""},
	{"========= NOTRUN a in 0s: no such device", LINE_NOTRUN, "a", 0, "no such device"},
	{"========= NOTRUN a in 0s", LINE_NOTRUN, "a", 0, ""},
	{"========= NOTRUN a in 0s: \x1b[31mred", LINE_NOTRUN, "a", 0, "?[31mred"},
	{"WATCHDOG 300", LINE_WATCHDOG, "", 300, ""},
	{"TEST SUCCESS", LINE_SUCCESS, "", 0, ""},
	{"[    1.000000] TEST FAILED\r", LINE_FAILURE, "", 0, ""},
	{"Kernel version: 6.1.0-56-amd64", LINE_KERNEL, "6.1.0-56-amd64", 0, ""},
};

static enum line_kind parse(const char *line, struct line_event *ev)
{
	return line_parse(line, strlen(line), ev);
}

static void test_verdicts(void **state)
{
	struct line_event ev;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		assert_int_equal(parse(verdicts[i].line, &ev), verdicts[i].kind);
		assert_string_equal(ev.name, verdicts[i].name);
		assert_int_equal(ev.seconds, verdicts[i].seconds);
		assert_string_equal(ev.reason, verdicts[i].reason);
	}
}

static void test_look_alikes(void **state)
{
	static const char *const lines[] = {
		"",
		"=",
		" ========= PASSED a in 12s",
		"+ echo ========= PASSED a in 12s",
		"\"========= PASSED a in 12s\"",
		"========= PASSED a in 12s and more",
		"========= PASSED a b in 12s",
		"========= PASSED a in s",
		"========= PASSED a in -1s",
		"========= PASSED a in 99999999999999999999s",
		"========= PASSED  in 1s",
		"========= PASSED a",
		"========= TEST   ",
		"========= TEST   a b",
		"========= TEST a",
		"========= NOT STARTED",
		"========== PASSED a in 1s",
		"WATCHDOG",
		"WATCHDOG soon",
		"WATCHDOG 10 20",
		"TEST SUCCESSFUL",
		"TEST FAILED: not",
		"Kernel version: ",
		"foo TEST SUCCESS",
		"UNEXPECTED REBOOT: got a expected b",
	};
	struct line_event ev;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(parse(lines[i], &ev), LINE_NONE);
	/* A NUL ends no line. */
	assert_int_equal(line_parse("TEST SUCCESS\0x", 14, &ev), LINE_NONE);
	assert_int_equal(line_parse("\0TEST SUCCESS", 13, &ev), LINE_NONE);
}

static void test_long_names(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	struct line_event ev;

	(void)state;
	strbuf_puts(&b, "========= TEST   ");
	for (int i = 0; i < 200; i++)
		strbuf_putc(&b, 'x');
	assert_int_equal(line_parse(b.s, b.len, &ev), LINE_TEST);
	assert_int_equal(strlen(ev.name), 200);
	strbuf_putc(&b, 'x');
	assert_int_equal(line_parse(b.s, b.len, &ev), LINE_NONE);
}

/* Disks go and come; nothing else of QEMU's monitor is reached from a console. */
static void test_monitor(void **state)
{
	static const struct {
		const char *line;
		enum line_hotplug what;
		const char *device;
		int index;
	} t[] = {
		{"QEMU_MONITOR device_del vd3", HOTPLUG_UNPLUG, "vd3", 3},
		{"QEMU_MONITOR device_add virtio-blk-pci,drive=hd3,id=vd3,serial=x", HOTPLUG_PLUG,
		 "vd3", 3},
		{"QEMU_MONITOR unplug 2", HOTPLUG_UNPLUG, "", 2},
		{"QEMU_MONITOR plug 2", HOTPLUG_PLUG, "", 2},
		{"QEMU_MONITOR device_del disk", HOTPLUG_UNPLUG, "disk", -1},
		{"QEMU_MONITOR quit", HOTPLUG_REFUSED, "", -1},
		{"QEMU_MONITOR migrate exec:sh", HOTPLUG_REFUSED, "", -1},
		{"QEMU_MONITOR device_del vd3; quit", HOTPLUG_REFUSED, "", -1},
		{"QEMU_MONITOR device_del ../x", HOTPLUG_REFUSED, "", -1},
		{"QEMU_MONITOR device_add virtio-blk-pci,drive=hd3", HOTPLUG_REFUSED, "", -1},
		{"QEMU_MONITOR device_add x,id=", HOTPLUG_REFUSED, "", -1},
		{"QEMU_MONITOR device_del 99999999999999999999", HOTPLUG_REFUSED, "", -1},
		{"QEMU_MONITOR device_del a_name_that_is_far_too_long_to_be_one_of_a_device",
		 HOTPLUG_REFUSED, "", -1},
	};
	struct line_event ev;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(parse(t[i].line, &ev), LINE_MONITOR);
		assert_int_equal(ev.hotplug, t[i].what);
		assert_string_equal(ev.device, t[i].device);
		assert_int_equal(ev.index, t[i].index);
		assert_string_equal(ev.reason, t[i].line + strlen("QEMU_MONITOR "));
	}
}

static void test_reboot(void **state)
{
	struct line_event ev;

	(void)state;
	assert_int_equal(parse("UNEXPECTED REBOOT: got 2 expected 1", &ev), LINE_REBOOT);
	assert_int_equal(ev.got, 2);
	assert_int_equal(ev.expected, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),   cmocka_unit_test(test_look_alikes),
		cmocka_unit_test(test_long_names), cmocka_unit_test(test_monitor),
		cmocka_unit_test(test_reboot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
