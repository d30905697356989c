# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmemleak: a kernel that looks for memory that nothing points to; each subtest is followed by a search.

require-kernel-config-soft DEBUG_KMEMLEAK_AUTO_SCAN=n
config-timeout-multiplier 2
config-leak-check
