// SPDX-License-Identifier: GPL-2.0-only
/* ktest needs: what a test file declares and which subtests it has. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "run/needs.h"
#include "run/needs_variants.h"

struct needs_options {
	char *arch;
	int64_t priority;
	struct strv variants;
	bool json;
};

#define AT(field) .offset = offsetof(struct needs_options, field)

static const struct opt needs_opts[] = {
	{'a', "arch", OPT_STRING, "ARCH", "architecture of the guest, for files that ask",
	 AT(arch)},
	{'p', "priority", OPT_INT, "N", "how long tests may take, for files that ask", AT(priority),
	 .min = -100, .max = 1000},
	{0, "variant", OPT_LIST, "NAME", "as VARIANT-TEST.ktest would (kasan), repeatable",
	 AT(variants)},
	{0, "json", OPT_BOOL, NULL, "as JSON", AT(json)},
	{'h', "help", OPT_HELP, NULL, "this list", AT(json)},
	{0},
};

static int help(void)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	opt_help(needs_opts, 0, &b);
	printf("usage: ktest needs [options] TEST [--json]\n\n%s", b.s);
	return 0;
}

static void print_needs(const struct needs *n, bool json)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	_cleanup_json_ json_t *o = NULL;

	if (json) {
		o = needs_json(n);
		json_dumpf(o, stdout, JSON_INDENT(1));
		putchar('\n');
		return;
	}
	needs_text(n, &b);
	fwrite(b.s, 1, b.len, stdout);
}

static int read_and_print(const char *path, const struct needs_options *o, struct err *err)
{
	_cleanup_free_ char *tree = program_tree();
	_cleanup_free_ char *keeper = program_keeper();
	struct needs_limits limits = {.arch = o->arch, .keeper = keeper, .variants = &o->variants};
	struct needs n = {0};
	int r = variants_check(tree, &o->variants, err);

	if (r == 0)
		r = needs_read(path, tree, o->priority, &limits, &n, err);
	if (r == 0)
		print_needs(&n, o->json);
	needs_done(&n);
	if (r == 0 && (fflush(stdout) || ferror(stdout)))
		r = err_errno(err, "standard output");
	return r;
}

/* Options may stand behind the file as well: it is the one argument. */
static int parse(int argc, char **argv, struct needs_options *o, const char **path, struct err *err)
{
	int rest, r = opt_parse(needs_opts, 0, argc, argv, o, &rest, err);

	if (r)
		return r;
	if (rest == argc)
		return err_usage(err, "needs: name a test file");
	*path = argv[rest];
	argc -= rest;
	argv += rest;
	r = opt_parse(needs_opts, 0, argc, argv, o, &rest, err);
	if (r == 0 && rest < argc)
		r = err_usage(err, "needs: one test file at a time");
	return r;
}

int cmd_needs(int argc, char **argv, struct err *err)
{
	struct needs_options o = {0};
	const char *path = NULL;
	int r = parse(argc, argv, &o, &path, err);

	if (r == OPT_WANTS_HELP)
		r = help();
	else if (r == 0)
		r = read_and_print(path, &o, err);
	free(o.arch);
	strv_done(&o.variants);
	return r;
}
