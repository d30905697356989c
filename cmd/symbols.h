/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel's symbols as arguments of gdb, for a guest that runs and for what is left of one. */
#ifndef CMD_SYMBOLS_H
#define CMD_SYMBOLS_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Load vmlinux, and the kernel's gdb scripts (Documentation/dev-tools/gdb-kernel-debugging.rst)
 * where they lie beside it: whether they do. A note says what is missing where they do not.
 */
bool symbols_add(struct strv *argv, const char *vmlinux);

/* Once gdb has its target, a guest that is dead: its first look is at the processor that panicked.
 */
void symbols_add_panic(struct strv *argv);

/* Once gdb has its target: the symbols of the modules that are loaded there, from their files. */
void symbols_add_modules(struct strv *argv, const char *modules);

#endif
