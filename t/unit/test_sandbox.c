// SPDX-License-Identifier: GPL-2.0-only
/* What a QEMU that the guest has taken over can reach, tried from inside. */
#include "t/unit/unit.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/proc.h"
#include "vm/sandbox.h"

/* ---- the arguments */

struct fixture {
	struct vm_config c;
	struct strv argv;
	char *paths[6];
};

/* A VM's directory, its tree in an output directory that has a journal, a kernel, an initramfs, a
 * view. */
static void fixture(struct fixture *f, const char *top)
{
	static const char *const names[] = {"vm",     "out/guest",   "kernel",
					    "initrd", "out/journal", "tree"};

	*f = (struct fixture){0};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		f->paths[i] = xasprintf("%s/%s", top, names[i]);
	f->c = (struct vm_config){
		.name = "vm1",
		.qemu = "/usr/bin/qemu-system-x86_64",
		.arch = arch_find("x86_64"),
		.dir = f->paths[0],
		.out = f->paths[1],
		.kernel = f->paths[2],
		.initrd = f->paths[3],
	};
	view_add(&f->c.view, VIEW_BIND, "/tree", f->paths[5]);
	view_add(&f->c.view, VIEW_EMPTY, "/tree/secret", NULL);
	view_add(&f->c.view, VIEW_SYMLINK, "/bin", "usr/bin");
	view_add(&f->c.view, VIEW_DIR, "/tmp", NULL);
}

static void fixture_files(const struct fixture *f)
{
	_cleanup_free_ char *secret = xasprintf("%s/secret", f->paths[5]),
			    *key = xasprintf("%s/key", secret),
			    *test = xasprintf("%s/test", f->paths[5]);

	assert_int_equal(mkdir_p(f->c.dir, 0755, NULL), 0);
	assert_int_equal(mkdir_p(f->c.out, 0755, NULL), 0);
	assert_int_equal(mkdir_p(secret, 0755, NULL), 0);
	unit_write(f->c.kernel, "kernel");
	unit_write(f->c.initrd, "initrd");
	unit_write(f->paths[4], "journal");
	unit_write(key, "key");
	unit_write(test, "test");
}

static void fixture_done(struct fixture *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(f->paths); i++)
		free(f->paths[i]);
	strv_done(&f->argv);
	view_done(&f->c.view);
	disks_done(&f->c.disks);
}

static void make(struct fixture *f)
{
	assert_int_equal(sandbox_argv(SANDBOX_BWRAP, &f->c, "/opt/keeper", NULL, &f->argv, NULL),
			 0);
}

/* Whether option stands there with these two arguments (b NULL: one). */
static bool has(const struct strv *argv, const char *option, const char *a, const char *b)
{
	for (size_t i = 0; i + 2 < argv->n; i++)
		if (!strcmp(argv->v[i], option) && !strcmp(argv->v[i + 1], a) &&
		    (!b || !strcmp(argv->v[i + 2], b)))
			return true;
	return false;
}

/* What of the host is shown: the sources of every kind of bind. */
static void shown(const struct strv *argv, struct strv *out)
{
	for (size_t i = 0; i + 1 < argv->n; i++)
		if (str_starts(argv->v[i], "--") && strstr(argv->v[i], "bind"))
			strv_add(out, argv->v[i + 1]);
}

