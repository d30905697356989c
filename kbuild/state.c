// SPDX-License-Identifier: GPL-2.0-only
#include "kbuild/state.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/proc.h"
#include "kbuild/compiler.h"
#include "kbuild/config.h"
#include "kbuild/make.h"

#define FORMAT	   1 /* changes when what a part holds does */
#define CONFIG_MAX (16 << 20)
#define GIT_MS	   60000

static const struct {
	const char *name, *words;
} parts[STATE_PARTS] = {
	[STATE_TREE] = {"tree", "the source changed"},
	[STATE_KCONFIG] = {"kconfig", "what the configuration is made from changed"},
	[STATE_INPUTS] = {"inputs", "the configuration that is asked for changed"},
	[STATE_COMPILER] = {"compiler", "the compiler or what goes with it changed"},
	[STATE_ARGUMENTS] = {"arguments", "the arguments of make changed"},
	[STATE_ENVIRONMENT] = {"environment", "the environment of make changed"},
	[STATE_CONFIG] = {"config", "the .config changed"},
	[STATE_OUTPUTS] = {"outputs", "what was installed changed"},
};

/* ---- the source */

/* dir, where it lies below the source. */
static void skip_dir(const struct kbuild *b, const char *dir, struct strv *skip)
{
	size_t n = strlen(b->source);

	if (!strncmp(dir, b->source, n) && dir[n] == '/')
		strv_add(skip, dir);
}

/* The output directory as a whole, unless it is the source itself: tests write there too. */
int state_scan(const struct kbuild *b, struct tree *t, struct err *err)
{
	const char *const dirs[] = {b->build_dir, b->install_dir};
	_cleanup_strv_ struct strv skip = {0};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *real = realpath(dirs[i], NULL);
		char *slash;

		if (!real)
			continue;
		skip_dir(b, real, &skip);
		slash = strrchr(real, '/');
		*slash = '\0';
		skip_dir(b, real, &skip);
	}
	return tree_scan(b->source, &skip, t, err);
}

