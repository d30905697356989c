// SPDX-License-Identifier: GPL-2.0-only
/* The view of a host's userspace: what programs need is there, and no secret. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "image/etckey.h"
#include "image/hostroot.h"
#include "image/secrets.h"
#include "t/unit/unseen.h"

/* A host at ROOT, and its view with the copy of its /etc. */
struct fixture {
	char dir[64];
	char *root, *cache, *copies, *etc;
	struct view view;
};

static void put(struct fixture *f, const char *path, const char *text, mode_t mode)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", f->root, path), *parent = xstrdup(full);

	*strrchr(parent, '/') = '\0';
	assert_int_equal(mkdir_p(parent, 0755, NULL), 0);
	assert_int_equal(file_write(full, text, strlen(text), 0600, NULL), 0);
	assert_int_equal(chmod(full, mode), 0);
}

static void put_link(struct fixture *f, const char *path, const char *target)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", f->root, path);

	put(f, path, "", 0644);
	assert_int_equal(unlink(full), 0);
	assert_int_equal(symlink(target, full), 0);
}

static void mode(struct fixture *f, const char *path, mode_t m)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", f->root, path);

	assert_int_equal(chmod(full, m), 0);
}

static const struct view_entry *entry(const struct fixture *f, const char *path)
{
	const struct view_entry *found = NULL;

	for (size_t i = 0; i < f->view.n; i++)
		if (str_eq(f->view.entries[i].path, path))
			found = &f->view.entries[i];
	return found;
}

static void make(struct fixture *f)
{
	struct err err = {0};

	view_done(&f->view);
	if (hostroot_view_from(f->root, f->cache, &f->view, &err) < 0)
		fail_msg("%s", err.msg);
	str_set(&f->etc, entry(f, "/etc")->source);
}

/* The text of a file of the copy, NULL when it is not there; the caller frees it. */
static char *copied(const struct fixture *f, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", f->etc, name);
	char *text = NULL;
	size_t len;

	return file_read(path, 1 << 24, &text, &len, NULL) < 0 ? NULL : text;
}

static bool in_copy(const struct fixture *f, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", f->etc, name);
	struct stat st;

	return lstat(path, &st) == 0;
}

static void assert_copied(const struct fixture *f, const char *name, const char *text)
{
	_cleanup_free_ char *got = copied(f, name);

	assert_non_null(got);
	assert_string_equal(got, text);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/ktest-hostroot.XXXXXX");
	assert_int_equal(dir_make_temp(f->dir, NULL), 0);
	f->root = xasprintf("%s/host", f->dir);
	f->cache = xasprintf("%s/cache", f->dir);
	f->copies = xasprintf("%s/etc", f->cache);
	put(f, "etc/passwd",
	    "root:x:0:0:The Boss:/root:/bin/zsh\ntoor:x:0:0::/root:/bin/sh\n"
	    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nbroken line\nx:y:z\n"
	    "taken:x:999:999:::/bin/false\nalice:x:1000:1000:Alice A:/home/alice:/bin/bash\n"
	    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
	    0644);
	put(f, "etc/group",
	    "root:x:0:\ndisk:x:6:alice,daemon\nsudo:x:27:alice\nalice:x:1000:\n"
	    "nogroup:x:65534:\n",
	    0644);
	put(f, "etc/shadow", "root:$6$hash:1::::::\nalice:$6$other:1::::::\n", 0644);
	put(f, "usr/bin/bash", "", 0755);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	view_done(&f->view);
	rm_rf(f->dir, NULL);
	cleanup_free(&f->root);
	cleanup_free(&f->cache);
	cleanup_free(&f->copies);
	cleanup_free(&f->etc);
	cleanup_free(&f);
	return 0;
}

static void accounts_are_ours(void **state)
{
	struct fixture *f = *state;

	make(f);
	assert_copied(f, "passwd",
		      "root:x:0:0::/root:/bin/bash\n"
		      "daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
		      "taken:x:999:999:::/bin/false\n"
		      "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
		      "sshd:x:998:65534::/run/sshd:/usr/sbin/nologin\n");
	assert_copied(f, "shadow",
		      "root::19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n"
		      "taken:*:19000:0:99999:7:::\n"
		      "nobody:*:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n");
	assert_copied(f, "group", "root:x:0:\ndisk:x:6:daemon\nsudo:x:27:\nnogroup:x:65534:\n");
	assert_copied(f, "gshadow", "root:*::\ndisk:*::daemon\nsudo:*::\nnogroup:*::\n");
}

