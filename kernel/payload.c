// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/payload.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/file.h"
#include "kernel/arch.h"
#include "kernel/unpack.h"
#include "kernel/vmlinuz.h"

#define SIZE_LIMIT ((size_t)512 << 20)
#define HOLE	   ((size_t)64 << 10)
#define CACHE_MAX  ((uint64_t)512 << 20)
#define KERNEL	   "vmlinux" /* in its entry */

/* struct setup_header; offsets from the start of the file */
#define BZ_SETUP_SECTS	  0x1f1
#define BZ_MAGIC	  0x202
#define BZ_PROTOCOL	  0x206
#define BZ_PAYLOAD_OFFSET 0x248 /* since protocol 2.08 */
#define BZ_PAYLOAD_LENGTH 0x24c
#define BZ_HEADER_END	  0x250

#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define NOTE_ALIGN		 4

struct bytes {
	const unsigned char *data;
	size_t len;
};

static bool has(const struct bytes *b, uint64_t at, uint64_t len)
{
	return at <= b->len && len <= b->len - at;
}

static uint32_t le32_at(const struct bytes *b, size_t at)
{
	uint32_t v;

	memcpy(&v, b->data + at, sizeof(v));
	return le32toh(v);
}

/* ---- the ELF kernel */

static bool is_entry(const struct bytes *notes, size_t at, const Elf64_Nhdr *n)
{
	size_t desc = at + sizeof(*n) + NOTE_ALIGN;

	return n->n_type == XEN_ELFNOTE_PHYS32_ENTRY && n->n_namesz == sizeof("Xen") &&
	       n->n_descsz >= 4 && has(notes, desc, n->n_descsz) &&
	       !memcmp(notes->data + at + sizeof(*n), "Xen", sizeof("Xen")) &&
	       le32_at(notes, desc) != 0;
}

static uint64_t note_padded(uint32_t size)
{
	return ((uint64_t)size + NOTE_ALIGN - 1) / NOTE_ALIGN * NOTE_ALIGN;
}

static bool notes_have_entry(const struct bytes *notes)
{
	Elf64_Nhdr n;

	for (uint64_t at = 0; has(notes, at, sizeof(n));) {
		n.n_namesz = le32_at(notes, at);
		n.n_descsz = le32_at(notes, at + 4);
		n.n_type = le32_at(notes, at + 8);
		if (is_entry(notes, at, &n))
			return true;
		at += sizeof(n) + note_padded(n.n_namesz) + note_padded(n.n_descsz);
	}
	return false;
}

/* What of a program header counts, of either class. */
struct segment {
	uint32_t type;
	uint64_t offset, size, align;
};

static struct segment segment_at(const struct bytes *elf, uint64_t at, bool wide)
{
	Elf64_Phdr p64 = {0};
	Elf32_Phdr p32 = {0};

	if (!wide) {
		memcpy(&p32, elf->data + at, sizeof(p32));
		return (struct segment){le32toh(p32.p_type), le32toh(p32.p_offset),
					le32toh(p32.p_filesz), le32toh(p32.p_align)};
	}
	memcpy(&p64, elf->data + at, sizeof(p64));
	return (struct segment){le32toh(p64.p_type), le64toh(p64.p_offset), le64toh(p64.p_filesz),
				le64toh(p64.p_align)};
}

static bool segment_has_entry(const struct bytes *elf, const struct segment *s)
{
	struct bytes notes;

	/* By other alignments QEMU and the ABI disagree about where a note's parts lie. */
	if (s->type != PT_NOTE || s->align != NOTE_ALIGN || !has(elf, s->offset, s->size))
		return false;
	notes = (struct bytes){elf->data + s->offset, s->size};
	return notes_have_entry(&notes);
}

/* The program headers. */
struct table {
	bool wide;
	uint64_t at, size; /* of one */
	unsigned int n;
};

