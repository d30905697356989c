// SPDX-License-Identifier: GPL-2.0-only
#include "run/needs_sandbox.h"

#include <errno.h>
#include <libgen.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bwrap.h"
#include "base/file.h"
#include "base/log.h"
#include "image/hostroot.h"

#define SANDBOX_ROOT 0 /* of the sandboxes */

/*
 * How a child is kept from harm, best first. Root needs no user namespace, and must not have one:
 * there it may not read what belongs to users, a test tree that is closed to others for one.
 */
static const char *const sandboxes[][16] = {
	[SANDBOX_ROOT] = {"--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
			  "--unshare-cgroup-try", "--cap-drop", "ALL", "--cap-add",
			  "CAP_DAC_READ_SEARCH", NULL},
	{"--unshare-all", "--cap-drop", "ALL", NULL},
};

static void sandbox_start(const char *keeper, size_t kind, struct strv *argv)
{
	bwrap_start(keeper, argv);
	strv_add(argv, "--new-session");
	for (const char *const *arg = sandboxes[kind]; *arg; arg++)
		strv_add(argv, *arg);
}

/* /proc/sys asks for no more than root's ID, which root's sandbox keeps. */
static void add_devices(struct strv *argv)
{
	strv_addv(argv, "--dev", "/dev", "--proc", "/proc", "--remount-ro", "/proc", NULL);
}

static void try_begin(const char *keeper, size_t kind, struct proc_running **trial, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};

	sandbox_start(keeper, kind, &argv);
	strv_addv(&argv, "--ro-bind", "/", "/", NULL);
	add_devices(&argv);
	bwrap_try_begin(&argv, trial, err);
}

/* Which sandbox works here, tried once a process. */
static struct {
	bool begun, known;
	size_t kind; /* the one that is tried, or works; ARRAY_SIZE(sandboxes): none */
	struct proc_running *trial;
	struct err why;
} sandbox;

static void sandbox_begin(const char *keeper)
{
	if (sandbox.begun)
		return;
	sandbox.begun = true;
	sandbox.kind = geteuid() == 0 ? SANDBOX_ROOT : SANDBOX_ROOT + 1;
	try_begin(keeper, sandbox.kind, &sandbox.trial, &sandbox.why);
}

static bool trial_ends_well(void)
{
	return sandbox.trial && proc_run_end(sandbox.trial, NULL, &sandbox.why) == 0;
}

static bool sandbox_works(const char *keeper)
{
	sandbox_begin(keeper);
	if (!sandbox.known) {
		sandbox.known = true;
		while (!trial_ends_well() && ++sandbox.kind < ARRAY_SIZE(sandboxes))
			try_begin(keeper, sandbox.kind, &sandbox.trial, &sandbox.why);
		if (sandbox.kind == ARRAY_SIZE(sandboxes))
			log_warn("test files are asked for their needs without a sandbox (%s)",
				 sandbox.why.msg);
	}
	return sandbox.kind < ARRAY_SIZE(sandboxes);
}

/* The programs of NixOS and Guix; on the way of the link lie directories that are hidden. */
static void add_stores(struct view *v)
{
	static const char system[] = "/run/current-system";
	static const char *const stores[] = {"/gnu", "/nix"};
	_cleanup_free_ char *real = path_real(system, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(stores); i++)
		if (path_is_dir(stores[i]))
			view_add(v, VIEW_BIND, stores[i], stores[i]);
	if (real)
		view_add(v, VIEW_SYMLINK, system, real);
}

static int host_view(const char *cache, struct view *v, struct err *err)
{
	_cleanup_free_ char *dir = cache ? xstrdup(cache) : path_cache();

	if (hostroot_view(dir, v, err) < 0)
		return err_wrap(err, "what a test file may see of the host");
	add_stores(v);
	return 0;
}

