// SPDX-License-Identifier: GPL-2.0-only
#include "reach/sshconf.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "reach/control.h"

#define KEY_DIR	  "ssh" /* in the host's part of the VM's directory */
#define KEY_MAX	  16384
#define PATH_ENV  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define KEYGEN_MS 20000

/*
 * OpenSSH's server or dropbear's, as from inetd. A guest that restarted has lost what was written
 * here. sshd wants a user of its own, which a root image without its package lacks; dropbear a key
 * in a form of its own, which dropbearconvert makes (its package has it, but OpenWrt's). But for
 * the first time no program is run before the server: each takes tens of milliseconds under
 * emulation.
 */
static const char server_script[] =
	"umask 077; d=/run/ktest/ssh nl='\n'\n"
	"put() { printf '%s' \"$2\" >$d/$1.$$ && mv $d/$1.$$ $d/$1; }\n"
	"prepare() {\n"
	"	mkdir -p $d /run/sshd; chmod 755 /run/sshd\n"
	"	grep -q ^sshd: /etc/passwd ||\n"
	"		echo 'sshd:x:74:65534::/run/sshd:/usr/sbin/nologin' >>/etc/passwd\n"
	"	put keys \"$KTEST_KEYS\"; put host \"$KTEST_HOST_KEY\"\n"
	"}\n"
	"[ -s $d/host ] || prepare\n"
	"keys=; while IFS= read -r line; do keys=$keys$line$nl; done <$d/keys\n"
	"[ \"$keys\" = \"$KTEST_KEYS\" ] || put keys \"$KTEST_KEYS\"\n"
	"unset KTEST_HOST_KEY KTEST_KEYS\n"
	"if sshd=$(command -v sshd); then\n"
	"	umask 022; exec \"$sshd\" -i -f /dev/null -h $d/host -o AuthorizedKeysFile=$d/keys "
	"\\\n"
	"		-o StrictModes=no -o PermitRootLogin=prohibit-password -o UseDNS=no \\\n"
	"		-o PrintMotd=no -o PrintLastLog=no -o PidFile=none \\\n"
	"		-o 'AcceptEnv=LANG LC_*' -o 'Subsystem=sftp internal-sftp'\n"
	"elif dropbear=$(command -v dropbear) && command -v dropbearconvert >/dev/null; then\n"
	"	[ -s $d/dropbear ] ||\n"
	"		dropbearconvert openssh dropbear $d/host $d/dropbear >/dev/null 2>&1\n"
	"	mkdir -p /root/.ssh; cat $d/keys >/root/.ssh/authorized_keys\n"
	"	umask 022; exec \"$dropbear\" -i -s -r $d/dropbear\n"
	"fi\n"
	"echo \"the guest's root has no sshd\" >&2; exit 213\n";

static char *key_dir(const char *dir)
{
	return xasprintf("%s/" CONTROL_HOST_DIR "/" KEY_DIR, dir);
}

/* ---- keys of the user */

static char *own_key(void)
{
	return path_data("id_ed25519");
}

/* The public keys that let in, as paths; false: there is only ktest's own. */
static bool user_keys(struct strv *paths)
{
	_cleanup_free_ char *pattern = path_home(".ssh/id*.pub");
	glob_t g;

	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			if (path_readable(g.gl_pathv[i]))
				strv_add(paths, g.gl_pathv[i]);
		globfree(&g);
	}
	return paths->n > 0;
}

static int keygen(const char *path, const char *comment, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	int r;

	strv_addv(&argv, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path,
		  NULL);
	r = proc_run(&argv, KEYGEN_MS, NULL, err);
	return r < 0 ? err_wrap(err, "no key for ssh (OpenSSH's client is needed)") : 0;
}

/* In a directory of its own and then moved: of two who make it at once, one is first. */
static int make_own_key(struct err *err)
{
	_cleanup_free_ char *key = own_key();
	_cleanup_free_ char *pub = xasprintf("%s.pub", key);
	_cleanup_free_ char *temp = xasprintf("%s.XXXXXX", key);
	_cleanup_free_ char *parent = xstrndup(key, (size_t)(strrchr(key, '/') - key));
	_cleanup_free_ char *new = NULL;
	_cleanup_free_ char *new_pub = NULL;
	int r;

	if (path_readable(key) && path_readable(pub))
		return 0;
	r = mkdir_p(parent, 0700, err);
	if (r == 0)
		r = dir_make_temp(temp, err);
	if (r < 0)
		return r;
	new = xasprintf("%s/key", temp);
	new_pub = xasprintf("%s.pub", new);
	r = keygen(new, "ktest", err);
	if (r == 0 && link(new, key) < 0 && errno != EEXIST)
		r = err_errno(err, "%s", key);
	else if (r == 0 && !path_exists(pub) && rename(new_pub, pub) < 0)
		r = err_errno(err, "%s", pub);
	rm_rf(temp, NULL);
	return r;
}

/* ---- the guest's */

/* Whatever the directory's name is, its key is known by the same one. */
static int write_known_hosts(const char *keys, struct err *err)
{
	_cleanup_free_ char *pub = xasprintf("%s/key.pub", keys);
	_cleanup_free_ char *known = xasprintf("%s/known_hosts", keys);
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *line = NULL;
	size_t len;
	int r = file_read(pub, KEY_MAX, &text, &len, err);

	if (r < 0)
		return r;
	line = xasprintf(SSHCONF_HOST " %s", text);
	return file_write(known, line, strlen(line), 0600, err);
}

