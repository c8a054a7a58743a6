#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Writes without a limit fill the memory: they fail with ENOMEM, the OOM killer is not
# invoked, and a trim frees all of it.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0

# A process with 16 MB that prints the number of its intact bytes on request.
mkfifo "$scratch/question" "$scratch/answer"
exec 8<>"$scratch/question" 9<>"$scratch/answer"
(
	mine=$(head -c 16000000 /dev/zero | tr '\0' m)
	while :; do
		echo ${#mine}
		read -r _ <&8
	done >&9
) &
bystander=$!

# shellcheck disable=SC2317 # called by ok
bystander_answers()
{
	[ "$(timeout 100 head -n 1 <&9)" = 16000000 ]
}
ok "another process allocates memory" bystander_answers
# let it allocate what an answer needs
for _ in 1 2 3; do
	echo >&8
	bystander_answers
done

# kB that may be missing after a trim: the kernel keeps the page tables of vmalloc
# addresses, 8 bytes per page of 1 GB, and free pages of each CPU. On s390x a page
# table takes half a page.
tolerance=4096
[ "$(uname -m)" != s390x ] || tolerance=8192

# quanta cannot be in high memory
low=$(meminfo LowTotal)
reserve=$((${low:-$(meminfo MemTotal)} / 8))

# WHAT OUTPUT: checks a device that a program with that output has filled. On 32 bits
# the vmalloc space is used up first, and a quantum of one page takes two of it.
check_full()
{
	least=$((available / 2))
	most=most
	case $1 in
	pages*)	;;
	*)	[ $least -lt "$addresses" ] || { least=$addresses; most=; } ;;
	esac

	like "$1: a write fails with ENOMEM" "$(echo "$2" | head -n 1)" \
		".*: Cannot allocate memory"
	taken=$((available - $(meminfo MemAvailable)))
	ok "$1: the device takes most of the memory, $taken kB" [ $taken -gt $least ]
	# shellcheck disable=SC2046,SC2086 # two numbers; an option or none
	check_reserve "$1" $(tests/lib/usable-memory $blocks) "$granule" $most
	echo >&8
	ok "$1: the other process keeps its memory" bystander_answers
}

# WHAT
check_no_oom()
{
	is "$1: the OOM killer is not invoked" "$(log |
		grep -E 'Out of memory|oom-kill|oom_reaper|Killed process')" ""
}

# WHAT: nobody has paid for it
check_no_victim()
{
	check_no_oom "$1"
	echo >&8
	ok "$1: the other process keeps its memory" bystander_answers
}

# WHAT NUMBER
check_enomem()
{
	like "$1: a write fails with ENOMEM" \
		"$(dd if=/dev/zero bs=1M 2>&1 >>"/dev/scullv$2" | head -n 1)" \
		".*: Cannot allocate memory"
}

# two devices fill the memory in turn, and the second one is trimmed
fragment()
{
	tee /dev/scullv0 </dev/zero 2>/dev/null >/dev/scullv1
	: >/dev/scullv1
}

# WHAT [-b]: the last writer has left the reserve, see tests/lib/usable-memory
check_left()
{
	# shellcheck disable=SC2046,SC2086 # two numbers; an option or none
	check_reserve "$1" $(tests/lib/usable-memory ${2-}) 1024 most
	check_no_victim "$1"
}

# WHAT: trims the device and checks the memory
check_trimmed()
{
	check_no_oom "$1"
	: >$dev
	ok "$1: a trim frees the memory, but for $tolerance kB" \
		[ "$(available_memory)" -ge $((available - tolerance)) ]
	is "$1: a trim frees all vmalloc areas" \
		"$(grep -c scullv /proc/vmallocinfo)" 0
}

