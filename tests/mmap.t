#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What read() sees is what a mapping sees. The words given to tests/helpers/mmap, and
# those that it answers with, are told in mmap.c.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
limit=/sys/module/scullv/parameters/limit
file=$scratch/file	# on a tmpfs
dev=/dev/scullv0

# FILE OPERATION...: not for ever, should a fault come again and again
run_mmap()
{
	timeout -s KILL 60 tests/helpers/mmap "$@"
}

# DESCRIPTION WANTED OPERATION...: with a device that is empty
on_device()
{
	_description=$1
	_wanted=$2
	shift 2
	: >"$dev"
	is "$_description" "$(run_mmap "$dev" "$@")" "$_wanted"
}

# DESCRIPTION WANTED OPERATION...: and with a file
as_tmpfs()
{
	_description="$1, as on tmpfs"
	_wanted="device: $2, tmpfs: $2"
	shift 2
	: >"$dev"
	: >"$file"
	is "$_description" "device: $(run_mmap "$dev" "$@"), tmpfs: $(
		run_mmap "$file" "$@"
	)" "$_wanted"
}

# SECONDS COMMAND...: fails when the time is up, even if it cannot be killed then
# shellcheck disable=SC2317 # called by ok
within()
{
	_seconds=$1
	shift
	mkfifo "$scratch/ended"
	{ "$@"; echo $? >"$scratch/ended"; } &
	_status=$(timeout "$_seconds" cat "$scratch/ended")
	rm "$scratch/ended"
	[ "$_status" ] || echo "not done within $_seconds seconds"
	return "${_status:-1}"
}

# ORDER [ALLOCATOR]
order()
{
	echo vmalloc >"/sys/class/scullv/${dev##*/}/alloc"
	echo "$1" >"/sys/class/scullv/${dev##*/}/order"
	echo "${2:-vmalloc}" >"/sys/class/scullv/${dev##*/}/alloc"
	: >"$dev"
	quantum=$((page << $1))
}

load

# -- every byte, at every order --

# ORDER ALLOCATOR
every_byte()
{
	order "$1" "$2"
	size=$((2 * quantum + quantum / 2 + 3 * page + 123))

	on_device "$2, order $1: all bytes in all kinds of mappings" \
		"$size ok ok ok ok 1 1 1 1" "write 0 $size 1" \
		"map a shared r 0 $size" "map b shared rw 0 $size" \
		"map c private r 0 $size" "map d private rw 0 $size" \
		"load a 0 $size" "load b 0 $size" \
		"load c 0 $size" "load d 0 $size"

	first=$((3 * page))
	second=$((quantum + page))
	third=$((2 * quantum - page))
	on_device "$2, order $1: at odd offsets, of odd lengths" \
		"$size ok ok ok 1 1 1 1 ok 2" "write 0 $size 1" \
		"map a shared r $first $((size - first - 1))" \
		"map b shared rw $second $((quantum / 2 + 1))" \
		"map c private r $third $((page + 77))" \
		"load c $((page + 5)) 72" "load c 1 $((page + 76))" \
		"load b 9 $((quantum / 2 - 8))" \
		"load a 5 $((size - first - 6))" \
		"store b $((quantum / 2)) 1 2" \
		"read $((second + quantum / 2)) 1"

	# a store over the end of a quantum, a write over that of the next
	stored=$((quantum - 777))
	written=$((2 * quantum - 3))
	between=$((written - stored - 1999))
	after=$((size - written - 10))
	both=1:$stored,2:1999,1:$between,3:10,1:$after
	on_device "$2, order $1: read() sees stores, mappings see write()" \
		"$size ok ok ok ok 1 1 1 ok 2 2 2 2 10 $both $both $both $both" \
		"write 0 $size 1" \
		"map a shared rw 0 $size" "map b shared r 0 $size" \
		"map c private r 0 $size" "map d private rw 0 $size" \
		"load b 0 $size" "load c 0 $size" "load d 0 $size" \
		"store a $stored 1999 2" "read $stored 1999" \
		"load b $stored 1999" "load c $stored 1999" \
		"load d $stored 1999" "write $written 10 3" "read 0 $size" \
		"load b 0 $size" "load c 0 $size" "load d 0 $size"

	on_device "$2, order $1: what a private mapping stores stays there" \
		"$size ok ok ok ok ok $both 1 1 ok 1:$written,3:10,1:$after" \
		"write 0 $size 1" "map a private rw 0 $size" \
		"map b private rw 0 $size" "map c shared r 0 $size" \
		"store a $stored 1999 2" "store a $written 10 3" \
		"load a 0 $size" "load c 0 $size" "read 0 $size" \
		"store b $written 10 3" "load b 0 $size"
}
for order in 0 1 2 3 4 5 6 7 8 9 10; do
	every_byte $order vmalloc
