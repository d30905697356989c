#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that stays, by ssh, scp and rsync through the agent's channel, and by the agent alone.
#
#	SSHD DROPBEAR	root directories with these in them, where the host has none: see ./setup
. "$(dirname "$0")/lib.sh"

# as COMMAND ARG...: with the environment that ktest has
as()
{
	(export_environment; exec timeout -k 5 "$LIMIT" "$@")
}

# run_apart [OPTION...]: in the background as $pid; what others say is not mixed with what it says.
run_apart()
{
	run_args
	(export_environment; exec "$KTEST" "${args[@]}" "$@" "$T/tree/t.ktest") \
		>"$T/run.out" 2>&1 </dev/null &
	pid=$!
}

# A home of its own, which holds no key
begin
STORE=$T/home
mkdir -p "$STORE/.cache/ktest" "$STORE/.ktest"
for f in initramfs payload accel.json; do
	ln -s "${XDG_CACHE_HOME:-$HOME/.cache}/ktest/$f" "$STORE/.cache/ktest/"
done
ln -s "$HOME/.ktest/kernels" "$STORE/.ktest/"
if ! type -P sshd >/dev/null; then
	cp -R "${SSHD:-${XDG_CACHE_HOME:-$HOME/.cache}/ktest/sshd}" "$T/tree/sshd"
fi
guest_file <<'END'
init_sshd()
{
	local root=$ktest_dir/sshd
	[[ -d $root && ! -e /usr/sbin/sshd ]] || return 0
	cat >/usr/sbin/sshd <<-EOF
	#!/bin/sh
	export LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu
	exec $root/usr/sbin/sshd "\$@"
	EOF
	chmod 755 /usr/sbin/sshd
}

test_interactive() { [[ $ktest_interactive == true ]]; }
END
run_apart -I -n none
wait_for 'the guest stays' phase stay
is 'it stays when all is done' "$(grep -c 'PASSED interactive' "$T/out/out/t")" 1

ktest ssh -o "$T/out" uname -n
is 'ssh: a command' "$status $(cat "$T/stdout")" '0 vm1'
is 'ssh: a key of ktest'\''s own is made' "$(stat -c %a "$STORE/.local/share/ktest/id_ed25519")" 600
ktest ssh -o "$T/out" 'echo out; echo err >&2; exit 7'
is 'ssh: status, output, errors' "$status $(cat "$T/stdout") $(cat "$T/stderr")" '7 out err'
# shellcheck disable=SC2016 # for the guest
ktest ssh -o "$T/out" 'kill -TERM $$'
is 'ssh: killed by a signal' "$status" 255
ktest ssh -o "$T/out" umask
is 'ssh: the umask of a session' "$(cat "$T/stdout")" 0022
head -c 2000000 /dev/urandom >"$T/data"
as "$KTEST" ssh -o "$T/out" cat <"$T/data" >"$T/back"
cmp "$T/data" "$T/back"
is 'ssh: bytes both ways' $? 0
as scp -q -F "$T/out/vm/ssh_config" "$T/data" ktest:/tmp/data
is 'scp' $? 0
as rsync -e "ssh -F $T/out/vm/ssh_config" ktest:/tmp/data "$T/by-rsync"
cmp "$T/data" "$T/by-rsync"
is 'rsync' $? 0
ktest ssh -o "$T/out" 'tty; stty size'
like 'ssh: no terminal where there is none' "$(cat "$T/stdout")" 'not a tty'

# The host key is this guest's and no other's.
cp "$T/out/vm/host/ssh/known_hosts" "$T/known"
ssh-keygen -q -t ed25519 -N '' -f "$T/other"
printf 'ktest %s\n' "$(cat "$T/other.pub")" >"$T/out/vm/host/ssh/known_hosts"
ktest ssh -o "$T/out" true
is 'ssh: another host key' "$status" 255
like 'ssh: and it says so' "$(cat "$T/stderr")" 'HOST IDENTIFICATION HAS CHANGED|Host key verification failed'
cp "$T/known" "$T/out/vm/host/ssh/known_hosts"
ssh -F "$T/out/vm/ssh_config" -o IdentityFile="$T/other" -o IdentitiesOnly=yes -o BatchMode=yes \
	-o UserKnownHostsFile="$T/known" -i "$T/other" ktest true 2>"$T/stderr"
is 'ssh: it is ktest'\''s key that lets in' "$(ls "$STORE/.local/share/ktest")" "id_ed25519
id_ed25519.pub"

