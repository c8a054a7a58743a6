#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Reads and writes of all kinds return the data and results of a tmpfs file.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
file=$scratch/file
part=$scratch/part
big=$scratch/big

# an item has 32,768,000 bytes, as in the book
qset=$((500 * 4096 / page))

# data: repeated copies of the guest's programs
length=$(clamp_to_vmalloc 70)000003
cat /usr/bin/bash /usr/bin/fio >"$part"
part_size=$(stat -c %s "$part")
# shellcheck disable=SC2046 # one name, repeated
cat $(yes "$part" | head -n $((length / part_size + 1))) >"$big"
truncate -s "$length" "$big"

# four geometries, from an item of one page to one of 3 * 512 pages
load order=4,0,0,9 qset=$qset,1,7,3 alloc=vmalloc,vmalloc,pages,huge
dev=/dev/scullv0

# -- several items --

cat "$big" >"$dev"
is "the size is that of the $length bytes written" "$(attribute size)" "$length"
is "$length bytes take as many quanta as they need" "$(attribute quanta)" \
	$((length / (16 * page) + 1))
ok "a read of $length bytes returns the data written" cmp "$big" "$dev"

truncate -s 40000000 "$big"
is "one write larger than an item is complete" \
	"$(tests/helpers/calls "$dev" wronly "write 40000000" <"$big")" 40000000
ok "one write larger than an item stores its data" cmp "$big" "$dev"
is "one read larger than an item is complete" \
	"$(tests/helpers/calls "$dev" rdonly "read 40000001" 3>"$file")" 40000000
ok "one read larger than an item returns the data" cmp "$big" "$file"

# byte by byte across the end of an item, past a hole
: >"$dev"
end=$((qset * 16 * page))
dd if="$big" bs=1 count=3000 of="$dev" seek=$((end - 2000)) status=none
is "single-byte writes across the end of an item store their data" \
	"$(tail -c 3000 "$dev" | b2sum)" "$(head -c 3000 "$big" | b2sum)"
is "single-byte reads across the end of an item return the data" \
	"$(dd if="$dev" bs=1 skip=$((end - 2000)) status=none | b2sum)" \
	"$(head -c 3000 "$big" | b2sum)"
is "single-byte writes across the end of an item take two quanta" \
	"$(attribute quanta)" 2

# -- every geometry with odd sizes of reads and writes --

odd="1 4095 4097 65535 65537 1048579"
odd_sum=$((1 + 4095 + 4097 + 65535 + 65537 + 1048579))

# "read"|"write" FLAG: $rounds calls of each odd size
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
	complete=$odd
	for _ in $(seq 2 $rounds); do
		complete="$complete $odd"
	done

	is "$geometry: writes of odd sizes are complete" \
		"$(in_odd_sizes write wronly <"$big")" "$complete"
	ok "$geometry: writes of odd sizes store their data" cmp "$big" "$dev"
	is "$geometry: writes of odd sizes take as many quanta as they need" \
		"$(attribute quanta $n)" $quanta
	is "$geometry: reads of odd sizes are complete" \
		"$(in_odd_sizes read rdonly 3>"$file")" "$complete"
	ok "$geometry: reads of odd sizes return the data" cmp "$big" "$file"

	for copy in "$dev" "$file"; do
		tests/helpers/calls "$copy" rdwr "pwrite 99999 $((quantum - 777))"
	done >"$scratch/output"
	ok "$geometry: an overwrite changes its range only" cmp "$file" "$dev"
	is "$geometry: an overwrite takes no memory" "$(attribute quanta $n)" $quanta

	is "$geometry: one write across quanta is complete" \
		"$(tests/helpers/calls "$dev" wronly "write $length" <"$big")" $length
	ok "$geometry: one write across quanta stores its data" cmp "$big" "$dev"
	: >"$dev"
done
rm "$big"

# -- the end of data and lengths of 0 --

dev=/dev/scullv1
: >"$file"

as_tmpfs "a read of an empty device returns 0" "0 0 0" \
	rdwr,trunc "read 10" "pread 10 5" "pread 10 1000000000"
as_tmpfs "a read at the end returns 0" "10 0 0" \
	rdwr,trunc "write 10" "read 10" "read 1"
as_tmpfs "a read across the end is short" "10 3 0" \
	rdwr,trunc "write 10" "pread 10 7" "pread 10 10"
