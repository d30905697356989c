#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests that do not come up, or do not start what they are told to.
. "$(dirname "$0")/lib.sh"

# The agent never says hello.
begin
fake <<'EOF'
boot:
	print I am a kernel
	hang
EOF
start=$SECONDS
LIMIT=400 run -- one
is 'no agent: exit status' "$status" 125
is 'no agent: verdict' "$(verdicts)" 'one=MISS(boot)'
at_most 'no agent: seconds in all' $((SECONDS - start)) 80
gone 'no agent'

# It does not answer SETUP, and that of a subtest's START.
begin
printf 'config:\nignore setup\n' | fake
start=$SECONDS
run --timeout 3 -- one
is 'no answer to SETUP: exit status' "$status" 125
is 'no answer to SETUP: verdict' "$(verdicts)" 'one=MISS(boot)'
at_most 'no answer to SETUP: seconds in all' $((SECONDS - start)) 45
gone 'no answer to SETUP'

begin
printf 'config:\nignore start\n' | fake
run --timeout 3 -- one
is 'no answer to START: exit status' "$status" 1
is 'no answer to START: verdict' "$(verdicts)" 'one=FAIL(timeout)'
gone 'no answer to START'

# Its init hooks: one that fails, one that does not end.
begin
fake <<'EOF'
init:
	print the hook is here
	exit 3
EOF
run
is 'init fails: exit status' "$status" 1
is 'init fails: verdicts' "$(verdicts)" \
	'(init)=ERROR(init) one=MISS(init) two=MISS(init) three=MISS(init)'
like 'init fails: title' "$(result '.tests[0].title')" 'exit status 3'
is 'init fails: what it said' "$(grep -c 'the hook is here' "$T/out/out/t")" 1
gone 'init fails'

begin
fake <<'EOF'
init:
	call watchdog 2
EOF
run
is 'init does not end: exit status' "$status" 1
is 'init does not end: verdicts' "$(verdicts)" \
	\
	'(init)=ERROR(timeout) one=MISS(timeout) two=MISS(timeout) three=MISS(timeout)'
gone 'init does not end'
complete
