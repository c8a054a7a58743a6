#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Fault injection: each allocation and each user copy of every call fails once.

. tests/lib/driver.sh

if [ ! -e /proc/thread-self/fail-nth ]; then
	echo "1..0 # SKIP this kernel has no fault injection, kasan has"
	exit
fi
load
total=0
for allocator in vmalloc pages huge; do
	ok "every call handles each fault, with $allocator" \
		tests/helpers/failnth device $allocator
	sed 's/^/# /' "$scratch/output"
	faults=$(sed -n '$s/ faults$//p' "$scratch/output")
	total=$((total + faults))
done
ok "more than 500 faults are injected, $total" [ $total -gt 500 ]

done_testing
