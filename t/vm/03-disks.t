#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Disks of every kind on every bus, and many of them.
. "$(dirname "$0")/lib.sh"

begin
all='scratch=PASS slow=PASS pmem=PASS image=PASS unplug=PASS unplug_pmem=PASS unplug_left=PASS unplug_left_is_back=PASS'
sum=$(sha256sum <"$TREE/tests/disks.image")
shipped disks --mem 1G
is 'virtio-blk: exit 0' "$status" 0
is 'virtio-blk: all subtests' "$(verdicts)" "$all"
is 'the image is as it was' "$(sha256sum <"$TREE/tests/disks.image")" "$sum"
like 'pmem: the host says that it cannot be unplugged' \
	"$(cat "$T/out/out/disks.unplug_pmem/log")" 'pmem.*unplug|unplug.*pmem'
gone virtio-blk

for bus in virtio-scsi-pci ahci piix4-ide lsi nvme; do
	begin
	run_args
	ktest "${args[@]}" --bus "$bus" "$TREE/tests/disks.ktest" scratch slow unplug unplug_left \
		unplug_left_is_back
	is "$bus" "$status $(verdicts)" \
		'0 scratch=PASS slow=PASS unplug=PASS unplug_left=PASS unplug_left_is_back=PASS'
	gone "$bus"
done

# 64 disks of 64 sizes: a name that stands for another disk is seen.
begin
guest_file <<'END'
for ((i = 1; i <= 64; i++)); do
	config-scratch-devs "${i}M"
done

letters=({b..z} a{a..z} b{a..m})

test_there()
{
	[[ ${#ktest_scratch_dev[@]} == 64 && ${#ktest_scratch_dev_sizes[@]} == 64 ]]
	for ((i = 0; i < 64; i++)); do
		[[ ${ktest_scratch_dev[i]} == "/dev/vd${letters[i]}" ]]
		[[ -b ${ktest_scratch_dev[i]} ]]
		[[ $(</sys/block/vd${letters[i]}/size) == $(((i + 1) * 2048)) ]]
		[[ ${ktest_scratch_dev_sizes[i]} == $(((i + 1) << 20)) ]]
	done
}

test_unplug()
{
	local dev=${ktest_scratch_dev[63]}
	echo here | dd of="$dev" conv=fsync status=none
	scratch_dev_unplug 63
	[[ ! -e $dev ]]
	scratch_dev_plug 63
	[[ $(blockdev --getsize64 "$dev") == $((64 << 20)) && $(head -c 4 "$dev") == here ]]
	scratch_dev_unplug 17
	[[ ! -e ${ktest_scratch_dev[17]} ]]
	scratch_dev_plug 17
	[[ -b ${ktest_scratch_dev[17]} ]]
}
END
run
is '64 disks: exit 0' "$status" 0
passed '64 disks' there unplug
gone '64 disks'

# What a file declares wrongly is said before anything boots.
begin
guest_file <<'END'
config-scratch-devs 1M
test_never() { :; }
END
run --bus floppy
is 'an unknown bus: exit 129' "$status" 129
like 'an unknown bus: names those there are' "$(cat "$T/stderr")" 'floppy.*virtio-blk.*nvme'
complete
