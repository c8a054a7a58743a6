#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# "make map": the places of items, qsets and quanta in the picture.

. tests/lib/tap.sh

if [ "${KERNEL:-6.1}" != 6.1 ]; then
	echo "1..0 # SKIP one kernel is enough: run with 6.1"
	exit
fi
svg=$scratch/map.svg

# COLOUR: print "x y width" of each box of this colour, without those of the key
boxes()
{
	sed -n "/from first to last/q
		s/^<rect x=\"\([0-9]*\)\" y=\"\([0-9]*\)\" width=\"\([0-9]*\)\" .*fill=\"$1.*/\1 \2 \3/p" \
		"$svg" | awk -v key="$(sed -n 's/.*y="\([0-9]*\)".*>item<.*/\1/p' "$svg")" \
		'$2 != key - 10'
}
items='#d62728'
qsets='#ff9f1c'
quanta=hsl

# CLASS: print all texts of this class
texts()
{
	sed -n "s/^<text.*class=\"$1\">\(.*\)<\/text>/\1/p" "$svg"
}

# The third quantum is at the end of a line and of the next one, and a square is 6
# wide.
cat >"$scratch/dump" <<'END'

Device 0: qset 2, order 1, sz 99
  item at ffff888000001040, qset at ffff888000002000
       0:ffffc90000000000
       1:ffffc90000002000
  item at ffff888000005080, qset at ffff888000003000, index 7
       0:ffffc9000003f000

Device 1: qset 2, order 1, sz 0

Device 2: qset 3, order 0, sz 4096
  item at ffff888000080000, qset at ffff888000006000
       0:ffffc90000005000
END
ok "a copy of /proc/scullvmem can be drawn" docs/diagrams/map "$svg" "$scratch/dump"
is "devices without data are left out" "$(texts title)" \
	"Device 0: qset 2, order 1, sz 99
Device 2: qset 3, order 0, sz 4096"
is "lines have their addresses" "$(texts address | xargs)" "ffff888000000000 \
ffffc90000000000 ffffc90000040000 ffff888000000000 ffff888000080000 ffffc90000000000"
is "lines that are left out have their size" "$(texts gap)" "… 64.5 TiB …
… 256 KiB …
… 64.5 TiB …"
is "items are drawn" "$(boxes "$items")" "124 48 5
148 48 5
638 80 5"
is "qsets are drawn" "$(boxes "$qsets")" "130 48 5
136 48 5
674 48 5"
is "quanta are drawn, one of them in two lines" "$(boxes "$quanta")" "118 80 11
130 80 11
496 80 5
118 96 5
668 112 5"

# A qset has 1000 pointers of 4 bytes.
cat >"$scratch/dump" <<'END'

Device 0: qset 1000, order 0, sz 8192
  item at c1001040, qset at c1002000
       0:f0803000
       1:f0805000
END
ok "a dump of a 32-bit machine can be drawn" docs/diagrams/map "$svg" "$scratch/dump"
is "addresses have 8 digits" "$(texts address | xargs)" "c1000000 f0800000"
is "the qset is one page" "$(boxes "$qsets")" "130 48 5"
is "the quanta are drawn" "$(boxes "$quanta")" "136 80 5
148 80 5"

awk 'BEGIN {
	print "\nDevice 0: qset 500, order 0, sz 20480000"
	print "  item at ffff888000001040, qset at ffff888000002000"
	for (n = 0; n < 500; n++)
		printf "    %4d:ffffc90%04x00000\n", n, n # 1 MiB apart
}' >"$scratch/dump"
ok "a large device can be drawn" docs/diagrams/map "$svg" "$scratch/dump"
like "a square is more than a page then" "$(texts key | tail -n 1)" \
	'.* a square is 256 KiB'
ok "the map of a large device has at most 50 lines" \
	[ "$(sed -n 's/.* height="\([0-9]*\)" viewBox.*/\1/p' "$svg")" -le 800 ]

sed 's/:ffff.*/:0000000000000000/' "$scratch/dump" >"$scratch/hidden"
fails "hidden addresses are refused" docs/diagrams/map "$svg" "$scratch/hidden"

ok "the memory of a guest can be drawn" docs/diagrams/map "$svg"
is "the guest has data in two devices, one with order 0, one with order 4" \
	"$(texts title)" "Device 0: qset 500, order 0, sz 1535135
Device 1: qset 500, order 4, sz 1535135"
is "each device has one item and one qset" \
	"$(boxes "$items" | wc -l) $(boxes "$qsets" | wc -l)" "2 2"
numbers=$({ texts light; texts dark; } | sort -n | xargs)
is "each quantum of order 4 has its number" "$numbers" \
	"$(seq 0 $(($(echo "$numbers" | wc -w) - 1)) | xargs)"
ok "there are several quanta of order 4" [ "$(echo "$numbers" | wc -w)" -gt 1 ]

# shellcheck disable=SC2317 # called by ok
draw_in_guest()
{
	guest/run -i docs -i guest -- sh -c '
		insmod scullv.ko order=4
		head -c 5000000 /dev/zero >/dev/scullv2
		docs/diagrams/map map.svg && cat map.svg' >"$svg"
}
ok "a machine with the driver draws its own memory" draw_in_guest
is "the picture of this machine has the device with data" "$(texts title)" \
	"Device 2: qset 500, order 4, sz 5000000"

done_testing
