#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The times of a device's node, last modification and last change: they move with a
# trim and with each write that moves the end, with an overwrite at least once a
# second, and with nothing else. Those of the node that is open move, no other's.

# shellcheck disable=SC2317 # functions are called by way of others
. tests/lib/driver.sh

page=$(getconf PAGESIZE)
quantum=$((16 * page))
limit=/sys/module/scullv/parameters/limit
dev=/dev/scullv0

# a tick of the slowest clock that the kernel stamps files by, in nanoseconds
tick=10000000

now()
{
	date +%s%N
}

# NODE: its two times in nanoseconds
stamps()
{
	stat -c '%.9Y %.9Z' "$1" | tr -d .
}

# NODE NANOSECONDS: so much has passed since its last modification
passed()
{
	_stamps=$(stamps "$1")
	[ "$(now)" -gt $((${_stamps% *} + $2)) ]
}

# WHAT NODE COMMAND...: both times move to those of the command
moves()
{
	_what=$1
	_node=$2
	shift 2
	await passed "$_node" $((2 * tick))
	_before=$(now)
	"$@" >"$scratch/said" 2>&1
	_after=$(now)
	_stamps=$(stamps "$_node")
	_from=$((_before - tick))
	for _stamp in $_stamps; do
		if [ "$_stamp" -lt $_from ] || [ "$_stamp" -gt "$_after" ]; then
			_stamps="$_stamps, not from $_from to $_after"
			break
		fi
	done
	is "$_what moves the times" "$_stamps" "${_stamps%,*}"
}

# WHAT NODE COMMAND...: neither time moves, after a second without
stays()
{
	_what=$1
	_node=$2
	shift 2
	await passed "$_node" 1100000000
	_stamps=$(stamps "$_node")
	"$@" >"$scratch/said" 2>&1
	is "$_what does not move the times" "$(stamps "$_node")" "$_stamps"
}

# WHAT NODE COMMAND...: both move when the last modification is a second ago
moves_once_a_second()
{
	await passed "$2" 1100000000
	moves "$@"
}

# FLAGS CALL...: on $open, which is a node
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

# -- what moves them --

moves "a first write" $dev calls rdwr "write 10"
moves "a write at the end" $dev calls rdwr "lseek 0 end" "write 10"
moves "a write past the end" $dev calls rdwr "pwrite 1 $((2 * quantum + 7))"
moves "a write across the end" $dev calls rdwr "pwrite 10 $((2 * quantum))"
moves "an append" $dev calls rdwr,append "write 1"
moves "RWF_APPEND" $dev calls rdwr "pwritev2 10 0 append"
moves "RWF_NOWAIT" $dev calls rdwr,append "pwritev2 10 0 nowait"
moves "writev" $dev calls rdwr "pwritev2 10 $((3 * quantum)) none"
moves "splice" $dev splice_in
moves "a write that is cut short" $dev \
	tests/helpers/buffer append $dev 0 "10+bad:100"
moves "opening write-only" $dev calls wronly
is "which has emptied the device" "$(attribute size)" 0
calls rdwr "write 10" >"$scratch/said"
moves "opening with O_TRUNC" $dev calls rdonly,trunc
is "which has emptied the device" "$(attribute size)" 0

calls rdwr "write 100" "pwrite 1 $((9 * quantum))" >"$scratch/said"
moves_once_a_second "an overwrite" $dev calls rdwr "pwrite 10 0"
moves_once_a_second "a write of the last byte" $dev \
	calls rdwr "pwrite 1 $((9 * quantum))"
moves_once_a_second "a write into a hole" $dev \
	calls rdwr "pwrite 10 $((5 * quantum))"

# -- what does not --

stays "opening for reading and writing" $dev calls rdwr
stays "opening to append" $dev calls wronly,append
stays "a read" $dev calls rdonly "read 100" "pread 100 $quantum" "read 0"
stays "splice from the device" $dev calls rdonly "splice-out 10"
stays "lseek" $dev calls rdwr "lseek 0 end" "lseek 0 data" "lseek 0 hole"
stays "fsync" $dev calls rdwr fsync fdatasync
stays "ioctl" $dev tests/helpers/ioctl $dev TORDER 3
stays "a write of no bytes" $dev \
	calls rdwr "write 0" "pwrite 0 $((99 * quantum))"
stays "a write that is not allowed" $dev calls rdonly "write 1"
stays "a write from a bad pointer" $dev tests/helpers/buffer write $dev 0 "0+bad:9"
stays "an append from a bad pointer" $dev tests/helpers/buffer append $dev 0 "0+bad:9"
stays "RWF_NOWAIT where it would have to wait" $dev \
	calls rdwr "pwritev2 10 $quantum nowait"
echo "$page" >$limit
stays "a write without room" $dev calls rdwr "pwrite 1 $quantum"
echo 50% >$limit
stays "a failed trim" $dev as_student tests/helpers/calls $dev wronly

# -- several nodes of a device --

other=$scratch/other
mknod "$other" c $((0x$(stat -c %t $dev))) $((0x$(stat -c %T $dev)))
await passed $dev $((2 * tick))
before=$(stamps $dev)
open=$other
moves "a write through another node, of that node:" "$other" \
	calls rdwr,append "write 10"
moves "a trim through another node, of that node:" "$other" calls wronly
is "they do not move those of the first" "$(stamps $dev)" "$before"
open=$dev
stays "a write through the first node, of the other:" "$other" \
	calls rdwr,append "write 10"
stays "a trim through the first node, of the other:" "$other" calls wronly

# A node on a disk: its times are stored there. A file system that is read-only or
# frozen stays as it is, and does not keep anybody from writing to the device.

disk=$scratch/disk
mkdir "$disk"
modprobe -a brd ext4 2>/dev/null
if mke2fs -q -F -t ext4 -I 256 -b "$page" /dev/ram0 2>/dev/null &&
	mount -t ext4 /dev/ram0 "$disk"; then
	open=$disk/node
	mknod "$open" c $((0x$(stat -c %t $dev))) $((0x$(stat -c %T $dev)))
	moves "a write through a node on ext4" "$open" \
		calls rdwr,append "write 10"
	before=$(stamps "$open")
	umount "$disk"
	mount -t ext4 -o ro /dev/ram0 "$disk"
	is "the times are on the disk" "$(stamps "$open")" "$before"
	stays "a write through a node on a read-only file system" "$open" \
		calls rdwr,append "write 10"
	is "it is complete" "$(cat "$scratch/said")" 10
	mount -o remount,rw "$disk"
	exec 5<>"$open"
	fsfreeze --freeze "$disk"
	{ echo "10 bytes." >&5; tests/helpers/calls "$open" wronly; echo end; } \
		>"$scratch/ended" 2>&1 &
	ok "a frozen file system holds up neither a write nor a trim" \
		await grep -q end "$scratch/ended"
	fsfreeze --unfreeze "$disk"
	wait
	exec 5>&-
	umount "$disk"
	rmmod brd
else
	skip "nodes on ext4" "this kernel lacks brd or ext4"
fi

done_testing
