#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What isolation a file gets: what is asked for, where that can be had.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clones.sh"

declared()
{
	clones
	declares ktest_library=1 ktest_mem=64 ktest_cpus=1 "$@"
	sed -i 's/SUBTESTS/one two/' "$T/tree/t.ktest"
}

# check NAME WANTED GUESTS [OPTION...]
check()
{
	local name=$1 wanted=$2 guests=$3
	shift 3
	run "$@"
	is "$name: exit status" "$status" 0
	is "$name: isolation" "$(isolations)" "$wanted $wanted"
	is "$name: guests" "$(guests_started)" "$guests"
	is "$name: the journal says so from the start" \
		"$(journal '[.[] | select(.ev == "file")][0].isolation')" "$wanted"
	gone "$name"
}

declared
check 'by default' clone 3
check '--isolation shared' shared 1 --isolation shared
check '--isolation boot' boot 2 --isolation boot
check '--isolation clone' clone 2 --isolation clone
is '--isolation clone: nothing is said' "$(cat "$T/stderr")" ''
run --isolation florp
is '--isolation florp: exit status' "$status" 129
like '--isolation florp: what there is' "$(cat "$T/stderr")" 'shared.*boot.*clone'
echo ktest_isolation=boot >"$T/home/.ktestrc"
check 'the rc file' boot 2
check 'an option outweighs it' shared 1 --isolation shared

declared ktest_isolation=boot
check 'declared boot' boot 2
check 'an option outweighs that' clone 3 --isolation clone
declared ktest_isolation=shared
check 'declared shared' shared 1
declared ktest_isolation=clone
check 'declared clone' clone 3

# ---- where there can be none

# instead NAME LINE: shared by default, boot where a clone was asked for, and one line each
instead()
{
	check "$1" shared 1
	is "$1: one line" "$(grep -c "$2" "$T/stderr")" 1
	check "$1, asked for" boot 2 --isolation clone
	is "$1, asked for: one line" "$(grep -c "$2" "$T/stderr")" 1
	is "$1: nothing is kept" "$(kept)" 0
}

declared 'ktest_scratch_dev_sizes=(1M)' ktest_storage_bus=nvme
check 'nvme disks, plugged in after the restore' clone 3
declared ktest_storage_bus=nvme
check 'a bus without disks' clone 3

# In a mount namespace, where it cannot be run.
without_qemu_img()
{
	local qemu_img
	qemu_img=$(command -v qemu-img) && mount --bind /dev/null "$qemu_img" && exec "$KTEST" "$@"
	exit 99
}

if ((EUID == 0)); then user=(); else user=(-r); fi
declared
{
	echo '#!/bin/bash'
	declare -f without_qemu_img
	echo "KTEST=$KTEST"
	echo 'without_qemu_img "$@"'
} >"$T/without"
printf '#!/bin/bash\nexec unshare %s -m %s/without "$@"\n' "${user[*]}" "$T" >"$T/ktest"
chmod 755 "$T/without" "$T/ktest"
before=$KTEST
# Exported, what lists processes would have the path in its environment, and find itself.
export -n KTEST
KTEST=$T/ktest
instead 'no qemu-img' 't.ktest: no saved guests: qemu-img (qemu-utils) is missing; '
KTEST=$before

# shared NAME WHY: whatever is asked for; a line only for who asked
shared()
{
	check "$1" shared 1
	is "$1: nothing is said" "$(grep -c 'isolation\|saved guest' "$T/stderr")" 0
	for how in clone boot; do
		check "$1, $how" shared 1 --isolation "$how"
		is "$1, $how: one line" \
			"$(grep -c "t.ktest: no isolation $how, $2: shared" "$T/stderr")" 1
	done
}

declared "ktest_rw_images=($T/image)"
truncate -s 1M "$T/image"
shared 'an image that is written' 'it writes to an image of yours'
declared ktest_own_run_tests=1
fake <<'EOF'
subtest one:
	print ========= TEST   one
	print ========= PASSED one in 0s
	print ========= TEST   two
	print ========= PASSED two in 0s
	print TEST SUCCESS
	exit 0
EOF
shared 'a run_tests of its own' 'its subtests run in one go'
complete
