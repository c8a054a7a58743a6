#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# /proc/scullvmem shows each device, item and quantum once, whatever the sizes of reads
# and during writes and trims.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
proc=/proc/scullvmem
dump=$scratch/dump
rest=$scratch/rest

# FILE: the dump with X for each address
shape()
{
	sed -E 's/(:|at )[0-9a-f]{8}([0-9a-f]{8})?/\1X/g' "$1"
}

# FILE: errors in the format of a dump of four devices
format_errors()
{
	shape "$1" | awk '
	/^$/	{ empty = 1; next }
	/^Device [0-9]+: qset [0-9]+, order [0-9]+, sz [0-9]+$/ {
		if (!empty) print NR ": no empty line"
		if (heading) print NR ": the previous item has no quantum"
		if ($2 != next_device++ ":") print NR ": a device is missing"
		empty = heading = 0
		slot = -2
		next
	}
	empty	{ print NR ": an empty line in a device" }
	/^  item at X, qset at X(, index [0-9]+)?$/ {
		if (heading) print NR ": the previous item has no quantum"
		heading = 1
		slot = -1
		next
	}
	/^ +[0-9]+:X$/ {
		if (slot == -2) print NR ": no item"
		if ($1 + 0 <= slot) print NR ": a slot is out of order"
		heading = 0
		slot = $1 + 0
		next
	}
		{ print NR ": " $0 }
	END	{ if (next_device != 4) print next_device " devices" }'
}

# DEVICE NUMBER...: writes one byte to each of these quanta
touch_quanta()
{
	_dev=$1
	_size=$((page << $(attribute order "${_dev#/dev/scullv}")))
	shift
	for number; do
		shift
		set -- "$@" "pwrite 1 $((number * _size))"
	done
	tests/helpers/calls "$_dev" rdwr "$@" >"$scratch/output"
}

# -- devices, items and quanta --

load order=0,1,2 qset=4,7,2
touch_quanta /dev/scullv0 0 1 5 6 21 23 24
touch_quanta /dev/scullv2 6 1000000
touch_quanta /dev/scullv3 0 1 2
is "the dump has all devices, items and quanta, and the index of an item past a gap" \
	"$(shape $proc)" "
Device 0: qset 4, order 0, sz $((24 * page + 1))
  item at X, qset at X
       0:X
       1:X
  item at X, qset at X
       1:X
       2:X
  item at X, qset at X, index 5
       1:X
       3:X
  item at X, qset at X
       0:X

Device 1: qset 7, order 1, sz 0

Device 2: qset 2, order 2, sz $((4000000 * page + 1))
  item at X, qset at X, index 3
       0:X
  item at X, qset at X, index 500000
       0:X

Device 3: qset 2, order 2, sz $((8 * page + 1))
  item at X, qset at X
       0:X
       1:X
  item at X, qset at X
       0:X"
is "all quanta in the dump have different addresses" \
	"$(sed -n 's/^ *[0-9]*://p' $proc | sort | uniq -d)" ""
tests/helpers/calls /dev/scullv1 rdwr "pwrite 0 500" >"$scratch/output"
is "the dump has a quantum of zeros" \
	"$(dd if=/dev/zero of=/dev/scullv1 bs=1 count=1 status=none
		shape $proc | sed -n '/^Device 1/,/^$/p')" \
	"Device 1: qset 7, order 1, sz 1
  item at X, qset at X
       0:X"
is "the dump has the heading only of an empty device" \
	"$(: >/dev/scullv1; shape $proc | sed -n '/^Device 1/,/^$/p')" \
	"Device 1: qset 7, order 1, sz 0"

# -- the largest slot, and the index of an item past 4 G where devices are so large --

load order=0 qset=1048576,1
index=5000000000
[ "$(getconf LONG_BIT)" = 64 ] || index=4294967293
touch_quanta /dev/scullv0 1048575
touch_quanta /dev/scullv1 $index $((index + 1))
is "the dump has slots and indexes of any size" \
	"$(shape $proc | sed '/^Device 2/,$d')" "
