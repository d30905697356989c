/* SPDX-License-Identifier: GPL-2.0-only */
/* The compiler of a kernel, and the tools that go with it. */
#ifndef KBUILD_COMPILER_H
#define KBUILD_COMPILER_H

#include "kbuild/kbuild.h"

struct compiler {
	char *program; /* "gcc-12", "aarch64-linux-gnu-gcc", "clang", or a path */
	char *options; /* what $CC has behind it, "" usually */
	char *cross;   /* CROSS_COMPILE=; "": this machine's own tools will do */
	char *llvm;    /* LLVM=: "1", "-14", "/opt/llvm/bin/"; NULL: GNU tools */
	bool ccache;   /* there is one */
};

/* b's compiler, else $CC, else gcc; for another architecture the cross compiler of that name. */
void compiler_pick(const struct kbuild *b, struct compiler *c);
void compiler_done(struct compiler *c);
#define _cleanup_compiler_ __attribute__((cleanup(compiler_done)))

/* Its linker, archiver ("ld", "ar"): under which name; the caller frees it. */
char *compiler_tool(const struct compiler *c, const char *tool);

/* What Debian calls the package of the compiler, of its tools; the caller frees it. */
char *compiler_package(const struct compiler *c);
char *compiler_tools_package(const struct compiler *c);

/* The first line of --version. An error names the compiler and its package. */
int compiler_version(const struct compiler *c, char **version, struct err *err);

#endif