# ALLOCATOR ORDER: fills the device until a write fails
fill()
{
	echo vmalloc >/sys/class/scullv/scullv0/alloc
	echo "$2" >/sys/class/scullv/scullv0/order
	echo "$1" >/sys/class/scullv/scullv0/alloc
	: >$dev
	granule=$(((page << $2) / 1024))
	blocks=
	[ "$1" != pages ] || [ "$2" = 0 ] || blocks=-b
	available=$(available_memory)
	tests/helpers/buffer -r 1024 write $dev 0 1048576 >/dev/null
	check_full "$1, order $2" "$(dd if=/dev/zero bs=1M 2>&1 >>$dev)"
	is "$1, order $2: a full device returns the data written" \
		"$(tr -d 'w\0' <$dev | wc -c)" 0
	check_trimmed "$1, order $2"
}

addresses=$(($(meminfo VmallocTotal) / 4))

shorten_percpu_lists
load limit=0 qset=1000000,1
fill vmalloc 0
fill vmalloc 9
fill huge 9
fill pages 0
fill pages 4

# one byte per item: nearly all memory is in qsets, 8 MB each with 64-bit pointers
echo 0 >/sys/class/scullv/scullv0/order
echo vmalloc >/sys/class/scullv/scullv0/alloc
: >$dev
available=$(available_memory)
i=0
while [ $i -lt 300 ]; do
	echo "pwrite -S 0x77 $((i * 1000000 * page)) 1"
	i=$((i + 1))
done >"$scratch/sparse"
blocks=
granule=8192
check_full "sparse" "$(xfs_io $dev <"$scratch/sparse" 2>&1 | grep 'pwrite:')"
quanta=$(attribute quanta)
ok "sparse: not all of 300 items are written" [ "$quanta" -lt 300 ]
last=$(($(attribute size) - 1))
is "sparse: the last byte can be read" "$(
	tests/helpers/buffer -o "$scratch/last" read $dev $last 1
	cat "$scratch/last")" "1
w"
check_trimmed "sparse"

# Four concurrent writes, each to a quantum of a third of the memory.
order=0
while [ $((3 * page << order)) -lt $((available * 1024)) ]; do
	order=$((order + 1))
done
for i in 0 1 2 3; do
	echo $order >/sys/class/scullv/scullv$i/order
	: >/dev/scullv$i
done
for i in 0 1 2 3; do
	tests/helpers/buffer write /dev/scullv$i 0 1 >>"$scratch/returned" &
	writers="${writers-} $!"
done
# shellcheck disable=SC2086 # numbers of processes
wait $writers
ok "4 writers: at least one write fails with ENOMEM" \
	grep ENOMEM "$scratch/returned"
is "4 writers: all writes return" "$(wc -l <"$scratch/returned")" 4
echo >&8
ok "4 writers: the other process keeps its memory" bystander_answers
for i in 1 2 3; do
	: >/dev/scullv$i
done
check_trimmed "4 writers"

# Two devices fill the memory in turn. When one of them is trimmed, half of the memory is
# free, in blocks of 8 pages. Those of 256 pages are soon used up; those of 8 count.
load limit=0 alloc=pages order=3,3,8,3
fragment
check_enomem "fragmented memory" 2
available=$(meminfo MemAvailable)
ok "fragmented memory: the reserve of $reserve kB is not reached, $available kB" \
	[ "$available" -gt $((reserve + 16384)) ]
# quanta of 8 pages take these
check_enomem "blocks of 8 pages" 3
check_left "fragmented memory" -b

# The same with blocks of 4 pages, which do not count. Quanta of 8 pages would use up the
# larger ones.
load limit=0 alloc=pages order=2,2,3
fragment
check_enomem "blocks of 4 pages" 2
available=$(meminfo MemAvailable)
ok "blocks of 4 pages: many are free, $available kB are available" \
	[ "$available" -gt $((reserve + 65536)) ]
check_left "blocks of 4 pages" -b

