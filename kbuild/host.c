// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/host.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "kbuild/claim.h"
#include "kbuild/compiler.h"
#include "kernel/kernel.h"

#define HEADER_MS 30000

/* A kernel of ktest's base requirements with debug information takes about 1.5 GB while it is
 * built; what is built again writes vmlinux and the image once more. */
#define ROOM_FIRST (2ULL << 30)
#define ROOM_AGAIN (512ULL << 20)

enum kind { PROGRAM, HEADER, TOOL };

/* Documentation/process/changes.rst of the kernel, and who calls it. */
static const struct need {
	enum kind kind;
	const char *
		what; /* a program, a header for programs of this machine, a tool of the compiler */
	const char *package; /* Debian's; NULL: the one of the compiler's tools */
	const char *symbol;  /* that needs it; NULL: every kernel does */
} needs[] = {
	{PROGRAM, "make", "make"},
	{PROGRAM, "gcc", "gcc"},
	{PROGRAM, "flex", "flex"},
	{PROGRAM, "bison", "bison"},
	{PROGRAM, "bc", "bc"},
	{PROGRAM, "perl", "perl"},
	{HEADER, "stdio.h", "libc6-dev"},
	{TOOL, "ld", NULL},
	{TOOL, "ar", NULL},
	{TOOL, "nm", NULL},
	{TOOL, "objcopy", NULL},
	{TOOL, "strip", NULL},
	{HEADER, "libelf.h", "libelf-dev", "OBJTOOL"},
	{HEADER, "libelf.h", "libelf-dev", "STACK_VALIDATION"},
	{HEADER, "openssl/opensslv.h", "libssl-dev", "SYSTEM_TRUSTED_KEYRING"},
	{HEADER, "openssl/opensslv.h", "libssl-dev", "MODULE_SIG_FORMAT"},
	{PROGRAM, "openssl", "openssl", "MODULE_SIG"},
	{PROGRAM, "pahole", "dwarves", "DEBUG_INFO_BTF"},
	{PROGRAM, "depmod", "kmod", "MODULES"},
	{PROGRAM, "cpio", "cpio", "IKHEADERS"},
	{PROGRAM, "gzip", "gzip", "KERNEL_GZIP"},
	{PROGRAM, "bzip2", "bzip2", "KERNEL_BZIP2"},
	{PROGRAM, "xz", "xz-utils", "KERNEL_XZ"},
	{PROGRAM, "lzma", "xz-utils", "KERNEL_LZMA"},
	{PROGRAM, "lzop", "lzop", "KERNEL_LZO"},
	{PROGRAM, "lz4", "lz4", "KERNEL_LZ4"},
	{PROGRAM, "zstd", "zstd", "KERNEL_ZSTD"},
};

static bool has_program(const char *name)
{
	_cleanup_free_ char *path = find_program(name);

	return path != NULL;
}

/* Asked of the compiler itself: where it looks is nobody else's business. */
static bool has_header(const char *name)
{
	_cleanup_strv_ struct strv argv = {0};

	strv_addv(&argv, "gcc", "-E", "-o", "/dev/null", "-include", name, "-x", "c", "/dev/null",
		  NULL);
	return proc_run(&argv, HEADER_MS, NULL, NULL) == 0;
}

static bool is_there(const struct need *n, const char *name)
{
	return n->kind == HEADER ? has_header(name) : has_program(name);
}

static void add_words(struct strv *words, const char *s)
{
	while (*s) {
		size_t len = strcspn(s, " ");
		_cleanup_free_ char *word = xstrndup(s, len);

		if (!strv_has(words, word))
			strv_add(words, word);
		s += len + (s[len] == ' ');
	}
}

/* Without gcc no header is found: it alone is missing then. */
static void add_missing(const struct need *n, const struct compiler *c, struct strv *missing,
			struct strv *packages)
{
	_cleanup_free_ char *tools = compiler_tools_package(c);
	_cleanup_free_ char *name = n->kind == TOOL ? compiler_tool(c, n->what) : xstrdup(n->what);

	if (strv_has(missing, name) || is_there(n, name) ||
	    (n->kind == HEADER && strv_has(missing, "gcc")))
		return;
	strv_add(missing, name);
	add_words(packages, n->package ? n->package : tools);
}

static int complain(const struct strv *missing, const struct strv *packages, struct err *err)
{
	_cleanup_free_ char *what = strv_join(missing, ", "), *from = strv_join(packages, " ");

	if (!missing->n)
		return 0;
	return err_set(err, ENOENT,
		       "building a kernel needs %s: `sudo apt install %s` (Debian's names of the "
		       "packages)",
		       what, from);
}

int host_check(const struct kbuild *b, struct err *err)
{
	_cleanup_compiler_ struct compiler c = {0};
	_cleanup_strv_ struct strv missing = {0}, packages = {0};
	_cleanup_free_ char *package = NULL;

	compiler_pick(b, &c);
	if (!has_program(c.program)) {
		package = compiler_package(&c);
		strv_add(&missing, c.program);
		strv_add(&packages, package);
	}
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (!needs[i].symbol)
			add_missing(&needs[i], &c, &missing, &packages);
	return complain(&missing, &packages, err);
}

int host_check_config(const struct kbuild *b, struct err *err)
{
	_cleanup_free_ char *config = xasprintf("%s/.config", b->build_dir);
	_cleanup_compiler_ struct compiler c = {0};
	_cleanup_strv_ struct strv missing = {0}, packages = {0};
	const struct kernel k = {.config = config};

	compiler_pick(b, &c);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		_cleanup_free_ char *value =
			needs[i].symbol ? kernel_config_get(&k, needs[i].symbol) : NULL;

		if (str_eq(value, "y"))
			add_missing(&needs[i], &c, &missing, &packages);
	}
	return complain(&missing, &packages, err);
}

static int check_dir(const struct kbuild *b, const char *dir, struct err *err)
{
	int r = b->cache ? claim_dir(dir, b->cache, err) : mkdir_p(dir, 0755, err);

	if (r == 0 && access(dir, W_OK) < 0)
		r = -errno;
	if (r == 0 || r == -EEXIST)
		return r;
	return err_set(err, r, "%s cannot be written (%s): name another place with -o DIR", dir,
		       strerror(-r));
}

int host_check_dirs(const struct kbuild *b, struct err *err)
{
	int r = check_dir(b, b->build_dir, err);

	return r < 0 ? r : check_dir(b, b->install_dir, err);
}

int host_check_room(const struct kbuild *b, struct err *err)
{
	_cleanup_free_ char *vmlinux = xasprintf("%s/vmlinux", b->build_dir);
	uint64_t need = path_exists(vmlinux) ? ROOM_AGAIN : ROOM_FIRST, avail, total;

	if (fs_space(b->build_dir, &avail, &total) < 0 || avail >= need)
		return 0;
	return err_set(
		err, ENOSPC,
		"%s has only %llu MiB of free space, a kernel takes about %llu: make room, or "
		"name another place with -o DIR",
		b->build_dir, (unsigned long long)(avail >> 20), (unsigned long long)(need >> 20));
}
