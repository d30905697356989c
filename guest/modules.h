/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GUEST_MODULES_H
#define GUEST_MODULES_H

/*
 * Loads the modules that /modules/order lists, a file of /modules each line with parameters behind
 * it, and removes them from the initramfs. A module that is there already or has no device is no
 * failure; of the others the first is told by complaint(text), the rest go on.
 */
void modules_load(void (*complaint)(const char *text));

#endif
