// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/source.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define MAKEFILE_MAX (4 << 20)
#define HEAD_MAX     64 /* lines in which the version stands */

/* Boot loaders that took over the kernel's make have all but init. */
static const char *const parts[] = {"Makefile", "Kbuild", "Kconfig", "scripts", "arch", "init"};

void source_done(struct source *s)
{
	free(s->dir);
	free(s->version);
	*s = (struct source){0};
}

/* The value of "NAME = value" in the first lines, "" if there is none; the caller frees it. */
static char *head_value(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < HEAD_MAX && *text; i++) {
		const char *s = text + len;
		size_t end = strcspn(text, "\n");

		text += end + (text[end] == '\n');
		if (strncmp(s - len, name, len))
			continue;
		s += strspn(s, " \t");
		if (*s++ != '=')
			continue;
		s += strspn(s, " \t");
		return xstrndup(s, strcspn(s, " \t\n#"));
	}
	return xstrdup("");
}

static bool is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s) && strlen(s) < 10;
}

/* EXTRAVERSION becomes part of directory names. */
static bool is_extra(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_.+~", *s))
			return false;
	return true;
}

char *source_version(const char *makefile)
{
	_cleanup_free_ char *version = head_value(makefile, "VERSION");
	_cleanup_free_ char *patchlevel = head_value(makefile, "PATCHLEVEL");
	_cleanup_free_ char *sublevel = head_value(makefile, "SUBLEVEL");
	_cleanup_free_ char *extra = head_value(makefile, "EXTRAVERSION");

	if (!is_number(version) || !is_number(patchlevel) || !is_extra(extra) ||
	    (*sublevel && !is_number(sublevel)))
		return NULL;
	return xasprintf("%s.%s%s%s%s", version, patchlevel, *sublevel ? "." : "", sublevel, extra);
}

static int not_a_tree(const char *dir, const char *why, struct err *err)
{
	return err_set(err, ENOENT,
		       "%s is no kernel source tree (%s): go to one, or name it with -k", dir, why);
}

static const char *missing_part(const char *dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, parts[i]);

		if (!path_exists(path))
			return parts[i];
	}
	return NULL;
}

bool source_is_tree(const char *dir)
{
	return !missing_part(dir);
}

static int check_parts(const char *dir, struct err *err)
{
	const char *missing = missing_part(dir);
	_cleanup_free_ char *why = xasprintf("no %s in it", missing ? missing : "");

	if (missing)
		return not_a_tree(dir, why, err);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, parts[i]);

		if (!path_readable(path))
			return err_set(err, EACCES, "%s is not readable: `sudo chmod -R a+rX %s`",
				       path, dir);
	}
	return 0;
}

int source_open(const char *dir, struct source *s, struct err *err)
{
	_cleanup_free_ char *makefile = NULL, *text = NULL, *real = path_real(dir, err);
	char *version;
	size_t len;
	int r;

	if (!real)
		return err_wrap(err, "kernel source");
	r = check_parts(real, err);
	if (r < 0)
		return r;
	makefile = xasprintf("%s/Makefile", real);
	r = file_read(makefile, MAKEFILE_MAX, &text, &len, err);
	if (r < 0)
		return r;
	version = source_version(text);
	if (!version)
		return not_a_tree(real, "its Makefile has no VERSION and PATCHLEVEL", err);
	s->version = version;
	s->dir = real;
	real = NULL;
	return 0;
}

/* What the kernel's own Makefile looks for (target outputmakefile). */
static const char *built_in(const struct kbuild *b)
{
	_cleanup_free_ char *config = xasprintf("%s/.config", b->source);
	_cleanup_free_ char *stamps = xasprintf("%s/include/config", b->source);
	_cleanup_free_ char *generated =
		xasprintf("%s/arch/%s/include/generated", b->source, b->arch->source_arch);

	if (path_exists(config))
		return "a .config";
	if (path_is_dir(stamps))
		return "an include/config";
	return path_is_dir(generated) ? "an include/generated of its architecture" : NULL;
}

/* What make would take without a word, and count nothing. */
static int check_gcov(const struct kbuild *b, struct err *err)
{
	for (size_t i = 0; b->gcov && i < b->gcov->n; i++) {
		const char *dir = b->gcov->v[i];
		_cleanup_free_ char *path = xasprintf("%s/%s", b->source, dir);

		if (*dir == '/' || !path_is_dir(path))
			return err_set(err, ENOENT,
				       "there is no directory %s in %s to count what runs of it: "
				       "-c and require-gcov take one like fs/ext4",
				       dir, b->source);
	}
	return 0;
}

int source_check(const struct kbuild *b, struct err *err)
{
	_cleanup_free_ char *arch =
		xasprintf("%s/arch/%s/Makefile", b->source, b->arch->source_arch);
	const char *dirt = built_in(b);

	if (!path_exists(arch))
		return err_set(err, ENOENT, "%s has no arch/%s: this kernel does not run on %s",
			       b->source, b->arch->source_arch, b->arch->name);
	if (!path_readable(arch))
		return err_set(err, EACCES, "%s is not readable: `sudo chmod -R a+rX %s`", arch,
			       b->source);
	if (!dirt)
		return check_gcov(b, err);
	return err_set(
		err, EBUSY,
		"%s has been built in (it has %s), and the kernel's make then refuses to "
		"build it elsewhere: `make -C %s ARCH=%s mrproper` cleans it, and removes its "
		".config",
		b->source, dirt, b->source, b->arch->make_arch);
}
