#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a file on tmpfs does, a device does: bytes go in and come out again.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
file=$scratch/file
part=$scratch/part
big=$scratch/big

# an item of the book's, on pages of 4 KiB: 32,768,000 bytes
qset=$((500 * 4096 / page))

# real data: the guest's own programs, over and over
length=$(fitting 200)000003
cat /usr/bin/bash /usr/bin/fio >"$part"
part_size=$(stat -c %s "$part")
# shellcheck disable=SC2046 # many times the same name
cat $(yes "$part" | head -n $((length / part_size + 1))) >"$big"
truncate -s "$length" "$big"

# four geometries, from an item of one page to one of three times 512
load order=4,0,0,9 qset=$qset,1,7,3 alloc=vmalloc,vmalloc,pages,huge
dev=/dev/scullv0

# -- 200 MB: the seventh item --

cat "$big" >"$dev"
is "$length bytes fit in" "$(attribute size)" "$length"
is "in as many quanta as they need" "$(attribute quanta)" \
	$((length / (16 * page) + 1))
is "and come out again" "$(b2sum <"$dev")" "$(b2sum <"$big")"

truncate -s 40000000 "$big"
is "one write of more than an item is done in full" \
	"$(tests/helpers/calls "$dev" wronly "write 40000000" <"$big")" 40000000
is "and correct" "$(b2sum <"$dev")" "$(b2sum <"$big")"
is "so is one read" \
	"$(tests/helpers/calls "$dev" rdonly "read 40000001" 3>"$file")" 40000000
is "with the same bytes" "$(b2sum <"$file")" "$(b2sum <"$big")"

# byte by byte over the end of an item: dd leaves a hole before it
: >"$dev"
end=$((qset * 16 * page))
dd if="$big" bs=1 count=3000 of="$dev" seek=$((end - 2000)) status=none
is "bytes written one by one over the end of an item" \
	"$(tail -c 3000 "$dev" | b2sum)" "$(head -c 3000 "$big" | b2sum)"
is "are read one by one" \
	"$(dd if="$dev" bs=1 skip=$((end - 2000)) status=none | b2sum)" \
	"$(head -c 3000 "$big" | b2sum)"
is "they took two quanta" "$(attribute quanta)" 2

# -- every geometry, and sizes of writes and reads that fit none of them --

odd="1 4095 4097 65535 65537 1048579"
odd_sum=$((1 + 4095 + 4097 + 65535 + 65537 + 1048579))

# "read"|"write" FLAG: calls of each odd size in turn, ROUNDS times
in_odd_sizes()
{
	_call=$1
	_flag=$2
	set --
	for _ in $(seq "$rounds"); do
		for size in $odd; do
			set -- "$@" "$_call $size"
		done
	done
	tests/helpers/calls "$dev" "$_flag" "$@"
}

for n in 0 1 2 3; do
	dev=/dev/scullv$n
	geometry="order $(attribute order $n), qset $(attribute qset $n)"
	quantum=$((page << $(attribute order $n)))
	rounds=$((3 * page * 512 / odd_sum + 1))
	# past the end of the first item, once
	[ $n -gt 0 ] || rounds=$((quantum * qset / odd_sum + 1))
	length=$((rounds * odd_sum))
	quanta=$(((length + quantum - 1) / quantum))
	truncate -s $length "$big"
	right=$(b2sum <"$big")
	in_full=$odd
	for _ in $(seq 2 $rounds); do
		in_full="$in_full $odd"
	done

	is "$geometry: writes of odd sizes are done in full" \
		"$(in_odd_sizes write wronly <"$big")" "$in_full"
	is "$geometry: the right bytes" "$(b2sum <"$dev")" "$right"
	is "$geometry: in the quanta that they need" "$(attribute quanta $n)" \
		$quanta
	is "$geometry: reads of odd sizes are done in full" \
		"$(in_odd_sizes read rdonly 3>"$file")" "$in_full"
	is "$geometry: the right bytes" "$(b2sum <"$file")" "$right"

	# overwriting a part in the middle leaves its neighbours alone
	for copy in "$dev" "$file"; do
		tests/helpers/calls "$copy" rdwr "pwrite 99999 $((quantum - 777))"
	done >"$scratch/said"
	is "$geometry: overwriting changes what it says, no more" \
		"$(b2sum <"$dev")" "$(b2sum <"$file")"
	is "$geometry: and takes no memory" "$(attribute quanta $n)" $quanta

	is "$geometry: one write is done in full" \
		"$(tests/helpers/calls "$dev" wronly "write $length" <"$big")" $length
	is "$geometry: the right bytes" "$(b2sum <"$dev")" "$right"
	: >"$dev"
