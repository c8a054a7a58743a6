#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The limit: the number of bytes that the quanta of all devices may have.

. tests/lib/driver.sh
invalid_values=yes

page=$(getconf PAGESIZE)
quantum=$((16 * page))
dev=/dev/scullv0
parameter=/sys/module/scullv/parameters/limit

write()
{
	tests/helpers/buffer write "$@"
}

# DEVICE: writes until a write fails and prints the number of quanta
fill()
{
	tests/helpers/buffer -r 64 write "/dev/scullv$1" 0 "$quantum" >/dev/null
	attribute quanta "$1"
}

# device 1 has one quantum, past a hole of 5
load limit=$((11 * quantum))
write /dev/scullv1 $((5 * quantum)) 1 >/dev/null
is "a write across the limit is short" \
	"$(tests/helpers/buffer -r 11 write $dev 0 $quantum)" $((10 * quantum))
is "the number of quanta is that of the limit" \
	"$(attribute quanta) $(attribute quanta 1)" "10 1"
is "a write at the end fails with ENOSPC at the limit" \
	"$(write $dev $((10 * quantum)) 1)" ENOSPC
is "a write far past the end fails with ENOSPC at the limit" \
	"$(write $dev $((1000 * quantum)) 1)" \
	ENOSPC
is "a write to another device fails with ENOSPC at the limit" \
	"$(write /dev/scullv2 0 1)" ENOSPC
is "a write into a hole fails with ENOSPC at the limit" \
	"$(write /dev/scullv1 0 1)" ENOSPC
is "an append fails with ENOSPC at the limit" \
	"$(tests/helpers/buffer append $dev 0 1)" ENOSPC
is "existing data can be read at the limit" \
	"$(tr -d w <$dev | wc -c) $(wc -c <$dev)" "0 $((10 * quantum))"
is "existing data can be overwritten at the limit" \
	"$(tests/helpers/buffer -r 10 write $dev 0 $quantum)" \
	$((10 * quantum))
is "a write across the end of the last quantum is short at the limit" \
	"$(write $dev $((10 * quantum - 7)) 100)" 7
is "a hole can be read at the limit" \
	"$(tests/helpers/buffer -o "$scratch/hole" read /dev/scullv1 0 $((5 * quantum)))" \
	$((5 * quantum))
is "a hole reads as zeros at the limit" "$(tr -d '\0' <"$scratch/hole" | wc -c)" 0
is "reading a hole allocates no quantum" "$(attribute quanta 1)" 1

is "a write continues up to a raised limit" "$(
	echo $((13 * quantum)) >$parameter
	tests/helpers/buffer append $dev 0 $((3 * quantum)))" $((2 * quantum))
echo "$quantum" >$parameter
is "a limit below the current size keeps existing data" \
	"$(tr -d w <$dev | wc -c) $(wc -c <$dev)" "0 $((12 * quantum))"
is "existing data can be overwritten above the limit" "$(write $dev 0 100)" 100
is "an append fails with ENOSPC above the limit" \
	"$(tests/helpers/buffer append $dev 0 100)" ENOSPC

: >/dev/scullv1
: >$dev
is "a trim uncharges the device, which can be filled again" \
	"$(fill 0) $(fill 1)" "1 0"
: >$dev
is "a trim uncharges the device, another one can be filled" "$(fill 1) $(fill 0)" "1 0"
: >/dev/scullv1

echo $((10 * quantum)) >$parameter
write $dev 0 $((4 * quantum)) >/dev/null
is "the limit applies to the sum of all devices" "$(fill 2) $(fill 3) $(fill 0)" "6 0 4"
: >$dev
: >/dev/scullv2
echo $((10 * quantum + page)) >$parameter
is "a quantum that exceeds the limit in part is refused" "$(fill 0)" 10
: >$dev

# different orders

echo 0 >/sys/class/scullv/scullv1/order
: >/dev/scullv1
is "a smaller quantum fits into the rest of the limit" \
	"$(fill 0) $(fill 1)" "10 1"
: >$dev
: >/dev/scullv1

# Failed allocations are uncharged: one of the whole memory, which stops at the
# reserve, and one of 32 MB, which fails halfway in a container of 16 MB.

memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
order=0
while [ $((page << order)) -lt $((memory * 1024)) ]; do
	order=$((order + 1))
