// SPDX-License-Identifier: GPL-2.0-only
/*
 * One array for each first byte; the first match of an array counts, so the special ones stand
 * before the general ones. Texts are those of kernels 5.10 to 6.18.
 */
#include "diag/patterns.h"

#include <string.h>

#include "base/str.h"

#define OOPS(words, name)                                                                 \
	{                                                                                 \
		.text = words, .kind = FINDING_OOPS, .end = END_TRACE, .function = FN_PC, \
		.title = name                                                             \
	}
#define LOCKDEP(words, name, from)                                                          \
	{                                                                                   \
		.text = words, .kind = FINDING_LOCKDEP, .end = END_STACK, .function = from, \
		.title = name                                                               \
	}
#define SANITIZER(words, k, to)                                                               \
	{                                                                                     \
		.text = words, .kind = k, .end = END_EQUALS, .function = FN_LINE, .lead = to, \
		.cut = " in "                                                                 \
	}
#define LOCKUP(words, has, name)                                                          \
	{                                                                                 \
		.text = words, .contains = has, .kind = FINDING_LOCKUP, .end = END_STACK, \
		.function = FN_PC, .title = name                                          \
	}
#define STALL(words)                                                                             \
	{                                                                                        \
		.text = words, .contains = "stall", .kind = FINDING_RCU_STALL, .end = END_STACK, \
		.function = FN_PC, .title = "rcu stall"                                          \
	}
#define BUG_STACK(words, name, before)                                                      \
	{                                                                                   \
		.text = words, .kind = FINDING_BUG, .end = END_STACK, .function = FN_STACK, \
		.title = name, .cut = before                                                \
	}

static const struct pattern on_B[] = {
	/* Limits of lockdep's tables: it gives up, nothing is wrong with the kernel tested. */
	{.text = "BUG: MAX_LOCKDEP_", .flags = PATTERN_IGNORE},
	{.text = "BUG: MAX_STACK_TRACE_ENTRIES", .flags = PATTERN_IGNORE},
	SANITIZER("BUG: KASAN: ", FINDING_KASAN, "KASAN: "),
	SANITIZER("BUG: KMSAN: ", FINDING_KMSAN, "KMSAN: "),
	{.text = "BUG: KCSAN: ",
	 .kind = FINDING_KCSAN,
	 .end = END_EQUALS,
	 .lead = "KCSAN: ",
	 .flags = PATTERN_VERBATIM},
	SANITIZER("BUG: KFENCE: ", FINDING_KFENCE, "KFENCE: "),
	OOPS("BUG: kernel NULL pointer dereference", "Oops: kernel NULL pointer dereference"),
	OOPS("BUG: unable to handle kernel NULL", "Oops: kernel NULL pointer dereference"),
	OOPS("BUG: unable to handle kernel paging request",
	     "Oops: unable to handle kernel paging request"),
	OOPS("BUG: unable to handle page fault", "Oops: unable to handle page fault"),
	OOPS("BUG: unable to handle", "Oops: unable to handle kernel access"),
	OOPS("BUG: Unable to handle", "Oops: unable to handle kernel access"),
	OOPS("BUG: Kernel NULL pointer dereference", "Oops: kernel NULL pointer dereference"),
	OOPS("BUG: stack guard page was hit", "Oops: stack guard page was hit"),
	OOPS("BUG: TASK stack guard page was hit", "Oops: stack guard page was hit"),
	OOPS("BUG: IRQ stack guard page was hit", "Oops: stack guard page was hit"),
	LOCKUP("BUG: soft lockup", NULL, "BUG: soft lockup"),
	{.text = "BUG: workqueue lockup",
	 .kind = FINDING_LOCKUP,
	 .end = END_LIST,
	 .title = "BUG: workqueue lockup"},
	BUG_STACK("BUG: sleeping function called from invalid context", NULL, " at "),
	BUG_STACK("BUG: scheduling while atomic", "BUG: scheduling while atomic", NULL),
	BUG_STACK("BUG: using ", NULL, " in preemptible"),
	BUG_STACK("BUG: Bad page state", "BUG: Bad page state", NULL),
	BUG_STACK("BUG: Bad page map", "BUG: Bad page map", NULL),
	{.text = "BUG: Bad rss-counter state",
	 .kind = FINDING_BUG,
	 .title = "BUG: Bad rss-counter state"},
	BUG_STACK("BUG: ", NULL, " on CPU#"),
	/* SLUB: "BUG kmalloc-64 (Tainted: G B): Poison overwritten". */
	{.text = "BUG ",
	 .contains = "): Objects remaining",
	 .kind = FINDING_LEAK,
	 .end = END_STACK,
	 .flags = PATTERN_PARENS,
	 .cut = " in "},
	{.text = "BUG ",
	 .contains = "): ",
	 .kind = FINDING_BUG,
	 .end = END_STACK,
	 .function = FN_STACK,
	 .flags = PATTERN_PARENS},
};

