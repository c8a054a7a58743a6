#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A machine whose memory a writer fills, without a limit: the writer gets ENOMEM,
# nobody is killed. And the memory comes back, all of it.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0

# Somebody who minds his own business: keeps 16 MB, and tells, when asked, how
# many of its bytes are still right.
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
ok "a bystander has memory of its own" bystander_answers
# to answer takes memory, which it keeps
for _ in 1 2 3; do
	echo >&8
	bystander_answers
done

# So much may be missing when memory has come back: the kernel keeps the page
# tables of addresses that vmalloc has used, 8 bytes a page of a memory of 1 GB,
# and what is still on those lists. One of s390x is a page that is half used.
tolerance=4096
[ "$(uname -m)" != s390x ] || tolerance=8192

# WHAT SAID: the device has been filled by a program that said that at the end. On
# 32 bits vmalloc's addresses come to their end first, and a quantum of one page
# takes those of two.
full()
{
	most=$((available / 2))
	case $1 in
	pages*)	;;
	*)	[ $most -lt "$addresses" ] || most=$addresses ;;
	esac

	like "$1: the writer gets ENOMEM" "$(echo "$2" | head -n 1)" \
		".*: Cannot allocate memory"
	taken=$((available - $(meminfo MemAvailable)))
	ok "$1: that is most of the memory, $taken kB" [ $taken -gt $most ]
	echo >&8
	ok "$1: the bystander answers" bystander_answers
}

# WHAT: the device is emptied
emptied()
{
	is "$1: nobody was killed" "$(log |
		grep -E 'Out of memory|oom-kill|oom_reaper|Killed process')" ""
	: >$dev
	ok "$1: the memory comes back, but for $tolerance kB" \
		[ "$(available_memory)" -ge $((available - tolerance)) ]
	is "$1: nothing of scullv is in /proc/vmallocinfo" \
		"$(grep -c scullv /proc/vmallocinfo)" 0
}

# ALLOCATOR ORDER: fills the device to the end
fill_it()
{
	echo vmalloc >/sys/class/scullv/scullv0/alloc
	echo "$2" >/sys/class/scullv/scullv0/order
	echo "$1" >/sys/class/scullv/scullv0/alloc
	: >$dev
	available=$(available_memory)
	tests/helpers/buffer -r 1024 write $dev 0 1048576 >/dev/null
	full "$1, order $2" "$(dd if=/dev/zero bs=1M 2>&1 >>$dev)"
	is "$1, order $2: what was written can be read" \
		"$(tr -d 'w\0' <$dev | wc -c)" 0
	emptied "$1, order $2"
}

addresses=$(($(meminfo VmallocTotal) / 4))

count_free_pages
load limit=0 qset=1000000,1
fill_it vmalloc 0
fill_it vmalloc 9
fill_it huge 9
fill_it pages 0
fill_it pages 4

# a byte an item: next to all of the memory is in qsets, 8 MB each where a
# pointer has 8 bytes
echo 0 >/sys/class/scullv/scullv0/order
echo vmalloc >/sys/class/scullv/scullv0/alloc
: >$dev
available=$(available_memory)
i=0
while [ $i -lt 300 ]; do
	echo "pwrite -S 0x77 $((i * 1000000 * page)) 1"
	i=$((i + 1))
done >"$scratch/sparse"
full "sparse" "$(xfs_io $dev <"$scratch/sparse" 2>&1 | grep 'pwrite:')"
quanta=$(attribute quanta)
ok "sparse: there are holes" [ "$quanta" -lt 300 ]
last=$(($(attribute size) - 1))
is "sparse: what was written can be read" "$(
	tests/helpers/buffer -o "$scratch/last" read $dev $last 1
	cat "$scratch/last")" "1
w"
emptied "sparse"

# Several at once, each wants a third of the memory: that is not there, but only
# who comes first may find that out.
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
ok "4 writers of a large quantum: some get ENOMEM" \
	grep ENOMEM "$scratch/returned"
is "all are told" "$(wc -l <"$scratch/returned")" 4
echo >&8
ok "the bystander answers" bystander_answers
for i in 1 2 3; do
	: >/dev/scullv$i
done
emptied "4 writers"

kill $bystander

# Leaks. Each round writes a byte to a device that it has emptied. 10000 of them lose
# 80 kB on each CPU when they lose a pointer there.

# ROUNDS DEVICE
# shellcheck disable=SC2317 # called by loses_nothing
rounds()
{
	tests/helpers/rounds "$2" "$1"
	: >"$2"
}

load order=0 qset=500,100000,500,500 alloc=vmalloc,vmalloc,pages,huge
rounds 100 $dev	# makes what the kernel keeps
loses_nothing 10000 "10000 rounds" rounds 10000 $dev
loses_nothing 100 "100 rounds with qsets from vmalloc" rounds 100 /dev/scullv1
echo 2 >/sys/class/scullv/scullv2/order
rounds 1 /dev/scullv2
loses_nothing 1000 "1000 rounds with pages" rounds 1000 /dev/scullv2
echo 9 >/sys/class/scullv/scullv3/order
rounds 1 /dev/scullv3
loses_nothing 100 "100 rounds with huge pages" rounds 100 /dev/scullv3

i=0
while [ $i -lt 300 ]; do
	echo "open -t $dev"
	echo "pwrite 1t 1"
	echo "close"
	i=$((i + 1))
done >"$scratch/far"
loses_nothing 300 "300 rounds with a deep index" \
	sh -c "xfs_io $dev <$scratch/far >/dev/null 2>&1; : >$dev"

# what a full device takes with it
available=$(available_memory)
for _ in 1 2 3; do
	load order=4
	tests/helpers/buffer -r 100 write $dev 0 1048576 >/dev/null
done
unload
available=$((available - $(available_memory)))
ok "rmmod frees what devices hold, 3 times 100 MB: $available kB are missing" \
	[ "$available" -lt 4096 ]

done_testing
