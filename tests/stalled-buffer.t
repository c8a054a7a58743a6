#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Buffers whose page faults are delayed or fail, calls with RWF_NOWAIT, and calls that
# are interrupted by signals.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
quantum=$((16 * page))
dev=/dev/scullv0

# BYTES: fills the device with BYTES bytes w
set_data()
{
	: >$dev
	[ "$1" = 0 ] || tests/helpers/buffer write $dev 0 "$1" >/dev/null
}

state()
{
	echo "$(attribute size) bytes, $(attribute quanta) quanta"
}

# -- a page fault that never returns blocks its process only --

# shellcheck disable=SC2317 # called by ok
stalled()
{
	grep -q handle_userfault "/proc/$1/wchan"
}

# other operations; prints each, for the case that one does not end
# shellcheck disable=SC2317 # called by ok
operate()
{
	echo "overwriting" && tests/helpers/buffer write "$dev" 0 $((2 * quantum)) &&
	echo "filling a hole" && tests/helpers/buffer write "$dev" $((9 * quantum)) 99 &&
	echo "appending" && tests/helpers/buffer append "$dev" 0 "$quantum" &&
	echo "reading" && tests/helpers/buffer read "$dev" 0 $((10 * quantum)) &&
	echo "dumping" && grep '^Device 0:' /proc/scullvmem &&
	echo "trimming" && : >"$dev" &&
	is_empty &&
	echo "writing again" && tests/helpers/buffer write "$dev" 0 "$quantum" &&
	echo "appending again" && tests/helpers/buffer append "$dev" 0 99 &&
	echo "reading again" && [ "$(tr -d w <"$dev" | wc -c)" = 0 ] &&
	[ "$(state)" = "$((quantum + 99)) bytes, 2 quanta" ] &&
	: >"$dev"
}

# shellcheck disable=SC2317 # called by ok
is_empty()
{
	[ "$(state)" = "0 bytes, 0 quanta" ]
}

# WHAT CALL OFFSET SEGMENT: a call with a delayed page, on a device of two quanta
check_stalled()
{
	what=$1
	shift
	set_data $((2 * quantum))
	tests/helpers/buffer "$1" $dev "$2" "$3" >"$scratch/result" &
	pid=$!
	ok "$what: the call waits for the page" await stalled $pid
	ok "$what: other processes write, append, read and trim the device" ends_soon operate
	ok "$what: the call is still waiting" stalled $pid
	kill -9 $pid
	ok "$what: SIGKILL ends the call" await has_ended $pid
	wait $pid
}

load
none=0+stall:$page
half=$page+stall:$page
check_stalled "read of data" read 0 "$none"
check_stalled "read of data, half complete" read 0 "$half"
check_stalled "write into a hole" write $((4 * quantum)) "$none"
is "write into a hole: the call allocates nothing" "$(state)" "0 bytes, 0 quanta"
check_stalled "write into a hole, half complete" write $((4 * quantum)) "$half"
is "write into a hole, half complete: the call leaves nothing after the trim" \
	"$(state)" "0 bytes, 0 quanta"
check_stalled "overwrite" write 0 "$none"
is "overwrite: the call leaves nothing after the trim" "$(state)" "0 bytes, 0 quanta"
check_stalled "overwrite, half complete" write 0 "$half"
is "overwrite, half complete: the call leaves nothing after the trim" \
	"$(state)" "0 bytes, 0 quanta"
check_stalled "append" append 0 "$none"
is "append: the call allocates nothing" "$(state)" "0 bytes, 0 quanta"
check_stalled "append, half complete" append 0 "$half"
ok "append, half complete: the call leaves one page at most" \
	[ "$(attribute size)" -le "$page" ]
check_stalled "append, 2 MiB complete" append 0 "2097152+stall:$page"

# -- a page fault that returns after a trim --

# CALL: on a device of two quanta; after the trim the third one is written
check_trim_during()
{
	set_data $((2 * quantum))
	mkfifo "$scratch/go"
	tests/helpers/buffer -o "$scratch/got" "$1" $dev 0 "$page+late:$page" \
		<"$scratch/go" >"$scratch/result" &
	pid=$!
	exec 7>"$scratch/go"
	ok "$1 before a trim: the call waits for the page" await stalled $pid
	: >$dev
	tests/helpers/buffer write $dev $((2 * quantum)) "$quantum" >/dev/null
	exec 7>&-
	wait $pid
	rm "$scratch/go"
	is "$1 before a trim: the call returns a short count" \
		"$(cat "$scratch/result")" "$page"
}

