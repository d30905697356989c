// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "kbuild/publish.h"

#define SEGMENTS_MAX 64
#define NOTES_MAX    (1 << 20) /* bytes */
#define ID_MAX	     64

static char *hex(const unsigned char *id, size_t len)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	for (size_t i = 0; i < len; i++)
		strbuf_addf(&b, "%02x", id[i]);
	return strbuf_detach(&b);
}

/* The notes of a segment (elf(5)): name and descriptor are padded to four bytes. */
static char *find_id(const unsigned char *notes, size_t len)
{
	size_t at = 0;
	Elf64_Nhdr n; /* that of 32 bits is the same */

	while (len - at >= sizeof(n)) {
		size_t name, desc;

		memcpy(&n, notes + at, sizeof(n));
		at += sizeof(n);
		name = ((size_t)n.n_namesz + 3) & ~(size_t)3;
		desc = ((size_t)n.n_descsz + 3) & ~(size_t)3;
		if (name > len - at || desc > len - at - name)
			return NULL;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 &&
		    !memcmp(notes + at, "GNU", 4) && n.n_descsz <= ID_MAX)
			return hex(notes + at + name, n.n_descsz);
		at += name + desc;
	}
	return NULL;
}

static char *read_notes(int fd, uint64_t offset, uint64_t size)
{
	_cleanup_free_ unsigned char *notes = NULL;

	if (!size || size > NOTES_MAX)
		return NULL;
	notes = xmalloc(size);
	if (pread(fd, notes, size, (off_t)offset) != (ssize_t)size)
		return NULL;
	return find_id(notes, size);
}

/* Where the program headers stand. */
static bool find_headers(int fd, bool is_32, uint64_t *at, unsigned int *n)
{
	union {
		Elf32_Ehdr of_32;
		Elf64_Ehdr of_64;
	} eh;
	ssize_t size = is_32 ? sizeof(eh.of_32) : sizeof(eh.of_64);

	if (pread(fd, &eh, (size_t)size, 0) != size)
		return false;
	*at = is_32 ? eh.of_32.e_phoff : eh.of_64.e_phoff;
	*n = is_32 ? eh.of_32.e_phnum : eh.of_64.e_phnum;
	return true;
}

/* The id in segment number i, if it is one of notes. */
static char *segment_id(int fd, bool is_32, uint64_t headers, unsigned int i)
{
	union {
		Elf32_Phdr of_32;
		Elf64_Phdr of_64;
	} ph;
	ssize_t size = is_32 ? sizeof(ph.of_32) : sizeof(ph.of_64);

	if (pread(fd, &ph, (size_t)size, (off_t)(headers + i * (uint64_t)size)) != size)
		return NULL;
	if (is_32)
		return ph.of_32.p_type == PT_NOTE
			       ? read_notes(fd, ph.of_32.p_offset, ph.of_32.p_filesz)
			       : NULL;
	return ph.of_64.p_type == PT_NOTE ? read_notes(fd, ph.of_64.p_offset, ph.of_64.p_filesz)
					  : NULL;
}

/* Of this machine's byte order, which all architectures have that we know. */
char *build_id_of(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char ident[EI_NIDENT];
	unsigned int segments;
	uint64_t headers;
	char *id = NULL;
	bool is_32;

	if (fd < 0 || pread(fd, ident, sizeof(ident), 0) != sizeof(ident) ||
	    memcmp(ident, ELFMAG, SELFMAG) || ident[EI_DATA] != ELFDATA2LSB)
		return NULL;
	is_32 = ident[EI_CLASS] == ELFCLASS32;
	if (!find_headers(fd, is_32, &headers, &segments))
		return NULL;
	for (unsigned int i = 0; !id && i < segments && i < SEGMENTS_MAX; i++)
		id = segment_id(fd, is_32, headers, i);
	return id;
}
