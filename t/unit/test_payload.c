// SPDX-License-Identifier: GPL-2.0-only
#include "t/unit/kernel_fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/payload.h"
#include "t/unit/unseen.h"

#define SECTS	5
#define OFFSET	100 /* of the payload in the protected-mode code */
#define PAYLOAD ((SECTS + 1) * 512 + OFFSET)

struct xen_note {
	Elf64_Nhdr head;
	char name[4];
	uint64_t entry;
};

/* A kernel as small as can be: two notes, the second says where to enter. */
struct elf {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[2];
	Elf64_Nhdr first;
	char first_name[8], first_desc[4];
	struct xen_note xen;
};

static struct elf make_elf(void)
{
	struct elf e = {
		.eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
		       .e_machine = EM_X86_64,
		       .e_phoff = offsetof(struct elf, ph),
		       .e_phnum = 2,
		       .e_phentsize = sizeof(Elf64_Phdr)},
		.ph = {{.p_type = PT_LOAD},
		       {.p_type = PT_NOTE,
			.p_align = 4,
			.p_offset = offsetof(struct elf, first),
			.p_filesz = sizeof(struct elf) - offsetof(struct elf, first)}},
		.first = {.n_namesz = 6, .n_descsz = 1, .n_type = 18},
		.first_name = "Linux",
		.xen = {.head = {.n_namesz = 4, .n_descsz = 8, .n_type = 18},
			.name = "Xen",
			.entry = 0x1000850},
	};

	return e;
}

struct image {
	unsigned char data[16384];
	size_t len;
};

static void put_le(struct image *im, size_t at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		im->data[at + (size_t)i] = (unsigned char)(v >> 8 * i);
}

/* What libarchive writes, at the place of the payload. */
static size_t compress_to(struct image *im, int filter, const void *data, size_t len)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	size_t used = 0;

	archive_write_add_filter(a, filter);
	archive_write_set_format_raw(a);
	archive_write_set_bytes_per_block(a, 0);
	assert_int_equal(archive_write_open_memory(a, im->data + PAYLOAD,
						   sizeof(im->data) - PAYLOAD - 4, &used),
			 ARCHIVE_OK);
	archive_entry_set_filetype(e, AE_IFREG);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, len), len);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_entry_free(e);
	archive_write_free(a);
	return used;
}

/* A bzImage of protocol 2.15 around data. As with the kernel's build, all but gzip have the size
 * appended. */
static struct image make_image(int filter, const void *data, size_t len)
{
	struct image im = {.data = {0}};
	size_t used = compress_to(&im, filter, data, len);

	if (filter != ARCHIVE_FILTER_GZIP) {
		put_le(&im, PAYLOAD + used, (uint32_t)len);
		used += 4;
	}
	im.data[0x1f1] = SECTS;
	memcpy(im.data + 0x202, "HdrS\x0f\x02", 6);
	put_le(&im, 0x248, OFFSET);
	put_le(&im, 0x24c, (uint32_t)used);
	im.len = PAYLOAD + used;
	return im;
}

static const char *payload; /* what get() got */
static ino_t inode;

/* "LENGTH bytes", "none" or the error's message. */
static const char *look(void)
{
	_cleanup_free_ char *path = NULL;
	struct kernel k = {.vmlinuz = in_dir("vmlinuz")};
	struct err err = {0};
	struct stat st;

	if (payload_get(&k, in_dir("cache"), &path, &err) < 0)
		return keep(xstrdup(err.msg));
	if (!path)
		return "none";
	payload = keep(xstrdup(path));
	assert_int_equal(stat(path, &st), 0);
	inode = st.st_ino;
	return keep(xasprintf("%lld bytes", (long long)st.st_size));
}

static const char *get(const struct image *im)
{
	put_file("vmlinuz", im->data, im->len);
	return look();
}

/* The same without what an earlier call left. */
static const char *get_anew(const struct image *im)
{
	assert_int_equal(rm_rf(in_dir("cache"), NULL), 0);
	return get(im);
}

