#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ktest report: one HTML file that needs nothing and lets nothing of a guest be more than text.
. "$(dirname "$0")/lib.sh"

# xpath EXPRESSION: of the page; what browsers know and libxml2 does not is no error.
xpath()
{
	xmllint --html --noblanks --xpath "$1" "$T/report.html" 2>/dev/null
}

begin
fake <<'FAKE'
subtest one:
	print </pre><script>alert(1)</script><img src=x onerror=alert(2)>
	print \x1b[31mred\x1b[0m &amp; \xff
	print KTAP version 1
	print 1..1
	print not ok 1 <b>nested</b>
	exit 1
FAKE
run
ktest report -o "$T/out" "$T/report.html"
is 'report: exit status' "$status" 0
is 'report: it says where' "$(cat "$T/stdout")" "$T/report.html"
is 'report: verdicts' "$(xpath 'string(//p[@class="counts"])')" '1 FAIL2 PASS'
is 'report: subtests' "$(xpath 'count(//details[@class="test"])')" 3
is 'report: what failed is open' "$(xpath 'count(//details[@open])')" 1
is 'report: the timeline has each subtest' \
	"$(grep -c '<rect class="\(pass\|fail\)".*<title>t ' "$T/report.html")" 3
is 'report: history' "$(xpath 'count(//td[@class="s"])')" 3
is 'hostile: no element of the log' "$(xpath 'count(//img | //b[not(parent::summary)])')" 0
is 'hostile: the one script is ours' "$(xpath 'count(//script)')" 1
like 'hostile: it is there as text' "$(xpath 'string(//details[@open]//pre)')" '</pre><script>alert\(1\)</script><img src=x'
like 'hostile: control characters are seen' "$(xpath 'string(//details[@open]//pre)')" '␛\[31mred␛\[0m &amp; �'
is 'hostile: no control character' "$(grep -c "$(printf '[\001-\010\013-\037]')" "$T/report.html")" 0
is 'nested results are there' "$(xpath 'string(//ul[@class="nested"]/li/text())')" ' <b>nested</b> '
is 'nothing from elsewhere' "$(xpath 'count(//@src | //@href[not(starts-with(., "#"))] | //link | //iframe)')" 0
is 'the script that is allowed is the one there' \
	"$(grep -o "sha256-[^']*" "$T/report.html")" \
	"sha256-$(perl -0777 -MDigest::SHA=sha256_base64 -ne 'm{<script>(.*?)</script>}s or die;
		my $h = sha256_base64($1); $h .= "=" while length($h) % 4; print $h' "$T/report.html")"

# A second run gives each a past; a huge log is cut, a link is not followed.
run
head -c 3000000 /dev/zero | tr '\0' x | fold -w 99 >"$T/out/out/t.one/log"
echo 'the secret' >"$T/secret"
rm "$T/out/out/t.two/log"
ln -s ../../../secret "$T/out/out/t.two/log"
ktest report -o "$T/out" "$T/report.html"
is 'a past: sparklines' "$(xpath 'count(//td[@class="s"]/svg)')" 3
at_most 'a huge log: bytes of the page' "$(stat -c %s "$T/report.html")" 400000
like 'a huge log: it is said' "$(cat "$T/report.html")" 'of 30[0-9]* bytes of the log are left out'
is 'a link in the output is not followed' "$(grep -c 'the secret' "$T/report.html")" 0

mkdir "$T/ktest-out" && cp "$T/out/journal.jsonl" "$T/ktest-out"
is 'the journal alone: exit status' "$(cd "$T" && ktest report && echo "$status")" 0
like 'the journal alone: the usual place' "$(cat "$T/stdout")" '^ktest-out/report.html$'
cp "$T/ktest-out/report.html" "$T"
is 'the journal alone: subtests' "$(xpath 'count(//details[@class="test"])')" 3
ktest report -o "$T/out" "$T/nowhere/report.html"
is 'no such directory: exit status' "$status" 125
like 'no such directory: it is named' "$(cat "$T/stderr")" 'nowhere/report.html'
ktest report one two
is 'two files: exit status' "$status" 129
ktest report -o "$T/nowhere"
is 'no run: exit status' "$status" 125
is 'nothing half written is left' "$(find "$T" -name 'report.html.*')" ''
gone report
complete
