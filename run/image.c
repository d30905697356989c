// SPDX-License-Identifier: GPL-2.0-only
#include "run/image.h"

#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "run/run.h"

#define LOG_MAX (64 << 20)

/* Everything that the run makes lies in dir, which goes with the image's stage. */
static void settings_for(const struct settings *from, const struct arch *arch, const char *dir,
			 struct settings *s)
{
	*s = (struct settings){
		.kernel = from->kernel ? xstrdup(from->kernel) : NULL,
		.arch = xstrdup(arch->name),
		.out = xasprintf("%s/out", dir),
		.work_dir = xasprintf("%s/vm", dir),
		.root = xasprintf("%s/root", dir),
		.network = xstrdup("none"),
		.accel = from->accel ? xstrdup(from->accel) : NULL,
		.qemu = from->qemu ? xstrdup(from->qemu) : NULL,
		.log_limit = LOG_MAX,
		.unkept = true,
		.program = xstrdup(from->program),
		.keeper = xstrdup(from->keeper),
		.tree = xstrdup(from->tree),
		.cache = xstrdup(from->cache),
	};
}

int image_guest(void *arg, const struct arch *arch, const char *dir, char **log, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/change.ktest", dir);
	_cleanup_free_ char *log_path = xasprintf("%s/out/out/change", dir);
	struct test_request test = {.path = path};
	_cleanup_strv_ struct strv words = {0};
	struct run_ui ui = {0};
	struct settings s;
	size_t len;
	struct run_end end;
	int r;

	settings_for(arg, arch, dir, &s);
	strv_addv(&words, "root_image", path, NULL);
	r = run_execute(&s, &test, 1, &words, &ui, &end, err);
	settings_done(&s);
	run_end_done(&end);
	if (r < 0)
		return err_wrap(err, "a guest to set the image up in");
	if (file_read(log_path, LOG_MAX, log, &len, NULL) < 0)
		*log = NULL;
	if (end.exit_status == 0)
		return 0;
	return err->code ? err->code : err_set(err, EIO, "the guest did not get to the end of it");
}
