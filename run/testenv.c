// SPDX-License-Identifier: GPL-2.0-only
#include "run/testenv.h"

#include <inttypes.h>
#include <stdlib.h>

void testenv_run(const struct settings *s, const struct test_file *f, int nr_reboots,
		 struct strv *env)
{
	_cleanup_free_ char *variants = strv_join(&s->variants, " ");

	/* Any other makes each program read a dozen files at its start, over 9p in a guest. */
	strv_addv(env, "LANG=C", "TERM=dumb", NULL);
	strv_addf(env, "ktest_arch=%s", f->arch->name);
	strv_addf(env, "ktest_cpus=%d", f->cpus);
	strv_addf(env, "ktest_mem=%" PRId64, f->mem_mib);
	strv_addf(env, "ktest_storage_bus=%s", f->bus->name);
	strv_addf(env, "ktest_priority=%" PRId64, s->priority);
	strv_addf(env, "ktest_interactive=%s", s->interactive && !s->until_failure ? "true" : "");
	strv_addf(env, "ktest_failfast=%s", s->failfast ? "true" : "");
	strv_addf(env, "ktest_verbose=%s", s->verbose ? "true" : "");
	strv_addf(env, "ktest_library=%s", f->needs.own_library ? "1" : "");
	strv_addf(env, "ktest_control=%s", f->control ? "1" : "");
	strv_addf(env, "ktest_variant=%s", variants);
	strv_addf(env, "NR_REBOOTS=%d", nr_reboots);
	strv_cat(env, &s->env);
}

void testenv_keep(struct strv *env, const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	if (value || otherwise)
		strv_addf(env, "%s=%s", name, value ? value : otherwise);
}