as_tmpfs "a write of 0 bytes returns 0 and does not extend the device" "0 0 0" \
	rdwr,trunc "write 0" "pwrite 0 5000" "lseek 0 end"
is "a write of 0 bytes takes no memory" "$(attribute quanta 1)" 0
as_tmpfs "a read of 0 bytes returns 0" "10 0 10" \
	rdwr,trunc "write 10" "pread 0 0" "lseek 0 cur"
as_tmpfs "a write fails with EBADF after a read-only open" "EBADF 10 EBADF" \
	rdonly "write 10" "read 10" "pwrite 1 0"
as_tmpfs "a read fails with EBADF after a write-only open" "EBADF 10 EBADF" \
	wronly,trunc "read 10" "write 10" "pread 1 0"

# -- other calls that read and write --

# DESCRIPTION FILE: FILE has the data; trims the device and truncates the file
check_data()
{
	ok "$1" cmp "$part" "$2"
	: >"$dev"
	: >"$file"
}

# tests/helpers/calls writes the data that it reads to descriptor 3
is "pwritev2 writes from three buffers" \
	"$(tests/helpers/calls "$dev" rdwr "pwritev2 $part_size 0" <"$part")" \
	"$part_size"
is "preadv2 reads into three buffers" \
	"$(tests/helpers/calls "$dev" rdonly "preadv2 $part_size 0" 3>"$file")" \
	"$part_size"
check_data "preadv2 returns the data that pwritev2 wrote" "$file"

is "pwritev2 at offset -1 advances the position" \
	"$(tests/helpers/calls "$dev" rdwr "pwritev2 9 -1" "lseek 0 cur")" "9 9"
is "preadv2 at offset -1 advances the position" \
	"$(tests/helpers/calls "$dev" rdwr "preadv2 9 -1" "lseek 0 cur")" "9 9"
as_tmpfs "pwritev2 with RWF_DSYNC succeeds" "9" rdwr,trunc "pwritev2 9 0 dsync"

# four buffers of an odd size; xfs_io prints the total
like "pwritev of four buffers at an odd position is complete" "$(
	xfs_io -c "pwrite -V 4 -b 4099 4093 16396" "$dev" | head -1
)" "wrote 16396/16396 bytes at offset 4093"
like "preadv of four buffers at an odd position is complete" "$(
	xfs_io -c "pread -V 4 -b 4099 4093 16396" "$dev" | head -1
)" "read 16396/16396 bytes at offset 4093"

: >"$dev"
is "an RWF_NOWAIT write into a hole fails with EAGAIN and writes nothing" \
	"$(tests/helpers/calls "$dev" rdwr "pwritev2 9 0 nowait" "lseek 0 end")" \
	"EAGAIN 0"
is "an RWF_NOWAIT write to existing data succeeds" \
	"$(tests/helpers/calls "$dev" rdwr "write 9" "pwritev2 9 0 nowait")" "9 9"
is "an RWF_NOWAIT write from a quantum into a hole fails with EAGAIN" \
	"$(tests/helpers/calls "$dev" rdwr "pwritev2 9 $((page - 4)) nowait" \
		"lseek 0 end")" "EAGAIN 9"
is "an RWF_NOWAIT read succeeds" \
	"$(tests/helpers/calls "$dev" rdwr "preadv2 $((page + 9)) 0 nowait")" 9

is "fsync and fdatasync succeed" \
	"$(tests/helpers/calls "$dev" rdwr fsync fdatasync)" "0 0"
ok "a copy with O_SYNC and fsync succeeds" \
	dd if="$part" of="$dev" bs=64k oflag=sync conv=fsync
check_data "a copy with O_SYNC stores the data" "$dev"

is "O_DIRECT accepts any length and position" "$(
	tests/helpers/calls "$dev" rdwr,direct "write 13" "pread 10 1" "pwrite 7 3"
)" "13 10 7"
ok "a copy to the device with O_DIRECT succeeds" \
	dd if="$part" of="$dev" bs=64k oflag=direct
ok "a copy from the device with O_DIRECT succeeds" \
	dd if="$dev" of="$file" bs=64k iflag=direct
check_data "copies with O_DIRECT keep the data" "$file"

like "sendfile to the device is complete" "$(
	xfs_io -c "sendfile -i $part 0 $part_size" "$dev" | head -1
)" "sent $part_size/$part_size bytes .*"
like "sendfile from the device is complete" "$(
	xfs_io -c "sendfile -i $dev 0 $part_size" "$file" | head -1
)" "sent $part_size/$part_size bytes .*"
check_data "sendfile keeps the data" "$file"