done
echo 0 >$parameter
echo "$order" >/sys/class/scullv/scullv2/order
: >/dev/scullv2
is "a write to a quantum larger than the memory fails with ENOMEM" \
	"$(write /dev/scullv2 0 1)" ENOMEM

whole=$order
while [ $((page << order)) -gt 33554432 ]; do
	order=$((order - 1))
done
echo $order >/sys/class/scullv/scullv2/order
: >/dev/scullv2
group=$scratch/cgroup
mkdir "$group"
mount -t cgroup2 none "$group"
echo +memory >"$group/cgroup.subtree_control"
mkdir "$group/container"
echo 16M >"$group/container/memory.max"
# [COMMAND...]: writes in the container, run by COMMAND
# shellcheck disable=SC2016 # the child's pid
write_in_container()
{
	sh -c 'echo $$ >"$0/cgroup.procs" &&
		exec "$@" tests/helpers/buffer write /dev/scullv2 0 1' "$group/container" "$@"
}
is "a write to a quantum larger than the container fails with ENOMEM" \
	"$(write_in_container)" ENOMEM
# Together, the quanta are larger than the memory. The kernel may leave freeing to a
# worker, which does not preempt the writer.
for _ in $(seq 64); do
	write_in_container chrt -f 1
done >"$scratch/result" 2>&1
is "64 writes to quanta larger than the container fail with ENOMEM" \
	"$(sort "$scratch/result" | uniq -c | tr -s ' ')" " 64 ENOMEM"
# An array of slots larger than the container; its quantum is pending meanwhile. All
# writes go to one item.
echo $((1048576 * $(getconf LONG_BIT) / 8 - 1048576)) >"$group/container/memory.max"
echo $order >/sys/class/scullv/scullv3/order
echo 1048576 >/sys/class/scullv/scullv3/qset
: >/dev/scullv3
# shellcheck disable=SC2016 # the child's pid
is "200 writes to items larger than the container fail with ENOMEM" "$(
	sh -c 'echo $$ >"$0/cgroup.procs" &&
		exec chrt -f 1 tests/helpers/count-errors /dev/scullv3 write 200 1' \
		"$group/container"
)" "200 ENOMEM"
is "items larger than the container leave no quantum" "$(attribute quanta 3)" 0
# more than one such quantum
length=$(($(clamp_to_vmalloc 64) << 20))
is "writes that fail with ENOMEM leave the memory to others" \
	"$(write $dev 0 $length)" $length
: >$dev
is "a quantum larger than the container is not stored" "$(attribute quanta 2)" 0
rmdir "$group/container"
umount "$group"

echo $((10 * quantum)) >$parameter
is "failed allocations are uncharged" "$(fill 0)" 10
: >$dev

# A failed write leaves no item, qset or XArray node, even before the next trim.

# COMMAND...: of tests/helpers/count-errors
# shellcheck disable=SC2317 # called by leaks_nothing
refused()
{
	_refused=$(tests/helpers/count-errors "$@")
}

load order=4,4,0,0 qset=500,100000,500,1 limit="$page" \
	alloc=vmalloc,vmalloc,pages,vmalloc
leaks_nothing 20000 "20000 writes over the limit, each to a new item" \
	refused $dev write 20000 $((500 * quantum))
is "20000 writes over the limit fail with ENOSPC" "$_refused" "20000 ENOSPC"
leaks_nothing 200 "200 writes over the limit, with large qsets" \
	refused /dev/scullv1 write 200 $((100000 * quantum))
is "200 writes with large qsets fail with ENOSPC" "$_refused" "200 ENOSPC"
if caches_alias; then
	skip "200 loads through a mapping, over the limit" "devices cannot be mapped"
else
	write /dev/scullv2 $((201 * 500 * page - 1)) 1 >/dev/null
	leaks_nothing 200 "200 loads through a mapping, over the limit" \
		refused /dev/scullv2 touch 200 $((500 * page))
	is "200 loads through a mapping over the limit fail with SIGBUS" \
		"$_refused" "200 SIGBUS"
fi
echo 0 >$parameter
echo $whole >/sys/class/scullv/scullv3/order
: >/dev/scullv3
leaks_nothing 2000 "2000 writes to quanta larger than the memory" \
	refused /dev/scullv3 write 2000 $((page << whole))
is "2000 writes to quanta larger than the memory fail with ENOMEM" \
	"$_refused" "2000 ENOMEM"