check_trim_during read
is "read before a trim: the data is that of before the trim" \
	"$(tr -d w <"$scratch/got" | wc -c) $(wc -c <"$scratch/got")" "0 $page"
check_trim_during write
is "write before a trim: the device has the later quantum only" \
	"$(state)" "$((3 * quantum)) bytes, 1 quanta"
is "write before a trim: the device has the later data only" \
	"$(tr -d '\0' <$dev | wc -c)" "$quantum"

# -- a page fault that returns after another write --

# WHAT EXPECTED BYTES CALL OFFSET SEGMENT OTHER...: a call on a device of BYTES, whose
# page fault returns after the OTHER calls of tests/helpers/calls. EXPECTED is its result
# and the number of bytes x, which the OTHER calls write.
check_write_during()
{
	what=$1
	expected=$2
	bytes=$3
	mkfifo "$scratch/go"
	tries=0
	until set_data "$bytes" && waits_for_page "$4" "$5" "$6" || [ $tries = 10 ]; do
		exec 7>&-
		tries=$((tries + 1))
	done
	shift 6
	ok "$what: the call waits for the page" stalled $pid
	ok "$what: another process writes" ends_soon tests/helpers/calls $dev "$@"
	exec 7>&-
	wait $pid
	rm "$scratch/go"
	is "$what: the call returns its count and overwrites no byte" \
		"$(cat "$scratch/result"), $(tr -dc x <$dev | wc -c) x in $(
			attribute size)" "$expected"
}

# CALL OFFSET SEGMENT: fails if the call ends without waiting
waits_for_page()
{
	tests/helpers/buffer "$1" $dev "$2" "$3" <"$scratch/go" >"$scratch/result" &
	pid=$!
	exec 7>"$scratch/go"
	await eval "stalled $pid || has_ended $pid"
	stalled $pid
}

# The buffer is present at the start of the call. A copy to an address that is not aligned
# may end some bytes before the missing page (riscv).
size=$(($(clamp_to_vmalloc 32) << 20))
absent="$size+gone:$page"
check_write_during "write at the end, page lost, then an append" \
	"$size, 99 x in $((size + 99))" 0 write 0 "$absent" \
	rdwr,append "write 99"
check_write_during "write past the end, page lost, then an append" \
	"$size, 99 x in $((4 * page + size + 99))" 128 write $((4 * page)) \
	"$absent" rdwr,append "write 99"
check_write_during "write at the end, page lost, then a longer append" \
	"$size, $((2 * page)) x in $((size + 2 * page))" 0 write 0 "$absent" \
	rdwr,append "write $((2 * page))"
check_write_during "append, page lost, then an append" \
	"$size, 99 x in $((128 + size + 99))" 128 append 0 "$absent" \
	rdwr,append "write 99"
check_write_during "write at the end, page lost, then a write there" \
	"$size, 99 x in $((size + 99))" 0 write 0 "$absent" \
	rdwr "pwrite 99 $size"
check_write_during "write at the end, page lost, then a write past the end" \
	"$size, 99 x in $((size + page + 99))" 0 write 0 "$absent" \
	rdwr "pwrite 99 $((size + page))"
check_write_during "write at the end, page lost, then an overwrite" \
	"$((size + page)), 99 x in $((size + page))" 0 write 0 "$absent" \
	rdwr "pwrite 99 0"
check_write_during "overwrite, half complete, then an append" \
	"$((2 * page)), 99 x in $((quantum + 99))" $quantum \
	write 0 "$page+late:$page" rdwr,append "write 99"
check_write_during "write across the end, half complete, then an append" \
	"$page, 99 x in $((page + 99))" "$page" write 0 "$page+late:$page" \
	rdwr,append "write 99"
# an append faults its buffer in before it takes its position
check_write_during "append without its second page, then an append" \
	"$((2 * page)), 99 x in $((100 + 99 + 2 * page))" 100 \
	append 0 "$page+late:$page" rdwr,append "write 99"
check_write_during "append without a page after 2 MiB, then an append" \
	"$((2097152 + page)), 99 x in $((100 + 99 + 2097152 + page))" 100 \
	append 0 "2097152+late:$page" rdwr,append "write 99"

# -- an invalid buffer: a short count, or EFAULT if nothing was copied --

set_data $((3 * quantum))
is "a read into an invalid buffer fails with EFAULT" \
	"$(tests/helpers/buffer read $dev 0 0+bad:100)" EFAULT
