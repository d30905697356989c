#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that speaks on the agent's port itself: what it says must not hurt the run, and after it
# the next subtest is served as if nothing had been.
. "$(dirname "$0")/lib.sh"

# port.pl: the descriptor of the agent's port, taken out of the agent.
cat >"$T/port.pl" <<'END'
use strict;
use warnings;

sub port {
	my ($pid_fd, $fd);
	for my $link (glob '/proc/1/fd/*') {
		next if (readlink($link) || '') !~ m{vport|ktest\.agent};
		($fd) = $link =~ /(\d+)$/;
	}
	die "no port among PID 1's descriptors\n" if !defined $fd;
	$pid_fd = syscall(434, 1, 0); # pidfd_open
	my $mine = syscall(438, $pid_fd, $fd + 0, 0); # pidfd_getfd
	die "pidfd_getfd: $!\n" if $mine < 0;
	open my $port, '+<&=', $mine or die "$!\n";
	return $port;
}

sub frame {
	my ($type, @fields) = @_;
	my $payload = join '', map { "$_\0" } @fields;
	return pack('a4 v v V V', 'KTF1', $type, 0, 7, length $payload) . $payload;
}

# It is not blocking, for the agent's sake.
sub put {
	my ($port, $data) = @_;
	while (length $data) {
		my $n = syswrite $port, $data;
		if (!defined $n) {
			select undef, undef, undef, 0.01;
			next;
		}
		substr $data, 0, $n, '';
	}
}

my ($what, $arg) = @ARGV;
my $port = port();
if ($what eq 'garbage') {
	put($port, join '', map { chr rand 256 } 1 .. 100_000);
} elsif ($what eq 'huge') {
	put($port, pack('a4 v v V V', 'KTF1', 6, 0, 0, 0xffffffff) . 'x' x 1000);
} elsif ($what eq 'half') {
	put($port, substr frame(6, 'text=' . 'x' x 60_000), 0, 30_000);
} elsif ($what eq 'hello') {
	put($port, frame(1, 'version=1', 'caps=exec', 'release=forged'));
} elsif ($what eq 'exit') {
	# For each session that there can be
	put($port, frame(4, "id=$_", 'status=0', 'signal=0', 'duration_ns=1', 'tainted=0,0', 'left=0'))
		for 0 .. 100, 4294967295, -1;
} elsif ($what eq 'bye') {
	put($port, frame(7, 'reason=forged'));
} elsif ($what eq 'done') {
	put($port, frame(3, "id=$_", 'error=5', 'message=' . "\e]0;forged\a" x 3000)) for 0 .. 100;
} elsif ($what eq 'unknown') {
	put($port, frame($_, 'a=b')) for 0, 8 .. 63, 70 .. 200, 65535;
} elsif ($what eq 'calls') {
	my @words = ('verb=unplug', 'arg=scratch', 'arg=99999999999999999999');
	put($port, frame(5, "id=$_", @words)) for 1 .. 200;
	put($port, frame(5, 'id=1', 'verb=' . 'v' x 60_000));
	put($port, frame(5, 'id=1', 'verb=reboot')) if $arg;
} elsif ($what eq 'flood') {
	my $many = join '', map { frame(6, "text=flood $_ " . 'x' x 400) } 1 .. 100;
	my $calls = join '', map { frame(5, "id=$_", 'verb=note', 'arg=' . 'x' x 400) } 1 .. 100;
	my $end = time + $arg;
	while (time < $end) {
		put($port, $many);
		put($port, $calls);
	}
}
END

# What each is to end as: a guest whose port is not to be trusted any more is given up. A forged EXIT of
# the subtest that runs is the guest's word against the guest's; no other's number can be guessed.
cp "$T/port.pl" "${TMPDIR:-/tmp}/ktest-port.$$"
begin
mv "${TMPDIR:-/tmp}/ktest-port.$$" "$T/tree/port.pl"
guest_file <<'END'
say() { perl /ktest/port.pl "$@"; sleep 2; }

test_unknown() { say unknown; }
test_calls() { say calls; }
test_done() { say done; }
test_bye() { say bye; }
test_flood() { say flood 8; }
test_garbage() { say garbage; echo "not here"; sleep 100; }
test_after_garbage() { :; }
test_huge() { say huge; sleep 100; }
test_after_huge() { :; }
test_hello() { say hello; sleep 100; }
test_after_hello() { :; }
test_half() { say half; sleep 100; }
test_after_half() { :; }
test_exit() { say exit; sleep 1; false; }
test_after_exit() { sleep 1; }
test_fails_after_exit() { false; }
END
# What is half a frame is ended by nothing but the time: agents may be slow.
run_background --timeout 30
high=0
while kill -0 "$pid" 2>/dev/null; do
	now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
	((${now:-0} > high)) && high=$now
	sleep 0.5
done
status=0
wait "$pid" || status=$?
is 'exit 1' "$status" 1
passed 'what it does not know, or did not ask, does not matter' unknown calls bye
# The agent's own frames may come between: then it is no more than garbage.
like 'a flood' "$(of flood '.verdict + " " + (.reason // "")')" '^(PASS |FAIL lost)$'
like 'an answer to nothing asked' "$(of "done" '.verdict + " " + (.reason // "")')" '^(PASS |MISS .*|FAIL lost)$'
for s in garbage huge hello half; do
	like "$s: no longer trusted" "$(of $s '.verdict + " " + .reason')" '^FAIL (lost|hang|timeout)$'
done
like 'exit: no more than a verdict' "$(of exit .verdict)" '^(PASS|FAIL)$'
passed 'the next one' after_garbage after_huge after_hello after_half after_exit
is 'the next but one' "$(of fails_after_exit '.verdict + " " + .reason')" 'FAIL exit status'
at_most 'KiB of memory for all of it' "$high" 65536
at_most 'lines of the agent in the log of a flood' "$(log_of flood | grep -c 'agent: flood')" 1000
is 'no control sequence reaches the terminal' "$(grep -c $'\e' "$T/stdout")" 0
gone port
complete
