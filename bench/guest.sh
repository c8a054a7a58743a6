#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# usage: guest.sh instructions | times | seconds
#
# The guest's side of bench/run. Prints lines that begin with "#" as it comes
# along, and at the end what bench.c has found.
#
#	instructions	all that can be counted, on a machine with --icount
#	times		what needs two processors and a clock
#	seconds		the same as instructions, on a machine with KVM
set -eu

found=/tmp/found
clock=

main()
{
	insmod scullv.ko limit=0 \
		alloc=vmalloc,pages,huge,vmalloc order=4,4,9,4
	case $1 in
	instructions)
		all >$found
		parts >>$found
		map >>$found ;;
	times)
		readers >$found
		fragments >>$found
		hypervisor >>$found ;;
	seconds)
		clock=-s
		all >$found ;;
	esac
	cat $found
}

# What is measured side by side: SUBJECT, as it is called in the results, FILE,
# and how to open it.
stores()
{
	cat <<-END
		scullv vmalloc:/dev/scullv0
		scullv pages:/dev/scullv1
		scullv huge:/dev/scullv2
		tmpfs:/tmp/file
		brd O_DIRECT:/dev/ram0:-d
		brd:/dev/ram0
	END
}

block_sizes="4096 16384 65536 262144 1048576"
file_sizes="67108864 536870912 34359738368 1099511627776 10995116277760"
orders="0 1 2 3 4 5 6 7 8 9 10"
allocators="vmalloc pages huge"

all()
{
	# what is measured first in a boot comes out differently
	ruler read none /dev/zero 65536 >/dev/null

	# before anything else has left page tables behind
	say "memory beyond the data"
	stores | tac | grep -v '^brd:' | each memory

	for block in $block_sizes; do
		say "read and write, $((block >> 10)) KiB at a time"
		ruler copy "user-space copy" none "$block"
		ruler read /dev/zero /dev/zero "$block"
		ruler overwrite /dev/null /dev/null "$block"
		stores | each "first overwrite read" "$block"
	done

	for size in $file_sizes; do
		say "random reads, from $((size >> 20)) MiB"
		stores | each random "$size"
	done

	say "open, mmap, lseek"
	stores | grep -v '^brd' | each "open seek"
	stores | grep -v '^brd O_DIRECT' | each faults

	say "/proc/scullvmem"
	geometry scullv3 vmalloc 0
	for quanta in 5 100000; do
		ruler head "scullv vmalloc" /dev/scullv3 $quanta
	done

	for order in $orders; do
		say "pages of order $order"
		for allocator in $allocators; do
			geometry scullv3 "$allocator" "$order"
			ruler order "$allocator" /dev/scullv3 "$order"
		done
	done
}

# YARDSTICKS [ARGUMENT]: holds them to each store of those in the input. A block
# device that nobody has open forgets what it has cached.
each()
{
	while IFS=: read -r subject file option; do
		make_empty "$file"
		exec 3<"$file"
		for yardstick in $1; do
			# shellcheck disable=SC2086 # none or one
			ruler $option "$yardstick" "$subject" "$file" "${2-}"
		done
		exec 3<&-
		make_empty "$file"
	done
}

# What is left to do of what came before, such as freeing memory, is done first.
ruler()
{
	sleep 0.1
	# shellcheck disable=SC2086 # none or one
	./bench $clock "$@"
}

# A ramdisk gives its memory back only as a whole. One of 10 TiB takes no more
# than what is written to it.
make_empty()
{
	if [ "$1" = /dev/ram0 ]; then
		modprobe -r brd
		modprobe brd rd_nr=1 rd_size=$((10 << 30))
	else
		: >"$1"
	fi
}

# DEVICE ALLOCATOR ORDER: in force with the next trim. Each step is one that can
# be, whatever was there before.
geometry()
{
	sys=/sys/class/scullv/$1
	echo 0 >"$sys/order"
	echo "$2" >"$sys/alloc"
	echo "$3" >"$sys/order"
}

# What an allocation is made of, found out by a module of its own
parts()
{
	say "the parts of an allocation"
	insmod alloc_parts.ko
	for part in zero singles block area; do
		echo "part,kernel,$part,$(cat /sys/module/alloc_parts/parameters/$part),insn/quantum"
	done
}

# Where the book's two snapshots have their items, qsets and quanta
map()
{
	say "the address map"
	geometry scullv0 pages 0
	geometry scullv1 vmalloc 4
	for device in scullv0 scullv1; do
		dd if=/dev/zero of=/dev/$device bs=1M count=4 status=none
	done
	while read -r line; do
		# shellcheck disable=SC2086 # words
		set -- $line
		case $line in
		"Device 0"*)
			quantum=0
			subject="pages order 0" ;;
		"Device 1"*)
			quantum=0
			subject="vmalloc order 4" ;;
		"Device 2"*)	break ;;
		item*)
			place item "${3%,}"
			place qset "${6%,}" ;;
		*:*)
			place "$quantum" "${line#*:}"
			quantum=$((quantum + 1)) ;;
		esac
	done </proc/scullvmem
}

# WHAT ADDRESS: without the ffff that all addresses begin with, for arithmetic
place()
{
	address=$((0x${2#ffff}))
	if [ $address -lt $((0xc90000000000)) ]; then
		base=888000000000
	else
		base=c90000000000
	fi
	echo "map,$subject,$1,$((address - 0x$base)),bytes from ffff$base"
}

readers()
{
	stores | grep -v brd | while IFS=: read -r subject file option; do
		say "two readers, $subject"
		make_empty "$file"
		for block in 4096 65536; do
			./bench readers "$subject" "$file" "$block"
		done
	done
}

# The memory is filled with pages of two devices in turn, but for what the driver
# leaves to others. Then one device gives its pages back: single pages, each with
# a neighbour that cannot be moved.
fragments()
{
	say "memory in fragments"
	geometry scullv0 pages 0
	geometry scullv1 pages 0
	taskset -c 0 ./bench fill none /dev/scullv0 /dev/scullv1
	: >/dev/scullv0
	awk -v page="$(getconf PAGESIZE)" '
		{
			size = page / 1048576
			for (i = 5; i <= NF; i++) {
				free[i > 5] += $i * size
				size *= 2
			}
		}
		END {
			printf "fragments,free memory,single pages,%d,MiB\n", free[0]
			printf "fragments,free memory,larger blocks,%d,MiB\n", free[1]
		}' /proc/buddyinfo
	for order in $orders; do
		for allocator in $allocators; do
			geometry scullv3 "$allocator" "$order"
			./bench store "$allocator" /dev/scullv3 "$order"
		done
	done
}

# Seconds of an emulated machine say nothing about a real one.
hypervisor()
{
	name=$(dmesg | sed -n 's/.*Hypervisor detected: //p')
	echo "hypervisor,${name:-none},,1,"
}

# The pause lets the serial port send it, while nothing is measured.
say()
{
	echo "# $*" >/dev/ttyS1
	sleep 0.1
}

main "$@"
