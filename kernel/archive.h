/* SPDX-License-Identifier: GPL-2.0-only */
/* libarchive's handles, freed where their scope ends. */
#ifndef KERNEL_ARCHIVE_H
#define KERNEL_ARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

static inline void cleanup_reader(struct archive **a)
{
	archive_read_free(*a);
}

static inline void cleanup_writer(struct archive **a)
{
	archive_write_free(*a);
}

#define _cleanup_reader_ __attribute__((cleanup(cleanup_reader)))
#define _cleanup_writer_ __attribute__((cleanup(cleanup_writer)))

#endif
