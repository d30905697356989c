#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Kernels of other architectures, up to the agent's self-test; fetched by `./setup check --full`.
. "$(dirname "$0")/../vm/lib.sh"

for a in i386 aarch64 riscv64; do
	begin
	ktest selftest -a "$a" --accel "${ACCEL:-tcg}"
	is "$a: exit 0" "$status" 0
	like "$a: every check" "$(tail -n 1 "$T/stdout")" '^18 checks, 0 failed$'
	# The figure that doc/architectures.md has
	echo "# $a: $(sed -n 's/^ok *boot *//p' "$T/stdout")"
	gone "$a"
done

# A file of tests needs a root of that architecture, and says so before anything is booted.
begin
test_file <<'END'
#!/bin/bash
. "${ktest_test_libs:?}"
test_one() { :; }
main "$@"
END
run -a aarch64
is 'no root: exit 125' "$status" 125
like 'no root: what to do' "$(cat "$T/stderr")" \
	'no root image for aarch64, .*`root_image create -a aarch64` .*`ktest selftest -a aarch64`'
gone 'no root'
complete
