#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tests/lesson runs the commands of docs/lesson.md, section 3 here: the claims hold,
# a wrong one is found, and -w corrects it. "make lesson" runs the whole lesson.

. tests/lib/tap.sh

if [ "${KERNEL:-6.1}" != 6.1 ]; then
	echo "1..0 # SKIP the lesson is tested on 6.1"
	exit
fi

# without the exercise, which needs another module
sed -n '/^## 3/,/^### /p' docs/lesson.md >"$scratch/lesson.md"
ok "the section has a claim about guard pages" \
	grep -qx 17 "$scratch/lesson.md"
claim=$(grep -n "sort -u" "$scratch/lesson.md" | cut -d : -f 1)

sed "$((claim + 1))s/17/16/" "$scratch/lesson.md" >"$scratch/wrong.md"
fails "a wrong claim makes the lesson fail" tests/lesson "$scratch/wrong.md"
is "only the wrong claim differs" "$(grep "^[-+]" "$scratch/output")" \
	"-$scratch/wrong.md:$claim: 16
+$scratch/wrong.md:$claim: 17"

ok "a run with -w renews the output" tests/lesson -w "$scratch/wrong.md"
is "the renewed lesson has the right claim" \
	"$(sed -n "$((claim + 1))p" "$scratch/wrong.md")" 17
is "the renewed lesson has the same commands" \
	"$(grep "^[#$>] " "$scratch/wrong.md")" "$(grep "^[#$>] " "$scratch/lesson.md")"

done_testing
