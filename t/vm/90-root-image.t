#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A root image of Debian's packages, from the mirror: made, booted, changed. And a directory as a root.
. "$(dirname "$0")/lib.sh"

ROOT_IMAGE=$TREE/bin/root_image

# image COMMAND [OPTION...]
image()
{
	KTEST=$ROOT_IMAGE ktest "$1" -i "$T/images/root" "${@:2}"
}

in_image()
{
	debugfs -R "cat $1" "$T/images/root" 2>/dev/null
}

begin
mkdir "$T/images"
SECONDS=0
image create --minimal
is 'create: exit 0' "$status" 0
is 'create: the path' "$(cat "$T/stdout")" "$T/images/root"
is 'create: nothing else is left' "$(ls -A "$T/images")" root
at_most 'create: MiB' "$(du -m "$T/images/root" | cut -f 1)" 350
echo "# $SECONDS s, $(du -m "$T/images/root" | cut -f 1) MiB"
like 'create: packages' "$(in_image /etc/ktest/packages)" $'\nbash [0-9][^\n]*\n'
is 'create: no package failed' "$(in_image /var/lib/dpkg/status | grep ^Status: | sort -u)" \
	'Status: install ok installed'

shipped success --root "$T/images/root"
is 'success on it: exit 0' "$status" 0
is 'success on it' "$(verdicts)" success=PASS

# The packages that are added, and what was put in by hand.
{
	echo 'config-mem 512M'
	cat <<'END'
test_added()
{
	[[ $(tree --version) == tree* ]]
	[[ $(</etc/by-hand) == 'by hand' ]]
	[[ $(stat -c %u:%g /etc/by-hand) == 0:0 ]]
	[[ $(</etc/hostname) == ktest ]]
	dpkg --audit
	[[ -z $(dpkg --audit) ]]
	su nobody -s /bin/bash -c 'id -un' | grep -qx nobody
}
END
} | guest_file
echo 'by hand' >"$T/by-hand"
debugfs -w -R "write $T/by-hand /etc/by-hand" "$T/images/root" 2>/dev/null
debugfs -w -R 'rm /etc/hostname' "$T/images/root" 2>/dev/null
image update --packages tree --accel "${ACCEL:-tcg}"
is 'update: exit 0' "$status" 0
is 'update: nothing else is left' "$(ls -A "$T/images")" root
run --root "$T/images/root"
is 'updated: exit 0' "$status" 0
passed updated added
is 'updated: the file system is whole' \
	"$(e2fsck -fn "$T/images/root" >"$T/fsck" 2>&1 && echo clean)" clean
is 'updated: what is asked for' "$(in_image /etc/ktest/root.json | jq -c .packages)" \
	'["minimal","tree"]'

# A shell in it, on a terminal
mkfifo "$T/keys"
: >"$T/screen"
(
	export_environment
	exec script -qfec "$ROOT_IMAGE shell -i $T/images/root --accel ${ACCEL:-tcg}" "$T/screen" \
		<"$T/keys"
) >/dev/null 2>&1 &
pid=$!
exec 3>"$T/keys"
shows() { grep -qaE -- "$1" "$T/screen"; }
wait_for 'a prompt' shows '# $'
# In two words, so that the echo of what is typed is not taken for the answer.
printf 'rm /etc/by-hand; echo "sh""ell of $(id -un) on $(tree --version | cut -c1-4)"\r' >&3
wait_for 'an answer' shows 'shell of root on tree' && pass 'shell'
printf '\001x' >&3
exec 3>&-
await
is 'shell: exit 0' "$status" 0
is 'shell: what it changes is gone' "$(in_image /etc/by-hand)" 'by hand'
rm "$T/keys"

# The same as a directory: shown as it is, and never written to.
mkdir "$T/dir"
debugfs -R "rdump / $T/dir" "$T/images/root" 2>/dev/null
guest_file <<'END'
test_tree()
{
	[[ $(id -u) == 0 ]]
	[[ $(</etc/by-hand) == 'by hand' ]]
	echo changed >/etc/by-hand
	rm /usr/bin/tree
	[[ -e /lib/modules/$(uname -r)/modules.dep ]]
	touch /root/new /tmp/new /run/new
}
END
rm -rf "$T/out"
run --root "$T/dir"
is 'directory: exit 0' "$status" 0
passed directory tree
is 'directory: is as it was' "$(cat "$T/dir/etc/by-hand"; ls "$T/dir/usr/bin/tree" "$T/dir/root")" \
	"by hand
$T/dir/usr/bin/tree

$T/dir/root:"
gone directory

mkdir "$T/empty"
run --root "$T/empty"
is 'no root: exit 125' "$status" 125
like 'no root: said' "$(cat "$T/stderr")" "$T/empty: no root of a system"
complete
