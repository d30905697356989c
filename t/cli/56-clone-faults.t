#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A saved guest that does not go on as it should: the subtest runs in one that is booted, and the
# result says so.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clones.sh"

# broken NAME SCRIPT [OPTION...]: in clones of this script no subtest can run
broken()
{
	local name=$1
	clones
	{
		printf 'boot:\nprint a guest boots\n'
		printf '%b\n' "$2"
	} | fake
	shift 2
	run "$@"
	is "$name: exit status" "$status" 0
	is "$name: verdicts" "$(verdicts)" 'one=PASS two=PASS three=PASS'
	is "$name: isolation" "$(isolations)" 'boot boot boot'
	is "$name: two were tried" "$(template_events)" 'made not restored not restored'
	is "$name: then they boot" "$(boots)" 4
	is "$name: a line for each that was tried" "$(lines_said)" 2
	is "$name: it is not kept" "$(kept)" 0
	gone "$name"
}

broken 'QEMU cannot restore it' 'config:\nrestoring fails'
like 'QEMU cannot restore it: it is said' "$(cat "$T/stderr")" \
	't.ktest: a saved guest does not go on: .*cannot be restored; booting one'
broken 'QEMU dies' 'config:\nrestoring dies'
broken 'QEMU refuses' 'config:\nrefuse migrate-incoming'
like 'QEMU refuses: its words' "$(cat "$T/stderr")" 'refused: migrate-incoming'
broken 'QEMU dies of the command' 'config:\ndie-on migrate-incoming'
broken 'an echo' 'config:\nnonce 0123456789abcdef'
broken 'it dies at once' 'restored:\ndie'
broken 'it is killed' 'restored:\nkill'
broken 'it panics' 'restored:\npanic'
broken 'it restarts' 'restored:\nreset'
broken 'its agent starts anew' 'restored:\nhello'
broken 'no frames' 'restored:\nraw 48656c6c6f2c2049206469642070617373206d7920746573740a0a'
broken 'it cannot be set up' 'config:\nrenew-fails no such thing'
like 'it cannot be set up: why' "$(cat "$T/stderr")" 'no such thing'

# ---- those that just do not answer

# late NAME SCRIPT: the same with one subtest, which does not wait for ever
late()
{
	local start=$SECONDS
	clones
	printf 'boot:\nprint a guest boots\n%b\n' "$2" | fake
	run -- one
	is "$1: exit status" "$status" 0
	is "$1: verdict" "$(verdicts)" 'one=PASS'
	is "$1: isolation" "$(isolations)" boot
	like "$1: it is said" "$(cat "$T/stderr")" 'does not go on: it does not answer in time'
	at_most "$1: seconds" $((SECONDS - start)) 30
	gone "$1"
}

late 'QEMU says nothing' 'config:\nrestoring silent'
late 'it hangs' 'restored:\nhang'

# ---- one of many

clones
fake <<'EOF'
boot:
	print a guest boots
config:
	restoring fails
	only ktest-vm3
EOF
run
is 'the second of three: exit status' "$status" 0
is 'the second of three: isolation' "$(isolations)" 'clone boot clone'
is 'the second of three: it boots' "$(boots)" 2
is 'the second of three: the saved guest is kept' "$(kept)" 1
gone 'the second of three'

# Any of the cache may be removed at any moment. What is open stays.
for layers in '' with; do
	clones
	[[ -z $layers ]] || mke2fs -q -F -t ext4 "$T/root.img" 4M >"$T/mke2fs" 2>&1
	fake <<'END'
boot:
	print a guest boots
subtest one:
	print one is here
	sleep 1000
	exit 0
END
	run_background -j 1 ${layers:+--root "$T/root.img"}
	wait_for 'the first subtest' said 'one is here'
	rm -rf "$T/home/.cache/ktest/templates"
	await
	name="removed in a run${layers:+, with layers}"
	is "$name: exit status" "$status" 0
	is "$name: verdicts" "$(verdicts)" 'one=PASS two=PASS three=PASS'
	is "$name: isolation" "$(isolations)" 'clone boot boot'
	gone "$name"
done

# What happens in a subtest is the subtest's, in a clone as elsewhere.
clones
fake <<'EOF'
boot:
	print a guest boots
subtest one:
	panic
subtest two:
	die
EOF
run
is 'a subtest that panics: exit status' "$status" 1
is 'a subtest that panics: verdicts' "$(verdicts)" 'one=FAIL(panic) two=MISS(lost) three=PASS'
is 'a subtest that panics: isolation' "$(isolations)" 'clone clone clone'
is 'a subtest that panics: no other guest boots' "$(boots)" 1
gone 'a subtest that panics'

# A restart is a boot, of the clone's own.
clones
fake <<'EOF'
boot:
	print a guest boots
subtest one:
	call reboot
	bye reboot
	reset
EOF
run --timeout 2 -- one
is 'restarts: verdict' "$(verdicts)" 'one=FAIL(timeout)'
is 'restarts: isolation' "$(isolations)" clone
is 'restarts: the clone boots, and again' "$(($(boots) >= 3))" 1
is 'restarts: in the subtest' "$(($(grep -ac 'a guest boots' "$T/out/out/t.one/log") >= 2))" 1
is 'restarts: the same guest' "$(guests_started)" 2
gone 'restarts'

# ---- behind the init hooks

with_hooks()
{
	mke2fs -q -F -t ext4 "$T/root.img" 4M >"$T/mke2fs" 2>&1
	printf 'boot:\nprint a guest boots\ninit:\nprint the hooks run\nexit 0\n%b\n' "$1" | fake
	run --root "$T/root.img"
}

for fault in 'config:\nrestoring fails' 'config:\nnonce x' 'config:\nrenew-fails no time'; do
	clones
	with_hooks "$fault"
	is "$fault, with hooks: exit status" "$status" 0
	is "$fault, with hooks: verdicts" "$(verdicts)" 'one=PASS two=PASS three=PASS'
	is "$fault, with hooks: isolation" "$(isolations)" 'boot boot boot'
	is "$fault, with hooks: they run in each" "$(boots) $(hooks)" '4 4'
	gone "$fault, with hooks"
done
complete