#if defined(__x86_64__)
#define NATIVE	   AUDIT_ARCH_X86_64
#define NUMBER_MAX 0x3fffffff /* above are those of x32 */
#elif defined(__aarch64__)
#define NATIVE	   AUDIT_ARCH_AARCH64
#define NUMBER_MAX UINT32_MAX
#endif

/*
 * System calls that see through the sandbox. With CAP_DAC_READ_SEARCH a handle opens any file of a
 * file system of which a part is shown; keyrings and vsock have no namespaces of their own.
 */
static const uint32_t refused[] = {
	__NR_open_by_handle_at, __NR_add_key, __NR_request_key, __NR_keyctl, __NR_bpf,
	__NR_perf_event_open,
};

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define TEST(op, k, t, f) \
	BPF_JUMP(BPF_JMP | (op) | BPF_K, k, (unsigned char)(t), (unsigned char)(f))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)

/* Programs for another mode of the processor have numbers of their own: none of theirs pass. */
static int add_filter(int *filter, struct strv *argv, struct err *err)
{
#ifdef NATIVE
	enum { N = ARRAY_SIZE(refused), CALLS = 4, END = CALLS + N + 4 };
	struct sock_filter f[END + 1] = {
		LOAD(arch),
		TEST(BPF_JEQ, NATIVE, 0, END - 2),
		LOAD(nr),
		TEST(BPF_JGT, NUMBER_MAX, END - 4, 0),
		[CALLS + N] = TEST(BPF_JEQ, __NR_socket, 0, 2),
		LOAD(args[0]),
		TEST(BPF_JEQ, AF_VSOCK, 1, 0),
		RETURN(SECCOMP_RET_ALLOW),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
	};

	for (size_t i = 0; i < N; i++)
		f[CALLS + i] = (struct sock_filter)TEST(BPF_JEQ, refused[i], N + 3 - i, 0);
	*filter = memfd_create("filter", MFD_CLOEXEC);
	if (*filter < 0 || fd_write_all(*filter, f, sizeof(f)) < 0 ||
	    lseek(*filter, 0, SEEK_SET) < 0)
		return err_errno(err, "a filter of system calls");
	strv_add(argv, "--seccomp");
	strv_addf(argv, "%d", *filter);
#endif
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that a directory in another one's .git is shown after that has been hidden. */
static void add_trees(const struct needs *n, const char *library, const char *deps,
		      const char *source, struct view *v)
{
	_cleanup_strv_ struct strv dirs = {0};

	strv_addv(&dirs, n->tree, deps, NULL);
	strv_addf(&dirs, "%s/lib", library);
	strv_addf(&dirs, "%s/tests", library);
	if (source)
		strv_add(&dirs, source);
	qsort(dirs.v, dirs.n, sizeof(*dirs.v), by_path);
	for (size_t i = 0; i < dirs.n; i++)
		if (path_is_dir(dirs.v[i])) {
			view_add_tree(v, dirs.v[i], dirs.v[i]);
			if (str_eq(dirs.v[i], deps))
				view_hide_clones(v, deps, deps);
		}
}

int needs_sandbox(const struct needs *n, const char *library, const char *deps,
		  const struct needs_limits *limits, struct strv *argv, int *filter,
		  struct err *err)
{
	_cleanup_free_ char *dir = xstrdup(n->path);
	struct view host = {0}, trees = {0};
	int r;

	sandbox_begin(limits->keeper);
	r = host_view(limits->cache, &host, err);
	if (!sandbox_works(limits->keeper)) {
		view_done(&host);
		return 0;
	}
	sandbox_start(limits->keeper, sandbox.kind, argv);
	if (r == 0)
		r = add_filter(filter, argv, err);
	view_argv(&host, "", argv);
	add_devices(argv);
	strv_addv(argv, "--tmpfs", "/tmp", NULL);
	add_trees(n, library, deps, limits->source, &trees);
	view_argv(&trees, "", argv);
	strv_addv(argv, "--remount-ro", "/", "--chdir", dirname(dir), NULL);
	view_done(&host);
	view_done(&trees);
	return r < 0 ? r : 1;
}
