// SPDX-License-Identifier: GPL-2.0-only
/* The options of the commands that run tests and build kernels, and what rc files and defaults make
 * of those not given. */
#include "cmd/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/file.h"
#include "cmd/cmd.h"
#include "kernel/arch.h"
#include "vm/disk.h"

#define AT(field)  .offset = offsetof(struct run_options, field)
#define SET(field) .offset = offsetof(struct run_options, s.field)
#define RUNS	   .commands = OF_RUN | OF_BUILD_RUN
#define BOOTS	   .commands = OF_RUN | OF_BUILD_RUN | OF_SELFTEST
#define BUILDS	   .commands = OF_SOURCE
#define MAKES	   .commands = OF_BUILD_RUN | OF_BUILD

const struct opt run_opts[] = {
	{'k', "kernel", OPT_STRING, "KERNEL", "a directory, DISTRO/RELEASE[/ARCH] or host",
	 SET(kernel), .commands = OF_RUN | OF_SELFTEST},
	{'k', "kernel", OPT_STRING, "DIR", "the kernel's source tree (.)", SET(source), BUILDS},
	{'a', "arch", OPT_STRING, "ARCH", "architecture of the guest", SET(arch)},
	{'o', "out", OPT_STRING, "DIR", "output directory (./ktest-out)", SET(out),
	 .commands = OF_TESTS},
	{'P', NULL, OPT_BOOL, NULL, "forget what config and oldconfig chose", SET(fresh_config),
	 BUILDS},
	{'K', "keep-config", OPT_BOOL, NULL, "take the .config as it is", SET(keep_config), BUILDS},
	{'c', "gcov", OPT_LIST, "DIR",
	 "count what runs of this directory of the source, repeatable", SET(gcov), BUILDS},
	{'M', "make-arg", OPT_LIST, "ARG", "argument of the kernel's make, repeatable",
	 SET(make_args), BUILDS},
	{0, "always-make", OPT_BOOL, NULL, "start make even if nothing has changed",
	 SET(always_make), MAKES},
	{'V', "variant-file", OPT_STRING, "VARIANT", "a list of kconfig/ or a file of such lines",
	 AT(variant), .commands = OF_BUILD},
	{'D', "dest", OPT_STRING, "DIR", "publish the kernel here", AT(dest), .commands = OF_BUILD},
	{'T', "vm-dir", OPT_STRING, "DIR", "the VM's working directory, else a temporary one",
	 SET(work_dir), BOOTS},
	{'n', "network", OPT_STRING, "KIND", "user (the default), user,internet, vde or none",
	 SET(network), RUNS},
	{0, "vde", OPT_STRING, "DIR",
	 "vde's switch: guests that are given the same reach each other", SET(vde), RUNS},
	{0, "forward", OPT_LIST, "HOST:GUEST",
	 "a port of 127.0.0.1 as one of the guest's, repeatable", SET(forwards), RUNS},
	{'p', "priority", OPT_INT, "N", "how long tests may take, for tests that ask",
	 SET(priority), .min = -100, .max = 1000, .commands = OF_TESTS},
	{'N', "nice", OPT_INT, "N", "niceness of VM and make", SET(nice), .min = 0, .max = 19},
	{'j', "jobs", OPT_INT, "N", "guests at a time (by processors and free memory)", SET(jobs),
	 .min = 1, .max = 1000, RUNS},
	{'F', "failfast", OPT_BOOL, NULL, "stop at the first subtest that fails", SET(failfast),
	 RUNS},
	{0, "repeat", OPT_INT, "N", "run each subtest N times, and tell how often it fails",
	 SET(repeat), .min = 1, .max = 100000, RUNS},
	{0, "until-fail", OPT_BOOL, NULL,
	 "run each subtest again and again (or --repeat times) until one fails", SET(until_fail),
	 RUNS},
	{0, "retry", OPT_INT, "N",
	 "run a subtest that fails up to N times more; one that passes then is flaky", SET(retry),
	 .min = 0, .max = 1000, RUNS},
	{0, "confirm", OPT_BOOL, NULL,
	 "run what fails in a clone once more in a guest that is booted for it", SET(confirm),
	 RUNS},
	{'L', "loop", OPT_BOOL, NULL, "again and again until a subtest fails", AT(loop), RUNS},
	{'I', "interactive", OPT_BOOL, NULL,
	 "the guest stays, with a shell on this terminal; no time limit", SET(interactive), RUNS},
	{'S', "stay-on-failure", OPT_BOOL, NULL,
	 "the guest stays like that only when a subtest fails; time limits hold",
	 SET(until_failure), RUNS},
	{0, "gdb-wait", OPT_BOOL, NULL, "the guest waits for gdb before its first instruction",
	 SET(gdb_wait), RUNS},
	{'v', "verbose", OPT_BOOL, NULL, "all kernel messages, and the command that starts QEMU",
	 SET(verbose)},
	{'x', "trace", OPT_BOOL, NULL, "each step that is taken", AT(trace)},
	{0, "root", OPT_STRING, "ROOT", "an ext4 image, a directory or host", SET(root), RUNS},
	{0, "mem", OPT_SIZE, "SIZE", "memory of the guest (512M, 4G)", AT(mem), BOOTS},
	{0, "cpus", OPT_INT, "N", "processors of the guest", SET(cpus), .min = 1, .max = 1024,
	 BOOTS},
	{0, "timeout", OPT_INT, "S", "seconds a subtest may take, not scaled", SET(timeout_s),
	 .min = 1, .max = 30 * 24 * 3600, RUNS},
	{0, "bus", OPT_STRING, "BUS", "storage bus of the scratch disks", SET(bus)},
	{0, "isolation", OPT_CHOICE, "HOW",
	 "a guest for each file (shared), a boot (boot) or a saved guest (clone) for each subtest",
	 SET(isolation), .choices = "shared|boot|clone", RUNS},
	{0, "fail-on", OPT_LIST, "RULE",
	 "which bugs of the kernel fail a subtest (oops,kasan) or are only noted (note:lockdep)",
	 SET(fail_on), RUNS},
	{0, "variant", OPT_LIST, "NAME", "as VARIANT-TEST.ktest would (kasan), repeatable",
	 SET(variants), RUNS},
	{0, "append", OPT_LIST, "ARG", "kernel argument, repeatable", SET(append), BOOTS},
	{0, "qemu-arg", OPT_LIST, "ARG", "QEMU argument, repeatable", SET(qemu_args), BOOTS},
	{0, "env", OPT_LIST, "NAME=VALUE", "environment of the test, repeatable", SET(env), RUNS},
	{0, "accel", OPT_CHOICE, "HOW", "auto, kvm or tcg", SET(accel), .choices = "auto|kvm|tcg",
	 BOOTS},
	{0, "qemu", OPT_STRING, "PROGRAM", "QEMU to use", SET(qemu), BOOTS},
	{0, "log-limit", OPT_SIZE, "SIZE", "most that is kept of a subtest's log (1G)",
	 SET(log_limit), RUNS},
	{0, "dump", OPT_BOOL, NULL, "keep the memory of a guest that panics, hangs or is late",
	 SET(dump), RUNS},
	{0, "dump-format", OPT_CHOICE, "HOW", "auto, kdump (for crash) or elf (for gdb as well)",
	 SET(dump_format), .choices = "auto|kdump|elf", RUNS},
	{0, "dump-limit", OPT_SIZE, "SIZE", "most that a dump may take (4G)", SET(dump_limit),
	 RUNS},
	{0, "resume", OPT_BOOL, NULL, "go on with the run in the output directory", SET(resume),
	 RUNS},
	{0, "ktap", OPT_BOOL, NULL, "print KTAP at the end, instead of the console and the table",
	 AT(formats.ktap), RUNS},
	{0, "json", OPT_BOOL, NULL, "print the journal's events as they come, a line of JSON each",
	 AT(json), RUNS},
	{0, "junit", OPT_STRING, "FILE", "write JUnit XML at the end", AT(formats.junit), RUNS},
	{0, "kcidb", OPT_STRING, "FILE", "write a KCIDB submission at the end", AT(formats.kcidb),
	 RUNS},
	{'h', "help", OPT_HELP, NULL, "this list", 0},
	{0},
};

