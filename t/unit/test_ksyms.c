// SPDX-License-Identifier: GPL-2.0-only
/* What a guest says of its symbols, as ELF. */
#include "t/unit/unit.h"

#include <elf.h>

#include "base/file.h"
#include "base/str.h"
#include "run/ksyms.h"

static const char listing[] = "ffffffff81000100 T start_kernel\n"
			      "ffffffff81000000 T _stext\n"
			      "0000000000000000 T hidden\n"
			      "ffffffff82000000 D jiffies\n"
			      "ffffffffc0000000 t ext4_init\t[ext4]\n"
			      "ffffffff81000200 t bad\033[2Jname\n"
			      "not an address\n"
			      "ffffffff8100 \n"
			      "\n"
			      "000000000001a000 A fixed_percpu\n"
			      "ffffffff82000100 b last";

static const Elf64_Sym *symbol(const char *elf, const char *name)
{
	const Elf64_Ehdr *eh = (const void *)elf;
	const Elf64_Shdr *sh = (const void *)(elf + eh->e_shoff);
	const Elf64_Sym *sym = (const void *)(elf + sh[3].sh_offset);
	const char *names = elf + sh[4].sh_offset;

	for (size_t i = 1; i < sh[3].sh_size / sizeof(*sym); i++)
		if (!strcmp(names + sym[i].st_name, name))
			return &sym[i];
	return NULL;
}

static void symbols_are_there_with_their_addresses(void **state)
{
	_cleanup_free_ char *elf = NULL;
	struct err err = {0};
	const Elf64_Sym *s;
	size_t len;

	(void)state;
	assert_int_equal(ksyms_write(listing, strlen(listing), "x86_64", "elf", &err), 0);
	assert_int_equal(file_read("elf", 1 << 20, &elf, &len, &err), 0);
	assert_memory_equal(elf, ELFMAG, SELFMAG);
	s = symbol(elf, "start_kernel");
	assert_non_null(s);
	assert_int_equal(s->st_value, 0xffffffff81000100);
	assert_int_equal(ELF64_ST_TYPE(s->st_info), STT_FUNC);
	s = symbol(elf, "_stext");
	assert_int_equal(s->st_size, 0x100);
	s = symbol(elf, "jiffies");
	assert_int_equal(ELF64_ST_TYPE(s->st_info), STT_OBJECT);
	assert_non_null(symbol(elf, "ext4_init"));
	assert_non_null(symbol(elf, "last"));
}

static void what_is_no_symbol_is_left_out(void **state)
{
	_cleanup_free_ char *elf = NULL;
	struct err err = {0};
	size_t len;

	(void)state;
	assert_int_equal(ksyms_write(listing, strlen(listing), "aarch64", "elf2", &err), 0);
	assert_int_equal(file_read("elf2", 1 << 20, &elf, &len, &err), 0);
	assert_null(symbol(elf, "hidden"));
	assert_null(symbol(elf, "fixed_percpu"));
	assert_null(memchr(elf, '\033', len));
}

static void without_any_there_is_no_file(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(ksyms_write("", 0, "x86_64", "none", &err), -ENODATA);
	assert_int_equal(ksyms_write("0000000000000000 T a\n", 21, "x86_64", "none", &err),
			 -ENODATA);
	assert_int_equal(ksyms_write(listing, strlen(listing), "i386", "none", &err), -ENOTSUP);
	assert_false(unit_exists("none"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_are_there_with_their_addresses),
		cmocka_unit_test(what_is_no_symbol_is_left_out),
		cmocka_unit_test(without_any_there_is_no_file),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
