#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# usage: guest.sh column SUBJECT | driver | lines | varying
#
# The guest's side of bench/run. Prints the results, and progress in lines that
# begin with "#".
#
#	column	one column of the main table: all that SUBJECT can do
#	driver	what concerns the driver only
#	lines	which cache lines two processors write, for the plugin (lines.c)
#	varying	what differs from run to run: waits for locks, fragmented memory
set -eu

all_yardsticks="memory io random splice map trim"
block_sizes="64 4096 16384 65536 262144 1048576"
file_sizes="268435456 34359738368 1099511627776 10995116277760"
orders="0 1 2 3 4 5 6 7 8 9 10"
allocators="vmalloc pages huge"

main()
{
	found=$(mktemp)
	"$@" >"$found"
	cat "$found"
}

# -- a column --

column()
{
	subject=$1
	options=
	set_up
	settle
	# before anything else leaves page tables and slabs
	for yardstick in $yardsticks; do
		say "$yardstick"
		"rows_of_$yardstick"
	done
}

# Set file and yardsticks, and options where the file needs them.
set_up()
{
	case $subject in
	"scullv vmalloc") use_scullv vmalloc 4 ;;
	"scullv pages")	use_scullv pages 4 ;;
	"scullv huge")	use_scullv huge 9 ;;
	tmpfs)		use_mount tmpfs size=80%,huge=never ;;
	"tmpfs huge")	use_mount tmpfs size=80%,huge=always ;;
	ramfs)		use_mount ramfs mode=700 ;;
	hugetlbfs)	echo 64 >/proc/sys/vm/nr_hugepages
			use_mount hugetlbfs mode=700
			options=-m
			yardsticks="map" ;;
	"brd O_DIRECT")	file=/dev/ram0
			options=-d
			block_sizes=${block_sizes#64 }
			yardsticks="memory io random" ;;
	*.ko*)		use_peer ;;
	esac
}

# ALLOCATOR ORDER
use_scullv()
{
	insmod scullv.ko limit=0 "alloc=$1" "order=$2"
	file=/dev/scullv0
	yardsticks=$all_yardsticks
}

# TYPE OPTIONS
use_mount()
{
	mkdir /tmp/mount
	mount -t "$1" -o "$2" none /tmp/mount
	file=/tmp/mount/file
	yardsticks=$all_yardsticks
}

# A module of the user's, and its parameters after colons. Its first device is the
# one with a new major number.
use_peer()
{
	characters >/tmp/before
	# shellcheck disable=SC2046 # one word each
	insmod $(echo "$subject" | tr : ' ')
	major=$(characters | grep -vxFf /tmp/before | head -n 1 | cut -d ' ' -f 1)
	[ "$major" ] || die "$subject has no character device"
	file=/dev/peer
	mknod $file c "$major" 0
	yardsticks="memory io random trim"
	# the book's drivers walk a list
	file_sizes=268435456
}

characters()
{
	sed -n '/^Character/,/^$/s/^ *\([0-9]\)/\1/p' /proc/devices
}

rows_of_memory()
{
	fresh memory
}

rows_of_io()
{
	for block in $block_sizes; do
		fresh first "$block"
		ruler overwrite "$block"
		ruler read "$block"
	done
}

rows_of_random()
{
	for size in $file_sizes; do
		fresh random "$size"
	done
}

rows_of_splice()
{
	fresh splice
}

rows_of_map()
{
	fresh map
}

rows_of_trim()
{
	fresh trim
}

# YARDSTICK [ARGUMENT]: on an empty file
fresh()
{
	make_empty
	ruler "$@"
}

# A ramdisk frees its memory only as a whole. One of 10 TiB takes only the memory of
# what is written to it.
make_empty()
{
	case $file in
	/dev/ram0)
		modprobe -r brd
		modprobe brd rd_nr=1 rd_size=$((10 << 30)) ;;
	*)	: >"$file" ;;
	esac
}

# Work that earlier measurements have deferred, such as freeing memory, is done in
# the pause.
ruler()
{
	yardstick_name=$1
	shift
	sleep 0.1
	# shellcheck disable=SC2086 # none or one
	./bench $options "$yardstick_name" "$subject" "$file" "$@"
}