static const struct pattern on_W[] = {
	LOCKDEP("WARNING: possible circular locking dependency detected",
		"possible circular locking dependency detected", FN_AT),
	LOCKDEP("WARNING: possible recursive locking detected",
		"possible recursive locking detected", FN_AT),
	LOCKDEP("WARNING: possible irq lock inversion",
		"possible irq lock inversion dependency detected", FN_AT),
	LOCKDEP("WARNING: inconsistent lock state", "inconsistent lock state", FN_AT),
	LOCKDEP("WARNING: suspicious RCU usage", "suspicious RCU usage", FN_STACK),
	LOCKDEP("WARNING: held lock freed", "held lock freed", FN_AT),
	LOCKDEP("WARNING: bad unlock balance", "bad unlock balance detected", FN_STACK),
	LOCKDEP("WARNING: bad contention", "bad contention detected", FN_STACK),
	LOCKDEP("WARNING: Nested lock was not taken", "Nested lock was not taken", FN_AT),
	LOCKDEP("WARNING: lock held when returning to user space",
		"lock held when returning to user space", FN_AT),
	{.text = "WARNING: ", /* "HARDIRQ-safe -> HARDIRQ-unsafe lock order detected" */
	 .contains = "lock order detected",
	 .kind = FINDING_LOCKDEP,
	 .end = END_STACK,
	 .function = FN_AT,
	 .lead = ""},
	{.text = "WARNING: CPU: ",
	 .kind = FINDING_WARNING,
	 .end = END_TRACE,
	 .function = FN_LINE,
	 .title = "WARNING"},
	{.text = "WARNING: ", /* since 6.18: "WARNING: file.c:12 at func+0x1/0x2, CPU#0: ..." */
	 .contains = ", CPU#",
	 .kind = FINDING_WARNING,
	 .end = END_TRACE,
	 .function = FN_LINE,
	 .title = "WARNING"},
	{.text = "WARNING:", .kind = FINDING_WARNING, .end = END_LINE},
	LOCKUP("Watchdog detected hard LOCKUP", NULL, "hard LOCKUP"),
};

static const struct pattern on_K[] = {
	{.text = "Kernel panic - not syncing",
	 .kind = FINDING_PANIC,
	 .end = END_PANIC,
	 .flags = PATTERN_VERBATIM},
};

static const struct pattern on_k[] = {
	{.text = "kernel BUG at ",
	 .kind = FINDING_BUG,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .cut = "!"},
};

static const struct pattern on_O[] = {
	{.text = "Oops: ",
	 .kind = FINDING_OOPS,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .flags = PATTERN_JOINS},
	{.text = "Oops[#",
	 .kind = FINDING_OOPS,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .title = "Oops",
	 .flags = PATTERN_JOINS},
};

/* The x86 traps before 6.11, which put "Oops: " before them. */
#define TRAP(words, name)                                                                 \
	{                                                                                 \
		.text = words, .kind = FINDING_OOPS, .end = END_TRACE, .function = FN_PC, \
		.title = name, .flags = PATTERN_JOINS                                     \
	}

static const struct pattern on_g[] = {
	OOPS("general protection fault", "Oops: general protection fault"),
};
static const struct pattern on_d[] = {
	TRAP("divide error:", "Oops: divide error"),
	TRAP("double fault:", "Oops: double fault"),
};
static const struct pattern on_i[] = {
	TRAP("invalid opcode:", "Oops: invalid opcode"),
	TRAP("int3:", "Oops: int3"),
};
static const struct pattern on_s[] = {
	TRAP("stack segment:", "Oops: stack segment"),
};
static const struct pattern on_t[] = {
	OOPS("traps: PANIC: double fault", "Oops: double fault"),
};
static const struct pattern on_P[] = {
	OOPS("PANIC: double fault", "Oops: double fault"),
};

static const struct pattern on_U[] = {
	{.text = "UBSAN: ",
	 .kind = FINDING_UBSAN,
	 .end = END_EQUALS,
	 .function = FN_STACK,
	 .cut = " in "},
	OOPS("Unable to handle kernel NULL pointer dereference",
	     "Oops: kernel NULL pointer dereference"),
	OOPS("Unable to handle kernel paging request",
	     "Oops: unable to handle kernel paging request"),
	OOPS("Unable to handle kernel", "Oops: unable to handle kernel access"),
	OOPS("Unhandled fault", "Oops: unhandled fault"),
};

static const struct pattern on_I[] = {
	{.text = "Internal error: Oops - ",
	 .kind = FINDING_OOPS,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .lead = "Oops: ",
	 .flags = PATTERN_JOINS},
	{.text = "Internal error: ",
	 .kind = FINDING_OOPS,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .lead = "Oops: ",
	 .flags = PATTERN_JOINS},
	{.text = "INFO: task ",
	 .contains = " blocked for more than ",
	 .kind = FINDING_HUNG_TASK,
	 .end = END_STACK,
	 .function = FN_STACK,
	 .title = "INFO: task hung"},
	{.text = "INFO: task ", /* 6.14: "task X blocked on a mutex ...", no report of its own */
	 .flags = PATTERN_IGNORE},
	STALL("INFO: rcu"),
};