done
rm "$big"

# -- ends, and lengths of 0 --

dev=/dev/scullv1
: >"$file"

as_tmpfs "an empty device reads as 0 bytes" "0 0 0" \
	rdwr,trunc "read 10" "pread 10 5" "pread 10 1000000000"
as_tmpfs "so does the end" "10 0 0" \
	rdwr,trunc "write 10" "read 10" "read 1"
as_tmpfs "a read that reaches over it is short" "10 3 0" \
	rdwr,trunc "write 10" "pread 10 7" "pread 10 10"
as_tmpfs "a write of 0 bytes does nothing" "0 0 0" \
	rdwr,trunc "write 0" "pwrite 0 5000" "lseek 0 end"
is "and takes no memory" "$(attribute quanta 1)" 0
as_tmpfs "a read of 0 bytes, too" "10 0 10" \
	rdwr,trunc "write 10" "pread 0 0" "lseek 0 cur"
as_tmpfs "who did not open it for writing cannot write" "EBADF 10 EBADF" \
	rdonly "write 10" "read 10" "pwrite 1 0"
as_tmpfs "nor read who opened it for writing" "EBADF 10 EBADF" \
	wronly,trunc "read 10" "write 10" "pread 1 0"

# -- other ways to read and write --

check()
{
	ok "$1" cmp "$part" "$2"
	: >"$dev"
	: >"$file"
}

# descriptor 3 is where tests/helpers/calls puts what it reads
is "pwritev2 writes from three buffers" \
	"$(tests/helpers/calls "$dev" rdwr "pwritev2 $part_size 0" <"$part")" \
	"$part_size"
is "preadv2 reads into three" \
	"$(tests/helpers/calls "$dev" rdonly "preadv2 $part_size 0" 3>"$file")" \
	"$part_size"
check "the same bytes" "$file"

is "writev" "$(tests/helpers/calls "$dev" rdwr "pwritev2 9 -1" "lseek 0 cur")" "9 9"
is "readv" "$(tests/helpers/calls "$dev" rdwr "preadv2 9 -1" "lseek 0 cur")" "9 9"
as_tmpfs "pwritev2 with RWF_DSYNC" "9" rdwr,trunc "pwritev2 9 0 dsync"

# four buffers of an odd size at once, and xfs_io says how many bytes in all
like "pwritev, from an odd position" "$(
	xfs_io -c "pwrite -V 4 -b 4099 4093 16396" "$dev" | head -1
)" "wrote 16396/16396 bytes at offset 4093"
like "preadv" "$(
	xfs_io -c "pread -V 4 -b 4099 4093 16396" "$dev" | head -1
)" "read 16396/16396 bytes at offset 4093"

: >"$dev"
is "RWF_NOWAIT into a hole: EAGAIN, and nothing is written" \
	"$(tests/helpers/calls "$dev" rdwr "pwritev2 9 0 nowait" "lseek 0 end")" \
	"EAGAIN 0"
is "RWF_NOWAIT onto data succeeds" \
	"$(tests/helpers/calls "$dev" rdwr "write 9" "pwritev2 9 0 nowait")" "9 9"
is "what reaches over its quantum into a hole is EAGAIN, too" \
	"$(tests/helpers/calls "$dev" rdwr "pwritev2 9 $((page - 4)) nowait" \
		"lseek 0 end")" "EAGAIN 9"
is "reading with RWF_NOWAIT never has to wait" \
	"$(tests/helpers/calls "$dev" rdwr "preadv2 $((page + 9)) 0 nowait")" 9

is "fsync and fdatasync succeed" \
	"$(tests/helpers/calls "$dev" rdwr fsync fdatasync)" "0 0"
ok "O_SYNC, and fsync at the end of a copy" \
	dd if="$part" of="$dev" bs=64k oflag=sync conv=fsync
check "arrive" "$dev"

is "O_DIRECT takes any length and position" "$(
	tests/helpers/calls "$dev" rdwr,direct "write 13" "pread 10 1" "pwrite 7 3"
)" "13 10 7"
ok "a copy with O_DIRECT in" dd if="$part" of="$dev" bs=64k oflag=direct
ok "and out" dd if="$dev" of="$file" bs=64k iflag=direct
check "is one" "$file"

