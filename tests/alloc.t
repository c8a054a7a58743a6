#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The three allocators compared: the place of the memory, that it is zeroed, and
# allocation from fragmented memory.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
sysctl -qw kernel.kptr_restrict=1	# has /proc/vmallocinfo show addresses

# DEVICE: addresses of its quanta
quanta()
{
	awk -v heading="Device $1:" '
		/^Device/	{ mine = index($0, heading) == 1 }
		mine && sub(/^ *[0-9]+:/, "") { print }' /proc/scullvmem
}

# DEVICE: number of its quanta that are vmalloc areas
in_vmalloc()
{
	quanta "$1" | sed 's/^/^0x/' >"$scratch/quanta"
	vmalloc_areas | grep -c -f "$scratch/quanta"
}

# DEVICE: number of its arrays of slots that are vmalloc areas
arrays_in_vmalloc()
{
	awk -v heading="Device $1:" '
		/^Device/	{ mine = index($0, heading) == 1 }
		mine && sub(/.*, qset at /, "") { sub(/,.*/, ""); print "^0x" $0 }
		' /proc/scullvmem >"$scratch/arrays"
	vmalloc_areas | grep -c -f "$scratch/arrays"
}

# DEVICE SIZE: number of its quanta that are aligned to SIZE, a power of two
aligned()
{
	quanta "$1" | while read -r address; do
		# the low half: the shell computes with signed numbers
		low=$(printf %s "$address" | tail -c 8)
		[ $((0x$low % $2)) -ne 0 ] || echo
	done | wc -l
}

# -- where the memory is --

load alloc=vmalloc,pages,huge,huge order=4,4,4,9 qset=3
for i in 0 1 2 3; do
	size=$((7 * page << $(attribute order $i)))
	head -c $size /dev/urandom >"$scratch/data"
	cat "$scratch/data" >/dev/scullv$i
	geometry="$(attribute alloc $i), order $(attribute order $i)"
	ok "$geometry: a read returns the data written" \
		cmp "$scratch/data" /dev/scullv$i
	is "$geometry: the dump lists 7 quanta" "$(quanta $i | wc -l)" 7
done
is "all quanta of vmalloc are vmalloc areas" "$(in_vmalloc 0)" 7
is "no quantum of pages is a vmalloc area" "$(in_vmalloc 1)" 0
is "all quanta of huge, order 4, are vmalloc areas" "$(in_vmalloc 2)" 7
is "all quanta of huge, order 9, are vmalloc areas" "$(in_vmalloc 3)" 7

# a block of the page allocator is aligned to its size, in the direct mapping too
is "all quanta of pages are aligned to their size" "$(aligned 1 $((page << 4)))" 7
is "guard pages leave some quanta of vmalloc unaligned" \
	"$(($(aligned 0 $((page << 4))) < 7))" 1

# a PMD maps 2 MiB
case $(uname -m) in
x86_64)	is "all quanta of huge, order 9, are aligned to huge pages" "$(aligned 3 2097152)" 7 ;;
*)	skip "all quanta of huge, order 9, are aligned to huge pages" \
		"the size of huge pages depends on the architecture" ;;
esac

rm "$scratch/data"
for i in 0 1 2 3; do
	: >/dev/scullv$i
done
is "trims of all devices free all vmalloc areas" "$(grep -c scullv /proc/vmallocinfo)" 0

# vmalloc does not use huge pages
if [ "$(uname -m)" = x86_64 ]; then
	load alloc=vmalloc order=9
	head -c $((7 * 2097152)) /dev/zero >/dev/scullv0
	is "guard pages leave some quanta of vmalloc, order 9, unaligned" \
		"$(($(aligned 0 2097152) < 7))" 1
	load alloc=vmalloc,pages,huge,huge order=4,4,4,9 qset=3
else
	skip "guard pages leave some quanta of vmalloc, order 9, unaligned" \
		"the size of huge pages depends on the architecture"
fi

# -- no stale memory --

