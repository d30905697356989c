# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The unprivileged user of tests

ktest_user=ktest-user
ktest_etc=${ktest_etc:-/etc}

# ktest_user_entry: set REPLY to the fields of its passwd entry. 1: there is none.
ktest_user_entry()
{
	while IFS=: read -r -a REPLY; do
		[[ ${REPLY[0]-} != "$ktest_user" ]] || return 0
	done <"$ktest_etc/passwd"
	return 1
}

# Written directly: cheaper than useradd, and not every root has that. The home is left to the first
# that asks for the user: it takes two programs, and most files never ask.
ktest_make_user()
{
	local taken id=2000 file
	ktest_user_entry && return
	for file in passwd group; do
		IFS= read -r -d '' taken <"$ktest_etc/$file" || : # no NUL: the end of the file
		while [[ $taken =~ :$id:[^$'\n']* ]]; do
			id=$((id + 1))
		done
	done
	local home=${ktest_user_home:-/home/$ktest_user}
	echo "$ktest_user:x:$id:$id::$home:/bin/bash" >>"$ktest_etc/passwd" &&
		echo "$ktest_user:x:$id:" >>"$ktest_etc/group" || return
	[[ ! -e $ktest_etc/shadow ]] || echo "$ktest_user:*:19000:0:99999:7:::" >>"$ktest_etc/shadow"
}

# set_as_user: as_user is the name of the unprivileged user and of a function that runs a command
# as it (`$as_user CMD...`); as_user_uid and as_user_gid its numbers.
set_as_user()
{
	ktest_need_vm set_as_user || return
	if ! ktest_user_entry; then
		echo "set_as_user: no user $ktest_user, was init run?" >&2
		return 1
	fi
	as_user=$ktest_user as_user_uid=${REPLY[2]} as_user_gid=${REPLY[3]}
	export as_user as_user_uid as_user_gid
	as_user_home=${REPLY[5]}
	[[ -d $as_user_home ]] ||
		{ mkdir -p "$as_user_home" && chown "$as_user_uid:$as_user_gid" "$as_user_home"; }
}

# A function named as the user
ktest-user()
{
	HOME=$as_user_home USER=$ktest_user LOGNAME=$ktest_user \
		setpriv --reuid "$as_user_uid" --regid "$as_user_gid" --clear-groups \
			--inh-caps=-all --no-new-privs -- "$@"
}
