// SPDX-License-Identifier: GPL-2.0-only
#include "result/phase.h"

#include "base/str.h"

static const struct {
	const char *name, *row;
} phases[PHASES] = {
	[PHASE_BOOT] = {"boot", "(boot)"},
	[PHASE_INIT] = {"init", "(init)"},
	[PHASE_END] = {"end", "(end)"},
};

const char *phase_name(enum phase p)
{
	return phases[p].name;
}

const char *phase_row(enum phase p)
{
	return phases[p].row;
}

enum phase phase_find(const char *name)
{
	for (enum phase p = PHASE_BOOT; p < PHASES; p++)
		if (str_eq(name, phases[p].name))
			return p;
	return PHASE_NONE;
}

enum phase phase_of_row(const char *subtest)
{
	for (enum phase p = PHASE_BOOT; p < PHASES; p++)
		if (str_eq(subtest, phases[p].row))
			return p;
	return PHASE_NONE;
}
