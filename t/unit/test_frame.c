// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/frame.h"

/* Bytes as a program that is not ours would write them: the format is fixed by this. */
static const char wire[] = "KTF1"
			   "\x03\0"
			   "\0\0"
			   "\x07\0\0\0"
			   "\x10\0\0\0"
			   "id=a\0"
			   "message=hi";
#define WIRE_LEN sizeof(wire) /* the NUL that ends the literal ends the field */

static size_t build(char *buf, size_t cap, uint16_t type)
{
	struct frame_writer w;

	frame_begin(&w, buf, cap, type);
	frame_add(&w, "id", "a");
	frame_add(&w, "message", "hi");
	assert_int_equal(frame_finish(&w, 7), 0);
	return w.len;
}

static void the_bytes_are_those_of_the_format(void **state)
{
	char buf[64];

	(void)state;
	assert_int_equal(build(buf, sizeof(buf), FRAME_DONE), WIRE_LEN);
	assert_memory_equal(buf, wire, WIRE_LEN);
}

static void what_is_written_is_read_back(void **state)
{
	struct frame f;

	(void)state;
	assert_int_equal(frame_parse(wire, WIRE_LEN, &f), WIRE_LEN);
	assert_int_equal(f.type, FRAME_DONE);
	assert_int_equal(f.seq, 7);
	assert_string_equal(frame_get(&f, "id"), "a");
	assert_string_equal(frame_get(&f, "message"), "hi");
	assert_null(frame_get(&f, "mess"));
	assert_null(frame_get(&f, "messages"));
}

static void a_part_of_a_frame_waits_for_the_rest(void **state)
{
	struct frame f;

	(void)state;
	for (size_t n = 0; n < WIRE_LEN; n++)
		assert_int_equal(frame_parse(wire, n, &f), 0);
}

static void further_bytes_are_the_next_frame(void **state)
{
	char two[2 * WIRE_LEN];
	struct frame f;

	(void)state;
	memcpy(two, wire, WIRE_LEN);
	memcpy(two + WIRE_LEN, wire, WIRE_LEN);
	assert_int_equal(frame_parse(two, sizeof(two), &f), WIRE_LEN);
}

static void a_frame_without_fields_is_one(void **state)
{
	char buf[FRAME_HEADER_SIZE];
	struct frame_writer w;
	struct frame f;

	(void)state;
	frame_begin(&w, buf, sizeof(buf), FRAME_STOP);
	assert_int_equal(frame_finish(&w, UINT32_MAX), 0);
	assert_int_equal(frame_parse(buf, sizeof(buf), &f), FRAME_HEADER_SIZE);
	assert_int_equal(f.seq, UINT32_MAX);
	assert_null(frame_get(&f, "how"));
}

static void flags_and_types_of_the_future_are_accepted(void **state)
{
	char buf[WIRE_LEN];
	struct frame f;

	(void)state;
	memcpy(buf, wire, WIRE_LEN);
	buf[4] = (char)0xff;
	buf[5] = (char)0xff;
	buf[6] = (char)0xff;
	assert_int_equal(frame_parse(buf, WIRE_LEN, &f), WIRE_LEN);
	assert_int_equal(f.type, 0xffff);
}

static void a_wrong_magic_is_told_at_its_first_wrong_byte(void **state)
{
	struct frame f;

	(void)state;
	assert_int_equal(frame_parse("x", 1, &f), -EBADMSG);
	assert_int_equal(frame_parse("KTX", 3, &f), -EBADMSG);
	assert_int_equal(frame_parse("KTF2", 4, &f), -EBADMSG);
}

static void assert_bad_payload(const char *payload, size_t len)
{
	char buf[128] = "KTF1\x03";
	struct frame f;

	buf[12] = (char)len;
	memcpy(buf + FRAME_HEADER_SIZE, payload, len);
	assert_int_equal(frame_parse(buf, FRAME_HEADER_SIZE + len, &f), -EBADMSG);
}

static void malformed_fields_are_refused(void **state)
{
	(void)state;
	assert_bad_payload("id=a", 4); /* not ended */
	assert_bad_payload("id", 3);   /* no value */
	assert_bad_payload("=a", 3);   /* no key */
	assert_bad_payload("", 1);     /* an empty field */
	assert_bad_payload("Id=a", 5); /* not a key's letter */
	assert_bad_payload("i1=a", 5);
	assert_bad_payload("id=a\0b", 7); /* the second one */
}

static void a_length_over_the_limit_is_refused_at_once(void **state)
{
	char buf[FRAME_HEADER_SIZE] = "KTF1\x03";
	struct frame f;

	(void)state;
	buf[14] = 1; /* 65536: the limit itself */
	assert_int_equal(frame_parse(buf, sizeof(buf), &f), 0);
	buf[12] = 1;
	assert_int_equal(frame_parse(buf, sizeof(buf), &f), -EBADMSG);
}

static void keys_repeat_in_order(void **state)
{
	const char *const expected[] = {"bash", "-c", "", "x=y\tz\n"};
	char buf[128];
	struct frame_writer w;
	struct frame f;
	const char *key;
	const char *value;
	size_t pos = 0;
	size_t len;
	int n = 0;

	(void)state;
	frame_begin(&w, buf, sizeof(buf), FRAME_START);
	for (int i = 0; i < 4; i++)
		frame_add(&w, "arg", expected[i]);
	assert_int_equal(frame_finish(&w, 0), 0);
	assert_int_equal(frame_parse(buf, w.len, &f), w.len);
	while (frame_next(&f, &pos, &key, &len, &value)) {
		assert_int_equal(len, 3);
		assert_memory_equal(key, "arg", 3);
		assert_string_equal(value, expected[n++]);
	}
	assert_int_equal(n, 4);
	assert_string_equal(frame_get(&f, "arg"), "bash");
}

