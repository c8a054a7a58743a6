#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The example session of LDD3, chapter 8.

. tests/lib/driver.sh

file=$scratch/bigfile
head -c 1535135 scullv.ko >"$file"
while [ "$(wc -c <"$file")" -lt 1535135 ]; do
	cat scullv.ko >>"$file"
done
truncate -s 1535135 "$file"

load

cat "$file" >/dev/scullv0
ok "the device returns the file that was copied to it" cmp "$file" /dev/scullv0
is "the size attribute is the size of the file" "$(attribute size)" 1535135
# 24 on pages of 4 KiB
quantum=$((16 * $(getconf PAGESIZE)))
quanta=$(((1535135 + quantum - 1) / quantum))
is "$quanta quanta hold the file" "$(attribute quanta)" "$quanta"
is "each quantum has 16 pages" "$(attribute bytes)" $((quanta * quantum))

dump=$(head -5 /proc/scullvmem)
line()
{
	printf '%s\n' "$dump" | sed -n "$1p"
}
address='[0-9a-f]{8}([0-9a-f]{8})?'
is   "the first line of the dump is empty" "$(line 1)" ""
is   "the second line of the dump shows the device" \
	"$(line 2)" "Device 0: qset 500, order 4, sz 1535135"
like "the third line of the dump shows the item" \
	"$(line 3)" "  item at $address, qset at $address"
like "the fourth line of the dump shows the first quantum" \
	"$(line 4)" "       0:$address"
like "the fifth line of the dump shows the second quantum" \
	"$(line 5)" "       1:$address"
is   "the dump shows all quanta" "$(grep -c '^ *[0-9]*:' /proc/scullvmem)" "$quanta"
is   "the dump shows empty devices, too" "$(tail -6 /proc/scullvmem)" "
Device 1: qset 500, order 4, sz 0

Device 2: qset 500, order 4, sz 0

Device 3: qset 500, order 4, sz 0"

# /proc/vmallocinfo shows addresses to root at kptr_restrict=1, hashes at 0
echo 1 >/proc/sys/kernel/kptr_restrict
size=$((17 * $(getconf PAGESIZE)))
sed -n 's/^ *[0-9]*://p' /proc/scullvmem >"$scratch/quanta"
vmalloc_areas >"$scratch/areas"
unknown=0
while read -r quantum; do
	grep -Eq "^0x$quantum-.* $size .*\[scullv\] pages=16 " \
		"$scratch/areas" || unknown=$((unknown + 1))
done <"$scratch/quanta"
is "/proc/vmallocinfo shows 16 pages and a guard page for each quantum" "$unknown" 0

# The shell computes with 63 bits: compare the lower halves of addresses whose upper
# halves are equal.
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
is "quanta are 17 pages apart at least" "$nearer" 0

done_testing
