# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# preempt: a kernel that can be preempted nearly everywhere.

require-kernel-config PREEMPT
require-kernel-config-soft DEBUG_PREEMPT
