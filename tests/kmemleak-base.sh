# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kmemleak-NAME.ktest: NAME.ktest with a search for leaked memory after each subtest.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

config-variant kmemleak

call_base_test kmemleak "$@"
