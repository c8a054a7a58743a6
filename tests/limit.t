#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The limit: how much the quanta of all devices may take together.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
quantum=$((16 * page))
dev=/dev/scullv0
parameter=/sys/module/scullv/parameters/limit

write()
{
	tests/helpers/buffer write "$@"
}

# DEVICE: writes as much as fits and prints the quanta that it took
fill()
{
	tests/helpers/buffer -r 64 write "/dev/scullv$1" 0 "$quantum" >/dev/null
	attribute quanta "$1"
}

# device 1 has a quantum, and a hole of 5 before it
load limit=$((11 * quantum))
write /dev/scullv1 $((5 * quantum)) 1 >/dev/null
is "a write past the limit is short, by what does not fit" \
	"$(tests/helpers/buffer -r 11 write $dev 0 $quantum)" $((10 * quantum))
is "there are as many quanta as the limit has room for" \
	"$(attribute quanta) $(attribute quanta 1)" "10 1"
is "a write for which there is no room gets ENOSPC" \
	"$(write $dev $((10 * quantum)) 1)" ENOSPC
is "a write in another place gets ENOSPC" "$(write $dev $((1000 * quantum)) 1)" \
	ENOSPC
is "a write to another device gets ENOSPC" "$(write /dev/scullv2 0 1)" ENOSPC
is "a write into a hole gets ENOSPC" "$(write /dev/scullv1 0 1)" ENOSPC
is "an append gets ENOSPC" "$(tests/helpers/buffer append $dev 0 1)" ENOSPC
is "what was written can be read" \
	"$(tr -d w <$dev | wc -c) $(wc -c <$dev)" "0 $((10 * quantum))"
is "and overwritten" "$(tests/helpers/buffer -r 10 write $dev 0 $quantum)" \
	$((10 * quantum))
is "a write that begins in a quantum and ends in none is short" \
	"$(write $dev $((10 * quantum - 7)) 100)" 7
is "the reader of a hole needs no memory" \
	"$(tests/helpers/buffer -o "$scratch/hole" read /dev/scullv1 0 $((5 * quantum)))" \
	$((5 * quantum))
is "it reads zeros" "$(tr -d '\0' <"$scratch/hole" | wc -c)" 0
is "the hole is still there" "$(attribute quanta 1)" 1

is "limit can be raised, and the writer goes on" "$(
	echo $((13 * quantum)) >$parameter
	tests/helpers/buffer append $dev 0 $((3 * quantum)))" $((2 * quantum))
echo "$quantum" >$parameter
is "limit can be lowered below what is there; that stays" \
	"$(tr -d w <$dev | wc -c) $(wc -c <$dev)" "0 $((12 * quantum))"
is "what is there can be overwritten" "$(write $dev 0 100)" 100
is "what is there does not grow" "$(tests/helpers/buffer append $dev 0 100)" ENOSPC

: >/dev/scullv1
: >$dev
is "emptying the device gives back what it took" \
	"$(fill 0) $(fill 1)" "1 0"
: >$dev
is "for another one as well" "$(fill 1) $(fill 0)" "1 0"
: >/dev/scullv1

echo $((10 * quantum)) >$parameter
write $dev 0 $((4 * quantum)) >/dev/null
is "all devices count together" "$(fill 2) $(fill 3) $(fill 0)" "6 0 4"
: >$dev
: >/dev/scullv2
echo $((10 * quantum + page)) >$parameter
is "a quantum that does not fit as a whole does not fit" "$(fill 0)" 10
: >$dev

# orders that differ

echo 0 >/sys/class/scullv/scullv1/order
: >/dev/scullv1
is "what is left is for smaller quanta" \
	"$(fill 0) $(fill 1)" "10 1"
: >$dev
: >/dev/scullv1

# refunds: an allocation that fails costs nothing afterwards. One of the whole
# memory stops at the reserve. One of 32 MB comes to an end in the middle, in a
# container that has 16.

memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
order=0
while [ $((page << order)) -lt $((memory * 1024)) ]; do
	order=$((order + 1))
done
echo 0 >$parameter
echo "$order" >/sys/class/scullv/scullv2/order
: >/dev/scullv2
is "a quantum for which there is no memory" "$(write /dev/scullv2 0 1)" ENOMEM

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
# shellcheck disable=SC2016 # the child's own number
sh -c 'echo $$ >"$1/cgroup.procs" && exec tests/helpers/buffer write /dev/scullv2 0 1' \
	- "$group/container" >"$scratch/said"
is "a quantum that is larger than the writer's container gets ENOMEM" \
	"$(cat "$scratch/said")" ENOMEM
is "there is no quantum then" "$(attribute quanta 2)" 0
rmdir "$group/container"
umount "$group"

echo $((10 * quantum)) >$parameter
is "both were refunded" "$(fill 0)" 10
: >$dev

# What is refused leaves nothing: no item, no qset, no node of the index. The device
# stays empty, and what is missing is missing before it is emptied.

# COMMAND...: of tests/helpers/refused
# shellcheck disable=SC2317 # called by loses_nothing
refused()
{
	_refused=$(tests/helpers/refused "$@")
}

load order=4,4,0,0 qset=500,100000,500,1 limit="$page" \
	alloc=vmalloc,vmalloc,pages,vmalloc
loses_nothing 20000 "20000 writes over the limit, each to another item" \
	refused $dev write 20000 $((500 * quantum))
is "they get ENOSPC" "$_refused" "20000 ENOSPC"
loses_nothing 200 "200 writes over the limit, with large qsets" \
	refused /dev/scullv1 write 200 $((100000 * quantum))
is "they get ENOSPC" "$_refused" "200 ENOSPC"
write /dev/scullv2 $((201 * 500 * page - 1)) 1 >/dev/null
loses_nothing 200 "200 reads through a mapping, over the limit" \
	refused /dev/scullv2 touch 200 $((500 * page))
is "they get SIGBUS" "$_refused" "200 SIGBUS"
echo 0 >$parameter
echo $whole >/sys/class/scullv/scullv3/order
: >/dev/scullv3
loses_nothing 2000 "2000 writes of a quantum that is larger than the memory" \
	refused /dev/scullv3 write 2000 $((page << whole))
is "they get ENOMEM" "$_refused" "2000 ENOMEM"

# percent, and no limit

load limit=1%
pages=$((memory * 1024 / page / 100))
is "limit=1% of the memory" "$(
	tests/helpers/buffer -r 1000 write $dev 0 "$quantum" >/dev/null
	attribute quanta)" $((pages / 16))
is "is told as it was given" "$(cat $parameter)" 1%

# on 32 bits neither allocator can have so much
count_free_pages
load alloc=pages,vmalloc
tests/helpers/buffer write /dev/scullv1 0 "$(fitting 100)000000" >/dev/null
is "the default is half of the memory" "$(
	tests/helpers/buffer -r 1024 write $dev 0 $((memory * 1024 / 2000)) >/dev/null
	echo $(($(attribute bytes 0) + $(attribute bytes 1))))" \
	$((memory * 1024 / 2 / quantum * quantum))
echo 0 >$parameter
is "limit=0 is none" "$(tests/helpers/buffer append $dev 0 $((8 * quantum)))" \
	$((8 * quantum))
: >$dev

# shellcheck disable=SC2317 # called by fails
set_limit()
{
	echo "$1" >"$parameter"
}

for bad in "" % -1 x 1x 0% 00% 0x0% 101% 1%% 5k% " "; do
	fails "limit=$bad is refused" set_limit "$bad"
done
is "that changes nothing" "$(cat $parameter)" 0
echo 50M >$parameter
is "50M is understood" "$(cat $parameter)" 50M

done_testing