static void assert_overflows(size_t cap, const char *key, const char *value, size_t len)
{
	char buf[64];
	struct frame_writer w;

	frame_begin(&w, buf, cap, FRAME_LOG);
	frame_addn(&w, key, value, len);
	assert_int_equal(frame_finish(&w, 0), -EMSGSIZE);
}

static void what_cannot_be_sent_is_refused_by_the_writer(void **state)
{
	char buf[FRAME_HEADER_SIZE + 7];
	struct frame_writer w;

	(void)state;
	assert_overflows(FRAME_HEADER_SIZE - 1, "id", "", 0);
	assert_overflows(FRAME_HEADER_SIZE + 6, "text", "a", 1);
	assert_overflows(64, "text", "a\0b", 3);
	assert_overflows(64, "Text", "a", 1);
	assert_overflows(64, "", "a", 1);
	frame_begin(&w, buf, sizeof(buf), FRAME_LOG);
	frame_add(&w, "text", "a");
	assert_int_equal(frame_finish(&w, 0), 0);
	assert_int_equal(w.len, sizeof(buf));
}

static void one_field_too_many_spoils_the_frame_for_good(void **state)
{
	char buf[FRAME_HEADER_SIZE + 8];
	struct frame_writer w;

	(void)state;
	frame_begin(&w, buf, sizeof(buf), FRAME_LOG);
	frame_add(&w, "text", "too long for it");
	frame_add(&w, "id", "a");
	assert_int_equal(frame_finish(&w, 0), -EMSGSIZE);
}

static void a_payload_of_the_limit_fits_and_one_byte_more_does_not(void **state)
{
	static char value[FRAME_PAYLOAD_MAX];
	static char buf[2 * FRAME_PAYLOAD_MAX];
	struct frame_writer w;
	struct frame f;

	(void)state;
	memset(value, 'v', sizeof(value));
	frame_begin(&w, buf, sizeof(buf), FRAME_LOG);
	frame_addn(&w, "t", value, FRAME_PAYLOAD_MAX - 3);
	assert_int_equal(frame_finish(&w, 0), 0);
	assert_int_equal(frame_parse(buf, w.len, &f), FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX);
	frame_begin(&w, buf, sizeof(buf), FRAME_LOG);
	frame_addn(&w, "t", value, FRAME_PAYLOAD_MAX - 2);
	assert_int_equal(frame_finish(&w, 0), -EMSGSIZE);
}

static int64_t read_as_int(const char *text)
{
	char buf[128];
	struct frame_writer w;
	struct frame f;

	frame_begin(&w, buf, sizeof(buf), FRAME_DONE);
	frame_add(&w, "error", text);
	assert_int_equal(frame_finish(&w, 0), 0);
	assert_true(frame_parse(buf, w.len, &f) > 0);
	return frame_get_int(&f, "error", 42);
}

static void numbers_are_read_strictly(void **state)
{
	(void)state;
	assert_int_equal(read_as_int("0"), 0);
	assert_int_equal(read_as_int("-17"), -17);
	assert_true(read_as_int("9223372036854775807") == INT64_MAX);
	assert_true(read_as_int("-9223372036854775808") == INT64_MIN);
	assert_int_equal(read_as_int("9223372036854775808"), 42);
	assert_int_equal(read_as_int("-9223372036854775809"), 42);
	assert_int_equal(read_as_int("99999999999999999999"), 42);
	assert_int_equal(read_as_int(""), 42);
	assert_int_equal(read_as_int("-"), 42);
	assert_int_equal(read_as_int("+1"), 42);
	assert_int_equal(read_as_int(" 1"), 42);
	assert_int_equal(read_as_int("1 "), 42);
	assert_int_equal(read_as_int("0x1"), 42);
}

static void numbers_survive_the_way(void **state)
{
	const int64_t values[] = {0, 1, -1, INT64_MAX, INT64_MIN};
	char buf[128];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct frame_writer w;
		struct frame f;

		frame_begin(&w, buf, sizeof(buf), FRAME_EXIT);
		frame_add_int(&w, "duration_ns", values[i]);
		assert_int_equal(frame_finish(&w, 0), 0);
		assert_true(frame_parse(buf, w.len, &f) > 0);
		assert_true(frame_get_int(&f, "duration_ns", 42) == values[i]);
		assert_int_equal(frame_get_int(&f, "other", 42), 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_the_format),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(a_part_of_a_frame_waits_for_the_rest),
		cmocka_unit_test(further_bytes_are_the_next_frame),
		cmocka_unit_test(a_frame_without_fields_is_one),
		cmocka_unit_test(flags_and_types_of_the_future_are_accepted),
		cmocka_unit_test(a_wrong_magic_is_told_at_its_first_wrong_byte),
		cmocka_unit_test(malformed_fields_are_refused),
		cmocka_unit_test(a_length_over_the_limit_is_refused_at_once),
		cmocka_unit_test(keys_repeat_in_order),
		cmocka_unit_test(what_cannot_be_sent_is_refused_by_the_writer),
		cmocka_unit_test(one_field_too_many_spoils_the_frame_for_good),
		cmocka_unit_test(a_payload_of_the_limit_fits_and_one_byte_more_does_not),
		cmocka_unit_test(numbers_are_read_strictly),
		cmocka_unit_test(numbers_survive_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
