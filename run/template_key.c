// SPDX-License-Identifier: GPL-2.0-only
#include "run/template_key.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/seal.h"
#include "run/guest_parts.h"
#include "run/network.h"
#include "vm/sandbox.h"

/* Names that stand for a guest's own: no such files can be there. */
#define ANY	 "/dev/null"
#define ANY_RUN	 ANY "/run"
#define ANY_HOME ANY "/template"
#define ANY_OUT	 ANY "/out"
#define ANY_VDE	 ANY "/switch"

/* Any guest that could be made, and all that it refers to. */
struct sample {
	struct guest_base base;
	struct outdir out;
	struct network network;
	struct template home;
	struct guest_fresh fresh;
	struct vm_fds fds;
	struct guest guest;
};

static int describe(const struct guest_base *b, const struct guest_plan *gp,
		    enum template_point point, struct sample *s, struct err *err)
{
	static char home[] = ANY_HOME, mem[] = ANY_HOME "/mem", out[] = ANY_OUT, vde[] = ANY_VDE;

	*s = (struct sample){
		.base = *b,
		.out = *b->out,
		.network = NETWORK_INIT,
		.home = {.point = point, .dir = home, .mem = mem},
		.fresh = {.random = true},
		.fds = {3, 4, 5, 6, 7},
	};
	s->network.vde = vde;
	s->base.run_dir = ANY_RUN;
	s->base.network = &s->network;
	s->base.out = &s->out;
	if (point == TEMPLATE_BOOTED)
		s->out.path = out;
	return guest_describe(&s->base, gp, 0, &s->home, &s->guest, err);
}

/* ---- what QEMU and the guest are told */

static int add_args(const struct sample *s, const char *view_dir, const struct strv *binds,
		    struct strv *inputs, struct err *err)
{
	_cleanup_strv_ struct strv argv = {0};
	int r = vm_args(&s->guest.config, &s->fds, view_dir, binds, &argv, err);

	for (size_t i = 0; i < argv.n; i++)
		strv_addf(inputs, "argument %s", argv.v[i]);
	return r;
}

static int add_frame(struct frame_writer *w, const char *name, struct strv *inputs, struct err *err)
{
	const char *key, *value;
	size_t pos = 0, len;
	struct frame f;

	if (frame_finish(w, 0) < 0 || frame_parse(w->buf, w->len, &f) <= 0)
		return err_set(err, EMSGSIZE, "what a guest is told does not fit into a frame");
	while (frame_next(&f, &pos, &key, &len, &value))
		strv_addf(inputs, "%s %.*s=%s", name, (int)len, key, value);
	return 0;
}

static int add_frames(const struct sample *s, const struct guest_plan *gp, const struct strv *binds,
		      struct strv *inputs, struct err *err)
{
	static const char *const phases[][2] = {{"START", "init"}, {"HOLD", "wait"}};
	static const struct guest_names names;
	static const struct strv none;
	const size_t cap = FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX;
	_cleanup_free_ char *buf = xmalloc(cap);
	struct frame_writer w;
	int r;

	frame_begin(&w, buf, cap, FRAME_SETUP);
	guest_setup(&s->base, gp, &s->guest, binds, &s->fresh, &w);
	r = add_frame(&w, "SETUP", inputs, err);
	for (size_t i = 0; i < ARRAY_SIZE(phases) && r == 0; i++) {
		frame_begin(&w, buf, cap, FRAME_START);
		guest_start(&s->base, gp, &names, phases[i][1], &none, 0, &w);
		r = add_frame(&w, phases[i][0], inputs, err);
	}
	return r;
}

static int add_words(struct sample *s, const struct guest_plan *gp, struct strv *inputs,
		     struct err *err)
{
	_cleanup_free_ char *view_dir = NULL;
	_cleanup_strv_ struct strv binds = {0};
	const char *why;
	enum sandbox_kind kind = sandbox_probe(s->base.settings->keeper, &why);
	int r = 0;

	/* In bubblewrap it is one share, whatever is in it. */
	if (kind == SANDBOX_BWRAP && s->home.point == TEMPLATE_BOOTED)
		view_add(&s->guest.config.view, VIEW_DIR, "/host", NULL);
	else
		r = guest_view_make(&s->base, gp, &s->guest, err);
	if (r < 0)
		return r;
	sandbox_places(kind, &s->guest.config, &view_dir, &binds);
	r = add_args(s, view_dir, &binds, inputs, err);
	return r < 0 || s->home.point != TEMPLATE_READY ? r
							: add_frames(s, gp, &binds, inputs, err);
}

