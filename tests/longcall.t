#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Long calls yield the processor and end on a fatal signal.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0
bytes=/sys/class/scullv/scullv0/bytes

# without preemption a call has to yield by itself
preempt=/sys/kernel/debug/sched/preempt
if before=$(sed 's/.*(\(.*\)).*/\1/' $preempt 2>/dev/null); then
	echo none >$preempt 2>/dev/null
fi

# WHAT FILE CALL OFFSET: sets the times of tests/helpers/longcall. Each has to be less
# than half of the whole call, or 40 ms. On a busy machine the other process may be
# late, so the best of 8 attempts counts.
measure()
{
	what=$1
	shift
	for _ in 1 2 3 4 5 6 7 8; do
		tests/helpers/longcall "$@" >"$scratch/times" 2>&1
		status=$?
		# shellcheck disable=SC2046 # three numbers
		set_times $(cat "$scratch/times")
		[ "$run" -ge $max ] || [ "$killed" -ge $max ] || break
	done
	ok "$what is not interrupted by signals that are not fatal" [ "$status" = 0 ]
}

# WHOLE RUN KILLED, in ms
set_times()
{
	whole=${1:-0}
	run=${2:-$((whole + 99))}
	killed=${3:-$((whole + 99))}
	max=$((whole / 2))
	[ $max -gt 40 ] || max=40
}

yields()
{
	ok "$what of $whole ms delays another process by $run ms" \
		[ "$run" -lt "$max" ]
}

ends_when_killed()
{
	ok "$what of $whole ms ends $killed ms after its start with SIGKILL at a tenth" \
		[ "$killed" -lt "$max" ]
}

# each quantum is an item of its own
fill_device()
{
	tests/helpers/buffer -r 1024 write $dev 0 1048576 >"$scratch/written"
	quanta=$(($(cat $bytes) / page))
}

# WHAT LEAST PREPARE ARGUMENT...: PREPARE is run before each call of tests/helpers/yields.
# A call that never yields is preempted once or twice, at its end, and unloading four
# times. How often a call that yields is preempted depends on its length: the first of
# 30 attempts with LEAST times counts.
lets_others_run()
{
	what=$1
	least=$2
	prepare=$3
	shift 3
	for _ in $(seq 30); do
		$prepare
		times=$(tests/helpers/yields "$@") || break
		[ "$times" -lt "$least" ] || break
	done
	ok "$what yields the processor, $times times" [ "${times:-0}" -ge "$least" ]
}

# The same for a call that yields after each 1024 quanta only.
lets_others_run_at_times()
{
	if [ "$quanta" -lt 16384 ]; then
		skip "$1 yields the processor" "it looks at $quanta quanta only"
	else
		lets_others_run "$@"
	fi
}

# a dump of a third of the memory in quanta
load order=0 qset=1 alloc=pages limit=33%
fill_device
measure "a read far into a large dump" /proc/scullvmem pread \
	$(($(wc -c </proc/scullvmem) - 1))
if [ "$whole" -lt 80 ]; then
	skip "$what yields and can be killed" "it takes $whole ms only"
else
	yields
	ends_when_killed
fi

lets_others_run_at_times "SEEK_HOLE" 5 : hole $dev
lets_others_run "a read" 5 : read $dev 67108864
lets_others_run "an overwrite" 5 : write $dev 67108864
lets_others_run_at_times "RWF_NOWAIT looking for a hole" 5 : nowait $dev 1048576
lets_others_run "a trim" 5 fill_device trim $dev

# shellcheck disable=SC2317 # called by lets_others_run
load_and_fill()
{
	load order=0 qset=1 alloc=pages limit=33%
	fill_device
}
lets_others_run "unloading" 10 load_and_fill unload scullv

# items of the largest size, whose quanta the limit refuses
load order=0 qset=1048576 alloc=pages limit="$page"
items=$(($(clamp_to_vmalloc $(($(meminfo MemTotal) / 3000))) / 8))
item=$((1048576 * page))
set -- "pwrite 1 $((items * item))"
while [ $items -gt 1 ]; do
	items=$((items - 1))
	set -- "$@" "pwrite 1 $((items * item))"
done
like "the limit has room for one of $# quanta" \
	"$(tests/helpers/calls $dev rdwr "$@")" "1( ENOSPC)*"
measure "SEEK_DATA past refused quanta" $dev data 0
yields
ends_when_killed
measure "an append from a buffer that is not present" $dev append 536870912
yields
ends_when_killed
measure "a dump past refused quanta" /proc/scullvmem pread 80
yields
ends_when_killed

[ ! "$before" ] || echo "$before" >$preempt
done_testing