# A writer that waits for a trim to uncharge gets room when the memory is free. Small
# quanta take long to free.

shorten_percpu_lists
bytes=$(($(clamp_to_vmalloc 128) << 20))
load order=0 limit=$bytes
tests/helpers/buffer write $dev 0 $bytes >/dev/null
is "a device fills the limit" "$(attribute bytes) $(write /dev/scullv1 0 1)" \
	"$bytes ENOSPC"
free=$(meminfo MemFree)
: >$dev &
until [ "$(write /dev/scullv1 0 1)" = 1 ]; do
	:
done
freed=$(($(meminfo MemFree) - free))
wait
ok "quanta are uncharged when they are freed: $freed of $((bytes / 1024)) kB are" \
	[ $freed -gt $((bytes * 3 / 4096)) ]

unload
ok "a write to the parameter during insmod is not lost" \
	tests/helpers/load-race scullv.ko 20 64M

# percentages, and no limit

load order=0 limit=1
is "a limit is rounded up to pages" \
	"$(tests/helpers/buffer -r 2 write $dev 0 "$page")" "$page"
load limit=1%
pages=$((memory * 1024 / page / 100))
is "limit=1% has room for 1% of the memory" "$(
	tests/helpers/buffer -r 1000 write $dev 0 "$quantum" >/dev/null
	attribute quanta)" $((pages / 16))
is "limit is read as a percentage if it was given as one" "$(cat $parameter)" 1%

# on 32 bits one allocator alone cannot allocate half of the memory
load alloc=pages,vmalloc
tests/helpers/buffer write /dev/scullv1 0 "$(clamp_to_vmalloc 100)000000" >/dev/null
is "the default limit is half of the memory" "$(
	tests/helpers/buffer -r 1024 write $dev 0 $((memory * 1024 / 2000)) >/dev/null
	echo $(($(attribute bytes 0) + $(attribute bytes 1))))" \
	$((memory * 1024 / 2 / quantum * quantum))
echo 0 >$parameter
is "limit=0 sets no limit" "$(tests/helpers/buffer append $dev 0 $((8 * quantum)))" \
	$((8 * quantum))
: >$dev

# shellcheck disable=SC2317 # called by fails
set_limit()
{
	echo "$1" >"$parameter"
}

for value in ""  % -1 x 1x 0% 00% 0x0% 101% 1%% 5k% " "; do
	fails "limit='$value' is invalid" set_limit "$value"
done
# one byte, or one unit, more than 63 bits have
for value in 9223372036854775808 9007199254740992K 8796093022208M 8589934592G 8388608T \
		18446744073709551615 16777215T; do
	fails "limit=$value is too large" set_limit "$value"
done
is "invalid limits change nothing" "$(cat $parameter)" 0
# one byte, or one unit, less
for value in 9223372036854775807 9007199254740991K 8796093022207M 8589934591G 8388607T; do
	ok "limit=$value is the largest in its unit" set_limit "$value"
done
echo 50M >$parameter
is "limit=50M is valid" "$(cat $parameter)" 50M

# A trim takes back what the quanta of the old geometry took.
load limit=$((32 * page))
for order in 4 0 3 2 5 0 1; do
	echo $order >/sys/class/scullv/scullv0/order
	: >$dev
	is "a trim to order $order frees all of the limit" \
		"$(tests/helpers/buffer -r 33 write $dev 0 "$page")" $((32 * page))
done

# Each write to device 1, whose quanta are larger than the limit, fails, and no write to
# device 0, which is half as large as the limit.
load order=0,14 limit=$((2048 * page))
yes "pwrite 1 0" | head -n 1000 | tr '\n' '\0' >"$scratch/calls"
while [ -s "$scratch/calls" ]; do
	xargs -0 tests/helpers/calls /dev/scullv1 rdwr <"$scratch/calls" |
		tr ' ' '\n' | sort -u
done >"$scratch/refused" &
for _ in $(seq 30); do
	: >$dev
	tests/helpers/buffer -r 1024 write $dev 0 "$page"
done >"$scratch/written"
: >"$scratch/calls"
wait $!
is "a write over the limit makes no concurrent one fail" \
	"$(sort -u "$scratch/written")" $((1024 * page))
is "all other writes were over the limit" "$(sort -u "$scratch/refused")" ENOSPC

done_testing