static const char *get_elf(const struct elf *e)
{
	struct image im = make_image(ARCHIVE_FILTER_GZIP, e, sizeof(*e));

	return get_anew(&im);
}

static const char *whole(void)
{
	return keep(xasprintf("%zu bytes", sizeof(struct elf)));
}

static void a_payload_comes_out_as_it_went_in(void **state)
{
	static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2,
				      ARCHIVE_FILTER_LZMA, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD};
	struct elf e = make_elf();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		struct image im = make_image(filters[i], &e, sizeof(e));
		_cleanup_free_ char *data = NULL;
		size_t len;

		assert_string_equal(get_anew(&im), whole());
		assert_int_equal(file_read(payload, 1 << 20, &data, &len, NULL), 0);
		assert_memory_equal(data, &e, sizeof(e));
	}
}

static void no_setup_sectors_are_four(void **state)
{
	struct elf e = make_elf();
	struct image im = make_image(ARCHIVE_FILTER_GZIP, &e, sizeof(e));

	(void)state;
	im.data[0x1f1] = 0;
	put_le(&im, 0x248, OFFSET + (SECTS - 4) * 512);
	assert_string_equal(get_anew(&im), whole());
}

static void it_is_unpacked_once(void **state)
{
	struct elf e = make_elf();
	struct image im = make_image(ARCHIVE_FILTER_GZIP, &e, sizeof(e));
	ino_t first;

	(void)state;
	put_file("vmlinuz", im.data, im.len);
	settle();
	assert_string_equal(look(), whole());
	first = inode;
	assert_string_equal(look(), whole());
	assert_int_equal(inode, first);
}

/* A damaged kernel is not to pass by what a sound one of the same name, size and time carried. */
static void an_image_has_its_own_payload(void **state)
{
	struct kernel k = {.vmlinuz = in_dir("vmlinuz")};
	_cleanup_free_ char *path = NULL;
	struct elf e = make_elf();
	struct image im = make_image(ARCHIVE_FILTER_GZIP, &e, sizeof(e)), other, damaged;
	_cleanup_free_ char *data = NULL;
	size_t len;

	(void)state;
	assert_string_equal(get(&im), whole());
	e.xen.entry ^= 0x1000;
	other = make_image(ARCHIVE_FILTER_GZIP, &e, sizeof(e));
	assert_string_equal(get(&other), whole());
	assert_int_equal(file_read(payload, 1 << 20, &data, &len, NULL), 0);
	assert_memory_equal(data, &e, sizeof(e));
	get(&im);
	damaged = im;
	damaged.data[PAYLOAD + 40] ^= 1;
	rewrite_unseen(in_dir("vmlinuz"), damaged.data, damaged.len);
	assert_true(payload_get(&k, in_dir("cache"), &path, NULL) < 0);
	/* Of an image without a payload nothing is said of another. */
	e.xen.head.n_type = 17;
	other = make_image(ARCHIVE_FILTER_GZIP, &e, sizeof(e));
	assert_string_equal(get(&other), "none");
	assert_string_equal(get(&im), whole());
}

static void a_damaged_payload_is_unpacked_again(void **state)
{
	struct elf e = make_elf();
	struct image im = make_image(ARCHIVE_FILTER_GZIP, &e, sizeof(e));
	_cleanup_free_ char *data = NULL;
	size_t len;

	(void)state;
	put_file("vmlinuz", im.data, im.len);
	settle();
	look();
	assert_int_equal(truncate(payload, sizeof(e) / 2), 0);
	assert_string_equal(look(), whole());
	assert_int_equal(file_read(payload, 1 << 20, &data, &len, NULL), 0);
	assert_memory_equal(data, &e, sizeof(e));
}

static void only_the_note_lets_qemu_enter(void **state)
{
	struct elf e = make_elf();

	(void)state;
	e.xen.name[0] = 'Y';
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.xen.head.n_type = 17;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.xen.entry = 0;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.ph[1].p_type = PT_LOAD;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.ph[1].p_align = 8;
	assert_string_equal(get_elf(&e), "none");
}

