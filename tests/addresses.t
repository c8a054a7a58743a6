#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# On 32 bits the vmalloc space is smaller than the memory. When it is used up, writes
# fail with ENOMEM and existing data stays; a trim returns all addresses.

. tests/lib/driver.sh

dev=/dev/scullv0
data=$scratch/data
megabytes=$(($(meminfo VmallocTotal) / 1024))

if [ $megabytes -gt $(($(meminfo MemTotal) / 1024)) ]; then
	echo "1..0 # SKIP the vmalloc space is larger than the memory"
	exit
fi
load limit=0 order=4,0,4,0
head -c ${megabytes}M /dev/urandom >"$data"

# DEVICE: writes until a write fails and prints the number of quanta
fill()
{
	dd if="$data" of="/dev/scullv$1" bs=10000 2>"$scratch/errors" || :
	attribute quanta "$1"
}

shorten_percpu_lists
for n in 0 1; do
	order=$(attribute order $n)
	available=$(meminfo MemAvailable)
	quanta=$(fill $n)
	size=$(attribute size $n)
	like "order $order: a write fails with ENOMEM" \
		"$(head -n 1 "$scratch/errors")" ".*: Cannot allocate memory"
	is "order $order: the bytes written are the size of the device" \
		"$(sed -n 's/^\([0-9]*\) bytes.*/\1/p' "$scratch/errors")" "$size"
	ok "order $order: $size bytes are a quarter of the vmalloc space at least" \
		[ "$size" -gt $((megabytes * 262144)) ]
	ok "order $order: the device has all that was written" \
		cmp -n "$size" "$data" /dev/scullv$n
	is "order $order: existing data can be overwritten" \
		"$(tests/helpers/buffer write /dev/scullv$n 0 1000000)" 1000000
	other=/dev/scullv$((n + 2))
	is "order $order: a write to another device fails with ENOMEM" \
		"$(tests/helpers/buffer write $other 0 1000000)" ENOMEM
	ok "order $order: programs can be started" env true
	is "order $order: the OOM killer is not invoked" \
		"$(log | grep -E 'Out of memory|oom-kill|Killed process')" ""

	: >/dev/scullv$n
	: >$other
	is "order $order: a trim frees all vmalloc areas" \
		"$(grep -c scullv /proc/vmallocinfo)" 0
	ok "order $order: a trim frees the memory" \
		[ "$(meminfo MemAvailable)" -ge $((available - 4096)) ]
	again=$(fill $n)
	ok "order $order: a trim returns the addresses, for $again quanta after $quanta" \
		[ "$again" -ge $((quanta * 9 / 10)) ]
	: >/dev/scullv$n
done

# -- the share of the driver, with the guard pages of its areas --

# prints what its areas take, in kB
areas()
{
	awk '/\[scullv\]/ { sum += $2 } END { printf "%d\n", sum / 1024 }' /proc/vmallocinfo
}

# ALLOCATOR ORDER QSET STRIDE: writes one byte per STRIDE until no addresses are left
check_share()
{
	echo vmalloc >/sys/class/scullv/scullv0/alloc
	echo "$2" >/sys/class/scullv/scullv0/order
	echo "$3" >/sys/class/scullv/scullv0/qset
	echo "$1" >/sys/class/scullv/scullv0/alloc
	: >$dev
	what="$1, order $2, qset $3"
	like "$what: writes succeed, then fail with ENOMEM" \
		"$(tests/helpers/count-errors $dev write 30000 "$4")" \
		"[0-9]+ ok [0-9]+ ENOMEM"
	taken=$(areas)
	share=$(($(meminfo VmallocTotal) * 7 / 8))
	ok "$what: areas take $taken kB, no more than 7/8 of the space, $share kB" \
		[ "$taken" -le $share ]
	ok "$what: areas take $taken kB, nearly 7/8 of the space, $share kB" \
		[ "$taken" -ge $((share - 1024)) ]
	ok "$what: programs can be started" env true
	: >$dev
	is "$what: a trim frees all vmalloc areas" "$(grep -c scullv /proc/vmallocinfo)" 0
}

page=$(getconf PAGESIZE)
slots=$((page * 8 / $(getconf LONG_BIT)))
check_share vmalloc 0 500 "$page"
check_share vmalloc 4 500 $((16 * page))
check_share pages 0 $((slots + 1)) $(((slots + 1) * page))
check_share pages 0 $((32 * slots)) $((32 * slots * page))
check_share huge 0 $((4 * slots)) $((4 * slots * page))

done_testing
