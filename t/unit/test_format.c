// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "diag/format.h"
#include "diag/patterns.h"

static const struct {
	const char *fmt, *msg;
	bool matches;
} samples[] = {
	{"", "", true},
	{"", "x", true},
	{"abc", "abc", true},
	{"abc", "abcd", true},
	{"abc", "ab", false},
	{"a%db", "a12b", true},
	{"a%db", "ab", false},
	{"a%d", "a", false},
	{"%x.", "0xdeadBEEF.", true},
	{"%x.", "beef.", true},
	{"%x.", "0x.", false},
	{"%x.", ".", false},
	{"%c[%d]", "bash[12]", true},
	{"%c[%d]", "a[1]b[12]", true},
	{"%c[%d]: s", "a[1] b[12]: s", true}, /* brackets may be part of the name */
	{"%c[%d]", "[12]", true},	      /* a name may be empty */
	{"%c[%d]", "fifteen bytes .[12]", true},
	{"%c[%d]", "sixteen bytes ..[12]", false},
	{"%s in %s", "slab-out-of-bounds in f", true},
	{"%s in %s", " in f", false},
	{"%s in %s", "x in ", false},
	{"a%s", "ab", true},
	{"a%s", "a", false},
	{"[#%d]%w", "[#1]", true},
	{"[#%d]%w", "[#1] PREEMPT_RT SMP NOPTI", true},
	{"[#%d]%w", "[#1][97]: segfault at 1", false},
	{"[#%d]%w", "[#1] invoked oom-killer", false},
};

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		if (format_match(samples[i].fmt, samples[i].msg, strlen(samples[i].msg)) !=
		    samples[i].matches)
			fail_msg("'%s', '%s'", samples[i].fmt, samples[i].msg);
}

/* Messages at the level of the kernel, at others, and with a user's text in their place. */
static const struct {
	const char *msg;
	int level;
	bool begins;
} messages[] = {
	{"BUG: KASAN: use-after-free in foo+0x1/0x2", 3, true},
	{"BUG: KASAN: use-after-free in foo+0x1/0x2", 6, false},
	{"BUG: KASAN: use-after-free in foo+0x1/0x2", LEVEL_UNKNOWN, true},
	{"Kernel panic - not syncing: x", 0, true},
	{"Kernel panic - not syncing: x", 4, false},
	{"WARNING: CPU: 1 PID: 7 at a.c:1 f+0x1/0x2", 4, true},
	{"INFO: task BUG: KASAN: x:12 blocked for more than 120 seconds.", 3, true},
	{"INFO: task umount:12 blocked on a mutex likely owned by task sh:7.", 3, false},
	{"Oops: 0002 [#1] PREEMPT SMP NOPTI", 4, true},
	{"Oops: 0002 [#1] PREEMPT SMP NOPTI", 1, true}, /* the default level can be set */
	{"Oops: Oops: 0000 [#1] PREEMPT SMP", 4, true},
	{"Oops: divide error: 0000 [#1] PREEMPT SMP", 4, true},
	{"Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP",
	 4, true},
	{"Internal error: Oops: 0000000096000004 [#1] SMP", 0, true},
	{"rcu: INFO: rcu_sched self-detected stall on CPU", 3, true},
	{"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", 3, true},
	/* names of tasks, at the start of records of the kernel's own */
	{"BUG: KASAN: x[97]: segfault at 1 ip 401000 sp 7ffd error 4 in x[401000+1000]", 6, false},
	{"BUG: KASAN: x[97]: segfault at 1 ip 401000 sp 7ffd error 4 in x[401000+1000]", 3, false},
	{"UBSAN: x in y[97]: segfault at 1 ip 401000 sp 7ffd error 4", 3, false},
	{"int3: 0000 [#1][97]: segfault at 1 ip 401000 sp 7ffd error 4", 4, false},
	{"Oops: 0000 [#1] invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0", 4, false},
	{"WARNING: CPU: 0: page allocation failure: order:10, mode:0x1, cpuset=/ PID: 5 at x", 4,
	 false},
	{"BUG kmalloc-64 (Tainted): x (12): drop_caches: 3", 3, true}, /* too long for a name */
	{"Oops[#1]: renamed from d0", 4, false},
	{"Oops[#1]:", 4, true},
	{"BUG: KASAN: use-after-free in f+0x1/0x2: version magic 'x' should be 'y'", 3, false},
	{"Kernel panic - not syncing: xIN= OUT=lo SRC=127.0.0.1", 0, false},
	{"WARNING: suspicious RCU usageIN=eth0 OUT= MAC=1", 4, false},
	/* names that are to hide a bug */
	{"INFO: task :12 blocked for more than 120 seconds.", 3, true},
	{"INFO: task a\nb:12 blocked for more than 120 seconds.", 3, true},
	{"INFO: task [1] vsyscall :12 blocked for more than 120 seconds.", 3, true},
	{"INFO: task x[1]: segfault :12 blocked for more than 120 seconds.", 3, true},
	{"BUG: scheduling while atomic: \n/97/0x00000002", 3, true},
	/* without WARN() or an oops */
	{"INFO: rcu_tasks detected stalls on tasks:", 3, true},
	{"INFO: rcu_tasks_trace detected stalls on tasks:", 3, true},
	{"sysfs: cannot create duplicate filename '/devices/x'", 4, true},
	{"e1000 0000:00:03.0 eth0: NETDEV WATCHDOG: CPU: 1: transmit queue 0 timed out 5000 ms", 2,
	 false}, /* a busy host */
	{"irq 16: nobody cared (try booting with the \"irqpoll\" option)", 3, false},
	{"x: memory allocation(s) from the module still alive, cannot unload cleanly", 4, true},
	{"kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)", 6, true},
	/* words of warning that are no bug */
	{"WARNING: The mand mount option has been deprecated and", 4, false},
	{"WARNING: Flushing system-wide workqueues will be prohibited in near future.", 4, false},
	{"WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks", 3, false},
	{"BUG: MAX_LOCKDEP_CHAIN_HLOCKS too low!", 3, false},
	{"BUG: Address fe80::1 on device eth0 is missing its host route.", 4, false},
	{"[U] Kernel panic - not syncing: x", 6, false},
	{"DEBUG: x", 4, false},
};

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		const char *msg = messages[i].msg;
		bool begins = pattern_match(msg, strlen(msg), messages[i].level) != NULL;

		if (begins != messages[i].begins)
			fail_msg("%d, '%s'", messages[i].level, msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
