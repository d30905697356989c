// SPDX-License-Identifier: GPL-2.0-only
/*
 * The messages that begin a report. Each is a row of its own: the whole fixed part of the message,
 * and the levels that its source prints it with. Texts are those of kernels 5.10 to 6.18.
 *
 * A user can put text into the kernel's records: a task's name of 15 bytes begins some of them
 * ("COMM[97]: segfault at"). So a fixed part of 15 bytes or less needs more: a level that such
 * messages do not have, or a form that they cannot take.
 *
 * Left out: "irq 16: nobody cared" and "NETDEV WATCHDOG: ... timed out", which a busy host causes.
 *
 * There is an array for each first byte; the first match of an array counts.
 */
#include "diag/patterns.h"

#include <string.h>

#include "base/str.h"
#include "diag/format.h"

#define OOPS(words, on, name)                                                        \
	{                                                                            \
		.text = words, .levels = on, .kind = FINDING_OOPS, .end = END_TRACE, \
		.function = FN_PC, .title = name                                     \
	}
/* The line that names the trap: it begins an oops, or follows the line that says what it is. */
#define TRAP(words, on, name)                                                        \
	{                                                                            \
		.text = words, .levels = on, .kind = FINDING_OOPS, .end = END_TRACE, \
		.function = FN_PC, .title = name, .flags = PATTERN_JOINS             \
	}
#define LOCKDEP(words, name, from)                                                           \
	{                                                                                    \
		.text = words, .levels = ON_WARN, .kind = FINDING_LOCKDEP, .end = END_STACK, \
		.function = from, .title = name                                              \
	}
#define SANITIZER(words, k, to)                                                \
	{                                                                      \
		.text = words, .levels = ON_ERR, .kind = k, .end = END_EQUALS, \
		.function = FN_LINE, .lead = to, .cut = " in "                 \
	}
#define LOCKUP(words, name)                                                                  \
	{                                                                                    \
		.text = words, .levels = ON_EMERG, .kind = FINDING_LOCKUP, .end = END_STACK, \
		.function = FN_PC, .title = name                                             \
	}
#define STALL(words)                                                                          \
	{                                                                                     \
		.text = words, .levels = ON_ERR, .kind = FINDING_RCU_STALL, .end = END_STACK, \
		.function = FN_PC, .title = "rcu stall"                                       \
	}
#define BUG_STACK(words, on, name, before)                                          \
	{                                                                           \
		.text = words, .levels = on, .kind = FINDING_BUG, .end = END_STACK, \
		.function = FN_STACK, .title = name, .cut = before                  \
	}
#define BUG_LINE(words, on, name)                                               \
	{                                                                       \
		.text = words, .levels = on, .kind = FINDING_BUG, .title = name \
	}
#define WARNING_LINE(words, before)                                                      \
	{                                                                                \
		.text = words, .levels = ON_WARN, .kind = FINDING_WARNING, .cut = before \
	}
#define ALLOW(words)                                  \
	{                                             \
		.text = words, .flags = PATTERN_ALLOW \
	}

/*
 * Messages that begin with a user's words: the name of a task or a module, the prefix of a
 * firewall's log. Each fixed part is longer than a task's name, so that no name within the message
 * of a bug can be taken for it.
 */
