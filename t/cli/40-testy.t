#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# testy chooses: what changed, which lists, which lines; nothing is run.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/testy.sh"

# ---- from git

tree
testy -n
is 'nothing changed: exit status' "$status" 0
is 'nothing changed: nothing chosen' "$(cat "$T/stdout")" ''
testy
is 'nothing changed, run: exit status' "$status" 0
like 'nothing changed, run: says so' "$(cat "$T/stderr")" '^testy: 0 changed paths, and no list has a test'

echo x >>"$T/linux/fs/ext4/inode.c"
testy -n
is 'one edited: exit status' "$status" 0
is 'one edited: its test, and ours' "$(chosen)" 'ext4.ktest ext4.sh'
like 'one edited: the reason' "$(grep ext4.sh "$T/stdout")" \
	"^$T/tests/ext4.sh"$'\t'"$T/linux/fs/tests.testy:1 for fs/ext4/inode.c\$"
like 'one edited: the reason of ours' "$(grep ext4.ktest "$T/stdout")" \
	"/lists/tests.testy:[0-9]+ for fs/ext4/inode.c\$"
is 'one edited: nothing is written' "$(ls "$T/linux")" "$(cd "$T/linux" && git ls-files | cut -d/ -f1 | uniq)"

commit 'touch ext4'
testy -n
is 'committed: nothing left' "$(chosen)" ''
testy --since HEAD~1 -n
is '--since: as before' "$(chosen)" 'ext4.ktest ext4.sh'
testy -n HEAD~1..HEAD
is 'REV..REV: as before' "$(chosen)" 'ext4.ktest ext4.sh'
testy -n HEAD..HEAD~1
is 'backward: the same' "$(chosen)" 'ext4.ktest ext4.sh'

rm "$T/linux/block/bio.c"
testy -n
is 'deleted: still matches' "$(chosen)" 'block.sh disks.ktest dm.ktest'
(cd "$T/linux" && git mv fs/xfs/xfs_file.c fs/ext4/file.c)
testy -n
is 'renamed: both names' "$(chosen)" 'block.sh disks.ktest dm.ktest ext4.ktest ext4.sh xfs.ktest xfs.sh'
commit 'delete and rename'
testy -n HEAD~1..
is 'deleted and renamed, committed' "$(chosen)" 'block.sh disks.ktest dm.ktest ext4.ktest ext4.sh xfs.ktest xfs.sh'
testy -n fs/xfs/xfs_file.c
is 'a path that is gone' "$(chosen)" 'xfs.ktest xfs.sh'

testy -n --since nowhere
is 'no such revision: exit status' "$status" 129
is 'no such revision: one line' "$(cat "$T/stderr")" 'testy: --since nowhere: git knows no such revision'
testy -n nowhere..HEAD
is 'no such range: exit status' "$status" 129
is 'no such range: one line' "$(lines_of "$T/stderr")" 1
CD=$T testy -n
is 'no git tree: exit status' "$status" 129
like 'no git tree: one line with the remedy' "$(cat "$T/stderr")" 'no git tree in .*name the changed files'
CD=$T testy -n -k "$T/linux" --since HEAD~1
is '-k with a source tree: git is asked there' "$(chosen)" ''
kernel_tree
CD=$T testy -n -k "$T/linux" HEAD~2..HEAD~1
is '-k with a source tree: its changes' "$(chosen)" 'block.sh disks.ktest dm.ktest ext4.ktest ext4.sh xfs.ktest xfs.sh'

# ---- paths, priorities, lists

