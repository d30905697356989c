// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/kbuild.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "kbuild/building.h"
#include "kbuild/config.h"
#include "kbuild/content.h"
#include "kbuild/host.h"
#include "kbuild/install.h"
#include "kbuild/kept.h"
#include "kbuild/source.h"
#include "kbuild/state.h"

struct job {
	const struct kbuild *b;
	struct kbuild_result *result;
	struct tree tree;      /* as it was before anything was done */
	struct state was, now; /* of the last good build; as of tree */
	int64_t start_ns;
	int64_t looked_ns;     /* when tree was looked at, by the real time */
	char key[SUM_HEX_MAX]; /* in the cache; "": the cache has no part in this */
};

void kbuild_result_done(struct kbuild_result *r)
{
	free(r->log);
	*r = (struct kbuild_result){0};
}

static void say(const struct job *j, const char *phase)
{
	const struct kbuild_progress p = {
		.phase = phase,
		.elapsed_ns = loop_now_ns() - j->start_ns,
		.left_ns = -1,
	};

	if (j->b->progress)
		j->b->progress(j->b->arg, &p);
}

/* ---- whether there is anything to do */

static int look(struct job *j, struct err *err)
{
	int r;

	j->looked_ns = realtime_ns();
	r = state_scan(j->b, &j->tree, err);

	if (r == 0)
		r = state_of_source(j->b, &j->tree, &j->now, err);
	if (r == 0)
		r = state_of_result(j->b, &j->now, err);
	return r;
}

static bool is_done(const struct job *j)
{
	const char *change = state_change(&j->was, &j->now);

	if (!change && j->b->always_make)
		change = "it is to be made in any case";
	log_debug("kernel: %s", change ? change : "nothing changed");
	return !change;
}

/* ---- doing it */

static int configure(struct job *j, struct err *err)
{
	int r = 0;

	if (j->b->always_make || !state_config_stands(&j->was, &j->now)) {
		say(j, "configuring");
		r = config_make(j->b, err);
	}
	return r < 0 ? r : state_of_result(j->b, &j->now, err);
}

/* Without what only the build directory has, a kernel from the cache is not enough. */
static bool may_be_kept(const struct kbuild *b)
{
	return b->cache && !b->target && !(b->gcov && b->gcov->n);
}

static int find_key(struct job *j, struct err *err)
{
	const struct kbuild *b = j->b;
	_cleanup_free_ char *manifest = NULL;
	struct sum content;
	int r;

	if (!may_be_kept(b))
		return 0;
	r = kept_manifest(b->cache, b->source, &manifest, err);
	if (r == 0)
		r = content_sum(b->source, &j->tree, manifest, &content, err);
	if (r == 0)
		state_key(b, &j->now, content, j->key);
	return r;
}

static int take_kept(struct job *j, const char *kept, struct err *err)
{
	int r;

	log_debug("the kernel is in the cache: %s", kept);
	say(j, "installing");
	r = install_copy(kept, j->b->install_dir, err);
	if (r == 0)
		j->result->how = KBUILD_CACHED;
	return r;
}

/* build_dir less what make has made in it. */
static int remove_objects(const struct kbuild *b, struct err *err)
{
	DIR *d = opendir(b->build_dir);
	const struct dirent *de;
	int r = 0;

	if (!d)
		return err_errno(err, "%s", b->build_dir);
	while (r == 0 && (de = readdir(d))) {
		_cleanup_free_ char *path = xasprintf("%s/%s", b->build_dir, de->d_name);

		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, "..") &&
		    !str_eq(de->d_name, ".config") && !str_starts(de->d_name, ".ktest") &&
		    !str_eq(path, b->user_config))
			r = rm_rf(path, err);
	}
	closedir(d);
	return r;
}

/* From the source as it is: what make would not see, it must not have an old object of. */
static int check_times(struct job *j, struct err *err)
{
	const char *file = state_backdated(&j->was, &j->tree);

	if (!file)
		return 0;
	log_note("%s changed and has an older time than the last build: all is compiled again",
		 file);
	return remove_objects(j->b, err);
}

static int make(struct job *j, struct err *err)
{
	int r = host_check_config(j->b, err);

	if (r == 0)
		r = check_times(j, err);
	j->now.made_ns = j->looked_ns;
	if (r == 0)
		r = state_save_unbuilt(j->b, &j->now, err);
	if (r == 0)
		r = building_run(j->b, j->now.part[STATE_CONFIG], &j->result->log, err);
	if (r < 0)
		return r;
	say(j, "installing");
	j->result->how = KBUILD_MADE;
	return install_kernel(j->b, err);
}

static int get_kernel(struct job *j, struct err *err)
{
	_cleanup_free_ char *kept =
		*j->key && !j->b->always_make ? kept_find(j->b->cache, j->key) : NULL;

	return kept ? take_kept(j, kept, err) : make(j, err);
}

/* A cache that cannot be written costs time and nothing else. */
static void keep(const struct job *j)
{
	struct err err = {0};

	if (*j->key && j->result->how == KBUILD_MADE &&
	    kept_add(j->b->cache, j->key, j->b->install_dir, KEPT_MAX, &err) < 0)
		log_warn("the kernel is not kept for the next time: %s", err.msg);
}

/* Of a source that changed meanwhile nobody knows which version make has read. */
static int put_down(struct job *j, struct err *err)
{
	_cleanup_tree_ struct tree after = {0};
	int r = state_scan(j->b, &after, err);

	if (r < 0)
		return r;
	if (!j->tree.settled || !sum_eq(after.id, j->tree.id)) {
		log_note("the source changed while it was built: the next build looks again");
		return 0;
	}
	keep(j);
	r = state_of_result(j->b, &j->now, err);
	return r < 0 ? r : state_save(j->b, &j->now, err);
}

static int build(struct job *j, struct err *err)
{
	int r = state_save_unbuilt(j->b, &j->was, err);

	if (r == 0)
		r = configure(j, err);
	j->now.made_ns = j->was.made_ns;
	if (r == 0)
		r = find_key(j, err);
	if (r == 0)
		r = get_kernel(j, err);
	return r < 0 ? r : put_down(j, err);
}

static int check_and_build(struct job *j, struct err *err)
{
	int r = host_check(j->b, err);

	if (r == 0)
		r = host_check_room(j->b, err);
	return r < 0 ? r : build(j, err);
}

/* One at a time in a build directory. */
static int lock(const struct kbuild *b, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/.ktest-lock", b->build_dir);
	int fd = lock_try(path, err);

	if (fd == -EWOULDBLOCK)
		return err_set(err, EBUSY,
			       "another build is at work in %s: wait for its end, or "
			       "name another place with -o DIR",
			       b->build_dir);
	return fd;
}

static int run(struct job *j, struct err *err)
{
	int r;

	say(j, "checking");
	r = look(j, err);
	if (r < 0)
		return r;
	state_load(j->b, &j->was);
	return is_done(j) ? 0 : check_and_build(j, err);
}

static int run_locked(struct job *j, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int r = source_check(j->b, err);

	if (r == 0)
		r = host_check_dirs(j->b, err);
	if (r < 0)
		return r;
	fd = lock(j->b, err);
	return fd < 0 ? fd : run(j, err);
}

int kbuild_run(const struct kbuild *b, struct kbuild_result *result, struct err *err)
{
	struct job j = {.b = b, .result = result, .start_ns = loop_now_ns()};
	int r;

	*result = (struct kbuild_result){.how = KBUILD_UNCHANGED};
	r = run_locked(&j, err);
	tree_done(&j.tree);
	result->duration_ns = loop_now_ns() - j.start_ns;
	return r;
}
