#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What "make demo" shows.

. tests/tap.sh

address='[0-9a-f]{16}'

tests/demo >"$scratch/out" 2>"$scratch/err"
is "the demo succeeds" $? 0
is "and complains of nothing" "$(cat "$scratch/err")" ""
ok "it gives the device its group and mode" \
	grep -q '^crw-rw-r-- 1 root staff .* /dev/scullv0$' "$scratch/out"

# COMMAND: what it has shown
shown()
{
	awk -v command="$1" '$0 == command { on = 1; next }
			     on && /^([#$] |  \()/ { exit }
			     on' "$scratch/out" | sed '$d'
}
dump=$(shown '# cat bigfile > /dev/scullv0; head -5 /proc/scullvmem')
is "the book's snapshot has a line for the device" \
	"$(echo "$dump" | sed -n 2p)" "Device 0: qset 500, order 4, sz 1535135"
like "one for the item" "$(echo "$dump" | sed -n 3p)" \
	"  item at ffff[0-9a-f]{12}, qset at ffff[0-9a-f]{12}"
like "one for a quantum" "$(echo "$dump" | sed -n 4p)" \
	"       0:ffff[0-9a-f]{12}"
like "and one for the next" "$(echo "$dump" | sed -n 5p)" \
	"       1:ffff[0-9a-f]{12}"
is "the device gives the file back" \
	"$(shown '# cmp bigfile /dev/scullv0 && echo the same')" "the same"
is "vmallocinfo knows both quanta" "$(grep -Ec \
	"^0x$address-0x$address +69632 scullv_.*pages=16 " "$scratch/out")" 2
like "a student sees no address" \
	"$(shown '$ head -5 /proc/scullvmem' | sed -n 4p)" "       0:0{8}.*"

head -c 3000000 tests/guest /usr/bin/* >"$scratch/mine" 2>/dev/null
truncate -s 3000000 "$scratch/mine"
FILE=$scratch/mine tests/demo >"$scratch/out" 2>&1
is "FILE= takes another file" $? 0
ok "which is then in the device" grep -q 'sz 3000000$' "$scratch/out"

done_testing
