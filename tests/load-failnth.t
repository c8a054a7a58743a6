#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Every allocation and every user copy of loading the module fails once.

. tests/lib/driver.sh

# The kernel itself complains when there is no memory for the fields of a trace
# event, so those may not fail. That can be told at boot only.
if [ ! -e /proc/thread-self/fail-nth ] ||
	[ "$(cat /sys/kernel/slab/ftrace_event_field/failslab)" = 1 ] ||
	! grep -q 1 /sys/kernel/slab/kmalloc-64/failslab
then
	echo "1..0 # SKIP it wants kernel kasan, booted with slub_debug=A;-,ftrace_event_field"
	exit
fi

# what kmemleak knows of, a line each; to be sure takes it two scans
leaks()
{
	echo scan >/sys/kernel/debug/kmemleak
	sleep 5
	echo scan >/sys/kernel/debug/kmemleak
	awk '/^unreferenced/ { if (NR > 1) print line; line = "" }
		{ line = line " " $0 }
		END { if (NR) print line }' /sys/kernel/debug/kmemleak
}

unload
echo 1 >/sys/kernel/debug/failslab/cache-filter
ok "loading it" tests/helpers/failnth insmod scullv.ko "order=1,2 alloc=pages,vmalloc"
echo 0 >/sys/kernel/debug/failslab/cache-filter
sed 's/^/# /' "$scratch/said"
faults=$(sed -n '$s/ faults$//p' "$scratch/said")
ok "$faults faults are more than 500" [ "$faults" -gt 500 ]
is "nothing leaks, but for what the kernel's class_register() leaks" \
	"$(leaks | grep -v __class_register)" ""
echo clear >/sys/kernel/debug/kmemleak

done_testing
