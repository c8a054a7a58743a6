#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What "make demo" shows.

. tests/lib/tap.sh

address='[0-9a-f]{8}([0-9a-f]{8})?'

tests/demo/run >"$scratch/out" 2>"$scratch/err"
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
	"  item at $address, qset at $address"
like "one for a quantum" "$(echo "$dump" | sed -n 4p)" \
	"       0:$address"
like "and one for the next" "$(echo "$dump" | sed -n 5p)" \
	"       1:$address"
is "the device gives the file back" \
	"$(shown '# cmp bigfile /dev/scullv0 && echo the same')" "the same"
apart=$(sed -n 's/.*Neighbours lie \(0x[0-9a-f]*\) apart.*/\1/p' "$scratch/out")
is "vmallocinfo knows both quanta" "$(grep -Ec \
	"^0x$address-0x$address +$((apart)) .*\\[scullv\\] pages=16 " \
	"$scratch/out")" 2
seen=$(shown '$ head -5 /proc/scullvmem' | sed -n 4p)
like "a student sees something else" "$seen" "       0:$address"
ok "that is not the address" [ "$seen" != "$(echo "$dump" | sed -n 4p)" ]

both=$(shown '# pr -m -t -w 112 scullp scullv | expand')
like "the two snapshots are side by side" "$(echo "$both" | sed -n 1p)" \
	"Device 0: qset 500, order 0, sz 1535135 +Device 1: qset 500, order 4, sz 1535135"
like "each with its quanta" "$(echo "$both" | sed -n 3p)" \
	" *0:$address +0:$address"
# The addresses of scullp's first two quanta and of scullv's. Those of 64 bits have
# their first byte in common, and are too large for a shell.
# shellcheck disable=SC2046 # words
set -- $(echo "$both" | sed -n 's/^ *[01]:\([^ ]*\) *[01]:\(.*\)/\1 \2/p' |
	xargs -n 1 | sed -E 's/^(..)?(.{8}|.{14})$/0x\2/')
case ${KERNEL-} in
*riscv64)	side=above ;;
*)		side=below ;;
esac
is "scullp's lie $side those of vmalloc" \
	"$([ $(($1)) -lt $(($2)) ] && echo below || echo above)" $side
# vmalloc may have filled a gap that was left
distance=$(($4 > $2 ? $4 - $2 : $2 - $4))
ok "scullv's are no nearer than a quantum and its guard page" \
	[ $distance -ge $((apart)) ]

head -c 3000000 guest/run /usr/bin/* >"$scratch/mine" 2>/dev/null
truncate -s 3000000 "$scratch/mine"
FILE=$scratch/mine tests/demo/run >"$scratch/out" 2>&1
is "FILE= takes another file" $? 0
ok "which is then in the device" grep -q 'sz 3000000$' "$scratch/out"

done_testing
