#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a subtest left in the kernel's tracing, and a program's core: in the subtest's directory.
. "$(dirname "$0")/lib.sh"

begin
guest_file <<'END'
test_traced()
{
	setup_tracing sched:sched_process_exec
	/bin/true
	false
}

test_next()
{
	false
}

test_good()
{
	/bin/true
}

test_core()
{
	(ulimit -c unlimited; perl -e 'kill "ABRT", $$') || :
}
END
run
is 'verdicts' "$(verdicts)" \
	'traced=FAIL(exit status) next=FAIL(exit status) good=PASS core=PASS'
is 'the trace of one that failed' \
	"$(grep -c 'sched_process_exec: filename=/bin/true' "$T/out/out/t.traced/trace")" 1
is 'the next one has none of it' "$(grep -c /bin/true "$T/out/out/t.next/trace")" 0
is 'one that passed has none' "$([[ -e $T/out/out/t.good/trace ]] && echo there)" ''
like 'a core has the name of its program' "$(cd "$T/out/out/t.core" && echo core.*)" '^core.perl.[0-9]+$'
gone 'traced'
complete
