/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * apt with a root of its own: sources, keyring, lists, status and architecture are ours, the
 * host's apt.conf (proxies, credentials) stays in force but for its hooks, and nothing of the
 * system is written.
 */
#ifndef KERNEL_APT_H
#define KERNEL_APT_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct apt {
	char *dir;
	char *conf;
};

struct apt_package {
	char *name;
	char *version;
	int64_t size;	     /* of the .deb, bytes */
	struct strv depends; /* names only, the first of alternatives */
};

void apt_package_done(struct apt_package *p);

/* Make the root in the existing directory dir. archs: Debian names, the first one the native. */
int apt_open(struct apt *apt, const char *dir, const struct strv *archs, struct err *err);
void apt_close(struct apt *apt); /* frees; the directory stays */

/* Write the sources.list and get the lists, which must be signed. */
int apt_update(const struct apt *apt, const char *sources, struct err *err);

/* The newest version there is of NAME[:ARCH]; -ENOENT when there is none. */
int apt_show(const struct apt *apt, const char *name, struct apt_package *p, struct err *err);

/* Those of names that the lists have no package of, added to *missing. */
int apt_missing(const struct apt *apt, const struct strv *names, struct strv *missing,
		struct err *err);

/* The first stanza of `apt-cache show` output; 0 or -EINVAL. */
int apt_parse_stanza(const char *text, struct apt_package *p);

/* Get the packages, checked against the signed lists, as files in the existing directory to. */
int apt_download(const struct apt *apt, const struct strv *names, const char *to, struct err *err);

/*
 * Get what `apt-get WORDS` would install ("dist-upgrade", or "install" and names) over what
 * dir/status says is there, into dir/cache/archives, checked in the same way.
 */
int apt_fetch(const struct apt *apt, const struct strv *words, struct err *err);

/*
 * The mirror that the host's own sources have for origin ("Debian") and label ("Debian",
 * "Debian-Security"), NULL if none or never updated. The caller frees it.
 */
char *apt_host_mirror(const char *origin, const char *label);

#endif