# Fill memory with ones and free it, then write one byte to each new quantum.
for i in 0 1 2 3; do
	xfs_io -c "pwrite -q -S 0xff -b 1m 0 $(clamp_to_vmalloc 300)000000" /dev/scullv0
	: >/dev/scullv0
	size=$((4 * page << $(attribute order $i)))
	dd if=/dev/zero of=/dev/scullv$i bs=1 count=1 seek=$((size - 1)) \
		conv=notrunc status=none
	dd if=/dev/zero of=/dev/scullv$i oflag=append bs=1 count=1 conv=notrunc \
		status=none
	is "$(attribute alloc $i), order $(attribute order $i): fresh memory is zeroed" \
		"$(tr -d '\0' </dev/scullv$i | wc -c)" 0
	: >/dev/scullv$i
done

# -- arrays of slots: from the slab allocator up to a page, larger ones from vmalloc --

slots=$((page * 8 / $(getconf LONG_BIT)))
load order=0 qset=$((slots - 1)),$slots,$((slots + 1)),$((16 * slots + 1))
for i in 0 1 2 3; do
	qset=$(attribute qset $i)
	is "qset $qset: the last slots of two items hold data, all others are empty" \
		"$(tests/helpers/calls /dev/scullv$i rdwr \
			"pwrite $page $(((2 * qset - 1) * page))" \
			"pwrite $page $(((qset - 1) * page))" "lseek 0 data" \
			"lseek $((qset * page)) data" "pread $page 0")" \
		"$page $page $(((qset - 1) * page)) $(((2 * qset - 1) * page)) $page"
	[ "$qset" -gt $slots ] && areas=2 || areas=0
	is "qset $qset: $areas of the arrays in the dump are vmalloc areas" \
		"$(arrays_in_vmalloc $i)" "$areas"
	: >/dev/scullv$i
done
is "trims free all arrays of slots" "$(grep -c scullv /proc/vmallocinfo)" 0

# -- a trim applies a configured allocator --

load
dev=/dev/scullv0
for alloc in pages huge vmalloc; do
	before=$(attribute alloc)
	echo data >$dev
	echo $alloc >/sys/class/scullv/scullv0/alloc
	is "$before to $alloc: existing data is kept until a trim" "$(cat $dev)" data
	[ "$before" = pages ] && areas=0 || areas=1
	is "$before to $alloc: existing quanta are kept until a trim" \
		"$(in_vmalloc 0)" "$areas"
	echo more >$dev
	[ $alloc = pages ] && areas=0 || areas=1
	is "$before to $alloc: the next trim applies $alloc" \
		"$(in_vmalloc 0)" "$areas"
	is "$before to $alloc: data is written and read with $alloc" "$(cat $dev)" more
done

# an empty device of the same order and qset
for alloc in pages vmalloc; do
	: >$dev
	echo $alloc >/sys/class/scullv/scullv0/alloc
	: >$dev
	printf data 1<>$dev
	[ $alloc = pages ] && areas=0 || areas=1
	is "the trim of an empty device applies $alloc" "$(in_vmalloc 0)" "$areas"
done

# -- fragmented memory --

# Free every second page: half of the memory is free, with few blocks of 16 pages.
load limit=0 alloc=pages,pages,pages,vmalloc,huge order=0,0,4,4,9 devs=5
ok "memory can be fragmented into single pages" \
	tests/helpers/fragment /dev/scullv0 /dev/scullv1
: >/dev/scullv1
total=$(meminfo MemTotal)
like "pages, order 4: fragmented memory has no block, a write fails with ENOMEM" \
	"$(dd if=/dev/zero of=/dev/scullv2 bs=64K 2>&1 | head -n 1)" \
	".*: Cannot allocate memory"
free=$(meminfo MemAvailable)
ok "pages, order 4: $free of $total kB are available after the failure" \
	[ "$free" -gt $((total / 5)) ]
ok "vmalloc, order 4: fragmented memory holds a quarter of the available size" \
	dd if=/dev/zero of=/dev/scullv3 bs=1M \
	count="$(clamp_to_vmalloc $((free / 4096)))"
ok "huge, order 9: fragmented memory holds another eighth of it" \
	dd if=/dev/zero of=/dev/scullv4 bs=1M \
	count="$(clamp_to_vmalloc $((free / 8192)))"
is "writes to fragmented memory do not invoke the OOM killer" \
	"$(log | grep -E 'Out of memory|oom-kill|Killed process')" ""

sysctl -qw kernel.kptr_restrict=0
done_testing
