# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kcsan: a kernel that looks for data races.

require-kernel-config KCSAN
require-kernel-config-soft KCSAN_REPORT_ONCE_IN_MS=0
config-compiler clang
config-timeout-multiplier 3
