#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fio writes, reads back and compares checksums, through each kind of system
# call, in blocks of all sizes and with many of them under way.

. tests/lib.sh

load

# ENGINE: the engine works here, with an ordinary file
engine_works()
{
	fio --name=try --filename="$scratch/file" --size=64k --bs=4k \
		--ioengine="$1" --rw=write --output=/dev/null \
		>"$scratch/said" 2>&1
}

# ENGINE DEPTH: four jobs, on a device each. Of a job's line in fio's terse
# format the 3rd field is its name, the 5th its error, the 6th and the 47th are
# the kB that it has read and written.
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

for engine in psync pvsync2 libaio io_uring; do
	if ! engine_works $engine; then
		skip "$engine" "$(head -n 1 "$scratch/said")"
		continue
	fi
	case $engine in
	p*)	depth=1 ;;
	*)	depth=32 ;;
	esac
	run $engine $depth
	is "$engine: fio has nothing to complain about" \
		"$(cat "$scratch/errors")" ""
	for job in sequential random odd mixed; do
		IFS=';' read -r _ error read written <<-END
			$(grep "^$job;" "$scratch/terse")
		END
		is "$engine, $job: no error" "$error" 0
		ok "$engine, $job: all was written and read back" \
			complete "$written" "$read"
	done
done

done_testing
