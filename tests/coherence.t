#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Mappings that are touched before, during and after trims: nobody sees what a
# trim has taken away, and nobody what is not of his device. TOUCHES in the
# environment for more of them.

. tests/lib.sh

# COUNT DEVICE...: loads and stores, through shared and private mappings
# shellcheck disable=SC2317 # called by ok
touch()
{
	timeout -s KILL 400 tests/coherence touch "$@"
}

# COUNT DEVICE...: stores to private pages that were not there
# shellcheck disable=SC2317 # called by ok
copy()
{
	timeout -s KILL 400 tests/coherence copy "$@"
}

touches=${TOUCHES:-250000}

# the quanta are all full for orders 0 and 4, for order 5 one is not
load order=0,4,5 alloc=pages,vmalloc,pages
ok "touched $touches times, nothing is stale" touch "$touches" /dev/scullv1
ok "twice that, on two devices: and nothing is the other one's" \
	touch $((2 * touches)) /dev/scullv0 /dev/scullv2

# the more the kernel may be interrupted, the more comes in between
preempt=/sys/kernel/debug/sched/preempt
if before=$(sed 's/.*(\(.*\)).*/\1/' $preempt 2>/dev/null); then
	echo full >$preempt
fi
ok "a private copy that is being made is no exception" \
	copy $((touches / 5)) /dev/scullv0 /dev/scullv1
[ ! "$before" ] || echo "$before" >$preempt

done_testing
