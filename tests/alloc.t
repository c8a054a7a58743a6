#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The three allocators, side by side: where each has its memory, that it is
# zeroed, and that one fails where another does not.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
sysctl -qw kernel.kptr_restrict=1	# has /proc/vmallocinfo show addresses

# DEVICE: the addresses of its quanta
quanta()
{
	awk -v heading="Device $1:" '
		/^Device/	{ mine = index($0, heading) == 1 }
		mine && sub(/^ *[0-9]+:/, "") { print }' /proc/scullvmem
}

# DEVICE: how many of its quanta lie in an area of vmalloc
in_vmalloc()
{
	quanta "$1" | sed 's/^/^0x/' >"$scratch/quanta"
	vmalloc_areas | grep -c -f "$scratch/quanta"
}

# DEVICE SIZE: how many of its quanta lie at a multiple of a power of two
aligned()
{
	quanta "$1" | while read -r address; do
		# the low half: a shell's numbers have a sign
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
	ok "$(attribute alloc $i), order $(attribute order $i): what goes in comes out" \
		cmp "$scratch/data" /dev/scullv$i
	is "in 7 quanta" "$(quanta $i | wc -l)" 7
done
is "vmalloc has its quanta in areas of vmalloc" "$(in_vmalloc 0)" 7
is "pages has not" "$(in_vmalloc 1)" 0
is "huge has" "$(in_vmalloc 2)" 7
is "at any order" "$(in_vmalloc 3)" 7

# a block of 2^n pages begins at a multiple of its size, and so does what the
# kernel maps all memory to
is "pages has blocks" "$(aligned 1 $((page << 4)))" 7
is "vmalloc leaves a page free behind each quantum, so few are aligned" \
	"$(($(aligned 0 $((page << 4))) < 7))" 1

# 2 MiB can be one entry of the page tables
case $(uname -m) in
x86_64)	is "huge maps huge pages" "$(aligned 3 2097152)" 7 ;;
*)	skip "huge maps huge pages" "they differ from machine to machine" ;;
esac

rm "$scratch/data"
for i in 0 1 2 3; do
	: >/dev/scullv$i
done
is "nothing is left" "$(grep -c scullv /proc/vmallocinfo)" 0

# -- no stale memory --

# Memory that was full of ones is free again. What is read of a quantum of which
# a byte was written is zeros, but for that.
for i in 0 1 2 3; do
	xfs_io -c "pwrite -q -S 0xff -b 1m 0 $(fitting 300)000000" /dev/scullv0
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

# -- the next trim changes hands --

load
dev=/dev/scullv0
for alloc in pages huge vmalloc; do
	before=$(attribute alloc)
	echo data >$dev
	echo $alloc >/sys/class/scullv/scullv0/alloc
	is "$before: what is there stays where it is" "$(cat $dev)" data
	[ "$before" = pages ] && there=0 || there=1
	is "also in memory" "$(in_vmalloc 0)" "$there"
	echo more >$dev
	[ $alloc = pages ] && there=0 || there=1
	is "the next trim has $alloc" "$(in_vmalloc 0)" "$there"
	is "and it works" "$(cat $dev)" more
done

# -- memory in pieces --

# Half of the memory is free, each page of it between two that are not. To have
# 16 of them side by side takes luck; for vmalloc any will do.
load limit=0 alloc=pages,pages,pages,vmalloc order=0,0,4,4
ok "memory is filled with single pages" \
	tests/helpers/fragment /dev/scullv0 /dev/scullv1
: >/dev/scullv1
total=$(meminfo MemTotal)
like "pages soon finds no block of order 4" \
	"$(dd if=/dev/zero of=/dev/scullv2 bs=64K 2>&1 | head -n 1)" \
	".*: Cannot allocate memory"
free=$(meminfo MemAvailable)
ok "while $free of $total kB are available" [ "$free" -gt $((total / 5)) ]
ok "vmalloc has a quarter of those" dd if=/dev/zero of=/dev/scullv3 bs=1M \
	count="$(fitting $((free / 4096)))"
is "nobody was killed" \
	"$(log | grep -E 'Out of memory|oom-kill|Killed process')" ""

sysctl -qw kernel.kptr_restrict=0
done_testing
