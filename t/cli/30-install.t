#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What `make install` puts in place works by itself, wherever that is.
. "$(dirname "$0")/lib.sh"

begin
subtests one
fake </dev/null
# -o all: what was built, by whatever compiler, is what others test meanwhile
make -s -o all -C "$TREE" install DESTDIR="$T/dest" PREFIX=/opt >"$T/make" 2>&1
is 'install: exit status' $? 0
is 'install: nothing is said' "$(cat "$T/make")" ''
KTEST=$T/dest/opt/bin/ktest run
is 'a run: exit status' "$status" 0
is 'a run: verdict' "$(verdicts)" 'one=PASS'
gone 'a run'
for program in build-test-kernel testy root_image; do
	like "$program: is there" "$("$T/dest/opt/bin/$program" --help)" "$program"
	is "$program: its manual, too" "$(ls "$T/dest/opt/share/man/man1/$program.1")" \
		"$T/dest/opt/share/man/man1/$program.1"
done
is 'nothing points back' "$(grep -rl "$TREE" "$T/dest/opt/lib/ktest/lib" "$T/dest/opt/lib/ktest/tests")" ''
complete