static const struct pattern of_users[] = {
	ALLOW("%c[%d]: segfault at %x ip %x sp %x error %x"), /* show_signal_msg() */
	ALLOW("%c[%d] trap %s ip:%x sp:%x error:%x"),	      /* show_signal() */
	ALLOW("%c[%d]: unhandled exception: "),		      /* arm64_show_signal() */
	ALLOW("%c[%d]: unhandled signal %d "),		      /* riscv's do_trap() */
	ALLOW("%c[%d]: bad frame in "),			      /* signal_fault() */
	ALLOW("%c[%d] vsyscall %s ip:%x cs:%x sp:%x ax:%x"),  /* warn_bad_vsyscall() */
	ALLOW("%c/%d: potentially unexpected fatal signal %d."),
	ALLOW("%c invoked oom-killer: gfp_mask="),
	ALLOW("%c: page allocation failure: order:%d, mode:"),
	ALLOW("%c: vmalloc error: size "),
	ALLOW("%c (%d): drop_caches: %d"),
	ALLOW("%c (%d) used greatest stack depth: %d bytes left"),
	ALLOW("%c (%d): attempted to duplicate a private mapping with mremap."),
	ALLOW("%c(%d): Attempt to set a LOCK_MAND lock via flock(2)."),
	ALLOW("%s: version magic '%s' should be '"), /* modules */
	ALLOW("%s: disagrees about version of symbol "),
	ALLOW("%s: Unknown symbol "),
	ALLOW("%s: no symbol version for "),
	ALLOW("%s: module license '%s' taints kernel."),
	ALLOW("%s: module verification failed: signature and/or required key missing"),
	ALLOW("%s: loading out-of-tree module taints kernel."),
	ALLOW("%sIN= OUT=%s"), /* nf_log */
	ALLOW("%sIN=%s OUT="),
};