/* ---- rc files: what they set is what the command line left unset */

struct rc {
	char *root, *network, *arch, *deps_dir, *kernel, *isolation;
	int64_t nice, priority, jobs;
};

static const struct conf_entry rc_entries[] = {
	{"ktest_root_image", CONF_STRING, offsetof(struct rc, root)},
	{"ktest_networking", CONF_STRING, offsetof(struct rc, network)},
	{"ktest_arch", CONF_STRING, offsetof(struct rc, arch)},
	{"ktest_deps_dir", CONF_STRING, offsetof(struct rc, deps_dir)},
	{"ktest_kernel", CONF_STRING, offsetof(struct rc, kernel)},
	{"ktest_isolation", CONF_STRING, offsetof(struct rc, isolation)},
	{"ktest_nice", CONF_INT, offsetof(struct rc, nice)},
	{"ktest_priority", CONF_INT, offsetof(struct rc, priority)},
	{"ktest_jobs", CONF_INT, offsetof(struct rc, jobs)},
	{0},
};

static void prefer(char **field, const char *fallback)
{
	if (!*field && fallback)
		*field = xstrdup(fallback);
}

static void rc_done(struct rc *rc)
{
	free(rc->root);
	free(rc->network);
	free(rc->arch);
	free(rc->deps_dir);
	free(rc->kernel);
	free(rc->isolation);
}

