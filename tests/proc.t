#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# /proc/scullvmem: all there is, each once, however it is read and whatever
# happens meanwhile.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
proc=/proc/scullvmem
dump=$scratch/dump
rest=$scratch/rest

# FILE: a dump with an X for each address
shape()
{
	sed -E 's/(:|at )[0-9a-f]{8}([0-9a-f]{8})?/\1X/g' "$1"
}

# FILE: what is wrong with a dump of four devices
faults()
{
	shape "$1" | awk '
	/^$/	{ empty = 1; next }
	/^Device [0-9]+: qset [0-9]+, order [0-9]+, sz [0-9]+$/ {
		if (!empty) print NR ": no empty line"
		if (heading) print NR ": the item before has no quantum"
		if ($2 != next_device++ ":") print NR ": not the next device"
		empty = heading = 0
		slot = -2
		next
	}
	empty	{ print NR ": an empty line" }
	/^  item at X, qset at X(, index [0-9]+)?$/ {
		if (heading) print NR ": the item before has no quantum"
		heading = 1
		slot = -1
		next
	}
	/^ +[0-9]+:X$/ {
		if (slot == -2) print NR ": no item"
		if ($1 + 0 <= slot) print NR ": a slot that has been"
		heading = 0
		slot = $1 + 0
		next
	}
		{ print NR ": " $0 }
	END	{ if (next_device != 4) print next_device " devices" }'
}

# DEVICE NUMBER...: writes a byte into each of these quanta
touch_quanta()
{
	_dev=$1
	_size=$((page << $(attribute order "${_dev#/dev/scullv}")))
	shift
	for number; do
		shift
		set -- "$@" "pwrite 1 $((number * _size))"
	done
	tests/helpers/calls "$_dev" rdwr "$@" >"$scratch/said"
}

# -- devices, items and quanta --

load order=0,1,2 qset=4,7,2
touch_quanta /dev/scullv0 0 1 5 6 21 23 24
touch_quanta /dev/scullv2 6 1000000
touch_quanta /dev/scullv3 0 1 2
is "all devices, items and quanta, and the index of an item behind a gap" "$(shape $proc)" "
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
is "no two of them have the same address" \
	"$(sed -n 's/^ *[0-9]*://p' $proc | sort | uniq -d)" ""
tests/helpers/calls /dev/scullv1 rdwr "pwrite 0 500" >"$scratch/said"
is "a quantum that holds zeros is there" \
	"$(dd if=/dev/zero of=/dev/scullv1 bs=1 count=1 status=none
		shape $proc | sed -n '/^Device 1/,/^$/p')" \
	"Device 1: qset 7, order 1, sz 1
  item at X, qset at X
       0:X"
is "an empty device is dumped in its heading" \
	"$(: >/dev/scullv1; shape $proc | sed -n '/^Device 1/,/^$/p')" \
	"Device 1: qset 7, order 1, sz 0"

# -- ways to read it --

size=$(cat $proc | tee "$dump" | wc -c)
for bs in 1 2 7 1000 64k; do
	dd if=$proc of="$rest" bs=$bs status=none
	ok "read by $bs it is the same" cmp "$dump" "$rest"
done
is "the last bytes" "$(tail -c 300 $proc)" "$(tail -c 300 "$dump")"
is "from anywhere on" "$(dd if=$proc bs=1 skip=123 status=none)" \
	"$(tail -c +124 "$dump")"
is "there and back" "$(
	tests/helpers/calls $proc rdonly "read 100" "lseek 400 set" "read 100" \
		"lseek -450 cur" "read 200" "pread 50 7" 3>"$rest"
)" "100 400 100 50 200 50"
is "with the bytes of those places" "$(cat "$rest")" "$(
	tests/helpers/calls "$dump" rdonly "pread 100 0" "pread 100 400" \
		"pread 200 50" "pread 50 7" 3>&1 >"$scratch/said"
)"
is "it ends where it ends" "$(
	tests/helpers/calls $proc rdonly "read 100000" "read 10" "pread 10 $size" \
		"lseek 0 set" "read 100000"
)" "$size 0 0 0 $size"
is "nobody writes it" "$(tests/helpers/calls $proc rdwr "write 1")" EIO

