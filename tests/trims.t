#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Many processes that empty one device at the same time.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0
parameter=/sys/module/scullv/parameters/limit

# COMMAND...: ends within two minutes
# shellcheck disable=SC2317 # called by ok
soon()
{
	timeout -s KILL 120 "$@"
}

# ALLOCATOR: nothing is left, and the limit counts right
balanced()
{
	: >$dev
	is "$1: the last trim leaves no quantum" "$(attribute quanta)" 0
	is "$1: no quantum is left in /proc/vmallocinfo" \
		"$(grep -c scullv /proc/vmallocinfo)" 0
	echo $((100 * page)) >$parameter
	is "$1: every charge has come back, and no more than that" \
		"$(tests/helpers/buffer -r 3 write $dev 0 $((50 * page)))" $((100 * page))
	: >$dev
	echo 0 >$parameter
}

load order=0 limit=0 qset=20
for allocator in vmalloc pages; do
	echo $allocator >/sys/class/scullv/scullv0/alloc
	: >$dev
	ok "$allocator: 8 processes empty and write the device, all at once" \
		soon tests/helpers/trims churn $dev 8 60 $((60 * page))
	balanced $allocator
done

# A trim that finds the device empty returns when another trim has freed the memory.
size=1048576
for allocator in vmalloc pages; do
	for n in 0 1 2 3; do
		echo $allocator >/sys/class/scullv/scullv$n/alloc
		: >/dev/scullv$n
	done
	echo $((3 * size)) >$parameter
	ok "$allocator: all of 3 trims at once have freed the memory when they return" \
		soon tests/helpers/trims wait $dev 3 25 $size
	echo 0 >$parameter
	balanced $allocator
done

done_testing
