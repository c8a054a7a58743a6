#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# mtime and ctime of a device node: a trim and each write that moves the end update
# them, an overwrite does at least once a second, and nothing else does. The times of
# the open node change, of no other.

# shellcheck disable=SC2317 # functions are called indirectly
. tests/lib/driver.sh

page=$(getconf PAGESIZE)
quantum=$((16 * page))
limit=/sys/module/scullv/parameters/limit
dev=/dev/scullv0

# the largest tick of the coarse clock, in nanoseconds
tick=10000000

now()
{
	date +%s%N
}

# NODE: mtime and ctime in nanoseconds
timestamps()
{
	stat -c '%.9Y %.9Z' "$1" | tr -d .
}

# NODE NANOSECONDS: mtime is older than NANOSECONDS
passed()
{
	_stamps=$(timestamps "$1")
	[ "$(now)" -gt $((${_stamps% *} + $2)) ]
}

# WHAT NODE COMMAND...: the command sets both times to the current time
check_updated()
{
	_what=$1
	_node=$2
	shift 2
	await passed "$_node" $((2 * tick))
	_before=$(now)
	"$@" >"$scratch/output" 2>&1
	_after=$(now)
	_stamps=$(timestamps "$_node")
	_from=$((_before - tick))
	for _stamp in $_stamps; do
		if [ "$_stamp" -lt $_from ] || [ "$_stamp" -gt "$_after" ]; then
			_stamps="$_stamps, not from $_from to $_after"
			break
		fi
	done
	is "$_what updates the times of ${_node##*/}" "$_stamps" "${_stamps%,*}"
}

# WHAT NODE COMMAND...: the command does not change the times, a second old
check_kept()
{
	_what=$1
	_node=$2
	shift 2
	await passed "$_node" 1100000000
	_stamps=$(timestamps "$_node")
	"$@" >"$scratch/output" 2>&1
	is "$_what does not update the times of ${_node##*/}" \
		"$(timestamps "$_node")" "$_stamps"
}

# WHAT NODE COMMAND...: the command updates times that are a second old
check_updated_after_1s()
{
	await passed "$2" 1100000000
	check_updated "$@"
}

# WHAT CALL: 30 such calls update the times at most once in each second
check_once_a_second()
{
	_start=$(date +%s)
	for _ in $(seq 30); do
		calls rdwr "$2" >"$scratch/output"
		timestamps $dev
	done >"$scratch/stamps"
	_seconds=$(($(date +%s) - _start + 1))
	_times=$(sort -u "$scratch/stamps" | wc -l)
	_once="$1 updates the times once a second: $_times in $_seconds"
	if [ $_seconds -lt 20 ]; then
		# the coarse clock may be a tick late
		ok "$_once" [ "$_times" -le $((_seconds + 1)) ]
	else
		skip "$_once" "30 calls take too long"
	fi
}

# FLAGS CALL...: on the node $open
calls()
{
	tests/helpers/calls "$open" "$@" <"$scratch/data"
}

splice_in()
{
	head -c 10 /dev/zero |
		tests/helpers/calls "$open" rdwr "lseek 0 end" "splice-in 10"
}

load
head -c 1000 /dev/zero >"$scratch/data"
open=$dev

# -- calls that update the times --

check_updated "the first write" $dev calls rdwr "write 10"
check_updated "a write at the end" $dev calls rdwr "lseek 0 end" "write 10"
check_updated "a write past the end" $dev calls rdwr "pwrite 1 $((2 * quantum + 7))"
check_updated "a write across the end" $dev calls rdwr "pwrite 10 $((2 * quantum))"
check_updated "an append" $dev calls rdwr,append "write 1"
check_updated "a write with RWF_APPEND" $dev calls rdwr "pwritev2 10 0 append"
check_updated "a write with RWF_NOWAIT" $dev calls rdwr,append "pwritev2 10 0 nowait"
check_updated "writev" $dev calls rdwr "pwritev2 10 $((3 * quantum)) none"
check_updated "splice" $dev splice_in
check_updated "a short write" $dev \
	tests/helpers/buffer append $dev 0 "10+bad:100"
check_updated "a write-only open" $dev calls wronly
is "a write-only open trims the device" "$(attribute size)" 0
calls rdwr "write 10" >"$scratch/output"
check_updated "an open with O_TRUNC" $dev calls rdonly,trunc
is "an open with O_TRUNC trims the device" "$(attribute size)" 0
check_updated "a trim of an empty device" $dev calls wronly
check_updated "an open of an empty device with O_TRUNC" $dev calls rdwr,trunc

calls rdwr "write 100" "pwrite 1 $((9 * quantum))" >"$scratch/output"
check_updated_after_1s "an overwrite" $dev calls rdwr "pwrite 10 0"
check_updated_after_1s "a write of the last byte" $dev \
	calls rdwr "pwrite 1 $((9 * quantum))"