static const struct pattern on_r[] = {
	STALL("rcu: INFO: "),
	{.text = "rust_kernel: panicked",
	 .kind = FINDING_BUG,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .flags = PATTERN_PREAMBLE},
	{.text = "ref_tracker: ",
	 .contains = " users at",
	 .kind = FINDING_LEAK,
	 .end = END_INDENT,
	 .function = FN_STACK,
	 .title = "ref_tracker: leaked reference"},
	{.text = "ref_tracker: ",
	 .contains = "leaked reference",
	 .kind = FINDING_LEAK,
	 .end = END_INDENT,
	 .function = FN_STACK,
	 .title = "ref_tracker: leaked reference"},
	{.text = "ref_tracker: ", .kind = FINDING_LEAK, .end = END_INDENT, .function = FN_STACK},
};

static const struct pattern on_w[] = {
	LOCKUP("watchdog: BUG: soft lockup", NULL, "BUG: soft lockup"),
	LOCKUP("watchdog: ", "hard LOCKUP", "hard LOCKUP"),
};
static const struct pattern on_N[] = {
	LOCKUP("NMI watchdog: BUG: soft lockup", NULL, "BUG: soft lockup"),
	LOCKUP("NMI watchdog: ", "hard LOCKUP", "hard LOCKUP"),
};
static const struct pattern on_C[] = {
	LOCKUP("CPU", "Watchdog detected hard LOCKUP", "hard LOCKUP"),
};

static const struct pattern on_u[] = {
	{.text = "unreferenced object 0x",
	 .kind = FINDING_LEAK,
	 .end = END_INDENT,
	 .function = FN_STACK,
	 .title = "memory leak"},
	{.text = "unregister_netdevice: waiting for",
	 .kind = FINDING_LEAK,
	 .end = END_LINE,
	 .title = "unregister_netdevice: waiting for device to become free"},
};

static const struct pattern on_bracket[] = {
	LOCKDEP("[ BUG: Invalid wait context", "Invalid wait context", FN_AT),
	LOCKDEP("[ BUG: bad unlock balance", "bad unlock balance detected", FN_STACK),
	{.text = "[ BUG: ",
	 .kind = FINDING_LOCKDEP,
	 .end = END_STACK,
	 .function = FN_AT,
	 .lead = "",
	 .cut = " ]"},
	LOCKDEP("[ INFO: possible circular locking dependency detected",
		"possible circular locking dependency detected", FN_AT),
	LOCKDEP("[ INFO: possible recursive locking detected",
		"possible recursive locking detected", FN_AT),
	LOCKDEP("[ INFO: inconsistent lock state", "inconsistent lock state", FN_AT),
	LOCKDEP("[ INFO: suspicious RCU usage", "suspicious RCU usage", FN_STACK),
};

static const struct pattern on_blank[] = {
	{.text = " *** DEADLOCK ***",
	 .kind = FINDING_LOCKDEP,
	 .end = END_STACK,
	 .function = FN_AT,
	 .title = "*** DEADLOCK ***",
	 .flags = PATTERN_LOCKDEP},
};

static const struct pattern on_dash[] = {
	{.text = "------------[ cut here",
	 .kind = FINDING_WARNING,
	 .end = END_TRACE,
	 .function = FN_STACK,
	 .title = "WARNING",
	 .flags = PATTERN_CUT},
};

#define GROUP(a)                 \
	{                        \
		a, ARRAY_SIZE(a) \
	}

static const struct group {
	const struct pattern *p;
	size_t n;
} groups[256] = {
	['B'] = GROUP(on_B),	   ['W'] = GROUP(on_W),	    ['K'] = GROUP(on_K),
	['k'] = GROUP(on_k),	   ['O'] = GROUP(on_O),	    ['g'] = GROUP(on_g),
	['d'] = GROUP(on_d),	   ['i'] = GROUP(on_i),	    ['s'] = GROUP(on_s),
	['t'] = GROUP(on_t),	   ['P'] = GROUP(on_P),	    ['U'] = GROUP(on_U),
	['I'] = GROUP(on_I),	   ['r'] = GROUP(on_r),	    ['w'] = GROUP(on_w),
	['N'] = GROUP(on_N),	   ['C'] = GROUP(on_C),	    ['u'] = GROUP(on_u),
	['['] = GROUP(on_bracket), [' '] = GROUP(on_blank), ['-'] = GROUP(on_dash),
};

static bool matches(const struct pattern *p, const char *msg, size_t len)
{
	size_t n = strlen(p->text);

	if (len < n || memcmp(msg, p->text, n) != 0)
		return false;
	return !p->contains || memmem(msg + n, len - n, p->contains, strlen(p->contains));
}

const struct pattern *pattern_match(const char *msg, size_t len)
{
	const struct group *g;

	if (!len)
		return NULL;
	g = &groups[(unsigned char)msg[0]];
	for (size_t i = 0; i < g->n; i++)
		if (matches(&g->p[i], msg, len))
			return g->p[i].flags & PATTERN_IGNORE ? NULL : &g->p[i];
	return NULL;
}
