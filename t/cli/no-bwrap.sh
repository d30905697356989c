# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Where there is no bubblewrap.

# without_bwrap: from here on PATH has all but that. The directory is not in T, which would be part of
# each command's environment, and that is what no_process looks for.
without_bwrap()
{
	local i dirs
	P=$(mktemp -d "${TMPDIR:-/tmp}/no-bwrap.XXXXXX") || exit 2
	path_with_bwrap=$PATH
	IFS=: read -ra dirs <<<"$PATH"
	for ((i = ${#dirs[@]} - 1; i >= 0; i--)); do
		[[ ! -d ${dirs[i]} ]] || ln -sf "${dirs[i]}"/* "$P/"
	done
	rm -f "$P/bwrap"
	PATH=$P
	trap 'status=$?; with_bwrap; (exit "$status"); finish' EXIT
}

with_bwrap()
{
	PATH=$path_with_bwrap
	rm -rf "$P"
}