is "a read into a buffer with an invalid end is short" \
	"$(tests/helpers/buffer -o "$scratch/got" read $dev 0 "100+bad:$quantum")" 100
is "a read into a buffer with an invalid end returns the data" \
	"$(tr -d w <"$scratch/got" | wc -c) $(wc -c <"$scratch/got")" "0 100"
is "a read across a quantum into a buffer with an invalid end is short" \
	"$(tests/helpers/buffer read $dev 10 $((quantum + 7))+bad:100)" $((quantum + 7))
is "readv with an invalid second segment is short" \
	"$(tests/helpers/buffer read $dev 0 100 0+bad:100)" 100
is "readv with an invalid first segment fails with EFAULT" \
	"$(tests/helpers/buffer read $dev 0 0+bad:100 100)" EFAULT
is "a read at the end into an invalid buffer returns 0" \
	"$(tests/helpers/buffer read $dev $((3 * quantum)) 0+bad:100)" 0
set_data 0
tests/helpers/buffer write $dev $((3 * quantum)) 1 >/dev/null
is "a read of a hole into an invalid buffer fails with EFAULT" \
	"$(tests/helpers/buffer read $dev 0 0+bad:100)" EFAULT
is "a read of a hole into a buffer with an invalid end is short" \
	"$(tests/helpers/buffer read $dev 0 100+bad:100)" 100

set_data 0
is "a write from an invalid buffer fails with EFAULT" \
	"$(tests/helpers/buffer write $dev 0 0+bad:100)" EFAULT
is "a write from an invalid buffer allocates nothing" "$(state)" "0 bytes, 0 quanta"
is "writev with an invalid first segment fails with EFAULT" \
	"$(tests/helpers/buffer write $dev 0 0+bad:100 100)" EFAULT
is "an append from an invalid buffer fails with EFAULT" \
	"$(tests/helpers/buffer append $dev 0 0+bad:100)" EFAULT
is "writev and an append from an invalid buffer allocate nothing" \
	"$(state)" "0 bytes, 0 quanta"
is "a write from a buffer with an invalid end is short" \
	"$(tests/helpers/buffer write $dev 0 100+bad:100)" 100
is "a write from a buffer with an invalid end stores the valid bytes" \
	"$(state), $(tr -d w <$dev | wc -c) wrong" "100 bytes, 1 quanta, 0 wrong"
is "an append from a buffer with an invalid end is short" \
	"$(tests/helpers/buffer append $dev 0 100+bad:100)" 100
is "an append from a buffer with an invalid end stores the valid bytes" \
	"$(state), $(tr -d w <$dev | wc -c) wrong" "200 bytes, 1 quanta, 0 wrong"
is "writev with an invalid second segment is short" \
	"$(tests/helpers/buffer write $dev 300 100 0+bad:100 100)" 100
is "writev with an invalid second segment stores the first one only" \
	"$(state)" "400 bytes, 1 quanta"
is "a write of a quantum from a buffer with an invalid end is short" \
	"$(tests/helpers/buffer write $dev 0 $quantum+bad:100)" $quantum
is "a write of a quantum from a buffer with an invalid end allocates no other" \
	"$(state)" "$quantum bytes, 1 quanta"

# -- a buffer that is not present: the full count --

set_data 0
tests/helpers/buffer write $dev 5000000 1 >/dev/null
is "a read of a hole into fresh memory is complete" \
	"$(tests/helpers/buffer read $dev 0 0+fresh:5000000)" 5000000
set_data 5000000
is "a read of data into fresh memory is complete" \
	"$(tests/helpers/buffer read $dev 0 0+fresh:5000000)" 5000000
is "a read of data into memory that is fresh in part is complete" \
	"$(tests/helpers/buffer read $dev 0 100+fresh:4000000)" 4000100
is "a write from fresh memory is complete" \
	"$(tests/helpers/buffer write $dev 0 100+fresh:5000000)" 5000100
is "an append from fresh memory is complete" \
	"$(tests/helpers/buffer append $dev 0 100+fresh:5000000)" 5000100

# a page that can be read only: an overwrite, a write into a hole and past the end
set_data 1000000
for at in 0 500000 3000000; do
	is "a write from fresh read-only memory is complete, at $at" \
		"$(tests/helpers/buffer write $dev $at 0+rom:1000000)" 1000000
done
is "an append from fresh read-only memory is complete" \
	"$(tests/helpers/buffer append $dev 0 0+rom:1000000)" 1000000
