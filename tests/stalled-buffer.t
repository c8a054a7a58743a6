#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Buffers whose pages do not come, or not at once; calls that may not wait; and
# calls that are killed.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
quantum=$((16 * page))
dev=/dev/scullv0

# the device holds so many bytes, w, and nothing else
hold()
{
	: >$dev
	[ "$1" = 0 ] || tests/helpers/buffer write $dev 0 "$1" >/dev/null
}

state()
{
	echo "$(attribute size) bytes, $(attribute quanta) quanta"
}

# -- a page that never comes: its process waits, nobody else does

# shellcheck disable=SC2317 # called by ok
stalled()
{
	grep -q handle_userfault "/proc/$1/wchan"
}

# what the others do; what they are at is told where they do not end
# shellcheck disable=SC2317 # called by ok
others()
{
	echo "overwriting" && tests/helpers/buffer write "$dev" 0 $((2 * quantum)) &&
	echo "filling a hole" && tests/helpers/buffer write "$dev" $((9 * quantum)) 99 &&
	echo "appending" && tests/helpers/buffer append "$dev" 0 "$quantum" &&
	echo "reading" && tests/helpers/buffer read "$dev" 0 $((10 * quantum)) &&
	echo "dumping" && grep '^Device 0:' /proc/scullvmem &&
	echo "emptying" && : >"$dev" &&
	is_empty &&
	echo "writing anew" && tests/helpers/buffer write "$dev" 0 "$quantum" &&
	echo "appending anew" && tests/helpers/buffer append "$dev" 0 99 &&
	echo "reading anew" && [ "$(tr -d w <"$dev" | wc -c)" = 0 ] &&
	[ "$(state)" = "$((quantum + 99)) bytes, 2 quanta" ] &&
	: >"$dev"
}

# shellcheck disable=SC2317 # called by ok
is_empty()
{
	[ "$(state)" = "0 bytes, 0 quanta" ]
}

# WHAT CALL OFFSET SEGMENT: on a device that holds two quanta
stalls()
{
	what=$1
	shift
	hold $((2 * quantum))
	tests/helpers/buffer "$1" $dev "$2" "$3" >"$scratch/returned" &
	pid=$!
	ok "$what: waits for the page" await stalled $pid
	ok "$what: others write, append, read and empty the device" soon others
	ok "$what: is waiting still" stalled $pid
	kill -9 $pid
	ok "$what: SIGKILL ends it at once" await gone $pid
	wait $pid
}

load
nothing=0+stall:$page
half=$page+stall:$page
stalls "read" read 0 "$nothing"
stalls "read, half done" read 0 "$half"
stalls "write into a hole" write $((4 * quantum)) "$nothing"
is "that has cost no memory" "$(state)" "0 bytes, 0 quanta"
stalls "write into a hole, half done" write $((4 * quantum)) "$half"
is "that has left nothing behind the trim" "$(state)" "0 bytes, 0 quanta"
stalls "write onto data" write 0 "$nothing"
is "that has left nothing behind the trim" "$(state)" "0 bytes, 0 quanta"
stalls "write onto data, half done" write 0 "$half"
is "that has left nothing behind the trim" "$(state)" "0 bytes, 0 quanta"
stalls "append" append 0 "$nothing"
is "that has cost no memory" "$(state)" "0 bytes, 0 quanta"
stalls "append, half done" append 0 "$half"
ok "that has left what it had got at most" [ "$(attribute size)" -le "$page" ]
stalls "append, 2 MiB done" append 0 "2097152+stall:$page"

# -- a page that comes when a trim has taken away what the first half was about

# CALL: on a device that holds two quanta, then one elsewhere
overtaken()
{
	hold $((2 * quantum))
	mkfifo "$scratch/go"
	tests/helpers/buffer -o "$scratch/got" "$1" $dev 0 "$page+late:$page" \
		<"$scratch/go" >"$scratch/returned" &
	pid=$!
	exec 7>"$scratch/go"
	ok "$1, half done: waits for the page" await stalled $pid
	: >$dev
	tests/helpers/buffer write $dev $((2 * quantum)) "$quantum" >/dev/null
	exec 7>&-
	wait $pid
	rm "$scratch/go"
	is "$1 that a trim overtakes returns what it has done" \
		"$(cat "$scratch/returned")" "$page"
}

overtaken read
is "those are bytes from before the trim" \
	"$(tr -d w <"$scratch/got" | wc -c) $(wc -c <"$scratch/got")" "0 $page"
overtaken write
is "nothing of it is there" "$(state)" "$((3 * quantum)) bytes, 1 quanta"
is "nor elsewhere" "$(tr -d '\0' <$dev | wc -c)" "$quantum"

