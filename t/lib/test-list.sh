#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Listing the subtests, and what else a file can be called with.

# shellcheck source=t/lib/tap.bash
. "${BASH_SOURCE[0]%/*}/tap.bash"

cat >"$work/more.sh" <<'END'
test_zz_of_library() { :; }
END
test_file list.ktest <<END
. $work/more.sh
test_z() { :; }
test_a_test_b() { :; }
test_() { :; }
not_test_c() { :; }
test_b()
{
	:
}
for n in 1 2; do eval "test_made_\$n() { :; }"; done
test_generic/001() { :; }
END
host list.ktest list-tests
is "$status:$err" 0: "list-tests succeeds"
is "${out//$'\n'/ }" "zz_of_library z a_test_b b made_1 made_2 generic/001" \
	"every subtest by its full name, in the order of the file"

test_file own.ktest <<'END'
list_tests() { echo one two; }
END
host own.ktest list-tests
is "$out" "one two" "list_tests may be redefined"

host list.ktest
is "$status:$out:$err" 0:: "called with nothing, a file does nothing"
host list.ktest frobnicate
is "$status" 129 "an unknown call is refused"
like "$err" "^usage: .*list.ktest deps" "with the calls there are"

# A file that crashes kernels is not run on the host by a slip.
test_file harm.ktest <<END
init_x() { touch $work/harm; }
test_x() { touch $work/harm; }
END
for call in init "run-tests x"; do
	# shellcheck disable=SC2086 # two words
	host harm.ktest $call
	like "$status:$err" "^125:.*this is for a guest: ktest run" "$call outside of a guest is refused"
done
is "$([[ -e $work/harm ]]; echo $?)" 1 "and does nothing"

# Another language, if executable
printf '#!/bin/sh\necho "$0 $*"\n' >"$work/other.ktest"
chmod +x "$work/other.ktest"
host other.ktest list-tests
is "$out" "$work/other.ktest list-tests" "a file for another interpreter is started by it"
host missing.ktest deps
is "$status:$err" "1:$work/missing.ktest: cannot be read" "a missing file is named"

# Every file that we ship lists without complaint, under a name that finds it from anywhere too.
for file in "$tree"/tests/*.ktest; do
	got=$(cd / && bash "$tree/lib/run-host.sh" "$file" list-tests 2>&1 | wc -w)
	is "$((got > 0))" 1 "${file##*/} lists its subtests"
	got=$(cd / && bash "$tree/lib/run-host.sh" "$file" deps 2>&1 | grep -cvE '^ktest_[a-z_]+=')
	is "$got" 0 "${file##*/} declares and prints nothing else"
done

tap_done
