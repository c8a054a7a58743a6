#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Every allocation and every user copy fails once, in each call that the driver
# answers.

. tests/lib/driver.sh

if [ ! -e /proc/thread-self/fail-nth ]; then
	echo "1..0 # SKIP this kernel has no allocation fail; kasan does"
	exit
fi
load
all=0
for allocator in vmalloc pages huge; do
	ok "every call, with $allocator" tests/helpers/failnth device $allocator
	sed 's/^/# /' "$scratch/said"
	faults=$(sed -n '$s/ faults$//p' "$scratch/said")
	all=$((all + faults))
done
ok "$all faults are more than 500" [ $all -gt 500 ]

done_testing
