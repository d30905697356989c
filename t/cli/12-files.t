#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Several test files, names that are paths, chosen subtests, -F, -T.
. "$(dirname "$0")/lib.sh"

# file_with PATH SUBTEST...: a test file below the tree; '/' in a subtest's name as '\/'
file_with()
{
	local path=$T/tree/$1
	shift
	subtests "$@"
	mkdir -p "${path%/*}"
	[[ $path == "$T/tree/t.ktest" ]] || mv "$T/tree/t.ktest" "$path"
}

two_files()
{
	begin
	file_with a.ktest one two
	file_with b.ktest one three
}

two_files
fake <<'EOF'
subtest two:
	exit 1
EOF
run_files -- a.ktest b.ktest
is 'two files: exit status' "$status" 1
is 'two files: verdicts' "$(file_verdicts)" \
	'a/one=PASS a/two=FAIL(exit status) b/one=PASS b/three=PASS'
is 'two files: logs' "$(cd "$T/out/out" && echo *)" 'a a.one a.two b b.one b.three'
is 'two files: a guest for each' "$(result '.tests[0].guest != .tests[2].guest')" true
like 'two files: the table' "$(table)" 'FAIL +[0-9.]+s +a two'
gone 'two files'

declares ktest_library=1 ktest_mem=64 ktest_arch=aarch64
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
run_files -- a.ktest t.ktest
is 'two architectures: exit status' "$status" 129
like 'two architectures: what to do' "$(cat "$T/stderr")" \
	'a.ktest is for x86_64 and .*t.ktest for aarch64; run them apart'
gone 'two architectures'

run_files -F -- a.ktest b.ktest
is '-F: exit status' "$status" 1
is '-F: the next file is not started' "$(file_verdicts)" \
	'a/one=PASS a/two=FAIL(exit status) b/one=NONE b/three=NONE'
is '-F: status' "$(cat "$T/out/out/b.one/status")" '========= NOT STARTED'
gone '-F'

run_files -- a.ktest one b.ktest three
is 'subtests of each: verdicts' "$(file_verdicts)" 'a/one=PASS b/three=PASS'
gone 'subtests of each'

run_files -- a.ktest one b.ktest two
is 'a subtest of the other file: exit status' "$status" 129
like 'a subtest of the other file: it is named' "$(cat "$T/stderr")" "b.ktest has no subtest 'two'"
is 'a subtest of the other file: one line' "$(lines_of "$T/stderr")" 1
gone 'a subtest of the other file'

run_files -- a.ktest a.ktest
is 'a file named twice: exit status' "$status" 129
gone 'a file named twice'

file_with a.one.ktest four
run_files -- a.ktest a.one.ktest
is 'one directory for two: exit status' "$status" 129
is 'one directory for two: one line' "$(lines_of "$T/stderr")" 1
like 'one directory for two: who' "$(cat "$T/stderr")" \
	'/a.ktest one and .*/a.one.ktest would both write out/a.one; run them apart'
gone 'one directory for two'

# One of them cannot be read: nothing runs.
printf '#!/bin/bash\nexit 4\n' >"$T/tree/b.ktest"
run_files -- a.ktest b.ktest
is 'one is broken: exit status' "$status" 125
is 'one is broken: one line' "$(lines_of "$T/stderr")" 1
like 'one is broken: it is named' "$(cat "$T/stderr")" 'b.ktest'
gone 'one is broken'

begin
: >"$T/tree/test-libs.sh"
file_with fs/x.ktest one
file_with net/x.ktest one
fake </dev/null
run_files -- fs/x.ktest net/x.ktest
is 'files of one name: exit status' "$status" 0
like 'files of one name: told apart by the path' "$(file_verdicts)" \
	'^(.*\.)?fs\.x/one=PASS (.*\.)?net\.x/one=PASS$'
is 'files of one name: two logs' "$(find "$T/out/out" -name log | wc -l)" 2
gone 'files of one name'

begin
file_with t.ktest 'generic\/001' 'generic\/002'
fake <<'EOF'
subtest generic/002:
	print this is number two
	exit 1
EOF
run
is 'names that are paths: verdicts' "$(verdicts)" 'generic/001=PASS generic/002=FAIL(exit status)'
is 'names that are paths: the log' "$(grep -c 'number two' "$T/out/out/t.generic.002/log")" 1
is 'names that are paths: status' "$(cut -d' ' -f1-3 "$T/out/out/t.generic.001/status")" \
	'========= PASSED generic/001'
run -- generic/001
is 'names that are paths: one is chosen' "$(verdicts)" 'generic/001=PASS'
gone 'names that are paths'

# -T: a directory for the VM; one with something in it is not taken.
begin
fake <<'EOF'
subtest one:
	print one is here
	sleep 1000
	exit 0
EOF
run_background -T "$T/vmdir"
wait_for 'one is here' said 'one is here'
vm=$(readlink "$T/out/vm")
like '-T: the VM lives there' "$vm" "^$T/vmdir/"
is "-T: its directory is its owner's alone" "$(stat -c %a "$vm")" 700
is '-T: its socket too' "$(stat -c '%F %a' "$vm/qmp")" 'socket 600'
await
is '-T: exit status' "$status" 0
is '-T: nothing is left in it' "$(ls -A "$T/vmdir" 2>/dev/null)" ''
mkdir -p "$T/vmdir"
echo mine >"$T/vmdir/file"
run -T "$T/vmdir"
is '-T, not empty: exit status' "$status" 125
like '-T, not empty: it is named' "$(cat "$T/stderr")" "$T/vmdir is not empty"
is '-T, not empty: left alone' "$(cat "$T/vmdir/file")" mine
gone '-T'

# -L: again and again, until something fails or somebody has had enough.
two_files
subtests one
fake </dev/null
run_background -L
wait_for '-L: two rounds' grep -qsx 'SUCCESSFUL ITERATIONS 2' "$T/stdout"
kill -INT "$pid"
await
is '-L: interrupted: exit status' "$status" 130
gone '-L: interrupted'
fake <<'EOF'
subtest one:
	exit 1
EOF
run -L
is '-L: a failure: exit status' "$status" 1
is '-L: a failure: no round was a success' "$(grep -c SUCCESSFUL "$T/stdout")" 0
gone '-L: a failure'
complete
