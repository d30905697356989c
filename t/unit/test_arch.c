// SPDX-License-Identifier: GPL-2.0-only
/* The table of architectures: nothing is missing in a row, and no two are mistaken for each other.
 */
#include "t/unit/unit.h"

#include "base/str.h"
#include "kernel/arch.h"
#include "kernel/distro.h"

static void each_row_is_complete(void **state)
{
	const struct arch *a;

	(void)state;
	for (size_t i = 0; (a = arch_at(i)); i++) {
		const char *const words[] = {a->name,	      a->debian,    a->uname,  a->make_arch,
					     a->source_arch,  a->cross,	    a->image,  a->qemu,
					     a->qemu_package, a->kvm_hosts, a->serial, a->earlycon,
					     a->pci_bus,      a->nic,	    a->pvpanic};

		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			assert_true(words[k] && *words[k]);
		for (int accel = 0; accel < ACCELS; accel++)
			assert_true(a->accel[accel] && a->machine[accel] && a->cpu[accel]);
		assert_true(str_ends(a->cross, "-"));
		assert_true(str_starts(a->earlycon, "earlycon="));
		assert_true(a->elf);
		assert_true(!a->magic || (strlen(a->magic) == 4 && a->magic_at));
	}
	assert_null(arch_at(SIZE_MAX));
}

static void no_two_share_a_name(void **state)
{
	const struct arch *a;

	(void)state;
	for (size_t i = 0; (a = arch_at(i)); i++) {
		_cleanup_free_ char *words = xstrdup(a->uname);
		char *save = NULL;

		assert_ptr_equal(arch_find(a->name), a);
		assert_ptr_equal(arch_find(a->debian), a);
		for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
			assert_ptr_equal(arch_find(w), a);
		for (size_t k = 0; k < i; k++) {
			assert_true(arch_at(k)->elf != a->elf);
			assert_string_not_equal(arch_at(k)->cross, a->cross);
		}
	}
}

static void this_machine_needs_no_cross_compiler(void **state)
{
	const struct arch *host = arch_host(), *a;

	(void)state;
	assert_non_null(host);
	assert_string_equal(arch_cross(host), "");
	for (size_t i = 0; (a = arch_at(i)); i++)
		if (!str_eq(a->source_arch, host->source_arch))
			assert_string_equal(arch_cross(a), a->cross);
	if (str_eq(host->name, "x86_64"))
		assert_string_equal(arch_cross(arch_find("i386")), "");
}

static void messages_name_them_all(void **state)
{
	const struct arch *a;

	(void)state;
	for (size_t i = 0; (a = arch_at(i)); i++)
		assert_non_null(strstr(arch_names(), a->name));
}

static void debian_has_a_kernel_for_each(void **state)
{
	const struct arch *a;

	(void)state;
	for (size_t i = 0; (a = arch_at(i)); i++)
		assert_non_null(distro_image(distro_find("debian"), a->debian));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_complete),
		cmocka_unit_test(no_two_share_a_name),
		cmocka_unit_test(this_machine_needs_no_cross_compiler),
		cmocka_unit_test(messages_name_them_all),
		cmocka_unit_test(debian_has_a_kernel_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
