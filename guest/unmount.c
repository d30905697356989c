// SPDX-License-Identifier: GPL-2.0-only
/* The end of all mounts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "guest/mounts.h"

#define TABLE_MAX (256 * 1024)
#define PASSES	  3

/* mountinfo writes blanks, tabs, newlines and backslashes of a path as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
}

static size_t read_table(char *table, size_t size)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	size_t n;

	if (!file)
		return 0;
	n = fread(table, 1, size - 1, file);
	fclose(file);
	return n;
}

/* The path of a line "ID PARENT DEV ROOT PATH ...", terminated in place; NULL if it is none. */
static char *line_path(char *line)
{
	char *save;
	char *word = strtok_r(line, " ", &save);

	for (int i = 0; word && i < 4; i++)
		word = strtok_r(NULL, " ", &save);
	if (word)
		unescape(word);
	return word;
}

/* Needed until the last moment, and no disk is behind them. */
static int is_spared(const char *path)
{
	return !strcmp(path, "/") || !strcmp(path, "/proc") || !strcmp(path, "/dev") ||
	       !strcmp(path, "/sys");
}

static int end_mount(const char *path, int flags)
{
	if (!umount2(path, UMOUNT_NOFOLLOW | flags))
		return 1;
	if (errno == EBUSY)
		mount(NULL, path, NULL, MS_REMOUNT | MS_RDONLY, NULL);
	return 0;
}

/* Unmounts what can be, the latest mount first. How many could. */
static int unmount_pass(int flags)
{
	static char table[TABLE_MAX];
	size_t n = read_table(table, sizeof(table));
	int done = 0;

	table[n] = 0;
	while (n) {
		char *line;
		char *path;

		while (n && table[n - 1] == '\n')
			table[--n] = 0;
		line = memrchr(table, '\n', n);
		line = line ? line + 1 : table;
		n = (size_t)(line - table);
		path = line_path(line);
		if (path && *path && !is_spared(path))
			done += end_mount(path, flags);
	}
	return done;
}

/* What stays busy (the agent's own socket does) is read-only by then and taken out of the tree. */
static void unmount_visible(void)
{
	for (int i = 0; i < PASSES && unmount_pass(0); i++)
		;
	unmount_pass(MNT_DETACH);
}

/*
 * The new root lies on top of the initramfs. From the latter's root "/" leads to it only as the
 * target of umount, which is what is wanted; what the new root was made of becomes visible again.
 */
static void leave_new_root(int old_root)
{
	static const char *const lazily[] = {"/dev", "/proc", "/sys"};
	int failed;

	mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(lazily); i++)
		umount2(lazily[i], MNT_DETACH);
	if (fchdir(old_root) || chroot("."))
		return;
	failed = umount2("/", 0) ? errno : 0;
	if (failed)
		umount2("/", MNT_DETACH);
	mounts_early();
	if (failed)
		complain("unmount the root: %s", strerror(failed));
}

void mounts_end(void)
{
	int old_root = mounts_old_root();

	unmount_visible();
	if (old_root >= 0) {
		leave_new_root(old_root);
		unmount_visible();
	}
	sync();
}