/* Of an x86 kernel of 64 or 32 bits; all fields are as the file has them, little-endian. */
static bool find_table(const struct bytes *elf, struct table *t)
{
	static const unsigned char ident[] = {0x7f, 'E', 'L', 'F'};
	Elf64_Ehdr e64;
	Elf32_Ehdr e32;

	if (elf->len < sizeof(e64) || memcmp(elf->data, ident, sizeof(ident)) != 0 ||
	    elf->data[EI_DATA] != ELFDATA2LSB)
		return false;
	memcpy(&e64, elf->data, sizeof(e64));
	memcpy(&e32, elf->data, sizeof(e32));
	t->wide = elf->data[EI_CLASS] == ELFCLASS64;
	if (t->wide)
		*t = (struct table){true, le64toh(e64.e_phoff), sizeof(Elf64_Phdr),
				    le16toh(e64.e_phnum)};
	else
		*t = (struct table){false, le32toh(e32.e_phoff), sizeof(Elf32_Phdr),
				    le16toh(e32.e_phnum)};
	return le16toh(e64.e_machine) == (t->wide ? EM_X86_64 : EM_386) &&
	       le16toh(t->wide ? e64.e_phentsize : e32.e_phentsize) == t->size &&
	       has(elf, t->at, t->n * t->size);
}

/* Whether QEMU can enter it directly. */
static bool elf_bootable(const struct bytes *elf)
{
	struct table t;

	if (!find_table(elf, &t))
		return false;
	for (unsigned int i = 0; i < t.n; i++) {
		struct segment s = segment_at(elf, t.at + i * t.size, t.wide);

		if (segment_has_entry(elf, &s))
			return true;
	}
	return false;
}

/* ---- the bzImage around it */

struct format {
	const char *magic;
	size_t len;
	size_t trailer; /* the unpacked size, where the format does not end with it anyway */
};

/* As lib/decompress.c knows them, less LZO. */
static const struct format *find_format(const struct bytes *payload)
{
	static const struct format formats[] = {
		{"\x1f\x8b", 2, 0},	    {"BZh", 3, 4},
		{"\x5d\0", 2, 4},	    {"\xfd\x37zXZ", 5, 4},
		{"\x02\x21\x4c\x18", 4, 4}, {"\x28\xb5\x2f\xfd", 4, 4},
	};

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (has(payload, 0, formats[i].len) &&
		    !memcmp(payload->data, formats[i].magic, formats[i].len))
			return &formats[i];
	return NULL;
}

static bool has_payload(const struct bytes *head)
{
	return !memcmp(head->data + BZ_MAGIC, "HdrS", 4) &&
	       (le32_at(head, BZ_PROTOCOL) & 0xffff) >= 0x208 &&
	       le32_at(head, BZ_PAYLOAD_LENGTH) != 0;
}

static int find_payload(const struct bytes *head, const struct bytes *image, const char *name,
			struct bytes *payload, struct err *err)
{
	unsigned int sects = head->data[BZ_SETUP_SECTS];
	uint64_t at = ((sects ? sects : 4) + 1) * 512ULL + le32_at(head, BZ_PAYLOAD_OFFSET);
	uint32_t len = le32_at(head, BZ_PAYLOAD_LENGTH);

	if (len < 4 || !has(image, at, len))
		return err_set(err, ENOEXEC, "%s: its payload is not inside, cut off?", name);
	*payload = (struct bytes){image->data + at, len};
	return 0;
}

/* The ELF kernel at *elf, or nothing (*len 0) when QEMU cannot boot what is there. */
static int unpack_payload(const struct bytes *payload, const char *name, char **elf, size_t *len,
			  struct err *err)
{
	const struct format *f = find_format(payload);
	uint32_t size = le32_at(payload, payload->len - 4);
	struct bytes b;
	int r;