tree
testy -n block/bio.c
is 'a path' "$(chosen)" 'block.sh disks.ktest dm.ktest'
testy block/bio.c -n -p 1
is 'options behind it, a higher priority' "$(chosen)" 'block.sh disks.ktest dm.ktest long.sh'
like 'the highest priority comes last' "$(tail -n 1 "$T/stdout")" 'long.sh'
testy -n -p -1 block/bio.c
is 'a lower priority' "$(chosen)" ''
CD=$T/linux/fs testy -n ext4 ../block/bio.c
is 'relative paths' "$(chosen)" 'block.sh disks.ktest dm.ktest ext4.ktest ext4.sh'
testy -n .
is 'the whole tree: each test once' "$(chosen | tr ' ' '\n' | sort | uniq -d)" ''
like 'the whole tree: lists below count' "$(chosen)" 'deep.sh'
testy -n "$T/linux/fs/deep"
is 'a directory: the list in it' "$(chosen)" 'deep.sh'
printf 'fs/ext4/inode.c\n\nblock/gone.c\n' >"$T/paths"
testy -n -i "$T/paths"
is '-i: paths from a file' "$(chosen)" 'block.sh disks.ktest dm.ktest ext4.ktest ext4.sh'
testy_stdin "$T/paths" -n -i -
is '-i -: from standard input' "$(chosen)" 'block.sh disks.ktest dm.ktest ext4.ktest ext4.sh'
testy -n -i "$T/nowhere"
is '-i, no such file: exit status' "$status" 129

testy --list block fs/ext4/inode.c block/bio.c
is '--list: each test once' "$(chosen)" 'block.sh disks.ktest dm.ktest ext4.ktest ext4.sh'
like '--list: all reasons' "$(grep ext4.sh "$T/stdout")" \
	"$T/linux/fs/tests.testy:1 for fs/ext4/inode.c; $T/linux/tests.testy:2 for fs/ext4/inode.c\$"
like '--list: how many paths' "$(grep block.sh "$T/stdout")" ':4 for block and 1 more$'

mkdir "$T/more"
echo "0 net ../tests/xfs.sh" >"$T/more/mine.testy"
testy -n --lists "$T/more" net/core/dev.c
is '--lists: as if at the top of the tree' "$(chosen)" 'success.ktest xfs.sh'
testy -n --lists "$T/nowhere" net/core/dev.c
is '--lists, no such directory: exit status' "$status" 129
mkdir "$T/none"
testy -n --lists "$T/none" net/core/dev.c
is '--lists, no list in it: exit status' "$status" 129
like '--lists, no list in it: says so' "$(cat "$T/stderr")" "no list .* in $T/none"

# ---- what is wrong is named, and nothing runs

bad_list()
{
	local name=$1 line=$2 message=$3
	tree
	printf '0 . ../../tests/ran.sh\n\n%s\n' "$line" >"$T/linux/fs/tests.testy"
	testy fs/ext4/inode.c
	is "$name: exit status" "$status" 129
	like "$name: file and line" "$(cat "$T/stderr")" "^testy: $T/linux/fs/tests.testy:3: $message"
	is "$name: one line" "$(lines_of "$T/stderr")" 1
	is "$name: nothing was run" "$([[ -e $T/ran || -e $T/linux/testy-out ]] && echo ran)" ''
}

bad_list 'two fields' '0 ext4' '2 fields instead of'
bad_list 'four fields' '0 ext4 ../../tests/ext4.sh x' '4 fields instead of'
bad_list 'no priority' 'ext4 . ../../tests/ext4.sh' 'the PRIORITY is not a number'
bad_list 'a missing test' '0 xfs ../../tests/gone.ktest' "the test $T/tests/gone.ktest: No such file"
bad_list 'not executable' '0 xfs ext4/inode.c' "the test .*: neither a .ktest file nor executable"

testy -n --frobnicate
is 'an unknown option: exit status' "$status" 129
testy -n -- -x
is 'behind "--" a path: exit status' "$status" 0
testy -h
is '-h: exit status' "$status" 0
like '-h: the usage' "$(head -n 1 "$T/stdout")" '^usage: testy '

# ---- much of it

tree
(
	cd "$T/linux" || exit
	for d in {1..250}; do
		mkdir -p "drivers/d$d/sub"
		for f in {1..20}; do
			: >"drivers/d$d/sub/f$f.c"
		done
	done
)
commit 'five thousand files'
# A second where nothing else runs, and no sanitizer; what it takes there is for the benchmark.
LIMIT=20 testy -n HEAD~1..HEAD
is '5,000 files: exit status' "$status" 0
is '5,000 files: the list at the top' "$(chosen)" 'drivers.sh'
like '5,000 files: all of them' "$(cat "$T/stdout")" 'for drivers/d1/sub/f1.c and 4999 more'
no_process 'choosing'
complete
