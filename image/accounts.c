// SPDX-License-Identifier: GPL-2.0-only
#include "image/accounts.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "image/etc.h"

#define DATABASE_MAX  (4 << 20)
#define NAME_LEN_MAX  64
#define FIRST_HUMAN   1000
#define NOBODY	      65534
#define PASSWD_FIELDS 7
#define GROUP_FIELDS  4

struct accounts {
	struct strv users, groups; /* names */
	bool uid_used[FIRST_HUMAN];
	struct strbuf passwd, group, shadow, gshadow; /* the files */
};

static void accounts_done(struct accounts *a)
{
	strv_done(&a->users);
	strv_done(&a->groups);
	strbuf_done(&a->passwd);
	strbuf_done(&a->group);
	strbuf_done(&a->shadow);
	strbuf_done(&a->gshadow);
}

/* line split at ':' in place; false unless there are exactly n fields. */
static bool split(char *line, char **field, int n)
{
	for (int i = 0; i < n; i++) {
		field[i] = strsep(&line, ":");
		if (!field[i])
			return false;
	}
	return !line;
}

static bool name_ok(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > NAME_LEN_MAX || !(isalpha((unsigned char)name[0]) || name[0] == '_'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_-.$", name[i]))
			return false;
	return true;
}

static void add_user(struct accounts *a, const char *name, int64_t uid, int64_t gid,
		     const char *home, const char *shell, const char *password)
{
	strv_add(&a->users, name);
	if (uid < FIRST_HUMAN)
		a->uid_used[uid] = true;
	strbuf_addf(&a->passwd, "%s:x:%lld:%lld::%s:%s\n", name, (long long)uid, (long long)gid,
		    home, shell);
	/* A day of last change that is not 0, else the password counts as expired. */
	strbuf_addf(&a->shadow, "%s:%s:19000:0:99999:7:::\n", name, password);
}

static void add_group(struct accounts *a, const char *name, int64_t gid, const char *members)
{
	strv_add(&a->groups, name);
	strbuf_addf(&a->group, "%s:x:%lld:%s\n", name, (long long)gid, members);
	strbuf_addf(&a->gshadow, "%s:*::%s\n", name, members);
}

static bool is_system_id(const char *text, int64_t *id)
{
	return str_int(text, 1, NOBODY, id) == 0 && (*id < FIRST_HUMAN || *id == NOBODY);
}

static void take_user(struct accounts *a, char *line)
{
	char *f[PASSWD_FIELDS];
	int64_t uid, gid;

	if (!split(line, f, PASSWD_FIELDS) || !name_ok(f[0]) || strv_has(&a->users, f[0]) ||
	    !is_system_id(f[2], &uid) || str_int(f[3], 0, NOBODY, &gid) < 0)
		return;
	add_user(a, f[0], uid, gid, f[5], f[6], "*");
}

/* The members that are users here. */
static char *known_members(const struct accounts *a, char *list)
{
	_cleanup_strv_ struct strv kept = {0};
	char *name;

	while ((name = strsep(&list, ",")))
		if (*name && strv_has(&a->users, name))
			strv_add(&kept, name);
	return strv_join(&kept, ",");
}

static void take_group(struct accounts *a, char *line)
{
	_cleanup_free_ char *members = NULL;
	char *f[GROUP_FIELDS];
	int64_t gid;

	if (!split(line, f, GROUP_FIELDS) || !name_ok(f[0]) || strv_has(&a->groups, f[0]) ||
	    !is_system_id(f[2], &gid))
		return;
	members = known_members(a, f[3]);
	add_group(a, f[0], gid, members);
}

/* Call take for each line of ROOT/etc/NAME. A host without that file has no system users. */
static void for_lines(const char *root, const char *name, struct accounts *a,
		      void (*take)(struct accounts *a, char *line))
{
	_cleanup_free_ char *path = xasprintf("%s/etc/%s", root, name), *text = NULL;
	char *rest, *line;
	size_t len;

	if (file_read(path, DATABASE_MAX, &text, &len, NULL) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		take(a, line);
}

static void add_missing_users(struct accounts *a)
{
	int64_t uid = FIRST_HUMAN - 1;

	if (!strv_has(&a->users, "nobody"))
		add_user(a, "nobody", NOBODY, NOBODY, "/nonexistent", "/usr/sbin/nologin", "*");
	if (strv_has(&a->users, "sshd"))
		return;
	while (uid > 1 && a->uid_used[uid])
		uid--;
	add_user(a, "sshd", uid, NOBODY, "/run/sshd", "/usr/sbin/nologin", "*");
}

static void collect(const char *root, struct accounts *a)
{
	_cleanup_free_ char *bash = xasprintf("%s/usr/bin/bash", root);

	add_user(a, "root", 0, 0, "/root", path_exists(bash) ? "/bin/bash" : "/bin/sh", "");
	for_lines(root, "passwd", a, take_user);
	add_missing_users(a);
	add_group(a, "root", 0, "");
	for_lines(root, "group", a, take_group);
	if (!strv_has(&a->groups, "nogroup") && !strv_has(&a->groups, "nobody"))
		add_group(a, "nogroup", NOBODY, "");
}

int accounts_write(const char *root, const char *etc_dir, struct err *err)
{
	struct accounts a = {0};
	int r;

	collect(root, &a);
	r = etc_write(etc_dir, "passwd", a.passwd.s, a.passwd.len, 0644, err);
	if (r >= 0)
		r = etc_write(etc_dir, "group", a.group.s, a.group.len, 0644, err);
	if (r >= 0)
		r = etc_write(etc_dir, "shadow", a.shadow.s, a.shadow.len, 0600, err);
	if (r >= 0)
		r = etc_write(etc_dir, "gshadow", a.gshadow.s, a.gshadow.len, 0600, err);
	accounts_done(&a);
	return r;
}
