# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Assertions: each ends the subtest (under its `set -e`) with a message that says what was expected and
# what came. A command that was not found or was killed by a signal meets no expectation: else a
# mistyped one would pass.

# ktest_capture CMD...: run it; set ktest_output to what it printed on both, ktest_code to its status.
# 1 and a message when there was no proper end.
ktest_capture()
{
	local -
	set +e
	ktest_output=$("$@" 2>&1)
	ktest_code=$?
	[[ -z $ktest_output ]] || printf '%s\n' "$ktest_output"
	if ((ktest_code == 126 || ktest_code == 127)); then
		ktest_unmet "$1 could not be run" "$@"
	elif ((ktest_code > 128)); then
		ktest_unmet "it was killed by signal $((ktest_code - 128))" "$@"
	else
		return 0
	fi
	return 1
}

# ktest_unmet MESSAGE CMD...
ktest_unmet()
{
	ktest_complain "${*:2}: $1"
}

# ktest_matches PATTERN CMD...: whether a line of ktest_output does. 2 and a message: no pattern.
ktest_matches()
{
	local status
	grep -qE -e "$1" <<<"$ktest_output" && return
	status=$?
	((status == 1)) || ktest_unmet "cannot match against '$1'" "${@:2}"
	return "$status"
}

# assert_fails CMD...
assert_fails()
{
	ktest_want 1 "$@"
	ktest_capture "$@" || return
	((ktest_code == 0)) || return 0
	ktest_unmet "expected to fail, but it succeeded" "$@"
	return 1
}

# assert_fails_with PATTERN CMD...: fails, and a line of its output matches the extended regular expression.
assert_fails_with()
{
	ktest_want 2 "$@"
	assert_fails "${@:2}" || return
	ktest_output_has "$@"
}

# assert_output_has PATTERN CMD...: whatever its status
assert_output_has()
{
	ktest_want 2 "$@"
	ktest_capture "${@:2}" || return
	ktest_output_has "$@"
}

ktest_output_has()
{
	ktest_matches "$@" && return
	ktest_unmet "expected output matching '$1', got: ${ktest_output:-nothing}" "${@:2}"
	return 1
}

# assert_output_lacks PATTERN CMD...: whatever its status
assert_output_lacks()
{
	local status=0
	ktest_want 2 "$@"
	ktest_capture "${@:2}" || return
	ktest_matches "$@" || status=$?
	((status != 1)) || return 0
	((status != 0)) ||
		ktest_unmet "expected no output matching '$1', got: $ktest_output" "${@:2}"
	return 1
}