# -- many items, of one quantum each --

load order=0,1,2 qset=1
head -c $((3000 * page)) /dev/zero >/dev/scullv0
is "3000 items of one quantum each" "$(shape $proc | sed 1,2d | head -6000)" \
	"$(yes "  item at X, qset at X
       0:X" | head -6000)"

# -- many quanta: on 4 KiB pages 102400, in items of 1000 --

megabytes=$(fitting 400)
# what KASAN and kmemleak have of each quantum is as much again
! has_kasan || megabytes=$((megabytes / 2))

load order=0 qset=1000
count=$((megabytes * 1024 * 1024 / page))
dd if=/dev/zero of=/dev/scullv0 bs=1M count="$megabytes" status=none
echo >/dev/scullv1
cat $proc >"$dump"
is "$count quanta: each once, in order, numbered within its item" \
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
is "each with an address of its own" \
	"$(sed -n 's/^ *[0-9]*://p' "$dump" | sort -u | wc -l)" $((count + 1))
dd if=$proc of="$rest" bs=64k status=none
ok "read by 64 KiB it is the same" cmp "$dump" "$rest"
is "so are its last bytes" "$(tail -c 5000 $proc)" "$(tail -c 5000 "$dump")"
cat $proc >"$rest" &
cat $proc >"$rest-2"
wait
ok "two read it at once" cmp "$dump" "$rest"
ok "and see the same" cmp "$dump" "$rest-2"
rm "$rest-2"

# -- what happens meanwhile --

# DEVICE: as in a dump
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
is "a trim in the middle of a dump leaves it in order" "$(faults "$dump")" ""
ok "which has some of what was there" grep -q ' 99:' "$dump"
is "and goes on with the next device" \
	"$(sed -n '/^Device 1/,$p' "$dump"; part 0 "$dump" | grep -c ' 500:')" \
	"$(sed -n '/^Device 1/,$p' $proc)
0"

head -c $((900 * page)) /dev/zero >/dev/scullv0
start_dump
head -c $((900 * page)) /dev/zero >/dev/scullv0
end_dump
is "so it is when the device is full again" "$(faults "$dump")" ""
is "it does not mix the two" "$(part 0 "$dump" | grep -c ' 899:')" 0
is "but goes on with the next device" "$(sed -n '/^Device 1/,$p' "$dump")" \
	"$(sed -n '/^Device 1/,$p' $proc)"

start_dump
touch_quanta /dev/scullv0 950 5000
touch_quanta /dev/scullv2 7
end_dump
is "what is written behind the place of a dump is in it" \
	"$(shape "$dump" | grep -e ' 950:' -e 'index 5' -e '  7:' | tail -n 3)" \
	"     950:X
  item at X, qset at X, index 5
       7:X"

# Writers that begin anew, and trims, all the time, while 15 dumps are read
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
: >"$scratch/faults"
for _ in $(seq 15); do
	dd if=$proc of="$dump" bs=512 status=none || failures=$((failures + 1))
	faults "$dump" >>"$scratch/faults"
	shape "$dump" | part 2 - | grep -c :X
done >"$scratch/counts"
rm "$scratch/running"
wait
is "no dump fails while others write and trim" $failures 0
is "all are in order" "$(cat "$scratch/faults")" ""
is "a device that rests is always there as a whole" \
	"$(sort -u "$scratch/counts")" 100

# -- the end --

start_dump
ok "an open dump does not keep the module" rmmod scullv
fails "it just ends" cat <&3
exec 3<&-
ok "the dump is gone" [ ! -e $proc ]

done_testing