Device 0: qset 1048576, order 0, sz $((1048575 * page + 1))
  item at X, qset at X
    1048575:X

Device 1: qset 1, order 0, sz $(((index + 1) * page + 1))
  item at X, qset at X, index $index
       0:X
  item at X, qset at X
       0:X"

# prints the dump, and what sysfs shows of the contents of two devices
contents()
{
	cat $proc
	for n in 0 1; do
		echo "$(attribute size $n) $(attribute quanta $n) $(attribute bytes $n)"
	done
}
contents >"$dump"
for n in 0 1; do
	echo 3 >/sys/class/scullv/scullv$n/order
	echo 7 >/sys/class/scullv/scullv$n/qset
	echo pages >/sys/class/scullv/scullv$n/alloc
done
is "before a trim, a configured geometry changes no line" \
	"$(contents)" "$(cat "$dump")"

# -- reads of all sizes and positions --

load order=0,1,2 qset=4,7,2
touch_quanta /dev/scullv0 0 1 5 6 21 23 24
touch_quanta /dev/scullv2 6 1000000
touch_quanta /dev/scullv3 0 1 2

size=$(cat $proc | tee "$dump" | wc -c)
for bs in 1 2 7 1000 64k; do
	dd if=$proc of="$rest" bs=$bs status=none
	ok "a dump read in blocks of $bs bytes is the same" cmp "$dump" "$rest"
done
tests/helpers/calls $proc rdonly "splice-out 100000" 3>&1 >"$scratch/output" |
	cat >"$rest"
is "a dump can be spliced" "$(cat "$scratch/output") $(cksum <"$rest")" \
	"$size $(cksum <"$dump")"
is "tail reads the last bytes of the dump" \
	"$(tail -c 300 $proc)" "$(tail -c 300 "$dump")"
is "a dump can be read from any byte on" "$(dd if=$proc bs=1 skip=123 status=none)" \
	"$(tail -c +124 "$dump")"
is "a dump can be read after seeks in both directions" "$(
	tests/helpers/calls $proc rdonly "read 100" "lseek 400 set" "read 100" \
		"lseek -450 cur" "read 200" "pread 50 7" 3>"$rest"
)" "100 400 100 50 200 50"
is "a read of the dump after a seek returns the bytes of that position" \
	"$(cat "$rest")" "$(
	tests/helpers/calls "$dump" rdonly "pread 100 0" "pread 100 400" \
		"pread 200 50" "pread 50 7" 3>&1 >"$scratch/output"
)"
is "the dump ends at its size" "$(
	tests/helpers/calls $proc rdonly "read 100000" "read 10" "pread 10 $size" \
		"lseek 0 set" "read 100000"
)" "$size 0 0 0 $size"
is "a write to the dump fails with EIO" \
	"$(tests/helpers/calls $proc rdwr "write 1")" EIO

# -- many items of one quantum each --

load order=0,1,2 qset=1
head -c $((3000 * page)) /dev/zero >/dev/scullv0
is "a dump of 3000 items of one quantum is complete" \
	"$(shape $proc | sed 1,2d | head -6000)" \
	"$(yes "  item at X, qset at X
       0:X" | head -6000)"

# -- many quanta, in items of 1000 --

megabytes=$(clamp_to_vmalloc 400)
# KASAN and kmemleak double the memory per quantum
! has_kasan || megabytes=$((megabytes / 2))

load order=0 qset=1000
count=$((megabytes * 1024 * 1024 / page))
dd if=/dev/zero of=/dev/scullv0 bs=1M count="$megabytes" status=none
echo >/dev/scullv1
cat $proc >"$dump"
is "a dump of $count quanta has each once and in order" \
	"$(shape "$dump" | b2sum)" "$(
	awk -v count=$count -v size=$((count * page)) 'BEGIN {
		print "\nDevice 0: qset 1000, order 0, sz " size
		for (n = 0; n < count; n++) {
			if (n % 1000 == 0)
				print "  item at X, qset at X"
			printf "    %4d:X\n", n % 1000
		}
		print "\nDevice 1: qset 1000, order 0, sz 1"
		print "  item at X, qset at X\n       0:X"
		print "\nDevice 2: qset 1000, order 0, sz 0"
		print "\nDevice 3: qset 1000, order 0, sz 0"
	}' | b2sum)"
