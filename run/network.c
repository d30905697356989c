// SPDX-License-Identifier: GPL-2.0-only
#include "run/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/vdeswitch.h"
#include "vm/net.h"

#define INTERNET "user,internet"

static int find_kind(const struct settings *s, enum vm_network *kind, struct err *err)
{
	static const struct {
		const char *name;
		enum vm_network kind;
	} kinds[] = {{"user", VM_NET_USER},
		     {INTERNET, VM_NET_INTERNET},
		     {"vde", VM_NET_VDE},
		     {"none", VM_NET_NONE}};
	const char *name = s->network ? s->network : "user";

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(name, kinds[i].name)) {
			*kind = kinds[i].kind;
			return 0;
		}
	return err_usage(err, "-n %s: there are user, " INTERNET ", vde and none", name);
}

/* "8080:80" */
static int parse_forward(const char *text, struct vm_forward *f, struct err *err)
{
	char *end;
	long host = strtol(text, &end, 10), guest = *end == ':' ? strtol(end + 1, &end, 10) : 0;

	if (!*end && host > 0 && host < 65536 && guest > 0 && guest < 65536) {
		*f = (struct vm_forward){(int)host, (int)guest};
		return 0;
	}
	return err_usage(err, "--forward %s: not HOST:GUEST, two TCP ports", text);
}

static int parse_forwards(const struct settings *s, struct vm_config *c, struct err *err)
{
	int r = 0;

	if (s->forwards.n > VM_FORWARDS_MAX)
		return err_usage(err, "--forward: %d at most", VM_FORWARDS_MAX);
	for (size_t i = 0; i < s->forwards.n && r == 0; i++)
		r = parse_forward(s->forwards.v[i], &c->forwards[c->nforwards++], err);
	return r;
}

static int combine(const struct settings *s, const struct test_file *f, struct vm_config *c,
		   struct err *err)
{
	bool user = c->network == VM_NET_USER || c->network == VM_NET_INTERNET;

	if (f->internet && !user)
		return err_set(err, ENOTSUP, "%s asks for the internet, which -n %s keeps it from",
			       f->needs.path, c->network == VM_NET_VDE ? "vde" : "none");
	if (f->internet)
		c->network = VM_NET_INTERNET;
	if (c->nforwards && !user)
		return err_usage(err, "--forward is for -n user");
	if (s->vde && c->network != VM_NET_VDE)
		return err_usage(err, "--vde is for -n vde");
	return 0;
}

int network_config(const struct settings *s, const struct test_file *f, const struct network *n,
		   struct vm_config *c, struct err *err)
{
	int r = find_kind(s, &c->network, err);

	c->host = n ? n->host : VM_NET_HOST;
	c->vde = n ? n->vde : NULL;
	c->nforwards = 0;
	if (r == 0)
		r = parse_forwards(s, c, err);
	return r < 0 ? r : combine(s, f, c, err);
}

int network_check(const struct settings *s, const struct plan *p, struct err *err)
{
	enum sandbox_kind sandbox;
	const char *why;
	int r = 0;

	for (size_t i = 0; i < p->n && r == 0; i++) {
		struct vm_config c = {0};

		r = network_config(s, &p->files[i], NULL, &c, err);
		if (r < 0 || p->files[i].needs.no_vm)
			continue;
		sandbox = sandbox_probe(s->keeper, &why);
		r = net_check(sandbox, &c, err);
		if (r < 0)
			return err_wrap(err, "%s", p->files[i].needs.path);
		if (c.network == VM_NET_VDE)
			r = vdeswitch_check(err);
	}
	return r;
}

int network_open(const struct settings *s, const char *run_dir, struct network *n, struct err *err)
{
	enum vm_network kind;
	int r = find_kind(s, &kind, err);

	if (r < 0 || kind != VM_NET_VDE)
		return r;
	n->vde = s->vde ? xstrdup(s->vde) : xasprintf("%s/switch", run_dir);
	r = vdeswitch_start(n, s->keeper, err);
	return r < 0 ? err_wrap(err, "the switch %s", n->vde) : 0;
}

void network_close(struct network *n)
{
	vdeswitch_end(n);
	free(n->vde);
	free(n->lock);
	*n = (struct network)NETWORK_INIT;
}