# -- a page that comes when something else has been written meanwhile --

# WHAT WANTED HELD CALL OFFSET SEGMENT OTHER...: what a call returns whose page comes
# when tests/helpers/calls has made the OTHER calls, and the bytes x that are there then
meanwhile()
{
	what=$1
	wanted=$2
	held=$3
	mkfifo "$scratch/go"
	tries=0
	until hold "$held" && waits_for_page "$4" "$5" "$6" || [ $tries = 10 ]; do
		exec 7>&-
		tries=$((tries + 1))
	done
	shift 6
	ok "$what: waits for the page" stalled $pid
	ok "$what: another writes" soon tests/helpers/calls $dev "$@"
	exec 7>&-
	wait $pid
	rm "$scratch/go"
	is "$what: returns what it has written, and all x are there" \
		"$(cat "$scratch/returned"), $(tr -dc x <$dev | wc -c) x in $(
			attribute size)" "$wanted"
}

# CALL OFFSET SEGMENT: fails if the call has ended without
waits_for_page()
{
	tests/helpers/buffer "$1" $dev "$2" "$3" <"$scratch/go" >"$scratch/returned" &
	pid=$!
	exec 7>"$scratch/go"
	await eval "stalled $pid || gone $pid"
	stalled $pid
}

# The buffer is present when the call begins.
size=$(($(fitting 32) << 20))
absent="$size+gone:$page"
meanwhile "a write at the end that loses a page, then an append" \
	"$size, 99 x in $((size + 99))" 0 write 0 "$absent" \
	rdwr,append "write 99"
meanwhile "a write past the end that loses a page, then an append" \
	"$size, 99 x in $((4 * page + size + 99))" 100 write $((4 * page)) \
	"$absent" rdwr,append "write 99"
meanwhile "a write at the end that loses a page, then a longer append" \
	"$size, $((2 * page)) x in $((size + 2 * page))" 0 write 0 "$absent" \
	rdwr,append "write $((2 * page))"
meanwhile "an append that loses a page, then an append" \
	"$size, 99 x in $((100 + size + 99))" 100 append 0 "$absent" \
	rdwr,append "write 99"
meanwhile "a write at the end that loses a page, then one in the same place" \
	"$size, 99 x in $((size + 99))" 0 write 0 "$absent" \
	rdwr "pwrite 99 $size"
meanwhile "a write at the end that loses a page, then one farther out" \
	"$size, 99 x in $((size + page + 99))" 0 write 0 "$absent" \
	rdwr "pwrite 99 $((size + page))"
meanwhile "a write at the end that loses a page, then an overwrite" \
	"$((size + page)), 99 x in $((size + page))" 0 write 0 "$absent" \
	rdwr "pwrite 99 0"
meanwhile "a write inside the device, half done, then an append" \
	"$((2 * page)), 99 x in $((quantum + 99))" $quantum \
	write 0 "$page+late:$page" rdwr,append "write 99"
meanwhile "a write across the end, half done, then an append" \
	"$page, 99 x in $((page + 99))" "$page" write 0 "$page+late:$page" \
	rdwr,append "write 99"
# the buffer of an append is faulted in before its place is taken
meanwhile "an append without its second page, then another append" \
	"$((2 * page)), 99 x in $((100 + 99 + 2 * page))" 100 \
	append 0 "$page+late:$page" rdwr,append "write 99"
meanwhile "an append without a page after 2 MiB, then another append" \
	"$((2097152 + page)), 99 x in $((100 + 99 + 2097152 + page))" 100 \
	append 0 "2097152+late:$page" rdwr,append "write 99"

# -- a bad pointer: what fits is done, and EFAULT where that is nothing

hold $((3 * quantum))
is "read into a bad pointer" "$(tests/helpers/buffer read $dev 0 0+bad:100)" EFAULT
is "read into a buffer with a bad end" \
	"$(tests/helpers/buffer -o "$scratch/got" read $dev 0 "100+bad:$quantum")" 100
is "gives the bytes that fit" \
	"$(tr -d w <"$scratch/got" | wc -c) $(wc -c <"$scratch/got")" "0 100"
is "also behind a whole quantum" \
	"$(tests/helpers/buffer read $dev 10 $((quantum + 7))+bad:100)" $((quantum + 7))
is "readv with a bad second segment" \
	"$(tests/helpers/buffer read $dev 0 100 0+bad:100)" 100
is "readv with a bad first segment" \
	"$(tests/helpers/buffer read $dev 0 0+bad:100 100)" EFAULT
