#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A memory cgroup, as a container has it: quanta, qsets and the index are charged to
# the writer's. When the group is full the writer gets ENOMEM, or SIGBUS through a
# mapping. No process in the group is killed.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
groups=$scratch/groups
group=$groups/container
enomem=12
sigbus=135

# BYTES: the order of a quantum of so many bytes, or of one page
order_of()
{
	_order=0
	while [ $((page << (_order + 1))) -le "$1" ]; do
		_order=$((_order + 1))
	done
	echo $_order
}

mkdir "$groups"
mount -t cgroup2 none "$groups"
echo +memory >"$groups/cgroup.subtree_control"
mkdir "$group"
memory=$(fitting 40)	# MiB, for quanta at least
max=$(((memory + 20) << 20))
echo $max >"$group/memory.max"

# A process that shares the group, and prints how many of its bytes are still right.
mkfifo "$scratch/question" "$scratch/answer"
exec 8<>"$scratch/question" 9<>"$scratch/answer"
# shellcheck disable=SC2016 # the child's own number
sh -c 'echo $$ >"$1/cgroup.procs"
	mine=$(head -c 4000000 /dev/zero | tr "\0" m)
	while :; do
		echo ${#mine}
		read -r _ <&8
	done >&9' - "$group" &
bystander=$!

# shellcheck disable=SC2317 # called by ok
bystander_answers()
{
	! gone "$bystander" && [ "$(timeout 100 head -n 1 <&9)" = 4000000 ]
}
ok "a bystander in the group has memory of its own" bystander_answers

killed()
{
	sed -n 's/^oom_kill //p' "$group/memory.events"
}

# shellcheck disable=SC2317 # called by ok
group_has_room()
{
	[ "$(cat "$group/memory.current")" -lt $((20 << 20)) ]
}

# DESCRIPTION STATUS DEVICE COMMAND...: what it does in the group ends with STATUS.
# When the device is empty, the group's memory is free again.
ends()
{
	_what=$1
	_wanted=$2
	_device=$3
	shift 3
	_killed=$(killed)
	{ tests/helpers/exhaust "$group" "$@"; } 2>"$scratch/errors"
	is "$_what" $? "$_wanted"
	stored=$(attribute bytes "$_device")
	quanta=$(attribute quanta "$_device")
	charged_index=$(sed -n 's/^slab_reclaimable //p' "$group/memory.stat")
	is "$_what: no process is killed" "$(killed)" "$_killed"
	: >"/dev/scullv$_device"
	ok "$_what: the group has room again" await group_has_room
	echo >&8
	ok "$_what: the bystander answers" bystander_answers
}

# WHAT QSET: of a write of a byte an item; the qsets of so many slots are charged
is_sparse()
{
	_each=$((page + $2 * $(getconf LONG_BIT) / 8))
	_all=$((quanta * _each))
	ok "$1: quanta and qsets take $((_all >> 10)) kB of $((max >> 10)) kB" \
		[ $_all -lt $max -a $_all -gt $((max / 3)) ]
}

# DEVICE ALLOCATOR BYTES: an allocator in force, with quanta of so many bytes
geometry()
{
	echo 0 >"/sys/class/scullv/scullv$1/order"
	echo "$2" >"/sys/class/scullv/scullv$1/alloc"
	order_of "$3" >"/sys/class/scullv/scullv$1/order"
	: >"/dev/scullv$1"
}

load limit=0 qset=500,100000,500,1
for geometry in "vmalloc 1" "vmalloc 65536" "pages 1" "pages 65536" "huge 2097152"; do
	# shellcheck disable=SC2086 # allocator and size
	geometry 0 $geometry
	what="$(attribute alloc), order $(attribute order)"
	ends "$what: a write gets ENOMEM" $enomem 0 \
		write /dev/scullv0 65536 65536 2000
	ok "$what: $((stored >> 10)) kB were stored" \
		[ "$stored" -gt $((memory << 19)) ]
done
for alloc in vmalloc pages huge; do
	geometry 0 $alloc 1
	ends "$alloc: a store through a mapping gets SIGBUS" $sigbus 0 \
		touch /dev/scullv0 "$page" $((100000000 / page))
	ok "$alloc: $((stored >> 10)) kB were stored" \
		[ "$stored" -gt $((memory << 19)) ]

	# a byte an item: most of the memory is in qsets and the index
	what="$alloc: a sparse write gets ENOMEM"
	ends "$what" $enomem 0 write /dev/scullv0 1 $((500 * page)) 20000
	is_sparse "$what" 500
	what="$alloc: a sparse write with large qsets gets ENOMEM"
	geometry 1 $alloc 1
	ends "$what" $enomem 1 write /dev/scullv1 1 $((100000 * page)) 20000
	is_sparse "$what" 100000
done

# an item in 64, so that each has a node of the index, of 64 pointers at least
geometry 0 vmalloc 1
ends "items far apart can be written" 0 0 \
	write /dev/scullv0 1 $((64 * 500 * page)) 500
ok "their index is charged, $charged_index bytes" \
	[ "$charged_index" -ge $((500 * 64 * $(getconf LONG_BIT) / 8)) ]

# With 3 nodes of the index for each quantum, what fails is a node now and then.
mkdir "$group-small"
geometry 3 vmalloc 1
i=0
while [ $i -lt 20 ]; do
	echo $(((512 + i) * page)) >"$group-small/memory.max"
	{ tests/helpers/exhaust "$group-small" write /dev/scullv3 1 \
		$((page << 18)) 1000; } 2>"$scratch/errors"
	echo $?
	: >/dev/scullv3
	i=$((i + 1))
done >"$scratch/returned"
is "20 writes that need large indexes get ENOMEM" \
	"$(uniq -c "$scratch/returned" | xargs)" "20 $enomem"

# the allocation of one quantum that is larger than the group ends in the middle
for alloc in vmalloc huge; do
	geometry 0 $alloc 67108864
	ends "$alloc: a quantum larger than the group gets ENOMEM" \
		$enomem 0 write /dev/scullv0 1 1 1
	is "$alloc: none is stored" "$stored" 0
done

# quanta stay when their group is gone
geometry 0 vmalloc 1
{ tests/helpers/exhaust "$group" write /dev/scullv0 1 $((500 * page)) 100; } 2>&1
kill $bystander 2>&-
wait
ok "a group is removed while its quanta are there" rmdir "$group"
is "they are still there" "$(attribute quanta)" 100
: >/dev/scullv0
is "the device is emptied" "$(attribute quanta)" 0
rmdir "$group-small"
umount "$groups"

done_testing
