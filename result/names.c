// SPDX-License-Identifier: GPL-2.0-only
#include "result/names.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define DEV "/dev/"

static struct strv *names_of(struct guest_names *names, enum disk_role role)
{
	switch (role) {
	case DISK_SCRATCH:
		return &names->scratch;
	case DISK_SLOW:
		return &names->slow;
	case DISK_IMAGE:
		return &names->image;
	case DISK_RW_IMAGE:
		return &names->rw_image;
	case DISK_PMEM:
		return &names->pmem;
	case DISK_ROOT:
	case DISK_UPPER:
	case DISK_PACK:
		break;
	}
	return NULL;
}

static bool is_name(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	return *s && !s[strspn(s, allowed)];
}

/* The device that the answer names for the disk with this serial; the guest's word, so only what a
 * name can hold. */
static void find_name(const struct frame *done, const char *serial, char *name, size_t size)
{
	const char *key, *value;
	size_t pos = 0, key_len, n = strlen(serial);

	snprintf(name, size, "unknown");
	while (frame_next(done, &pos, &key, &key_len, &value)) {
		if (key_len != 4 || memcmp(key, "disk", 4) != 0 || strncmp(value, serial, n) != 0 ||
		    value[n] != '\t')
			continue;
		value += n + 1;
		if (is_name(value))
			snprintf(name, size, "%s", value);
		return;
	}
}

void guest_names_read(const struct disks *disks, const struct frame *done,
		      struct guest_names *names)
{
	char name[32];

	guest_names_done(names);
	for (size_t i = 0; i < disks->n; i++) {
		const struct disk *d = &disks->v[i];
		struct strv *list = names_of(names, d->role);

		if (!list)
			continue;
		if (d->role == DISK_PMEM)
			snprintf(name, sizeof(name), "pmem%d", d->index);
		else
			find_name(done, d->id, name, sizeof(name));
		strv_addf(list, DEV "%s", name);
	}
}

static const struct {
	const char *key;
	size_t offset;
} lists[] = {
	{"scratch", offsetof(struct guest_names, scratch)},
	{"slow", offsetof(struct guest_names, slow)},
	{"image", offsetof(struct guest_names, image)},
	{"rw_image", offsetof(struct guest_names, rw_image)},
	{"pmem", offsetof(struct guest_names, pmem)},
};

static struct strv *list_at(struct guest_names *names, size_t i)
{
	return (struct strv *)(void *)((char *)names + lists[i].offset);
}

static const struct strv *const_list_at(const struct guest_names *names, size_t i)
{
	return (const struct strv *)(const void *)((const char *)names + lists[i].offset);
}

void guest_names_copy(const struct guest_names *from, struct guest_names *to)
{
	guest_names_done(to);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_cat(list_at(to, i), const_list_at(from, i));
}

void guest_names_done(struct guest_names *names)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_done(list_at(names, i));
}

json_t *guest_names_json(const struct guest_names *names)
{
	json_t *j = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_object_set_new(j, lists[i].key, json_strv_lossy(const_list_at(names, i)));
	return j;
}

static bool parse_list(const json_t *list, struct strv *names)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(list))
		return false;
	json_array_foreach (list, i, item) {
		const char *path = json_string_value(item);

		if (!path || !str_starts(path, DEV) || !is_name(path + strlen(DEV)))
			return false;
		strv_add(names, path);
	}
	return true;
}

bool guest_names_parse(const json_t *j, struct guest_names *names)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (!parse_list(json_object_get(j, lists[i].key), list_at(names, i)))
			return false;
	return true;
}