	*len = 0;
	if (!f)
		return 0;
	if (size > SIZE_LIMIT)
		return err_set(err, ENOEXEC, "%s: claims to unpack to %u bytes", name, size);
	r = unpack_memory(payload->data, payload->len - f->trailer, size, elf, len, err);
	if (r < 0)
		return err_wrap(err, "%s", name);
	if (*len != size)
		return err_set(err, ENOEXEC, "%s: unpacks to %zu bytes instead of %u", name, *len,
			       size);
	b = (struct bytes){(const unsigned char *)*elf, *len};
	if (!elf_bootable(&b))
		*len = 0;
	return 0;
}

/* Zeros, half of a kernel, take no place and no time to read where files can have holes. */
static int write_kernel(const char *to, const char *data, size_t len, struct err *err)
{
	int r = file_write(to, data, len, 0644, err);
	_cleanup_close_ int fd = open(to, O_WRONLY | O_CLOEXEC);

	for (size_t at = 0; r == 0 && at + HOLE <= len; at += HOLE)
		if (mem_is_zero(data + at, HOLE))
			fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, HOLE);
	return r;
}

static int make_elf(int fd, const char *vmlinuz, const struct bytes *head, const char *to,
		    struct err *err)
{
	_cleanup_free_ char *image = NULL, *elf = NULL;
	struct bytes b, payload = {0};
	size_t len;
	int r = file_read_fd(fd, vmlinuz, SIZE_LIMIT, &image, &len, err);

	if (r < 0)
		return r;
	b = (struct bytes){(const unsigned char *)image, len};
	r = find_payload(head, &b, vmlinuz, &payload, err);
	if (r == 0 && payload.data)
		r = unpack_payload(&payload, vmlinuz, &elf, &len, err);
	return r < 0 ? r : write_kernel(to, elf ? elf : "", len, err);
}

static int make_image(const char *vmlinuz, const char *to, struct err *err)
{
	_cleanup_free_ char *image = NULL;
	size_t len;
	int r = vmlinuz_unpack(vmlinuz, &image, &len, err);

	return r < 0 ? r : write_kernel(to, image, len, err);
}

/* ---- the item */

static int key(void *arg, struct hash *h, struct err *err)
{
	const struct kernel *k = arg;

	hash_str(h, k->arch ? k->arch : "");
	hash_stat(h, k->vmlinuz);
	(void)err;
	return 0;
}

/* The file is empty where there is nothing that QEMU can boot, so that it is not looked for again.
 */
static int make(void *arg, const char *entry, const char *place, struct err *err)
{
	const struct kernel *k = arg;
	_cleanup_close_ int fd = open(k->vmlinuz, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *to = xasprintf("%s/" KERNEL, entry);
	unsigned char head[BZ_HEADER_END] = {0};
	struct bytes h = {head, sizeof(head)};
	const struct arch *arch = arch_find(k->arch);
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);

	(void)place;
	if (n < 0)
		return err_errno(err, "%s", k->vmlinuz);
	if (has_payload(&h))
		return make_elf(fd, k->vmlinuz, &h, to, err);
	if (arch && arch->magic && !vmlinuz_is_bare((const char *)head, sizeof(head)))
		return make_image(k->vmlinuz, to, err);
	return file_write(to, "", 0, 0644, err);
}

int payload_get(const struct kernel *k, const char *cache_dir, char **path, struct err *err)
{
	struct kernel of = *k;
	const struct cache_item item = {
		.dir = cache_dir,
		.limits = {.bytes = CACHE_MAX, .in_use_s = CACHE_IN_USE_S},
		.key = key,
		.make = make,
		.arg = &of,
	};
	_cleanup_free_ char *entry = NULL, *to = NULL;
	struct stat st;
	int r = cache_get(&item, &entry, err);

	*path = NULL;
	if (r < 0)
		return r;
	to = xasprintf("%s/" KERNEL, entry);
	if (stat(to, &st) < 0)
		return err_errno(err, "%s", to);
	if (st.st_size) {
		*path = to;
		to = NULL;
	}
	return 0;
}
