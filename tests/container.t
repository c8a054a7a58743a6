#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Quanta, qsets and the index are charged to the writer's memory cgroup. In a full
# group a write fails with ENOMEM, a store through a mapping with SIGBUS, and no
# process is killed.

. tests/lib/driver.sh
require_mappings

page=$(getconf PAGESIZE)
groups=$scratch/groups
group=$groups/container
enomem=12
sigbus=135

# BYTES: the order of a quantum of BYTES, or of one page
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
memory=$(clamp_to_vmalloc 40)	# MiB, the least for quanta
max=$(((memory + 20) << 20))
echo $max >"$group/memory.max"

# A process in the group that prints the number of its intact bytes.
mkfifo "$scratch/question" "$scratch/answer"
exec 8<>"$scratch/question" 9<>"$scratch/answer"
# shellcheck disable=SC2016 # the child's pid
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
	! has_ended "$bystander" && [ "$(timeout 100 head -n 1 <&9)" = 4000000 ]
}
ok "another process in the group allocates memory" bystander_answers

killed()
{
	sed -n 's/^oom_kill //p' "$group/memory.events"
}

# shellcheck disable=SC2317 # called by ok
group_has_room()
{
	[ "$(cat "$group/memory.current")" -lt $((20 << 20)) ]
}

# DESCRIPTION STATUS DEVICE COMMAND...: COMMAND in the group exits with STATUS. A trim
# frees the group's memory.
check_exit()
{
	_what=$1
	_expected=$2
	_device=$3
	shift 3
	_killed=$(killed)
	{ tests/helpers/exhaust "$group" "$@"; } 2>"$scratch/errors"
	is "$_what" $? "$_expected"
	stored=$(attribute bytes "$_device")
	quanta=$(attribute quanta "$_device")
	charged_index=$(sed -n 's/^slab_reclaimable //p' "$group/memory.stat")
	charged_slab=$(sed -n 's/^slab_unreclaimable //p' "$group/memory.stat")
	is "$_what: no process is killed" "$(killed)" "$_killed"
	: >"/dev/scullv$_device"
	ok "$_what: a trim uncharges the group" await group_has_room
	echo >&8
	ok "$_what: the other process keeps its memory" bystander_answers
}

# WHAT QSET: qsets of QSET slots were charged by a write of one byte per item
check_qsets()
{
	_each=$((page + $2 * $(getconf LONG_BIT) / 8))
	_all=$((quanta * _each))
	ok "$1: quanta and qsets are charged $((_all >> 10)) kB of $((max >> 10)) kB" \
		[ $_all -lt $max -a $_all -gt $((max / 3)) ]
}

# DEVICE ALLOCATOR BYTES: applies an allocator and the size of a quantum
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
	what="$(attribute alloc), order $(attribute order) for ${geometry#* } bytes"
	check_exit "$what: a write fails with ENOMEM" $enomem 0 \
		write /dev/scullv0 65536 65536 2000
	ok "$what: $((stored >> 10)) kB were stored" \
		[ "$stored" -gt $((memory << 19)) ]
done
for alloc in vmalloc pages huge; do
	geometry 0 $alloc 1
	check_exit "$alloc: a store through a mapping fails with SIGBUS" $sigbus 0 \
		touch /dev/scullv0 "$page" $((100000000 / page))
	ok "$alloc: $((stored >> 10)) kB were stored through a mapping" \
		[ "$stored" -gt $((memory << 19)) ]

	# one byte per item: qsets and the index take most of the memory
	what="$alloc: a sparse write fails with ENOMEM"
	check_exit "$what" $enomem 0 write /dev/scullv0 1 $((500 * page)) 20000
	check_qsets "$what" 500
	what="$alloc: a sparse write with large qsets fails with ENOMEM"
	geometry 1 $alloc 1
	check_exit "$what" $enomem 1 write /dev/scullv1 1 $((100000 * page)) 20000
	check_qsets "$what" 100000
done

# every 64th item, so that each has its own XArray node of 64 pointers or more
geometry 0 vmalloc 1
check_exit "a write to every 64th item succeeds" 0 0 \
	write /dev/scullv0 1 $((64 * 500 * page)) 500
