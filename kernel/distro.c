// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/distro.h"

#include "kernel/apt.h"

static const struct distro distros[] = {
	{
		.name = "debian",
		.origin = "Debian",
		.security_label = "Debian-Security",
		.mirror = "http://deb.debian.org/debian",
		.security = "http://deb.debian.org/debian-security",
		.components = "main",
		.root_components = "main",
		.keyring = "/usr/share/keyrings/debian-archive-keyring.gpg",
		.keyring_package = "debian-archive-keyring",
		.images = {{"amd64", "linux-image-amd64", false},
			   {"arm64", "linux-image-arm64", false},
			   {"i386", "linux-image-686-pae", false},
			   {"riscv64", "linux-image-riscv64", false}},
	},
	{
		.name = "ubuntu",
		.origin = "Ubuntu",
		.no_debug =
			"Ubuntu keeps debug symbols in another archive (ddebs.ubuntu.com); give "
			"`ktest kernel fetch` the packages",
		.mirror = "http://archive.ubuntu.com/ubuntu",
		.ports = "http://ports.ubuntu.com/ubuntu-ports",
		.components = "main restricted",
		.root_components = "main universe",
		.suites = "focal jammy noble oracular plucky questing resolute devel",
		.keyring = "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
		.keyring_package = "ubuntu-keyring (on Debian: ubuntu-archive-keyring)",
		.images = {{"amd64", "linux-image-generic", false},
			   {"arm64", "linux-image-generic", true},
			   {"riscv64", "linux-image-generic", true}},
	},
};

const struct distro *distro_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(distros); i++)
		if (str_eq(name, distros[i].name))
			return &distros[i];
	return NULL;
}

static const struct distro_image *find_image(const struct distro *d, const char *arch)
{
	for (size_t i = 0; i < DISTRO_ARCHS_MAX && d->images[i].arch; i++)
		if (str_eq(arch, d->images[i].arch))
			return &d->images[i];
	return NULL;
}

const struct distro *distro_of_suite(const char *suite)
{
	for (size_t i = 0; i < ARRAY_SIZE(distros); i++)
		if (distros[i].suites && str_word(distros[i].suites, suite))
			return &distros[i];
	return &distros[0];
}

const char *distro_image(const struct distro *d, const char *arch)
{
	const struct distro_image *image = find_image(d, arch);

	return image ? image->package : NULL;
}

char *distro_names(void)
{
	_cleanup_strv_ struct strv names = {0};

	for (size_t i = 0; i < ARRAY_SIZE(distros); i++)
		strv_add(&names, distros[i].name);
	return strv_join(&names, ", ");
}

static bool is_port(const struct distro *d, const char *arch)
{
	const struct distro_image *image = find_image(d, arch);

	return image && image->port;
}

/* The host's own sources know which mirror is near, or reachable at all. */
static char *pick_mirror(const struct distro *d, const char *arch, const char *mirror)
{
	char *host;

	if (mirror)
		return xstrdup(mirror);
	if (is_port(d, arch))
		return xstrdup(d->ports);
	host = apt_host_mirror(d->origin, d->origin);
	return host ? host : xstrdup(d->mirror);
}

static char *pick_security(const struct distro *d, const char *given, const char *mirror)
{
	char *host;

	if (!d->security)
		return xstrdup(mirror);
	if (given)
		return NULL;
	host = apt_host_mirror(d->origin, d->security_label);
	return host ? host : xstrdup(d->security);
}

static void add_line(struct strbuf *b, const struct distro *d, const char *arch, const char *uri,
		     const char *release, const char *suffix)
{
	strbuf_addf(b, "deb [arch=%s target=Packages signed-by=%s] %s %s%s %s\n", arch, d->keyring,
		    uri, release, suffix, d->components);
}

static void add_arch(struct strbuf *b, const struct distro *d, const char *release,
		     const char *arch, const char *given, bool updates)
{
	_cleanup_free_ char *mirror = pick_mirror(d, arch, given);
	_cleanup_free_ char *security = pick_security(d, given, mirror);

	add_line(b, d, arch, mirror, release, "");
	if (!updates)
		return;
	add_line(b, d, arch, mirror, release, "-updates");
	if (security)
		add_line(b, d, arch, security, release, "-security");
}

char *distro_sources(const struct distro *d, const char *release, const struct strv *archs,
		     const char *mirror, bool updates)
{
	struct strbuf b = {0};

	for (size_t i = 0; i < archs->n; i++)
		add_arch(&b, d, release, archs->v[i], mirror, updates);
	return strbuf_detach(&b);
}
