#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Types the book's session and shows what comes of it.
set -eu

# COMMAND: as root types it
root()
{
	printf '\n# %s\n' "$1"
	sh -c "$1"
}

# COMMAND: as somebody without any rights types it
student()
{
	printf '\n$ %s\n' "$1"
	setpriv --reuid student --regid student --clear-groups \
		--inh-caps=-all sh -c "$1"
}

explain()
{
	printf '\n  (%s)\n' "$*" | fmt -w 78
}

root './scullv_load'
root 'ls -l /dev/scullv*'
root 'cat bigfile > /dev/scullv0; head -5 /proc/scullvmem'
root 'cmp bigfile /dev/scullv0 && echo the same'

explain "The kernel's own list of vmalloc areas knows these addresses. It shows" \
	"them to root from kptr_restrict=1 on."
root 'sysctl -w kernel.kptr_restrict=1'
root "sed -n 's/^ *[0-9]*:/^0x/p' /proc/scullvmem | head -2 | grep -f - /proc/vmallocinfo"
apart=$(printf '%#x' $((17 * $(getconf PAGESIZE))))
explain "Neighbours lie $apart apart: a quantum's 16 pages and a guard page, so" \
	"that whoever runs past the end of one does not run into the next."

root 'sysctl -w kernel.kptr_restrict=0'
explain "Others see a hash where root sees an address."
student 'head -5 /proc/scullvmem'

root './scullv_unload'

explain "The book's chapter shows two snapshots. The quanta of the first driver," \
	"scullp, are of the page allocator: they lie in the kernel's map of all" \
	"memory, wherever a page was free. Those of scullv lie in the range of" \
	"vmalloc. Here they are, side by side."
root 'insmod scullv.ko alloc=pages,vmalloc order=0,4'
root 'tee /dev/scullv0 /dev/scullv1 < bigfile | wc -c'
root "grep -A 5 'Device 0' /proc/scullvmem > scullp"
root "grep -A 5 'Device 1' /proc/scullvmem > scullv"
root 'pr -m -t -w 112 scullp scullv | expand'
root 'rmmod scullv'
