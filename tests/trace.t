#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The trace events: when they are recorded, and their fields.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0

load order=0 qset=3
make_trace
events=$trace/events/scullv

# prints the names and fields of the events so far, one per line, and clears the trace
traced()
{
	sed -n 's/^.* scullv_\([a-z_]*: \)/\1/p' $trace/trace
	echo >$trace/trace
}

# replaces addresses and durations, which vary
shape()
{
	sed -E 's/ address=0x[0-9a-f]+/ address=X/; s/ ns=[0-9]+$/ ns=N/'
}

# EVENT: the fields that it adds
fields()
{
	sed -n 's/.*field:.* \([a-z_]*\);.*/\1/p' "$events/$1/format" |
		grep -v common_ | tr '\n' ' '
}
is "the driver has three trace events" "$(cd $events && echo scullv*)" \
	"scullv_quantum_alloc scullv_quantum_free scullv_trim"
is "scullv_quantum_alloc has five fields" "$(fields scullv_quantum_alloc)" \
	"device item slot address order ns "
is "scullv_quantum_free has five fields" "$(fields scullv_quantum_free)" \
	"device item slot address order "
is "scullv_trim has four fields" "$(fields scullv_trim)" "device bytes quanta ns "
# EVENT: "NAME:SIZE:SIGNED" of the fields that it adds
widths()
{
	sed -n 's/.*field:.* \([a-z_]*\);.*size:\([0-9]*\);.*signed:\([01]\);.*/\1:\2:\3/p' \
		"$events/$1/format" | grep -v ^common_ | tr '\n' ' '
}
long=$(($(getconf LONG_BIT) / 8))
is "the fields of scullv_quantum_alloc are wide enough" "$(widths scullv_quantum_alloc)" \
	"device:4:0 item:8:0 slot:4:0 address:$long:0 order:4:0 ns:8:0 "
is "the fields of scullv_quantum_free are wide enough" "$(widths scullv_quantum_free)" \
	"device:4:0 item:8:0 slot:4:0 address:$long:0 order:4:0 "
is "the fields of scullv_trim are wide enough" "$(widths scullv_trim)" \
	"device:4:0 bytes:8:0 quanta:$long:0 ns:8:0 "
is "all fields of the events are integers" \
	"$(grep -h field: $events/*/format | grep -E 'char (\*|[a-z]*\[)|_loc')" ""

head -c $((5 * page)) /dev/zero >$dev
: >$dev
is "disabled events are not traced" "$(traced)" ""

echo 1 >$events/enable
head -c $((4 * page + 1)) /dev/zero >$dev
traced >"$scratch/allocs"
is "a write traces each quantum that it allocates" "$(shape <"$scratch/allocs")" \
	"quantum_alloc: device=0 item=0 slot=0 address=X order=0 ns=N
quantum_alloc: device=0 item=0 slot=1 address=X order=0 ns=N
quantum_alloc: device=0 item=0 slot=2 address=X order=0 ns=N
quantum_alloc: device=0 item=1 slot=0 address=X order=0 ns=N
quantum_alloc: device=0 item=1 slot=1 address=X order=0 ns=N"
is "the addresses of traced quanta are those in the dump" \
	"$(sed 's/.*address=0x\([^ ]*\).*/\1/' "$scratch/allocs")" \
	"$(sed -n 's/^ *[0-9]*:0*//p' /proc/scullvmem)"
is "each traced allocation has a duration" "$(grep -c 'ns=[1-9]' "$scratch/allocs")" 5

head -c $((4 * page)) /dev/zero 1<>$dev
cat $dev >/dev/null
is "overwrites and reads trace no allocation" "$(traced)" ""
tests/helpers/calls $dev rdwr "pwrite 1 $((3 * page * 1000000))" >"$scratch/output"
traced >"$scratch/far"
is "a quantum far away is traced with the index of its item" \
	"$(shape <"$scratch/far")" \
	"quantum_alloc: device=0 item=1000000 slot=0 address=X order=0 ns=N"
cat "$scratch/far" >>"$scratch/allocs"
if [ "$(getconf LONG_BIT)" = 64 ]; then
	tests/helpers/calls $dev rdwr "pwrite 1 $((3 * page * 5000000000))" \
		>"$scratch/output"
	traced >"$scratch/far"
	is "the index of an item in a trace event has 64 bits" \
		"$(shape <"$scratch/far")" \
		"quantum_alloc: device=0 item=5000000000 slot=0 address=X order=0 ns=N"
	cat "$scratch/far" >>"$scratch/allocs"
fi
size=$(attribute size)
quanta=$(attribute quanta)

: >$dev
traced >"$scratch/frees"
is "a trim traces each quantum that it frees" \
	"$(grep quantum_free "$scratch/frees")" \
	"$(sed 's/alloc/free/; s/ ns=.*//' "$scratch/allocs")"
