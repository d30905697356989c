#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a test file sees of the host when it is asked for its needs, for root and for an ordinary user.
. "$(dirname "$0")/lib.sh"

# Not below /tmp, which is hidden anyway.
P=$(mktemp -d /var/tmp/ktest-view.XXXXXX) || exit 2
trap 'rm -rf "$P" "${in_root-}"; finish' EXIT
uid=23456
inst=$P/inst

# tests FILE...: a test file that declares the names and hashes of those that it can read
tests()
{
	cat >"$P/home/src/tree/tests/t.ktest" <<-EOF
	#!/bin/bash
	. "\$ktest_test_libs"
	for file in $(printf '%q ' "$@"); do
		[[ ! -r \$file ]] || require-kernel-append "\${file##*/}=\$(tr -d '\n' <"\$file" | sha256sum | head -c 8)"
	done
	command -v cc >/dev/null && require-kernel-append "cc=\$(echo 'int a = 7;' | cc -xc -S -o - - | grep -c 'a:')"
	echo text >"\$TMPDIR/written" && require-kernel-append tmp="\$(cat "\$TMPDIR/written")"
	test_one() { :; }
	main "\$@"
	EOF
}

# sees NAME: $seen is what the file declared, one a line
sees()
{
	status=0
	"${AS[@]}" env HOME="$P/home" ktest_deps_dir="$P/home/deps" TMPDIR="$P/tmp" \
		timeout 60 "$inst/bin/ktest" needs --json "$P/home/src/tree/tests/t.ktest" \
		>"$T/stdout" 2>"$T/stderr" </dev/null || status=$?
	is "$1: exit status" "$status" 0
	seen=$(grep -o '"[^"=]*=[^"]*"' "$T/stdout" | tr -d '"')
}

# sum FILE: as the test file says it
sum()
{
	echo "${1##*/}=$(tr -d '\n' <"$1" | sha256sum | head -c 8)"
}

lay_out()
{
	rm -rf "${P:?}"/*
	mkdir -p "$P"/{tmp,bin} "$inst/bin" "$P/home"/{deps/clone,src/tree/{tests,.git}}
	cp -R "$TREE/lib" "$TREE/tests" "$TREE/libexec" "$inst"
	cp "$KTEST" "$inst/bin/ktest"
	secrets=("$P/home/secret" "$P/home/src/tree/.git/config" "$P/outside" "$P/home/src/other")
	shown=("$P/home/src/tree/own" "$P/home/deps/clone/dep" "$inst/lib/deps.sh" "$inst/tests/demo.ktest")
	for f in "${secrets[@]}" "${shown[@]::2}"; do
		echo "text of $f" >"$f"
	done
	chmod -R go+rX "$P"
}

check()
{
	tests "${secrets[@]}" /etc/shadow "${shown[@]}"
	sees "$1"
	for f in "${secrets[@]}" /etc/shadow; do
		! [[ -r $f && $seen == *"$(sum "$f")"* ]]
		is "$1: not seen: ${f##*/}" $? 0
	done
	for f in "${shown[@]}"; do
		like "$1: seen: ${f##*/}" "$seen" "$(sum "$f")"
	done
	like "$1: /tmp can be written to" "$seen" 'tmp=text'
	[[ ! $(command -v cc) ]] || like "$1: the compiler works" "$seen" 'cc=1'
}

begin
AS=()
lay_out
if ((EUID == 0)); then
	in_root=$(mktemp /root/ktest-view.XXXXXX)
	echo 'text in /root' >"$in_root"
	secrets+=("$in_root")
	check root
	secrets[-1]=$P/home/src/tree/closed
	echo 'text for root alone' >"${secrets[-1]}"
	chown -R "$uid" "$P/home"
	chown 0 "${secrets[-1]}"
	chmod 600 "${secrets[-1]}"
	AS=(setpriv --reuid "$uid" --regid "$uid" --clear-groups)
fi
check 'ordinary user'
complete