done
for order in 0 1 3 4 8; do
	every_byte $order pages
done
for order in 4 9 10; do
	every_byte $order huge
done

# -- one device, two nodes; and others that are no business of it --

order 4
size=$((3 * quantum + 5))
mkdir "$scratch/other"
node=$scratch/other/node
mknod "$node" c "$(sed -n 's/ scullv$//p' /proc/devices)" 0
on_device "a second node of the device shows the same, both ways" \
	"$size ok ok ok 1 ok 2 10 3 2" "write 0 $size 1" \
	"map a shared rw 0 $size" "open $node rdwr" "map b shared rw 0 $size" \
	"load b 0 $size" "store b 7 10 2" "load a 7 10" \
	"write $quantum 10 3" "load a $quantum 10" "read 7 10"
on_device "a trim through one node reaches the mappings of the other" \
	"$size ok ok ok 1 1 ok SIGBUS SIGBUS 5 2 2 ok SIGBUS SIGBUS" \
	"write 0 $size 1" "map a shared rw 0 $size" "open $node rdwr" \
	"map b private rw 0 $size" "load a 0 $size" "load b 0 $size" trim \
	"load a 0 1" "load b 0 1" "write 0 5 2" "load a 0 5" "load b 0 5" \
	"run : >$node" "load a 0 1" "load b 0 1"
on_device "another device has other pages, and its trim is its own" \
	"$size ok ok $size ok 2 1 ok SIGBUS 1 ok" \
	"write 0 $size 1" "map a shared rw 0 $size" \
	"open /dev/scullv1 rdwr,trunc" "write 0 $size 2" \
	"map b shared rw 0 $size" "load b 0 $size" "load a 0 $size" \
	"run : >/dev/scullv1" "load b 0 1" "load a 0 $size" "run : >$dev"

# -- the end of the device, and growing --

size=$((quantum + page + 7))
room=$((8 * quantum))
rest=$((page - 7))
as_tmpfs "zeros behind the last byte of the last page, then SIGBUS" \
	"$size ok 1:$size,0:$rest,SIGBUS SIGBUS SIGBUS" \
	"write 0 $size 1" "map a shared r 0 $room" "load a 0 $room" \
	"load a $((size + rest)) 1" "load a $((room - 1)) 1"
as_tmpfs "a store past the end is SIGBUS, and changes nothing" \
	"$size ok ok SIGBUS SIGBUS end 1" "write 0 $size 1" \
	"map a shared rw 0 $room" "map b private rw 0 $room" \
	"store a $((size + rest)) 1 2" "store b $((size + rest)) 1 2" \
	"read $size 10" "read 0 $size"
as_tmpfs "the neighbours of a page reach to the end and no further" \
	"$((3 * page)) ok ok 1 SIGBUS 1 SIGBUS" "write 0 $((3 * page)) 1" \
	"map a shared r 0 $room" "map b private r 0 $room" "load a 0 5" \
	"load a $((3 * page)) 1" "load b 0 5" "load b $((3 * page)) 1"
as_tmpfs "growing by write() makes the same addresses valid" \
	"5 ok ok 1 SIGBUS SIGBUS 10 1 0 2 2 SIGBUS" "write 0 5 1" \
	"map a shared rw 0 $room" "map b private rw 0 $room" "load a 0 5" \
	"load a $((2 * page)) 1" "load b $((3 * quantum)) 1" \
	"write $((3 * quantum)) 10 2" "load a 0 5" "load a $((2 * page)) 1" \
	"load a $((3 * quantum)) 10" "load b $((3 * quantum)) 10" \
	"load a $((3 * quantum + page)) 1"
as_tmpfs "a mapping of an empty device waits for its contents" \
	"ok ok SIGBUS SIGBUS 9 1 1" "map a shared r 0 $room" \
	"map b private rw 0 $room" "load a 0 1" "store b 0 1 2" \
	"write 0 9 1" "load a 0 9" "load b 0 9"