# Files
mkdir -p "$T/here/dir/sub"
cp "$T/data" "$T/here/a file"
echo deep >"$T/here/dir/sub/deep"
cd "$T/here" || exit 2
ktest push -o "$T/out" -t /tmp/pushed 'a file' dir
is 'push' "$status" 0
ktest ssh -o "$T/out" 'cd /tmp/pushed && md5sum <"a file"; cat dir/sub/deep; ln -s /etc/shadow link'
is 'push: it arrives' "$(tail -n 1 "$T/stdout")" deep
is 'push: whole' "$(head -n 1 "$T/stdout")" "$(md5sum <"$T/data")"
mkdir "$T/pulled"
ktest pull -o "$T/out" -t "$T/pulled" '/tmp/pushed/a file' /tmp/pushed/dir /tmp/pushed/link
is 'pull' "$status" 0
cmp "$T/data" "$T/pulled/a file"
is 'pull: whole' "$? $(cat "$T/pulled/dir/sub/deep") $(readlink "$T/pulled/link")" '0 deep /etc/shadow'
is 'pull: nothing but that' "$(find "$T/pulled" -mindepth 1 -maxdepth 1 | wc -l)" 3
ktest pull -o "$T/out" -t "$T/pulled" /tmp/none
is 'pull: none' "$status $(cat "$T/stderr")" '125 ktest: the guest: /tmp/none: no such file'
ktest push -o "$T/out" nowhere
like 'push: none' "$status $(cat "$T/stderr")" '^125 ktest: nowhere: no such file'

# Again: a file is replaced, a directory added to; nothing is half there under its name.
echo new >dir/sub/more
ktest push -o "$T/out" -t /tmp/pushed dir "$TREE/README.md"
ktest ssh -o "$T/out" 'cd /tmp/pushed && cat dir/sub/deep dir/sub/more && ls -A'
is 'push again: added to' "$(tail -n +1 "$T/stdout" | tr '\n' ' ')" 'deep new README.md a file dir link '
ktest ssh -o "$T/out" 'mkdir -p /tmp/full && mount -t tmpfs -o size=64k none /tmp/full'
ktest push -o "$T/out" -t /tmp/full 'a file'
like 'push to what is full: says so' "$status $(cat "$T/stderr")" '^125 ktest: the guest: tar: ./a file: '
ktest ssh -o "$T/out" 'ls -A /tmp/full'
is 'push to what is full: nothing is left' "$(cat "$T/stdout")" ''
ktest pull -o "$T/out" -t "$T/pulled" /tmp/pushed/dir
like 'pull onto a directory: refused' "$status $(cat "$T/stderr")" \
	"^125 ktest: $T/pulled/dir is a directory here; remove it"
mkdir one two
touch one/same two/same
ktest push -o "$T/out" one/same two/same
like 'push two of one name: refused' "$status $(cat "$T/stderr")" "^129 ktest: two are called 'same'"
ktest pull -o "$T/out" /tmp/a/same /tmp/b/same
like 'pull two of one name: refused' "$status $(cat "$T/stderr")" "^129 ktest: two are called 'same'"

# Files that have no size beforehand
ktest ssh -o "$T/out" 'cat /proc/version /sys/kernel/mm/transparent_hugepage/enabled /sys/class/net/lo/mtu'
cp "$T/stdout" "$T/kernels"
ktest pull -o "$T/out" -t "$T/pulled" /proc/version /sys/kernel/mm/transparent_hugepage/enabled \
	/sys/class/net/lo/mtu
is 'pull of /proc and /sys' "$status $(cat "$T/pulled"/{version,enabled,mtu})" "0 $(cat "$T/kernels")"
ktest pull -o "$T/out" -t "$T/pulled" /sys/class/net
like 'pull of a directory of /sys' "$status $(cat "$T/stderr")" '^125 ktest: .*/sys/class/net: .*single files'

# A guest that means ill: nothing but files comes, with the modes of files, and its words are shown
# as words.
ktest ssh -o "$T/out" 'mkdir /tmp/ill && cd /tmp/ill && mknod disk b 8 0 && mkfifo fifo &&
	cp /bin/true suid && chmod 6755 suid && touch file'
