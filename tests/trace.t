#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The trace events: what they tell, and when.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0
trace=/sys/kernel/tracing/instances/scullv-test
events=$trace/events/scullv

load order=0 qset=3
mkdir $trace

# the events so far, one a line, without what comes before their names; and no
# more of them from here on
traced()
{
	sed -n 's/^.* scullv_\([a-z_]*: \)/\1/p' $trace/trace
	echo >$trace/trace
}

# addresses and times are not the same each time
shape()
{
	sed -E 's/ address=0x[0-9a-f]+/ address=X/; s/ ns=[0-9]+$/ ns=N/'
}

# EVENT: its own fields
fields()
{
	sed -n 's/.*field:.* \([a-z_]*\);.*/\1/p' "$events/$1/format" |
		grep -v common_ | tr '\n' ' '
}
is "there are three events" "$(cd $events && echo scullv*)" \
	"scullv_quantum_alloc scullv_quantum_free scullv_trim"
is "scullv_quantum_alloc has its fields" "$(fields scullv_quantum_alloc)" \
	"device item slot address order ns "
is "scullv_quantum_free has its fields" "$(fields scullv_quantum_free)" \
	"device item slot address order "
is "scullv_trim has its fields" "$(fields scullv_trim)" "device bytes quanta ns "
is "all of them integers" \
	"$(grep -h field: $events/*/format | grep -E 'char (\*|[a-z]*\[)|_loc')" ""

head -c $((5 * page)) /dev/zero >$dev
: >$dev
is "when off, nothing is traced" "$(traced)" ""

echo 1 >$events/enable
head -c $((4 * page + 1)) /dev/zero >$dev
traced >"$scratch/allocs"
is "a write tells of each quantum that it takes" "$(shape <"$scratch/allocs")" \
	"quantum_alloc: device=0 item=0 slot=0 address=X order=0 ns=N
quantum_alloc: device=0 item=0 slot=1 address=X order=0 ns=N
quantum_alloc: device=0 item=0 slot=2 address=X order=0 ns=N
quantum_alloc: device=0 item=1 slot=0 address=X order=0 ns=N
quantum_alloc: device=0 item=1 slot=1 address=X order=0 ns=N"
is "at the addresses that root sees in the dump" \
	"$(sed 's/.*address=0x\([^ ]*\).*/\1/' "$scratch/allocs")" \
	"$(sed -n 's/^ *[0-9]*:0*//p' /proc/scullvmem)"
is "and how long that took" "$(grep -c 'ns=[1-9]' "$scratch/allocs")" 5

head -c $((4 * page)) /dev/zero 1<>$dev
cat $dev >/dev/null
is "overwriting and reading take none" "$(traced)" ""
tests/helpers/calls $dev rdwr "pwrite 1 $((3 * page * 1000000))" >"$scratch/said"
traced >"$scratch/far"
is "far away the item has its number" "$(shape <"$scratch/far")" \
	"quantum_alloc: device=0 item=1000000 slot=0 address=X order=0 ns=N"
cat "$scratch/far" >>"$scratch/allocs"
if [ "$(getconf LONG_BIT)" = 64 ]; then
	tests/helpers/calls $dev rdwr "pwrite 1 $((3 * page * 5000000000))" \
		>"$scratch/said"
	traced >"$scratch/far"
	is "a number of an item above 32 bits is whole" "$(shape <"$scratch/far")" \
		"quantum_alloc: device=0 item=5000000000 slot=0 address=X order=0 ns=N"
	cat "$scratch/far" >>"$scratch/allocs"
fi
size=$(attribute size)
quanta=$(attribute quanta)

: >$dev
traced >"$scratch/frees"
is "a trim frees each of them" \
	"$(grep quantum_free "$scratch/frees")" \
	"$(sed 's/alloc/free/; s/ ns=.*//' "$scratch/allocs")"
is "and then tells what it was" "$(tail -n 1 "$scratch/frees" | shape)" \
	"trim: device=0 bytes=$size quanta=$quanta ns=N"
like "and how long that took" "$(tail -n 1 "$scratch/frees")" ".* ns=[1-9][0-9]*"
is "no more" "$(wc -l <"$scratch/frees")" $((quanta + 1))
: >$dev
is "to empty what is empty is none" "$(traced)" ""

echo 2 >/sys/class/scullv/scullv0/order
: >$dev
is "to put a new geometry in force is one" "$(traced | shape)" \
	"trim: device=0 bytes=0 quanta=0 ns=N"
echo x >$dev
is "quanta tell their order" "$(traced | shape)" \
	"quantum_alloc: device=0 item=0 slot=0 address=X order=2 ns=N"
: >$dev
is "both times" "$(traced | shape)" \
	"quantum_free: device=0 item=0 slot=0 address=X order=2
