#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Seeking, holes, and positions far away.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
file=$scratch/file
: >"$file"

# With quanta of one page a device has its holes where tmpfs has them.
load order=0,4,0,9 qset=4,500,1,500
dev=/dev/scullv0

as_tmpfs "SEEK_SET, SEEK_CUR and SEEK_END" "10 5 12 7 10 4" \
	rdwr,trunc "write 10" "lseek 5 set" "lseek 7 cur" "lseek -5 cur" \
	"lseek 0 end" "lseek -6 end"
as_tmpfs "never to before the start" "10 EINVAL EINVAL EINVAL 10" \
	rdwr,trunc "write 10" "lseek -1 set" "lseek -11 cur" "lseek -11 end" \
	"lseek 0 cur"
as_tmpfs "nor by a whence that there is not" "10 EINVAL 10" \
	rdwr,trunc "write 10" "lseek 0 bad" "lseek 0 cur"
as_tmpfs "past the end is no error, and makes nothing longer" "10 110 0 10" \
	rdwr,trunc "write 10" "lseek 100 end" "read 1" "lseek 0 end"
as_tmpfs "until something is written there" "10 1 101 101" \
	rdwr,trunc "write 10" "pwrite 1 100" "lseek 0 end" "pread 200 0"

# -- holes --

as_tmpfs "an empty one has neither data nor hole" "ENXIO ENXIO ENXIO ENXIO 0" \
	rdwr,trunc "lseek 0 data" "lseek 0 hole" "lseek 1 data" "lseek 1 hole" \
	"lseek 0 cur"

# Data, a hole of nine quanta, which reaches over two ends of items, and a byte
data=$((10 * page))
size=$((data + 1))
as_tmpfs "data, a hole and a byte" "$page 1 $size" \
	rdwr,trunc "pwrite $page 0" "pwrite 1 $data" "lseek 0 end"
is "take two quanta" "$(attribute quanta)" 2
as_tmpfs "data is where it is" "0 7 $((page - 1)) $data" \
	rdonly "lseek 0 data" "lseek 7 data" "lseek $((page - 1)) data" \
	"lseek $data data"
as_tmpfs "and from a hole on the next there is" "$data $data $data" \
	rdonly "lseek $page data" "lseek $((5 * page + 7)) data" \
	"lseek $((data - 1)) data"
as_tmpfs "a hole starts where a quantum ends" "$page $page $page" \
	rdonly "lseek 0 hole" "lseek 7 hole" "lseek $((page - 1)) hole"
as_tmpfs "a hole is where it is" "$page $((page + 7)) $((data - 1))" \
	rdonly "lseek $page hole" "lseek $((page + 7)) hole" \
	"lseek $((data - 1)) hole"
as_tmpfs "and, at last, at the end" "$size" rdonly "lseek $data hole"
as_tmpfs "past which there is nothing" "ENXIO ENXIO ENXIO ENXIO" \
	rdonly "lseek $size data" "lseek $size hole" "lseek $((size + 1)) data" \
	"lseek $((1 << 40)) hole"
as_tmpfs "nor is before the start" "ENXIO ENXIO" \
	rdonly "lseek -1 data" "lseek -1 hole"
as_tmpfs "they move the position, errors do not" "$data $data ENXIO $data" \
	rdonly "lseek $page data" "lseek 0 cur" "lseek $size hole" "lseek 0 cur"

{
	head -c "$page" /dev/zero | tr '\0' x
	head -c $((9 * page)) /dev/zero
	printf x
} >"$scratch/wanted"
ok "holes read as zeros" cmp "$scratch/wanted" "$dev"

# the middle of a read is in the hole, and its two ends are not
as_tmpfs "a read goes through" "$((data - 9))" rdonly "pread $size 10"
is "and does not fill it" "$(attribute quanta)" 2

# Only quanta that were never written are holes, not those that hold zeros
dd if=/dev/zero of="$dev" bs="$page" count=3 status=none
is "zeros that were written are data" \
	"$(tests/helpers/calls "$dev" rdonly "lseek 0 data" "lseek 0 hole")" \
	"0 $((3 * page))"

# The rest of a quantum was zeroed, even if the memory had been used before.
yes | head -c $((64 * page)) >"$dev"
: >"$dev"
tests/helpers/calls "$dev" rdwr "pwrite 1 $((page - 1))" "pwrite 1 $((2 * page))" \
	>"$scratch/said"
{
	head -c $((page - 1)) /dev/zero
	printf x
	head -c "$page" /dev/zero
	printf x
} >"$scratch/wanted"
ok "what was never written in a quantum is zeros" cmp "$scratch/wanted" "$dev"

# -- many items, each with a hole --

dev=/dev/scullv2
tests/helpers/calls "$dev" rdwr "pwrite 1 $((2 * page))" "pwrite 1 $((900 * page))" \
	"pwrite 1 $((5000 * page))" >"$scratch/said"
holes()
{
	xfs_io -r -c "seek -a -r $1" "$dev" | tr -s ' \t\n' ' '
}
is "SEEK_DATA and SEEK_HOLE find all of them" "$(holes 0)" \
	"Whence Result HOLE 0 DATA $((2 * page)) HOLE $((3 * page)) DATA $((
	900 * page)) HOLE $((901 * page)) DATA $((5000 * page)) HOLE $((
	5000 * page + 1)) "