is "a read into read-only memory fails with EFAULT" \
	"$(tests/helpers/buffer read $dev 0 0+rom:1000000)" EFAULT

# more fault-ins than a page takes that cannot be copied
set_data 0
tests/helpers/calls $dev rdwr "pwrite 1 1099511627776" >"$scratch/output"
is "a read into 60 MB of fresh memory is complete" \
	"$(tests/helpers/buffer read $dev 0 100+fresh:60000000)" 60000100
length=$(clamp_to_vmalloc 60)000000
is "a write from ${length%000000} MB of fresh memory is complete" \
	"$(tests/helpers/buffer write $dev 0 100+fresh:"$length")" $((length + 100))
set_data 0

# -- RWF_NOWAIT --

set_data 0
is "an RWF_NOWAIT write into a hole fails with EAGAIN" \
	"$(tests/helpers/buffer -n write $dev 0 100)" EAGAIN
is "an RWF_NOWAIT append to an empty device fails with EAGAIN" \
	"$(tests/helpers/buffer -n append $dev 0 100)" EAGAIN
is "RWF_NOWAIT writes and appends that fail allocate nothing" \
	"$(state)" "0 bytes, 0 quanta"
set_data $((quantum + 100))
is "an RWF_NOWAIT overwrite succeeds" \
	"$(tests/helpers/buffer -n write $dev 100 $quantum)" $quantum
is "an RWF_NOWAIT write from data into a hole fails with EAGAIN" \
	"$(tests/helpers/buffer -n write $dev $quantum $((2 * quantum)))" EAGAIN
is "an RWF_NOWAIT write from data into a hole writes nothing" \
	"$(state)" "$((quantum + 100)) bytes, 2 quanta"
set_data $((2 * quantum))
tests/helpers/calls $dev rdwr "pwrite 1 $((4 * quantum))" >"$scratch/output"
is "an RWF_NOWAIT write up to a hole succeeds" \
	"$(tests/helpers/buffer -n write $dev 0 $((2 * quantum)))" $((2 * quantum))
is "an RWF_NOWAIT write of the last byte before a hole succeeds" \
	"$(tests/helpers/buffer -n write $dev $((2 * quantum - 1)) 1)" 1
before=$(cksum <$dev)
for range in "$((2 * quantum - 1)) 2" "$((2 * quantum)) 1" \
	"0 $((2 * quantum + 1))" "$((4 * quantum - 1)) 2"; do
	# shellcheck disable=SC2086 # offset and length
	is "an RWF_NOWAIT write into a hole fails with EAGAIN, offset and length $range" \
		"$(tests/helpers/buffer -n write $dev $range)" EAGAIN
done
is "RWF_NOWAIT writes into a hole write nothing" \
	"$(cksum <$dev)" "$before"
set_data $((2 * quantum))
is "an RWF_NOWAIT append that needs a quantum fails with EAGAIN" \
	"$(tests/helpers/buffer -n append $dev 0 100)" EAGAIN
set_data 100
is "an RWF_NOWAIT append into the last quantum succeeds" \
	"$(tests/helpers/buffer -n append $dev 0 100)" 100
tests/helpers/buffer write $dev $((3 * quantum)) 1 >/dev/null
is "an RWF_NOWAIT read of data and a hole succeeds" \
	"$(tests/helpers/buffer -n read $dev 0 $((4 * quantum)))" $((3 * quantum + 1))

# pages of the buffer are faulted in, as with regular files
set_data $((2 * quantum))
is "an RWF_NOWAIT write from fresh memory is complete" \
	"$(tests/helpers/buffer -n write $dev 0 100+fresh:$quantum)" $((quantum + 100))
is "an RWF_NOWAIT read into fresh memory is complete" \
	"$(tests/helpers/buffer -n read $dev 0 100+fresh:$quantum)" $((quantum + 100))
is "an RWF_NOWAIT write from an invalid buffer fails with EFAULT" \
	"$(tests/helpers/buffer -n write $dev 0 0+bad:100)" EFAULT
set_data 100
is "an RWF_NOWAIT append from fresh memory is complete" \
	"$(tests/helpers/buffer -n append $dev 0 "100+fresh:$page")" $((page + 100))

set_data $((2 * quantum))
is "splice into a full pipe fails with EAGAIN" \
	"$(tests/helpers/splice-pipe $dev 0 0 $quantum)" EAGAIN
is "splice into a pipe with room for 5 pages is short" \
	"$(tests/helpers/splice-pipe $dev 5 0 $quantum)" $((5 * page))
