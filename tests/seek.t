#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# lseek(), holes, and large offsets.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
file=$scratch/file
: >"$file"

# With quanta of one page a device has the holes that tmpfs has.
load order=0,4,0,9 qset=4,500,1,500
dev=/dev/scullv0

as_tmpfs "SEEK_SET, SEEK_CUR and SEEK_END return the new position" "10 5 12 7 10 4" \
	rdwr,trunc "write 10" "lseek 5 set" "lseek 7 cur" "lseek -5 cur" \
	"lseek 0 end" "lseek -6 end"
as_tmpfs "a seek to before the start fails with EINVAL" "10 EINVAL EINVAL EINVAL 10" \
	rdwr,trunc "write 10" "lseek -1 set" "lseek -11 cur" "lseek -11 end" \
	"lseek 0 cur"
as_tmpfs "a seek with an invalid whence fails with EINVAL" "10 EINVAL 10" \
	rdwr,trunc "write 10" "lseek 0 bad" "lseek 0 cur"
as_tmpfs "a seek past the end succeeds and does not change the size" "10 110 0 10" \
	rdwr,trunc "write 10" "lseek 100 end" "read 1" "lseek 0 end"
as_tmpfs "a write past the end moves the end" "10 1 101 101" \
	rdwr,trunc "write 10" "pwrite 1 100" "lseek 0 end" "pread 200 0"

# -- holes --

as_tmpfs "SEEK_DATA and SEEK_HOLE fail with ENXIO on an empty device" \
	"ENXIO ENXIO ENXIO ENXIO 0" \
	rdwr,trunc "lseek 0 data" "lseek 0 hole" "lseek 1 data" "lseek 1 hole" \
	"lseek 0 cur"

as_tmpfs "SEEK_DATA moves to the start" "10 0 10" \
	rdwr,trunc "write 10" "lseek 0 data" "read 20"
as_tmpfs "SEEK_HOLE moves to the start" "1 9 0 20" \
	rdwr,trunc "pwrite 1 $page" "lseek 9 set" "lseek 0 hole" "read 20"

# data, a hole of nine quanta across the ends of two items, and one byte
data=$((10 * page))
size=$((data + 1))
as_tmpfs "a byte past a hole sets the size" "$page 1 $size" \
	rdwr,trunc "pwrite $page 0" "pwrite 1 $data" "lseek 0 end"
is "data and a byte past a hole take two quanta" "$(attribute quanta)" 2
as_tmpfs "SEEK_DATA in data returns the position itself" "0 7 $((page - 1)) $data" \
	rdonly "lseek 0 data" "lseek 7 data" "lseek $((page - 1)) data" \
	"lseek $data data"
as_tmpfs "SEEK_DATA in a hole returns the next data" "$data $data $data $data $data" \
	rdonly "lseek $page data" "lseek $((3 * page)) data" \
	"lseek $((5 * page + 7)) data" "lseek $((7 * page)) data" \
	"lseek $((data - 1)) data"
as_tmpfs "SEEK_HOLE in data returns the end of the quantum" "$page $page $page" \
	rdonly "lseek 0 hole" "lseek 7 hole" "lseek $((page - 1)) hole"
as_tmpfs "SEEK_HOLE in a hole returns the position itself" \
	"$page $((page + 7)) $((data - 1))" \
	rdonly "lseek $page hole" "lseek $((page + 7)) hole" \
	"lseek $((data - 1)) hole"
as_tmpfs "SEEK_HOLE in the last data returns the end" "$size" rdonly "lseek $data hole"
as_tmpfs "SEEK_DATA and SEEK_HOLE fail with ENXIO from the end on" \
	"ENXIO ENXIO ENXIO ENXIO" \
	rdonly "lseek $size data" "lseek $size hole" "lseek $((size + 1)) data" \
	"lseek $((1 << 40)) hole"
as_tmpfs "SEEK_DATA and SEEK_HOLE fail with ENXIO before the start" "ENXIO ENXIO" \
	rdonly "lseek -1 data" "lseek -1 hole"
as_tmpfs "SEEK_DATA and SEEK_HOLE set the position unless they fail" \
	"$data $data ENXIO $data" \
	rdonly "lseek $page data" "lseek 0 cur" "lseek $size hole" "lseek 0 cur"