attributes=/sys/class/scullv/scullv0
on_device "a fault on a hole takes one quantum, whichever kind it is of" \
	"1 ok ok 1 0 2 0 2 0 3 ok 4 ok 5 0 5" "write $((room - 1)) 1 1" \
	"map a shared rw 0 $room" "map b private rw 0 $room" \
	"get $attributes/quanta" \
	"load a $((quantum + page)) 1" "get $attributes/quanta" \
	"load a $quantum $quantum" "get $attributes/quanta" \
	"load b $((2 * quantum)) $quantum" "get $attributes/quanta" \
	"store a $((4 * quantum - 1)) 1 1" "get $attributes/quanta" \
	"store b $((5 * quantum - page)) 1 1" "get $attributes/quanta" \
	"load a $((4 * quantum)) $quantum" "get $attributes/quanta"
around=$((quantum / page < 16 ? quantum / page : 16))
on_device "a fault brings the neighbours in its quantum along" \
	"$room ok 1 $around" "write 0 $room 1" "map a shared r 0 $room" \
	"load a $((quantum + page)) 1" "resident a 0 $room"
on_device "among neighbours that are there already, too" \
	"$quantum ok 1 ok 1 ok 1 $around" "write 0 $quantum 1" \
	"map a shared r 0 $quantum" "load a 0 1" \
	"advise a $((2 * page)) $page dontneed" "load a $((2 * page)) $page" \
	"advise a 0 $page dontneed" "load a 0 $quantum" "resident a 0 $quantum"

# -- the limit, and the end of the memory --

before=$(cat "$limit")
on_device "a fault over the limit is SIGBUS, what is there stays" \
	"9 1 ok ok ok SIGBUS SIGBUS SIGBUS SIGBUS EFAULT ENOSPC 0 1 2" \
	"write 0 9 1" "write $((room - 1)) 1 1" "map a shared rw 0 $room" \
	"map b private rw 0 $room" "put $limit $((2 * quantum))" \
	"load a $quantum 1" "store a $quantum 1 2" "load b $quantum 1" \
	"store b $quantum 1 2" "read-into a $quantum 9 0" \
	"write $quantum 9 2" "read $quantum $quantum" "load a 0 9" \
	"get $attributes/quanta"
on_device "a fault is charged, in full and once" \
	"1 ok ok 0 0 0 ENOSPC ok 9 ok SIGBUS ok 9" \
	"write $((room - 1)) 1 1" "map a shared rw 0 $room" \
	"put $limit $((2 * quantum))" "load a 0 1" "load a 0 $quantum" \
	"load a $((quantum - 1)) 1" "write $quantum 9 2" \
	"put $limit $((3 * quantum))" "write $quantum 9 2" \
	"put $limit $((3 * quantum))" "load a $((2 * quantum)) 1" trim \
	"write 0 9 1"
echo "$before" >"$limit"

# order 8 to have the memory full soon; past its end a byte says how far
order 8
huge=$((1 << 32))
[ "$(getconf LONG_BIT)" = 64 ] || huge=$((1 << 30))
echo 0 >"$limit"
# shellcheck disable=SC2317 # called by within
out_of_memory()
{
	: >"$dev"
	tests/helpers/mmap "$dev" "write $((huge - 1)) 1 1" "map a shared rw 0 $huge" \
		"touch a 0 $huge $quantum" "load a 0 $quantum" \
		"load a $((huge - 1)) 1" trim "write 0 9 2" "load a 0 9" \
		>"$scratch/answer"
}
ok "the end of the memory comes" within 200 out_of_memory
is "as SIGBUS, and not as the end" "$(cat "$scratch/answer")" \
	"1 ok SIGBUS 0 1 ok 9 2"
echo "$before" >"$limit"
order 4

# -- trims --