ok "the XArray nodes of distant items are charged, $charged_index bytes" \
	[ "$charged_index" -ge $((500 * 64 * $(getconf LONG_BIT) / 8)) ]

# qsets of one slot: 24 bytes at least for each item and its array
count=$(((memory << 19) / page))
geometry 3 vmalloc 1
check_exit "a write to one item succeeds" 0 3 write /dev/scullv3 1 "$page" 1
before=$charged_slab
check_exit "a write to $count items succeeds" 0 3 write /dev/scullv3 1 "$page" "$count"
what="items and their arrays are charged, $((charged_slab - before)) bytes"
if [ "$page" = 4096 ]; then
	ok "$what" [ $((charged_slab - before)) -ge $((count * 24 * 3 / 4)) ]
else
	skip "$what" "items are a small part of what is charged"
fi

# FILE: the sum of its numbers
sum_of()
{
	awk '{ sum += $1 } END { print sum + 0 }' "$scratch/$1"
}

# Each quantum needs 3 XArray nodes, so some failures are those of a node: then the
# quantum exists already.
make_trace
echo 1 >"$trace/events/scullv/enable"
mkdir "$group-small"
geometry 3 vmalloc 1
i=0
while [ $i -lt 20 ]; do
	echo $(((512 + i) * page)) >"$group-small/memory.max"
	{ tests/helpers/exhaust "$group-small" write /dev/scullv3 1 \
		$((page << 18)) 1000; } 2>"$scratch/errors"
	echo $?
	attribute quanta 3 >>"$scratch/counted"
	sed -n '/^Device 3/,$p' /proc/scullvmem | grep -c '^ *[0-9]*:' >>"$scratch/shown"
	: >/dev/scullv3
	for event in alloc free; do
		grep -c "scullv_quantum_$event:" $trace/trace >>"$scratch/$event"
	done
	echo >$trace/trace
	i=$((i + 1))
done >"$scratch/returned"
echo 0 >"$trace/events/scullv/enable"
is "20 writes that need deep indexes fail with ENOMEM" \
	"$(uniq -c "$scratch/returned" | xargs)" "20 $enomem"
is "a quantum without an index is not counted" \
	"$(xargs <"$scratch/counted")" "$(xargs <"$scratch/shown")"
echo $((100 * page)) >/sys/module/scullv/parameters/limit
is "a quantum without an index is uncharged once" \
	"$(tests/helpers/buffer -r 101 write /dev/scullv3 0 "$page")" $((100 * page))
: >/dev/scullv3
echo 0 >/sys/module/scullv/parameters/limit
is "each quantum whose allocation is traced is traced when it is freed" \
	"$(xargs <"$scratch/alloc")" "$(xargs <"$scratch/free")"
like "quanta are allocated before each failure" "$(xargs <"$scratch/alloc")" \
	"([1-9][0-9]* ?){20}"
what="some failures are those of an XArray node"
if [ "$page" = 4096 ]; then
	ok "$what" [ "$(sum_of alloc)" -gt "$(sum_of shown)" ]
else
	skip "$what" "nodes are a small part of what is charged"
fi

# a quantum larger than the group fails halfway
for alloc in vmalloc huge; do
	geometry 0 $alloc 67108864
	check_exit "$alloc: a write to a quantum larger than the group fails with ENOMEM" \
		$enomem 0 write /dev/scullv0 1 1 1
	is "$alloc: a quantum larger than the group is not stored" "$stored" 0
done

# quanta survive their group
geometry 0 vmalloc 1
{ tests/helpers/exhaust "$group" write /dev/scullv0 1 $((500 * page)) 100; } 2>&1
kill $bystander 2>&-
wait
ok "a group that is charged for quanta can be removed" rmdir "$group"
is "quanta survive the removal of their group" "$(attribute quanta)" 100
: >/dev/scullv0
is "a trim frees quanta of a removed group" "$(attribute quanta)" 0
rmdir "$group-small"
umount "$groups"

done_testing
