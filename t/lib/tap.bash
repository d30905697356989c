# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# TAP for the tests of lib/: a directory of its own, files to run in it, a fake ktest-ctl.

tap_count=0
tap_failed=0
tree=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd -P)
work=$(mktemp --directory --tmpdir ktest-lib.XXXXXX)
trap 'rm -rf "$work"' EXIT

# Nothing of the environment of whoever runs this
for name in $(compgen -v ktest_) NR_REBOOTS BASH_ENV; do
	unset "$name"
done
mkdir "$work/state" "$work/tmp"
export ktest_state=$work/state ktest_tmp=$work/tmp ktest_kmsg=$work/kmsg ktest_ctl=$work/ctl
: >"$ktest_kmsg"

# The host as ktest-ctl shows it: answers from $work/answers (a line "VERB MESSAGE" refuses), what
# it was asked in $work/calls.
cat >"$ktest_ctl" <<END
#!/bin/bash
echo "\$*" >>$work/calls
if [[ -x $work/on-\$1 ]]; then
	$work/on-\$1 "\$@" || exit
fi
if message=\$(grep "^\$1 " $work/answers 2>/dev/null); then
	echo "\${message#* }"
	exit 1
fi
END
chmod +x "$ktest_ctl"

# is GOT WANTED DESCRIPTION
is()
{
	tap_count=$((tap_count + 1))
	if [[ $1 == "$2" ]]; then
		echo "ok $tap_count - $3"
		return
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $3"
	printf '%s\n' "got:" "$1" "wanted:" "$2" | sed 's/^/#   /'
}

# like GOT ERE DESCRIPTION: a line of GOT matches
like()
{
	if grep -qE -e "$2" <<<"$1"; then
		is 1 1 "$3"
	else
		is "$1" "a line matching $2" "$3"
	fi
}

# unlike GOT ERE DESCRIPTION
unlike()
{
	if grep -qE -e "$2" <<<"$1"; then
		is "$1" "no line matching $2" "$3"
	else
		is 1 1 "$3"
	fi
}

# test_file NAME <<END: a file that uses our library
test_file()
{
	mkdir -p "$(dirname "$work/$1")"
	{
		printf '#!/bin/bash\n. %q\n' "$tree/tests/test-libs.sh"
		cat
		printf '\nmain "$@"\n'
	} >"$work/$1"
}

# host FILE ARG...: as the host calls it; sets out, err, status.
host()
{
	out=$(bash "$tree/lib/run-host.sh" "$work/$1" "${@:2}" 2>"$work/err")
	status=$?
	err=$(<"$work/err")
}

# guest FILE ARG...: as the agent does; killed after $guest_timeout s.
guest()
{
	rm -f "$work/calls"
	out=$(ktest_library=1 setsid -w timeout -s KILL "${guest_timeout:-60}" \
		bash "$tree/lib/run-guest.sh" "$work/$1" "${@:2}" 2>"$work/err" </dev/null)
	status=$?
	err=$(<"$work/err")
	calls=$(cat "$work/calls" 2>/dev/null)
}

# held FILE NAME [LINE]: the same by a shell that waits to be told, LINE being a part of what it is told;
# sets waits to what it has said before.
held()
{
	rm -f "$work/calls"
	out=$(ktest_library=1 setsid -w timeout -s KILL 60 \
		bash "$tree/lib/run-guest.sh" "$work/$1" wait 2>"$work/err" 3>"$work/waits" </dev/null \
		4< <(printf '%s\nset -- %q run-tests %q\n' "${3-}" "$work/$1" "$2"))
	status=$?
	err=$(<"$work/err")
	waits=$(wc -c <"$work/waits")
	calls=$(cat "$work/calls" 2>/dev/null)
}

tap_done()
{
	echo "1..$tap_count"
	((tap_failed == 0))
	exit
}