static int read_rc(struct settings *s, struct err *err)
{
	_cleanup_free_ char *tree = xasprintf("%s/ktestrc", s->tree);
	_cleanup_free_ char *home = path_home(".ktestrc");
	const char *files[] = {tree, "/etc/ktestrc", home};
	struct rc rc = {0};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++)
		if (path_exists(files[i]))
			r = conf_read(files[i], rc_entries, &rc, err);
	prefer(&s->root, rc.root);
	prefer(&s->network, rc.network);
	prefer(&s->arch, rc.arch);
	prefer(&s->deps_dir, rc.deps_dir);
	prefer(&s->kernel, rc.kernel);
	prefer(&s->isolation, rc.isolation);
	s->nice = s->nice ? s->nice : rc.nice;
	s->priority = s->priority ? s->priority : rc.priority;
	s->jobs = s->jobs ? s->jobs : rc.jobs > 0 ? rc.jobs : 0;
	rc_done(&rc);
	return r;
}

/* ---- defaults */

static int check_env(const struct settings *s, struct err *err)
{
	for (size_t i = 0; i < s->env.n; i++)
		if (s->env.v[i][0] == '=' || !strchr(s->env.v[i], '='))
			return err_usage(err, "--env: '%s' is not NAME=VALUE", s->env.v[i]);
	return 0;
}

static int check_bus(const struct settings *s, struct err *err)
{
	if (s->bus && !bus_find(s->bus, err))
		return err->code;
	if (s->arch && !arch_find(s->arch))
		return err_usage(err, "no architecture '%s'; there are %s", s->arch, arch_names());
	return 0;
}

static int find_source(struct settings *s, struct err *err)
{
	char *real = path_real(s->source ? s->source : ".", err);

	if (!real)
		return err_wrap(err, "-k");
	free(s->source);
	s->source = real;
	return 0;
}

int options_settle(struct run_options *o, unsigned int command, struct err *err)
{
	struct settings *s = &o->s;
	_cleanup_free_ char *deps = path_home(".ktest/deps");
	_cleanup_free_ char *out = NULL, *real = NULL;
	const char *cache = getenv("XDG_CACHE_HOME");
	int r;

	s->tree = program_tree();
	s->program = path_real("/proc/self/exe", NULL);
	s->keeper = program_keeper();
	s->cache =
		cache && *cache == '/' ? xasprintf("%s/ktest", cache) : path_home(".cache/ktest");
	if (o->mem) {
		s->mem_mib = (int64_t)(o->mem >> 20);
		if (s->mem_mib < 32)
			return err_usage(err, "--mem: a guest needs at least 32M");
	}
	if (!s->log_limit)
		s->log_limit = DEFAULT_LOG_LIMIT;
	prefer(&s->arch, getenv("ktest_arch"));
	prefer(&s->deps_dir, getenv("ktest_deps_dir"));
	r = read_rc(s, err);
	prefer(&s->deps_dir, deps);
	real = path_real(s->deps_dir, NULL);
	if (real)
		str_set(&s->deps_dir, real);
	prefer(&s->network, s->vde ? "vde" : "user");
	if (s->vde) {
		_cleanup_free_ char *vde = path_absolute(s->vde);

		str_set(&s->vde, vde);
	}
	s->interactive |= s->until_failure;
	out = path_absolute(s->out ? s->out : "ktest-out");
	str_set(&s->out, out);
	if (r == 0)
		r = check_env(s, err);
	if (r == 0)
		r = check_bus(s, err);
	return r == 0 && (command & OF_SOURCE) ? find_source(s, err) : r;
}

void options_done(struct run_options *o)
{
	settings_done(&o->s);
	formats_done(&o->formats);
	free(o->dest);
	free(o->variant);
}
