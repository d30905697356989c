// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/make.h"

#include "base/proc.h"

void make_argv(const struct kbuild *b, struct strv *argv)
{
	strv_addv(argv, "make", "-s", "-C", b->source, NULL);
	strv_addf(argv, "O=%s", b->build_dir);
	strv_addf(argv, "ARCH=%s", b->arch->make_arch);
	if (b->compiler && str_starts(b->compiler, "clang")) {
		strv_add(argv, "LLVM=1");
	} else if (b->arch != arch_host()) {
		strv_addf(argv, "CROSS_COMPILE=%s", b->arch->cross);
	}
	if (b->make_args)
		strv_cat(argv, b->make_args);
}

int make_run(const struct kbuild *b, const char *target, struct strbuf *out, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	make_argv(b, &argv);
	strv_add(&argv, target);
	return proc_run(&argv, 0, out, err);
}
