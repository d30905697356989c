#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The test files for single parts of a kernel, as testy chooses them, on Debian's; and testy itself.
. "$(dirname "$0")/lib.sh"

# In a tree of git, as far as testy looks.
changed()
{
	mkdir -p "$T/linux/.git" "$T/bin"
	ln -sfn "$KTEST" "$T/bin/testy"
	status=0
	(
		export_environment
		cd "$T/linux" && exec timeout -k 5 900 "$T/bin/testy" "$@"
	) >"$T/stdout" 2>"$T/stderr" </dev/null || status=$?
}

begin
kernel=$(kernel_dir)
changed -k "$kernel" fs/ext4/inode.c fs/xfs/xfs_file.c fs/btrfs/inode.c drivers/md/md.c drivers/md/dm.c
is 'parts of a kernel: exit status' "$status" 0
is 'parts of a kernel: in all' "$(tail -n 1 "$T/stdout")" '5 tests: 5 PASS'
for t in ext4 xfs btrfs md dm; do
	like "$t: passes" "$(grep "/$t.ktest" "$T/stdout")" "^PASS +[0-9ms.]+s  $TREE/tests/$t.ktest  \("
done
gone 'parts of a kernel'

# Debian's kernel has no such file system, and its configuration no such word.
begin
shipped bcachefs
is 'bcachefs: exit 0' "$status" 0
is 'bcachefs: skips' "$(verdicts)" 'files=SKIP full=SKIP parallel=SKIP fsck=SKIP'
is 'bcachefs: says why' "$(of files .title)" 'this kernel has no bcachefs'
gone 'bcachefs'
complete
