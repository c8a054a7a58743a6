#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs the commands of the book's session and prints them with their output.
set -eu

# COMMAND: run it as root
root()
{
	printf '\n# %s\n' "$1"
	sh -c "$1"
}

# COMMAND: run it as a user without privileges
student()
{
	printf '\n$ %s\n' "$1"
	setpriv --reuid student --regid student --clear-groups \
		--inh-caps=-all sh -c "$1"
}

# TEXT...: print it in parentheses
explain()
{
	printf '\n  (%s)\n' "$*" | fmt -w 78
}

# Prints the distance of the first two quanta, in hexadecimal, if there are two.
# The upper bits of the addresses, which all have in common, do not fit into
# numbers of the shell.
distance()
{
	# shellcheck disable=SC2046 # words
	set -- $(sed -n 's/^ *[0-9]*:/0/p' /proc/scullvmem |
		grep -Eo '[0-9a-f]{8,12}$' | sed 's/^/0x/')
	[ $# -lt 2 ] || printf '%#x' $(($2 > $1 ? $2 - $1 : $1 - $2))
}

root './scullv_load'
root 'ls -l /dev/scullv*'
root 'cat bigfile > /dev/scullv0; head -5 /proc/scullvmem'
root 'cmp bigfile /dev/scullv0 && echo the same'

if ! [ -s bigfile ]; then
	explain "The file is empty, and so is the device: it has no item and no" \
		"quantum. A write at a far offset allocates one quantum:"
	root 'echo end | dd of=/dev/scullv0 bs=1 seek=1M status=none'
	root 'head -5 /proc/scullvmem; cat /sys/class/scullv/scullv0/bytes'
	explain "The hole before it reads as zeros:"
	root 'tail -c 5 /dev/scullv0 | od -c'
	root './scullv_unload'
	exit
fi

explain "/proc/vmallocinfo lists the vmalloc areas of the kernel, among them these" \
	"quanta. With kptr_restrict=1, root sees the addresses."
root 'sysctl -w kernel.kptr_restrict=1'
root "sed -n 's/^ *[0-9]*:/^0x/p' /proc/scullvmem | head -2 | grep -f - /proc/vmallocinfo"
area=$(printf '%#x' $((17 * $(getconf PAGESIZE))))
distance=$(distance)
explain "An area has $area bytes: the 16 pages of a quantum and a guard page, which" \
	"catches accesses past the end of the quantum."
case $distance in
"")	;;
"$area") explain "The first two quanta are adjacent: $distance bytes apart." ;;
*)	explain "The first two quanta are $distance bytes apart: vmalloc takes the" \
		"lowest gap between other areas that is large enough." ;;
esac

root 'sysctl -w kernel.kptr_restrict=0'
explain "Root sees addresses; other users see hashes."
student 'head -5 /proc/scullvmem'

root './scullv_unload'

explain "The book compares two snapshots. The driver scullp gets its quanta from the" \
	"page allocator: they are in the kernel's linear mapping of all memory," \
	"wherever pages were free. Those of scullv are in the vmalloc range. Both" \
	"side by side:"
root 'insmod scullv.ko alloc=pages,vmalloc order=0,4'
root 'tee /dev/scullv0 /dev/scullv1 < bigfile | wc -c'
root "sed -n '/Device 0/,/^$/p' /proc/scullvmem | head -6 > scullp"
root "sed -n '/Device 1/,/^$/p' /proc/scullvmem | head -6 > scullv"
root 'pr -m -t -w 112 scullp scullv | expand'
root 'rmmod scullv'