size=$((2 * quantum + 3 * page + 1))
for order in 0 4; do
	order $order
	as_tmpfs "order $order: a trim succeeds while all is mapped" \
		"$size ok ok ok 1 1 ok ok SIGBUS SIGBUS SIGBUS end" \
		"write 0 $size 1" "map a shared rw 0 $size" \
		"map b private r 0 $size" "map c private rw 0 $size" \
		"load a 0 $size" "load b 0 $size" "store c 0 $size 2" trim \
		"load a 0 $size" "load b 0 $size" "load c 0 $size" \
		"read 0 $size"
	as_tmpfs "order $order: then every page is gone, not just the first" \
		"$size ok ok 1 ok ok SIGBUS SIGBUS SIGBUS SIGBUS SIGBUS SIGBUS" \
		"write 0 $size 1" "map a shared rw 0 $size" \
		"map b private rw 0 $size" "load a 0 $size" \
		"store b 0 $size 2" trim \
		"load a $((size - 1)) 1" "load a $((2 * page)) 1" \
		"store a $page 1 3" "load b $((size - 1)) 1" \
		"load b $((2 * page)) 1" "store b $page 1 3"
	as_tmpfs "order $order: what is written next is what is seen next" \
		"$size ok ok ok 1 1 ok ok $size 3 3 3" \
		"write 0 $size 1" "map a shared r 0 $size" \
		"map b private r 0 $size" "map c private rw 0 $size" \
		"load a 0 $size" "load b 0 $size" "store c 0 $size 2" trim \
		"write 0 $size 3" "load a 0 $size" "load b 0 $size" \
		"load c 0 $size"
	as_tmpfs "order $order: a private copy is cut, read before or not" \
		"$size ok 1 ok ok 1:$page,2:9,1:9,2:9 ok SIGBUS SIGBUS 5 3" \
		"write 0 $size 1" "map a private rw 0 $size" \
		"load a 0 $page" "store a $page 9 2" \
		"store a $((page + 18)) 9 2" "load a 0 $((page + 27))" \
		trim "load a $page 9" "store a 0 1 2" "write 0 5 3" "load a 0 5"
done

on_device "the next trim's geometry is that of the next pages" \
	"ok ok $size ok 1 ok ok $size 2 4" \
	"put $attributes/order 0" trim "write 0 $size 1" \
	"map a shared rw 0 $size" "load a 0 $size" "put $attributes/order 4" \
	trim "write 0 $size 2" "load a 0 $size" "get $attributes/order"

# -- what a program does to a mapping --

as_tmpfs "a child sees what its parent does, and a parent its child" \
	"$size ok ok 9 2 ok 3 9 4 ok" "write 0 $size 1" \
	"map a shared rw 0 $size" fork \
	"child write 0 9 2" "load a 0 9" "child store a $quantum 9 3" \
	"load a $quantum 9" "write 5 9 4" "child load a 5 9" reap
as_tmpfs "private pages are copied for the child, and not shared after" \
	"$size ok ok ok 2 ok 2 ok 3 1 ok" "write 0 $size 1" \
	"map a private rw 0 $size" "store a 0 9 2" fork "child load a 0 9" \
	"child store a 0 9 3" "load a 0 9" "store a 0 9 4" "child load a 0 9" \
	"read 0 9" reap
as_tmpfs "a trim reaches the child too" \
	"$size ok ok 1 ok ok 1 2 ok SIGBUS SIGBUS SIGBUS SIGBUS 9 3 3 ok" \
	"write 0 $size 1" "map a shared rw 0 $size" \
	"map b private rw 0 $size" "load a 0 $size" "store b 0 9 2" fork \
	"child load a 0 $size" "child load b 0 9" trim "child load a 0 1" \
	"child load b 0 1" "load a 0 1" "load b 0 1" "write 0 9 3" \
	"child load a 0 9" "child load b 0 9" reap
as_tmpfs "a child's trim reaches the parent" \
	"$size ok 1 ok ok SIGBUS ok" "write 0 $size 1" \
	"map a shared rw 0 $size" "load a 0 $size" fork "child trim" \
	"load a 0 1" reap
as_tmpfs "MADV_DONTFORK keeps a mapping from the child" \
	"$size ok ok ok SIGSEGV 1 ok" "write 0 $size 1" \
	"map a shared rw 0 $size" "advise a 0 $size dontfork" fork \
	"child load a 0 1" "load a 0 $size" reap

# Where it could stay, newer kernels say ENOMEM: they do not merge VM_MIXEDMAP.
as_tmpfs "mremap grows a mapping, up to the end and past it" \
	"$size ok 1 ok ok 1 ok ok 1 SIGBUS" "write 0 $size 1" \
	"map a shared rw 0 $page" "load a 0 $page" "wall a" "resize a $size" \
	"load a 0 $size" "wall a" "resize a $((size + 8 * page))" \
	"load a 0 $size" "load a $((size + page)) 1"