is "read at the end needs no pointer" \
	"$(tests/helpers/buffer read $dev $((3 * quantum)) 0+bad:100)" 0
hold 0
tests/helpers/buffer write $dev $((3 * quantum)) 1 >/dev/null
is "read of a hole into a bad pointer" \
	"$(tests/helpers/buffer read $dev 0 0+bad:100)" EFAULT
is "read of a hole into a buffer with a bad end" \
	"$(tests/helpers/buffer read $dev 0 100+bad:100)" 100

hold 0
is "write from a bad pointer" "$(tests/helpers/buffer write $dev 0 0+bad:100)" EFAULT
is "changes nothing and allocates nothing" "$(state)" "0 bytes, 0 quanta"
is "writev with a bad first segment" \
	"$(tests/helpers/buffer write $dev 0 0+bad:100 100)" EFAULT
is "append from a bad pointer" "$(tests/helpers/buffer append $dev 0 0+bad:100)" EFAULT
is "change nothing either" "$(state)" "0 bytes, 0 quanta"
is "write from a buffer with a bad end" \
	"$(tests/helpers/buffer write $dev 0 100+bad:100)" 100
is "writes what is there" \
	"$(state), $(tr -d w <$dev | wc -c) wrong" "100 bytes, 1 quanta, 0 wrong"
is "append from a buffer with a bad end" \
	"$(tests/helpers/buffer append $dev 0 100+bad:100)" 100
is "appends what is there" \
	"$(state), $(tr -d w <$dev | wc -c) wrong" "200 bytes, 1 quanta, 0 wrong"
is "writev with a bad second segment" \
	"$(tests/helpers/buffer write $dev 300 100 0+bad:100 100)" 100
is "stops there" "$(state)" "400 bytes, 1 quanta"
is "write of a quantum with a bad end" \
	"$(tests/helpers/buffer write $dev 0 $quantum+bad:100)" $quantum
is "allocates no further one" "$(state)" "$quantum bytes, 1 quanta"

# -- memory that comes, but not by itself: the full count

hold 0
tests/helpers/buffer write $dev 5000000 1 >/dev/null
is "read of a hole into fresh memory" \
	"$(tests/helpers/buffer read $dev 0 0+fresh:5000000)" 5000000
hold 5000000
is "read of data into fresh memory" \
	"$(tests/helpers/buffer read $dev 0 0+fresh:5000000)" 5000000
is "read of data into memory of which some is fresh" \
	"$(tests/helpers/buffer read $dev 0 100+fresh:4000000)" 4000100
is "write from fresh memory" \
	"$(tests/helpers/buffer write $dev 0 100+fresh:5000000)" 5000100
is "append from fresh memory" \
	"$(tests/helpers/buffer append $dev 0 100+fresh:5000000)" 5000100

# so often that it could be taken for a page that faulting in does not help
hold 0
tests/helpers/calls $dev rdwr "pwrite 1 1099511627776" >"$scratch/said"
is "read into 60 MB of fresh memory" \
	"$(tests/helpers/buffer read $dev 0 100+fresh:60000000)" 60000100
length=$(fitting 60)000000
is "write from 60 MB of fresh memory, or what fits" \
	"$(tests/helpers/buffer write $dev 0 100+fresh:"$length")" $((length + 100))
hold 0

# -- calls that may not wait

hold 0
is "RWF_NOWAIT write into a hole" \
	"$(tests/helpers/buffer -n write $dev 0 100)" EAGAIN
is "RWF_NOWAIT append to an empty device" \
	"$(tests/helpers/buffer -n append $dev 0 100)" EAGAIN
is "allocate nothing" "$(state)" "0 bytes, 0 quanta"
hold $((quantum + 100))
is "RWF_NOWAIT write onto data" \
	"$(tests/helpers/buffer -n write $dev 100 $quantum)" $quantum
is "RWF_NOWAIT write from data into a hole" \
	"$(tests/helpers/buffer -n write $dev $quantum $((2 * quantum)))" EAGAIN
is "writes nothing" "$(state)" "$((quantum + 100)) bytes, 2 quanta"
hold $((2 * quantum))
tests/helpers/calls $dev rdwr "pwrite 1 $((4 * quantum))" >"$scratch/said"
is "RWF_NOWAIT write up to a hole" \
	"$(tests/helpers/buffer -n write $dev 0 $((2 * quantum)))" $((2 * quantum))
is "RWF_NOWAIT write of the last byte before a hole" \
	"$(tests/helpers/buffer -n write $dev $((2 * quantum - 1)) 1)" 1