static void host_without_accounts_gets_some(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *passwd = xasprintf("%s/etc/passwd", f->root);
	_cleanup_free_ char *group = xasprintf("%s/etc/group", f->root);
	_cleanup_free_ char *text = NULL;

	unlink(passwd);
	unlink(group);
	make(f);
	text = copied(f, "passwd");
	assert_true(str_starts(text, "root:x:0:0::/root:/bin/bash\nnobody:x:65534:"));
	assert_copied(f, "group", "root:x:0:\nnogroup:x:65534:\n");
}

static void assert_mode(const char *dir, const char *name, mode_t expected)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, expected);
}

static void copies_do_not_depend_on_the_umask(void **state)
{
	struct fixture *f = *state;
	mode_t old = umask(0077);

	put(f, "etc/sub/run", "x", 0755);
	mode(f, "etc/sub", 0755);
	make(f);
	umask(old);
	assert_mode(f->etc, "", 0755);
	assert_mode(f->etc, "passwd", 0644);
	assert_mode(f->etc, "sub/run", 0755);
	assert_mode(f->etc, "sub", 0755);
}

static void what_programs_need_is_copied(void **state)
{
	static const char *const kept[] = {
		"pam.d/common-password",
		"pam.d/passwd",
		"login.defs",
		"nsswitch.conf",
		"ld.so.cache",
		"default/useradd",
		"security/limits.conf",
		"ssl/certs/ca.pem",
		"ssh/sshd_config",
		"ssh/moduli",
		"security/pam_env.conf",
		"networks",
		"apt/trusted.gpg.d/a.gpg",
		"skel/.bashrc",
		"udev/rules.d/60.rules",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		_cleanup_free_ char *path = xasprintf("etc/%s", kept[i]);

		put(f, path, kept[i], 0644);
	}
	make(f);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		assert_copied(f, kept[i], kept[i]);
}

static void what_others_cannot_read_is_left_out(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/odd.conf", "0600", 0600);
	put(f, "etc/group-only.conf", "0640", 0640);
	put(f, "etc/closed/file.conf", "readable inside", 0644);
	mode(f, "etc/closed", 0750);
	put(f, "etc/no-x/file.conf", "readable inside", 0644);
	mode(f, "etc/no-x", 0754);
	make(f);
	assert_false(in_copy(f, "odd.conf"));
	assert_false(in_copy(f, "group-only.conf"));
	assert_false(in_copy(f, "closed"));
	assert_false(in_copy(f, "no-x"));
}

static void known_secrets_are_left_out_though_readable(void **state)
{
	static const char *const secrets[] = {
		"shadow-",
		"passwd-",
		"gshadow-",
		"machine-id",
		"sudoers",
		"sudoers.d/alice",
		"ssl/private/a.pem",
		"ssl/server.key",
		"pki/tls/private/localhost.crt",
		"krb5.keytab",
		"ssh/ssh_host_rsa_key",
		"ssh/ssh_host_rsa_key.pub",
		"apt/auth.conf",
		"apt/auth.conf.d/x",
		"wpa_supplicant/wpa.conf",
		"docker/key.json",
		"kubernetes/admin.conf",
		"wireguard/wg0.conf",
		"default/daemon",
		"environment",
		"systemd/system/x.service",
		"credstore/x",
		"my-credentials",
		"NetworkManager/system-connections/w",
		"npmrc",
		"deep/in/a/.netrc",
		"cron.d/backup",
		"security/opasswd",
		"resolv.conf",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		_cleanup_free_ char *path = xasprintf("etc/%s", secrets[i]);

		put(f, path, "secret", 0644);
	}
	make(f);
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		if (in_copy(f, secrets[i]))
			fail_msg("%s was copied", secrets[i]);
}

static void contents_that_are_keys_are_left_out(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/app/cert.pem", "-----BEGIN EC PRIVATE KEY-----\n", 0644);
	put(f, "etc/app/a.conf", "x\nproxy = http://me:pass@proxy:80/\n", 0644);
	put(f, "etc/app/b.conf", "url http://host:80/a@b\nmail a@b.c:d\n", 0644);
	put(f, "etc/app/end", "http://a:b", 0644);
	make(f);
	assert_false(in_copy(f, "app/cert.pem"));
	assert_false(in_copy(f, "app/a.conf"));
	assert_true(in_copy(f, "app/b.conf"));
	assert_true(in_copy(f, "app/end"));
}