static void test_nothing_is_shown_but_what_is_listed(void **state)
{
	static const char *const allowed[] = {
		"/usr",
		"/bin",
		"/sbin",
		"/lib",
		"/lib32",
		"/lib64",
		"/libx32",
		"/etc/ld.so.cache",
		"/etc/ld.so.conf",
		"/etc/ld.so.conf.d",
		"/etc/alternatives",
		"/v/vm",
		"/v/out/guest",
		"/v/kernel",
		"/v/initrd",
		"/v/tree",
		"/images/root",
		"/images/rw",
		"/images/ro",
	};
	_cleanup_strv_ struct strv list = {0};
	const struct bus *bus = bus_find("virtio-blk", NULL);
	struct fixture f;

	(void)state;
	fixture(&f, "/v");
	disks_add(&f.c.disks, DISK_ROOT, bus, "/images/root", 0);
	disks_add(&f.c.disks, DISK_RW_IMAGE, bus, "/images/rw", 0);
	disks_add(&f.c.disks, DISK_IMAGE, bus, "/images/ro", 0);
	disks_add(&f.c.disks, DISK_SCRATCH, bus, "/v/vm/scratch0", 1);
	make(&f);
	shown(&f.argv, &list);
	for (size_t i = 0; i < list.n; i++) {
		bool ok = false;

		for (size_t k = 0; k < ARRAY_SIZE(allowed); k++)
			ok = ok || !strcmp(list.v[i], allowed[k]);
		if (!ok)
			fail_msg("%s is shown", list.v[i]);
	}
	for (size_t k = 11; k < ARRAY_SIZE(allowed); k++)
		assert_true(strv_has(&list, allowed[k]));
	/* Only these may be written. */
	assert_true(has(&f.argv, "--bind", "/v/vm", "/v/vm"));
	assert_true(has(&f.argv, "--bind", "/v/out/guest", "/v/out/guest"));
	assert_true(has(&f.argv, "--bind", "/images/rw", "/images/rw"));
	assert_true(has(&f.argv, "--ro-bind", "/images/root", "/images/root"));
	assert_true(has(&f.argv, "--ro-bind", "/images/ro", "/images/ro"));
	for (size_t i = 0, n = 0; i < f.argv.n; i++) {
		n += !strcmp(f.argv.v[i], "--bind");
		assert_true(n <= 3);
	}
	fixture_done(&f);
}

static void test_no_disk_and_no_output_where_there_is_none(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f, "/v");
	f.c.out = NULL;
	make(&f);
	assert_false(strv_has(&f.argv, "/v/out/guest"));
	assert_string_equal(f.argv.v[f.argv.n - 1], "--");
	fixture_done(&f);
}

static void test_the_kvm_device_is_there_with_kvm_only(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f, "/v");
	make(&f);
	assert_false(strv_has(&f.argv, "/dev/kvm"));
	strv_done(&f.argv);
	f.c.accel = ACCEL_KVM;
	make(&f);
	assert_true(has(&f.argv, "--dev-bind", "/dev/kvm", "/dev/kvm"));
	fixture_done(&f);
}

/* A QEMU of the user's own brings its firmware, and not the home it lies in. */
static void test_qemu_in_a_home_directory_does_not_show_the_home(void **state)
{
	_cleanup_free_ char *qemu = xasprintf("%s/home/me/bin/qemu", unit_dir),
			    *bin = xasprintf("%s/home/me/bin", unit_dir),
			    *home = xasprintf("%s/home/me", unit_dir),
			    *share = xasprintf("%s/home/me/share", unit_dir);
	_cleanup_strv_ struct strv list = {0};
	struct fixture f;

	(void)state;
	assert_int_equal(mkdir_p(bin, 0755, NULL), 0);
	assert_int_equal(mkdir_p(share, 0755, NULL), 0);
	unit_write(qemu, "");
	fixture(&f, "/v");
	f.c.qemu = qemu;
	make(&f);
	shown(&f.argv, &list);
	assert_true(strv_has(&list, bin));
	assert_true(strv_has(&list, share));
	assert_false(strv_has(&list, home));
	fixture_done(&f);
}

static void test_keeper_alone(void **state)
{
	_cleanup_free_ char *words = NULL;
	struct fixture f;

	(void)state;
	fixture(&f, "/v");
	assert_int_equal(sandbox_argv(SANDBOX_KEEPER, &f.c, "/opt/keeper", NULL, &f.argv, NULL), 0);
	words = strv_join(&f.argv, " ");
	assert_string_equal(words, "/opt/keeper");
	fixture_done(&f);
}

static void test_without_bubblewrap_the_reason_is_said(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		const char *why = NULL;

		setenv("PATH", "/nowhere", 1);
		if (sandbox_probe(NULL, &why) != SANDBOX_KEEPER)
			_exit(1);
		_exit(strcmp(why, "bwrap: no such program") ? 2 : 0);
	}
	assert_int_equal(unit_wait(pid), 0);
}

/* ---- the view of the keeper */

