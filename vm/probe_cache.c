// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "vm/probe.h"

#define CACHE_VERSION 1
#define CACHE_MAX     65536 /* bytes */
#define ENTRIES_MAX   64    /* then it is begun anew */

/* The device's change time is part of it: a reload of the kvm module makes a new one. */
static char *probe_key(const struct accel_host *host, enum accel accel, const char *qemu)
{
	_cleanup_free_ char *hex = NULL;
	struct stat st;
	struct hash h;

	hash_init(&h);
	hash_stat(&h, qemu);
	hash_stat(&h, host->image);
	if (accel == ACCEL_KVM && !stat(host->kvm, &st))
		hash_add(&h, &st.st_ctim, sizeof(st.st_ctim));
	hex = hash_hex(&h);
	return xasprintf("%s %s", accel_name(accel), hex);
}

static char *cache_path(const char *dir)
{
	return xasprintf("%s/accel.json", dir);
}

/* The whole file when it is of this boot, else NULL. */
static json_t *cache_load(const struct accel_host *host, const char *path)
{
	_cleanup_free_ char *text = NULL;
	json_t *root;
	size_t len;

	if (file_read(path, CACHE_MAX, &text, &len, NULL) < 0)
		return NULL;
	root = json_loadb(text, len, 0, NULL);
	if (json_integer_value(json_object_get(root, "version")) == CACHE_VERSION &&
	    str_eq(json_string_value(json_object_get(root, "boot_id")), host->boot_id) &&
	    json_is_array(json_object_get(root, "probes")) &&
	    json_array_size(json_object_get(root, "probes")) < ENTRIES_MAX)
		return root;
	json_decref(root);
	return NULL;
}

static bool entry_read(const json_t *entry, struct probe *out)
{
	const json_t *works = json_object_get(entry, "works");
	double factor = json_number_value(json_object_get(entry, "factor"));
	double load = json_number_value(json_object_get(entry, "load"));
	const char *why = json_string_value(json_object_get(entry, "why"));

	if (!json_is_boolean(works) || !why ||
	    (json_is_true(works) && !(factor >= 1 && factor <= 20)))
		return false;
	*out = (struct probe){
		.works = json_is_true(works), .lasting = true, .factor = factor, .load = load};
	snprintf(out->why, sizeof(out->why), "%s", why);
	return true;
}

bool probe_recall(const struct accel_host *host, enum accel accel, const char *qemu,
		  const char *dir, struct probe *out)
{
	_cleanup_free_ char *key = NULL, *path = NULL;
	json_t *root, *entry;
	bool found = false;
	size_t i;

	if (!dir || !host->boot_id)
		return false;
	key = probe_key(host, accel, qemu);
	path = cache_path(dir);
	root = cache_load(host, path);
	json_array_foreach (json_object_get(root, "probes"), i, entry) {
		if (str_eq(json_string_value(json_object_get(entry, "key")), key))
			found = entry_read(entry, out);
	}
	json_decref(root);
	return found;
}

/* The file with key's entry replaced. */
static json_t *cache_with(json_t *root, const struct accel_host *host, const char *key,
			  const struct probe *p)
{
	json_t *probes, *entry;
	size_t i;

	if (!root)
		root = json_pack("{s:i, s:s, s:[]}", "version", CACHE_VERSION, "boot_id",
				 host->boot_id, "probes");
	probes = json_object_get(root, "probes");
	for (i = json_array_size(probes); i-- > 0;) {
		entry = json_array_get(probes, i);
		if (str_eq(json_string_value(json_object_get(entry, "key")), key))
			json_array_remove(probes, i);
	}
	json_array_append_new(probes,
			      json_pack("{s:s, s:b, s:f, s:f, s:s}", "key", key, "works", p->works,
					"factor", p->factor, "load", p->load, "why", p->why));
	return root;
}

/* Failing at this moment says nothing of the speed. */
static void keep_better(const struct probe *known, struct probe *p)
{
	if (known->works && !p->works && !p->lasting)
		*p = *known;
	if (!known->works || !p->works)
		return;
	if (known->factor < p->factor)
		p->factor = known->factor;
	if (known->load < p->load)
		p->load = known->load;
}

/* Without a cache every run probes anew: a pity, no error. */
void probe_remember(const struct accel_host *host, enum accel accel, const char *qemu,
		    const char *dir, struct probe *p)
{
	_cleanup_free_ char *key = NULL, *path = NULL, *text = NULL;
	struct err err = {0};
	struct probe known;
	json_t *root;
	int r;

	if (probe_recall(host, accel, qemu, dir, &known))
		keep_better(&known, p);
	if (!dir || !host->boot_id || !p->lasting)
		return;
	key = probe_key(host, accel, qemu);
	path = cache_path(dir);
	root = cache_with(cache_load(host, path), host, key, p);
	text = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	r = mkdir_p(dir, 0700, &err);
	if (r >= 0 && text)
		r = file_write_atomic(path, text, strlen(text), 0600, &err);
	if (r < 0)
		log_debug("%s", err.msg);
}
