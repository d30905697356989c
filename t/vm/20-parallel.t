#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two real guests at a time: each of two subtests waits for the other one, which is in another guest.
# They have no place in common: word is passed on here.
. "$(dirname "$0")/lib.sh"

begin
mkdir -p "$T/tree"
cat >"$T/tree/t.ktest" <<'EOF'
#!/bin/bash
. "${ktest_test_libs:?}"
config-timeout 200
meet()
{
	: >"$ktest_out/$1"
	until [[ -e $ktest_out/$2 ]]; do
		sleep 0.2
	done
	cat /proc/sys/kernel/random/boot_id
}
test_here() { meet here there; }
test_there() { meet there here; }
main "$@"
EOF
ISOLATION=boot JOBS=2
run_background
both_wait()
{
	here=$(echo "$T"/out/guests/*/here) there=$(echo "$T"/out/guests/*/there)
	[[ -e $here && -e $there ]]
}
wait_for 'both guests' both_wait
touch "${here%/*}/there" "${there%/*}/here"
status=0
wait "$pid" || status=$?
is 'they meet: exit status' "$status" 0
is 'they meet: verdicts' "$(verdicts)" 'here=PASS there=PASS'
boots() { grep -haE '[0-9a-f]{8}-[0-9a-f-]{27}$' "$T"/out/out/t.*/log | sed 's/.* //'; }
is 'they meet: in two guests' "$(boots | sort -u | wc -l)" 2
is 'they meet: what each takes of the memory' \
	"$(journal '[.[] | select(.ev == "end") | .mem_mib > 30 and .mem_mib < 700] | all')" true
gone 'they meet'
complete