static void test_view_without_bubblewrap(void **state)
{
	_cleanup_free_ char *dir = NULL, *target = xcalloc(1, 100), *path = NULL, *file = NULL;
	_cleanup_strv_ struct strv binds = {0};
	struct fixture f;

	(void)state;
	fixture(&f, unit_dir);
	fixture_files(&f);
	view_add(&f.c.view, VIEW_BIND, "/etc/kernel", f.c.kernel);
	assert_int_equal(sandbox_view(SANDBOX_KEEPER, &f.c, &dir, &binds, NULL), 0);
	/* Directories become shares, a file is a copy, a link is a link, nothing is shown through
	 * it. */
	assert_int_equal(binds.n, 1);
	assert_string_equal(binds.v[0], "/tree");
	path = xasprintf("%s/bin", dir);
	assert_true(readlink(path, target, 99) > 0);
	assert_string_equal(target, "usr/bin");
	file = xasprintf("%s/etc/kernel", dir);
	assert_string_equal(unit_read(file), "kernel");
	free(path);
	path = xasprintf("%s/tree/test", dir);
	assert_false(unit_exists(path));
	assert_int_equal(rm_rf(dir, NULL), 0);
	fixture_done(&f);
}

/* ---- from inside */

/* Each line tries something that must fail; "NO" is how it is told. */
static const char attack[] =
	"exec 2>/dev/null\n"
	"try() { name=$1; shift; if \"$@\"; then echo \"$name: YES\"; else echo \"$name: no\"; fi; "
	"}\n"
	"write() { ( : >>\"$1\" ); }\n"
	"PATH=$PATH:/usr/sbin:/sbin\n"
	"echo x >\"$TOP/out/guest/new\"\n"
	"try shadow cat /etc/shadow\n"
	"try passwd cat /etc/passwd\n"
	"try root-home ls /root\n"
	"try home ls /home\n"
	"try run ls /run\n"
	"try other-files ls \"$TOP/secret-of-the-host\"\n"
	"try view-secret cat /ktest-view/tree/secret/key\n"
	"try write-view write /ktest-view/tree/test\n"
	"try write-usr write /usr/bin/x\n"
	"try write-root write /x\n"
	"try write-kernel write \"$TOP/kernel\"\n"
	"try write-initrd write \"$TOP/initrd\"\n"
	"try write-journal write \"$TOP/out/journal\"\n"
	"try remove-journal rm \"$TOP/out/journal\"\n"
	"try replace-journal mv \"$TOP/out/guest/new\" \"$TOP/out/journal\"\n"
	"try see-journal test -e \"$TOP/out/journal\"\n"
	"try write-output write \"$TOP/out/x\"\n"
	"try core-pattern write /proc/sys/kernel/core_pattern\n"
	"try pci-space sh -c 'for f in /proc/bus/pci/*/*; do [ -w $f ] && exit; done; exit 1'\n"
	"try irq sh -c 'for f in /proc/irq/*/*; do [ -w $f ] && exit; done; exit 1'\n"
	"try sysrq write /proc/sysrq-trigger\n"
	"try mount mount -t tmpfs none /tmp\n"
	"try remount mount -o remount,rw,bind /usr\n"
	"try chroot chroot / true\n"
	"try mknod mknod \"$TOP/vm/null\" c 1 3\n"
	"try kill-parent kill -0 \"$PARENT\"\n"
	"try see-parent test -e \"/proc/$PARENT\"\n"
	"try other-processes sh -c '[ $(ls -d /proc/[0-9]* | wc -l) -gt 9 ]'\n"
	"try connect bash -c \"exec 3<>/dev/tcp/127.0.0.1/$PORT\"\n"
	"try any-interface sh -c \"grep -v 'lo:' /proc/net/dev | grep :\"\n"
	"try kvm test -e /dev/kvm\n"
	"try host-devices sh -c 'ls /dev/sd* /dev/vd* /dev/nvme* /dev/loop* /dev/mem /dev/net | "
	"grep .'\n"
	"try gain-by-exec sh -c '! grep -q \"^NoNewPrivs:.1\" /proc/self/status'\n"
	"try environment sh -c 'env | grep SECRET_TOKEN'\n"
	"echo caps: $(grep -hE '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | sort -u -k2 | cut "
	"-f2)\n"
	"echo view: $(ls /ktest-view | tr '\\n' ' ')\n"
	"echo content: $(cat /ktest-view/tree/test) $(cat \"$TOP/kernel\")\n"
	"echo writes: $(echo x >\"$TOP/vm/disk\" && echo x >\"$TOP/out/guest/log\" && echo x "
	">/tmp/x && "
	"echo ok)\n";

