# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For the tests that build kernels of the real source, which ./setup check has fetched: what lib.sh
# has, and the tree in $source, for one test at a time. Objects come from the ccache that is kept
# between runs; the first time a kernel takes as long as one does.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/ktest
# shellcheck source=t/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LIMIT=10800
source=$cache/src/linux-6.12
pristine=$cache/src/linux-6.12.inode.c
edited=$source/fs/ext4/inode.c

# Nothing but the objects is anybody else's: kernels kept by an earlier run would be none of this one.
export_environment()
{
	export TMPDIR=$T/tmp HOME=$STORE XDG_CACHE_HOME=$T/cache
	export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache}
	unset CC KCFLAGS LOCALVERSION
}

btk()
{
	local KTEST=$TREE/bin/build-test-kernel
	ktest "$@"
}

build()
{
	btk build -k "$source" -o "$T/out" "$@"
}

# run_success [OPTION...]: tests/success.ktest on a kernel of $source.
run_success()
{
	btk run -k "$source" -o "$T/out" --accel "${ACCEL:-tcg}" --cpus 1 --mem 512M "$@" \
		"$TREE/tests/success.ktest"
}

# edit [SYMBOL]: only its time differs from the one before, or there is also that symbol.
edit()
{
	cp "$pristine" "$edited.new" && mv "$edited.new" "$edited"
	[[ -z ${1-} ]] || echo "int $1;" >>"$edited"
}

# The source for this test alone, as it was fetched.
take_source()
{
	begin
	[[ -d $source ]] || { fail 'the source of Linux 6.12' "no $source: ./setup check fetches it"; exit; }
	exec 9>"$cache/src/.lock-tests"
	flock 9
	# What a run that was killed has left edited.
	[[ -e $pristine ]] || cp "$edited" "$pristine"
	! grep -q '^int ktest_' "$edited" || edit ''
}
