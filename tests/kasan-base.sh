# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kasan-NAME.ktest: NAME.ktest on a kernel that checks each access to memory.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

config-variant kasan

call_base_test kasan "$@"
