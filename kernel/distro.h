/* SPDX-License-Identifier: GPL-2.0-only */
/* The distributions whose kernels apt can get: where their packages lie and what they are called.
 */
#ifndef KERNEL_DISTRO_H
#define KERNEL_DISTRO_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

#define DISTRO_ARCHS_MAX 8

/* Kernels for one architecture. */
struct distro_image {
	const char *arch;    /* Debian's name; NULL: no further row */
	const char *package; /* the meta package that depends on the newest */
	bool port;	     /* lies on the mirror of the ports */
};

struct distro {
	const char *name;   /* "debian" */
	const char *origin; /* Origin: and Label: of its Release files */
	const char
		*security_label; /* Label: of its security archive; NULL: a suite of the mirror */
	const char *mirror;	 /* for most architectures */
	const char *ports;	 /* for those that say so */
	const char *security;	 /* its security archive; NULL: the mirror */
	const char *components;
	const char *root_components; /* that root images take packages from */
	const char *suites;	     /* known by their name alone, space-separated */
	const char *no_debug; /* why there are no packages of debug symbols; NULL: there are */
	const char *keyring;
	const char *keyring_package; /* that the host needs for it */
	struct distro_image images[DISTRO_ARCHS_MAX];
};

/* NULL if it is not one of them. */
const struct distro *distro_find(const char *name);

/* The one that calls a suite so; Debian for a name that none claims. */
const struct distro *distro_of_suite(const char *suite);

/* The package that depends on the newest kernel; arch is Debian's name. NULL: no such kernels. */
const char *distro_image(const struct distro *d, const char *arch);

/* "debian, ubuntu"; the caller frees it. */
char *distro_names(void);

/*
 * A sources.list for the release: the suite itself and, with updates, its -updates and -security
 * ones. archs are Debian's names. A mirror given takes the place of all others, a separate
 * security archive included. The caller frees it.
 */
char *distro_sources(const struct distro *d, const char *release, const struct strv *archs,
		     const char *mirror, bool updates);

#endif
