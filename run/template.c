// SPDX-License-Identifier: GPL-2.0-only
#include "run/template.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/seal.h"
#include "run/template_cache.h"

#define INFO	 "info.json"
#define INFO_MAX (4 << 20)

/* The file beside the directories that says why there is none, and for how long that is believed.
 */
#define REFUSED	   ".refused"
#define REFUSED_S  (24 * 3600)
#define REASON_MAX 500

static char *file_in(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void set_dir(struct template *t, char *dir)
{
	free(t->dir);
	free(t->mem);
	free(t->state);
	t->dir = dir;
	t->mem = dir ? file_in(dir, "mem") : NULL;
	t->state = dir ? file_in(dir, "state") : NULL;
}

static void let_go(struct template *t)
{
	if (t->lock_fd >= 0)
		close(t->lock_fd);
	t->lock_fd = -1;
}

/* ---- what is written beside it */

static int write_info(const struct template *t, struct err *err)
{
	_cleanup_free_ char *path = file_in(t->dir, INFO);
	_cleanup_free_ char *text = NULL;
	json_t *info = json_pack("{s:i, s:i, s:i, s:b, s:o}", "point", (int)t->point, "host",
				 t->host, "qemu", t->qemu_version, "streams", t->streams, "names",
				 guest_names_json(&t->names));

	json_object_set_new(info, "has_kmsg", json_boolean(t->has_kmsg));
	json_object_set_new(info, "kmsg_next_seq", json_integer(t->kmsg.next_seq));
	json_object_set_new(info, "kmsg_last_us", json_integer(t->kmsg.last_us));
	json_object_set_new(info, "lockdep", json_integer(t->kmsg.lockdep));
	json_object_set_new(info, "uptime_us", json_integer(t->uptime_us));
	json_object_set(info, "bugs", t->bugs);

	text = json_dumps(info, JSON_INDENT(1));
	json_decref(info);
	return file_write(path, text, strlen(text), 0600, err);
}

static bool read_info(struct template *t)
{
	_cleanup_free_ char *path = file_in(t->dir, INFO);
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *info = NULL;
	size_t len;

	if (file_read(path, INFO_MAX, &text, &len, NULL) < 0)
		return false;
	info = json_loadb(text, len, 0, NULL);
	t->host = (int)json_get_int(info, "host", 0);
	t->qemu_version = (int)json_get_int(info, "qemu", 0);
	t->streams = json_get_bool(info, "streams", false);
	t->has_kmsg = json_get_bool(info, "has_kmsg", false);
	t->kmsg.next_seq = json_get_int(info, "kmsg_next_seq", 0);
	t->kmsg.last_us = json_get_int(info, "kmsg_last_us", 0);
	t->kmsg.lockdep = (enum lockdep)json_get_int(info, "lockdep", LOCKDEP_NONE);
	t->uptime_us = json_get_int(info, "uptime_us", 0);
	json_decref(t->bugs);
	t->bugs = json_incref(json_object_get(info, "bugs"));
	return json_get_int(info, "point", -1) == (int)t->point &&
	       guest_names_parse(json_object_get(info, "names"), &t->names);
}

/* ---- one that cannot be made */

static char *refusal_path(const char *cache, const char *key)
{
	return xasprintf("%s/" TEMPLATES "/%s" REFUSED, cache, key);
}

char *template_refused(const char *cache, const char *key)
{
	_cleanup_free_ char *path = refusal_path(cache, key);
	struct stat st;
	char *why = NULL;
	size_t len;

	if (stat(path, &st) < 0)
		return NULL;
	/* Of the future it is where the clock was set back. */
	if (time(NULL) - st.st_mtime > REFUSED_S || st.st_mtime > time(NULL))
		unlink(path);
	else if (file_read(path, REASON_MAX, &why, &len, NULL) < 0)
		return NULL;
	return why;
}

void template_refuse(const char *cache, const char *key, const char *why)
{
	_cleanup_free_ char *path = refusal_path(cache, key);
	struct err err = {0};

	if (file_replace(path, why, strnlen(why, REASON_MAX - 1), 0600, &err) < 0)
		log_debug("%s", err.msg);
}

/* ---- one that is there */

static void take_up(struct template *t)
{
	struct stat st;
	bool held;

	t->lock_fd = template_lock(t->dir, LOCK_SH);
	t->there = t->lock_fd >= 0 && seal_check(t->dir) > 0 && read_info(t);
	if (t->there)
		return;
	held = t->lock_fd == -EWOULDBLOCK;
	let_go(t);
	guest_names_done(&t->names);
	/* Whoever makes or removes it holds it. */
	if (held || lstat(t->dir, &st) < 0)
		return;
	log_note("%s is not as it was kept: it is made again", t->dir);
	template_remove(t->dir);
}

void template_open(const char *cache, enum template_point point, char *key, struct template *t)
{
	*t = (struct template){.point = point, .key = key, .lock_fd = -1};
	set_dir(t, xasprintf("%s/" TEMPLATES "/%s", cache, key));
	take_up(t);
	if (!t->there)
		t->why_not = template_refused(cache, key);
}

void template_unfinished(struct template *t)
{
	if (t->lock_fd < 0 || t->there)
		return;
	rm_rf(t->dir, NULL);
	let_go(t);
}

void template_close(struct template *t)
{
	template_unfinished(t);
	let_go(t);
	set_dir(t, NULL);
	guest_names_done(&t->names);
	json_decref(t->bugs);
	t->bugs = NULL;
	free(t->key);
	free(t->why_not);
	free(t->title);
	t->key = t->why_not = NULL;
}

/* ---- one that is made */

int template_begin(const char *cache, struct template *t, struct err *err)
{
	_cleanup_free_ char *all = xasprintf("%s/" TEMPLATES, cache);
	char *dir = NULL;

	if (mkdir_p(all, 0700, err) < 0)
		return err->code;
	t->lock_fd = template_make(all, &dir, err);
	if (t->lock_fd < 0)
		return err->code;
	set_dir(t, dir);
	return 0;
}

/* Another run may have been faster: then that one's is as good. */
int template_publish(const char *cache, struct template *t, struct err *err)
{
	_cleanup_free_ char *all = xasprintf("%s/" TEMPLATES, cache);
	char *place = file_in(all, t->key);
	int r = write_info(t, err);

	if (r == 0)
		r = seal_write(t->dir, err);
	if (r < 0) {
		free(place);
		return r;
	}
	if (rename(t->dir, place) < 0) {
		rm_rf(t->dir, NULL);
		let_go(t);
		guest_names_done(&t->names);
		set_dir(t, place);
		take_up(t);
	} else {
		/* From here on, since a change of the lock lets it go for a moment, in which what
		 * is half made would be swept. */
		flock(t->lock_fd, LOCK_SH);
		set_dir(t, place);
		t->there = true;
	}
	templates_trim(all, TEMPLATES_MAX);
	return t->there ? 0 : err_set(err, EEXIST, "%s is in the way", t->dir);
}

void template_discard(struct template *t, const char *why)
{
	if (t->why_not)
		return;
	log_debug("no saved guest: %s", why);
	t->why_not = xstrdup(why);
	t->there = false;
	let_go(t);
	template_remove(t->dir);
}
