// SPDX-License-Identifier: GPL-2.0-only
/* The compiler's notes beside the coverage that a run took: gather_notes(). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "run/gather.h"

#define DEPTH_MAX 64
#define NOTES_MAX (64 << 20)

struct notes {
	bool cleaning; /* notes are removed: a guest can lay its own, and name any file as a source
			*/
	int first; /* the first gcov.N, which later ones have links to: a guest each may have many
		    */
	size_t found, missing;
};

/* A run that was resumed may have had its kernel built anew in between. */
static bool first_has(const struct notes *n, const char *path, const char *data, size_t len)
{
	_cleanup_close_ int fd = n->first < 0 ? -1 : open_beneath(n->first, path, O_RDONLY, 0);
	_cleanup_free_ char *had = NULL;
	size_t had_len;

	return fd >= 0 && file_read_fd(fd, path, NOTES_MAX, &had, &had_len, NULL) == 0 &&
	       had_len == len && !memcmp(had, data, len);
}

/* The names are the guest's: only a file of notes is copied, and only to a new file. */
static int copy_notes(const char *path, int dir, const char *name, const struct notes *n)
{
	_cleanup_close_ int from = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), to = -1;
	_cleanup_free_ char *data = NULL;
	struct stat st;
	size_t len;

	if (from < 0 || fstat(from, &st) < 0 || !S_ISREG(st.st_mode) ||
	    file_read_fd(from, path, NOTES_MAX, &data, &len, NULL) < 0)
		return -ENOENT;
	if (len < 4 || (memcmp(data, "oncg", 4) != 0 && memcmp(data, "gcno", 4) != 0))
		return -EINVAL;
	if (first_has(n, path + 1, data, len) && linkat(n->first, path + 1, dir, name, 0) == 0)
		return 0;
	to = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return to < 0 ? -errno : fd_write_all(to, data, len);
}

/* below: the directory on the host that dir is an image of. */
static void walk(int dir, const char *below, int depth, struct notes *n);

static void visit(int dir, const char *below, const struct dirent *de, int depth, struct notes *n)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", below, de->d_name);
	size_t len = strlen(path);

	if (de->d_type == DT_DIR) {
		_cleanup_close_ int sub = open_beneath(dir, de->d_name, O_RDONLY | O_DIRECTORY, 0);

		if (sub >= 0 && depth < DEPTH_MAX)
			walk(sub, path, depth + 1, n);
	} else if (n->cleaning) {
		if (str_ends(path, ".gcno"))
			unlinkat(dir, de->d_name, 0);
	} else if (str_ends(path, ".gcda")) {
		memcpy(path + len - 2, "no", 2);
		if (copy_notes(path, dir, path_base(path), n) == 0)
			n->found++;
		else
			n->missing++;
	}
}

static void walk(int dir, const char *below, int depth, struct notes *n)
{
	DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 &&
		    strcmp(de->d_name, GUESTDIR_METADATA) != 0)
			visit(dir, below, de, depth, n);
	if (d)
		closedir(d);
}

/* Each gcov.N but those in not; fn keeps the descriptor or closes it. */
static void each_dir(const struct run *run, const struct strv * not,
		     void (*fn)(int dir, const char *name, void *arg), void *arg)
{
	_cleanup_close_ int top = openat(run->out.dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = top >= 0 ? fdopendir(dup(top)) : NULL;
	struct dirent *de;

	while (d && (de = readdir(d))) {
		int dir = -1;

		if (outdir_is_coverage(de->d_name) && !strv_has(not, de->d_name))
			dir = open_beneath(top, de->d_name, O_RDONLY | O_DIRECTORY, 0);
		if (dir >= 0)
			fn(dir, de->d_name, arg);
	}
	if (d)
		closedir(d);
}

static void remember(int dir, const char *name, void *arg)
{
	strv_add(arg, name);
	close(dir);
}

void gather_begin(struct run *run)
{
	static const struct strv none;

	each_dir(run, &none, remember, &run->gcov_before);
}

static void take_notes(int dir, const char *name, void *arg)
{
	struct notes *n = arg;

	(void)name;
	n->cleaning = true;
	walk(dir, "", 0, n);
	n->cleaning = false;
	walk(dir, "", 0, n);
	if (n->first < 0)
		n->first = dir;
	else
		close(dir);
}

void gather_notes(const struct run *run)
{
	struct notes n = {.first = -1};

	each_dir(run, &run->gcov_before, take_notes, &n);
	if (n.first >= 0)
		close(n.first);
	if (n.missing)
		log_warn("%zu of %zu files of coverage have no notes (.gcno) where their kernel "
			 "was built: no report can be made of them",
			 n.missing, n.found + n.missing);
	else if (n.found)
		log_note("coverage of %zu files; 'ktest coverage -o %s' makes a report", n.found,
			 run->out.path);
}
