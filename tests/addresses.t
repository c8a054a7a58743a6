#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# On 32 bits vmalloc has fewer addresses than the machine has memory: a writer who
# takes them all gets ENOMEM, keeps what he has written, and gives all of them back.

. tests/lib/driver.sh

dev=/dev/scullv0
data=$scratch/data
megabytes=$(($(meminfo VmallocTotal) / 1024))

if [ $megabytes -gt $(($(meminfo MemTotal) / 1024)) ]; then
	echo "1..0 # SKIP vmalloc has addresses for all of the memory"
	exit
fi
load limit=0 order=4,0,4,0
head -c ${megabytes}M /dev/urandom >"$data"

# DEVICE: as much as there is room for; prints the quanta that it took
fill()
{
	dd if="$data" of="/dev/scullv$1" bs=10000 2>"$scratch/said" || :
	attribute quanta "$1"
}

count_free_pages
for n in 0 1; do
	order=$(attribute order $n)
	available=$(meminfo MemAvailable)
	quanta=$(fill $n)
	size=$(attribute size $n)
	like "order $order: the writer gets ENOMEM" \
		"$(head -n 1 "$scratch/said")" ".*: Cannot allocate memory"
	is "order $order: and knows how much he has written" \
		"$(sed -n 's/^\([0-9]*\) bytes.*/\1/p' "$scratch/said")" "$size"
	ok "order $order: $size bytes, a quarter of the addresses at least" \
		[ "$size" -gt $((megabytes * 262144)) ]
	ok "order $order: all of it is there" \
		cmp -n "$size" "$data" /dev/scullv$n
	is "order $order: and can be overwritten" \
		"$(tests/helpers/buffer write /dev/scullv$n 0 1000000)" 1000000
	other=/dev/scullv$((n + 2))
	is "order $order: another device does not get any either" \
		"$(tests/helpers/buffer write $other 0 1000000)" ENOMEM
	ok "order $order: programs can still be started" env true
	is "order $order: nobody was killed" \
		"$(log | grep -E 'Out of memory|oom-kill|Killed process')" ""

	: >/dev/scullv$n
	: >$other
	is "order $order: nothing is left of it" \
		"$(grep -c scullv /proc/vmallocinfo)" 0
	ok "order $order: the memory comes back" \
		[ "$(meminfo MemAvailable)" -ge $((available - 4096)) ]
	again=$(fill $n)
	ok "order $order: and the addresses, for $again quanta after $quanta" \
		[ "$again" -ge $((quanta * 9 / 10)) ]
	: >/dev/scullv$n
done

done_testing
