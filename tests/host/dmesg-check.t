#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tests/lib/dmesg-check: which lines of a kernel log it prints.

. tests/lib/tap.sh

# FUNCTIONS STACK STACK: print the report of a data race between two stacks,
# each a list of functions separated by commas
race()
{
	line="[    1.000000]"
	echo "$line =================================================================="
	echo "$line BUG: KCSAN: data-race in $1"
	echo "$line "
	echo "$line write to 0xffff88803e63acd8 of 8 bytes by task 71 on cpu 0:"
	echo "$2" | tr , '\n' | sed "s/^/$line  /"
	echo "$line "
	echo "$line read to 0xffff88803e63acd8 of 8 bytes by interrupt on cpu 1:"
	echo "$3" | tr , '\n' | sed "s/^/$line  /"
	echo "$line "
	echo "$line =================================================================="
}

# FUNCTIONS STACK STACK: print how many races dmesg-check finds, in the log as
# dmesg prints it and as the console does, which omits the time stamp of empty
# lines
count_races()
{
	dmesg=$(race "$@" | tests/lib/dmesg-check | grep -c KCSAN)
	console=$(race "$@" | sed 's/^\[.*\] $//' | tests/lib/dmesg-check | grep -c KCSAN)
	echo "$dmesg $console"
}

driver="write_quantum+0x1/0x2 [scullv],vfs_write+0x1/0x2"
timer="hrtimer_active+0x1/0x2,asm_sysvec_apic_timer_interrupt+0x1/0x2"
unmap="zap_page_range_single+0x1/0x2,unmap_mapping_range+0x1/0x2"
fault_in="handle_mm_fault+0x1/0x2,fault_in_iov_iter_writeable+0x1/0x2"
handler="scullv_fault+0x1/0x2 [scullv]"
clock="ktime_get_real_seconds+0x1/0x2"
other="handle_mm_fault+0x1/0x2"

is "a race with the driver in the first stack counts" \
	"$(count_races "a / b" "$driver" "$other")" "1 1"
is "a race with the driver in the second stack counts" \
	"$(count_races "a / b" "$other" "$driver")" "1 1"
is "a race without the driver does not count" \
	"$(count_races "a / b" "$other" "$other")" "0 0"
is "a race of interrupt handlers does not count" \
	"$(count_races "a / b" "$timer,$driver" "$timer,$driver")" "0 0"
is "a race of the driver with an interrupt handler counts" \
	"$(count_races "a / b" "$timer,$driver" "$driver")" "1 1"
is "a race of unmap_mapping_range() does not count" \
	"$(count_races "a / b" "$unmap,$driver" "$other")" "0 0"
is "a race of the driver with unmap_mapping_range() counts" \
	"$(count_races "a / b" "$unmap,$driver" "$driver")" "1 1"
is "a race of fault_in_iov_iter_writeable() does not count" \
	"$(count_races "a / b" "$unmap,$driver" "$fault_in,$driver")" "0 0"
is "a race of the driver's fault handler under fault_in_iov_iter_writeable() counts" \
	"$(count_races "a / b" "$unmap,$driver" "$handler,$fault_in,$driver")" "1 1"
is "a race of ktime_get_real_seconds() does not count" \
	"$(count_races "a / b" "$timer" "$clock,$driver")" "0 0"
is "a race in vm_insert_pages() does not count" "$(count_races \
	"page_add_file_rmap / validate_page_before_insert" "$driver" "$driver")" \
	"0 0"
is "a race at the end of the log counts" \
	"$(race "a / b" "$driver" "$other" | head -n 6 | tests/lib/dmesg-check | wc -l)" 1
is "a warning counts" \
	"$(echo "[    1.000000] WARNING: CPU: 0" | tests/lib/dmesg-check | wc -l)" 1

done_testing
