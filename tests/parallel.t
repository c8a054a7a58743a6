#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Concurrent readers, writers, appenders and trims of one device.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0

# COMMAND...: dumps /proc/scullvmem repeatedly while it runs. The file "dumps" gets the
# number of devices of each dump, the file "malformed" lines that have no valid format.
# shellcheck disable=SC2317 # called by ok
while_dumping()
{
	line='Device [0-9]+: qset [0-9]+, order [0-9]+, sz [0-9]+'
	line="$line|  item at [0-9a-f]+, qset at [0-9a-f]+(, index [0-9]+)?"
	line="$line| +[0-9]+:[0-9a-f]+"
	: >"$scratch/running"
	: >"$scratch/malformed"
	while [ -e "$scratch/running" ]; do
		cat /proc/scullvmem >"$scratch/dump" 2>>"$scratch/malformed"
		grep -Evx "|$line" "$scratch/dump" >>"$scratch/malformed"
		grep -c '^Device' "$scratch/dump"
	done >"$scratch/dumps" &
	"$@"
	set -- $?
	rm "$scratch/running"
	wait
	return "$1"
}

# DESCRIPTION: checks the dumps of while_dumping
check_dumps()
{
	is "$1: each of $(wc -l <"$scratch/dumps") concurrent dumps has 4 devices" \
		"$(sort -u "$scratch/dumps")" 4
	is "$1: the concurrent dumps are well-formed" \
		"$(head "$scratch/malformed")" ""
}

# many blocks per quantum, of a size that does not divide it

load order=4,0 qset=3
ok "8 writers of disjoint blocks and 2 readers see no wrong byte" \
	while_dumping tests/helpers/blocks $dev 5003 2000 2
check_dumps "8 writers"
is "8 writers allocate each quantum once" "$(attribute quanta)" \
	$(((5003 * 2000 + 16 * page - 1) / (16 * page)))

ok "8 writers and 2 readers of quanta of one page see no wrong byte" \
	while_dumping tests/helpers/blocks /dev/scullv1 5003 1000 2
check_dumps "8 writers, quanta of one page"
is "8 writers allocate each quantum of one page once" "$(attribute quanta 1)" \
	$(((5003 * 1000 + page - 1) / page))

ok "readers see no foreign data and no data of before a trim" \
	while_dumping tests/helpers/blocks $dev 5003 300 40 trim
check_dumps "40 trims"
ok "readers of quanta of one page see no foreign data and no data of before a trim" \
	while_dumping tests/helpers/blocks /dev/scullv1 5003 300 40 trim
check_dumps "40 trims, quanta of one page"
: >$dev
: >/dev/scullv1
is "the last trim frees all quanta" \
	"$(attribute quanta) $(grep -c scullv /proc/vmallocinfo)" "0 0"

# concurrent first writes to one quantum, on scullv1 to one item

load order=4,0 qset=500,1
steps=500
[ $((steps * 16 * page)) -lt 200000000 ] || steps=$((200000000 / 16 / page))
ok "3 concurrent first writes to a quantum lose no data" \
	tests/helpers/race $dev 3 $((16 * page)) $steps
is "3 concurrent first writes allocate one quantum" "$(attribute quanta)" $steps
ok "3 concurrent first writes to an item lose no data" \
	tests/helpers/race /dev/scullv1 3 "$page" 1500
is "3 concurrent first writes to an item allocate one quantum" \
	"$(attribute quanta 1)" 1500

: >/dev/scullv1
ok "a reader that polls for a quantum sees the data written to it" \
	tests/helpers/race /dev/scullv1 1 "$page" 3000 watch

: >$dev
ok "the size never shrinks with 2 writers at the end" \
	tests/helpers/race $dev 2 8 3000

load order=4,0 limit=$((16 * page))
ok "3 concurrent first writes fit into a limit of one quantum" \
	tests/helpers/race $dev 3 $((16 * page)) 100 trim
