#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# -n, --forward and --vde: what is refused, and why.
. "$(dirname "$0")/lib.sh"

# refused NAME STATUS REGEX OPTION...
refused()
{
	local name=$1 want=$2 regex=$3
	shift 3
	run "$@"
	is "$name: exit status" "$status" "$want"
	like "$name: says so" "$(cat "$T/stderr")" "$regex"
	is "$name: nothing is left behind" "$([[ -e $T/out ]] && echo there)" ''
}

begin
refused 'another kind' 129 '-n bridge: there are user, user,internet, vde and none' -n bridge
refused 'half a forward' 129 '--forward 80: not HOST:GUEST' --forward 80
refused 'a port too large' 129 '--forward 80:65536: not HOST:GUEST' --forward 80:65536
refused 'a forward with words' 129 '--forward 80:80x: not HOST:GUEST' --forward 80:80x
refused 'a forward to no network' 129 '--forward is for -n user' -n none --forward 8080:80
refused 'a switch for others' 129 '--vde is for -n vde' -n user --vde "$T/switch"
gone 'refused'

begin
exec {holder}< <(exec perl -MIO::Socket::INET -e '
	$| = 1;
	$s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die;
	print $s->sockport, "\n";
	sleep 60')
holder_pid=$!
read -r port <&"$holder"
refused 'a port in use' 125 "port $port of 127.0.0.1: Address already in use" --forward "$port:80"
kill "$holder_pid"
exec {holder}<&-
gone 'a port in use'

begin
cat >"$T/tree/net.ktest" <<'EOF'
#!/bin/bash
. "${ktest_test_libs:?}"
config-network internet
test_one() { :; }
main "$@"
EOF
chmod +x "$T/tree/net.ktest"
run_args
ktest "${args[@]}" -n none "$T/tree/net.ktest"
is 'the internet without a card: exit status' "$status" 125
like 'the internet without a card' "$(cat "$T/stderr")" \
	'net.ktest asks for the internet, which -n none keeps it from'
gone 'the internet without a card'
complete
