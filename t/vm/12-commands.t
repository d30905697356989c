#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The commands about kernels and this machine, on the real ones.
. "$(dirname "$0")/lib.sh"

begin
ktest kernel list
is 'kernel list: exit 0' "$status" 0
like 'kernel list: a line each, name and place' "$(cat "$T/stdout")" \
	'debian/bookworm/amd64/6\.1\.[^ ]+ +/[^ ]+/debian/bookworm/amd64/6\.1\.'
dir=$(kernel_dir)

# In a store of its own, with the kernel that ./setup fetched: the archive may have a newer one by
# now, which the other tests are not to meet halfway.
STORE=$T/home
mkdir -p "$STORE/.ktest/kernels/debian/bookworm/amd64"
ln -s "$dir" "$STORE/.ktest/kernels/debian/bookworm/amd64/"
ktest kernel fetch debian/bookworm
is 'kernel fetch: exit 0' "$status" 0
there=$(cat "$T/stdout")
like 'kernel fetch: says where it is' "$there" "^$STORE/.ktest/kernels/debian/bookworm/amd64/6\.1\.[^/]+\$"
before=$(find "$there/" -maxdepth 1 -printf '%p %i %T@\n' | sort)
ktest kernel fetch debian/bookworm
is 'kernel fetch again: exit 0' "$status" 0
is 'kernel fetch again: says where it is' "$(cat "$T/stdout")" "$there"
is 'kernel fetch again: nothing is written' \
	"$(find "$there/" -maxdepth 1 -printf '%p %i %T@\n' | sort)" "$before"
is 'kernel fetch again: nothing is downloaded' "$(grep downloading "$T/stderr")" ''
gone 'kernel fetch'

ktest kernel fetch nonsense/x
is 'kernel fetch of nothing: fails' "$((status == 125 || status == 129))" 1
like 'kernel fetch of nothing: named' "$(cat "$T/stderr")" nonsense
is 'kernel fetch of nothing: a line' "$(lines_of "$T/stderr")" 1
STORE=$HOME

guest_file <<'END'
test_release() { echo "running $(uname -r)"; }
END
release=${dir##*/}
run -k "$dir"
is '-k DIR: exit 0' "$status" 0
has '-k DIR: that kernel' release "^running $release$"
gone '-k DIR'

rm -rf "$T/out"
run -k debian/bookworm
is '-k NAME: exit 0' "$status" 0
has '-k NAME: that kernel' release "^running $release$"
is '-k NAME: recorded' "$(result '.kernels[0].release')" "$release"
is '-k NAME: linked' "$(readlink -f "$T/out/kernel")" "$(readlink -f "$dir")"

rm -rf "$T/out"
run -k debian/no-such
is '-k of none: exit 125' "$status" 125
like '-k of none: says which there are' "$(cat "$T/stderr")" 'debian/bookworm'
run -k "$T/tree"
is '-k of no kernel: exit 125' "$status" 125
like '-k of no kernel: says what is missing' "$(cat "$T/stderr")" 'vmlinuz'

# Where the own kernel cannot be read, or has not what a guest needs, there is a line that says so.
run -k host
if ((status)); then
	is '-k host: exit 125' "$status" 125
	like '-k host: named, with a remedy' "$(cat "$T/stderr")" \
		'^ktest: .*(/boot/vmlinuz-|/lib/modules|'"$(uname -r)"'|host).*'
else
	has '-k host: that kernel' release "^running $(uname -r)$"
fi
gone '-k host'

ktest needs "$TREE/tests/disks.ktest" --json
ktest needs --json "$TREE/tests/disks.ktest"
is 'needs: exit 0' "$status" 0
is 'needs: lists the subtests' "$(jq -r '[.. | strings] | contains(["unplug_left_is_back"])' "$T/stdout")" true
ktest needs "$TREE/tests/disks.ktest"
like 'needs: in words' "$(cat "$T/stdout")" 'unplug_left'
is 'needs: nothing on stderr' "$(cat "$T/stderr")" ''

ktest doctor
is 'doctor: this machine will do' "$status" 0
for what in qemu accelerator sandbox agent kernel disk memory; do
	like "doctor: $what" "$(grep " $what " "$T/stdout")" '^(ok|weak) '
done
like 'doctor: the speed factor' "$(grep ' accelerator ' "$T/stdout")" ', speed factor [0-9.]+( \(|$)'
like 'doctor: the sandbox is there' "$(grep ' sandbox ' "$T/stdout")" '^ok '
gone doctor

# However KVM is here: asked for what is best, a guest comes up, and the run says with what.
rm -rf "$T/out"
run_args
ktest "${args[@]}" --accel auto "$T/tree/t.ktest"
is '--accel auto: exit 0' "$status" 0
like '--accel auto: one line says with what' "$(grep -h accelerator "$T/stdout" "$T/stderr" "$T/out/out/t")" \
	'accelerator (tcg|kvm) '
gone '--accel auto'
complete