check_updated_after_1s "a write into a hole" $dev \
	calls rdwr "pwrite 10 $((5 * quantum))"
check_once_a_second "an overwrite" "pwrite 10 0"
check_once_a_second "a write of the last byte" "pwrite 1 $((9 * quantum))"

for call in "pwrite 10 0" "pwrite 1 $((10 * quantum))"; do
	touch -c -d 2037-01-01 $dev	# without -c it opens the device write-only
	fails "the times of the node are in the future" passed $dev -$tick
	calls rdwr "$call" >"$scratch/output"
	ok "$call sets times in the future back to the current time" \
		passed $dev -$tick
done

# -- calls that do not --

check_kept "an open for reading and writing" $dev calls rdwr
check_kept "an open for appending" $dev calls wronly,append
check_kept "a read" $dev calls rdonly "read 100" "pread 100 $quantum" "read 0"
check_kept "splice from the device" $dev calls rdonly "splice-out 10"
check_kept "lseek" $dev calls rdwr "lseek 0 end" "lseek 0 data" "lseek 0 hole"
check_kept "fsync" $dev calls rdwr fsync fdatasync
check_kept "ioctl" $dev tests/helpers/ioctl $dev TORDER 3
check_kept "a write of 0 bytes" $dev \
	calls rdwr "write 0" "pwrite 0 $((99 * quantum))"
check_kept "a write past RLIMIT_FSIZE" $dev calls rdwr "fsize 1" "pwrite 1 1"
check_kept "a write with EBADF" $dev calls rdonly "write 1"
check_kept "a write from an invalid buffer" $dev tests/helpers/buffer write $dev 0 "0+bad:9"
check_kept "an append from an invalid buffer" $dev tests/helpers/buffer append $dev 0 "0+bad:9"
check_kept "an RWF_NOWAIT write into a hole" $dev \
	calls rdwr "pwritev2 10 $quantum nowait"
echo "$page" >$limit
check_kept "a write over the limit" $dev calls rdwr "pwrite 1 $quantum"
echo 50% >$limit
if ! caches_alias; then
	check_kept "a store through a mapping" $dev tests/helpers/mmap $dev \
		"map a shared rw 0 $((8 * quantum))" "store a 0 10 1" \
		"store a $((7 * quantum)) 10 1"
	is "a store through a mapping succeeds" "$(cat "$scratch/output")" "ok ok ok"
fi
check_kept "a failed trim" $dev as_student tests/helpers/calls $dev wronly

# -- several nodes of one device --

other=$scratch/second-node
mknod "$other" c $((0x$(stat -c %t $dev))) $((0x$(stat -c %T $dev)))
await passed $dev $((2 * tick))
before=$(timestamps $dev)
open=$other
check_updated "a write through the second node" "$other" \
	calls rdwr,append "write 10"
check_updated "a trim through the second node" "$other" calls wronly
is "a write and a trim through the second node keep the times of the first" \
	"$(timestamps $dev)" "$before"
open=$dev
check_kept "a write through the first node" "$other" \
	calls rdwr,append "write 10"
check_kept "a trim through the first node" "$other" calls wronly

# The times of a node on a disk are stored there. A read-only or frozen file system is
# not changed, and does not block writes to the device.

disk=$scratch/disk
mkdir "$disk"
modprobe -a brd ext4 2>/dev/null
if mke2fs -q -F -t ext4 -I 256 -b "$page" /dev/ram0 2>/dev/null &&
	mount -t ext4 /dev/ram0 "$disk"; then
	open=$disk/ext4-node
	mknod "$open" c $((0x$(stat -c %t $dev))) $((0x$(stat -c %T $dev)))
	check_updated "a write through a node on ext4" "$open" \
		calls rdwr,append "write 10"
	before=$(timestamps "$open")
	umount "$disk"
	mount -t ext4 -o ro /dev/ram0 "$disk"
	is "the times of a node on ext4 are stored on disk" \
		"$(timestamps "$open")" "$before"
	check_kept "a write through a node on a read-only file system" "$open" \
		calls rdwr,append "write 10"
	is "a write through a node on a read-only file system is complete" \
		"$(cat "$scratch/output")" 10
	mount -o remount,rw "$disk"
	exec 5<>"$open"
	fsfreeze --freeze "$disk"
	{ echo "10 bytes." >&5; tests/helpers/calls "$open" wronly; echo end; } \
		>"$scratch/ended" 2>&1 &
	ok "a frozen file system blocks neither a write nor a trim" \
		await grep -q end "$scratch/ended"
	fsfreeze --unfreeze "$disk"
	wait
	exec 5>&-
	umount "$disk"
	rmmod brd
else
	skip "a write through a node on ext4 updates its times" \
		"this kernel lacks brd or ext4"
fi

done_testing
