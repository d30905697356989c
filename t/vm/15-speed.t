#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Other work on the host does not change the speed factor: beside three busy loops for each processor,
# which the scheduler prefers, it is what it is without them.
. "$(dirname "$0")/lib.sh"

# measure [PREFIX...]: the speed factor of a run with an empty cache. The run ends before any boot,
# because its root does not exist.
measure()
{
	local -a prefix=("$@")
	rm -rf "$T/cache"
	(
		export_environment
		run_args
		XDG_CACHE_HOME=$T/cache exec "${prefix[@]}" timeout -k 5 "$LIMIT" "$KTEST" "${args[@]}" \
			--root "$T/no-such-root" "$T/tree/t.ktest"
	) >"$T/stdout" 2>"$T/stderr" </dev/null
	jq '.probes[] | select(.key | startswith("tcg ")).factor' "$T/cache/ktest/accel.json"
}

begin
quiet=()
loaded=()
guest_file <<'END'
test_none() { :; }
END
ACCEL=tcg
for i in {1..3}; do
	quiet+=("$(measure)")
done
# kill_all finds them by the path.
for ((i = 3 * $(nproc); i; i--)); do
	bash -c 'while :; do :; done' "$T" &
done
disown -a
sleep 1
for i in {1..6}; do
	loaded+=("$(measure nice -n 5)")
done
kill_all
echo "# speed factors ${quiet[*]}, beside busy loops ${loaded[*]}"
ratio=$(jq -sr 'max / min' <<<"${quiet[*]} ${loaded[*]}")
is 'measured each time' "$(jq -s 'map(select(. > 1)) | length' <<<"${quiet[*]} ${loaded[*]}")" 9
is "the same under load: the greatest over the least, $ratio" "$(jq '. < 1.6' <<<"$ratio")" true
gone 'speed'
complete
