#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The session of the book, chapter 8, line by line.

. tests/lib/driver.sh

file=$scratch/bigfile
head -c 1535135 scullv.ko >"$file"
while [ "$(wc -c <"$file")" -lt 1535135 ]; do
	cat scullv.ko >>"$file"
done
truncate -s 1535135 "$file"

load

cat "$file" >/dev/scullv0
ok "the device gives the file back" cmp "$file" /dev/scullv0
is "it knows its size" "$(attribute size)" 1535135
# 24 on pages of 4 KiB
quantum=$((16 * $(getconf PAGESIZE)))
quanta=$(((1535135 + quantum - 1) / quantum))
is "$quanta quanta hold it" "$(attribute quanta)" "$quanta"
is "of 16 pages each" "$(attribute bytes)" $((quanta * quantum))

dump=$(head -5 /proc/scullvmem)
line()
{
	printf '%s\n' "$dump" | sed -n "$1p"
}
address='[0-9a-f]{8}([0-9a-f]{8})?'
is   "the dump starts with an empty line" "$(line 1)" ""
is   "then the device" "$(line 2)" "Device 0: qset 500, order 4, sz 1535135"
like "then the item" "$(line 3)" "  item at $address, qset at $address"
like "then its quanta" "$(line 4)" "       0:$address"
like "one a line" "$(line 5)" "       1:$address"
is   "that is, all of them" "$(grep -c '^ *[0-9]*:' /proc/scullvmem)" "$quanta"
is   "and the devices that are empty" "$(tail -6 /proc/scullvmem)" "
Device 1: qset 500, order 4, sz 0

Device 2: qset 500, order 4, sz 0

Device 3: qset 500, order 4, sz 0"

# root sees addresses there from kptr_restrict=1 on, hashes at 0
echo 1 >/proc/sys/kernel/kptr_restrict
size=$((17 * $(getconf PAGESIZE)))
sed -n 's/^ *[0-9]*://p' /proc/scullvmem >"$scratch/quanta"
vmalloc_areas >"$scratch/areas"
unknown=0
while read -r quantum; do
	grep -Eq "^0x$quantum-.* $size .*\[scullv\] pages=16 " \
		"$scratch/areas" || unknown=$((unknown + 1))
done <"$scratch/quanta"
is "/proc/vmallocinfo knows each: 16 pages and a guard page" "$unknown" 0

# and has no two of them nearer than that; a shell counts to 2^63 only, so each half
# of the addresses by itself
upper=none
nearer=0
sort "$scratch/quanta" >"$scratch/sorted"
while read -r quantum; do
	low=${quantum#"${quantum%????????}"}
	[ "$upper" != "${quantum%????????}" ] ||
		[ $((0x$low - 0x$previous)) -ge "$size" ] ||
		nearer=$((nearer + 1))
	upper=${quantum%????????}
	previous=$low
done <"$scratch/sorted"
is "that is how far they are apart at least" "$nearer" 0

done_testing
