#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The agent for each architecture of the table, without a warning of its compiler.
cd "$(dirname "$0")/../.." || exit 2

mapfile -t archs < <(awk -F'"' '/\.name =/ { print $2 }' kernel/arch.c)
echo "1..${#archs[@]}"
n=0
failures=0
for a in "${archs[@]}"; do
	n=$((n + 1))
	if out=$(make -s ARCHS="$a" WERROR=1 -W proto/frame.h agents 2>&1); then
		echo "ok $n - $a"
	else
		failures=1
		echo "not ok $n - $a"
		# shellcheck disable=SC2001
		sed 's/^/# /' <<<"$out"
	fi
done
exit $failures
