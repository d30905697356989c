# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# gcov-NAME.ktest: NAME.ktest on a kernel that counts which of its lines ran.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

config-variant gcov

call_base_test gcov "$@"