as_tmpfs "mremap shrinks it" \
	"$size ok 1 ok 1 1" "write 0 $size 1" "map a shared rw 0 $size" \
	"load a 0 $size" "resize a $page" "load a 0 $page" "resident a 0 $page"
as_tmpfs "mremap moves it, with its pages and those that come" \
	"$size ok 1 ok 1 ok 2 ok SIGBUS" "write 0 $size 1" \
	"map a shared rw $page $((size - page))" "load a 0 $quantum" "move a" \
	"load a 0 $((size - page))" "store a 7 9 2" "read $((page + 7)) 9" \
	trim "load a 0 1"
as_tmpfs "and a private one, with its copies" \
	"$size ok ok ok 2:9,1:$((size - 9)) ok SIGBUS" "write 0 $size 1" \
	"map a private rw 0 $size" "store a 0 9 2" "move a" "load a 0 $size" \
	trim "load a 0 1"
as_tmpfs "mremap doubles a shared one" \
	"$size ok ok 1 ok 2 ok SIGBUS SIGBUS" "write 0 $size 1" \
	"map a shared rw 0 $size" "twin a b" "load b 0 $size" \
	"store b $quantum 9 2" "load a $quantum 9" trim "load a 0 1" \
	"load b 0 1"

hole=$((quantum - page))
behind=$((quantum + page))
as_tmpfs "munmap in the middle leaves both ends" \
	"$size ok 1 ok 1 SIGSEGV 1 ok 2 ok 2 ok SIGBUS SIGBUS" \
	"write 0 $size 1" "map a shared rw 0 $size" "load a 0 $size" \
	"unmap a $hole $((2 * page))" "load a 0 $hole" "load a $hole 1" \
	"load a $behind $((size - behind))" "store a 0 9 2" "read 0 9" \
	"store a $behind 9 2" "read $behind 9" trim "load a 0 1" \
	"load a $behind 1"
as_tmpfs "so it does before anything is touched" \
	"$size ok ok 1 SIGSEGV 1" "write 0 $size 1" \
	"map a private rw 0 $size" "unmap a $hole $((2 * page))" \
	"load a $behind $((size - behind))" "load a $hole 1" "load a 0 $hole"

pages=$(((size + page - 1) / page))
as_tmpfs "mlock brings all pages" \
	"$size ok ok $pages 1 ok" "write 0 $size 1" "map a shared rw 0 $size" \
	"lock a 0 $size" "resident a 0 $((pages * page))" "load a 0 $size" \
	"unlock a 0 $size"
as_tmpfs "a trim does not mind mlock" \
	"$size ok ok ok SIGBUS $size 2 ok" "write 0 $size 1" \
	"map a shared rw 0 $size" "lock a 0 $size" trim "load a 0 1" \
	"write 0 $size 2" "load a 0 $size" "unlock a 0 $size"
as_tmpfs "MAP_LOCKED brings all pages" \
	"$size ok $pages 1" "write 0 $size 1" \
	"map a shared,locked rw 0 $size" "resident a 0 $((pages * page))" \
	"load a 0 $size"
as_tmpfs "mlock past the end fails" \
	"9 ok ENOMEM 1" "write 0 9 1" "map a shared rw 0 $size" \
	"lock a 0 $size" "load a 0 9"
as_tmpfs "MAP_POPULATE brings all pages there are" \
	"$size ok ok $pages $pages 1 1 SIGBUS" "write 0 $size 1" \
	"map a shared,populate r 0 $room" "map b private,populate rw 0 $room" \
	"resident a 0 $room" "resident b 0 $room" "load a 0 $size" \
	"load b 0 $size" "load a $((room - 1)) 1"
as_tmpfs "what MAP_POPULATE has copied is cut by a trim" \
	"$size ok $pages ok SIGBUS 0" "write 0 $size 1" \
	"map a private,populate rw 0 $size" \
	"resident a 0 $((pages * page))" trim "load a 0 1" \
	"resident a 0 $((pages * page))"