/* ---- the files named there */

/* An initramfs or a payload that the cache has made again is the same by its seal. */
static void add_file(const char *cache, const char *path, struct strv *inputs)
{
	_cleanup_free_ char *dir = xstrndup(path, (size_t)(path_base(path) - path)), *hex = NULL;
	struct seal seal;
	struct hash h;

	hash_init(&h);
	if (path_below(path, cache) && seal_read(dir, &seal) == 0)
		h.v = seal.sum;
	else
		hash_stat(&h, path);
	hex = hash_hex(&h);
	strv_addf(inputs, "file %s %s", path, hex);
}

static void add_disk(const char *cache, const struct disk *d, struct strv *inputs)
{
	const char *base = d->nunder ? d->under[d->nunder - 1].path : d->path;

	/* QEMU is told the file alone. */
	strv_addf(inputs, "disk %s of %" PRIu64, d->id, d->size);
	if (!path_below(base, ANY))
		add_file(cache, base, inputs);
}

static void add_if_file(const char *cache, const char *path, size_t len, struct strv *inputs)
{
	_cleanup_free_ char *copy = xstrndup(path, len);
	struct stat st;

	if (stat(copy, &st) == 0 && S_ISREG(st.st_mode))
		add_file(cache, copy, inputs);
}

/* "/x", "file=/x,format=raw", "file:/x": words of the user's, of which any part may be a file. */
static void add_named(const char *cache, const char *word, struct strv *inputs)
{
	static const char separators[] = ",=:";

	for (const char *s = word; *s; s++) {
		if (*s != '/' || (s > word && !strchr(separators, s[-1])))
			continue;
		for (const char *end = s + 1; end[-1]; end++)
			if (!*end || strchr(separators, *end))
				add_if_file(cache, s, (size_t)(end - s), inputs);
	}
}

static void add_files(const struct sample *s, struct strv *inputs)
{
	const struct vm_config *c = &s->guest.config;
	const char *cache = s->base.settings->cache;
	const struct strv *words[] = {&c->qemu_prepend, &c->qemu_append};

	add_file(cache, s->base.settings->program, inputs);
	add_file(cache, c->qemu, inputs);
	add_file(cache, c->kernel, inputs);
	add_file(cache, c->initrd, inputs);
	for (size_t i = 0; i < c->disks.n; i++)
		add_disk(cache, &c->disks.v[i], inputs);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (size_t k = 0; k < words[i]->n; k++)
			add_named(cache, words[i]->v[k], inputs);
}

/* ---- the host */

/* Under KVM the guest sees the processor as it is: the first one, without its speed of the moment.
 */
static void add_processor(struct strv *inputs)
{
	static const char *const varies[] = {"cpu MHz", "bogomips", "BogoMIPS"};
	_cleanup_free_ char *text = NULL;
	struct utsname uts;
	size_t len;

	uname(&uts);
	strv_addf(inputs, "host %s %s", uts.release, uts.version);
	if (file_read("/proc/cpuinfo", 16 << 20, &text, &len, NULL) < 0)
		return;
	for (char *line = text; *line && *line != '\n'; line += len + (line[len] == '\n')) {
		bool same = true;

		len = strcspn(line, "\n");
		for (size_t i = 0; i < ARRAY_SIZE(varies); i++)
			same &= !str_starts(line, varies[i]);
		if (same)
			strv_addf(inputs, "host %.*s", (int)len, line);
	}
}

int template_inputs(const struct guest_base *b, const struct guest_plan *gp,
		    enum template_point point, struct strv *inputs, struct err *err)
{
	struct sample s;
	int r = describe(b, gp, point, &s, err);

	if (r == 0)
		r = add_words(&s, gp, inputs, err);
	if (r == 0)
		add_files(&s, inputs);
	if (r == 0 && b->accel.accel == ACCEL_KVM)
		add_processor(inputs);
	guest_forget(&s.guest);
	return r;
}

char *template_key(const struct strv *inputs)
{
	struct hash h;

	hash_init(&h);
	for (size_t i = 0; i < inputs->n; i++)
		hash_str(&h, inputs->v[i]);
	return hash_hex(&h);
}
