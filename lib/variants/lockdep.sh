# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lockdep: a kernel that proves its locking.

require-kernel-config PROVE_LOCKING
require-kernel-config-soft DEBUG_ATOMIC_SLEEP,PROVE_RCU,DEBUG_LOCK_ALLOC,DEBUG_MUTEXES,DEBUG_SPINLOCK
config-timeout-multiplier 3
