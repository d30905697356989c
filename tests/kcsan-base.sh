# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kcsan-NAME.ktest: NAME.ktest on a kernel that looks for data races.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

require-kernel-config KCSAN
require-kernel-config-soft KCSAN_REPORT_ONCE_IN_MS=0
config-compiler clang
config-timeout-multiplier 3

call_base_test kcsan "$@"
