// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"

/* vmlinux-gdb.py is loaded with vmlinux where gdb trusts its directory. */
bool symbols_add(struct strv *argv, const char *vmlinux)
{
	_cleanup_free_ char *real = path_real(vmlinux, NULL);
	_cleanup_free_ char *dir = xstrndup(real, (size_t)(strrchr(real, '/') - real));
	_cleanup_free_ char *script = xasprintf("%s-gdb.py", real);
	_cleanup_free_ char *scripts = xasprintf("%s/scripts/gdb/vmlinux-gdb.py", dir);

	strv_add(argv, "-iex");
	strv_addf(argv, "add-auto-load-safe-path %s", dir);
	strv_add(argv, real);
	if (path_exists(script))
		return true;
	if (path_exists(scripts)) {
		strv_add(argv, "-ex");
		strv_addf(argv, "source %s", scripts);
		return true;
	}
	log_note("%s has no gdb scripts beside it (CONFIG_GDB_SCRIPTS): no lx- commands, and no "
		 "symbols of modules",
		 vmlinux);
	return false;
}

void symbols_add_modules(struct strv *argv, const char *modules)
{
	strv_add(argv, "-ex");
	strv_addf(argv, "lx-symbols %s", modules);
}

/* panic_cpu is -1 without a panic (kernel/panic.c); threads of gdb count from 1. */
void symbols_add_panic(struct strv *argv)
{
	strv_addv(argv, "-ex",
		  "python n = int(gdb.parse_and_eval('panic_cpu.counter')) + 1; "
		  "n > 0 and gdb.execute('thread %d' % n)",
		  NULL);
}
