/* SPDX-License-Identifier: GPL-2.0-only */
/* Function names in kernel reports, as %pS prints them: "func+0x12/0x340 [module]". */
#ifndef DIAG_SYMBOL_H
#define DIAG_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>

#define SYMBOL_MAX 128 /* KSYM_NAME_LEN before 6.1, more is cut */

/*
 * The first "func+0xOFFSET/0xSIZE" in text, its name in out (compiler suffixes such as ".isra.0"
 * and ".cold" dropped, so that builds agree). False when there is none.
 */
bool symbol_find(const char *text, size_t len, char out[SYMBOL_MAX]);

/*
 * A line of a call trace, such as " ext4_foo+0x12/0x34 [ext4]". Frames that the unwinder does not
 * vouch for ("? func") are none.
 */
bool symbol_frame(const char *text, size_t len, char out[SYMBOL_MAX]);

/* The program counter of a register dump: "RIP: 0010:func+...", "pc : func+...", "epc : func+...";
 * one in user space is none. */
bool symbol_pc(const char *text, size_t len, char out[SYMBOL_MAX]);

/* It belongs to what makes reports (dump_stack, kasan, lockdep ...): the next frame says more. */
bool symbol_reporter(const char *name);

/* It belongs to what waits (the scheduler, locks, completions): its caller says more. */
bool symbol_waiter(const char *name);

/* It hands out memory: its caller says who leaked it. */
bool symbol_allocator(const char *name);

#endif
