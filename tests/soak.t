#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# All operations concurrently, with all memory of the limit in use, for some seconds or
# for MINUTES in the environment. At the end all memory is freed.

# shellcheck disable=SC2317 # functions are called indirectly
. tests/lib/driver.sh
require_mappings

minutes=${MINUTES:-0}
seconds=$((minutes * 60 + 8 * !minutes))

# 10 devices: 0-3 for copies, 4 and 5 for mappings, the others for all other loops
load devs=10 order=4,0,2,3,4,0,4,0,4,4 \
	limit="$(clamp_to_vmalloc $(($(meminfo MemTotal) / 4096)))M" \
	alloc=vmalloc,pages,vmalloc,huge,vmalloc,pages,vmalloc,pages,huge,vmalloc
chmod 666 /dev/scullv9
find /usr -type f -size -2000 -exec cat {} + 2>/dev/null |
	head -c 40000000 >"$scratch/data"

# NAME COMMAND...: repeats it in the background until the time is up or it fails
repeat()
{
	_name=$1
	shift
	while [ ! -e "$scratch/end" ]; do
		"$@" >"$scratch/$_name.output" 2>&1 || {
			echo "$_name: status $?: $(cat "$scratch/$_name.output")" \
				>>"$scratch/failed"
			break
		}
		echo >>"$scratch/$_name.rounds"
	done &
	loops="${loops-} $!"
	names="${names-} $_name"
}

# DEVICE: writes the data up to the limit, reads and compares it
copy()
{
	cat "$scratch/data" >"/dev/$1" 2>"$scratch/$1.errors" ||
		grep -q 'No space' "$scratch/$1.errors" || return
	_size=$(cat "/sys/class/scullv/$1/size")
	cmp -n "$_size" "/dev/$1" "$scratch/data" && : >"/dev/$1"
}

# fills a device up to the limit and trims it
fill_device()
{
	cat /dev/zero >/dev/scullv8 2>"$scratch/full"
	grep -q 'No space' "$scratch/full" && echo >>"$scratch/filled" &&
		: >/dev/scullv8
}

read_attributes()
{
	cat /proc/scullvmem /sys/class/scullv/scullv*/[bq]* >/dev/null
}

change_geometry()
{
	for _order in 0 3 5; do
		echo "$_order" >/sys/class/scullv/scullv6/order || return
		dd if=/dev/zero of=/dev/scullv6 bs=9 count=1 2>"$scratch/late" ||
			grep -q 'No space' "$scratch/late" || return
		: >/dev/scullv7
	done
}

run_stress_ng()
{
	stress-ng --quiet --dev 1 --dev-file /dev/scullv7 --timeout 5
}

# trims all devices and prints the available memory in kB
empty_devices()
{
	for _n in 0 1 2 3 4 5 6 7 8 9; do
		: >/dev/scullv$_n
	done
	sync
	available_memory
}

# SECONDS: runs all loops
run()
{
	rm -f "$scratch/end"
	loops=
	names=
	for _n in 0 1 2 3; do
		repeat copy$_n copy scullv$_n
	done
	repeat fill fill_device
	repeat map timeout -s KILL 300 tests/helpers/coherence touch 20000 \
		/dev/scullv4 /dev/scullv5
	repeat read read_attributes
	repeat geometry change_geometry
	repeat stress-ng run_stress_ng
	repeat fuzz as_student tests/helpers/fuzz /dev/scullv9 $$ 20000
	sleep "$1"
	: >"$scratch/end"
	# shellcheck disable=SC2086 # processes
	wait $loops
}

shorten_percpu_lists
run 5
before=$(empty_devices)
rm -f "$scratch"/*.rounds
run "$seconds"
after=$(empty_devices)

is "no loop has failed in $seconds seconds" "$(cat "$scratch/failed" 2>&-)" ""
for name in $names; do
	rounds=$(wc -l <"$scratch/$name.rounds")
	ok "the loop $name has run $rounds times" [ "$rounds" -gt 0 ]
done
full=$(wc -l <"$scratch/filled")
ok "the limit was reached $full times" [ "$full" -gt 0 ]
# 2 MiB, or 128 pages where these are large
tolerance=$(($(getconf PAGESIZE) / 8))
[ $tolerance -gt 2048 ] || tolerance=2048
ok "no memory is lost: $before kB were available before, $after kB after" \
	[ "$after" -gt $((before - tolerance)) ]
is "trims of all devices free all vmalloc areas" \
	"$(grep -c scullv_ /proc/vmallocinfo)" 0
is "the OOM killer is not invoked" \
	"$(log | grep -E 'Out of memory|oom-kill|Killed process')" ""

done_testing
