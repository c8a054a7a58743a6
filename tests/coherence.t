#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Mappings that are accessed, moved and inherited before, during and after trims. No
# process sees data that a trim has freed, loses data stored since, or sees data of
# another device. TOUCHES in the environment sets the number of accesses.

. tests/lib/driver.sh
require_mappings

# COUNT DEVICE...: loads and stores, through shared and private mappings
# shellcheck disable=SC2317 # called by ok
touch()
{
	timeout -s KILL 400 tests/helpers/coherence touch "$@"
}

# COUNT DEVICE...: stores to private pages that are not present
# shellcheck disable=SC2317 # called by ok
copy()
{
	timeout -s KILL 400 tests/helpers/coherence copy "$@"
}

# KASAN takes 10 times as long; make check-deep runs the full number
default=250000
! has_kasan || default=50000
touches=${TOUCHES:-$default}

# at order 5 the last quantum is used in part
load order=0,4,5,4 alloc=pages,vmalloc,pages,huge
ok "$touches accesses to vmalloc and huge devices with trims see no stale, lost or foreign data" \
	touch "$touches" /dev/scullv1 /dev/scullv3
ok "$touches accesses to two pages devices with trims see no stale, lost or foreign data" \
	touch "$touches" /dev/scullv0 /dev/scullv2

# full preemption gives more interleavings
preempt_everywhere || :
ok "a private copy made during a trim has no stale data" \
	copy $((touches / 5)) /dev/scullv0 /dev/scullv1

done_testing
