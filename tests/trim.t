#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Calls and faults during a trim. A reader or a fault is stopped inside the driver, so
# that the trim waits for it while the other operations run. They are documented in
# helpers/mmap.c.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0
attributes=/sys/class/scullv/scullv0
limit=/sys/module/scullv/parameters/limit

if [ "$(nproc)" = 1 ]; then
	echo "1..0 # SKIP the stopped process needs its own processor"
	exit
fi
if ! preempt_everywhere; then
	echo "1..0 # SKIP this kernel does not preempt a process in the kernel"
	exit
fi

# DESCRIPTION EXPECTED OPERATION...: on an empty device. Repeats them if the process to be
# stopped has left the driver, status 3.
during_trim()
{
	_description=$1
	_expected=$2
	shift 2
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		: >"$dev"
		_status=0
		_result=$(unless_hung tests/helpers/mmap "$dev" "$@" 2>&1) ||
			_status=$?
		[ $_status = 3 ] || break
	done
	is "$_description" "$_result" "$_expected"
}

# quanta of 1 MiB, which take long to copy or zero
order=0
while [ $((page << order)) -lt 1048576 ]; do
	order=$((order + 1))
done

# ALLOCATOR: applies the geometry
set_allocator()
{
	echo vmalloc >"$attributes/alloc"
	_order=$order
	[ "$1" != huge ] || _order=$((order + 1))
	echo $_order >"$attributes/order"
	echo "$1" >"$attributes/alloc"
	: >"$dev"
	quantum=$((page << _order))
	size=$((4 * quantum))
	far=$((3 * quantum))
	room=$((64 * quantum))
	each="- $quantum"
}

load
for allocator in vmalloc pages huge; do
	set_allocator $allocator

	during_trim "$allocator: during a trim the device is empty, faults get SIGBUS, writes wait" \
		"$size ok ok 1 ok ok waits end 0 SIGBUS SIGBUS EAGAIN waits ok ok $size 2 2 2" \
		"write 0 $size 1" "map a shared rw 0 $size" \
		"map b private rw 0 $size" "load a 0 9" "store b 0 9 3" \
		"hold read $each" "start t trim" "read 0 9" \
		"get $attributes/size" "load a $far 9" "store b $far 9 3" \
		"write-nowait 0 9 2" "start w write 0 $size 2" release \
		"finish t" "finish w" "read 0 $size" "load a 0 $size" \
		"load b 0 $size"
	during_trim "$allocator: no mapping moved or inherited during a trim keeps old pages" \
		"$size ok ok 1 ok ok waits ok ok ok waits ok ok 9 2 2 2 2 2 SIGBUS SIGBUS" \
		"write 0 $size 1" "map a shared rw 0 $size" \
		"map b private rw 0 $size" "load a 0 $size" "store b 0 $size 3" \
		"hold read $each" "start t trim" fork "move a" "move b" \
		"start w write 0 9 2" release "finish t" "finish w" "read 0 9" \
		"load a 0 9" "load b 0 9" "child load a 0 9" "child load b 0 9" \
		"child load a $far 1" "load b $far 1"

	during_trim "$allocator: a splice that a trim interrupts returns only data from before the trim" \
		"$size ok ok 9 ok 1" "write 0 $size 1" "hold splice - -" trim \
		"write $far 9 2" release "holder drain"

	for kind in shared private; do
		for access in load store; do
			during_trim "$allocator: the fault of a $kind $access during a trim maps no old page" \
				"1 ok ok waits ok ok 0 SIGBUS" \
				"write $((room - 1)) 1 1" \
				"map a $kind rw 0 $room" \
				"hold $access a $quantum" "start t trim" \
				release "finish t" "holder resident a 0 $room" \
				"holder load a 0 $room"
		done
	done
done

set_allocator vmalloc
during_trim "appends during a trim wait for its end" \
	"$size ok waits waits waits EAGAIN ok ok 9 9 18" "write 0 $size 1" \
	"hold read $each" "start t trim" "start w append 9 2" \
	"start x append 9 2" "write-nowait 0 9 2" release "finish t" \
	"finish w" "finish x" "get $attributes/size"