# All memory above the reserve is in use but 96 MiB, of which two devices take a page or
# two in turn. Half of that becomes free.
load limit=0 alloc=pages order=8,8,0,0,0 devs=5
head -c 96M /dev/zero >/dev/scullv0
head -c 1T /dev/zero 2>/dev/null >/dev/scullv1
: >/dev/scullv0
tee /dev/scullv2 </dev/zero 2>/dev/null >/dev/scullv3
: >/dev/scullv3
ok "single pages: every other one is in use" [ "$(attribute bytes 2)" -gt $((32 << 20)) ]
is "single pages count for quanta of one page" \
	"$(tests/helpers/buffer -r 16 write /dev/scullv4 0 1048576)" 16777216
check_no_victim "single pages"

# Page cache is available: it gives way to a device. Pages of a hole take no room on the
# disk, and those read twice are in another list of the kernel.
load limit=0 alloc=pages order=0
disk=$scratch/disk
mkdir "$disk"
modprobe brd 2>/dev/null
mke2fs -q -F -t ext4 -b "$page" /dev/ram0 2>/dev/null
mount /dev/ram0 "$disk"
truncate -s 150M "$disk/once" "$disk/twice"
cat "$disk/once" "$disk/twice" "$disk/twice" >/dev/null
cached=$(($(meminfo 'Active(file)') + $(meminfo 'Inactive(file)')))
ok "page cache: $cached kB of files are in memory" [ $cached -gt 250000 ]
check_enomem "page cache" 0
check_left "page cache"
: >$dev
umount "$disk"

kill $bystander

# Leaks. Each round trims a device and writes a byte. A pointer of per-CPU memory lost
# in each of 30000 rounds is 240 kB per CPU, more than earlier tests leave free in per-CPU
# chunks; on 32 bits it is half as much.

# ROUNDS DEVICE
# shellcheck disable=SC2317 # called by leaks_nothing
rounds()
{
	tests/helpers/rounds "$2" "$1"
	: >"$2"
}

load order=0 qset=500,100000,500,500 alloc=vmalloc,vmalloc,pages,huge
rounds 100 $dev	# allocates what the kernel keeps
leaks_nothing 30000 "30000 rounds" rounds 30000 $dev
leaks_nothing 100 "100 rounds with qsets from vmalloc" rounds 100 /dev/scullv1
echo 2 >/sys/class/scullv/scullv2/order
rounds 1 /dev/scullv2
leaks_nothing 1000 "1000 rounds with pages" rounds 1000 /dev/scullv2
echo 9 >/sys/class/scullv/scullv3/order
rounds 1 /dev/scullv3
leaks_nothing 100 "100 rounds with huge pages" rounds 100 /dev/scullv3

# ROUNDS DEVICE: parts of 6 pages, of which 5 fit into the pipe
# shellcheck disable=SC2317 # called by leaks_nothing
splice_rounds()
{
	for _ in $(seq "$1"); do
		head -c $((16 * page)) /dev/zero >"$2"
		tests/helpers/splice-pipe "$2" 5 1 $((16 * page)) >/dev/null
	done
	: >"$2"
}

splice_rounds 1 $dev
leaks_nothing 100 "100 rounds of splice" splice_rounds 100 $dev
# a block of 16 pages stays if one of them does
echo 4 >/sys/class/scullv/scullv2/order
: >/dev/scullv2
splice_rounds 1 /dev/scullv2
leaks_nothing 100 "100 rounds of splice with pages" splice_rounds 100 /dev/scullv2

i=0
while [ $i -lt 300 ]; do
	echo "open -t $dev"
	echo "pwrite 1t 1"
	echo "close"
	i=$((i + 1))
done >"$scratch/far"
leaks_nothing 300 "300 rounds with a deep index" \
	sh -c "xfs_io $dev <$scratch/far >/dev/null 2>&1; : >$dev"

# unloading frees full devices
available=$(available_memory)
for _ in 1 2 3; do
	load order=4
	tests/helpers/buffer -r 100 write $dev 0 1048576 >/dev/null
done
unload
available=$((available - $(available_memory)))
ok "rmmod frees devices of 100 MB three times, but for $available kB" \
	[ "$available" -lt 4096 ]

done_testing
