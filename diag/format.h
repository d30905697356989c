/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages matched against the format that the kernel prints them by, so that a row of
 * diag/patterns.c names the whole fixed part of its message.
 */
#ifndef DIAG_FORMAT_H
#define DIAG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether msg begins as fmt says. In fmt
 *
 *	%d	one or more decimal digits
 *	%x	one or more hexadecimal digits, "0x" in front allowed
 *	%c	a task's name: at most 15 bytes (TASK_COMM_LEN less the NUL)
 *	%s	one or more bytes, up to the first place where the literal text behind it stands
 *	%w	words of capital letters, digits and '_', up to the end of msg; or nothing
 *
 * and everything else is itself. The time is linear in len but for 15 tries a %c.
 */
bool format_match(const char *fmt, const char *msg, size_t len);

/* The length of the literal text that fmt begins with. */
size_t format_literal(const char *fmt);

#endif
