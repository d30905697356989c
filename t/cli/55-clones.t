#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each subtest in a guest of its own that goes on as a saved one; the saved one is kept and found
# again by all that it depends on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/clones.sh"

# ---- by default

clones
fake <<'EOF'
boot:
	print a guest boots
init:
	print the hooks run
	exit 0
subtest two:
	print two is here
	exit 1
EOF
run
is 'the first run: exit status' "$status" 1
is 'the first run: verdicts' "$(verdicts)" 'one=PASS two=FAIL(exit status) three=PASS'
is 'the first run: isolation' "$(isolations)" 'clone clone clone'
is 'the first run: one guest boots for all' "$(boots)" 1
is 'the first run: it is recorded' "$(template_events)" 'made'
is 'the first run: at which point' "$(journal '[.[] | select(.ev == "template")][0].point')" booted
is 'the first run: a guest each' "$(result '[.tests[].guest] | unique | length')" 3
is 'the first run: the hooks run in each' "$(hooks)" 3
is 'the first run: a log each' "$(grep -c 'two is here' "$T/out/out/t.two/log")" 1
is 'the first run: a saved guest is kept' "$(kept)" 1
is 'the first run: for its owner alone' \
	"$(stat -c %a "$(template)" "$(template)/mem" "$(template)/state" | sort -u | xargs)" '600 700'
is 'the first run: nothing is said of it' "$(lines_said)" 0
gone 'the first run'

inodes() { stat -c '%n %i %Y' "$(template)"/{mem,state,disk-6-0}; }
before=$(inodes)
run
is 'the second run: exit status' "$status" 1
is 'the second run: verdicts' "$(verdicts)" 'one=PASS two=FAIL(exit status) three=PASS'
is 'the second run: isolation' "$(isolations)" 'clone clone clone'
is 'the second run: no guest boots' "$(boots)" 0
is 'the second run: none is made' "$(template_events)" ''
is 'the second run: a guest each' "$(guests_started)" 3
is 'the second run: the same is kept' "$(inodes)" "$before"
gone 'the second run'

run -- two
is 'one of them: no guest boots' "$(boots)" 0
is 'one of them: verdict' "$(verdicts)" 'two=FAIL(exit status)'
gone 'one of them'

# Two at the same time, before there is a saved guest: each makes one, one of them is kept.
rm -rf "$T/home/.cache/ktest/templates"
run_background -o "$T/other"
run
is 'two at the same time: exit status' "$status" 1
await
is 'two at the same time: that of the other' "$status" 1
is 'two at the same time: one is kept' "$(kept)" 1
is 'two at the same time: the other has clones too' \
	"$(jq -r '[.tests[].isolation] | join(" ")' "$T/other/results.json")" 'clone clone clone'
gone 'two at the same time'

# ---- where what it reads of the host is in an image: saved behind the init hooks

clones
mke2fs -q -F -t ext4 "$T/root.img" 4M >"$T/mke2fs" 2>&1
fake <<'EOF'
boot:
	print a guest boots
init:
	print the hooks run
	exit 0
EOF
run --root "$T/root.img"
is 'with a root image: exit status' "$status" 0
is 'with a root image: saved when it is set up' \
	"$(journal '[.[] | select(.ev == "template")][0] | "\(.point) \(.state)"')" 'ready made'
is 'with a root image: the hooks run once' "$(boots) $(hooks)" '1 1'
is 'with a root image: isolation' "$(isolations)" 'clone clone clone'
run --root "$T/root.img"
is 'with a root image, again: neither boots nor hooks' "$(boots) $(hooks)" '0 0'
is 'with a root image, again: verdicts' "$(verdicts)" 'one=PASS two=PASS three=PASS'
gone 'with a root image'

# What the hooks may have read is part of its name; where it was only booted nothing of that is.
echo changed >"$T/tree/other"
run --root "$T/root.img"
is 'a changed test tree: the hooks run anew' "$(boots) $(hooks)" '1 1'
run --root "$T/root.img" --env "A=1"
is 'a changed environment: the hooks run anew' "$(boots) $(hooks)" '1 1'
run --root "$T/root.img" --env "A=1" -o "$T/out2"
is 'another output directory: as well' "$(grep -ac 'a guest boots' "$T/out2/out/t")" 1
is 'each is kept' "$(kept)" 4
gone 'what the hooks depend on'

# ---- what it depends on

clones
run
is 'before changes: it boots' "$(boots)" 1
run --cpus 2
is 'other processors: another one' "$(boots) $(kept)" '1 2'
run --mem 128M
is 'other memory: another one' "$(boots) $(kept)" '1 3'
run --append quiet
is 'another command line: another one' "$(boots) $(kept)" '1 4'
fake <<'EOF'
boot:
	print a guest boots
	print and is another
EOF
run
is 'another QEMU: another one' "$(boots) $(kept)" '1 5'
declares ktest_library=1 ktest_mem=64 ktest_cpus=1 'ktest_scratch_dev_sizes=(16M)'
sed -i 's/SUBTESTS/one two/' "$T/tree/t.ktest"
run
is 'a disk: another one' "$(boots) $(kept)" '1 6'
run
is 'a disk: it is found again' "$(boots) $(verdicts)" '0 one=PASS two=PASS'
gone 'what it depends on'

# Two files whose needs are equal share it.
clones
cp -p "$T/tree/t.ktest" "$T/tree/u.ktest"
run_files -- t.ktest u.ktest
is 'two files: exit status' "$status" 0
is 'two files: one guest boots' "$(cat "$T"/out/out/[tu] | grep -ac 'a guest boots')" 1
is 'two files: isolation' "$(isolations)" 'clone clone clone clone clone clone'
gone 'two files'

# ---- one that is not whole is not taken

spoil()
{
	local name=$1
	shift
	rm -rf "$T/home/.cache/ktest/templates"
	cp -a "$T/templates" "$T/home/.cache/ktest/"
	(cd "$(template)" && "$@")
	run
	is "$name: exit status" "$status" 0
	is "$name: it is made anew" "$(boots) $(template_events)" '1 made'
	is "$name: isolation" "$(isolations)" 'clone clone'
	is "$name: one is kept" "$(kept)" 1
}

clones
subtests one two
run
cp -a "$T/home/.cache/ktest/templates" "$T/templates"
spoil 'memory cut short' truncate -s -4096 mem
spoil 'a state cut short' truncate -s -1 state
spoil 'an empty state' truncate -s 0 state
spoil 'no memory' rm mem
spoil 'no state' rm state
spoil 'no lock' rm lock
spoil 'a disk is gone' rm disk-6-0
spoil 'a layer cut short' truncate -s 512 disk-6-0.layer
spoil 'no word of what it is' rm info.json
spoil 'a torn word' truncate -s 40 info.json
spoil 'rubbish' sh -c 'head -c 300 /dev/urandom >info.json'
spoil 'one digit of it' sed -i 's/"host": 15/"host": 16/' info.json
spoil 'no seal' rm seal
spoil 'a link for memory' sh -c 'mv mem m && ln -s m mem'
run
is 'made anew: it is whole' "$(boots)" 0
gone 'one that is not whole'
complete