static void notes_that_lie_are_no_notes(void **state)
{
	struct elf e = make_elf();

	(void)state;
	e.first.n_namesz = UINT32_MAX;
	assert_string_equal(get_elf(&e), "none");
	e.first.n_descsz = UINT32_MAX;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.xen.head.n_descsz = 64;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.ph[1].p_filesz -= 1;
	assert_string_equal(get_elf(&e), "none");
	e.ph[1].p_filesz = UINT64_MAX;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.ph[1].p_offset = UINT64_MAX - 4;
	assert_string_equal(get_elf(&e), "none");
}

static void only_an_x86_elf_will_do(void **state)
{
	struct elf e = make_elf();

	(void)state;
	e.eh.e_machine = EM_386;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.eh.e_ident[EI_CLASS] = ELFCLASS32;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.eh.e_ident[0] = 0;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.eh.e_phoff = UINT64_MAX - 8;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.eh.e_phnum = UINT16_MAX;
	assert_string_equal(get_elf(&e), "none");
	e = make_elf();
	e.eh.e_phentsize = 32;
	assert_string_equal(get_elf(&e), "none");
}

/* The same kernel of 32 bits. */
static void one_of_32_bits_will_do(void **state)
{
	struct {
		Elf32_Ehdr eh;
		Elf32_Phdr ph;
		struct xen_note xen;
	} e = {
		.eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB},
		       .e_machine = EM_386,
		       .e_phoff = sizeof(e.eh),
		       .e_phnum = 1,
		       .e_phentsize = sizeof(Elf32_Phdr)},
		.ph = {.p_type = PT_NOTE,
		       .p_align = 4,
		       .p_offset = offsetof(__typeof__(e), xen),
		       .p_filesz = sizeof(e.xen)},
		.xen = {.head = {.n_namesz = 4, .n_descsz = 4, .n_type = 18},
			.name = "Xen",
			.entry = 0x1000850},
	};
	struct image im = make_image(ARCHIVE_FILTER_XZ, &e, sizeof(e));

	(void)state;
	assert_string_equal(get_anew(&im), keep(xasprintf("%zu bytes", sizeof(e))));
	e.ph.p_filesz = UINT32_MAX;
	im = make_image(ARCHIVE_FILTER_XZ, &e, sizeof(e));
	assert_string_equal(get_anew(&im), "none");
	e.ph.p_filesz = sizeof(e.xen);
	e.eh.e_machine = EM_X86_64;
	im = make_image(ARCHIVE_FILTER_XZ, &e, sizeof(e));
	assert_string_equal(get_anew(&im), "none");
}

static void an_elf_cut_off_is_none(void **state)
{
	struct elf e = make_elf();

	(void)state;
	for (size_t len = 1; len < sizeof(e); len++) {
		struct image im = make_image(ARCHIVE_FILTER_GZIP, &e, len);

		assert_string_equal(get_anew(&im), "none");
	}
}

static void what_is_no_bzimage_is_left_alone(void **state)
{
	struct elf e = make_elf();
	struct image good = make_image(ARCHIVE_FILTER_GZIP, &e, sizeof(e)), im = good;

	(void)state;
	im.data[0x202] = 'x';
	assert_string_equal(get_anew(&im), "none");
	im = good;
	im.data[0x206] = 7; /* protocol 2.07 has no payload_offset */
	assert_string_equal(get_anew(&im), "none");
	im = good;
	put_le(&im, 0x24c, 0);
	assert_string_equal(get_anew(&im), "none");
	im.len = 0x24f;
	assert_string_equal(get_anew(&im), "none");
	im.len = 0;
	assert_string_equal(get_anew(&im), "none");
	im = good;
	memcpy(im.data + PAYLOAD, "\x89LZO", 4);
	assert_string_equal(get_anew(&im), "none");
}

