// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as what `TEST deps` and `TEST list-tests` print. What is accepted is printed, and that
 * comes to the same again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "run/needs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static void parse_again(const struct needs *n)
{
	_cleanup_strbuf_ struct strbuf once = {0}, twice = {0};
	struct needs again = {0};

	strbuf_puts(&once, "");
	strbuf_puts(&twice, "");
	needs_text(n, &once);
	check(needs_parse_deps(once.s, once.len, &again, NULL) == 0);
	needs_text(&again, &twice);
	check(!strcmp(once.s, twice.s));
	needs_done(&again);
	json_decref(needs_json(n));
}

static void check_message(const struct err *err)
{
	check(err->code < 0 && err->msg[0]);
	for (const char *c = err->msg; *c; c++)
		check((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void check_names(const struct needs *n)
{
	for (size_t i = 0; i < n->subtests.n; i++)
		check(n->subtests.v[i][0] && strlen(n->subtests.v[i]) <= 200);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of just the size, so that a read beyond it is seen. */
	char *copy = malloc(size ? size : 1);
	struct needs n = {0}, list = {0};
	struct err err = {0};

	memcpy(copy, data, size);
	if (needs_parse_deps(copy, size, &n, &err) == 0)
		parse_again(&n);
	else
		check_message(&err);
	if (needs_parse_list(copy, size, &list, &err) == 0)
		check_names(&list);
	else
		check_message(&err);
	needs_done(&n);
	needs_done(&list);
	free(copy);
	return 0;
}
