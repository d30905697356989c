#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that cannot be saved: the subtests boot theirs. One that does not come up: none would.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clones.sh"

with_hooks()
{
	mke2fs -q -F -t ext4 "$T/root.img" 4M >"$T/mke2fs" 2>&1
	run --root "$T/root.img"
}

# unsaved NAME SCRIPT WHY [ROW]: nothing is saved of a guest with this script
unsaved()
{
	clones
	subtests one two
	printf 'boot:\nprint a guest boots\n%b\n' "$2" | fake
	run
	is "$1: exit status" "$status" $(($# > 3))
	is "$1: verdicts" "$(verdicts)" "${4:+$4 }one=PASS two=PASS"
	is "$1: isolation" "$(isolations)" 'boot boot'
	is "$1: it is recorded" "$(template_events)" 'given up'
	is "$1: it and they boot" "$(boots)" 3
	is "$1: one line" "$(lines_said)" 1
	like "$1: says why" "$(cat "$T/stderr")" \
		"t.ktest: no saved guest: .*$3.*; each subtest has its guest booted"
	is "$1: nothing is kept" "$(kept)" 0
	gone "$1"
}

unsaved 'QEMU cannot save it' 'config:\nsaving fails' 'QEMU cannot save'
unsaved 'a torn state' 'config:\nsaving torn' 'QEMU cannot save'
unsaved 'a state without end' 'config:\nsaving big' 'File too large'
unsaved 'QEMU dies' 'config:\nsaving dies' 'QEMU'
unsaved 'QEMU refuses to save' 'config:\nrefuse migrate' 'refused: migrate'
unsaved 'QEMU refuses to stop' 'config:\nrefuse stop' 'refused: stop'
unsaved 'QEMU knows no such capability' 'config:\nrefuse migrate-set-capabilities' \
	'refused: migrate-set-cap'
unsaved 'QEMU dies of the command' 'config:\ndie-on migrate' 'QEMU'
unsaved 'a hook holds on to a share' 'config:\nbusy a process of the hooks holds on to /host/x' \
	'a process of the hooks holds on to /host/x'
unsaved 'it dies as it falls quiet' 'quiet:\ndie' 'exit status 1'
unsaved 'it panics as it falls quiet' 'quiet:\npanic' '[Pp]anic' '(boot)=FAIL(panic)'
unsaved 'a bug at the last moment' \
	'quiet:\nkernel 4 [    1.000000] WARNING: CPU: 0 PID: 1 at fs/x.c:1 x_init+0x1/0x2' 'bug' \
	'(boot)=FAIL(warning)'

start=$SECONDS
unsaved 'it is never saved' 'config:\nsaving silent' 'in time'
at_most 'it is never saved: seconds' $((SECONDS - start)) 60

# A clone's QEMU has all disks that the saved guest began with.
clones
declares ktest_library=1 ktest_mem=64 'ktest_scratch_dev_sizes=(1M)'
sed -i 's|SUBTESTS|one two|' "$T/tree/t.ktest"
mke2fs -q -F -t ext4 "$T/root.img" 4M >"$T/mke2fs" 2>&1
printf 'boot:\nprint a guest boots\ninit:\ncall unplug scratch 0\nexit 0\n' | fake
run --root "$T/root.img"
is 'a hook has unplugged a disk: exit status' "$status" 0
is 'a hook has unplugged a disk: isolation' "$(isolations)" 'boot boot'
like 'a hook has unplugged a disk: said' "$(cat "$T/stderr")" \
	'no saved guest: an init hook has unplugged scratch0'
gone 'a hook has unplugged a disk'

# A shell that waits is a matter of speed: it is done without, but what is asked has to answer.
clones
mke2fs -q -F -t ext4 "$T/root.img" 4M >"$T/mke2fs" 2>&1
printf 'boot:\nprint a guest boots\nconfig:\nhold-fails it ended\n' | fake
run --root "$T/root.img"
is 'no shell waits: exit status' "$status" 0
is 'no shell waits: isolation' "$(isolations)" 'clone clone clone'
is 'no shell waits: saved all the same' "$(template_events) $(lines_said)" 'made 0'
gone 'no shell waits'

clones
mke2fs -q -F -t ext4 "$T/root.img" 4M >"$T/mke2fs" 2>&1
printf 'boot:\nprint a guest boots\nconfig:\nignore hold\n' | fake
run --root "$T/root.img"
is 'it does not answer: isolation' "$(isolations)" 'boot boot boot'
like 'it does not answer: said' "$(cat "$T/stderr")" 'no saved guest: it cannot be saved in time'
gone 'it does not answer'

# A bug in the boot is one of all guests.
clones
subtests one two
fake <<'EOF'
boot:
	print a guest boots
	kernel 4 [    1.000000] WARNING: CPU: 0 PID: 1 at fs/x.c:1 x_init+0x1/0x2
EOF
run
is 'a bug in the boot: verdicts' "$(verdicts)" '(boot)=FAIL(warning) one=PASS two=PASS'
is 'a bug in the boot: isolation' "$(isolations)" 'boot boot'
is 'a bug in the boot: it is recorded' "$(template_events)" 'given up'
is 'a bug in the boot: nothing is kept' "$(kept)" 0
is 'a bug in the boot: one line' "$(lines_said)" 1
gone 'a bug in the boot'

# Hooks that taint the kernel, by no report: a saved guest would not tell.
clones
subtests one two
printf 'boot:\nprint a guest boots\ninit:\nframe 4 id=$ID status=0 signal=0 tainted=0,512\n' | fake
with_hooks
is 'hooks taint: verdicts' "$status $(verdicts)" '1 (init)=FAIL(tainted) one=PASS two=PASS'
is 'hooks taint: nothing is kept' "$(kept)" 0
gone 'hooks taint'

# ---- saved in another way than usual

for odd in 'saving late' 'ignore quit' 'die-on quit'; do
	clones
	subtests one two
	printf 'boot:\nprint a guest boots\nconfig:\n%s\n' "$odd" | fake
	run
	is "$odd: verdicts" "$(verdicts)" 'one=PASS two=PASS'
	is "$odd: isolation" "$(isolations)" 'clone clone'
	is "$odd: one boots" "$(boots) $(kept)" '1 1'
	gone "$odd"
done

# ---- one that does not come up

# none NAME SCRIPT VERDICT [ROW]: it is tried once, and that is the verdict of all
none()
{
	clones
	printf 'boot:\nprint a guest boots\n%b\n' "$2" | fake
	with_hooks
	is "$1: verdicts" "$(verdicts)" "${4:+$4 }one=$3 two=$3 three=$3"
	is "$1: it is tried once" "$(boots) $(guests_started)" '1 1'
	is "$1: it is recorded" "$(template_events)" failed
	is "$1: nothing is kept" "$(kept)" 0
	gone "$1"
}

none 'its kernel panics' panic 'MISS(panic)' '(boot)=FAIL(panic)'
is 'its kernel panics: exit status' "$status" 1
like 'its kernel panics: title' "$(result '.tests[2].title')" 'fake panic'
none 'it cannot be set up' 'config:\nsetup-fails no such disk' 'MISS(boot)'
like 'it cannot be set up: title' "$(result '.tests[1].title')" 'no such disk'
none 'an init hook fails' 'init:\nprint the hooks run\nexit 3' 'MISS(init)' '(init)=ERROR(init)'
is 'an init hook fails: exit status' "$status" 1
like 'an init hook fails: title' "$(result '.tests[1].title')" 'exit status 3'
is 'an init hook fails: it ran once' "$(hooks)" 1
none 'an init hook restarts it' 'init:\nreset' 'MISS(reboot)' \
	'(init)=FAIL(reboot)'

# Where each clone runs them, the first tells.
clones
fake <<'EOF'
boot:
	print a guest boots
init:
	print the hooks run
	exit 3
EOF
run
is 'init hooks of clones: verdicts' "$(verdicts)" \
	'(init)=ERROR(init) one=MISS(init) two=MISS(init) three=MISS(init)'
is 'init hooks of clones: one guest boots' "$(boots) $(hooks)" '1 1'
is 'init hooks of clones: isolation' "$(isolations)" 'clone clone clone'
gone 'init hooks of clones'

# QEMU dies of what no guest is to blame for: those that boot may fare better, or say the same.
for death in 'die 1' 'hello version=2 caps=exec'; do
	clones
	subtests one two
	printf 'boot:\nprint a guest boots\n%s\n' "$death" | fake
	run
	is "$death in its boot: exit status" "$status" 125
	is "$death in its boot: verdicts" "$(verdicts)" 'one=MISS(lost) two=MISS(lost)'
	is "$death in its boot: isolation" "$(isolations)" 'boot boot'
	is "$death in its boot: one line" "$(lines_said)" 1
	is "$death in its boot: nothing is kept" "$(kept)" 0
	gone "$death in its boot"
done

# ---- what was refused once is not tried by every run

# believed NAME SCRIPT LINE ISOLATION: after a run that found it out
believed()
{
	clones
	subtests one two
	printf 'boot:\nprint a guest boots\n%b\n' "$2" | fake
	run
	run
	is "$1, again: verdicts" "$(verdicts)" 'one=PASS two=PASS'
	is "$1, again: isolation" "$(isolations)" "$4 $4"
	is "$1, again: nothing is tried" "$(boots) $(template_events)" '1 '
	is "$1, again: one line" "$(grep -c "no saved guests: $3" "$T/stderr")" 1
	touch -d '2 days ago' "$T"/home/.cache/ktest/templates/*.refused
	run
	is "$1, another day: it is tried" "$(isolations) $(template_events)" "boot boot $5"
	gone "$1, again"
}

believed 'QEMU cannot save it' 'config:\nsaving fails' 'QEMU cannot save' shared 'given up'
believed 'QEMU cannot restore it' 'config:\nrestoring fails' 'the saved guest cannot' shared \
	'made not restored not restored'
complete
