# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For the tests of testy: a git tree with the paths of a kernel's, lists in it, tests beside it.

# git as it is without the user's configuration.
export GIT_CONFIG_NOSYSTEM=1

# testy [ARG...]: in $CD (the tree) to its end; status, $T/stdout and $T/stderr.
testy()
{
	testy_stdin /dev/null "$@"
}

# The link's name makes it testy.
testy_stdin()
{
	local stdin=$1
	shift
	status=0
	(
		testy_environment
		exec timeout -k 5 "${LIMIT:-120}" "$T/bin/testy" "$@"
	) >"$T/stdout" 2>"$T/stderr" <"$stdin" || status=$?
}

# The same in the background, as $pid.
testy_background()
{
	rm -f "$T/stdout" "$T/stderr"
	(
		testy_environment
		exec "$T/bin/testy" "$@"
	) >"$T/stdout" 2>"$T/stderr" </dev/null &
	pid=$!
}

testy_environment()
{
	export_environment
	export PATH=$T/bin:$PATH
	cd "${CD:-$T/linux}" || exit
}

# The names of the chosen tests, sorted: where ktest and the tree lie decides between equals.
chosen()
{
	cut -f 1 "$T/stdout" | sed 's,.*/,,' | LC_ALL=C sort | paste -sd ' '
}

# program NAME: a test that is this script
program()
{
	mkdir -p "$T/tests"
	{
		echo '#!/bin/bash'
		cat
	} >"$T/tests/$1"
	chmod 755 "$T/tests/$1"
}

commit()
{
	(
		export HOME=$T/home
		cd "$T/linux" && git add -A &&
			git -c user.name=a -c user.email=a@example commit -qm "$1"
	)
}

tree()
{
	local f
	begin
	ln -s "$KTEST" "$T/bin/testy"
	for f in block.sh deep.sh drivers.sh ext4.sh long.sh xfs.sh; do
		program "$f" <<<'echo "this is ${0##*/}"'
	done
	program ran.sh <<<"touch '$T/ran'"
	mkdir -p "$T/linux/fs/"{ext4,xfs,deep/down} "$T/linux/block" "$T/linux/net/core"
	for f in fs/ext4/inode.c fs/ext4/super.c fs/xfs/xfs_file.c block/bio.c net/core/dev.c; do
		seq 50 >"$T/linux/$f"
		echo "$f" >>"$T/linux/$f"
	done
	printf '%s\n' '# lists of the tests' '0 fs/ext4/ ../tests/ext4.sh' \
		'0 fs/xfs/. ../tests/xfs.sh' '0 bl?ck/* ../tests/block.sh # a comment' \
		'1 block ../tests/long.sh' '0 drivers ../tests/drivers.sh' >"$T/linux/tests.testy"
	echo '0 ext4/inode.c ../../tests/ext4.sh' >"$T/linux/fs/tests.testy"
	echo '0 some/where ../../../../tests/deep.sh' >"$T/linux/fs/deep/down/tests.testy"
	git init -q "$T/linux"
	commit 'the tree'
}

# From now on it looks like a kernel's source.
kernel_tree()
{
	mkdir -p "$T/linux/"{arch,init,scripts}
	touch "$T/linux/"{Kbuild,Kconfig,Makefile,arch/x,init/x,scripts/x}
	commit 'a kernel'
}