ktest pull -o "$T/out" -t "$T/pulled" /tmp/ill
is 'pull: no device, no FIFO' "$status $(cd "$T/pulled/ill" && echo *)" '0 file suid'
is 'pull: no set-user-ID' "$(stat -c %a "$T/pulled/ill/suid")" 755
like 'pull: and it says so' "$(cat "$T/stderr")" 'left out: 2$'
ktest pull -o "$T/out" -t "$T/pulled" /tmp/ill/disk
like 'pull of a device' "$status $(cat "$T/stderr")" '^125 ktest: .*left out.*disk did not come'
as "$KTEST" ssh -o "$T/out" 'cat >/usr/local/bin/tar && chmod 755 /usr/local/bin/tar' <<'END'
#!/bin/sh
printf '\033[31mred\n' >&2
exit 1
END
ktest pull -o "$T/out" -t "$T/pulled" /tmp/ill/file
is 'pull: words of the guest'\''s' "$status $(cat "$T/stderr")" '125 ktest: the guest: \x1b[31mred'
as "$KTEST" ssh -o "$T/out" 'cat >/usr/local/bin/tar' <<'END'
#!/bin/sh
while :; do echo something >&2; done &
exec /usr/bin/tar "$@"
END
ktest pull -o "$T/out" -t "$T/pulled" /tmp/ill/file
is 'pull: words without end are no harm' "$status" 0
ktest push -o "$T/out" -t /tmp/ill "$TREE/README.md"
is 'push: nor are they' "$status" 0
ktest ssh -o "$T/out" 'printf "#!/bin/sh\nexec sleep 1000\n" >/usr/local/bin/tar'
stage_there() { compgen -G "$T/pulled/.ktest.*" >/dev/null; }
for signal in INT TERM HUP KILL; do
	(export_environment; exec env --default-signal=INT \
		"$KTEST" pull -o "$T/out" -t "$T/pulled" /tmp/ill/file) >"$T/pull.out" 2>&1 &
	puller=$!
	wait_for "a pull to end by SIG$signal" stage_there
	kill "-$signal" $puller
	wait $puller 2>/dev/null
	is "pull ended by SIG$signal: exit status" $? "$([[ $signal == KILL ]] && echo 137 || echo 130)"
	[[ $signal == KILL ]] ||
		is "pull ended by SIG$signal: nothing left" "$(find "$T/pulled" -name '.ktest*')" ''
done
ktest ssh -o "$T/out" 'rm /usr/local/bin/tar'
ktest pull -o "$T/out" -t "$T/pulled" /tmp/ill/file
is 'the next one removes what one that was killed has left' "$status $(find "$T/pulled" -name '.ktest*')" '0 '
cd / && cd / || exit 2 # $OLDPWD would make leftovers of our own children

# What was started by hand survives; a restart ends it, and the keys are the same after it.
ktest ssh -o "$T/out" 'sleep 1000 >/dev/null 2>&1 & sync; echo b >/proc/sysrq-trigger; sleep 100'
is 'a restart ends the connection' "$status" 255
ktest ssh -o "$T/out" 'pgrep -c sleep; cat /proc/uptime'
is 'and the next one waits for the guest' "$(head -n 1 "$T/stdout")" 0
ktest ssh -o "$T/out" 'sync; echo o >/proc/sysrq-trigger; sleep 100'
await
is 'switched off: exit status' "$status" 0
is 'switched off: verdict' "$(verdicts)" 'interactive=PASS'
gone 'a guest that stays'

# A guest whose subtests go on while somebody is at it
begin
guest_file <<'END'
test_first() { touch /tmp/there; until [[ -e /tmp/go-on ]]; do sleep 0.1; done; }
test_second() { pgrep -x sleep; [[ -e /tmp/there ]]; }
END
LIMIT=60
STORE=$HOME
run_apart
there() { ktest ssh -o "$T/out" ls /tmp; grep -qx there "$T/stdout"; }
wait_for 'the first subtest' there
# By the agent alone: there is no sshd in this root, or it was found by now.
: >"$T/out/vm/host/no-sshd"
rm -f "$T/out/vm/host/sshd"
ktest ssh -o "$T/out" 'setsid sleep 1000 >/dev/null 2>&1 </dev/null & touch /tmp/go-on; echo out; exit 3'
is 'by the agent: status and output' "$status $(cat "$T/stdout")" '3 out'
as "$KTEST" ssh -o "$T/out" 'head -c 5' <"$TREE/README.md" >"$T/stdout"
await
is 'what is at the guest is no leftover of a subtest' "$(verdicts)" 'first=PASS second=PASS'
gone 'a run that goes on'

# A root whose sshd is dropbear
begin
if ! type -P dropbear >/dev/null; then
	cp -R "${DROPBEAR:-${XDG_CACHE_HOME:-$HOME/.cache}/ktest/dropbear}" "$T/tree/dropbear"
fi
guest_file <<'END'
init_dropbear()
{
	local root=$ktest_dir/dropbear name path
	while path=$(type -P sshd); do rm "$path"; done
	[[ -d $root ]] || return 0
	for name in sbin/dropbear bin/dropbearconvert; do
		cat >"/usr/$name" <<-EOF
		#!/bin/sh
		export LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu
		exec $root/usr/$name "\$@"
		EOF
		chmod 755 "/usr/$name"
	done
}

test_none() { ! type -P sshd; }
END
run_apart -I
wait_for 'the guest stays' phase stay
ktest ssh -o "$T/out" 'cat /proc/$PPID/comm; echo err >&2; exit 7'
is 'dropbear: status, output, errors' "$status $(cat "$T/stdout") $(cat "$T/stderr")" '7 dropbear err'
head -c 2000000 /dev/urandom >"$T/data"
as "$KTEST" ssh -o "$T/out" cat <"$T/data" >"$T/back"
cmp "$T/data" "$T/back"
is 'dropbear: bytes both ways' $? 0
as rsync -e "ssh -F $T/out/vm/ssh_config" "$T/data" ktest:/tmp/data
is 'dropbear: rsync' $? 0
as scp -O -q -F "$T/out/vm/ssh_config" ktest:/tmp/data "$T/by-scp"
cmp "$T/data" "$T/by-scp"
is 'dropbear: scp' $? 0
ssh-keygen -q -t ed25519 -N '' -f "$T/other"
printf 'ktest %s\n' "$(cat "$T/other.pub")" >"$T/out/vm/host/ssh/known_hosts"
ktest ssh -o "$T/out" true
is 'dropbear: another host key' "$status" 255
ktest kill -o "$T/out"
await
is 'dropbear: verdict' "$(verdicts)" 'none=PASS'
gone dropbear
complete