static void a_payload_that_is_not_there_is_an_error(void **state)
{
	struct elf e = make_elf();
	struct image good = make_image(ARCHIVE_FILTER_GZIP, &e, sizeof(e)), im = good;

	(void)state;
	im.len--;
	assert_non_null(strstr(get_anew(&im), "vmlinuz: its payload is not inside"));
	im = good;
	put_le(&im, 0x248, UINT32_MAX);
	assert_non_null(strstr(get_anew(&im), "vmlinuz: its payload is not inside"));
	im = good;
	put_le(&im, 0x24c, UINT32_MAX);
	assert_non_null(strstr(get_anew(&im), "vmlinuz: its payload is not inside"));
	im = good;
	put_le(&im, 0x24c, 3);
	assert_non_null(strstr(get_anew(&im), "vmlinuz: its payload is not inside"));
	assert_false(path_exists(in_dir("cache/payload-x")));
}

static void a_size_that_is_wrong_is_an_error(void **state)
{
	struct elf e = make_elf();
	struct image im = make_image(ARCHIVE_FILTER_XZ, &e, sizeof(e));

	(void)state;
	put_le(&im, im.len - 4, sizeof(e) - 1);
	assert_non_null(strstr(get_anew(&im), "vmlinuz: compressed data: larger than"));
	put_le(&im, im.len - 4, sizeof(e) + 1);
	assert_non_null(strstr(get_anew(&im), "instead of"));
	put_le(&im, im.len - 4, UINT32_MAX);
	assert_non_null(strstr(get_anew(&im), "claims to unpack to 4294967295 bytes"));
	assert_false(path_exists(in_dir("cache/payload-x")));
}

static void damage_is_an_error_and_leaves_nothing(void **state)
{
	struct elf e = make_elf();
	struct image im = make_image(ARCHIVE_FILTER_XZ, &e, sizeof(e));

	(void)state;
	memset(im.data + PAYLOAD + 40, 0xff, 40);
	assert_non_null(strstr(get_anew(&im), "vmlinuz"));
	assert_int_equal(rmdir(in_dir("cache")), 0);
}

static void a_compressed_image_is_unpacked(void **state)
{
	static unsigned char bare[4096];
	struct image im = {.len = 0};
	char arch[] = "aarch64";
	struct kernel k = {.vmlinuz = in_dir("vmlinuz"), .arch = arch};
	_cleanup_free_ char *path = NULL, *data = NULL, *none = NULL;
	size_t len;

	(void)state;
	fill_arm64(bare, sizeof(bare), "6.1");
	memset(bare + 2000, 'x', 2000);
	for (size_t i = 2000; i < 4000; i++)
		bare[i] = (unsigned char)(i * i >> 4);
	len = compress_to(&im, ARCHIVE_FILTER_GZIP, bare, sizeof(bare));
	put_file("vmlinuz", im.data + PAYLOAD, len);
	assert_int_equal(payload_get(&k, in_dir("cache"), &path, NULL), 0);
	assert_int_equal(file_read(path, 1 << 20, &data, &len, NULL), 0);
	assert_int_equal(len, sizeof(bare));
	assert_memory_equal(data, bare, len);
	assert_int_equal(rm_rf(in_dir("cache"), NULL), 0);
	put_file("vmlinuz", bare, sizeof(bare));
	assert_int_equal(payload_get(&k, in_dir("cache"), &none, NULL), 0);
	assert_null(none);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(a_payload_comes_out_as_it_went_in),
		IN_DIR(no_setup_sectors_are_four),
		IN_DIR(it_is_unpacked_once),
		IN_DIR(an_image_has_its_own_payload),
		IN_DIR(a_damaged_payload_is_unpacked_again),
		IN_DIR(only_the_note_lets_qemu_enter),
		IN_DIR(notes_that_lie_are_no_notes),
		IN_DIR(only_an_x86_elf_will_do),
		IN_DIR(one_of_32_bits_will_do),
		IN_DIR(an_elf_cut_off_is_none),
		IN_DIR(what_is_no_bzimage_is_left_alone),
		IN_DIR(a_payload_that_is_not_there_is_an_error),
		IN_DIR(a_size_that_is_wrong_is_an_error),
		IN_DIR(damage_is_an_error_and_leaves_nothing),
		IN_DIR(a_compressed_image_is_unpacked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
