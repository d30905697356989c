#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# root_image with a fake mirror: an image comes into being whole or not at all, and what goes wrong
# is said in one line.
. "$(dirname "$0")/lib.sh"

# begin_image: apt and mmdebstrap are ours; what mmdebstrap does is in $T/script.
begin_image()
{
	begin
	mkdir -p "$T/images" "$T/inst/bin" "$T/keyrings"
	cp "$KTEST" "$T/inst/bin/ktest"
	ln -s ktest "$T/inst/bin/root_image"
	cp -R "$TREE/rootfs" "$TREE/lib" "$TREE/tests" "$TREE/libexec" "$T/inst"
	cat >"$T/bin/apt-get" <<'EOF'
#!/bin/bash
. "$T/apt"
case "$*" in
*indextargets*) exit 0 ;;
*update*)
	update
	for ((i = 1; i < $#; i++)); do
		[[ ${!i} != -c ]] || { i=$((i + 1)) conf=${!i}; }
	done
	echo list >"${conf%/*}/state/lists/mirror_Packages"
	;;
*--download-only*) echo "$*" >>"$T/downloads" ;;
esac
EOF
	cat >"$T/bin/apt-cache" <<'EOF'
#!/bin/bash
sed 's/^?//; /^[a-z0-9]/!d' "$T"/inst/rootfs/{minimal,fs,build,full}
EOF
	cat >"$T/bin/mmdebstrap" <<'EOF'
#!/bin/bash
printf '%s\n' "$@" >"$T/arguments"
for ((i = 1; i < $#; i++)); do
	case ${!i} in
	--) i=$((i + 2)) tree=${!i} ;;
	--setup-hook=*) hook=${!i#*=} ;;
	esac
done
mkdir -p "$tree/etc" "$tree/var/lib/dpkg"
MMDEBSTRAP_HOOK=setup "$hook" "$tree"
echo made >"$tree/etc/made"
echo "Package: bash" >"$tree/var/lib/dpkg/status"
chown 5:7 "$tree/etc/made"
mkdir "$tree/var/private"
chown 6 "$tree/var/private"
chmod 700 "$tree/var/private"
. "$T/script"
EOF
	chmod 755 "$T/bin"/*
	script </dev/null
	echo 'update() { :; }' >"$T/apt"
}

script()
{
	cat >"$T/script"
}

# image COMMAND [OPTION...]: of the image $T/images/root.
image()
{
	status=0
	(image_exec timeout -k 5 "${LIMIT:-120}" "${AS[@]}" "$T/inst/bin/root_image" "$@") ||
		status=$?
}

# In a subshell of the caller's.
image_exec()
{
	export_environment
	export T PATH="$T/bin:$PATH"
	exec "$@" >"$T/stdout" 2>"$T/stderr" </dev/null
}

create()
{
	image create -i "$T/images/root" "$@"
}

# in_image FILE: its text.
in_image()
{
	debugfs -R "cat $1" "$T/images/root" 2>/dev/null
}

# nothing_but NAME FILE...: all that is left where the images are.
nothing_but()
{
	is "$1: nothing else is left" "$(ls -A "$T/images")" "${2-}"
	no_process "$1"
}

# What tells of the work that is being done, no error
progress='[^:]*: (reading the package lists|[0-9]+ packages.*)|making the file system'
progress+='|fetching packages|changing it in a guest|accelerator .*|trying KVM .*'
progress+='|all that was said: .*'

# one_line NAME REGEX: stderr ends with one that matches; the ones before tell of the work.
one_line()
{
	like "$1: said" "$(tail -n 1 "$T/stderr")" "$2"
	is "$1: in one line" "$(grep -vcE "^root_image: ($progress)\$" "$T/stderr")" 1
}

AS=()
begin_image
create --suite trixie -m http://mirror.example/debian --packages fs,vim --minimal
is 'create: exit 0' "$status" 0
is 'create: the path' "$(cat "$T/stdout")" "$T/images/root"
is 'create: what is in it' "$(in_image /etc/made)" made
like 'create: owned as there' "$(debugfs -R 'stat /etc/made' "$T/images/root" 2>/dev/null)" \
	'User: +5 +Group: +7 '
is 'create: the suite' "$(in_image /etc/ktest/root.json | jq -r .suite)" trixie
is 'create: the packages' "$(in_image /etc/ktest/root.json | jq -c .packages)" \
	'["minimal","fs","vim"]'
deb='deb \[arch=amd64 target=Packages signed-by=[^ ]*\] http://mirror.example/debian'
like 'create: of that mirror alone, signed' "$(tail -n 2 "$T/arguments")" \
	"^$deb trixie main"$'\n'"$deb trixie-updates main\$"
is 'create: nothing is unchecked' \
	"$(grep -ciE 'trusted|allow-unauth|no-check|insecure' "$T/arguments")" 0
is 'create: 8 GiB' "$(stat -c %s "$T/images/root")" $((8 << 30))
at_most 'create: which take little space (KiB)' "$(du -k "$T/images/root" | cut -f 1)" 8000
nothing_but create root

image list -a arm64
is 'list: none for arm64' "$status $(cat "$T/stdout")" '0 '
(
	mkdir -p "$T/home/.ktest"
	cp --sparse=always "$T/images/root" "$T/home/.ktest/root.amd64"
)
image list
like 'list' "$(cat "$T/stdout")" \
	"^$T/home/.ktest/root.amd64  x86_64  [0-9]+ MiB of 8192  debian/trixie  minimal,fs,vim  "

image init
is 'init: there is one' "$status $(cat "$T/stdout")" "0 $T/home/.ktest/root.amd64"
for suite in trixie debian/trixie; do
	image init --suite "$suite"
	is "init --suite $suite: it is that" "$status $(cat "$T/stdout")" "0 $T/home/.ktest/root.amd64"
done
image init --suite bookworm
is 'init --suite: it is of another' "$status $(cat "$T/stdout")" '125 '
like 'init --suite: how to get that' "$(cat "$T/stderr")" \
	'root.amd64 is there, of debian/trixie; `root_image create --suite bookworm` puts'
rm "$T/home/.ktest/root.amd64"
image init --size 600M
is 'init: there is none' "$status $(stat -c %s "$T/home/.ktest/root.amd64")" "0 $((600 << 20))"

# ---- what goes wrong leaves the old image

keep()
{
	begin_image
	echo 'the old one' >"$T/images/root"
}

# no_lists MESSAGE: apt-get update fails with it.
no_lists()
{
	printf 'update() { echo %q >&2; exit 100; }\n' "$1" >"$T/apt"
}

kept()
{
	is "$1: exit 125" "$status" 125
	is "$1: the old image is there" "$(cat "$T/images/root")" 'the old one'
	nothing_but "$1" root
}

keep
script <<'EOF'
echo 'I: working'
echo 'E: setup failed: E: the dog ate it' >&2
echo 'E: mmdebstrap failed to run' >&2
exit 25
EOF
create
one_line 'mmdebstrap fails' 'mmdebstrap: .*the dog ate it'
kept 'mmdebstrap fails'

keep
no_lists "E: The repository 'http://x nosuch Release' does not have a Release file."
create --suite nosuch
one_line 'no such suite' 'the mirror of debian has no suite nosuch; name another suite, or with -m a mirror that has it$'
kept 'no such suite'

keep
no_lists 'E: Failed to fetch http://m/InRelease  Could not connect to m:80'
create -m http://m/debian
one_line 'no answer' 'the mirror of debian; name another one with -m: .*Could not connect'
kept 'no answer'

keep
create --packages nosuchone,bash,nosuchtwo
one_line 'no such package' 'debian/bookworm has no package nosuchone nosuchtwo$'
kept 'no such package'

keep
script <<'EOF'
yes | head -c 600M >"$tree/large"
EOF
create --size 512M
one_line 'too small' 'give --size$'
kept 'too small'

# In a mount namespace: the small file system is gone with it.
full()
{
	mount -t tmpfs -o size=4M none "$T/images" || exit 99
	echo 'the old one' >"$T/images/root"
	create
	cat "$T/images/root" >"$T/old"
	find "$T/images" -mindepth 1 >"$T/left"
	exit "$status"
}
keep
script <<'EOF'
head -c 8M /dev/zero >"$tree/large" || { echo "E: setup failed" >&2; exit 25; }
EOF
rm "$T/images/root"
status=0
T=$T n=$n failures=$failures unshare ${EUID:+$( ((EUID)) && echo -r)} -m bash -c "AS=()
	$(declare -f full create image image_exec export_environment); full" || status=$?
is 'full disk: exit 125' "$status" 125
one_line 'full disk' "no space left where $T/images/root goes .*-i"
is 'full disk: the old image is there' "$(cat "$T/old")" 'the old one'
is 'full disk: nothing is left' "$(cat "$T/left")" "$T/images/root"

for signal in INT TERM HUP KILL; do
	keep
	script <<'EOF'
sleep 701 &
touch "$T/working"
sleep 700
EOF
	image_exec "$T/inst/bin/root_image" create -i "$T/images/root" &
	pid=$!
	wait_for 'it works' test -e "$T/working" || continue
	kill "-$signal" "$pid"
	await
	no_process "$signal"
	is "$signal: the old image is there" "$(cat "$T/images/root")" 'the old one'
	if [[ $signal == KILL ]]; then
		is 'KILL: it is dead' "$status" 137
		script </dev/null
		create
		is 'KILL: the next one works' "$status" 0
	else
		is "$signal: exit 130" "$status" 130
	fi
	nothing_but "$signal" root
done

# Stopped by Ctrl-Z and continued it can be ended like any other.
keep
script <<'EOF'
touch "$T/working"
sleep 700
EOF
image_exec "$T/inst/bin/root_image" create -i "$T/images/root" &
pid=$!
wait_for 'it works' test -e "$T/working"
worker=$(pgrep -P $pid)
kill -STOP "$worker"
is_stopped() { [[ $(ps -o state= -p "$worker") == T ]]; }
wait_for 'it is stopped' is_stopped
kill -CONT "$worker"
kill -TERM $pid
await
is 'stopped and continued: exit 130' "$status" 130
no_process 'stopped and continued'
nothing_but 'stopped and continued' root

# ---- what is asked for wrongly

keep
while IFS='|' read -r options regex; do
	# shellcheck disable=SC2086
	create $options
	is "$options: exit 129 or 125" "$((status == 129 || status == 125))" 1
	one_line "create $options" "$regex"
done <<'EOF'
--suite slack/ware|no distribution 'slack'; there are debian, ubuntu
--suite a;b|no name of a release
-m gopher://m|no address of a mirror
-a vax|no architecture 'vax'
--size 1M|at least 512M
--packages A;B|no name of a package
--packages /nonexistent/set|/nonexistent/set
more|unexpected more
EOF
echo 'vim vim' >"$T/set"
create --packages "$T/set"
one_line 'a bad line of a set' "$T/set:1: more than one word"
printf '# mine\n@minimal\n\n?nothere # perhaps\nvim\n' >"$T/inst/rootfs/mine"
create --packages mine --minimal
is 'a set that includes another' "$status" 0
like 'its packages' "$(grep ^--include= "$T/arguments")" '=bash,.*,vim$'

# ---- packages of another processor: those that a guest is to set up, and nothing else that is kept

begin_image
mkdir -p "$T"/{job/debs,debs,job/files,job/lists} "$T/root"/{etc,usr/bin,usr/share/base-passwd} \
	"$T/root"/var/{lib/dpkg,cache/apt/archives} "$T/deb/DEBIAN"
touch "$T/root/usr/share/base-passwd"/{passwd,group}.master "$T/root/usr/bin/mawk"
for p in 'base Essential:yes' 'lib Priority:required' 'vim Priority:optional' 'other Essential:yes'; do
	printf 'Package: %s\n%s\nVersion: 1\nArchitecture: all\nMaintainer: m\nDescription: d\n' \
		"${p% *}" "${p#* }" >"$T/deb/DEBIAN/control"
	dpkg-deb -b "$T/deb" "$T/debs/${p% *}_1_all.deb" >/dev/null
done
echo first >"$T/job/mode"
echo arm64 >"$T/job/arch"
echo usr-is-merged >"$T/job/packages"
hook()
{
	KTEST_JOB=$T/job KTEST_DEBS=$T/debs MMDEBSTRAP_HOOK=$1 "$TREE/rootfs/hook.sh" "$T/root"
}
hook setup
is 'setup: what is kept is there' "$(ls "$T/root/var/cache/apt/archives")" \
	$'base_1_all.deb\nlib_1_all.deb\nother_1_all.deb\nvim_1_all.deb'
is 'setup: /usr is merged' "$(readlink "$T/root/bin" "$T/root/lib" | tr '\n' ' ')" 'usr/bin usr/lib '
a=/var/cache/apt/archives
MMDEBSTRAP_ESSENTIAL="$a/base_1_all.deb $a/lib_1_all.deb $a/vim_1_all.deb" hook extract
is 'unpacked: what was unpacked' "$(ls "$T/job/debs")" $'base_1_all.deb\nlib_1_all.deb\nvim_1_all.deb'
is 'unpacked: what others rely on' "$(cat "$T/job/essential")" $'base_1_all.deb\nlib_1_all.deb'
is 'unpacked: awk' "$(readlink "$T/root/usr/bin/awk")" mawk
is 'unpacked: all is kept' "$(ls "$T/debs")" \
	$'base_1_all.deb\nlib_1_all.deb\nother_1_all.deb\nvim_1_all.deb'

# ---- an ordinary user

# Who has subordinate ids makes one whose owners are right, too.
ordinary()
{
	local -i uid=23456
	printf 'kuser:x:%d:%d::/:/bin/sh\n' $uid $uid | cat /etc/passwd - >"$T/passwd"
	printf 'kuser:200000:65536\n' >"$T/subuid"
	mount --bind "$T/passwd" /etc/passwd
	[[ -z $1 ]] || for f in subuid subgid; do
		mount --bind "$T/subuid" "/etc/$f" || exit 99
	done
	AS=(setpriv --reuid "$uid" --regid "$uid" --clear-groups)
	create
	exit "$status"
}

as_ordinary()
{
	begin_image
	chmod 711 "$T"
	chmod 777 "$T/images" "$T/home" "$T/tmp" "$T"
	status=0
	T=$T unshare -m bash -c "$(declare -f ordinary create image image_exec export_environment); ordinary $1" ||
		status=$?
}

if ((EUID == 0)); then
	as_ordinary 1
	is 'ordinary user: exit 0' "$status" 0
	like 'ordinary user: owned as there' \
		"$(debugfs -R 'stat /etc/made' "$T/images/root" 2>/dev/null)" 'User: +5 +Group: +7 '
	nothing_but 'ordinary user' root

	as_ordinary
	is 'no subordinate ids: exit 125' "$status" 125
	one_line 'no subordinate ids' 'no user namespace .*uidmap.*subuids'
	nothing_but 'no subordinate ids'
fi

# ---- changed in a guest

guest=(-k "$T/kernel" --accel tcg --qemu "$T/bin/qemu-system-x86_64")
change()
{
	image "$1" -i "$T/images/root" "${guest[@]}" "${@:2}"
}

begin_image
create --minimal --size 512M
is 'to change: exit 0' "$status" 0
fake <<'EOF'
subtest change:
	exit 0
EOF
change update --packages vim
is 'update: exit 0' "$status" 0
is 'update: the path' "$(cat "$T/stdout")" "$T/images/root"
like 'update: upgrades' "$(cat "$T/downloads")" 'dist-upgrade'
like 'update: installs' "$(cat "$T/downloads")" 'install bash .*vim$'
nothing_but update root
rm "$T/downloads"
change sync
is 'sync: exit 0' "$status" 0
is 'sync: upgrades nothing' "$(grep -c dist-upgrade "$T/downloads")" 0

sum=$(sha256sum <"$T/images/root")
fake <<'EOF'
subtest change:
	print dpkg: error processing package vim (--configure):
	exit 1
EOF
change update_files
is 'the guest fails: exit 125' "$status" 125
one_line 'the guest fails' 'in the guest: .*error processing package vim'
is 'the guest fails: the image is as it was' "$(sha256sum <"$T/images/root")" "$sum"
nothing_but 'the guest fails' root

mke2fs -q -F "$T/images/other" 1M
image update -i "$T/images/other"
one_line 'not of root_image' "$T/images/other was not made by root_image"
echo rubbish >"$T/images/other"
image update -i "$T/images/other"
one_line 'no image' 'holds no ext4 file system'
image update -i "$T/images/none"
one_line 'none there' "$T/images/none.*No such file"
image update
one_line 'none anywhere' 'no root image for x86_64; .root_image create. makes one'
complete