: >$dev
echo "$page" >/sys/module/scullv/parameters/limit
ok "3 concurrent first writes fit into a limit of one page" \
	tests/helpers/race /dev/scullv1 3 "$page" 150 trim

# A large quantum takes long to allocate; another writer of it waits meanwhile. A quantum
# past it makes both writes overwrites, which take no other lock.

# Sets result to "status quanta" when a writer that waits has been killed: one quantum if
# it did not wait for the other one's. Either of the two may be the one that waits. All
# run on one CPU, and the loop needs no other process, to be faster than the allocation;
# if it is not, it tries again. A process that the shell has waited for has no stat.
# shellcheck disable=SC2086,SC2317 # called by on_one_cpu; numbers of processes
kill_waiter()
{
	result="no writer waits"
	for _ in 1 2 3 4 5 6 7 8; do
		: >$dev
		tests/helpers/buffer write $dev $((page << order)) 1 >"$scratch/end"
		tests/helpers/buffer write $dev 0 1 >"$scratch/first" &
		writers=$!
		tests/helpers/buffer write $dev 1 1 >"$scratch/second" &
		writers="$writers $!"
		waiting=
		ended=
		while [ ! "$waiting" ] && [ "$ended" != "$writers" ]; do
			ended=
			for writer in $writers; do
				read -r _ _ state _ </proc/"$writer"/stat || state=Z
				read -r function </proc/"$writer"/wchan
				case "$state $function" in
				"D scullv_"* | "D "*rt_mutex*)
					waiting=$writer ;;
				Z*)	ended=${ended:+$ended }$writer ;;
				esac
			done
		done
		if [ "$waiting" ]; then
			kill -KILL "$waiting"
			status=0
			wait "$waiting" || status=$?
			read -r quanta </sys/class/scullv/scullv0/quanta
			result="$status $quanta"
		fi
		wait $writers
		[ "$result" != "137 1" ] || break
	done 2>"$scratch/errors"
}

order=0
while [ $((page << (order + 2))) -le $(($(clamp_to_vmalloc 256) << 20)) ]; do
	order=$((order + 1))
done
load order=$order limit=0
on_one_cpu kill_waiter
is "SIGKILL ends the wait for another writer's allocation" "$result" "137 1"
: >$dev

# concurrent appends of records of many lengths

load order=1
ok "records of 2 appenders are complete and in order" \
	tests/helpers/append $dev own 2 2000 3000
: >$dev
ok "records of 8 appenders are complete and in order" \
	tests/helpers/append $dev own 8 500 3000
: >$dev
ok "appended records longer than a quantum are complete" \
	tests/helpers/append $dev own 4 50 $((20 * page))
: >$dev
ok "appends from buffers that are not present are complete" \
	tests/helpers/append $dev missing 3 16 3000000
: >$dev
ok "writes with RWF_APPEND from buffers that are not present are complete" \
	tests/helpers/append $dev flag 3 16 3000000
: >$dev
ok "4 processes that share a file offset overwrite no data" \
	tests/helpers/append $dev shared 4 1000 3000

# a long call that moves the end and a short one, with small quanta and in one large
# quantum

order=0
while [ $((page << order)) -lt 1048576 ]; do
	order=$((order + 1))
done
load order=0,$order
for n in 0 1; do
	what="order $(attribute order $n)"
	ok "$what: an append does not overwrite a finished write past the end" \
		tests/helpers/overlap /dev/scullv$n append 500000 30
	ok "$what: a write at the end does not overwrite a finished append" \
		tests/helpers/overlap /dev/scullv$n write 500000 30
done

# a trim during one long call

load order=0
ok "a write during a trim returns a short count and leaves no tail" \
	tests/helpers/trim-race $dev write 2000003 20
ok "an append during a trim returns a short count and leaves no tail" \
	tests/helpers/trim-race $dev append 2000003 20

done_testing