static const char expected_end[] = "caps: 0000000000000000\n"
				   "view: bin tmp tree\n"
				   "content: test kernel\n"
				   "writes: ok\n";

/* A service of the host's on its loopback; what the sandbox must not reach. */
static int listen_on_loopback(int *port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*port = ntohs(addr.sin_port);
	return fd;
}

/* The script as the program of a sandbox whose files lie in top. */
static int run_inside(const char *top, struct strbuf *out, struct err *err)
{
	_cleanup_free_ char *script = NULL;
	_cleanup_strv_ struct strv bwrap = {0};
	struct fixture f;
	int port, service = listen_on_loopback(&port), r;

	fixture(&f, top);
	fixture_files(&f);
	script = xasprintf("TOP=%s PORT=%d PARENT=%d\n%s", top, port, (int)getpid(), attack);
	make(&f);
	strv_addv(&f.argv, "/bin/sh", "-c", script, NULL);
	/* Without the keeper around it: that is another program's test. */
	for (size_t i = 1; i < f.argv.n; i++)
		strv_add(&bwrap, f.argv.v[i]);
	r = proc_run(&bwrap, 30000, out, err);
	fixture_done(&f);
	close(service);
	return r;
}

/* In a child, as whoever it is by then. */
static int escape_attempts(const char *top)
{
	_cleanup_free_ char *secret = xasprintf("%s/secret-of-the-host", top);

	_cleanup_strbuf_ struct strbuf out = {0};
	struct err err = {0};
	const char *why, *yes;

	setenv("SECRET_TOKEN", "x", 1);
	if (sandbox_probe(NULL, &why) != SANDBOX_BWRAP) {
		print_error("no bubblewrap: %s\n", why);
		return 1;
	}
	if (mkdir_p(secret, 0755, NULL) < 0 || run_inside(top, &out, &err) < 0) {
		print_error("%s\n", err.msg);
		return 2;
	}
	yes = strstr(out.s, "YES");
	if (!yes && str_ends(out.s, expected_end) && strstr(out.s, "environment: no\n"))
		return 0;
	print_error("it reached something:\n%s\n", out.s);
	return 3;
}

static void test_escape_as_this_user(void **state)
{
	_cleanup_free_ char *top = xasprintf("%s/own", unit_dir);
	pid_t pid;

	(void)state;
	assert_int_equal(mkdir(top, 0755), 0);
	pid = fork();
	if (pid == 0)
		_exit(escape_attempts(top));
	assert_int_equal(unit_wait(pid), 0);
}

static void test_escape_as_a_user_without_rights(void **state)
{
	_cleanup_free_ char *top = xasprintf("%s/nobody", unit_dir);
	pid_t pid;

	(void)state;
	assert_int_equal(mkdir(top, 0777), 0);
	assert_int_equal(chmod(top, 0777), 0);
	pid = fork();
	if (pid == 0) {
		unit_drop_root();
		_exit(escape_attempts(top));
	}
	assert_int_equal(unit_wait(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_shown_but_what_is_listed),
		cmocka_unit_test(test_no_disk_and_no_output_where_there_is_none),
		cmocka_unit_test(test_the_kvm_device_is_there_with_kvm_only),
		cmocka_unit_test(test_qemu_in_a_home_directory_does_not_show_the_home),
		cmocka_unit_test(test_keeper_alone),
		cmocka_unit_test(test_without_bubblewrap_the_reason_is_said),
		cmocka_unit_test(test_view_without_bubblewrap),
		cmocka_unit_test(test_escape_as_this_user),
		cmocka_unit_test(test_escape_as_a_user_without_rights),
	};

	alarm(100);
	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