static void links_stay_within_the_view(void **state)
{
	static const struct {
		const char *name, *target;
		bool stays;
	} links[] = {
		{"localtime", "/usr/share/zoneinfo/UTC", true},
		{"os-release", "../usr/lib/os-release", true},
		{"alternatives/awk", "/usr/bin/mawk", true},
		{"sub/rel", "../other", true},
		{"rmt", "/sbin/rmt", true},
		{"mtab", "../proc/self/mounts", true},
		{"opt-link", "/opt/x/etc", true},
		{"resolv", "/run/systemd/resolve/stub-resolv.conf", false},
		{"up", "../root/.ssh/x", false},
		{"up2", "../usr/../home/alice/x", false},
		{"up3", "/etc/../var/lib/x", false},
		{"sub/up4", "../../../../root/x", false},
		{"proc", "/proc/1/environ", false},
		{"usrlike", "/usrx/y", false},
		{"root", "/", false},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		_cleanup_free_ char *path = xasprintf("etc/%s", links[i].name);

		put_link(f, path, links[i].target);
	}
	make(f);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (in_copy(f, links[i].name) != links[i].stays)
			fail_msg("%s -> %s", links[i].name, links[i].target);
}

static void special_and_big_files_are_left_out(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *fifo = xasprintf("%s/etc/fifo", f->root);
	_cleanup_free_ char *big = xasprintf("%s/etc/big", f->root);

	assert_int_equal(mkfifo(fifo, 0644), 0);
	put(f, "etc/big", "", 0644);
	assert_int_equal(truncate(big, (1 << 20) + 1), 0);
	make(f);
	assert_false(in_copy(f, "fifo"));
	assert_false(in_copy(f, "big"));
}

static void copy_is_bounded(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = xmalloc(1 << 20);
	size_t total = 0;

	memset(text, 'x', 1 << 20);
	text[(1 << 20) - 1] = '\0';
	for (int i = 0; i < 25; i++) {
		char path[32];

		snprintf(path, sizeof(path), "etc/big%d", i);
		put(f, path, text, 0644);
	}
	make(f);
	for (int i = 0; i < 25; i++) {
		char name[32];

		snprintf(name, sizeof(name), "big%d", i);
		total += in_copy(f, name);
	}
	assert_in_range(total, 18, 20);
	assert_true(in_copy(f, "passwd"));
}

static void names_of_this_host_are_replaced(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/fstab", "server:/secret /mnt nfs\n", 0644);
	put(f, "etc/hostname", "prod-7\n", 0644);
	put(f, "etc/hosts", "10.0.0.1 internal\n", 0644);
	make(f);
	assert_copied(f, "fstab", "");
	assert_copied(f, "hostname", "ktest\n");
	assert_copied(f, "hosts",
		      "127.0.0.1\tlocalhost ktest\n::1\tlocalhost ip6-localhost ip6-loopback\n");
}

static void top_directories_are_as_on_the_host(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *usr = xasprintf("%s/usr", f->root);

	put_link(f, "bin", "usr/bin");
	put(f, "lib64/ld.so", "", 0755);
	put(f, "home/alice/diary", "", 0644);
	make(f);
	assert_int_equal(entry(f, "/usr")->kind, VIEW_BIND);
	assert_string_equal(entry(f, "/usr")->source, usr);
	assert_int_equal(entry(f, "/bin")->kind, VIEW_SYMLINK);
	assert_string_equal(entry(f, "/bin")->source, "usr/bin");
	assert_int_equal(entry(f, "/lib64")->kind, VIEW_BIND);
	assert_null(entry(f, "/lib32"));
	assert_int_equal(entry(f, "/home")->kind, VIEW_DIR);
	assert_int_equal(entry(f, "/root")->kind, VIEW_DIR);
	assert_int_equal(entry(f, "/var/lib")->kind, VIEW_DIR);
	assert_true(str_starts(entry(f, "/etc")->source, f->copies));
}

