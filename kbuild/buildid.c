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

static char *id_64(int fd)
{
	char *id = NULL;
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	if (pread(fd, &eh, sizeof(eh), 0) != sizeof(eh))
		return NULL;
	for (int i = 0; !id && i < eh.e_phnum && i < SEGMENTS_MAX; i++)
		if (pread(fd, &ph, sizeof(ph), (off_t)(eh.e_phoff + (uint64_t)i * sizeof(ph))) ==
			    sizeof(ph) &&
		    ph.p_type == PT_NOTE)
			id = read_notes(fd, ph.p_offset, ph.p_filesz);
	return id;
}

static char *id_32(int fd)
{
	char *id = NULL;
	Elf32_Ehdr eh;
	Elf32_Phdr ph;

	if (pread(fd, &eh, sizeof(eh), 0) != sizeof(eh))
		return NULL;
	for (int i = 0; !id && i < eh.e_phnum && i < SEGMENTS_MAX; i++)
		if (pread(fd, &ph, sizeof(ph), (off_t)(eh.e_phoff + (uint64_t)i * sizeof(ph))) ==
			    sizeof(ph) &&
		    ph.p_type == PT_NOTE)
			id = read_notes(fd, ph.p_offset, ph.p_filesz);
	return id;
}

/* Of this machine's byte order, which all architectures have that we know. */
char *build_id_of(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char ident[EI_NIDENT];

	if (fd < 0 || pread(fd, ident, sizeof(ident), 0) != sizeof(ident) ||
	    memcmp(ident, ELFMAG, SELFMAG) || ident[EI_DATA] != ELFDATA2LSB)
		return NULL;
	return ident[EI_CLASS] == ELFCLASS32 ? id_32(fd) : id_64(fd);
}