during_trim "SIGKILL ends a write, an append and a trim that wait for a trim" \
	"$size ok waits waits waits waits SIGKILL SIGKILL SIGKILL ok ok end" \
	"write 0 $size 1" "hold read $each" "start t trim" \
	"start w write 0 9 2" "start x append 9 2" "start u trim" "kill w" \
	"kill x" "kill u" release "finish t" "read 0 9"

during_trim "a trim that waits for another one applies the geometry configured last" \
	"ok ok $size ok waits waits ok ok ok ok ok" "put $attributes/qset 500" trim \
	"write 0 $size 1" "hold read $each" "start t trim" "start u trim" \
	"put $attributes/qset 7" release "finish t" "finish u" \
	"run grep -q '^Device 0: qset 7,' /proc/scullvmem"
echo 500 >$attributes/qset

during_trim "a signal that is not fatal ends no write, append or trim that waits for a trim" \
	"$size ok waits waits waits waits ok ok ok ok ok 9 9 ok" \
	"write 0 $size 1" "hold read $each" "start t trim" \
	"start w write 0 9 2" "start x append 9 2" "start u trim" "signal w" \
	"signal x" "signal u" release "finish t" "finish w" "finish x" \
	"finish u"
during_trim "O_NONBLOCK does not keep a write from waiting for a trim" \
	"$size ok ok waits waits ok ok 9" "write 0 $size 1" \
	"open $dev rdwr,nonblock" "hold read $each" "start t trim" \
	"start w write 0 9 2" release "finish t" "finish w"
during_trim "a trim that is killed while it waits for another one keeps the times" \
	"$size ok waits ok waits SIGKILL ok ok ok" "write 0 $size 1" \
	"hold read $each" "start t trim" "run touch -c -d @1000000000 $dev" \
	"start u trim" "kill u" "run [ \$(stat -c %Y $dev) = 1000000000 ]" \
	release "finish t"

# The holder has the lock of the end.
during_trim "SIGKILL ends the wait for an append, a signal that is not fatal does not" \
	"ok waits waits ok SIGKILL ok 9" "hold append - -" \
	"start w append 9 2" "start x write $room 9 2" "signal w" "kill x" \
	release "finish w"
# the second process waits for the append and for a page that never comes
stall="tests/helpers/buffer write $dev $room 0+stall:$page"
waits="until grep -Eq 'handle_userfault|continue_write|mutex' /proc/\$!/wchan; do :; done"
stalls="until grep -q handle_userfault /proc/\$(cat $scratch/stalled)/wchan; do :; done"
during_trim "a write past the end that waited for an append and waits for a page blocks no other" \
	"ok waits ok ok 9 ok 9 ok" "hold append - -" "start w append 9 2" \
	"run $stall >/dev/null 2>&1 & echo \$! >$scratch/stalled; $waits" \
	release "finish w" "run $stalls" "append 9 2" \
	"run kill -9 \$(cat $scratch/stalled)"

# the buffer is a mapping of another device
during_trim "an io_uring write during a trim completes after it" \
	"$size ok 9 ok ok ok waits ok end ok ok 9 3 9" "write 0 $size 1" \
	"open /dev/scullv1 rdwr,trunc" "write 0 9 3" "map c shared rw 0 9" \
	"open $dev rdwr" "hold read $each" "start t trim" "begin $dev c 0 9" \
	"read 0 9" release "finish t" end "read 0 9" "get $attributes/size"

: >/dev/scullv1

# many quanta, which take long to free
echo 0 >$attributes/order
: >$dev
bytes=$(($(clamp_to_vmalloc 64) << 20))
shorten_percpu_lists
before=$(cat $limit)
least=$(($(available_memory) - 16384))
during_trim "the second of two trims returns after the memory is freed" \
	"$bytes ok ok waits waits ok ok ok $bytes ok" "write 0 $bytes 1" \
	"put $limit $bytes" "hold read $each" "start t trim" "start u trim" \
	release "finish u" \
	"run [ \$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo) -gt $least ]" \
	"write 0 $bytes 2" "finish t"
echo "$before" >$limit

done_testing