static void secrets_below_usr_and_opt_are_hidden(void **state)
{
	struct fixture *f = *state;

	put(f, "usr/local/etc/x", "", 0644);
	put(f, "usr/etc/shadow", "", 0644);
	put(f, "usr/src/linux/certs/signing_key.pem", "", 0644);
	put(f, "usr/local/share/app/db.conf", "", 0600);
	put(f, "usr/local/bin/tool", "", 0755);
	put(f, "opt/app/conf/server.key", "", 0644);
	put(f, "opt/app/private/x", "", 0644);
	mode(f, "opt/app/private", 0700);
	put(f, "opt/top", "", 0600);
	make(f);
	assert_int_equal(entry(f, "/usr/local/etc")->kind, VIEW_EMPTY);
	assert_int_equal(entry(f, "/usr/etc")->kind, VIEW_EMPTY);
	assert_int_equal(entry(f, "/opt/app/private")->kind, VIEW_EMPTY);
	assert_true(str_ends(entry(f, "/usr/src/linux/certs/signing_key.pem")->source, "/fstab"));
	assert_true(str_ends(entry(f, "/usr/local/share/app/db.conf")->source, "/fstab"));
	assert_true(str_ends(entry(f, "/opt/app/conf/server.key")->source, "/fstab"));
	assert_true(str_ends(entry(f, "/opt/top")->source, "/fstab"));
	assert_null(entry(f, "/usr/local/bin/tool"));
	assert_null(entry(f, "/usr/local/etc/x"));
	/* What hides comes after what shows. */
	assert_true(entry(f, "/opt/top") > entry(f, "/opt"));
}

static void too_many_secrets_hide_the_directory(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 300; i++) {
		char path[64];

		snprintf(path, sizeof(path), "opt/many/f%d", i);
		put(f, path, "", 0600);
	}
	make(f);
	assert_int_equal(entry(f, "/opt/many")->kind, VIEW_EMPTY);
	assert_null(entry(f, "/opt/many/f7"));
}

static int check_public(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	(void)ftw;
	if (type != FTW_F || str_ends(path, "/shadow") || str_ends(path, "/gshadow"))
		return 0;
	assert_true(st->st_mode & S_IROTH);
	assert_int_equal(file_read(path, 1 << 20, &text, &len, NULL), 0);
	assert_false(secret_text(text, len));
	return 0;
}

static void this_system_has_a_view(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *host = NULL;
	_cleanup_free_ char *ours = NULL;
	struct err err = {0};
	size_t len;

	assert_int_equal(hostroot_view(f->cache, &f->view, &err), 0);
	str_set(&f->etc, entry(f, "/etc")->source);
	assert_int_equal(nftw(f->etc, check_public, 16, FTW_PHYS), 0);
	assert_false(in_copy(f, "machine-id"));
	ours = copied(f, "shadow");
	assert_true(str_starts(ours, "root::"));
	if (file_read("/etc/shadow", 1 << 20, &host, &len, NULL) == 0)
		assert_null(strstr(ours, "$"));
	assert_string_equal(entry(f, "/usr")->source, "/usr");
	assert_true(in_copy(f, "nsswitch.conf"));
	assert_true(in_copy(f, "pam.d") || !path_is_dir("/etc/pam.d"));
}

/* ---- the copy is kept */

static void make_settled(struct fixture *f)
{
	settle();
	make(f);
}

/* Names in the directory of the copies that begin so. */
static size_t count_copies(const struct fixture *f, const char *prefix)
{
	DIR *dir = opendir(f->copies);
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		n += !str_eq(e->d_name, ".") && !str_eq(e->d_name, "..") &&
		     str_starts(e->d_name, prefix);
	closedir(dir);
	return n;
}

static void age(const char *path, time_t seconds)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}};

	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* The copy at etc was last used so long ago. */
static void age_use(const char *etc, time_t seconds)
{
	_cleanup_free_ char *seal = xasprintf("%s/../seal", etc);

	age(seal, seconds);
}