is "all $count quanta have different addresses" \
	"$(sed -n 's/^ *[0-9]*://p' "$dump" | sort -u | wc -l)" $((count + 1))
dd if=$proc of="$rest" bs=64k status=none
ok "a dump of $count quanta read in blocks of 64 KiB is the same" cmp "$dump" "$rest"
is "tail reads the last bytes of a dump of $count quanta" \
	"$(tail -c 5000 $proc)" "$(tail -c 5000 "$dump")"
cat $proc >"$rest" &
cat $proc >"$rest-2"
wait
ok "the first of two concurrent dumps is complete" cmp "$dump" "$rest"
ok "the second of two concurrent dumps is complete" cmp "$dump" "$rest-2"
rm "$rest-2"

# -- changes during a dump --

# DEVICE FILE: the part of a dump with that device
part()
{
	sed -n "/^Device $1:/,/^\$/p" "$2"
}

start_dump()
{
	exec 3<$proc
	head -c 4096 <&3 >"$dump"
}

end_dump()
{
	cat <&3 >>"$dump"
	exec 3<&-
}

start_dump
: >/dev/scullv0
end_dump
is "a dump during a trim is well-formed" "$(format_errors "$dump")" ""
ok "a dump during a trim has the quanta shown before it" grep -q ' 99:' "$dump"
is "a dump during a trim continues with the next device" \
	"$(sed -n '/^Device 1/,$p' "$dump"; part 0 "$dump" | grep -c ' 500:')" \
	"$(sed -n '/^Device 1/,$p' $proc)
0"

head -c $((900 * page)) /dev/zero >/dev/scullv0
start_dump
head -c $((900 * page)) /dev/zero >/dev/scullv0
end_dump
is "a dump during a trim and a write is well-formed" "$(format_errors "$dump")" ""
is "a dump during a trim and a write does not show two stores" \
	"$(part 0 "$dump" | grep -c ' 899:')" 0
is "a dump during a trim and a write continues with the next device" \
	"$(sed -n '/^Device 1/,$p' "$dump")" \
	"$(sed -n '/^Device 1/,$p' $proc)"

start_dump
touch_quanta /dev/scullv0 950 5000
touch_quanta /dev/scullv2 7
end_dump
is "a dump shows quanta written past its position" \
	"$(shape "$dump" | grep -e ' 950:' -e 'index 5' -e '  7:' | tail -n 3)" \
	"     950:X
  item at X, qset at X, index 5
       7:X"

# 15 dumps during repeated writes and trims
load order=0,1,0,2 qset=5,30,1,2
head -c $((400 * page)) /dev/zero >"$rest"
: >"$scratch/running"
for n in 0 1 3; do
	while [ -e "$scratch/running" ]; do
		cat "$rest" >/dev/scullv$n
	done &
done
while [ -e "$scratch/running" ]; do
	: >/dev/scullv0
	: >/dev/scullv3
	touch_quanta /dev/scullv1 500 7000
done &
head -c $((100 * page)) /dev/zero >/dev/scullv2

failures=0
: >"$scratch/errors"
for _ in $(seq 15); do
	dd if=$proc of="$dump" bs=512 status=none || failures=$((failures + 1))
	format_errors "$dump" >>"$scratch/errors"
	shape "$dump" | part 2 - | grep -c :X
done >"$scratch/counts"
rm "$scratch/running"
wait
is "15 dumps during writes and trims succeed" $failures 0
is "15 dumps during writes and trims are well-formed" "$(cat "$scratch/errors")" ""
is "15 dumps during writes and trims show an unchanged device completely" \
	"$(sort -u "$scratch/counts")" 100

# -- unloading --

start_dump
ok "rmmod succeeds while a dump is open" rmmod scullv
fails "a read of an open dump fails after rmmod" cat <&3
exec 3<&-
ok "rmmod removes the dump" [ ! -e $proc ]

done_testing
