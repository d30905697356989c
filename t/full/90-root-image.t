#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A root image of another processor: its packages unpacked here, set up in a guest, tests run on it.
. "$(dirname "$0")/../vm/lib.sh"
. "$(dirname "$0")/root.sh"

LIMIT=7200
begin
mkdir "$T/images"
SECONDS=0
make_root arm64 "$T/images/root"
is 'create: exit 0' "$status" 0
is 'create: the path' "$(cat "$T/stdout")" "$T/images/root"
is 'create: nothing else is left' "$(ls -A "$T/images")" root
at_most 'create: MiB' "$(du -m "$T/images/root" | cut -f 1)" 350
echo "# $SECONDS s, $(du -m "$T/images/root" | cut -f 1) MiB"
is 'create: no package failed' \
	"$(debugfs -R 'cat /var/lib/dpkg/status' "$T/images/root" 2>/dev/null | grep ^Status: |
		sort -u)" 'Status: install ok installed'

shipped success -a aarch64 --root "$T/images/root"
is 'success on it: exit 0' "$status" 0
is 'success on it' "$(verdicts)" success=PASS
gone arm64
complete
