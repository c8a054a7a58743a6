#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory errors in pages of a device. The operations are those of helpers/mmap.c.

. tests/lib/driver.sh
require_mappings

page=$(getconf PAGESIZE)
dev=/dev/scullv0
attributes=/sys/class/scullv/scullv0
limit=/sys/module/scullv/parameters/limit
unpoison=/sys/kernel/debug/hwpoison/unpoison-pfn

load
if [ "$(tests/helpers/mmap "$dev" "map a shared rw 0 1" "advise a 0 0 hwpoison")" = \
	"ok EINVAL" ]
then
	echo "1..0 # SKIP this kernel does not handle memory errors (MEMORY_FAILURE)"
	exit
fi

# DESCRIPTION EXPECTED OPERATION...
on_device()
{
	_description=$1
	_expected=$2
	shift 2
	is "$_description" "$(unless_hung tests/helpers/mmap "$dev" "$@" 2>&1)" \
		"$_expected"
}

# CALL...: the results on the device
call()
{
	tests/helpers/calls "$dev" rdwr "$@"
}

# FRAME: its flags, see Documentation/admin-guide/mm/pagemap.rst: 10 is BUDDY, 19 is
# HWPOISON
flags()
{
	echo "0x$(od -A n -t x8 -j $(($1 * 8)) -N 8 /proc/kpageflags | tr -d ' ')"
}

# ORDER ALLOCATOR
use()
{
	echo vmalloc >"$attributes/alloc"
	echo "$1" >"$attributes/order"
	echo "$2" >"$attributes/alloc"
	: >"$dev"
}

# Without transparent huge pages, memory_failure() of 6.12 takes any block for one that it
# has split, and warns.
allocators="vmalloc pages huge"
if [ ! -d /sys/kernel/mm/transparent_hugepage ]; then
	skip "memory errors in a block" "this kernel may log a warning then"
	allocators="vmalloc huge"
fi

modprobe hwpoison-inject 2>&-
for allocator in $allocators; do
	order=4
	[ "$allocator" != huge ] || order=9
	use $order "$allocator"
	quantum=$((page << order))
	size=$((2 * quantum))
	bad=$((quantum + 5 * page))
	after=$((bad + page))
	rest=$((size - after))

	# The page stays mapped: it has no file that the kernel could remove it from.
	result=$(unless_hung tests/helpers/mmap "$dev" "write 0 $size 1" \
		"map a shared rw 0 $size" "load a 0 $size" "poison a $bad" \
		"map b shared rw 0 $size" "load b $bad 1" "store b $bad 1 2" \
		"map c private rw 0 $size" "store c $bad 1 2" "load c $bad 1")
	like "$allocator: a memory error in a mapped page is reported in other mappings, too" \
		"$result" \
		"$size ok 1 [0-9]+ ok MCEERR_AR MCEERR_AR ok MCEERR_AR MCEERR_AR"
	frame=$(echo "$result" | cut -d ' ' -f 4)

	for kind in shared private; do
		on_device "$allocator: a load from the page through a $kind mapping gets BUS_MCEERR_AR" \
			"ok MCEERR_AR MCEERR_AR MCEERR_AR" \
			"map a $kind rw 0 $size" "load a $bad 1" \
			"store a $bad 1 2" "load a $((after - 1)) 1"
		on_device "$allocator: a first store to the page through a $kind mapping gets BUS_MCEERR_AR" \
			"ok MCEERR_AR ok 2" "map a $kind rw 0 $size" \
			"store a $bad 1 2" "store a $after 9 2" "load a $after 9"
		on_device "$allocator: a first load past the page through a $kind mapping succeeds" \
			"ok 1" "map a $kind rw 0 $size" \
			"load a $((after + page)) 1"
		on_device "$allocator: a fault maps all pages of a quantum but the bad one in a $kind mapping" \
			"ok 1 15 1 2:9,1:$((rest - 9))" \
			"map a $kind rw 0 $size" "load a $quantum 9" \
			"resident a $quantum $((16 * page))" "load a 0 $bad" \
			"load a $after $rest"
		on_device "$allocator: system calls on the page in a $kind mapping fail" \
			"ok EFAULT EFAULT EFAULT EHWPOISON" \
			"map a $kind rw 0 $size" "write-from a $bad 9 0" \
			"read-into a $bad 9 0" "pipe a $bad $page" \
			"advise a $bad $page populate-read"
	done

	# real hardware may raise a machine check
	is "$allocator: read() and write() do not check for memory errors" \
		"$(call "pread $size 0" "pwrite $size 0" "pwrite 1 $bad")" \
		"$size $size 1"
	is "$allocator: sendfile() ends before the page, then fails with EIO" \
		"$(call "lseek $((bad - page)) set" "splice-out $((2 * page))" \
			"splice-out $page" 3>&1 >"$scratch/result" | wc -c) $(
			cat "$scratch/result")" \
		"$page $((bad - page)) $page EIO"

	: >"$dev"
	is "$allocator: a trim does not free the bad page" \
		"$((($(flags "$frame") >> 10) & 1)) $((($(flags "$frame") >> 19) & 1))" \
		"0 1"
	echo "$size" >"$limit"
	on_device "$allocator: a trim uncharges the quantum with the bad page" \
		"ok ok $size ENOSPC 3 3" "map a shared rw 0 $size" trim \
		"write 0 $size 3" "write $size 1 3" "load a 0 $size" \
		"read 0 $size"
	echo 0 >"$limit"

	# unpoisoning checks the reference count of the page, not of the block
	: >"$dev"
	if [ ! -e $unpoison ]; then
		skip "$allocator: the kernel can unpoison the page" \
			"this kernel cannot unpoison pages"
	else
		result=$(sh -c "echo $frame >$unpoison" 2>&1)
		if [ "$allocator" = pages ] && [ "$result" ]; then
			skip "$allocator: the kernel can unpoison the page" \
				"this kernel cannot unpoison compound pages"
		else
			is "$allocator: the kernel can unpoison the page" \
				"$result" ""
		fi
	fi
done

case $allocators in
*pages*)	;;
*)		done_testing ;;
esac

# the first and the last page of a block
use 4 pages
quantum=$((page << 4))
for n in 0 15; do
	result=$(unless_hung tests/helpers/mmap "$dev" "write 0 $quantum 1" \
		"map a shared rw 0 $quantum" "poison a $((n * page))" 2>&1)
	like "pages: page $n of a block gets a memory error" "$result" \
		"$quantum ok [0-9]+"
	frame=${result##* }
	: >"$dev"
	is "pages: a trim does not free a block whose page $n is bad" \
		"$((($(flags "$frame") >> 10) & 1)) $((($(flags "$frame") >> 19) & 1))" \
		"0 1"
done

done_testing
