/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a symbol is not what it should be. */
#ifndef KBUILD_KREASON_H
#define KBUILD_KREASON_H

#include "base/str.h"
#include "kbuild/dotconfig.h"
#include "kbuild/kconfig.h"

/*
 * Add to out why the symbol is not want in c, which olddefconfig made: what of its conditions does
 * not hold, with the values of their symbols; what selects it; what is taken instead of it. One
 * line, without control characters. -ENOENT if k does not define the symbol.
 */
int kreason(const struct kconfig *k, const struct dotconfig *c, const char *symbol,
	    const char *want, struct strbuf *out);

#endif