static ino_t inode(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void unchanged_tree_has_the_same_copy(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *first = NULL, *seal = NULL;
	struct stat st;
	ino_t made;

	make_settled(f);
	first = xstrdup(f->etc);
	made = inode(first);
	age_use(first, 7200);
	make(f);
	assert_string_equal(f->etc, first);
	assert_int_equal(inode(f->etc), made);
	assert_int_equal(count_copies(f, ""), 1);
	assert_mode(f->copies, "", 0700);
	/* It counts as used now. */
	seal = xasprintf("%s/../seal", first);
	assert_int_equal(stat(seal, &st), 0);
	assert_true(st.st_mtime > time(NULL) - 3600);
}

static void rewrite_with_old_time(struct fixture *f)
{
	_cleanup_free_ char *path = xasprintf("%s/etc/app/a.conf", f->root);
	struct stat st;
	struct timespec times[2];

	assert_int_equal(stat(path, &st), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	put(f, "etc/app/a.conf", "ONE", 0644);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	settle();
	make(f);
	assert_copied(f, "app/a.conf", "ONE");
}

static void add_file(struct fixture *f)
{
	put(f, "etc/app/c.conf", "new", 0644);
	make_settled(f);
	assert_copied(f, "app/c.conf", "new");
}

static void remove_file(struct fixture *f)
{
	_cleanup_free_ char *path = xasprintf("%s/etc/app/b.conf", f->root);

	assert_int_equal(unlink(path), 0);
	make_settled(f);
	assert_false(in_copy(f, "app/b.conf"));
}

static void change_mode(struct fixture *f)
{
	mode(f, "etc/app/a.conf", 0755);
	make_settled(f);
	assert_mode(f->etc, "app/a.conf", 0755);
}

static void close_directory(struct fixture *f)
{
	mode(f, "etc/app", 0700);
	make_settled(f);
	assert_false(in_copy(f, "app"));
}

static void change_link(struct fixture *f)
{
	_cleanup_free_ char *old = xasprintf("%s/etc/link", f->root), *path = NULL;
	char target[PATH_MAX] = "";

	assert_int_equal(unlink(old), 0);
	put_link(f, "etc/link", "/usr/b");
	make_settled(f);
	path = xasprintf("%s/link", f->etc);
	assert_int_equal(readlink(path, target, sizeof(target) - 1), 6);
	assert_string_equal(target, "/usr/b");
}

static void add_account(struct fixture *f)
{
	put(f, "etc/passwd", "games:x:5:60::/usr/games:/bin/false\n", 0644);
	make_settled(f);
	assert_copied(f, "group", "root:x:0:\ndisk:x:6:\nsudo:x:27:\nnogroup:x:65534:\n");
}

static void lose_bash(struct fixture *f)
{
	_cleanup_free_ char *path = xasprintf("%s/usr/bin/bash", f->root), *passwd = NULL;

	assert_int_equal(unlink(path), 0);
	make_settled(f);
	passwd = copied(f, "passwd");
	assert_true(str_starts(passwd, "root:x:0:0::/root:/bin/sh\n"));
}

static void every_change_gives_a_new_copy(void **state)
{
	static void (*const changes[])(struct fixture * f) = {
		rewrite_with_old_time, add_file,    remove_file, change_mode,
		change_link,	       add_account, lose_bash,	 close_directory,
	};
	struct fixture *f = *state;

	put(f, "etc/app/a.conf", "one", 0644);
	put(f, "etc/app/b.conf", "two", 0644);
	mode(f, "etc/app", 0755);
	put_link(f, "etc/link", "/usr/a");
	make_settled(f);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		_cleanup_free_ char *before = xstrdup(f->etc);

		changes[i](f);
		assert_string_not_equal(f->etc, before);
	}
}

/* The times of files move in steps on many kernels: two changes within one look like one. */
static void change_in_the_same_instant_is_seen(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++) {
		char text[2] = {(char)('a' + i)};

		put(f, "etc/quick.conf", text, 0644);
		make(f);
		assert_copied(f, "quick.conf", text);
	}
}

static void what_is_left_out_does_not_count(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *before = NULL;

	put(f, "etc/resolv.conf", "nameserver 10.0.0.1\n", 0644);
	make_settled(f);
	before = xstrdup(f->etc);
	put(f, "etc/resolv.conf", "nameserver 10.0.0.22\n", 0644);
	put(f, "etc/mysql/my.cnf", "", 0644);
	make(f);
	assert_string_equal(f->etc, before);
}

