# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kcsan-NAME.ktest: NAME.ktest on a kernel that looks for data races.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

config-variant kcsan

call_base_test kcsan "$@"
