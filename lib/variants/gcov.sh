# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# gcov: a kernel that counts which of its lines ran.

require-kernel-config GCOV_KERNEL,GCOV_PROFILE_ALL
