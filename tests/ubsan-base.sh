# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ubsan-NAME.ktest: NAME.ktest on a kernel that looks for undefined behaviour.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

config-variant ubsan

call_base_test ubsan "$@"
