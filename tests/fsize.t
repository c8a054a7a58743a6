#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# RLIMIT_FSIZE applies to a device as to a file: a write at or past the limit fails
# with EFBIG and SIGXFSZ, a write across it is short.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
file=$scratch/file
: >"$file"
large=EFBIG+SIGXFSZ

load order=0 qset=4
dev=/dev/scullv0

as_tmpfs "a write up to the limit is complete, one at the limit fails" \
	"0 10 $large 10" rdwr,trunc "fsize 10" "write 10" "write 1" "lseek 0 end"
as_tmpfs "a write across the limit is short and advances the position to the limit" \
	"0 10 10 $large 10" rdwr,trunc "fsize 10" "write 11" "lseek 0 cur" \
	"write 5" "lseek 0 end"
as_tmpfs "a write past the limit fails" "0 $large $large 0" \
	rdwr,trunc "fsize 10" "pwrite 1 10" "pwrite 1 $((100 * page))" \
	"lseek 0 end"
is "a write past the limit allocates nothing" "$(attribute quanta)" 0
as_tmpfs "a write of 0 bytes is not limited" "0 0 0" \
	rdwr,trunc "fsize 10" "pwrite 0 10" "pwrite 0 11"
as_tmpfs "pwrite across the limit is short" "0 3 10" \
	rdwr,trunc "fsize 10" "pwrite 100 7" "lseek 0 end"
as_tmpfs "writev across the limit is short" "0 10 $large 10" \
	rdwr,trunc "fsize 10" "pwritev2 20 -1" "pwritev2 20 -1" "lseek 0 end"
as_tmpfs "an append across the limit is short, one at the limit fails" \
	"8 0 2 $large 10" rdwr,trunc,append "write 8" "fsize 10" "write 8" \
	"write 8" "lseek 0 end"
as_tmpfs "a write with RWF_APPEND is short across the limit and fails at the limit" \
	"8 0 2 $large 10" rdwr,trunc "write 8" "fsize 10" \
	"pwritev2 8 0 append" "pwritev2 8 0 append" "lseek 0 end"
as_tmpfs "an append past the limit fails" "20 0 $large 20" \
	rdwr,trunc,append "write 20" "fsize 10" "write 1" "lseek 0 end"
as_tmpfs "an overwrite is limited" "20 0 10 2 $large 20" \
	rdwr,trunc "write 20" "fsize 10" "pwrite 20 0" "pwrite 10 8" \
	"pwrite 1 15" "lseek 0 end"
as_tmpfs "reads are not limited" "20 0 20 5" \
	rdwr,trunc "write 20" "fsize 10" "pread 30 0" "pread 30 15"
# tmpfs of older kernels has no RWF_NOWAIT writes
is "a write with RWF_NOWAIT is short across the limit and fails at the limit" "$(
	tests/helpers/calls $dev rdwr,trunc "write 20" "fsize 10" \
		"pwritev2 20 0 nowait" "pwritev2 20 10 nowait"
)" "20 0 10 $large"
as_tmpfs "a write with a limit of 0 fails" "0 $large 0 0" \
	rdwr,trunc "fsize 0" "write 1" "write 0" "lseek 0 end"

# across quanta and items
limit=$((9 * page + 7))
as_tmpfs "a long write is complete up to the limit" "0 $limit $limit" \
	rdwr,trunc "fsize $limit" "write $((20 * page))" "lseek 0 end"
is "no quantum past the limit is allocated" "$(attribute quanta)" 10

# splice-in repeats the call, and reports an error only if nothing was written
spliced()
{
	head -c 30 /dev/zero | tests/helpers/calls "$1" rdwr,trunc "fsize 10" \
		"splice-in 30" "splice-in 20" "lseek 0 end"
}
is "splice is short across the limit and fails at the limit, as on tmpfs" \
	"device: $(spliced $dev), tmpfs: $(spliced "$file")" \
	"device: 0 10+SIGXFSZ $large 10, tmpfs: 0 10+SIGXFSZ $large 10"

# a program with the default action
status=0
{ sh -c "ulimit -f 0; exec tests/helpers/buffer write $dev 0 10"; } >/dev/null 2>&1 ||
	status=$?
is "SIGXFSZ terminates a program that does not handle it" "$(kill -l $status)" XFSZ

done_testing