settle()
{
	say "waiting for the kernel to finish booting"
	./bench quiet "$subject" none
	# the first measurement after a boot differs from the later ones
	./bench read none /dev/zero 65536 >/dev/null
}

# -- the driver only --

driver()
{
	subject="scullv vmalloc"
	options=
	use_scullv vmalloc 4
	settle
	for block in $block_sizes; do
		./bench copy "user-space copy" none "$block"
	done

	say "lseek, /proc/scullvmem"
	fresh seek
	geometry vmalloc 0
	for quanta in 5 100000; do
		fresh dump $quanta
	done

	for order in $orders; do
		say "pages of order $order"
		for allocator in $allocators; do
			subject=$allocator
			geometry "$allocator" "$order"
			fresh order "$order"
		done
	done

	say "trim at order 9"
	subject="scullv pages of order 9"
	geometry pages 9
	fresh trim

	parts
}

# ALLOCATOR ORDER: the next trim applies both. Each step is valid, whatever the
# geometry was before.
geometry()
{
	sys=/sys/class/scullv/${file#/dev/}
	echo 0 >"$sys/order"
	echo "$1" >"$sys/alloc"
	echo "$2" >"$sys/order"
	make_empty
}

# The parts of an allocation, measured by a module of its own
parts()
{
	say "the parts of an allocation"
	insmod alloc_parts.ko
	for part in zero singles block area; do
		echo "part,kernel,$part,$(cat /sys/module/alloc_parts/parameters/$part),insn/quantum"
	done
}

# -- several processors --

lines()
{
	for subject in "scullv vmalloc" "scullv pages" tmpfs ramfs; do
		say "two processors, $subject"
		options=
		set_up
		fresh parts "2 4096"
		take_down
	done
}

take_down()
{
	case $file in
	/dev/scullv*)	rmmod scullv ;;
	*)		umount /tmp/mount
			rmdir /tmp/mount ;;
	esac
}

varying()
{
	subject="scullv vmalloc"
	options=
	use_scullv vmalloc 4
	for allocator in vmalloc pages; do
		subject="scullv $allocator"
		say "four writers, $subject"
		geometry "$allocator" 4
		waits
	done
	rmmod scullv
	insmod scullv.ko limit=0
	fragments
}

# How often four writers of equal parts of one device wait for a lock: each time
# the kernel reports the start of contention for a mutex (LCB_F_MUTEX, LCB_F_SPIN)
waits()
{
	tracing=/sys/kernel/tracing
	event=$tracing/events/lock/contention_begin
	echo 'flags == 33 && comm == "bench"' >$event/filter
	echo >$tracing/trace
	make_empty
	echo 1 >$event/enable
	./bench parts "$subject" "$file" "4 65536" >/dev/null
	echo 0 >$event/enable
	echo "waits,$subject,4 writers,$(grep -c contention_begin: $tracing/trace),per 4096 fills"
	make_empty
}

# The memory is filled with pages of two devices in turn, except for the driver's
# reserve. Then the pages of one device are freed: single pages, each with a
# neighbour that cannot be moved.
fragments()
{
	say "fragmented memory"
	file=/dev/scullv0
	geometry pages 0
	file=/dev/scullv1
	geometry pages 0
	taskset -c 0 ./bench fill none /dev/scullv0 /dev/scullv1
	: >/dev/scullv0
	free_blocks
	file=/dev/scullv3
	for order in $orders; do
		for allocator in $allocators; do
			geometry "$allocator" "$order"
			subject=$allocator
			fresh store "$order"
			make_empty
		done
	done
}

free_blocks()
{
	awk -v page="$(getconf PAGESIZE)" '
		{
			size = page / 1048576
			for (i = 5; i <= NF; i++) {
				free[i > 5] += $i * size
				size *= 2
			}
		}
		END {
			printf "fragments,free,single pages,%d,MiB\n", free[0]
			printf "fragments,free,larger blocks,%d,MiB\n", free[1]
		}' /proc/buddyinfo
}

# The pause lets the serial port send it, while nothing is measured.
say()
{
	echo "# $*" >/dev/ttyS1
	sleep 0.1
}

die()
{
	echo "guest.sh: $*" >&2
	exit 1
}

main "$@"
