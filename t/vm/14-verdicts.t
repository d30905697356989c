#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short form of t/campaign/verdicts; with KTEST_SOAK, which `./setup check --full` sets, the long one.
. "$(dirname "$0")/lib.sh"

subtests=24
[[ -z ${KTEST_SOAK-} ]] || subtests=300
JOBS=1 "$TREE/t/campaign/verdicts" "$subtests" 1 >"$T/stdout" 2>"$T/stderr"
is 'exit status' $? 0
like 'none missed, none false' "$(tail -n 1 "$T/stdout")" \
	"^$subtests subtests, [1-9][0-9]* bugs, 0 missed, 0 false, "
is 'each kind of bug happened' "$(grep -c 'of   0 right$' "$T/stdout")" 0
complete
