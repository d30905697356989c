// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/loop.h"

#define CONFIGS_MAX 8 /* whose builds are remembered */
#define CONFIG_MAX  (16 << 20)

/* Objects of a kernel to options that are on: 2.2 at ktest's base requirements on x86_64, 6.12. */
#define OBJECTS_PER_OPTION 2.2

/* Below so many objects their pace says nothing yet. */
#define PACE_MIN 20

static char *notes_path(const struct kbuild *b)
{
	return xasprintf("%s.builds.json", b->build_dir);
}

static json_t *notes_load(const struct kbuild *b)
{
	_cleanup_free_ char *path = notes_path(b);
	json_t *list = json_load_file(path, 0, NULL);

	if (json_is_array(list))
		return list;
	json_decref(list);
	return json_array();
}

static size_t note_find(const json_t *list, const char *hex)
{
	size_t i = 0;

	while (i < json_array_size(list) &&
	       !str_eq(json_get_str(json_array_get(list, i), "config"), hex))
		i++;
	return i;
}

static bool take(const json_t *note, const char *kind, struct expect *e)
{
	const json_t *one = json_object_get(note, kind);

	e->objects = (size_t)json_get_int(one, "objects", 0);
	e->duration_ns = json_get_int(one, "duration_ns", 0);
	e->tail_ns = json_get_int(one, "tail_ns", 0);
	return e->objects > 0;
}

/* By what is on in the .config. */
static size_t estimate(const struct kbuild *b)
{
	_cleanup_free_ char *path = xasprintf("%s/.config", b->build_dir), *text = NULL;
	size_t len, n = 0;

	if (file_read(path, CONFIG_MAX, &text, &len, NULL) < 0)
		return 0;
	for (const char *s = text; (s = strpbrk(s, "=")); s++)
		n += (s[1] == 'y' || s[1] == 'm') && s[2] == '\n';
	return (size_t)((double)n * OBJECTS_PER_OPTION);
}

void expect_load(const struct kbuild *b, struct sum config, bool from_scratch, struct expect *e)
{
	_cleanup_json_ json_t *list = notes_load(b);
	char hex[SUM_HEX_MAX];
	size_t i;

	*e = (struct expect){0};
	sum_hex(config, hex);
	i = note_find(list, hex);
	if (from_scratch && take(json_array_get(list, i), "all", e))
		return;
	e->is_guess = true;
	if (!from_scratch) {
		take(json_array_get(list, i), "part", e);
		return;
	}
	if (!take(json_array_get(list, 0), "all", e))
		e->objects = estimate(b);
}

void expect_save(const struct kbuild *b, struct sum config, bool from_scratch,
		 const struct expect *was)
{
	_cleanup_json_ json_t *list = notes_load(b);
	_cleanup_free_ char *path = notes_path(b), *text = NULL;
	char hex[SUM_HEX_MAX];
	json_t *note;
	size_t i;

	sum_hex(config, hex);
	i = note_find(list, hex);
	note = i < json_array_size(list) ? json_deep_copy(json_array_get(list, i))
					 : json_pack("{s:s}", "config", hex);
	json_array_remove(list, i);
	json_object_set_new(note, from_scratch ? "all" : "part",
			    json_pack("{s:I s:I s:I}", "objects", (json_int_t)was->objects,
				      "duration_ns", (json_int_t)was->duration_ns, "tail_ns",
				      (json_int_t)was->tail_ns));
	json_array_insert_new(list, 0, note);
	while (json_array_size(list) > CONFIGS_MAX)
		json_array_remove(list, CONFIGS_MAX);
	text = json_dumps(list, JSON_INDENT(1));
	file_replace(path, text, strlen(text), 0644, NULL);
}

/* At first by how long it took the last time, then more and more by the pace of this one. */
int64_t expect_left(const struct expect *e, size_t done, int64_t elapsed_ns)
{
	double share, by_pace, by_last;

	if (!e->objects || done > e->objects)
		return -1;
	share = (double)done / (double)e->objects;
	by_last = e->duration_ns ? (double)e->duration_ns * (1 - share) : -1;
	if (done < PACE_MIN)
		return e->is_guess && by_last <= 0 ? -1 : (int64_t)by_last;
	by_pace = (double)elapsed_ns / share * (1 - share) + (double)e->tail_ns;
	if (by_last < 0)
		return (int64_t)by_pace;
	return (int64_t)(by_last * (1 - share) + by_pace * share);
}