{
	head -c "$page" /dev/zero | tr '\0' x
	head -c $((9 * page)) /dev/zero
	printf x
} >"$scratch/expected"
ok "holes read as zeros" cmp "$scratch/expected" "$dev"

# a read that begins and ends in data
as_tmpfs "a read across a hole is complete" "$((data - 9))" rdonly "pread $size 10"
is "a read across a hole allocates no quantum" "$(attribute quanta)" 2

# a quantum of zeros is no hole
dd if=/dev/zero of="$dev" bs="$page" count=3 status=none
is "SEEK_DATA and SEEK_HOLE take written zeros for data" \
	"$(tests/helpers/calls "$dev" rdonly "lseek 0 data" "lseek 0 hole")" \
	"0 $((3 * page))"

# A quantum is zeroed, even if its memory was used before.
yes | head -c $((64 * page)) >"$dev"
: >"$dev"
tests/helpers/calls "$dev" rdwr "pwrite 1 $((page - 1))" "pwrite 1 $((2 * page))" \
	>"$scratch/output"
{
	head -c $((page - 1)) /dev/zero
	printf x
	head -c "$page" /dev/zero
	printf x
} >"$scratch/expected"
ok "unwritten bytes of a quantum read as zeros" cmp "$scratch/expected" "$dev"

# -- many items with holes --

dev=/dev/scullv2
tests/helpers/calls "$dev" rdwr "pwrite 1 $((2 * page))" "pwrite 1 $((900 * page))" \
	"pwrite 1 $((5000 * page))" >"$scratch/output"
holes()
{
	xfs_io -r -c "seek -a -r $1" "$dev" | tr -s ' \t\n' ' '
}
is "SEEK_DATA and SEEK_HOLE find all holes of many items" "$(holes 0)" \
	"Whence Result HOLE 0 DATA $((2 * page)) HOLE $((3 * page)) DATA $((
	900 * page)) HOLE $((901 * page)) DATA $((5000 * page)) HOLE $((
	5000 * page + 1)) "
is "three distant bytes take three quanta" "$(attribute quanta 2)" 3

# quanta of 16 pages, with the book's qset
dev=/dev/scullv1
quantum=$((16 * page))
tests/helpers/calls "$dev" rdwr "pwrite 5 $((3 * quantum + 99))" \
	"pwrite 5 $((1600 * quantum))" "pwrite 1 $((1602 * quantum - 1))" \
	>"$scratch/output"
is "holes begin and end at quanta of 16 pages" "$(holes 0)" \
	"Whence Result HOLE 0 DATA $((3 * quantum)) HOLE $((4 * quantum)) DATA $((
	1600 * quantum)) HOLE $((1602 * quantum)) "
is "three distant bytes take three quanta of 16 pages" "$(attribute quanta 1)" 3

# many quanta without a hole
dev=/dev/scullv0
head -c $((1100 * page)) /dev/zero >"$dev"
tests/helpers/calls "$dev" rdwr "pwrite 1 $((1101 * page))" >"$scratch/output"
is "SEEK_HOLE finds the hole past 1100 quanta" "$(
	tests/helpers/calls "$dev" rdonly "lseek 1 hole" "lseek $((1101 * page)) hole"
)" "$((1100 * page)) $((1101 * page + 1))"
: >"$dev"

# -- large offsets --

tera=$((1 << 40))
# an offset has 64 bits, a page number those of a long
if [ "$(getconf LONG_BIT)" = 64 ]; then
	end=9223372036854775807
else
	end=$((0xffffffff * page))
fi
last=$((end - 1))	# the offset of the last possible byte