is "splice of parts of 6 pages into a pipe with room for 5 is short" \
	"$(tests/helpers/splice-pipe $dev 5 1 $quantum)" $((5 * page - 1))

# One quantum with one byte: a call can wait for another append only. The call that
# waits for the append to begin has a higher priority on the same processor, as an
# emulator may run one processor at a time.
order=0
while [ $((page << order)) -lt 33554432 ]; do
	order=$((order + 1))
done
load order=$order

# WHAT FLAGS CALL EXPECTED BYTES: the result of a call that begins during a long append,
# with signals that are not fatal, and moves the end by BYTES
during_append()
{
	tries=0
	length=$((31 * 1048576))
	grown=$length
	until [ "${grown:-$length}" -lt $length ] || [ $tries = 50 ]; do
		echo >$dev
		: >"$scratch/result"
		chrt -f 1 taskset 1 timeout 100 tests/helpers/calls $dev "$2" \
			"lseek 0 end" "alarm 1000" "grown 1" "$3" >"$scratch/result" &
		await [ -s "$scratch/result" ]
		taskset 1 tests/helpers/buffer -r 31 append $dev 0 1048576 \
			>"$scratch/other"
		wait $!
		read -r _ _ grown _ <"$scratch/result"
		tries=$((tries + 1))
	done
	like "$1 during an append returns $4" \
		"$(cat "$scratch/result")" "1 0 [0-9]+ $4"
	is "$1 during an append: the append is complete, nothing else is written" \
		"$(cat "$scratch/other") $(attribute size)" \
		"$length $((length + 1 + $5))"
}
during_append "an RWF_NOWAIT append" rdwr,append "pwritev2 1 0 nowait" EAGAIN 0
during_append "an RWF_NOWAIT write past the end" rdwr \
	"pwritev2 1 $((32 * 1048576 - 1)) nowait" EAGAIN 0
during_append "an RWF_NOWAIT write across the end" rdwr \
	"pwritev2 $((32 * 1048576 - 1)) 0 nowait" EAGAIN 0
during_append "an RWF_NOWAIT overwrite" rdwr "pwritev2 1 0 nowait" 1 0
during_append "an append" rdwr,append "write 1" 1 1
during_append "an append with O_NONBLOCK" rdwr,append,nonblock "write 1" 1 1

# -- SIGKILL during one long call --

load order=0 limit=0
tests/helpers/buffer -k -r 500 write $dev 0 1048576 >/dev/null
is "SIGKILL ends a write of 500 MiB" $? 137
quanta=$(attribute quanta)
ok "SIGKILL ends the write early, after $quanta quanta" \
	[ "$quanta" -lt $((500 * 1048576 / page)) ]

# reads the hole repeatedly into one buffer
tests/helpers/buffer write $dev 1099511627776 1 >/dev/null

# bytes read by this shell and its children that have ended
bytes_read()
{
	sed -n 's/^rchar: //p' /proc/$$/io
}

before=$(bytes_read)
tests/helpers/buffer -k -r 1023 read $dev 0 2097152 >/dev/null
is "SIGKILL ends a read of 2 GiB" $? 137
done=$(($(bytes_read) - before))
ok "SIGKILL ends the read early, after $done bytes" [ "$done" -lt 2000000000 ]

# -- a signal that is not fatal during one long call --

# CALL LENGTH: a call with $mib buffers gets a signal; repeated if the signal is late
check_signal()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$1" = read ] || : >$dev
		_got=$(tests/helpers/buffer -i -r "$mib" "$1" $dev 0 "$2" 2>&1)
		[ $? = 3 ] || break
	done
	is "$1 is not interrupted by a signal that is not fatal" "$_got" $((mib * $2))
}
mib=$(clamp_to_vmalloc 64)
check_signal write 1048576
check_signal append 1048576
# of a hole, which takes no memory
tests/helpers/calls $dev rdwr "pwrite 1 1099511627776" >"$scratch/output"
check_signal read 8388608

# CALL OFFSET BYTES: the same with one buffer whose pages are not present
check_signal_missing()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		_got=$(tests/helpers/buffer -i "$1" $dev "$2" "100+fresh:$3" 2>&1)
		[ $? = 3 ] || break
	done
	is "$1 with missing pages is not interrupted by a signal that is not fatal" \
		"$_got" $(($3 + 100))
}
check_signal_missing read 0 $((mib << 19))
: >$dev
check_signal_missing write 0 $((mib << 19))

done_testing