as_tmpfs "MADV_POPULATE_READ and _WRITE do, too" \
	"$size ok ok $pages ok $pages 1 1 EFAULT" "write 0 $size 1" \
	"map a shared rw 0 $room" "advise a 0 $size populate-read" \
	"resident a 0 $room" "advise a 0 $size populate-write" \
	"resident a 0 $room" "load a 0 $size" "read 0 $size" \
	"advise a 0 $room populate-read"
as_tmpfs "MADV_DONTNEED drops pages, not what is in them" \
	"$size ok ok ok 0 2 2" "write 0 $size 1" "map a shared rw 0 $size" \
	"store a 0 $size 2" "advise a 0 $size dontneed" \
	"resident a 0 $((pages * page))" "read 0 $size" "load a 0 $size"
as_tmpfs "but what is in private copies" \
	"$size ok ok 2 ok 1" "write 0 $size 1" "map a private rw 0 $size" \
	"store a 0 $size 2" "load a 0 $size" "advise a 0 $size dontneed" \
	"load a 0 $size"
as_tmpfs "other advice is taken" \
	"$size ok ok ok 1" "write 0 $size 1" "map a shared rw 0 $size" \
	"advise a 0 $size willneed" "advise a 0 $size random" "load a 0 $size"
as_tmpfs "msync succeeds" \
	"$size ok ok ok ok ok 2" "write 0 $size 1" "map a shared rw 0 $size" \
	"store a 0 $size 2" "sync a sync" "sync a async" \
	"sync a sync,invalidate" "read 0 $size"

as_tmpfs "mprotect makes a shared mapping writable, and takes it back" \
	"$size ok 1 SIGSEGV ok ok 2 ok SIGSEGV 2 ok SIGSEGV ok 2" \
	"write 0 $size 1" "map a shared r 0 $size" "load a 0 $size" \
	"store a 0 1 2" "protect a rw" "store a 0 $size 2" "read 0 $size" \
	"protect a r" "store a 0 1 3" "load a 0 $size" "protect a none" \
	"load a 0 1" "protect a r" "load a 0 $size"
as_tmpfs "and a private one" \
	"$size ok 1 ok ok 1 2 ok SIGSEGV" "write 0 $size 1" \
	"map a private r 0 $size" "load a 0 $size" "protect a rw" \
	"store a 0 $size 2" "read 0 $size" "load a 0 $size" "protect a r" \
	"store a 0 1 3"

# DEVICE-OR-FILE: it is not the same path for both
access()
{
	: >"$1"
	tests/helpers/mmap "$1" "write 0 $size 1" "open $1 rdonly" \
		"map a shared rw 0 $size" "map a shared r 0 $size" \
		"protect a rw" "load a 0 $size" "store a 0 1 2" \
		"map b private rw 0 $size" "store b 0 $size 2" \
		"load b 0 $size" "read 0 $size" "open $1 wronly" \
		"map c shared rw 0 $size" "map c shared w 0 $size" \
		"map c shared r 0 $size"
}
wanted="$size ok EACCES ok EACCES 1 SIGSEGV ok ok 2 1 ok EACCES EACCES EACCES"
is "a read-only descriptor cannot be mapped shared and writable" \
	"$(access "$dev")" "$wanted"
is "as on tmpfs" "$(access "$file")" "$wanted"

# -- the far end of what can be asked for --

if [ "$(getconf LONG_BIT)" = 64 ]; then
	top=$((0x7fffffffffffffff - page + 1))
	far="mappings far past the end are SIGBUS"
	if [ "$(uname -m)" = riscv64 ]; then
		skip "$far" "riscv64 takes an offset of mmap() for a signed one"
	else
		on_device "$far" \
			"9 ok ok ok ok SIGBUS SIGBUS SIGBUS SIGBUS SIGBUS 1" \
			"write 0 9 1" "map a shared rw $top $page" \
			"map b private rw $((-2 * page)) $page" \
			"map c shared r $((-quantum - page)) $quantum" \
			"map d shared rw $((1 << 62)) $room" \
			"load a 0 1" "store b 0 1 2" "load c 0 1" \
			"load c $((quantum - 1)) 1" \
			"store d $((room - 1)) 1 2" "read 0 9"
	fi
	on_device "the last byte that there can be is mapped" \
		"1 ok 1 1 ok 2 SIGBUS 1 ok SIGBUS" \
		"write $((top + page - 2)) 1 1" \
		"map a shared rw $((top - page)) $((3 * page))" \
		"load a $((2 * page - 2)) 1" "get $attributes/quanta" \
		"store a $((2 * page - 2)) 1 2" "read $((top + page - 2)) 1" \
		"load a $((2 * page)) 1" "get $attributes/quanta" trim \
		"load a $((2 * page - 2)) 1"
