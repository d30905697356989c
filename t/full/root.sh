# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For the tests that need a root image of another architecture; beside t/vm/lib.sh.

# make_root ARCH IMAGE: minimal; status, $T/stdout and $T/stderr are those of root_image. A security
# archive that is out of step with its mirror is done without.
make_root()
{
	local KTEST=$TREE/bin/root_image args=(create -a "$1" --minimal -i "$2" --accel "${ACCEL:-tcg}")
	ktest "${args[@]}"
	((status == 0)) || ktest "${args[@]}" -m http://deb.debian.org/debian
}
