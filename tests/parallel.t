#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Many processes on one device at the same time.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0

# COMMAND...: while it runs, /proc/scullvmem is dumped, again and again. The number of
# devices in each dump goes to "dumps", what is not in their format to "odd".
# shellcheck disable=SC2317 # called by ok
while_dumping()
{
	line='Device [0-9]+: qset [0-9]+, order [0-9]+, sz [0-9]+'
	line="$line|  item at [0-9a-f]+, qset at [0-9a-f]+(, index [0-9]+)?"
	line="$line| +[0-9]+:[0-9a-f]+"
	: >"$scratch/running"
	: >"$scratch/odd"
	while [ -e "$scratch/running" ]; do
		cat /proc/scullvmem >"$scratch/dump" 2>>"$scratch/odd"
		grep -Evx "|$line" "$scratch/dump" >>"$scratch/odd"
		grep -c '^Device' "$scratch/dump"
	done >"$scratch/dumps" &
	"$@"
	set -- $?
	rm "$scratch/running"
	wait
	return "$1"
}

# DESCRIPTION: of what while_dumping has run
check_dumps()
{
	is "$1: all of the $(wc -l <"$scratch/dumps") dumps meanwhile have 4 devices" \
		"$(sort -u "$scratch/dumps")" 4
	is "$1: all dumps meanwhile are in their format" \
		"$(head "$scratch/odd")" ""
}

# blocks that are no divisor of a quantum, many of them in one

load order=4,0 qset=3
ok "8 processes write disjoint blocks, 2 read: every byte is right" \
	while_dumping tests/helpers/blocks $dev 5003 2000 2
check_dumps "8 writers"
is "no quantum is there twice" "$(attribute quanta)" \
	$(((5003 * 2000 + 16 * page - 1) / (16 * page)))

ok "the same with quanta of one page" \
	while_dumping tests/helpers/blocks /dev/scullv1 5003 1000 2
check_dumps "8 writers, quanta of one page"
is "no quantum is there twice" "$(attribute quanta 1)" \
	$(((5003 * 1000 + page - 1) / page))

ok "with trims: nothing foreign is read, nothing from before a trim" \
	while_dumping tests/helpers/blocks $dev 5003 300 40 trim
check_dumps "trims"
ok "the same with quanta of one page" \
	while_dumping tests/helpers/blocks /dev/scullv1 5003 300 40 trim
check_dumps "trims, quanta of one page"
: >$dev
: >/dev/scullv1
is "nothing is left behind the last trim" \
	"$(attribute quanta) $(grep -c scullv /proc/vmallocinfo)" "0 0"

# first writers of one quantum, and on scullv1 of one item

load order=4,0 qset=500,1
steps=500
[ $((steps * 16 * page)) -lt 200000000 ] || steps=$((200000000 / 16 / page))
ok "3 racing first writers: nothing is lost" \
	tests/helpers/race $dev 3 $((16 * page)) $steps
is "each quantum was allocated once" "$(attribute quanta)" $steps
ok "the same with items of one page" tests/helpers/race /dev/scullv1 3 "$page" 1500
is "each quantum was allocated once" "$(attribute quanta 1)" 1500

: >/dev/scullv1
ok "a reader that waits for a quantum gets what was written to it" \
	tests/helpers/race /dev/scullv1 1 "$page" 3000 watch

: >$dev
ok "2 writers at the end of the device: it never shrinks" \
	tests/helpers/race $dev 2 8 3000

load order=4,0 limit=$((16 * page))
ok "with room for one quantum, nobody meets the limit" \
	tests/helpers/race $dev 3 $((16 * page)) 100 trim
: >$dev
echo "$page" >/sys/module/scullv/parameters/limit
ok "the same with quanta of one page" \
	tests/helpers/race /dev/scullv1 3 "$page" 150 trim

# appenders: records of many lengths

load order=1
ok "2 appenders: each record whole, none lost, in order" \
	tests/helpers/append $dev own 2 2000 3000
: >$dev
ok "8 appenders: each record whole, none lost, in order" \
	tests/helpers/append $dev own 8 500 3000
: >$dev
ok "records longer than a quantum are whole, too" \
	tests/helpers/append $dev own 4 50 $((20 * page))
: >$dev
ok "3 appenders whose buffers are not present yet: no record is cut" \
	tests/helpers/append $dev missing 3 16 3000000
: >$dev
ok "4 processes that share an offset overwrite nothing" \
	tests/helpers/append $dev shared 4 1000 3000

# a long call that moves the end, and a short one, with small quanta and with one
# that holds all

order=0
while [ $((page << order)) -lt 1048576 ]; do
	order=$((order + 1))
done
load order=0,$order
for n in 0 1; do
	what="order $(attribute order $n)"
	ok "$what: an append overwrites no finished write past the end, and neither is short" \
		tests/helpers/beside /dev/scullv$n append 500000 30
	ok "$what: a write at the end overwrites no finished append, and neither is short" \
		tests/helpers/beside /dev/scullv$n write 500000 30
done

# a trim in the middle of one long call

load order=0
ok "a write that a trim overtakes returns a short count and leaves no tail" \
	tests/helpers/overtake $dev write 2000003 20
ok "so does an append" \
	tests/helpers/overtake $dev append 2000003 20

done_testing