static void secret_of_an_old_copy_is_gone_from_the_new(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/app.conf", "open", 0644);
	put(f, "etc/url.conf", "http://host/", 0644);
	make_settled(f);
	assert_copied(f, "app.conf", "open");
	assert_true(in_copy(f, "url.conf"));
	mode(f, "etc/app.conf", 0640);
	put(f, "etc/url.conf", "http://me:pw@host/", 0644);
	make(f);
	assert_false(in_copy(f, "app.conf"));
	assert_false(in_copy(f, "url.conf"));
}

/* A copy in the state of number n; its path, which the caller frees. */
static char *make_state(struct fixture *f, int n)
{
	_cleanup_free_ char *told = xasprintf("%s/told", f->dir), *path = NULL;
	char name[32];
	size_t len;
	pid_t pid;
	int status;

	snprintf(name, sizeof(name), "etc/state%d", n);
	put(f, name, "", 0644);
	/* A process keeps what it found until it ends. */
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		make_settled(f);
		_exit(file_write(told, f->etc, strlen(f->etc), 0600, NULL) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(file_read(told, PATH_MAX, &path, &len, NULL), 0);
	return xstrdup(path);
}

static void old_copies_are_removed_but_two(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *a = make_state(f, 1), *b = make_state(f, 2), *c = make_state(f, 3);
	_cleanup_free_ char *d = NULL, *e = NULL;

	assert_int_equal(count_copies(f, ""), 3);
	age_use(a, 3 * 86400);
	age_use(b, 4 * 86400);
	age_use(c, 2 * 86400);
	d = make_state(f, 4);
	assert_true(path_is_dir(c) && path_is_dir(d));
	assert_int_equal(count_copies(f, ""), 2);
	/* Used within the day: all stay. */
	age_use(c, 86400 - 600);
	age_use(d, 86400 - 600);
	e = make_state(f, 5);
	assert_true(path_is_dir(c) && path_is_dir(d) && path_is_dir(e));
	assert_int_equal(count_copies(f, ""), 3);
}

static void interrupted_copies_are_swept(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *old = xasprintf("%s/.tmp-old/x", f->copies);
	_cleanup_free_ char *running = xasprintf("%s/.tmp-running/x", f->copies);

	assert_int_equal(mkdir_p(old, 0755, NULL), 0);
	assert_int_equal(mkdir_p(running, 0755, NULL), 0);
	*strrchr(old, '/') = '\0';
	age(old, 3700);
	make(f);
	assert_false(path_exists(old));
	assert_true(path_exists(running));
	assert_int_equal(count_copies(f, ""), 2);
}

static void copies_at_the_same_time_agree(void **state)
{
	struct fixture *f = *state;
	pid_t pids[4];
	int status;

	settle();
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i])
			_exit(hostroot_view_from(f->root, f->cache, &f->view, NULL) ? 1 : 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count_copies(f, ""), 1);
	make(f);
	assert_int_equal(count_copies(f, ""), 1);
	assert_true(in_copy(f, "hosts"));
}

static void directory_of_another_user_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	if (geteuid())
		skip();
	make(f);
	view_done(&f->view);
	assert_int_equal(chown(f->copies, 65534, 65534), 0);
	assert_int_equal(hostroot_view_from(f->root, f->cache, &f->view, &err), -EPERM);
	assert_non_null(strstr(err.msg, f->copies));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(accounts_are_ours),
		T(host_without_accounts_gets_some),
		T(copies_do_not_depend_on_the_umask),
		T(what_programs_need_is_copied),
		T(what_others_cannot_read_is_left_out),
		T(known_secrets_are_left_out_though_readable),
		T(contents_that_are_keys_are_left_out),
		T(links_stay_within_the_view),
		T(special_and_big_files_are_left_out),
		T(copy_is_bounded),
		T(names_of_this_host_are_replaced),
		T(top_directories_are_as_on_the_host),
		T(secrets_below_usr_and_opt_are_hidden),
		T(too_many_secrets_hide_the_directory),
		T(this_system_has_a_view),
		T(unchanged_tree_has_the_same_copy),
		T(every_change_gives_a_new_copy),
		T(change_in_the_same_instant_is_seen),
		T(what_is_left_out_does_not_count),
		T(secret_of_an_old_copy_is_gone_from_the_new),
		T(old_copies_are_removed_but_two),
		T(interrupted_copies_are_swept),
		T(copies_at_the_same_time_agree),
		T(directory_of_another_user_is_refused),
	};

	return cmocka_run_group_tests_name("hostroot", tests, NULL, NULL);
}
