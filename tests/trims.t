#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Concurrent trims of one device.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0
parameter=/sys/module/scullv/parameters/limit

# WHAT: all quanta are freed and uncharged
check_freed()
{
	: >$dev
	is "$1: the last trim leaves no quantum" "$(attribute quanta)" 0
	is "$1: the last trim frees all vmalloc areas" \
		"$(grep -c scullv /proc/vmallocinfo)" 0
	echo $((100 * page)) >$parameter
	is "$1: the limit has room for as many quanta as before" \
		"$(tests/helpers/buffer -r 3 write $dev 0 $((50 * page)))" $((100 * page))
	: >$dev
	echo 0 >$parameter
}

# prints how many quanta were freed, and how many the trims report
traced_quanta()
{
	awk '/ scullv_quantum_free: / { freed++ }
		/ scullv_trim: / { sub(/.* quanta=/, ""); reported += $1 }
		END { print freed, reported + 0 }' $trace/trace
	echo >$trace/trace
}

load order=0 limit=0 qset=20
make_trace
echo 8192 >"$trace/buffer_size_kb"
for allocator in vmalloc pages; do
	echo $allocator >/sys/class/scullv/scullv0/alloc
	: >$dev
	echo 1 >$trace/events/scullv/enable
	ok "$allocator: 8 processes write and trim the device concurrently" \
		unless_hung tests/helpers/trims churn $dev 8 60 $((60 * page))
	: >$dev
	echo 0 >$trace/events/scullv/enable
	is "$allocator: the trace is complete" \
		"$(cat $trace/per_cpu/cpu*/stats | grep '^overrun' | sort -u)" "overrun: 0"
	traced=$(traced_quanta)
	is "$allocator: the trims report as many quanta as are freed" \
		"${traced#* }" "${traced% *}"
	check_freed "$allocator, after 8 processes"
done

# A trim of an empty device returns after a concurrent trim has freed the memory.
size=1048576
for allocator in vmalloc pages; do
	for n in 0 1 2 3; do
		echo $allocator >/sys/class/scullv/scullv$n/alloc
		: >/dev/scullv$n
	done
	echo $((3 * size)) >$parameter
	ok "$allocator: 3 concurrent trims return after the memory is freed" \
		unless_hung tests/helpers/trims wait $dev 3 25 $size
	echo 0 >$parameter
	check_freed "$allocator, after 3 concurrent trims"
done

done_testing