static int make_host_key(const char *dir, struct err *err)
{
	_cleanup_free_ char *keys = key_dir(dir);
	_cleanup_free_ char *temp = xasprintf("%s.XXXXXX", keys);
	_cleanup_free_ char *key = NULL;
	int r;

	if (path_is_dir(keys))
		return 0;
	r = dir_make_temp(temp, err);
	if (r < 0)
		return r;
	key = xasprintf("%s/key", temp);
	r = keygen(key, "guest", err);
	if (r == 0)
		r = write_known_hosts(temp, err);
	/* The first of two who make it at once has filled it, and then it cannot be replaced. */
	if (r == 0 && rename(temp, keys) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		r = err_errno(err, "%s", keys);
	rm_rf(temp, NULL);
	return r;
}

int sshconf_make_keys(const char *dir, struct err *err)
{
	_cleanup_strv_ struct strv keys = {0};
	int r = make_host_key(dir, err);

	return r < 0 || user_keys(&keys) ? r : make_own_key(err);
}

/* ---- the client */

/* A path as a value of ssh_config: quoted, and its percent signs are not ssh's. */
static void add_path(struct strbuf *b, const char *key, const char *path)
{
	strbuf_addf(b, "\t%s \"", key);
	for (; *path; path++)
		strbuf_addf(b, *path == '%' ? "%%%%" : "%c", *path);
	strbuf_puts(b, "\"\n");
}

static void add_proxy(struct strbuf *b, const char *program, const char *dir)
{
	_cleanup_strbuf_ struct strbuf words = {0};

	strbuf_shell_quote(&words, program);
	strbuf_puts(&words, " stream ");
	strbuf_shell_quote(&words, dir);
	strbuf_puts(b, "\tProxyCommand ");
	for (const char *p = words.s; *p; p++)
		strbuf_addf(b, *p == '%' ? "%%%%" : "%c", *p);
	strbuf_putc(b, '\n');
}

static void add_identities(struct strbuf *b)
{
	_cleanup_strv_ struct strv keys = {0};

	if (!user_keys(&keys)) {
		_cleanup_free_ char *own = own_key();

		strv_addf(&keys, "%s.pub", own);
	}
	for (size_t i = 0; i < keys.n; i++) {
		_cleanup_free_ char *path = xstrndup(keys.v[i], strlen(keys.v[i]) - 4);

		add_path(b, "IdentityFile", path);
	}
}

int sshconf_write(const char *dir, const char *program, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/" SSHCONF_FILE, dir);
	_cleanup_free_ char *keys = key_dir(dir);
	_cleanup_free_ char *known = xasprintf("%s/known_hosts", keys);
	_cleanup_strbuf_ struct strbuf b = {0};

	strbuf_puts(&b, "Host *\n\tUser root\n\tHostKeyAlias " SSHCONF_HOST "\n");
	add_proxy(&b, program, dir);
	add_path(&b, "UserKnownHostsFile", known);
	strbuf_puts(&b, "\tGlobalKnownHostsFile /dev/null\n\tStrictHostKeyChecking yes\n"
			"\tUpdateHostKeys no\n\tPasswordAuthentication no\n"
			"\tKbdInteractiveAuthentication no\n\tControlMaster no\n"
			"\tControlPath none\n\tLogLevel ERROR\n");
	add_identities(&b);
	return file_write(path, b.s, b.len, 0600, err);
}

/* ---- the server */

void sshconf_env(struct strv *env)
{
	const char *term = getenv("TERM");

	strv_addv(env, PATH_ENV, "HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash",
		  "LANG=C", NULL);
	strv_addf(env, "TERM=%s", term && *term ? term : "dumb");
}

static int add_file(struct strbuf *b, const char *path, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = file_read(path, KEY_MAX, &text, &len, err);

	if (r < 0)
		return r;
	strbuf_add(b, text, len);
	if (len && text[len - 1] != '\n')
		strbuf_putc(b, '\n');
	return 0;
}

static int add_authorized(struct strbuf *b, struct err *err)
{
	_cleanup_strv_ struct strv keys = {0};
	int r = 0;

	if (!user_keys(&keys)) {
		_cleanup_free_ char *own = own_key();

		strv_addf(&keys, "%s.pub", own);
	}
	for (size_t i = 0; i < keys.n && r == 0; i++)
		r = add_file(b, keys.v[i], err);
	return r;
}

int sshconf_server(const char *dir, struct strv *argv, struct strv *env, struct err *err)
{
	_cleanup_free_ char *keys = key_dir(dir);
	_cleanup_free_ char *path = xasprintf("%s/key", keys);
	_cleanup_strbuf_ struct strbuf host = {0};
	_cleanup_strbuf_ struct strbuf authorized = {0};
	int r = add_file(&host, path, err);

	if (r == 0)
		r = add_authorized(&authorized, err);
	if (r < 0)
		return r;
	strv_addv(argv, "/bin/sh", "-c", server_script, NULL);
	sshconf_env(env);
	strv_addf(env, "KTEST_HOST_KEY=%s", host.s);
	strv_addf(env, "KTEST_KEYS=%s", authorized.s);
	return 0;
}

void sshconf_probe(struct strv *argv, struct strv *env)
{
	strv_addv(argv, "/bin/sh", "-c",
		  "command -v sshd || { command -v dropbear >/dev/null && command -v "
		  "dropbearconvert; } || :",
		  NULL);
	sshconf_env(env);
}
