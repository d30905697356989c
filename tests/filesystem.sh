# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of each file system have in common. A file sources this and defines its subtests by
# these functions; the first scratch device is theirs.

# shellcheck source=tests/test-libs.sh
. "${BASH_SOURCE[0]%/*}/test-libs.sh"

fs_dir=/mnt/fs

# fs_make TYPE [OPTION...]: a new file system on the device, mounted
fs_make()
{
	local type=$1
	shift
	grep -qw "$type" /proc/filesystems || ktest_skip "this kernel has no $type"
	command -v "mkfs.$type" >/dev/null || ktest_skip "there is no mkfs.$type"
	"mkfs.$type" "$@" "${ktest_scratch_dev[0]}" >/dev/null
	mkdir -p $fs_dir
	mount -t "$type" "${ktest_scratch_dev[0]}" $fs_dir
}

# All that the page cache knew of it is forgotten.
fs_mount_again()
{
	umount $fs_dir
	blockdev --flushbufs "${ktest_scratch_dev[0]}"
	mount "${ktest_scratch_dev[0]}" $fs_dir
}

fs_sums()
{
	(cd $fs_dir && find . -type f -print0 | sort -z | xargs -0 md5sum)
}

# fs_files TYPE [OPTION...]: files of several kinds are the same after it was mounted again.
fs_files()
{
	local i sums
	fs_make "$@"
	mkdir -p $fs_dir/a/b/c
	for ((i = 0; i < 100; i++)); do
		echo "file $i" >"$fs_dir/a/b/$i"
	done
	head -c 8M /dev/urandom >$fs_dir/large
	truncate -s 1G $fs_dir/sparse
	echo end | dd of=$fs_dir/sparse bs=1M seek=1023 conv=notrunc status=none
	truncate -s 1000000 $fs_dir/sparse
	ln $fs_dir/large $fs_dir/a/hard
	ln -s ../large $fs_dir/a/soft
	mv $fs_dir/a/b/1 $fs_dir/a/b/2
	rm $fs_dir/a/b/3
	setfattr -n user.note -v hello $fs_dir/large 2>/dev/null || echo "no setfattr here"
	sums=$(fs_sums)
	fs_mount_again
	[[ $(fs_sums) == "$sums" ]]
	[[ $(<$fs_dir/a/b/2) == "file 1" && ! -e $fs_dir/a/b/1 && ! -e $fs_dir/a/b/3 ]]
	[[ $(stat -c %h $fs_dir/large) == 2 && $(readlink $fs_dir/a/soft) == ../large ]]
	rm -r $fs_dir/a $fs_dir/large $fs_dir/sparse
	fs_mount_again
	[[ -z $(find $fs_dir -mindepth 1 ! -name lost+found) ]]
}

# fs_full TYPE [OPTION...]: a full one says so, and can be used again when there is room.
fs_full()
{
	fs_make "$@"
	echo keep >$fs_dir/keep
	assert_fails_with "No space left" dd if=/dev/zero of=$fs_dir/fill bs=1M status=none
	rm $fs_dir/fill
	sync -f $fs_dir
	head -c 8M /dev/urandom >$fs_dir/again
	fs_mount_again
	[[ $(<$fs_dir/keep) == keep && $(stat -c %s $fs_dir/again) == $((8 << 20)) ]]
}

# fs_parallel TYPE [OPTION...]: many at work in it at a time, each finds what it wrote.
fs_parallel()
{
	local i
	local -a pids=()
	fs_make "$@"
	for ((i = 0; i < 4; i++)); do
		fs_worker $i &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
}

fs_worker()
{
	local dir=$fs_dir/worker.$1 i
	for ((i = 0; i < 5; i++)); do
		mkdir "$dir"
		seq $((i * 100)) $((i * 100 + 2000)) >"$dir/numbers"
		mv "$dir/numbers" "$dir/moved"
		cmp "$dir/moved" <(seq $((i * 100)) $((i * 100 + 2000)))
		rm -r "$dir"
	done
}
