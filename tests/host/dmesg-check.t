#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Which lines of a kernel's log tell of a bug, and which are the kernel's own.

. tests/lib/tap.sh

# WHAT FIRST SECOND: a data race of two stacks, each with commas between
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

# as dmesg shows it, and as the console does: without a time where nothing follows
told()
{
	dmesg=$(race "$@" | tests/lib/dmesg-check | grep -c KCSAN)
	console=$(race "$@" | sed 's/^\[.*\] $//' | tests/lib/dmesg-check | grep -c KCSAN)
	echo "$dmesg $console"
}

driver="write_step+0x1/0x2 [scullv],vfs_write+0x1/0x2"
timer="hrtimer_active+0x1/0x2,asm_sysvec_apic_timer_interrupt+0x1/0x2"
unmap="zap_page_range_single+0x1/0x2,unmap_mapping_range+0x1/0x2"
other="handle_mm_fault+0x1/0x2"

is "a race of the driver's is told" "$(told "a / b" "$driver" "$other")" "1 1"
is "in the second stack, too" "$(told "a / b" "$other" "$driver")" "1 1"
is "not one without it" "$(told "a / b" "$other" "$other")" "0 0"
is "nor that of an interrupt" "$(told "a / b" "$timer,$driver" "$timer,$driver")" \
	"0 0"
is "but the driver's with an interrupt" \
	"$(told "a / b" "$timer,$driver" "$driver")" "1 1"
is "not that of an unmapping" "$(told "a / b" "$unmap,$driver" "$other")" "0 0"
is "but the driver's with one" "$(told "a / b" "$unmap,$driver" "$driver")" "1 1"
is "not that of vm_insert_pages() itself" "$(told \
	"page_add_file_rmap / validate_page_before_insert" "$driver" "$driver")" \
	"0 0"
is "one that the log breaks off in is told" \
	"$(race "a / b" "$driver" "$other" | head -n 6 | tests/lib/dmesg-check | wc -l)" 1
is "as is what else is red" \
	"$(echo "[    1.000000] WARNING: CPU: 0" | tests/lib/dmesg-check | wc -l)" 1

done_testing
