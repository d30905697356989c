#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests and the outside: an address of this machine that is not its loopback stands for it.
. "$(dirname "$0")/lib.sh"

OUTSIDE=198.51.100.1 # for documentation: nobody's
ip address replace "$OUTSIDE/32" dev lo
is 'an address to reach' $? 0
trap 'status=$?; ip address delete "$OUTSIDE/32" dev lo; (exit "$status"); finish' EXIT

# serve ADDRESS WORD: set port and pid of what answers everyone with the word.
serve()
{
	exec {ports}< <(exec perl -MIO::Socket::INET -e '
		$| = 1;
		$s = IO::Socket::INET->new(Listen => 9, LocalAddr => $ARGV[0]) or die;
		print $s->sockport, "\n";
		alarm 600;
		while ($c = $s->accept) { print $c "$ARGV[1]\n" }' "$1" "$2")
	pid=$!
	read -r port <&"$ports"
	exec {ports}<&-
}

serve "$OUTSIDE" outside
outside=$port outside_pid=$pid
serve 127.0.0.1 loopback
loopback=$port loopback_pid=$pid

# asks DECLARATION: a guest that asks for both.
asks()
{
	guest_file <<-END
	$1

	ask()
	{
		timeout 10 bash -c "exec 3<>/dev/tcp/\$1/\$2 && cat <&3" 2>&1 || :
	}

	test_ask()
	{
		local address
		echo "GOT \$(ask $OUTSIDE $outside)"
		for address in 127.0.0.1 10.0.2.2 10.0.2.3 10.0.3.2 10.0.3.100; do
			ask "\$address" $loopback
		done
		ip route get $OUTSIDE
		cat /etc/resolv.conf
	}
	END
}

for how in 'user,internet' declared; do
	begin
	if [[ $how == declared ]]; then
		asks 'config-network internet'
		run
	else
		asks :
		run -n "$how"
	fi
	passed "$how" ask
	has "$how: the outside answers" ask '^GOT outside$'
	has "$how: a resolver" ask '^nameserver 10.0.2.3$'
	is "$how: the host's loopback does not" "$(log_of ask | grep -c '^loopback')" 0
	gone "$how"
done

begin
asks :
run
passed user ask
is 'user: the outside does not answer' "$(log_of ask | grep -c '^GOT outside')" 0
gone user

# What the kernel of the guest would not send, its root can: a route to the loopback of others.
begin
guest_file <<END
config-network internet

test_raw()
{
	ip address delete 127.0.0.1/8 dev lo
	ip route flush table local
	ip route add local 10.0.2.15 dev eth0
	ip route add 127.0.0.0/8 via 10.0.2.2
	echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
	ip route get 127.0.0.1
	timeout 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$loopback && cat <&3" || :
}
END
run
passed 'packets to 127.0.0.1' raw
has 'packets to 127.0.0.1: they leave the guest' raw '127.0.0.1 via 10.0.2.2'
is 'packets to 127.0.0.1: not here' "$(log_of raw | grep -c '^loopback')" 0
gone 'packets to 127.0.0.1'

# Back: a port of ours is the guest's, with or without the outside.
for how in user user,internet; do
	begin
	guest_file <<-'END'
	test_serve()
	{
		perl -MIO::Socket::INET -e '
			$s = IO::Socket::INET->new(Listen => 1, LocalPort => 80) or die;
			open F, ">/ktest-out/listens" or die; close F;
			alarm 60;
			$c = $s->accept or die; print $c "from the guest\n"'
	}
	END
	serve 127.0.0.1 probe
	kill "$pid"
	wait "$pid" 2>/dev/null
	run_background -n "$how" --forward "$port:80"
	wait_for 'the guest listens' test -e "$T/out/guests/vm1/listens"
	is "$how: a forward" "$(timeout 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port && cat <&3")" 'from the guest'
	wait "$pid"
	passed "$how: a forward" serve
	gone "$how: a forward"
done

# Two runs at one switch
begin
guest_file <<'END'
test_ask()
{
	timeout 60 bash -c "exec 3<>/dev/tcp/10.0.2.15/80 && cat <&3"
}
END
mv "$T/tree/t.ktest" "$T/tree/ask.ktest"
guest_file <<'END'
test_serve()
{
	perl -MIO::Socket::INET -e '
		$s = IO::Socket::INET->new(Listen => 1, LocalPort => 80) or die;
		open F, ">/ktest-out/listens" or die; close F;
		alarm 120;
		$c = $s->accept or die; print $c "from ", $c->sockhost, " to ", $c->peerhost, "\n"'
}
END
run_background -n vde --vde "$T/switch"
wait_for 'the guest listens' test -e "$T/out/guests/vm1/listens"
args=(run --accel "${ACCEL:-tcg}" --cpus 1 --mem 512M -o "$T/out2")
ktest "${args[@]}" --vde "$T/switch" "$T/tree/ask.ktest"
is 'vde: who asks: exit status' "$status" 0
like 'vde: they reach each other' "$(cat "$T/out2/out/ask.ask/log")" 'from 10.0.2.15 to 10.0.2.16'
wait "$pid"
passed 'vde: who serves' serve
is 'vde: nothing stays in the directory' "$(find "$T/switch" -mindepth 1)" ''
gone vde
kill "$outside_pid" "$loopback_pid"
complete
