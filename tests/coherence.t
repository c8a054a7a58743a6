#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Mappings that are touched, moved and inherited before, during and after trims: no
# process sees what a trim has taken away, or loses what it has stored since, and
# none sees another device. TOUCHES in the environment for more touches.

. tests/lib/driver.sh

# COUNT DEVICE...: loads and stores, through shared and private mappings
# shellcheck disable=SC2317 # called by ok
touch()
{
	timeout -s KILL 400 tests/helpers/coherence touch "$@"
}

# COUNT DEVICE...: stores to private pages that were not there
# shellcheck disable=SC2317 # called by ok
copy()
{
	timeout -s KILL 400 tests/helpers/coherence copy "$@"
}

# on kasan each takes 10 times as long; make check-deep runs all of them
default=250000
! has_kasan || default=50000
touches=${TOUCHES:-$default}

# the quanta are all full for orders 0 and 4, for order 5 one is not
load order=0,4,5,4 alloc=pages,vmalloc,pages,huge
ok "$touches touches of two devices with trims: nothing old, nothing lost, nothing of the other device" \
	touch "$touches" /dev/scullv1 /dev/scullv3
ok "the same with alloc=pages" touch "$touches" /dev/scullv0 /dev/scullv2

# the more the kernel may be interrupted, the more comes in between
preempt_everywhere || :
ok "a private copy that is being made is no exception" \
	copy $((touches / 5)) /dev/scullv0 /dev/scullv1

done_testing
