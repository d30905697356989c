/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Directories whose content this host will trust, at a place that guests can write to. What is
 * built in one runs here at the next build, so it must not be a guest's work: guests are kept out
 * of those that there are (vm_config.out_masked), and one that a guest has made is known by not
 * being on record.
 */
#ifndef KBUILD_CLAIM_H
#define KBUILD_CLAIM_H

#include "base/err.h"

/*
 * Make the directory path, or see that it is the one made here before, by its device, inode and
 * time of birth as recorded in cache_dir/claims/. One that is there without such a record and not
 * empty is -EEXIST.
 */
int claim_dir(const char *path, const char *cache_dir, struct err *err);

#endif
