/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Kconfig files of a kernel source, read to tell why a symbol is not what it should be. Nothing
 * is run: what a macro such as $(cc-option,...) gives is not known here.
 */
#ifndef KBUILD_KCONFIG_H
#define KBUILD_KCONFIG_H

#include "base/err.h"
#include "base/map.h"
#include "kbuild/kexpr.h"
#include "kernel/arch.h"

#define KCONFIG_FILE_MAX  (1 << 20) /* bytes; the largest of 6.12 has 120 kB */
#define KCONFIG_FILES_MAX 20000	    /* sourced in all */
#define KCONFIG_DEPTH_MAX 32	    /* of files that source files, and of blocks */
#define KCONFIG_LINES_MAX 4000000

enum ktype {
	KTYPE_BOOL,
	KTYPE_TRISTATE,
	KTYPE_INT,
	KTYPE_HEX,
	KTYPE_STRING,
	KTYPE_UNKNOWN, /* never given one */
};

/* Conditions of which each has to hold, as they stand in the file. */
struct kcond {
	const struct kexpr *expr;
	struct kcond *next;
};

struct kconds {
	struct kcond *first, *last;
};

enum kblock_kind {
	KBLOCK_IF,
	KBLOCK_MENU,
	KBLOCK_CHOICE,
};

/* What symbols stand in; its conditions are theirs too. */
struct kblock {
	enum kblock_kind kind;
	struct kblock *parent;
	const char *prompt; /* "" where there is none */
	struct kconds depends;
	struct kconds visible; /* of the prompts in it */
	int depth;
};

enum kprop_kind {
	KPROP_DEFAULT, /* first */
	KPROP_RANGE,   /* first to second */
	KPROP_SELECT,  /* target */
	KPROP_IMPLY,   /* target */
};

struct kprop {
	enum kprop_kind kind;
	const struct kexpr *first, *second, *cond; /* cond NULL: always */
	struct ksymbol *target;
	const struct kdef *def;	   /* whose it is */
	struct kprop *next;	   /* of this definition */
	const struct kprop *other; /* that selects the same target */
};

/* A "config" entry; a symbol may have several. */
struct kdef {
	struct ksymbol *symbol;
	const char *file;
	int line;
	const struct kblock *block; /* NULL: none */
	bool has_prompt;
	const struct kexpr *prompt_if;
	struct kconds depends;
	struct kprop *props, *last_prop;
	const struct kdef *next;
};

struct ksymbol {
	const char *name;
	enum ktype type;
	const struct kdef *defs;     /* NULL: only named by others */
	const struct kprop *selects; /* that select it */
};

/* Where the text of "PATH" comes from, PATH as "source" has it; *text is for us to free. */
typedef int kconfig_open_fn(void *arg, const char *path, char **text, size_t *len, struct err *err);

struct kconfig {
	struct arena mem;
	struct map symbols; /* struct ksymbol, by name */
	const struct kvar *vars;
	kconfig_open_fn *open;
	void *arg;
	int files, lines;
};

/* Read the tree's Kconfig and all that it sources; malformed text is an error with file and line.
 */
int kconfig_read(struct kconfig *k, const char *source, const struct arch *arch, struct err *err);

/* The same from elsewhere: open, arg and vars of k are set. */
int kconfig_parse(struct kconfig *k, const char *path, struct err *err);

/* NULL if no file so much as names it. Without definition it is unknown to this source. */
const struct ksymbol *kconfig_find(const struct kconfig *k, const char *name);

void kconfig_done(struct kconfig *k);
#define _cleanup_kconfig_ __attribute__((cleanup(kconfig_done)))

#endif