like "sendfile to the device" "$(
	xfs_io -c "sendfile -i $part 0 $part_size" "$dev" | head -1
)" "sent $part_size/$part_size bytes .*"
like "and from it" "$(
	xfs_io -c "sendfile -i $dev 0 $part_size" "$file" | head -1
)" "sent $part_size/$part_size bytes .*"
check "moves the same bytes" "$file"

cat "$part" >"$dev"
is "sendfile ends where the device does" "$(
	xfs_io -c "sendfile -i $dev $((part_size - 10)) 100" "$file" | head -1
)" "sent 10/100 bytes at offset $((part_size - 10))"

# a pipe on either side, which holds pages of any fill
is "splice from a pipe" "$(
	head -c "$part_size" "$part" |
		tests/helpers/calls "$dev" rdwr,trunc "splice-in $part_size"
)" "$part_size"
tests/helpers/calls "$dev" rdonly "splice-out $((part_size + 1))" \
	3>&1 >"$scratch/said" | cat >"$file"
is "and into one, up to the end" "$(cat "$scratch/said")" "$part_size"
check "moves the same bytes" "$file"

# FILE: data and a hole, from an odd position on, from a hole on, and past the end
pipe_holes()
{
	tests/helpers/calls "$1" rdwr,trunc "pwrite 9000 5" \
		"pwrite 10 $((40 * page + 77))" >"$scratch/said"
	for position in 0 3 $((20 * page + 1)) $((40 * page + 80)) \
		$((40 * page + 87)) $((50 * page)); do
		{ tests/helpers/calls "$1" rdonly "lseek $position set" \
			"splice-out $((99 * page))" "lseek 0 cur" \
			3>&1 >&4 | cksum; } 4>&1
	done
}
is "splice reads data and holes from any position, as on tmpfs" \
	"$(pipe_holes "$dev")" "$(pipe_holes "$file")"
is "splice fills no hole" "$(attribute quanta 1)" $((9004 / page + 2))
: >"$dev"
: >"$file"

# between a file and a device the kernel does not copy; cat and cp know
is "copy_file_range to the device sends programs to read and write" \
	"$(xfs_io -c "copy_range -l $page $part" "$dev" 2>&1)" \
	"copy_range: Invalid argument"
is "from it, too" \
	"$(xfs_io -c "copy_range -l $page $dev" "$file" 2>&1)" \
	"copy_range: Invalid argument"
ok "which is what cp does" cp "$part" "$dev"
ok "both ways" cp "$dev" "$file"
ok "with the same bytes" cmp "$part" "$file"
cat "$dev" >/dev/scullv2
check "and cat from a device to the next" /dev/scullv2

# -- opens --

printf 'to be kept\n' >"$dev"
printf 'TO' 1<>"$dev"
is "who opens for reading and writing finds what was there" "$(cat "$dev")" \
	"TO be kept"

exec 3<>"$dev"
exec 4<"$dev"
printf 'One writes\n' >&3
is "what one open file writes another reads" "$(head -1 <&4)" "One writes"
printf 'more' >&3
is "and reads on" "$(cat <&4)" more
exec 3>&- 4>&-

# An offset shared by processes: no write may go where another one goes.
yes aaaaaaa | head -n 20000 >"$scratch/a"
yes bbbbbbb | head -n 20000 >"$scratch/b"
for copy in "$dev" "$file"; do
	(
		echo first
		dd if="$scratch/a" bs=8 status=none &
		dd if="$scratch/b" bs=8 status=none
		wait
	) >"$copy"
	is "commands with one output write behind each other: ${copy%/*}" \
		"$(sort "$copy" | uniq -c | tr -s ' \n' ' ')" \
		" 20000 aaaaaaa 20000 bbbbbbb 1 first "
done
for copy in "$dev" "$file"; do
	(
		read -r _
		dd bs=8 of="$scratch/read-a" status=none &
		dd bs=8 of="$scratch/read-b" status=none
		wait
	) <"$copy"
	is "and with one input they share it out: ${copy%/*}" \
		"$(sort "$scratch/read-a" "$scratch/read-b" | uniq -c |
			tr -s ' \n' ' ')" " 20000 aaaaaaa 20000 bbbbbbb "
done

done_testing
