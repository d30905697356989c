#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A tree of tests with a library of its own, which prints its verdicts itself.
. "$(dirname "$0")/lib.sh"

begin
tests=$TREE/t/data/own-library/tests
sum=$(find "$tests" -type f -exec sha256sum {} + | sort)
run_args
ktest "${args[@]}" "$tests/pass.ktest" "$tests/fail.ktest" "$tests/skip.ktest" \
	"$tests/crash.ktest" "$tests/watchdog.ktest"
is 'exit 1' "$status" 1
for file in pass fail skip crash watchdog; do
	found=$(result ".tests[] | select(.file == \"$file\") |
		.subtest + \"=\" + .verdict + (if .reason then \"(\" + .reason + \")\" else \"\" end)" |
		tr '\n' ' ')
	case $file in
	pass) want='^([a-z_]+=PASS )+$' ;;
	fail) want='FAIL\(' ;;
	skip) want='SKIP ' ;;
	crash) want='FAIL\(panic\) ' ;;
	watchdog) want='FAIL\(timeout\) ' ;;
	esac
	like "$file" "$found" "$want"
done
is 'the tree is as it was' "$(find "$tests" -type f -exec sha256sum {} + | sort)" "$sum"
gone 'own library'
complete