trim: device=0 bytes=2 quanta=1 ns=N"

# -- the times --

# Prints "EVENT MICROSECONDS NANOSECONDS" for each event: when it was recorded, by the
# clock that the driver reads too, and its ns, if it has one.
timed()
{
	sed -n 's/.* \([0-9]*\)\.\([0-9]*\): scullv_\([a-z_]*\): .*device/\3 \1\2 device/p' \
		$trace/trace | sed 's/device.*ns=//; s/device.*/0/'
	echo >$trace/trace
}
echo mono >$trace/trace_clock

# quanta of 1 MiB, for which allocating takes most of the time
order=0
while [ $((page << order)) -lt 1048576 ]; do
	order=$((order + 1))
done
echo $order >/sys/class/scullv/scullv0/order
: >$dev
set --
while [ $# -lt 20 ]; do
	set -- "$@" "pwrite 1 $(($# * 1048576))"
done
echo >$trace/trace
tests/helpers/calls $dev rdwr "$@" >"$scratch/said"
: >$dev
timed >"$scratch/times"
is "an allocation takes no longer than the time since the one before" "$(awk '
	$1 == "quantum_alloc" && n++ && $3 > ($2 - last + 1) * 1000
	{ last = $2 }' "$scratch/times")" ""
like "20 allocations take most of their time, or at least a tenth" "$(awk '
	$1 == "quantum_alloc" {
		if (n++) {
			ns += $3
			passed += ($2 - last) * 1000
		}
		last = $2
	}
	END { print n, (ns >= passed / 10 ? "enough" : ns " of " passed) }
	' "$scratch/times")" "20 enough"
like "a trim takes from before the first free to after the last" "$(awk '
	$1 == "quantum_alloc"	{ last = $2 }
	$1 == "quantum_free"	{ if (!n++) first = $2; end = $2 }
	$1 == "trim" {
		if ($3 < (end - first - 1) * 1000)
			print $3 " is less than " (end - first) * 1000
		if ($3 > ($2 - last + 1) * 1000)
			print $3 " is more than " ($2 - last) * 1000
		print n, "frees"
	}' "$scratch/times")" "20 frees"

# Tracing begins in the middle of an allocation or a trim: each round of this loop is
# one of both. All on one processor, as an emulator may run code that another has just
# changed, and tracing changes that of the driver.
processors=$(taskset -p $$ | sed 's/.* //')
taskset -p 1 $$ >"$scratch/said"
: >"$scratch/running"
while [ -e "$scratch/running" ]; do
	echo >$dev
done &
read -r before _ </proc/uptime
for _ in $(seq 20); do
	echo 1 >$events/enable
	echo 0 >$events/enable
done
read -r after _ </proc/uptime
rm "$scratch/running"
wait
taskset -p "$processors" $$ >"$scratch/said"
timed >"$scratch/times"
for event in quantum_alloc trim; do
	ok "tracing that begins in the middle records $event" \
		grep -q "^$event" "$scratch/times"
done
is "no event takes longer than tracing has been going on" "$(awk \
	-v ns="$(echo "$before $after" | awk '{ print ($2 - $1 + 1) * 1e9 }')" \
	'$3 > ns' "$scratch/times")" ""
echo 1 >$events/enable

# of many, as many are freed as were allocated
echo 0 >/sys/class/scullv/scullv0/order
: >$dev
echo >$trace/trace
for _ in 1 2 3; do
	head -c $((1000 * page)) /dev/zero >$dev
	: >$dev
done
traced >"$scratch/many"
is "3000 quanta are allocated" "$(grep -c alloc "$scratch/many")" 3000
is "and freed" "$(grep -c free "$scratch/many")" 3000
is "in three trims" "$(grep -c trim "$scratch/many")" 3

# what the limit refuses is not allocated
echo $((2 * page)) >/sys/module/scullv/parameters/limit
head -c $((5 * page)) /dev/zero 2>/dev/null >$dev
is "what the limit refuses is not traced" "$(traced | grep -c alloc)" 2
: >$dev
echo 0 >/sys/module/scullv/parameters/limit

echo 0 >$events/enable
echo >$trace/trace
echo 'device == 1' >$events/filter
echo 1 >$events/enable
echo >/dev/scullv0
echo >/dev/scullv1
: >/dev/scullv0
: >/dev/scullv1
is "events can be filtered by device" "$(traced | shape)" \
	"quantum_alloc: device=1 item=0 slot=0 address=X order=0 ns=N
quantum_free: device=1 item=0 slot=0 address=X order=0
trim: device=1 bytes=1 quanta=1 ns=N"

echo 0 >$events/enable
echo >/dev/scullv1
: >/dev/scullv1
is "when off again, nothing is traced" "$(traced)" ""
rmdir $trace

done_testing
