#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Code that is written to a device and executed from a mapping is the code written
# last: write() flushes the data cache where the architecture needs it. An emulator
# has no stale caches, so the kernel's flag of a flushed page is checked, too.

. tests/lib/driver.sh
require_mappings

file=$scratch/file
dev=/dev/scullv0
: >"$file"
# what the functions return, the flag of each page before and after the second write
expected=$(tests/helpers/exec "$file")
like "the code of a tmpfs file runs as written last" "$expected" \
	"3 (000 000|111 000|--- ---) 6"
for allocator in vmalloc pages huge; do
	load alloc=$allocator
	is "the code of a device with $allocator runs as written last, as on tmpfs" \
		"$(tests/helpers/exec $dev)" "$expected"
done

# across the ends of quanta and items
load order=0 qset=2
is "the code of a device with small quanta runs as written last, as on tmpfs" \
	"$(tests/helpers/exec $dev)" "$expected"

done_testing
