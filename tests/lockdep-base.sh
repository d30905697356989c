# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lockdep-NAME.ktest: NAME.ktest on a kernel that proves its locking.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

config-variant lockdep

call_base_test lockdep "$@"
