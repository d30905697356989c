# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kasan-NAME.ktest: NAME.ktest on a kernel that checks each access to memory.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

require-kernel-config KASAN,KASAN_GENERIC
require-kernel-config-soft KASAN_INLINE,KASAN_VMALLOC,STACKTRACE
config-timeout-multiplier 2

call_base_test kasan "$@"