before=$(cksum <$dev)
for range in "$((2 * quantum - 1)) 2" "$((2 * quantum)) 1" \
	"0 $((2 * quantum + 1))" "$((4 * quantum - 1)) 2"; do
	# shellcheck disable=SC2086 # offset and length
	is "RWF_NOWAIT write that reaches a byte into a hole: $range" \
		"$(tests/helpers/buffer -n write $dev $range)" EAGAIN
done
is "RWF_NOWAIT writes that reach into a hole write nothing" \
	"$(cksum <$dev)" "$before"
hold $((2 * quantum))
is "RWF_NOWAIT append where a quantum would be needed" \
	"$(tests/helpers/buffer -n append $dev 0 100)" EAGAIN
hold 100
is "RWF_NOWAIT append into the last quantum" \
	"$(tests/helpers/buffer -n append $dev 0 100)" 100
tests/helpers/buffer write $dev $((3 * quantum)) 1 >/dev/null
is "RWF_NOWAIT read, of data and a hole" \
	"$(tests/helpers/buffer -n read $dev 0 $((4 * quantum)))" $((3 * quantum + 1))

hold $((2 * quantum))
is "splice into a full pipe" "$(tests/helpers/topipe $dev 0 $quantum)" EAGAIN
is "splice into a pipe with room for 5 pages" \
	"$(tests/helpers/topipe $dev 5 $quantum)" $((5 * page))

# One quantum, of which a byte is there: there is nothing to wait for but another
# append, as long as that takes. Who waits for that to begin does so on the same
# processor, and comes first there: an emulator may run but one at a time.
order=0
while [ $((page << order)) -lt 33554432 ]; do
	order=$((order + 1))
done
load order=$order

# WHAT FLAGS CALL WANTED: what a call returns that begins during a long append
during_append()
{
	tries=0
	: >"$scratch/returned"
	until grep -qsx "1 [0-9]* $4" "$scratch/returned" || [ $tries = 50 ]; do
		echo >$dev
		: >"$scratch/returned"
		chrt -f 1 taskset 1 timeout 100 tests/helpers/calls $dev "$2" \
			"lseek 0 end" "grown 1" "$3" >"$scratch/returned" &
		await [ -s "$scratch/returned" ]
		taskset 1 tests/helpers/buffer -r 31 append $dev 0 1048576 \
			>"$scratch/other"
		wait $!
		tries=$((tries + 1))
	done
	like "$1, while another appends: $4" \
		"$(cat "$scratch/returned")" "1 [0-9]+ $4"
	is "$1: the other one appends all, and nothing else is written" \
		"$(cat "$scratch/other") $(attribute size)" \
		"$((31 * 1048576)) $((31 * 1048576 + 1))"
}
during_append "RWF_NOWAIT append" rdwr,append "pwritev2 1 0 nowait" EAGAIN
during_append "RWF_NOWAIT write past the end" rdwr \
	"pwritev2 1 $((32 * 1048576 - 1)) nowait" EAGAIN
during_append "RWF_NOWAIT overwrite" rdwr "pwritev2 1 0 nowait" 1

# -- SIGKILL in the middle of one long call

load order=0 limit=0
tests/helpers/buffer -k -r 500 write $dev 0 1048576 >/dev/null
is "SIGKILL ends a write of 500 MiB" $? 137
quanta=$(attribute quanta)
ok "in the middle, after $quanta quanta" \
	[ "$quanta" -lt $((500 * 1048576 / page)) ]

# the hole is read again and again into one buffer
tests/helpers/buffer write $dev 1099511627776 1 >/dev/null

# what this shell and the children that it has waited for have read, in bytes
has_read()
{
	sed -n 's/^rchar: //p' /proc/$$/io
}

before=$(has_read)
tests/helpers/buffer -k -r 1023 read $dev 0 2097152 >/dev/null
is "SIGKILL ends a read of 2 GiB" $? 137
done=$(($(has_read) - before))
ok "in the middle, after $done bytes" [ "$done" -lt 2000000000 ]

# -- a signal that is not fatal, in the middle of one long call --

# CALL LENGTH: what a call returns that is interrupted, with as many buffers as $mib;
# again when the signal has come too late
interrupted()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$1" = read ] || : >$dev
		_got=$(tests/helpers/buffer -i -r "$mib" "$1" $dev 0 "$2" 2>&1)
		[ $? = 3 ] || break
	done
	is "$1 is complete in spite of a signal" "$_got" $((mib * $2))
}
mib=$(fitting 64)
interrupted write 1048576
interrupted append 1048576
# of a hole, which costs nothing
tests/helpers/calls $dev rdwr "pwrite 1 1099511627776" >"$scratch/said"
interrupted read 8388608

done_testing
