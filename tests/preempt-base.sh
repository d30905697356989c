# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# preempt-NAME.ktest: NAME.ktest on a kernel that can be preempted nearly everywhere.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

config-variant preempt

call_base_test preempt "$@"
