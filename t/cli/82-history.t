#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What earlier runs came to: the index of kept journals, and what is asked of it.
. "$(dirname "$0")/lib.sh"

RUNS=$T/home/.local/share/ktest/runs
DB=$T/home/.local/share/ktest/history.db

# event KIND FORMAT ARG...: a line at $ns
event()
{
	local kind=$1 format=${2//[$'\n\t']/}
	shift 2
	# shellcheck disable=SC2059
	printf '{"t_ns":%s,"seq":0,"ev":"%s",%s}\n' "$ns" "$kind" "$(printf "$format" "$@")"
}

# keep N VERDICT MS [VERDICT MS]: the journal of the Nth run, of subtests a and b of f.ktest
keep()
{
	local n=$1 s=a ns id
	id=$(printf '20260101T00%02d00.000-1' "$n")
	ns=$((1767225600 + n * 60))000000000
	shift
	mkdir -p "$RUNS"
	{
		event run '"version":1,"id":"%s","argv":[],"settings":{},"host":%s' "$id" \
			'{"name":"box","accel":"tcg","qemu":"q","cpus":2}'
		event kernel '"id":"k1","release":"%s","arch":"x86_64","commit":null' \
			"${RELEASE:-6.1.0}"
		event guest '"guest":"vm1","group":"vm1","kernel":"k1","file":"f","state":"start"'
		while (($#)); do
			event start '"file":"f","subtest":"%s","attempt":1,"guest":"vm1","group":"vm1"' "$s"
			event end '"file":"f","subtest":"%s","attempt":1,"guest":"vm1","verdict":"%s",
				"reason":null,"title":"why %s %s","duration_ms":%s' \
				"$s" "$1" "$s" "$1" "$2"
			s=b
			shift 2
		done
		event finish '"exit":0'
	} | gzip >"$RUNS/$id.jsonl.gz"
}

# history ARG...: of subtest a, as "VERDICT TIME ..."
history_of()
{
	ktest history "$@"
	sed -E 's/^[0-9-]+ [0-9:]+ +([A-Z]+) +([0-9.]+s) .*/\1 \2/' "$T/stdout" | paste -sd' '
}

begin
run
is 'a run: exit status' "$status" 0
gone 'a run'
is 'a run is in the history when it ends' \
	"$(sqlite3 "$DB" 'SELECT count(*) FROM tests WHERE verdict = "PASS"' 2>&1)" 3
ktest history "$T/tree/t.ktest" one
like 'a run: what is said of it' "$(cat "$T/stdout")" \
	'PASS +[0-9.]+s  one  6.1.0-fake  x86_64 .*  tcg  2[0-9T.-]+$'
run
ktest history t
is 'a second run' "$(lines_of "$T/stdout")" 6
ktest history -n 2 t
is 'only so many' "$(lines_of "$T/stdout")" 2
ktest history nothing
is 'nothing known: exit status' "$status" 125
like 'nothing known: it is said' "$(cat "$T/stderr")" 'nothing is known of nothing'

# ---- the index can always be made again

before=$(sqlite3 "$DB" 'SELECT * FROM tests ORDER BY 1, 2, 3' | sha256sum)
same_again()
{
	is "$1" "$(sqlite3 "$DB" 'SELECT * FROM tests ORDER BY 1, 2, 3' 2>&1 | sha256sum)" "$before"
}
ktest history rebuild
is 'rebuild: exit status' "$status" 0
is 'rebuild: runs' "$(cat "$T/stdout")" '2 runs'
same_again 'rebuilt: the same'
rm "$DB"
ktest history t
same_again 'removed: the same'
printf 'no database, but longer than the header of one, so that it is read as one%.0s' 1 2 3 >"$DB"
ktest history t
is 'damaged: exit status' "$status" 0
like 'damaged: it is said' "$(cat "$T/stderr")" 'history.db.*made again'
same_again 'damaged: the same'
head -c 5000 "$DB" >"$DB.new"
mv "$DB.new" "$DB"
ktest history t
is 'cut off: exit status' "$status" 0
same_again 'cut off: the same'
# A run does not read all of it: what it cannot add is there when somebody looks.
cp "$DB" "$T/good"
dd if=/dev/zero of="$DB" bs=4096 seek=1 count=2 conv=notrunc status=none
run
is 'damaged inside, a run: exit status' "$status" 0
like 'damaged inside, a run: it is said' "$(cat "$T/stderr")" 'malformed; the run is added .* when'
ktest history t
like 'damaged inside: it is said' "$(cat "$T/stderr")" 'history.db: it is damaged; it is made again'
is 'damaged inside: the run is there' "$(lines_of "$T/stdout")" 9
rm "$(find "$RUNS" -name '*.jsonl.gz' | sort | tail -n 1)"
cp "$T/good" "$DB"
sqlite3 "$DB" 'PRAGMA user_version = 7; DROP TABLE tests'
ktest history t
like 'of a newer version: it is said' "$(cat "$T/stderr")" 'another version'
same_again 'of a newer version: the same'
echo 'no gzip' >"$RUNS/20250101T000000.000-1.jsonl.gz"
ktest history rebuild
is 'a bad journal: exit status' "$status" 0
like 'a bad journal: it is named' "$(cat "$T/stderr")" '20250101T000000.000-1.jsonl.gz'
same_again 'a bad journal: the others are there'
rm "$RUNS/20250101T000000.000-1.jsonl.gz"

# Held by another process, which says when it has it and lets go when told.
mkfifo "$T/go"
sqlite3 "$DB" >"$T/locked" <<EOF &
BEGIN EXCLUSIVE;
SELECT 'locked';
.system cat $T/go
COMMIT;
EOF
locker=$!
wait_for 'the lock' grep -qs locked "$T/locked"
run
is 'locked: the run goes on' "$status" 0
like 'locked: it is said' "$(cat "$T/stderr")" 'history.db: another process'
echo >"$T/go"
wait "$locker"
ktest history t one
is 'locked: the run is added later' "$(lines_of "$T/stdout")" 3
gone locked

# ---- compare, flaky

begin
for k in 1 2 3 4 5 6 7 8 9; do
	keep "$k" PASS $((1000 + k % 3 * 20)) PASS 500
done
keep 10 PASS 1015 FAIL 500
keep 11 PASS 1900 PASS 501
keep 12 FAIL 1900 PASS 499
is 'history: all runs' "$(history_of f a)" \
	"$(printf 'PASS 1.0%ss ' 2 4 0 2 4 0 2 4 0 1)PASS 1.90s FAIL 1.90s"
ktest compare 20260101T000900 20260101T001000
is 'compare: a new failure: exit status' "$status" 1
like 'compare: a new failure' "$(cat "$T/stdout")" 'failed   f b: why b FAIL'
like 'compare: within noise' "$(cat "$T/stdout")" '1 as fast, within noise'
ktest compare 20260101T001000 last~1
is 'compare: none new: exit status' "$status" 0
like 'compare: fixed' "$(cat "$T/stdout")" 'fixed    f b: why b FAIL'
like 'compare: slower' "$(cat "$T/stdout")" 'slower   f a: 1.01s to 1.90s, [+]8[0-9] % over the median of 10 runs'
ktest compare 20260101T000200 last~1
like 'compare: too few to judge by' "$(cat "$T/stdout")" '2 with too few earlier runs'
mkdir "$T/dir"
gzip -dc "$RUNS/20260101T001200.000-1.jsonl.gz" >"$T/dir/journal.jsonl"
ktest compare last~1 "$T/dir"
like 'compare: an output directory' "$(cat "$T/stdout")" 'failed   f a: why a FAIL'
ktest compare 2026 last
is 'compare: not the only one: exit status' "$status" 125
like 'compare: not the only one' "$(cat "$T/stderr")" 'several'
ktest compare nowhere last
is 'compare: no such run: exit status' "$status" 125
ktest compare last
is 'compare: one run: exit status' "$status" 129

ktest flaky
is 'flaky: both, by how often' "$(sed -E 's/  +/ /g; s/ 2026.*//' "$T/stdout")" \
	' 8 % (1 to 35 %) 1 of 12 f a 6.1.0 x86_64
 8 % (1 to 35 %) 1 of 12 f b 6.1.0 x86_64'
rm -r "${T:?}/home"
for k in 1 2 3; do
	RELEASE=6.1.$k keep "$k" "$( ((k == 2)) && echo FAIL || echo PASS)" 1000
done
ktest flaky
like 'flaky: not between kernels' "$(cat "$T/stdout")" 'no subtest'
gone compare
complete
