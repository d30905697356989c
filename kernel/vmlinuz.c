// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/vmlinuz.h"

#include <ctype.h>
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "kernel/arch.h"
#include "kernel/unpack.h"

#define IMAGE_MAX   ((size_t)1 << 30)
#define RELEASE_MAX 64 /* __NEW_UTS_LEN */

#define IMAGE_MAGIC_LEN 4 /* of arch->magic */

/* struct setup_header; offsets from the start of the file */
#define BZ_MAGIC	  0x202
#define BZ_PROTOCOL	  0x206
#define BZ_KERNEL_VERSION 0x20e /* of a string, less 0x200 */
#define BZ_XLOADFLAGS	  0x236 /* since protocol 2.12 */
#define XLF_KERNEL_64	  1

/* struct linux_efi_zboot_header */
#define ZBOOT_MAGIC  4
#define ZBOOT_OFFSET 8
#define ZBOOT_SIZE   12

struct image {
	const unsigned char *data;
	size_t len;
};

static uint32_t get_le(const struct image *im, size_t at, int bytes)
{
	uint32_t v = 0;

	for (int i = bytes - 1; i >= 0; i--)
		v = v << 8 | (at + (size_t)i < im->len ? im->data[at + (size_t)i] : 0);
	return v;
}

static bool has_magic(const struct image *im, size_t at, const char *magic, size_t len)
{
	return im->len >= at + len && !memcmp(im->data + at, magic, len);
}

/* The word at the offset, up to a blank: the release of "6.1.0 (user@host) #1 SMP". */
static char *release_at(const struct image *im, size_t at)
{
	size_t n = 0;

	while (at + n < im->len && n < RELEASE_MAX && isgraph(im->data[at + n]))
		n++;
	if (!n || !isdigit(im->data[at]))
		return NULL;
	return xstrndup((const char *)im->data + at, n);
}

static char *release_search(const struct image *im)
{
	static const char banner[] = "Linux version ";
	const unsigned char *p = im->data, *end = im->data + im->len;
	char *release;

	while ((p = memmem(p, (size_t)(end - p), banner, sizeof(banner) - 1))) {
		p += sizeof(banner) - 1;
		release = release_at(im, (size_t)(p - im->data));
		if (release)
			return release;
	}
	return NULL;
}

static bool probe_bzimage(const struct image *im, char **arch, char **release)
{
	uint32_t version;
	bool is64;

	if (!has_magic(im, BZ_MAGIC, "HdrS", 4))
		return false;
	is64 = get_le(im, BZ_PROTOCOL, 2) >= 0x20c && get_le(im, BZ_XLOADFLAGS, 2) & XLF_KERNEL_64;
	version = get_le(im, BZ_KERNEL_VERSION, 2);
	*arch = xstrdup(is64 ? "x86_64" : "i386");
	*release = version ? release_at(im, version + 0x200) : NULL;
	return true;
}

/* Of an image that is not compressed any more; NULL: none that we know. */
static const struct arch *plain_arch(const struct image *im)
{
	bool elf = has_magic(im, 0, ELFMAG, SELFMAG);
	uint32_t machine = get_le(im, offsetof(Elf64_Ehdr, e_machine), 2);
	const struct arch *a;

	for (size_t i = 0; (a = arch_at(i)); i++)
		if (elf ? machine == a->elf
			: a->magic && has_magic(im, a->magic_at, a->magic, IMAGE_MAGIC_LEN))
			return a;
	return NULL;
}

/* What the EFI stub around it would unpack. */
static int unpack_zboot(const struct image *im, const char *path, char **out, size_t *len,
			struct err *err)
{
	size_t offset = get_le(im, ZBOOT_OFFSET, 4), size = get_le(im, ZBOOT_SIZE, 4);
	int r;

	if (offset > im->len || size > im->len - offset)
		return err_set(err, ENOEXEC, "%s: cut off", path);
	r = unpack_memory(im->data + offset, size, IMAGE_MAX, out, len, err);
	if (r < 0)
		err_wrap(err, "%s", path);
	return r;
}

int vmlinuz_unpack(const char *path, char **out, size_t *len, struct err *err)
{
	_cleanup_free_ char *data = NULL;
	struct image im;
	int r = unpack_file(path, IMAGE_MAX, &data, len, err);

	if (r < 0)
		return r;
	im = (struct image){(const unsigned char *)data, *len};
	if (has_magic(&im, 0, "MZ", 2) && has_magic(&im, ZBOOT_MAGIC, "zimg", 4))
		return unpack_zboot(&im, path, out, len, err);
	*out = data;
	data = NULL;
	return 0;
}

static int probe_plain(const char *path, char **arch, char **release, struct err *err)
{
	_cleanup_free_ char *data = NULL;
	const struct arch *a;
	struct image im;
	size_t len;
	int r = vmlinuz_unpack(path, &data, &len, err);

	if (r < 0)
		return r;
	im = (struct image){(const unsigned char *)data, len};
	a = data ? plain_arch(&im) : NULL;
	if (!a)
		return err_set(err, ENOEXEC, "%s: not a kernel image that ktest knows", path);
	*arch = xstrdup(a->name);
	*release = release_search(&im);
	return 0;
}

bool vmlinuz_is_bare(const char *head, size_t len)
{
	const struct image im = {(const unsigned char *)head, len};

	return plain_arch(&im) != NULL;
}

int vmlinuz_probe(const char *path, char **arch, char **release, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char
		head[65536]; /* the setup code of a bzImage, its strings included, is smaller */
	struct image im = {head, 0};
	ssize_t n;

	if (fd < 0)
		return err_errno(err, "%s", path);
	n = read(fd, head, sizeof(head));
	if (n < 0)
		return err_errno(err, "%s", path);
	im.len = (size_t)n;
	if (probe_bzimage(&im, arch, release))
		return 0;
	return probe_plain(path, arch, release, err);
}