is "a trim traces its bytes and quanta after the quanta freed" \
	"$(tail -n 1 "$scratch/frees" | shape)" \
	"trim: device=0 bytes=$size quanta=$quanta ns=N"
like "a traced trim has a duration" "$(tail -n 1 "$scratch/frees")" ".* ns=[1-9][0-9]*"
is "a trim traces one event more than the quanta freed" \
	"$(wc -l <"$scratch/frees")" $((quanta + 1))
: >$dev
is "a trim of an empty device is not traced" "$(traced)" ""

echo 2 >/sys/class/scullv/scullv0/order
: >$dev
is "a trim that applies a new geometry is traced" "$(traced | shape)" \
	"trim: device=0 bytes=0 quanta=0 ns=N"
echo x >$dev
is "a traced allocation has the order of the quantum" "$(traced | shape)" \
	"quantum_alloc: device=0 item=0 slot=0 address=X order=2 ns=N"
: >$dev
is "a traced free has the order of the quantum" "$(traced | shape)" \
	"quantum_free: device=0 item=0 slot=0 address=X order=2
trim: device=0 bytes=2 quanta=1 ns=N"

# the last slot of the largest qset
slot=1048575
echo $((slot + 1)) >/sys/class/scullv/scullv0/qset
echo 0 >/sys/class/scullv/scullv0/order
: >$dev
traced >"$scratch/output"
tests/helpers/calls $dev rdwr "pwrite 1 $((slot * page))" >"$scratch/output"
: >$dev
is "the slot in a trace event is that of the quantum" "$(traced | grep -c " slot=$slot ")" 2
echo 3 >/sys/class/scullv/scullv0/qset

# -- the durations --

# prints "EVENT TIMESTAMP DURATION" of each event, in microseconds of the driver's clock
# and in nanoseconds; the duration is 0 if the event has none
durations()
{
	sed -n 's/.* \([0-9]*\)\.\([0-9]*\): scullv_\([a-z_]*\): .*device/\3 \1\2 device/p' \
		$trace/trace | sed 's/device.*ns=//; s/device.*/0/'
	echo >$trace/trace
}
echo mono >$trace/trace_clock

# quanta of 1 MiB, whose allocation takes most of the time
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
tests/helpers/calls $dev rdwr "$@" >"$scratch/output"
: >$dev
durations >"$scratch/times"
is "an allocation takes no longer than the time since the previous one" "$(awk '
	$1 == "quantum_alloc" && n++ && $3 > ($2 - last + 1) * 1000
	{ last = $2 }' "$scratch/times")" ""
like "20 traced allocations take a tenth of the elapsed time at least" "$(awk '
	$1 == "quantum_alloc" {
		if (n++) {
			ns += $3
			passed += ($2 - last) * 1000
		}
		last = $2
	}
	END { print n, (ns >= passed / 10 ? "enough" : ns " of " passed) }
	' "$scratch/times")" "20 enough"
like "the duration of a trim covers all frees" "$(awk '
	$1 == "quantum_alloc"	{ last = $2 }
	$1 == "quantum_free"	{ if (!n++) first = $2; end = $2 }
	$1 == "trim" {
		if ($3 < (end - first - 1) * 1000)
			print $3 " is less than " (end - first) * 1000
		if ($3 > ($2 - last + 1) * 1000)
			print $3 " is more than " ($2 - last) * 1000
		print n, "frees"
	}' "$scratch/times")" "20 frees"

# Enables tracing during allocations and trims, of which the loop has one each.
# shellcheck disable=SC2086,SC2317 # called by on_one_cpu
enable_tracing()
{
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
}

# Tracing patches code: an emulator may run the old code on another CPU.
on_one_cpu enable_tracing
durations >"$scratch/times"
for event in quantum_alloc trim; do
	ok "tracing that is enabled during a $event records it" \
		grep -q "^$event" "$scratch/times"
done
is "no event takes longer than the test" "$(awk \
	-v ns="$(echo "$before $after" | awk '{ print ($2 - $1 + 1) * 1e9 }')" \
	'$3 > ns' "$scratch/times")" ""
echo 1 >$events/enable

# as many quanta are freed as were allocated
echo 0 >/sys/class/scullv/scullv0/order
: >$dev
echo >$trace/trace
for _ in 1 2 3; do
	head -c $((1000 * page)) /dev/zero >$dev
	: >$dev
done
traced >"$scratch/many"
is "3000 allocations are traced" "$(grep -c alloc "$scratch/many")" 3000
is "3000 frees are traced" "$(grep -c free "$scratch/many")" 3000
is "3 trims of 1000 quanta are traced" "$(grep -c trim "$scratch/many")" 3

# quanta over the limit are not allocated
echo $((2 * page)) >/sys/module/scullv/parameters/limit
head -c $((5 * page)) /dev/zero 2>/dev/null >$dev
is "quanta over the limit are not traced" "$(traced | grep -c alloc)" 2
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
is "events that are disabled again are not traced" "$(traced)" ""

done_testing
