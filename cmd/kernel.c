// SPDX-License-Identifier: GPL-2.0-only
/* ktest kernel fetch, ktest kernel list */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/guard.h"
#include "kernel/fetch.h"

enum { KERNEL_FETCH = 1, KERNEL_LIST = 2 };

struct kernel_options {
	bool headers;
	bool debug;
	bool force;
	char *mirror;
};

static const struct opt kernel_opts[] = {
	{'h', "help", OPT_HELP, NULL, "show this help", 0, 0, 0, NULL, KERNEL_FETCH | KERNEL_LIST},
	{0, "headers", OPT_BOOL, NULL, "also what external modules need to build",
	 offsetof(struct kernel_options, headers), 0, 0, NULL, KERNEL_FETCH},
	{0, "debug", OPT_BOOL, NULL, "also its vmlinux with symbols, for gdb and ktest crash",
	 offsetof(struct kernel_options, debug), 0, 0, NULL, KERNEL_FETCH},
	{0, "mirror", OPT_STRING, "URL", "the only mirror to ask, without a security archive",
	 offsetof(struct kernel_options, mirror), 0, 0, NULL, KERNEL_FETCH},
	{0, "force", OPT_BOOL, NULL, "again, though that version is in the store",
	 offsetof(struct kernel_options, force), 0, 0, NULL, KERNEL_FETCH},
	{0},
};

static void print_help(const char *synopsis, unsigned int command)
{
	_cleanup_strbuf_ struct strbuf rows = {0};

	opt_help(kernel_opts, command, &rows);
	printf("usage: ktest kernel %s\n%s", synopsis, rows.len ? rows.s : "");
}

static int fetch_main(void *arg, struct err *err)
{
	const struct fetch_request *req = arg;
	_cleanup_free_ char *path = NULL;
	int r = kernel_fetch(req, &path, err);

	if (r < 0)
		return r;
	printf("%s\n", path);
	return fflush(stdout) ? -EIO : 0;
}

static int fetch_guarded(struct fetch_request *req, struct err *err)
{
	int r = guarded(fetch_main, req, err);

	if (r)
		kernel_fetch_sweep(req->store);
	return r;
}

static int kernel_fetch_cmd(int argc, char **argv, struct err *err)
{
	static const char synopsis[] =
		"fetch [options] DISTRO/RELEASE[/ARCH]\n"
		"       ktest kernel fetch [options] FILE.deb|FILE.rpm [FILE...]\n"
		"Put a distribution's kernel into ~/.ktest/kernels (debian/bookworm, "
		"ubuntu/noble).";
	struct kernel_options o = {0};
	_cleanup_strv_ struct strv more = {0};
	struct fetch_request req = {.more = &more};
	int rest, r = opt_parse(kernel_opts, KERNEL_FETCH, argc, argv, &o, &rest, err);

	if (r == OPT_WANTS_HELP) {
		print_help(synopsis, KERNEL_FETCH);
		return 0;
	}
	if (r == 0 && rest >= argc)
		r = err_usage(err, "kernel fetch: which one? For instance debian/bookworm");
	for (int i = rest + 1; r == 0 && i < argc; i++)
		strv_add(&more, argv[i]);
	if (r == 0) {
		req.what = argv[rest];
		req.mirror = o.mirror;
		req.headers = o.headers;
		req.debug = o.debug;
		req.force = o.force;
		r = fetch_guarded(&req, err);
	}
	free(o.mirror);
	return r;
}

static void print_entries(const struct store_entry *e, size_t n)
{
	int width = 0;

	for (size_t i = 0; i < n; i++)
		if ((int)strlen(e[i].name) > width)
			width = (int)strlen(e[i].name);
	for (size_t i = 0; i < n; i++)
		printf("%-*s  %s\n", width, e[i].name, e[i].path);
}

static int kernel_list_cmd(int argc, char **argv, struct err *err)
{
	struct kernel_options o = {0};
	struct store_entry *entries;
	int rest, r = opt_parse(kernel_opts, KERNEL_LIST, argc, argv, &o, &rest, err);
	size_t n;

	if (r == OPT_WANTS_HELP) {
		print_help("list\nThe kernels of ~/.ktest/kernels and /var/lib/ktest/kernels.",
			   KERNEL_LIST);
		return 0;
	}
	if (r == 0 && rest < argc)
		r = err_usage(err, "kernel list: unexpected %s", argv[rest]);
	if (r < 0)
		return r;
	r = store_list(&entries, &n, err);
	if (r < 0)
		return r;
	print_entries(entries, n);
	if (!n)
		fprintf(stderr, "no kernels yet; `ktest kernel fetch debian/bookworm` gets one\n");
	store_list_free(entries, n);
	return 0;
}

int cmd_kernel(int argc, char **argv, struct err *err)
{
	if (argc >= 2 && !strcmp(argv[1], "fetch"))
		return kernel_fetch_cmd(argc - 1, argv + 1, err);
	if (argc >= 2 && !strcmp(argv[1], "list"))
		return kernel_list_cmd(argc - 1, argv + 1, err);
	if (argc >= 2 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		printf("usage: ktest kernel fetch|list [options]\n");
		return 0;
	}
	return err_usage(err, "kernel: fetch or list?");
}