is "each took a quantum" "$(attribute quanta 2)" 3

# quanta of 16 pages, with the book's qset
dev=/dev/scullv1
quantum=$((16 * page))
tests/helpers/calls "$dev" rdwr "pwrite 5 $((3 * quantum + 99))" \
	"pwrite 5 $((1600 * quantum))" "pwrite 1 $((1602 * quantum - 1))" \
	>"$scratch/said"
is "holes have the size of quanta, whatever that is" "$(holes 0)" \
	"Whence Result HOLE 0 DATA $((3 * quantum)) HOLE $((4 * quantum)) DATA $((
	1600 * quantum)) HOLE $((1602 * quantum)) "
is "and each of them takes all of its own" "$(attribute quanta 1)" 3

# many without a hole between
dev=/dev/scullv0
head -c $((1100 * page)) /dev/zero >"$dev"
tests/helpers/calls "$dev" rdwr "pwrite 1 $((1101 * page))" >"$scratch/said"
is "the hole behind 1100 quanta is found" "$(
	tests/helpers/calls "$dev" rdonly "lseek 1 hole" "lseek $((1101 * page)) hole"
)" "$((1100 * page)) $((1101 * page + 1))"
: >"$dev"

# -- far away --

tera=$((1 << 40))
# an offset has 64 bits, the number of a page as many as a long
if [ "$(getconf LONG_BIT)" = 64 ]; then
	end=9223372036854775807
else
	end=$((0xffffffff * page))
fi
last=$((end - 1))	# the last position there can be a byte at

: >/dev/scullv1
: >/dev/scullv2
for n in 0 1 2 3; do
	dev=/dev/scullv$n
	geometry="order $(attribute order $n), qset $(attribute qset $n)"

	is "$geometry: a byte at 1 TiB" \
		"$(tests/helpers/calls "$dev" rdwr,trunc "pwrite 1 $tera" \
			"lseek 0 end" "lseek 0 data" "pread 2 $tera")" \
		"1 $((tera + 1)) $tera 1"
	is "$geometry: costs one quantum" "$(attribute quanta $n)" 1
	is "$geometry: in one item" \
		"$(grep -c '  item at .*, index' /proc/scullvmem)" 1

	is "$geometry: the last byte there can be" \
		"$(tests/helpers/calls "$dev" rdwr,trunc "pwrite 1 $last" \
			"lseek 0 end" "pread 1 $last")" "1 $end 1"
	is "$geometry: costs one quantum" "$(attribute quanta $n)" 1
	is "$geometry: in one item" \
		"$(grep -c '  item at .*, index' /proc/scullvmem)" 1
	# tmpfs has an overflow here: it finds nothing
	is "$geometry: and is found" "$(
		tests/helpers/calls "$dev" rdonly "lseek 0 hole" "lseek $last data" \
			"lseek $last hole" "lseek $end data" "lseek $end hole"
	)" "0 $last $end ENXIO ENXIO"
	quantum=$((page << $(attribute order $n)))
	is "$geometry: from far away" \
		"$(tests/helpers/calls "$dev" rdonly "lseek 0 data")" \
		$((last / quantum * quantum))
	: >"$dev"
done

dev=/dev/scullv0
: >"$file"
as_tmpfs "the last byte" "1 $end 1" \
	rdwr "pwrite 1 $last" "lseek 0 end" "pread 1 $last"
if [ "$(getconf LONG_BIT)" = 64 ]; then
	as_tmpfs "what would reach past it is refused" \
		"EINVAL EINVAL EINVAL EINVAL" rdwr "pwrite 2 $last" \
		"pwrite 1 $end" "pread 2 $last" "pread 1 $end"
else
	as_tmpfs "what would reach past it is cut, what begins there EFBIG" \
		"1 EFBIG EFBIG 1 0" rdwr "pwrite 2 $last" "pwrite 1 $end" \
		"pwrite 1 $((1 << 50))" "pread 2 $last" "pread 1 $end"
	# tmpfs has an overflow here: it finds the first byte
	is "there is nothing to read either" \
		"$(tests/helpers/calls "$dev" rdonly "pread 1 $((1 << 50))")" 0
fi
as_tmpfs "what reaches up to it is not" "10 10 1" \
	rdwr "pread 10 $((last - 9))" "pwrite 10 $((last - 9))" \
	"preadv2 1 $last"
as_tmpfs "nor is nothing at all" "0 0" rdwr "pwrite 0 $end" "pread 0 $end"
as_tmpfs "seeking goes up to the end" "$end $end $last" \
	rdonly "lseek $end set" "lseek 0 end" "lseek -1 cur"
as_tmpfs "and not further" "$end EINVAL EINVAL $end" \
	rdonly "lseek $end set" "lseek 1 end" "lseek 1 cur" "lseek 0 cur"
as_tmpfs "there is nothing to append to: EFBIG" "EFBIG EFBIG 0 $end" \
	rdwr,append "write 1" "write 100" "write 0" "lseek 0 end"
as_tmpfs "an append that fits in part is done in part" "1 4 EFBIG $end" \
	rdwr,trunc "pwrite 1 $((end - 5))" "pwritev2 10 0 append" \
	"pwritev2 10 0 append" "lseek 0 end"

done_testing
