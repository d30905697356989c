#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two real guests at a time: each of two subtests waits for the other one, which is in another guest.
. "$(dirname "$0")/lib.sh"

begin
mkdir -p "$T/tree"
cat >"$T/tree/t.ktest" <<'EOF'
#!/bin/bash
. "${ktest_test_libs:?}"
config-timeout 200
meet()
{
	: >"$ktest_out/met.$1"
	until [[ -e $ktest_out/met.$2 ]]; do
		sleep 0.2
	done
	cat /proc/sys/kernel/random/boot_id
}
test_here() { meet here there; }
test_there() { meet there here; }
main "$@"
EOF
run_args
ktest "${args[@]}" -j 2 --isolation boot "$T/tree/t.ktest"
is 'they meet: exit status' "$status" 0
is 'they meet: verdicts' "$(verdicts)" 'here=PASS there=PASS'
boots() { grep -haE '[0-9a-f]{8}-[0-9a-f-]{27}$' "$T"/out/out/t.*/log | sed 's/.* //'; }
is 'they meet: in two guests' "$(boots | sort -u | wc -l)" 2
is 'they meet: what each takes of the memory' \
	"$(journal '[.[] | select(.ev == "end") | .mem_mib > 30 and .mem_mib < 700] | all')" true
gone 'they meet'
complete