static const struct pattern on_B[] = {
	/* Limits of lockdep's tables: lockdep gives up, the kernel tested is not at fault. */
	ALLOW("BUG: MAX_LOCKDEP_"),
	ALLOW("BUG: MAX_LOCK_DEPTH too low!"),
	ALLOW("BUG: MAX_STACK_TRACE_ENTRIES too low!"),
	SANITIZER("BUG: KASAN: %s in ", FINDING_KASAN, "KASAN: "),
	SANITIZER("BUG: KASAN: invalid-access", FINDING_KASAN, "KASAN: invalid-access"),
	SANITIZER("BUG: KMSAN: %s in ", FINDING_KMSAN, "KMSAN: "),
	{.text = "BUG: KCSAN: %s in ",
	 .levels = ON_ERR,
	 .kind = FINDING_KCSAN,
	 .end = END_EQUALS,
	 .lead = "KCSAN: ",
	 .flags = PATTERN_VERBATIM},
	SANITIZER("BUG: KFENCE: %s in ", FINDING_KFENCE, "KFENCE: "),
	OOPS("BUG: kernel NULL pointer dereference, address: %x", ON_ALERT,
	     "Oops: kernel NULL pointer dereference"),
	OOPS("BUG: unable to handle page fault for address: %x", ON_ALERT,
	     "Oops: unable to handle page fault"),
	/* x86 before 5.1 */
	OOPS("BUG: unable to handle kernel NULL pointer dereference at ", ON_ALERT,
	     "Oops: kernel NULL pointer dereference"),
	OOPS("BUG: unable to handle kernel paging request at ", ON_ALERT,
	     "Oops: unable to handle kernel paging request"),
	/* powerpc */
	OOPS("BUG: Kernel NULL pointer dereference ", ON_ALERT,
	     "Oops: kernel NULL pointer dereference"),
	OOPS("BUG: Unable to handle ", ON_ALERT, "Oops: unable to handle kernel access"),
	OOPS("BUG: stack guard page was hit at ", ON_EMERG, "Oops: stack guard page was hit"),
	OOPS("BUG: %s stack guard page was hit at ", ON_EMERG, "Oops: stack guard page was hit"),
	OOPS("BUG: invalid or fatal FRED event; event type %d ", ON_ALERT,
	     "Oops: invalid or fatal FRED event"),
	LOCKUP("BUG: soft lockup - CPU#%d stuck for %d", "BUG: soft lockup"),
	{.text = "BUG: workqueue lockup - pool",
	 .levels = ON_EMERG,
	 .kind = FINDING_LOCKUP,
	 .end = END_LIST,
	 .title = "BUG: workqueue lockup"},
	BUG_STACK("BUG: sleeping function called from invalid context at %s:%d", ON_ERR, NULL,
		  " at "),
	BUG_STACK("BUG: assuming atomic context at %s:%d", ON_ERR, NULL, " at "),
	BUG_STACK("BUG: assuming non migratable context at %s:%d", ON_ERR, NULL, " at "),
	BUG_STACK("BUG: scheduling while atomic: %c/%d/", ON_ERR, "BUG: scheduling while atomic",
		  NULL),
	BUG_STACK("BUG: scheduling in a non-blocking section: %c/%d/", ON_ERR,
		  "BUG: scheduling in a non-blocking section", NULL),
	BUG_STACK("BUG: using %s in preemptible [%x] code: ", ON_ERR, NULL, " in preemptible"),
	BUG_STACK("BUG: workqueue leaked ", ON_ERR, NULL, ": "),
	BUG_STACK("BUG: Bad page state in process ", ON_ALERT, "BUG: Bad page state", NULL),
	BUG_STACK("BUG: Bad page map in process ", ON_ALERT, "BUG: Bad page map", NULL),
	BUG_STACK("BUG: Bad page cache in process ", ON_ALERT, "BUG: Bad page cache", NULL),
	BUG_LINE("BUG: Bad rss-counter state mm:", ON_ALERT, "BUG: Bad rss-counter state"),
	BUG_LINE("BUG: non-zero pgtables_bytes on freeing mm: ", ON_ALERT,
		 "BUG: non-zero pgtables_bytes on freeing mm"),
	BUG_STACK("BUG: spinlock %s on CPU#%d, ", ON_EMERG, NULL, " on CPU#"),
	BUG_STACK("BUG: rwlock %s on CPU#%d, ", ON_EMERG, NULL, " on CPU#"),
	BUG_STACK("BUG: mempool element poison mismatch", ON_ERR,
		  "BUG: mempool element poison mismatch", NULL),
	BUG_LINE("BUG: arch topology borken", ON_ERR, NULL),
	{.text = "BUG: failure at %s:%d/%s()!", /* BUG() without support of the processor's */
	 .levels = ON_ANY,
	 .kind = FINDING_BUG,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .cut = "!"},
	{.text = "BUG: looking up invalid subclass: %d",
	 .levels = ON_ERR,
	 .kind = FINDING_LOCKDEP,
	 .end = END_STACK,
	 .function = FN_STACK,
	 .title = "looking up invalid subclass"},
	{.text = "BUG: key %x has not been registered!",
	 .levels = ON_ERR,
	 .kind = FINDING_LOCKDEP,
	 .title = "lock key has not been registered"},
	/* SLUB: "BUG kmalloc-64 (Tainted: G B): Poison overwritten". */
	{.text = "BUG %s (%s): Objects remaining",
	 .levels = ON_ERR,
	 .kind = FINDING_LEAK,
	 .end = END_STACK,
	 .flags = PATTERN_PARENS,
	 .cut = " in "},
	{.text = "BUG %s (%s): ",
	 .levels = ON_ERR,
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
	LOCKDEP("WARNING: possible irq lock inversion dependency detected",
		"possible irq lock inversion dependency detected", FN_AT),
	LOCKDEP("WARNING: inconsistent lock state", "inconsistent lock state", FN_AT),
	LOCKDEP("WARNING: suspicious RCU usage", "suspicious RCU usage", FN_STACK),
	LOCKDEP("WARNING: held lock freed!", "held lock freed", FN_AT),
	LOCKDEP("WARNING: bad unlock balance detected!", "bad unlock balance detected", FN_STACK),
	LOCKDEP("WARNING: bad contention detected!", "bad contention detected", FN_STACK),
	LOCKDEP("WARNING: Nested lock was not taken", "Nested lock was not taken", FN_AT),
	LOCKDEP("WARNING: lock held when returning to user space!",
		"lock held when returning to user space", FN_AT),
	LOCKDEP("WARNING: chain_key collision", "chain_key collision", FN_AT),
	LOCKDEP("WARNING: %c/%d still has locks held!", "task still has locks held", FN_AT),
	{.text = "WARNING: %s-safe -> %s-unsafe lock order detected", /* HARDIRQ, SOFTIRQ ... */
	 .levels = ON_WARN,
	 .kind = FINDING_LOCKDEP,
	 .end = END_STACK,
	 .function = FN_AT,
	 .lead = ""},
	{.text = "WARNING: CPU: %d PID: %d at %s",
	 .levels = ON_WARN,
	 .kind = FINDING_WARNING,
	 .end = END_TRACE,
	 .function = FN_LINE,
	 .title = "WARNING"},
	{.text = "WARNING: %s at %s, CPU#%d: ", /* since 6.18 */
	 .levels = ON_WARN,
	 .kind = FINDING_WARNING,
	 .end = END_TRACE,
	 .function = FN_LINE,
	 .title = "WARNING"},
	/* The x86 unwinder, whose tables or stack are not as they should be. */
	WARNING_LINE("WARNING: kernel stack regs at %x in %c:%d has bad 'bp' value ", " at "),
	WARNING_LINE("WARNING: kernel stack frame pointer at %x in %c:%d has bad value ", " at "),
	WARNING_LINE("WARNING: stack recursion on stack type %d", " on stack type"),
	WARNING_LINE("WARNING: stack going in the wrong direction? at ", "? at "),
	WARNING_LINE("WARNING: can't access registers at ", " at "),
	WARNING_LINE("WARNING: can't dereference registers at %x for ip ", " at "),
	LOCKUP("Watchdog detected hard LOCKUP on cpu %d", "hard LOCKUP"),
};

static const struct pattern on_K[] = {
	{.text = "Kernel panic - not syncing: ",
	 .levels = ON_EMERG,
	 .kind = FINDING_PANIC,
	 .end = END_PANIC,
	 .flags = PATTERN_VERBATIM},
	{.text = "Kernel BUG at %s [verbose debug info unavailable]",
	 .levels = ON_CRIT,
	 .kind = FINDING_BUG,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .title = "kernel BUG"},
	TRAP("Kernel BUG [#%d]", ON_EMERG, "kernel BUG"), /* riscv */
};

static const struct pattern on_k[] = {
	BUG_STACK(
		"kobject (%x): tried to init an initialized object, something is seriously wrong.",
		ON_ERR, "kobject: tried to init an initialized object", NULL),
	{.text = "kmemleak: %d new suspected memory leaks (see ",
	 .levels = ON_INFO,
	 .kind = FINDING_LEAK,
	 .title = "memory leak"},
	{.text = "kernel BUG at %s:%d!",
	 .levels = ON_CRIT,
	 .kind = FINDING_BUG,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .cut = "!"},
	{.text = "kmemleak: unreferenced object 0x%x",
	 .levels = ON_WARN,
	 .kind = FINDING_LEAK,
	 .end = END_INDENT,
	 .function = FN_STACK,
	 .title = "memory leak"},
};

/* Behind the number of an x86 or arm64 trap stand " PREEMPT SMP NOPTI" and the like. */
static const struct pattern on_O[] = {
	TRAP("Oops: %x [#%d]%w", ON_ANY, NULL),
	TRAP("Oops: %s, sig: %d [#%d]", ON_ANY, NULL), /* powerpc */
	TRAP("Oops: %s: %x [#%d]%w", ON_ANY, NULL),
	TRAP("Oops - %s [#%d]%w", ON_EMERG, NULL), /* riscv */
	TRAP("Oops [#%d]%w", ON_EMERG, "Oops"),
	TRAP("Oops[#%d]:%w", ON_ANY, "Oops"), /* mips, loongarch */
};

/* The x86 traps before 6.11, which put "Oops: " before them. */
static const struct pattern on_a[] = {
	TRAP("alignment check: %x [#%d]%w", ON_ANY, "Oops: alignment check"),
};
static const struct pattern on_b[] = {
	TRAP("bounds: %x [#%d]%w", ON_ANY, "Oops: bounds"),
	BUG_STACK("bad: scheduling from the idle thread!", ON_ERR, NULL, "!"),
};
static const struct pattern on_c[] = {
	TRAP("control protection fault: %x [#%d]%w", ON_ANY, "Oops: control protection fault"),
	TRAP("coprocessor segment overrun: %x [#%d]%w", ON_ANY,
	     "Oops: coprocessor segment overrun"),
};
static const struct pattern on_g[] = {
	OOPS("general protection fault: %x [#%d]%w", ON_ANY, "Oops: general protection fault"),
	BUG_LINE("get_swap_device: Bad swap file entry %x", ON_ERR, "Bad swap file entry"),
	OOPS("general protection fault, %s: %x [#%d]%w", ON_ANY, "Oops: general protection fault"),
};
static const struct pattern on_d[] = {
	TRAP("divide error: %x [#%d]%w", ON_ANY, "Oops: divide error"),
	TRAP("double fault: %x [#%d]%w", ON_ANY, "Oops: double fault"),
};
static const struct pattern on_i[] = {
	TRAP("invalid opcode: %x [#%d]%w", ON_ANY, "Oops: invalid opcode"),
	TRAP("invalid TSS: %x [#%d]%w", ON_ANY, "Oops: invalid TSS"),
	TRAP("int3: %x [#%d]%w", ON_ANY, "Oops: int3"),
};
static const struct pattern on_s[] = {
	TRAP("segment not present: %x [#%d]%w", ON_ANY, "Oops: segment not present"),
	TRAP("simd exception: %x [#%d]%w", ON_ANY, "Oops: simd exception"),
	TRAP("stack segment: %x [#%d]%w", ON_ANY, "Oops: stack segment"),
	BUG_STACK("sysfs: cannot create duplicate filename '", ON_WARN,
		  "sysfs: cannot create duplicate filename", NULL),
	{.text = "smp: csd: Detected non-responsive CSD lock (#%d) on CPU#%d",
	 .levels = ON_ALERT,
	 .kind = FINDING_LOCKUP,
	 .end = END_STACK,
	 .function = FN_STACK,
	 .title = "non-responsive CSD lock"},
	BUG_LINE("softirq: huh, entered softirq %d ", ON_ERR,
		 "softirq: preempt_count was not restored"),
};
static const struct pattern on_t[] = {
	OOPS("traps: PANIC: double fault, error_code: ", ON_EMERG, "Oops: double fault"),
};
static const struct pattern on_P[] = {
	OOPS("PANIC: double fault, error_code: ", ON_EMERG, "Oops: double fault"),
};

static const struct pattern on_U[] = {
	{.text = "UBSAN: %s in ",
	 .levels = ON_ERR,
	 .kind = FINDING_UBSAN,
	 .end = END_EQUALS,
	 .function = FN_STACK,
	 .cut = " in "},
	OOPS("Unable to handle kernel NULL pointer dereference at virtual address ", ON_ALERT,
	     "Oops: kernel NULL pointer dereference"),
	OOPS("Unable to handle kernel paging request at virtual address ", ON_ALERT,
	     "Oops: unable to handle kernel paging request"),
	OOPS("Unable to handle kernel %s at virtual address ", ON_ALERT,
	     "Oops: unable to handle kernel access"),
	OOPS("Unhandled fault: %s (%x) at ", ON_ALERT, "Oops: unhandled fault"),
	OOPS("Unhandled fault at ", ON_ALERT, "Oops: unhandled fault"),
};

static const struct pattern on_I[] = {
	{.text = "Internal error: Oops - %s: %x [#%d]%w",
	 .levels = ON_EMERG,
	 .kind = FINDING_OOPS,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .lead = "Oops: ",
	 .flags = PATTERN_JOINS},
	{.text = "Internal error: %s: %x [#%d]%w",
	 .levels = ON_EMERG,
	 .kind = FINDING_OOPS,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .lead = "Oops: ",
	 .flags = PATTERN_JOINS},
	{.text = "INFO: task %c:%d blocked for more than %d seconds.",
	 .levels = ON_ERR,
	 .kind = FINDING_HUNG_TASK,
	 .end = END_STACK,
	 .function = FN_STACK,
	 .title = "INFO: task hung"},
	{.text = "INFO: trying to register non-static key.",
	 .levels = ON_ERR,
	 .kind = FINDING_LOCKDEP,
	 .end = END_STACK,
	 .function = FN_STACK,
	 .title = "trying to register non-static key"},
	STALL("INFO: rcu_tasks detected stalls on tasks:"),
	STALL("INFO: rcu_tasks_%s detected stalls on tasks:"),
	STALL("INFO: rcu%s self-detected stall on CPU"),
	STALL("INFO: rcu%s detected stalls on CPUs/tasks:"),
	STALL("INFO: rcu%s detected expedited stalls on CPUs/tasks:"),
	BUG_LINE("IPv4: Attempt to release alive inet socket ", ON_ERR,
		 "Attempt to release alive inet socket"),
	BUG_LINE("IPv4: Attempt to release TCP socket in state ", ON_ERR,
		 "Attempt to release TCP socket"),
};

static const struct pattern on_r[] = {
	STALL("rcu: INFO: %s self-detected stall on CPU"),
	STALL("rcu: INFO: %s detected stalls on CPUs/tasks:"),
	STALL("rcu: INFO: %s detected expedited stalls"),
	STALL("rcu: INFO: %s detected stall, but suppressed full report"),
	{.text = "rust_kernel: panicked at ",
	 .levels = ON_EMERG,
	 .kind = FINDING_BUG,
	 .end = END_TRACE,
	 .function = FN_PC,
	 .flags = PATTERN_PREAMBLE},
	{.text = "ref_tracker: %s@%x has %d/%d users at",
	 .levels = ON_ERR,
	 .kind = FINDING_LEAK,
	 .end = END_INDENT,
	 .function = FN_STACK,
	 .title = "ref_tracker: leaked reference"},
	{.text = "ref_tracker: leaked reference.",
	 .levels = ON_ERR,
	 .kind = FINDING_LEAK,
	 .end = END_INDENT,
	 .function = FN_STACK,
	 .title = "ref_tracker: leaked reference"},
	{.text = "ref_tracker: reference already released.",
	 .levels = ON_ERR,
	 .kind = FINDING_LEAK,
	 .end = END_INDENT,
	 .function = FN_STACK},
};

static const struct pattern on_w[] = {
	LOCKUP("watchdog: BUG: soft lockup - CPU#%d stuck for %d", "BUG: soft lockup"),
	LOCKUP("watchdog: Watchdog detected hard LOCKUP on cpu %d", "hard LOCKUP"),
	LOCKUP("watchdog: CPU%d: Watchdog detected hard LOCKUP on cpu %d", "hard LOCKUP"),
	/* powerpc */
	LOCKUP("watchdog: CPU %d self-detected hard LOCKUP @ ", "hard LOCKUP"),
	LOCKUP("watchdog: CPU %d detected hard LOCKUP on other CPUs ", "hard LOCKUP"),
};
static const struct pattern on_N[] = {
	LOCKUP("NMI watchdog: BUG: soft lockup - CPU#%d stuck for %d", "BUG: soft lockup"),
	LOCKUP("NMI watchdog: Watchdog detected hard LOCKUP on cpu %d", "hard LOCKUP"),
};
static const struct pattern on_C[] = {
	LOCKUP("CPU%d: Watchdog detected hard LOCKUP on cpu %d", "hard LOCKUP"),
};

static const struct pattern on_u[] = {
	{.text = "unreferenced object 0x%x (size %d):", /* as debugfs prints it */
	 .levels = ON_WARN,
	 .kind = FINDING_LEAK,
	 .end = END_INDENT,
	 .function = FN_STACK,
	 .title = "memory leak"},
	{.text = "unregister_netdevice: waiting for %s to become free.",
	 .levels = ON_EMERG,
	 .kind = FINDING_LEAK,
	 .end = END_LINE,
	 .title = "unregister_netdevice: waiting for device to become free"},
};

static const struct pattern on_bracket[] = {
	LOCKDEP("[ BUG: Invalid wait context ]", "Invalid wait context", FN_AT),
	LOCKDEP("[ BUG: bad unlock balance detected! ]", "bad unlock balance detected", FN_STACK),
	{.text = "[ BUG: %s ]", /* before 4.11, and rtmutex */
	 .levels = ON_WARN,
	 .kind = FINDING_LOCKDEP,
	 .end = END_STACK,
	 .function = FN_AT,
	 .lead = "",
	 .cut = " ]"},
};

static const struct pattern on_blank[] = {
	{.text = " *** DEADLOCK ***",
	 .levels = ON_WARN,
	 .kind = FINDING_LOCKDEP,
	 .end = END_STACK,
	 .function = FN_AT,
	 .title = "*** DEADLOCK ***",
	 .flags = PATTERN_LOCKDEP},
};

/* Messages that begin with the name of a module. */
static const struct pattern on_names[] = {
	{.text = "%s: memory allocation(s) from the module still alive, cannot unload cleanly",
	 .levels = ON_WARN,
	 .kind = FINDING_LEAK,
	 .title = "memory allocations from the module still alive"},
};

static const struct pattern on_dash[] = {
	{.text = "------------[ cut here ]------------",
	 .levels = ON_ANY,
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
} groups[256] =
	{
		['B'] = GROUP(on_B),	   ['W'] = GROUP(on_W),	    ['K'] = GROUP(on_K),
		['k'] = GROUP(on_k),	   ['O'] = GROUP(on_O),	    ['a'] = GROUP(on_a),
		['b'] = GROUP(on_b),	   ['c'] = GROUP(on_c),	    ['g'] = GROUP(on_g),
		['d'] = GROUP(on_d),	   ['i'] = GROUP(on_i),	    ['s'] = GROUP(on_s),
		['t'] = GROUP(on_t),	   ['P'] = GROUP(on_P),	    ['U'] = GROUP(on_U),
		['I'] = GROUP(on_I),	   ['r'] = GROUP(on_r),	    ['w'] = GROUP(on_w),
		['N'] = GROUP(on_N),	   ['C'] = GROUP(on_C),	    ['u'] = GROUP(on_u),
		['['] = GROUP(on_bracket), [' '] = GROUP(on_blank), ['-'] = GROUP(on_dash),
},
  users = GROUP(of_users), names = GROUP(on_names);

static const struct pattern *find(const struct group *g, const char *msg, size_t len, int level)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct pattern *p = &g->p[i];
		bool allows = p->flags & PATTERN_ALLOW;

		if ((allows || level == LEVEL_UNKNOWN || p->levels & 1U << level) &&
		    format_match(p->text, msg, len))
			return p;
	}
	return NULL;
}

const struct pattern *pattern_match(const char *msg, size_t len, int level)
{
	const struct pattern *p;

	if (!len)
		return NULL;
	p = find(&groups[(unsigned char)msg[0]], msg, len, level);
	if (!p)
		p = find(&names, msg, len, level);
	if (!p || p->flags & PATTERN_ALLOW || find(&users, msg, len, level))
		return NULL;
	return p;
}