else
	top=$(((1 << 32) - 2 * page))
	on_device "mappings far past the end are SIGBUS" \
		"9 ok SIGBUS SIGBUS" "write 0 9 1" \
		"map a shared rw $top $page" "load a 0 1" "store a 0 1 2"
	on_device "what lies past 4 GiB the kernel refuses to map" \
		"9 EOVERFLOW" "write 0 9 1" \
		"map a shared rw $((1 << 32)) $page"
	skip "the last byte that there can be is mapped" "addresses of 32 bits"
fi

# -- who holds a page keeps it, with what was in it --

some=$((3 * page + 100))
none="run ! grep -q scullv /proc/vmallocinfo"
for order in 4:pages 9:huge 4:vmalloc; do
	order ${order%:*} ${order#*:}
	size=$((2 * quantum + 3 * page + 1))
	as_tmpfs "${order#*:}: pages in a pipe outlive the trim" \
		"$size ok $some ok $size 1 2" "write 0 $size 1" \
		"map a shared rw 0 $size" "pipe a $((quantum - page)) $some" \
		trim "write 0 $size 2" drain "load a 0 $size"
	as_tmpfs "${order#*:}: private ones do" \
		"$size ok ok $some ok $size 3" "write 0 $size 1" \
		"map a private rw 0 $size" "store a 0 $size 3" \
		"pipe a 5 $some" trim "write 0 $size 2" drain
done
# before 6.5 io_uring takes files on tmpfs, and no others
if [ "$(tests/helpers/mmap "$dev" "map a shared rw 0 $page" "write 0 $page 1" \
	"register a 0 $page")" = "ok $page EOPNOTSUPP" ]
then
	skip "so does a buffer that io_uring has" "this kernel registers no memory that a file is mapped to"
else
	as_tmpfs "so does a buffer that io_uring has" \
		"$size ok ok ok $size $some 1 ok 2" "write 0 $size 1" \
		"map a shared rw 0 $size" \
		"register a $((quantum - page)) $some" trim \
		"write 0 $size 2" submit drain unregister "load a 0 $size"
fi
on_device "the device has let go of them" \
	"$size ok $some ok ok 1" "write 0 $size 1" \
	"map a shared rw 0 $size" "pipe a 0 $some" trim "$none" drain

available()
{
	awk '/^MemAvailable:/ { print $2 }' /proc/meminfo
}

# a MiB in each round
size=1048576
# shellcheck disable=SC2317 # called by ok
rounds()
{
	for _ in $(seq 60); do
		: >"$dev"
		tests/helpers/mmap "$dev" "write 0 $size 1" "map a shared rw 0 $size" \
			"map b private rw 0 $size" "store b 0 $size 2" \
			"pipe a 0 $size" fork "child touch a 0 $size $page" \
			trim reap >"$scratch/answer" || return
	done
	grep -qx "$size ok ok ok $size ok ok ok ok" "$scratch/answer"
}
count_free_pages
ok "one round of pages that are held" rounds
before=$(available)
ok "and many" rounds
after=$(available)
ok "the memory has come back, but for 16 MiB at most" \
	[ $((before - after)) -lt 16384 ]

# -- rmmod --

size=$((3 * quantum))
rmmod="run rmmod scullv 2>/dev/null"
on_device "rmmod is refused while anything is mapped, and fine after" \
	"$size ok ok 1 1 ok 1 ok ok 1 1 ok ok" "write 0 $size 1" \
	"map a shared rw 0 $size" close "$rmmod" "load a 0 $size" \
	"unmap a $quantum $quantum" "$rmmod" fork "unmap a 0 $size" \
	"$rmmod" "child load a 0 $quantum" reap "$rmmod"
load
on_device "pages that are held outlive even the module" \
	"$size ok $some ok ok ok 1" "write 0 $size 1" \
	"map a shared rw 0 $size" "pipe a 0 $some" "unmap a 0 $size" close \
	"$rmmod" drain
load

# -- a real file system writes from the mapping: page by page, so that each page is
# taken hold of once --

disk=$scratch/disk
mkdir "$disk"
size=$((2 * quantum))
modprobe -a brd loop 2>/dev/null
mke2fs -q -F -t ext4 -b "$page" /dev/ram0 2>/dev/null
mount /dev/ram0 "$disk"
truncate -s $size "$disk/image"
loop=$(losetup -f --show "$disk/image")
# Nothing is written to a file system that is frozen. A write of more than a MiB
# would be cut, and begun by a thread of the kernel's, at some time.
span="$((quantum - page)) $((2 * page))"
on_device "an O_DIRECT write that has begun outlives the trim" \
	"$size ok ok ok ok SIGBUS $size ok $((2 * page))" "write 0 $size 1" \
	"map a shared r 0 $size" "run fsfreeze -f $disk" \
	"begin $loop a $span" trim "load a 0 1" "write 0 $size 2" \
	"run fsfreeze -u $disk" end
is "and writes what there was when it began" \
	"$(tests/helpers/mmap "$loop" "read $span")" 1
losetup -d "$loop"
ok "with trims in between others write nothing older, and no page of two" \
	within 200 tests/helpers/coherence direct 300 "$dev" "$disk/file"
umount "$disk"

# -- the device's own mapping as the buffer --

as_tmpfs "write() from the device's own mapping" \
	"$size ok $size same 1" "write 0 $size 1" \
	"map a shared rw 0 $((2 * size))" "write-from a 0 $size $size" \
	"same a 0 a $size $size" "read 0 $size"
as_tmpfs "read() into it" \
	"$size ok $quantum same 1" "write 0 $size 1" "map a shared rw 0 $size" \
	"read-into a $quantum $quantum 0" "same a 0 a $quantum $quantum" \
	"read 0 $quantum"
as_tmpfs "to where it is already" \
	"$size ok ok $size $size $size 1" "write 0 $size 1" \
	"map a shared rw 0 $size" "map b private rw 0 $size" \
	"write-from a 0 $size 0" "read-into a 0 $size 0" \
	"write-from b 0 $size 0" "read 0 $size"
as_tmpfs "to where it overlaps" \
	"$size ok $some $some 1 1" "write 0 $size 1" "map a shared rw 0 $size" \
	"read-into a $((page + 9)) $some $page" \
	"write-from a $((2 * page)) $some $((2 * page - 9))" \
	"read 0 $page" "read $((7 * page)) $page"
as_tmpfs "into a private copy" \
	"$size ok ok $quantum 1 same" "write 0 $size 1" \
	"map a private rw 0 $size" "map b shared r 0 $size" \
	"read-into a $quantum $quantum 0" "read 0 $size" \
	"same a $quantum b 0 $quantum"
as_tmpfs "from a hole, and into one" \
	"9 9 ok 9 9 0 1 0" "write 0 9 1" "write $size 9 1" \
	"map a shared rw 0 $((size + 9))" "write-from a $quantum 9 $page" \
	"read-into a $((quantum + page)) 9 0" "read $page 9" \
	"read $size 9" "read $quantum 9"
as_tmpfs "as far as the mapping reaches into the device" \
	"$((2 * page)) ok $page $page EFAULT EFAULT" \
	"write 0 $((2 * page)) 1" "map a shared rw 0 $size" \
	"write-from a $page $((3 * page)) 0" \
	"read-into a $page $((2 * page)) 0" "write-from a $((2 * page)) 9 0" \
	"read-into a $((2 * page)) 9 0"
on_device "crosswise over two devices" \
	"$size ok ok $size ok $size same $quantum same ok" "write 0 $size 1" \
	"map a shared rw 0 $size" "open /dev/scullv1 rdwr,trunc" \
	"write 0 $size 2" "map b shared rw 0 $size" "write-from a 0 $size 0" \
	"same a 0 b 0 $size" "read-into a 0 $quantum $quantum" \
	"same a 0 b $quantum $quantum" "run : >/dev/scullv1"

ok "from many threads, in all directions, with trims" \
	within 200 tests/helpers/coherence own 4 8000 "$dev" "$dev"
ok "and crosswise over two devices" \
	within 200 tests/helpers/coherence own 4 8000 "$dev" /dev/scullv1

done_testing