cat "$part" >"$dev"
is "sendfile ends at the end of the device" "$(
	xfs_io -c "sendfile -i $dev $((part_size - 10)) 100" "$file" | head -1
)" "sent 10/100 bytes at offset $((part_size - 10))"

# the pages of a pipe are filled in part
is "splice from a pipe is complete" "$(
	head -c "$part_size" "$part" |
		tests/helpers/calls "$dev" rdwr,trunc "splice-in $part_size"
)" "$part_size"
for pages in 1 5 16 64; do
	tests/helpers/calls "$dev" rdonly "pipe-size $((pages * page))" \
		"splice-out $((part_size + 1))" 3>&1 >"$scratch/output" | cat >"$file"
	is "splice into a pipe of $pages pages ends at the end of the device" \
		"$(sed 's/.* //' "$scratch/output")" "$part_size"
	ok "splice into a pipe of $pages pages keeps the data" cmp "$part" "$file"
done
: >"$dev"

# newer kernels read into pages of the kernel then
tests/helpers/calls "$dev" rdwr,direct,trunc "write $part_size" <"$part" >"$scratch/output"
tests/helpers/calls "$dev" rdonly,direct "splice-out $((part_size + 1))" 3>&1 \
	>"$scratch/output" | cat >"$file"
ok "splice from a device opened with O_DIRECT keeps the data" cmp "$part" "$file"
: >"$dev"

# FILE: splices from data, from a hole, from odd positions and from past the end
pipe_holes()
{
	tests/helpers/calls "$1" rdwr,trunc "pwrite 9000 5" \
		"pwrite 10 $((40 * page + 77))" >"$scratch/output"
	for position in 0 3 $((20 * page + 1)) $((40 * page + 80)) \
		$((40 * page + 87)) $((50 * page)); do
		{ tests/helpers/calls "$1" rdonly "lseek $position set" \
			"splice-out $((99 * page))" "lseek 0 cur" \
			3>&1 >&4 | cksum; } 4>&1
	done
}
is "splice reads data and holes from any position, as on tmpfs" \
	"$(pipe_holes "$dev")" "$(pipe_holes "$file")"
is "splice allocates no quantum for a hole" "$(attribute quanta 1)" $((9004 / page + 2))
: >"$dev"
: >"$file"

# the kernel refuses copy_file_range() for devices; cat and cp fall back to read()
is "copy_file_range to the device fails with EINVAL" \
	"$(xfs_io -c "copy_range -l $page $part" "$dev" 2>&1)" \
	"copy_range: Invalid argument"
is "copy_file_range from the device fails with EINVAL" \
	"$(xfs_io -c "copy_range -l $page $dev" "$file" 2>&1)" \
	"copy_range: Invalid argument"
ok "cp to the device succeeds" cp "$part" "$dev"
ok "cp from the device succeeds" cp "$dev" "$file"
ok "cp to and from the device keeps the data" cmp "$part" "$file"
cat "$dev" >/dev/scullv2
check_data "cat from one device to another keeps the data" /dev/scullv2

# -- several open files --

printf 'to be kept\n' >"$dev"
printf 'TO' 1<>"$dev"
is "opening for reading and writing keeps existing data" "$(cat "$dev")" \
	"TO be kept"

exec 3<>"$dev"
exec 4<"$dev"
printf 'One writes\n' >&3
is "an open file reads what another one wrote" "$(head -1 <&4)" "One writes"
printf 'more' >&3
is "an open file reads on after another write" "$(cat <&4)" more
exec 3>&- 4>&-

# Processes that share a file offset do not overwrite each other's data.
yes aaaaaaa | head -n 20000 >"$scratch/a"
yes bbbbbbb | head -n 20000 >"$scratch/b"
for copy in "$dev" "$file"; do
	(
		echo first
		dd if="$scratch/a" bs=8 status=none &
		dd if="$scratch/b" bs=8 status=none
		wait
	) >"$copy"
	is "no write at a shared offset is overwritten, in ${copy%/*}" \
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
	is "each record is read once at a shared offset, in ${copy%/*}" \
		"$(sort "$scratch/read-a" "$scratch/read-b" | uniq -c |
			tr -s ' \n' ' ')" " 20000 aaaaaaa 20000 bbbbbbb "
done

done_testing
