#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A program that is written to a device and mapped from it runs as it was written
# last: write() flushes the data cache where the machine needs it. An emulator has no
# caches that could be stale, so the flag by which the kernel remembers what it has
# flushed is looked at, too.

. tests/lib/driver.sh

file=$scratch/file
dev=/dev/scullv0
: >"$file"
# what all return, the flag of each page before and after the second write
wanted=$(tests/helpers/exec "$file")
like "functions from a file on tmpfs run as they were written last" "$wanted" \
	"3 (000 000|111 000|--- ---) 6"
for allocator in vmalloc pages huge; do
	load alloc=$allocator
	is "functions from a device with $allocator run as they were written last, as on tmpfs" \
		"$(tests/helpers/exec $dev)" "$wanted"
done

# across the ends of quanta and items
load order=0 qset=2
is "functions from a device with small quanta run as they were written last, as on tmpfs" \
	"$(tests/helpers/exec $dev)" "$wanted"

done_testing
