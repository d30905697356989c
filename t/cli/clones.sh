# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For the command-line tests of clones. The guest's script prints "a guest boots" in its section
# "boot:", so that boots can be counted.

# A new case, with the isolation that is the default.
clones()
{
	begin
	rm "$T/home/.ktestrc"
	fake <<'EOF'
boot:
	print a guest boots
EOF
}

boots()
{
	grep -ac 'a guest boots' "$T/out/out/t"
}

hooks()
{
	grep -ac 'the hooks run' "$T/out/out/t"
}

isolations()
{
	result '[.tests[] | select(.phase == null).isolation] | join(" ")'
}

# What became of saved guests.
template_events()
{
	journal '[.[] | select(.ev == "template") | .state] | join(" ")'
}

# The directory of the only one there is.
template()
{
	echo "$T"/home/.cache/ktest/templates/[!.]*
}

# How many there are; half of one is one too many.
kept()
{
	find "$T/home/.cache/ktest/templates" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l
}

# How many lines ktest has said of saved guests.
lines_said()
{
	grep -c 'saved guest' "$T/stderr"
}
