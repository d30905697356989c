#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The assertions: which hold, which do not, and what they say then.

# shellcheck source=t/lib/tap.bash
. "${BASH_SOURCE[0]%/*}/tap.bash"

export ktest_control=1

# try COMMAND: in a subtest, on line 8 of a file
try()
{
	test_file a.ktest <<END
both() { echo to stdout; echo to stderr >&2; return "\$1"; }
crash() { bash -c 'kill -SEGV \$\$'; }
strict() { false; echo "after false"; }
test_a()
{
	$1
	echo END
}
END
	guest a.ktest run-tests a
}

# holds COMMAND: what follows it is reached.
holds()
{
	try "$1"
	is "$status:$(tail -n 1 <<<"$out")" 0:END "holds: $1"
}

# breaks COMMAND MESSAGE: it ends the subtest, with a message that names file and line
breaks()
{
	try "$1"
	is "$status:$(grep -c END <<<"$out")" 1:0 "does not hold: $1"
	like "$err" "a.ktest:8: .*$2" "and says: $2"
}

holds "assert_fails false"
holds "assert_fails both 3"
holds "assert_fails_with 'to std(err|in)' both 3"
holds "assert_fails_with '^to stdout\$' both 3"
holds "assert_output_has stdout both 0"
holds "assert_output_has '^to stderr' both 9"
holds "assert_output_has -- printf '%s\n' --"
holds "assert_output_lacks stdin both 0"
holds "assert_output_lacks . true"

breaks "assert_fails true" "true: expected to fail, but it succeeded"
breaks "assert_fails_with . both 0" "expected to fail, but it succeeded"
breaks "assert_fails_with nonsense both 1" "expected output matching 'nonsense', got: to stdout"
breaks "assert_output_has nonsense true" "expected output matching 'nonsense', got: nothing"
breaks "assert_output_lacks stderr both 0" "expected no output matching 'stderr', got: to stdout"

# What would let a mistake pass
breaks "assert_fails no-such-program" "no-such-program could not be run"
breaks "assert_output_lacks x no-such-program" "could not be run"
breaks "assert_fails crash" "killed by signal 11"
breaks "assert_output_lacks '(' both 0" "cannot match against"
breaks "assert_fails" "assert_fails: an argument is missing"
breaks "assert_fails_with pattern" "assert_fails_with: an argument is missing"

try "assert_output_has stdout both 0"
like "$out" "^to stdout" "what the command printed is in the log"

tap_done
