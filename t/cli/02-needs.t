#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Test files that are broken in every way: one line that names file and cause, exit status 125.
. "$(dirname "$0")/lib.sh"

# refused NAME REGEX: what the test file now in place comes to
refused()
{
	local start=$SECONDS
	LIMIT=60 run
	is "$1: exit status" "$status" 125
	is "$1: one line" "$(lines_of "$T/stderr")" 1
	like "$1: it names the file" "$(cat "$T/stderr")" 't\.ktest'
	like "$1: and the cause" "$(cat "$T/stderr")" "$2"
	at_most "$1: seconds" $((SECONDS - start)) 40
	gone "$1"
}

begin
declares 'ktest_cpus=1' 'this is no declaration'
refused 'rubbish on stdout' 'this is no declaration'

test_file <<'EOF'
#!/bin/bash
printf '\x00\x01\xff\xfe\n'
EOF
refused 'binary rubbish' '.'

test_file <<'EOF'
#!/bin/bash
[[ $1 == deps ]] && exit 0
setsid sleep 300 &
sleep 300
EOF
refused 'hanging' 'second|time|deadline| s\b'

test_file <<'EOF'
#!/bin/bash
yes 'ktest_kernel_append=()'
EOF
refused 'flooding' 'MiB|bytes|much|output'

test_file <<'EOF'
#!/bin/bash
echo 'cannot do it here' >&2
exit 3
EOF
refused 'non-zero exit' '(status 3.*)?cannot do it here'

test_file <<'EOF'
#!/bin/bash
if then fi
EOF
refused 'a syntax error' 'syntax error'

printf 'echo no interpreter line\n' >"$T/tree/t.ktest"
chmod 644 "$T/tree/t.ktest"
refused 'not executable' 'execut|permission|chmod'

begin
declares ktest_library=1 'ktest_scratch_dev_sizes=(0)'
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
refused 'a disk of 0 bytes' '(disk|scratch).*0|0.*(disk|scratch)|ktest_scratch_dev_sizes'

declares ktest_library=1 'ktest_mem=99999999'
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
refused 'more memory than there is' '[Mm]emory|MiB'

declares ktest_library=1 'ktest_storage_bus=floppy'
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
refused 'a bus that is none' 'floppy'

# The library of a tree may be an old one: words it prints are data, never run.
declares ktest_library=1 "ktest_kernel_append=(\$(touch $T/tmp/owned))"
sed -i 's/SUBTESTS/one/' "$T/tree/t.ktest"
run
is 'a command in a declaration: exit status' "$status" 125
is 'a command in a declaration is not run' "$(ls "$T/tmp/owned" 2>/dev/null)" ''

test_file <<EOF
#!/bin/bash
case \$1 in
deps) touch "$T/tree/written" "$T/home/written" 2>/dev/null; echo ktest_mem=64; echo ktest_library=1 ;;
list-tests) echo one ;;
esac
EOF
run
is 'a file that writes on the host: runs' "$status" 0
is 'but has written nothing' "$(ls "$T/tree/written" "$T/home/written" 2>/dev/null)" ''
gone 'a file that writes'

declares ktest_library=1 ktest_mem=64
sed -i 's/SUBTESTS/same same/' "$T/tree/t.ktest"
refused 'two subtests of one name' 'same'
sed -i 's/same same/a\/b a.b/' "$T/tree/t.ktest"
refused 'two names for one directory' 'a.b'
complete
