# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kasan: a kernel that checks each access to memory.

require-kernel-config KASAN,KASAN_GENERIC
require-kernel-config-soft KASAN_INLINE,KASAN_VMALLOC,STACKTRACE
config-timeout-multiplier 2
