#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel with kmemleak and lockdep: memory that a module leaks is found behind the subtest, or the
# hooks, that leaked it, and a guest whose lockdep went off is not used again.
. "$(dirname "$0")/../vm/source.sh"

# A module that leaks, and one that takes two locks both ways around.
modules()
{
	mkdir "$T/tree/bad"
	echo 'obj-m := leak.o locks.o' >"$T/tree/bad/Kbuild"
	cat >"$T/tree/bad/leak.c" <<-'END'
		#include <linux/module.h>
		#include <linux/slab.h>

		static int __init leak_init(void)
		{
			int i;

			/* Pointers to one or two may be left on stacks. */
			for (i = 0; i < 20; i++)
				memset(kmalloc(512, GFP_KERNEL), 'x', 512);
			return 0;
		}

		static void __exit leak_exit(void)
		{
		}

		module_init(leak_init);
		module_exit(leak_exit);
		MODULE_LICENSE("GPL");
	END
	cat >"$T/tree/bad/locks.c" <<-'END'
		#include <linux/module.h>
		#include <linux/mutex.h>

		static DEFINE_MUTEX(a);
		static DEFINE_MUTEX(b);

		static int __init locks_init(void)
		{
			mutex_lock(&a);
			mutex_lock(&b);
			mutex_unlock(&b);
			mutex_unlock(&a);
			mutex_lock(&b);
			mutex_lock(&a);
			mutex_unlock(&a);
			mutex_unlock(&b);
			return -EAGAIN;
		}

		module_init(locks_init);
		MODULE_LICENSE("GPL");
	END
}

take_source
modules
guest_file <<'END'
require-kernel-module bad
bad() { insmod "$ktest_module_dir/bad/$1.ko"; }
test_before() { :; }
test_leak() { bad leak && rmmod leak; }
test_behind() { :; }
test_locks() { ! bad locks; }
test_last() { :; }
END
run_on_it()
{
	btk run -k "$source" -o "$T/out" --accel "${ACCEL:-tcg}" --cpus 1 --mem 1G --isolation shared \
		--variant kmemleak --variant lockdep "$@" "$T/tree/t.ktest"
}
run_on_it
is 'verdicts' "$(verdicts)" \
	'before=PASS leak=FAIL(leak) behind=PASS locks=FAIL(lockdep) last=PASS'
like 'a leak: title' "$(of leak '[.findings[].title] | join(" ")')" 'memory leak in leak_init'
is 'a leak: in that subtest alone' "$(of behind '.findings | length')" 0
like 'locks: title' "$(of locks .title)" 'circular locking'
run_on_it --fail-on note:lockdep
is 'locks, noted: verdicts' "$(verdicts)" \
	'before=PASS leak=FAIL(leak) behind=PASS locks=PASS last=PASS'
like 'locks, noted: said' "$(cat "$T/out/out/kmemleak-lockdep-t.locks/log")" 'lockdep is off since this subtest'
is 'locks, noted: another guest' "$(result '.tests[3].guest != .tests[4].guest')" true
sed -i 's/^test_before/init_leaks() { bad leak; rmmod leak; }\n&/; s/^test_l.*//' "$T/tree/t.ktest"
run_on_it
is 'in a hook: verdicts' "$(verdicts)" '(init)=FAIL(leak) before=PASS behind=PASS'
gone 'leaks'

# Where there is no kmemleak it is said.
begin
guest_file <<'END'
config-leak-check
test_one() { :; }
END
sed -i '/^config-leak-check/a ktest_kernel_config_require=()' "$T/tree/t.ktest"
run
is 'without kmemleak' "$status $(verdicts)" '1 (init)=ERROR(init) one=MISS(init)'
like 'without kmemleak: said' "$(cat "$T/stdout")" "config-leak-check: kmemleak does not take 'scan=off'"
gone 'without kmemleak'
complete
