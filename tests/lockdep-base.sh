# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lockdep-NAME.ktest: NAME.ktest on a kernel that proves its locking.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

require-kernel-config PROVE_LOCKING
require-kernel-config-soft DEBUG_ATOMIC_SLEEP,PROVE_RCU,DEBUG_LOCK_ALLOC,DEBUG_MUTEXES,DEBUG_SPINLOCK
config-timeout-multiplier 3

call_base_test lockdep "$@"
