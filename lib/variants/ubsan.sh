# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ubsan: a kernel that looks for undefined behaviour.

require-kernel-config UBSAN
require-kernel-config-soft UBSAN_SANITIZE_ALL,UBSAN_BOUNDS,UBSAN_SHIFT
