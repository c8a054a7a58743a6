#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The output of "make demo".

. tests/lib/tap.sh

address='[0-9a-f]{8}([0-9a-f]{8})?'

tests/demo/run >"$scratch/out" 2>"$scratch/err"
is "the demo succeeds" $? 0
is "the demo prints no errors" "$(cat "$scratch/err")" ""
ok "scullv_load sets group and mode of the devices" \
	grep -q '^crw-rw-r-- 1 root staff .* /dev/scullv0$' "$scratch/out"

# COMMAND: print its output in the demo
output_of()
{
	awk -v command="$1" '$0 == command { on = 1; next }
			     on && /^([#$] |  \()/ { exit }
			     on' "$scratch/out" | sed '$d'
}
dump=$(output_of '# cat bigfile > /dev/scullv0; head -5 /proc/scullvmem')
is "the dump has a line for the device" \
	"$(echo "$dump" | sed -n 2p)" "Device 0: qset 500, order 4, sz 1535135"
like "the dump has a line for the item" "$(echo "$dump" | sed -n 3p)" \
	"  item at $address, qset at $address"
like "the dump has a line for the first quantum" "$(echo "$dump" | sed -n 4p)" \
	"       0:$address"
like "the dump has a line for the second quantum" "$(echo "$dump" | sed -n 5p)" \
	"       1:$address"
is "the device contains the file" \
	"$(output_of '# cmp bigfile /dev/scullv0 && echo the same')" "the same"
area=$(sed -n 's/.*An area has \(0x[0-9a-f]*\) bytes.*/\1/p' "$scratch/out")
is "vmallocinfo lists the areas of both quanta" "$(grep -Ec \
	"^0x$address-0x$address +$((area)) .*\\[scullv\\] pages=16 " \
	"$scratch/out")" 2
# shellcheck disable=SC2046 # words
set -- $(echo "$dump" | sed -n 's/^ *[01]:/0/p' | grep -Eo '[0-9a-f]{8,12}$' |
	sed 's/^/0x/')
is "the demo explains the distance of the quanta that it shows" \
	"$(sed -n 's/.*quanta are \(adjacent: \)*\(0x[0-9a-f]*\) bytes apart.*/\2/p' \
		"$scratch/out")" \
	"$(printf '%#x' $(($2 > $1 ? $2 - $1 : $1 - $2)))"
hashed=$(output_of '$ head -5 /proc/scullvmem' | sed -n 4p)
like "an unprivileged user sees a line for the first quantum" "$hashed" \
	"       0:$address"
ok "an unprivileged user does not see the address of the quantum" \
	[ "$hashed" != "$(echo "$dump" | sed -n 4p)" ]

both=$(output_of '# pr -m -t -w 112 scullp scullv | expand')
like "the two snapshots are side by side" "$(echo "$both" | sed -n 1p)" \
	"Device 0: qset 500, order 0, sz 1535135 +Device 1: qset 500, order 4, sz 1535135"
like "both snapshots show their quanta" "$(echo "$both" | sed -n 3p)" \
	" *0:$address +0:$address"
# $1 $2: the first quanta of scullp and scullv, $3 $4: the second
# shellcheck disable=SC2046 # words
set -- $(echo "$both" | sed -n 's/^ *[01]:\([^ ]*\) *[01]:\(.*\)/\1 \2/p')
is "two quanta of each have addresses" $# 4
case ${KERNEL-} in
*riscv64)	side=above ;;
*)		side=below ;;
esac
is "the quanta of scullp are $side those of scullv" "$(
	printf '%s\n' "$1" "$2" | LC_ALL=C sort -C && echo below || echo above
)" $side
# Without their first byte, which both have in common, 64-bit addresses fit into numbers
# of the shell.
# shellcheck disable=SC2046 # words
set -- $(printf '%s\n' "$2" "$4" | sed -E 's/^(..)?(.{8}|.{14})$/0x\2/')
# at least, as vmalloc may place the second one in another gap
ok "the quanta of scullv are at least a quantum and a guard page apart" \
	[ $(($2 > $1 ? $2 - $1 : $1 - $2)) -ge $((area)) ]

if [ "${KERNEL:-6.1}" != 6.1 ]; then
	skip "the demo with other files" "one kernel is enough: run with 6.1"
	done_testing
fi

head -c 3000000 guest/run /usr/bin/* >"$scratch/file" 2>/dev/null
truncate -s 3000000 "$scratch/file"
FILE=$scratch/file tests/demo/run >"$scratch/out" 2>&1
is "the demo with FILE=path succeeds" $? 0
ok "the device contains the FILE" grep -q 'sz 3000000$' "$scratch/out"

: >"$scratch/empty"
FILE=$scratch/empty tests/demo/run >"$scratch/out" 2>&1
is "the demo with an empty file succeeds" $? 0
is "the device is empty" \
	"$(output_of '# cat bigfile > /dev/scullv0; head -5 /proc/scullvmem' | sed -n 2p)" \
	"Device 0: qset 500, order 4, sz 0"
ok "the demo goes on with a hole" grep -q 'sz 1048580$' "$scratch/out"

# -- a FILE that cannot be stored: no guest is booted --

truncate -s 1T "$scratch/large"
for file in /dev/null "$scratch" "$scratch/missing" "$scratch/large"; do
	fails "FILE=$file is refused" env FILE="$file" tests/demo/run
	is "FILE=$file is refused with one line" \
		"$(grep -c "^make demo: FILE=$file " "$scratch/output")" \
		"$(wc -l <"$scratch/output")"
done

done_testing
