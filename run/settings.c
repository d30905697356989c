// SPDX-License-Identifier: GPL-2.0-only
#include "run/settings.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/json.h"

enum kind { KIND_STRING, KIND_INT, KIND_SIZE, KIND_BOOL, KIND_LIST };

static const struct field {
	const char *name;
	enum kind kind;
	size_t offset;
} fields[] = {
#define FIELD(name, kind)                                    \
	{                                                    \
#name, kind, offsetof(struct settings, name) \
	}
	FIELD(kernel, KIND_STRING),	FIELD(source, KIND_STRING),
	FIELD(make_args, KIND_LIST),	FIELD(gcov, KIND_LIST),
	FIELD(fresh_config, KIND_BOOL), FIELD(keep_config, KIND_BOOL),
	FIELD(always_make, KIND_BOOL),	FIELD(arch, KIND_STRING),
	FIELD(out, KIND_STRING),	FIELD(work_dir, KIND_STRING),
	FIELD(root, KIND_STRING),	FIELD(network, KIND_STRING),
	FIELD(bus, KIND_STRING),	FIELD(accel, KIND_STRING),
	FIELD(qemu, KIND_STRING),	FIELD(deps_dir, KIND_STRING),
	FIELD(isolation, KIND_STRING),	FIELD(cpus, KIND_INT),
	FIELD(mem_mib, KIND_INT),	FIELD(timeout_s, KIND_INT),
	FIELD(priority, KIND_INT),	FIELD(nice, KIND_INT),
	FIELD(jobs, KIND_INT),		FIELD(repeat, KIND_INT),
	FIELD(retry, KIND_INT),		FIELD(until_fail, KIND_BOOL),
	FIELD(confirm, KIND_BOOL),	FIELD(log_limit, KIND_SIZE),
	FIELD(variants, KIND_LIST),	FIELD(append, KIND_LIST),
	FIELD(qemu_args, KIND_LIST),	FIELD(env, KIND_LIST),
	FIELD(failfast, KIND_BOOL),	FIELD(verbose, KIND_BOOL),
	FIELD(dump, KIND_BOOL),		FIELD(dump_format, KIND_STRING),
	FIELD(dump_limit, KIND_SIZE),	FIELD(vde, KIND_STRING),
	FIELD(forwards, KIND_LIST),	FIELD(program, KIND_STRING),
	FIELD(keeper, KIND_STRING),	FIELD(tree, KIND_STRING),
	FIELD(cache, KIND_STRING),	FIELD(interactive, KIND_BOOL),
	FIELD(gdb_wait, KIND_BOOL),	FIELD(until_failure, KIND_BOOL),
	FIELD(fail_on, KIND_LIST),
#undef FIELD
};

static const void *field_at(const struct settings *s, const struct field *f)
{
	return (const char *)s + f->offset;
}

void settings_done(struct settings *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		void *at = (char *)s + fields[i].offset;

		if (fields[i].kind == KIND_STRING)
			free(*(char **)at);
		else if (fields[i].kind == KIND_LIST)
			strv_done(at);
	}
	*s = (struct settings){0};
}

static json_t *field_json(const struct settings *s, const struct field *f)
{
	const void *at = field_at(s, f);
	const char *text;

	switch (f->kind) {
	case KIND_STRING:
		text = *(char *const *)at;
		return json_string_lossy(text);
	case KIND_INT:
		return json_integer(*(const int64_t *)at);
	case KIND_SIZE:
		return json_integer((json_int_t) * (const uint64_t *)at);
	case KIND_BOOL:
		return json_boolean(*(const bool *)at);
	case KIND_LIST:
		return json_strv_lossy(at);
	}
	return NULL;
}

json_t *settings_json(const struct settings *s)
{
	json_t *obj = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		json_object_set_new(obj, fields[i].name, field_json(s, &fields[i]));
	return obj;
}
