/* SPDX-License-Identifier: GPL-2.0-only */
/* What a test file declares, and its subtests: `TEST deps` and `TEST list-tests`, parsed as data.
 */
#ifndef RUN_NEEDS_H
#define RUN_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

enum isolation { ISOLATION_DEFAULT, ISOLATION_SHARED, ISOLATION_BOOT, ISOLATION_CLONE };
const char *isolation_name(enum isolation i);	 /* "shared"; NULL for the default */
enum isolation isolation_find(const char *name); /* the default for what is no name of one */

struct needs {
	/* where it is */
	char *path; /* absolute, links resolved */
	char *base; /* the file's name less ".ktest" */
	char *tree; /* the tree it belongs to, shared read-only with the guest; see needs_tree() */

	/* Declarations, as `TEST deps` prints them (doc/writing-tests.md); NULL, empty or 0 where
	 * not declared */
	char *arch, *compiler, *storage_bus, *kconfig_base, *kbuild_target;
	int64_t cpus;		    /* 0: not declared */
	int64_t mem_mib;	    /* 0: not declared */
	int64_t timeout_s;	    /* per subtest, multiplied already; 0: not declared */
	int64_t timeout_multiplier; /* for the default timeout; 0: not declared */
	int64_t mem_multiplier;	    /* in mem_mib already; 0: not declared */
	struct strv variants;	    /* "kasan": whose declarations are among these */
	struct strv kernel_append, kernel_make_append, qemu_append, qemu_prepend;
	struct strv images, rw_images;
	struct strv make_install, build_deb, git; /* git: "URL DIR" */
	struct strv config_require, config_require_soft;
	struct strv kernel_modules; /* directories of out-of-tree modules (require-kernel-module) */
	uint64_t *scratch, *slow, *pmem; /* bytes */
	size_t nscratch, nslow, npmem;
	struct strv gcov;
	struct strv fail_on; /* rules of run/failon.h */
	char *network;	     /* "internet", NULL */
	bool crash_dump;
	bool allow_taint, tests_unknown, no_kbuild, no_vm;
	bool own_library;   /* the file uses our library (it printed ktest_library): the agent is
			       authoritative */
	bool own_run_tests; /* it redefines run_tests: run in one go, verdict lines read from the
			       console */
	enum isolation isolation;

	struct strv subtests; /* in the order listed */

	/* By how much variants stretch what a library of the file's own prints as WATCHDOG; 0: not.
	 */
	int64_t watchdog_multiplier;
};

void needs_done(struct needs *n);

struct needs_limits {
	int64_t deadline_ms;  /* for each of the two calls; 0: 30 s */
	size_t max_output;    /* bytes; 0: 1 MiB */
	int64_t host_mem_mib; /* 0: read from this machine */
	/* what the file finds in its environment */
	const char *arch;	     /* ktest_arch; NULL: ours, else this machine's */
	const struct strv *variants; /* NULL: none */
	const char *deps_dir;	     /* ktest_deps_dir; NULL: ours, else ~/.ktest/deps */
	const char *source;	     /* the kernel's, which it may read; NULL: none */
	const char *cache;	     /* where the view of the host is kept; NULL: path_cache() */
	const char *keeper;	     /* its path, put around; NULL: none */
};

/*
 * Run the file on the host (under bubblewrap where there is one; see run/needs_sandbox.h) and parse
 * what it prints. library is our tree (holding lib/), priority what
 * ktest_priority is in every phase; limits may be NULL. Errors are one line that names the file,
 * and the cause; err->usage is set when there is no such file. n is set up here; on failure
 * needs_done is still the caller's to call.
 */
int needs_read(const char *path, const char *library, int64_t priority,
	       const struct needs_limits *limits, struct needs *n, struct err *err);

/*
 * Parse the text of `deps` alone: name=word, name=(word word ...), shell quoting (single, double,
 * backslash, $'..') allowed, no expansion of any kind. Unknown ktest_ names are kept out with a
 * log_debug; any other line is an error that names it. A name that comes again replaces its value.
 * Nothing in n but the declarations is touched; what depends on the machine is not checked.
 */
int needs_parse_deps(const char *text, size_t len, struct needs *n, struct err *err);

/* Subtest names separated by white space into n->subtests; unprintable, over 200 bytes, duplicate
 * or colliding (after '/' became '.') names are errors. */
int needs_parse_list(const char *text, size_t len, struct needs *n, struct err *err);

/*
 * The tree that a test file belongs to: its git top level, else the topmost directory above it that
 * holds a test-libs.sh (its parent when that has lib/), else its own directory. Never "/", a home
 * directory or anything that contains one: such a file is refused with the remedy. The caller frees
 * it; NULL with *err set.
 */
char *needs_tree(const char *path, struct err *err);

/* For `ktest needs --json`; a new reference. */
json_t *needs_json(const struct needs *n);
/* For `ktest needs`: one declaration a line, then the subtests. */
void needs_text(const struct needs *n, struct strbuf *out);

#endif
