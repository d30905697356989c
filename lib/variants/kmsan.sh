# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmsan: a kernel that looks for uses of uninitialised memory.

require-kernel-config KMSAN
config-compiler clang
config-mem-multiplier 2
config-timeout-multiplier 5