: >/dev/scullv1
: >/dev/scullv2
for n in 0 1 2 3; do
	dev=/dev/scullv$n
	geometry="order $(attribute order $n), qset $(attribute qset $n)"

	is "$geometry: a byte at 1 TiB can be written, found and read" \
		"$(tests/helpers/calls "$dev" rdwr,trunc "pwrite 1 $tera" \
			"lseek 0 end" "lseek 0 data" "pread 2 $tera")" \
		"1 $((tera + 1)) $tera 1"
	is "$geometry: an RWF_NOWAIT write finds the byte at 1 TiB, and a hole at 4 GiB" \
		"$(tests/helpers/calls "$dev" rdwr "pwritev2 1 $tera nowait" \
			"pwritev2 1 $((1 << 32)) nowait")" "1 EAGAIN"
	is "$geometry: a byte at 1 TiB takes one quantum" "$(attribute quanta $n)" 1
	is "$geometry: a byte at 1 TiB takes one item" \
		"$(grep -c '  item at .*, index' /proc/scullvmem)" 1

	is "$geometry: the last possible byte can be written and read" \
		"$(tests/helpers/calls "$dev" rdwr,trunc "pwrite 1 $last" \
			"lseek 0 end" "pread 1 $last")" "1 $end 1"
	is "$geometry: the last possible byte takes one quantum" \
		"$(attribute quanta $n)" 1
	is "$geometry: the last possible byte takes one item" \
		"$(grep -c '  item at .*, index' /proc/scullvmem)" 1
	# an overflow in tmpfs: it finds nothing
	is "$geometry: SEEK_DATA and SEEK_HOLE work at the last possible byte" "$(
		tests/helpers/calls "$dev" rdonly "lseek 0 hole" "lseek $last data" \
			"lseek $last hole" "lseek $end data" "lseek $end hole"
	)" "0 $last $end ENXIO ENXIO"
	quantum=$((page << $(attribute order $n)))
	is "$geometry: SEEK_DATA from the start finds the last possible byte" \
		"$(tests/helpers/calls "$dev" rdonly "lseek 0 data")" \
		$((last / quantum * quantum))
	: >"$dev"
done

dev=/dev/scullv0
: >"$file"
as_tmpfs "the last possible byte can be written and read" "1 $end 1" \
	rdwr "pwrite 1 $last" "lseek 0 end" "pread 1 $last"
if [ "$(getconf LONG_BIT)" = 64 ]; then
	as_tmpfs "reads and writes past the largest offset fail with EINVAL" \
		"EINVAL EINVAL EINVAL EINVAL" rdwr "pwrite 2 $last" \
		"pwrite 1 $end" "pread 2 $last" "pread 1 $end"
else
	as_tmpfs "reads and writes are short at the largest offset, writes past it fail" \
		"1 EFBIG EFBIG 1 0" rdwr "pwrite 2 $last" "pwrite 1 $end" \
		"pwrite 1 $((1 << 50))" "pread 2 $last" "pread 1 $end"
	# an overflow in tmpfs: it reads the first byte
	is "a read past the largest offset returns 0" \
		"$(tests/helpers/calls "$dev" rdonly "pread 1 $((1 << 50))")" 0
fi
as_tmpfs "reads and writes up to the largest offset are complete" "10 10 1" \
	rdwr "pread 10 $((last - 9))" "pwrite 10 $((last - 9))" \
	"preadv2 1 $last"
as_tmpfs "a read 4 GiB before the end is complete" "1 100 100" rdwr,trunc \
	"pwrite 1 $((0x1ffffffff))" "pread 100 0" "pread 100 $((1 << 32))"
as_tmpfs "the last possible byte can be written again" 1 rdwr "pwrite 1 $last"
as_tmpfs "reads and writes of 0 bytes at the largest offset succeed" \
	"0 0" rdwr "pwrite 0 $end" "pread 0 $end"
as_tmpfs "a seek to the largest offset succeeds" "$end $end $last" \
	rdonly "lseek $end set" "lseek 0 end" "lseek -1 cur"
as_tmpfs "a seek past the largest offset fails with EINVAL" "$end EINVAL EINVAL $end" \
	rdonly "lseek $end set" "lseek 1 end" "lseek 1 cur" "lseek 0 cur"
as_tmpfs "an append at the largest offset fails with EFBIG" "EFBIG EFBIG 0 $end" \
	rdwr,append "write 1" "write 100" "write 0" "lseek 0 end"
as_tmpfs "an append across the largest offset is short" "1 4 EFBIG $end" \
	rdwr,trunc "pwrite 1 $((end - 5))" "pwritev2 10 0 append" \
	"pwritev2 10 0 append" "lseek 0 end"

done_testing
