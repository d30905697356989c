# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmsan-NAME.ktest: NAME.ktest on a kernel that looks for uses of uninitialised memory.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

config-variant kmsan

call_base_test kmsan "$@"