/* Kconfig files, and what they run: compilers are asked by scripts. */
static bool configures(const char *path)
{
	static const char *const patterns[] = {"arch/*/configs/*", "arch/*/Makefile*",
					       "kernel/configs/*", "*.config"};

	if (str_starts(path_base(path), "Kconfig") || str_starts(path, "scripts/") ||
	    str_eq(path, "Makefile"))
		return true;
	if (*path != 'a' && *path != 'k' && !str_ends(path, ".config"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (!fnmatch(patterns[i], path, 0))
			return true;
	return false;
}

static struct sum kconfig_sum(const struct tree *t)
{
	struct sum all = {0};

	for (size_t i = 0; i < t->n; i++)
		if (configures(t->v[i].path))
			sum_add(&all, tree_file_sum(&t->v[i]));
	return all;
}

/* ---- what is built with */

static void add_program(struct strbuf *out, const char *name)
{
	_cleanup_free_ char *found = find_program(name);
	_cleanup_free_ char *real = found ? realpath(found, NULL) : NULL;
	struct tree_file f = {.path = name};
	struct stat st;

	strbuf_addf(out, "%s=%s", name, real ? real : "");
	if (real && stat(real, &st) == 0)
		tree_file_stat(&f, &st);
	strbuf_addf(out, " %llu %lld\n", (unsigned long long)f.size, (long long)f.mtime_ns);
}

static int compiler_sum(const struct kbuild *b, struct sum *out, struct err *err)
{
	static const char *const tools[] = {"ld", "as", "ar", "nm", "objcopy", "strip"};
	static const char *const programs[] = {"gcc",  "make", "flex",	 "bison",  "bc",
					       "perl", "awk",  "pahole", "depmod", "python3"};
	_cleanup_compiler_ struct compiler c = {0};
	_cleanup_free_ char *version = NULL;
	_cleanup_strbuf_ struct strbuf text = {0};
	int r;

	compiler_pick(b, &c);
	r = compiler_version(&c, &version, err);
	if (r < 0)
		return r;
	strbuf_addf(&text, "%s\n", version);
	add_program(&text, c.program);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		_cleanup_free_ char *tool = compiler_tool(&c, tools[i]);

		add_program(&text, tool);
	}
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		add_program(&text, programs[i]);
	*out = sum_of(text.s, text.len);
	return 0;
}

/* Without places the same kernel comes out in every output directory. */
static struct sum arguments_sum(const struct kbuild *b, bool places)
{
	_cleanup_strv_ struct strv argv = {0};
	_cleanup_strbuf_ struct strbuf text = {0};

	make_argv(b, &argv);
	for (size_t i = 0; i < argv.n; i++)
		if (!str_starts(argv.v[i], "-j") && (places || !str_starts(argv.v[i], "O=")))
			strbuf_add(&text, argv.v[i], strlen(argv.v[i]) + 1);
	strbuf_addf(&text, "%s", b->target ? b->target : "");
	if (places)
		strbuf_addf(&text, "\n%s", b->install_dir);
	return sum_of(text.s, text.len);
}

static bool matters(const char *var)
{
	static const char *const names[] = {
		"KBUILD_",	 "KCONFIG_",
		"KCFLAGS",	 "KCPPFLAGS",
		"KAFLAGS",	 "KRUSTFLAGS",
		"CFLAGS_",	 "AFLAGS_",
		"LDFLAGS",	 "HOST",
		"LOCALVERSION",	 "LLVM",
		"CROSS_",	 "INSTALL_",
		"EXTRA_",	 "GCOV_",
		"KASAN_",	 "UBSAN_",
		"PAHOLE",	 "DEPMOD",
		"STRIP",	 "AR=",
		"AS=",		 "LD=",
		"NM=",		 "OBJCOPY=",
		"OBJDUMP=",	 "READELF=",
		"RUSTC",	 "BINDGEN",
		"CHECK",	 "SUBARCH",
		"GCC_",		 "C_INCLUDE_PATH",
		"CPATH",	 "LIBRARY_PATH",
		"COMPILER_PATH",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_starts(var, names[i]))
			return true;
	return false;
}

static struct sum environment_sum(void)
{
	_cleanup_strv_ struct strv env = {0};
	struct sum all = {0};

	make_env(&env);
	for (size_t i = 0; i < env.n; i++)
		if (matters(env.v[i]))
			sum_add(&all, sum_of(env.v[i], strlen(env.v[i])));
	return all;
}

int state_of_source(const struct kbuild *b, const struct tree *t, struct state *s, struct err *err)
{
	_cleanup_free_ char *inputs = NULL;
	int r = compiler_sum(b, &s->part[STATE_COMPILER], err);

	if (r == 0)
		r = config_inputs(b, &inputs, err);
	if (r < 0)
		return r;
	s->part[STATE_TREE] = t->id;
	s->part[STATE_KCONFIG] = kconfig_sum(t);
	s->part[STATE_INPUTS] = sum_of(inputs, inputs ? strlen(inputs) : 0);
	s->part[STATE_ARGUMENTS] = arguments_sum(b, true);
	s->part[STATE_ENVIRONMENT] = environment_sum();
	return 0;
}

/* ---- the result */

/* Files that the configuration names and that lie anywhere: an initramfs, keys, firmware. */
static void add_named_files(const char *text, struct strbuf *out)
{
	for (const char *s = strstr(text, "=\"/"); s; s = strstr(s + 1, "=\"/")) {
		_cleanup_free_ char *path = xstrndup(s + 2, strcspn(s + 2, "\"\n "));
		struct tree_file f = {.path = path};
		struct sum sum;
		struct stat st;

		if (stat(path, &st) == 0)
			tree_file_stat(&f, &st);
		sum = tree_file_sum(&f);
		strbuf_add(out, &sum, sizeof(sum));
	}
}

/* Only such a configuration has the revision in the kernel's release. */
static void add_revision(const struct kbuild *b, const char *config, struct strbuf *out)
{
	_cleanup_strv_ struct strv argv = {0};

	if (!strstr(config, "\nCONFIG_LOCALVERSION_AUTO=y\n"))
		return;
	strv_addv(&argv, "git", "--no-optional-locks", "-C", b->source, "describe", "--always",
		  "--dirty", "--long", NULL);
	if (proc_run(&argv, GIT_MS, out, NULL) < 0)
		log_debug("%s has no revision", b->source);
}

static int config_sum(const struct kbuild *b, struct sum *out, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/.config", b->build_dir), *text = NULL;
	_cleanup_strbuf_ struct strbuf all = {0};
	size_t len;
	int r;

	*out = (struct sum){0};
	if (!path_exists(path))
		return 0;
	r = file_read(path, CONFIG_MAX, &text, &len, err);
	if (r < 0)
		return r;
	strbuf_add(&all, text, len);
	add_named_files(text, &all);
	add_revision(b, text, &all);
	*out = sum_of(all.s, all.len);
	return 0;
}

int state_of_result(const struct kbuild *b, struct state *s, struct err *err)
{
	_cleanup_free_ char *image = xasprintf("%s/vmlinuz", b->install_dir);
	_cleanup_tree_ struct tree t = {0};
	int r = config_sum(b, &s->part[STATE_CONFIG], err);

	s->part[STATE_OUTPUTS] = (struct sum){0};
	if (r < 0 || !path_exists(image))
		return r;
	r = tree_scan(b->install_dir, NULL, &t, err);
	if (r == 0)
		s->part[STATE_OUTPUTS] = t.id;
	return r;
}

/* ---- comparing and keeping */

static bool part_eq(const struct state *a, const struct state *b, enum state_part part)
{
	static const struct sum none;

	return sum_eq(a->part[part], b->part[part]) && !sum_eq(a->part[part], none);
}

const char *state_change(const struct state *was, const struct state *now)
{
	for (int i = 0; i < STATE_PARTS; i++)
		if (!part_eq(was, now, (enum state_part)i))
			return parts[i].words;
	return NULL;
}

bool state_config_stands(const struct state *was, const struct state *now)
{
	static const enum state_part of_config[] = {STATE_KCONFIG,     STATE_INPUTS,
						    STATE_COMPILER,    STATE_ARGUMENTS,
						    STATE_ENVIRONMENT, STATE_CONFIG};

	for (size_t i = 0; i < ARRAY_SIZE(of_config); i++)
		if (!part_eq(was, now, of_config[i]))
			return false;
	return true;
}

static char *state_path(const struct kbuild *b)
{
	return xasprintf("%s/.ktest-state", b->build_dir);
}

int state_load(const struct kbuild *b, struct state *s)
{
	_cleanup_free_ char *path = state_path(b);
	_cleanup_json_ json_t *doc = json_load_file(path, 0, NULL);

	*s = (struct state){0};
	if (!doc || json_get_int(doc, "version", 0) != FORMAT)
		return -ENOENT;
	s->made_ns = json_get_int(doc, "made_ns", 0);
	for (int i = 0; i < STATE_PARTS; i++) {
		const char *hex = json_get_str(doc, parts[i].name);

		if (hex)
			sum_parse(hex, &s->part[i]);
	}
	return 0;
}

int state_save(const struct kbuild *b, const struct state *s, struct err *err)
{
	_cleanup_json_ json_t *doc =
		json_pack("{s:i s:I}", "version", FORMAT, "made_ns", (json_int_t)s->made_ns);
	_cleanup_free_ char *path = state_path(b), *text = NULL;
	char hex[SUM_HEX_MAX];

	for (int i = 0; i < STATE_PARTS; i++) {
		sum_hex(s->part[i], hex);
		json_object_set_new(doc, parts[i].name, json_string(hex));
	}
	text = json_dumps(doc, JSON_INDENT(2));
	return file_replace(path, text, strlen(text), 0644, err);
}

int state_save_unbuilt(const struct kbuild *b, const struct state *s, struct err *err)
{
	struct state unbuilt = *s;

	unbuilt.part[STATE_OUTPUTS] = (struct sum){0};
	return state_save(b, &unbuilt, err);
}

const char *state_backdated(const struct state *was, const struct tree *t)
{
	for (size_t i = 0; was->made_ns && i < t->n; i++)
		if (t->v[i].ctime_ns > was->made_ns && t->v[i].mtime_ns < was->made_ns &&
		    !S_ISDIR(t->v[i].mode))
			return t->v[i].path;
	return NULL;
}

void state_key(const struct kbuild *b, const struct state *now, struct sum content,
	       char key[SUM_HEX_MAX])
{
	const struct sum all[] = {
		{.lo = FORMAT},
		content,
		arguments_sum(b, false),
		now->part[STATE_COMPILER],
		now->part[STATE_ENVIRONMENT],
		now->part[STATE_CONFIG],
	};

	sum_hex(sum_of(all, sizeof(all)), key);
}
