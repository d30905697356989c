# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmsan-NAME.ktest: NAME.ktest on a kernel that looks for uses of uninitialised memory.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

require-kernel-config KMSAN
config-compiler clang
config-mem-multiplier 2
config-timeout-multiplier 5

call_base_test kmsan "$@"
