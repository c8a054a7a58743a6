#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fio writes, reads back and verifies checksums, with each I/O engine, block sizes of
# all kinds and several queue depths.

. tests/lib/driver.sh

load order=4,0,4,0 alloc=vmalloc,vmalloc,pages,pages

# ENGINE: the engine works with a regular file
engine_works()
{
	fio --name=try --filename="$scratch/file" --size=64k --bs=4k \
		--ioengine="$1" --rw=write --output=/dev/null \
		>"$scratch/output" 2>&1
}

# ENGINE DEPTH: four jobs, one per device. In fio's terse format the 3rd field is the
# job's name, the 5th its error, the 6th and the 47th the kB read and written.
run()
{
	fio --minimal --ioengine="$1" --iodepth="$2" --size=4m \
		--verify=crc32c --verify_fatal=1 --randrepeat=1 \
		--name=sequential --filename=/dev/scullv0 \
			--rw=write --bs=64k \
		--name=random --filename=/dev/scullv1 \
			--rw=randwrite --bs=4k \
		--name=odd --filename=/dev/scullv2 \
			--rw=randwrite --bs=5000 --verify_interval=1000 \
		--name=mixed --filename=/dev/scullv3 \
			--rw=randwrite --bsrange=512-300k --bs_unaligned=1 \
		2>"$scratch/errors" | cut -d';' -f3,5,6,47 >"$scratch/terse"
}

# shellcheck disable=SC2317 # called by ok
complete()
{
	[ "$1" -ge 4000 ] && [ "$2" -ge "$1" ]
}

# ENGINE DEPTH: runs on empty devices; the mmap engine needs the size set.
check()
{
	for n in 0 1 2 3; do
		: >/dev/scullv$n
		[ "$1" != mmap ] || truncate_to 4194304 /dev/scullv$n
	done
	run "$1" "$2"
	is "$1, depth $2: fio reports no error" \
		"$(cat "$scratch/errors")" ""
	for job in sequential random odd mixed; do
		IFS=';' read -r _ error read written <<-END
			$(grep "^$job;" "$scratch/terse")
		END
		is "$1, depth $2, $job: the job ends without an error" "$error" 0
		ok "$1, depth $2, $job: all data is written and read back" \
			complete "$written" "$read"
	done
}

# SIZE DEVICE
truncate_to()
{
	dd if=/dev/zero of="$2" bs=1 count=1 seek=$(($1 - 1)) status=none
}

for engine in psync pvsync2 mmap splice libaio io_uring; do
	if [ $engine = mmap ] && caches_alias; then
		skip "$engine: fio runs with this engine" "devices cannot be mapped"
		continue
	fi
	if ! engine_works $engine; then
		skip "$engine: fio runs with this engine" \
			"$(head -n 1 "$scratch/output")"
		continue
	fi
	case $engine in
	libaio | io_uring)
		for depth in 1 4 32; do
			check $engine $depth
		done ;;
	*)	check $engine 1 ;;
	esac
done

done_testing
