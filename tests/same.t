#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Random system calls, with all open modes and flags, have the same results on a device
# and on a tmpfs file. SAME_CALLS in the environment sets their number, SEED repeats a run.

. tests/lib/driver.sh

calls=${SAME_CALLS:-6000}
seed=${SEED:-$(od -A n -N 4 -t u4 /dev/urandom | tr -d ' ')}

load order=0 qset=7,1,500 alloc=vmalloc,pages,huge wronly_trims=N
for n in 0 1 2; do
	ok "$(attribute alloc $n): $calls random calls give the results of tmpfs, SEED=$seed" \
		unless_hung tests/helpers/same /dev/scullv$n "$scratch/file" "$seed" "$calls"
	: >"$scratch/file"
done

done_testing
