#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Mappings: they agree with read() and write() and behave as on tmpfs. helpers/mmap.c
# documents the operations and their results.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
limit=/sys/module/scullv/parameters/limit
file=$scratch/file	# on a tmpfs
dev=/dev/scullv0

# FILE OPERATION...: a fault that is retried for ever hangs
run_mmap()
{
	unless_hung tests/helpers/mmap "$@"
}

# DESCRIPTION EXPECTED OPERATION...: on an empty device
on_device()
{
	_description=$1
	_expected=$2
	shift 2
	: >"$dev"
	is "$_description" "$(run_mmap "$dev" "$@")" "$_expected"
}

# DESCRIPTION EXPECTED OPERATION...: on an empty device and an empty tmpfs file
as_tmpfs()
{
	_description="$1, as on tmpfs"
	_expected="device: $2, tmpfs: $2"
	shift 2
	: >"$dev"
	: >"$file"
	is "$_description" "device: $(run_mmap "$dev" "$@"), tmpfs: $(
		run_mmap "$file" "$@"
	)" "$_expected"
}

# SECONDS COMMAND...: fails after that time, even if COMMAND cannot be killed
# shellcheck disable=SC2317 # called by ok
within()
{
	_seconds=$1
	shift
	mkfifo "$scratch/ended"
	{ "$@"; echo $? >"$scratch/ended"; } &
	_status=$(timeout "$_seconds" cat "$scratch/ended")
	rm "$scratch/ended"
	[ "$_status" ] || echo "not finished within $_seconds seconds"
	return "${_status:-1}"
}

# ORDER [ALLOCATOR]: applies the geometry
set_order()
{
	echo vmalloc >"/sys/class/scullv/${dev##*/}/alloc"
	echo "$1" >"/sys/class/scullv/${dev##*/}/order"
	echo "${2:-vmalloc}" >"/sys/class/scullv/${dev##*/}/alloc"
	: >"$dev"
	quantum=$((page << $1))
}

load

# -- caches that alias --

if caches_alias; then
	for flags in "shared rw" "shared r" "private rw"; do
		is "where the data caches alias, a $flags mapping is refused" \
			"$(run_mmap $dev "write 0 1 1" "map a $flags 0 1" "read 0 1")" \
			"1 ENODEV 1"
	done
	done_testing
fi

# -- all bytes at all orders --

# ORDER ALLOCATOR
check_mappings()
{
	set_order "$1" "$2"
	size=$((2 * quantum + quantum / 2 + 3 * page + 123))

	on_device "$2, order $1: mappings of all kinds show all bytes written" \
		"$size ok ok ok ok 1 1 1 1" "write 0 $size 1" \
		"map a shared r 0 $size" "map b shared rw 0 $size" \
		"map c private r 0 $size" "map d private rw 0 $size" \
		"load a 0 $size" "load b 0 $size" \
		"load c 0 $size" "load d 0 $size"

	first=$((3 * page))
	second=$((quantum + page))
	third=$((2 * quantum - page))
	on_device "$2, order $1: mappings of odd offsets and lengths show the bytes written" \
		"$size ok ok ok 1 1 1 1 ok 2" "write 0 $size 1" \
		"map a shared r $first $((size - first - 1))" \
		"map b shared rw $second $((quantum / 2 + 1))" \
		"map c private r $third $((page + 77))" \
		"load c $((page + 5)) 72" "load c 1 $((page + 76))" \
		"load b 9 $((quantum / 2 - 8))" \
		"load a 5 $((size - first - 6))" \
		"store b $((quantum / 2)) 1 2" \
		"read $((second + quantum / 2)) 1"

	# a store across the end of one quantum, a write across that of the next
	stored=$((quantum - 777))
	written=$((2 * quantum - 3))
	between=$((written - stored - 1999))
	after=$((size - written - 10))
	both=1:$stored,2:1999,1:$between,3:10,1:$after
	on_device "$2, order $1: read() returns bytes stored, mappings show bytes written" \
		"$size ok ok ok ok 1 1 1 ok 2 2 2 2 10 $both $both $both $both" \
		"write 0 $size 1" \
		"map a shared rw 0 $size" "map b shared r 0 $size" \
		"map c private r 0 $size" "map d private rw 0 $size" \
		"load b 0 $size" "load c 0 $size" "load d 0 $size" \
		"store a $stored 1999 2" "read $stored 1999" \
		"load b $stored 1999" "load c $stored 1999" \
		"load d $stored 1999" "write $written 10 3" "read 0 $size" \
		"load b 0 $size" "load c 0 $size" "load d 0 $size"

	on_device "$2, order $1: stores to a private mapping do not reach the device" \
		"$size ok ok ok ok ok $both 1 1 ok 1:$written,3:10,1:$after" \
		"write 0 $size 1" "map a private rw 0 $size" \
		"map b private rw 0 $size" "map c shared r 0 $size" \
		"store a $stored 1999 2" "store a $written 10 3" \
		"load a 0 $size" "load c 0 $size" "read 0 $size" \
		"store b $written 10 3" "load b 0 $size"
}
for order in 0 1 2 3 4 5 6 7 8 9 10; do
	check_mappings $order vmalloc
done
for order in 0 1 3 4 8; do
	check_mappings $order pages
done
for order in 4 9 10; do
	check_mappings $order huge
done

# -- two nodes of one device, and another device --

set_order 4
size=$((3 * quantum + 5))
mkdir "$scratch/other"
node=$scratch/other/node
mknod "$node" c "$(sed -n 's/ scullv$//p' /proc/devices)" 0
on_device "mappings of two nodes of one device share the data" \
	"$size ok ok ok 1 ok 2 10 3 2" "write 0 $size 1" \
	"map a shared rw 0 $size" "open $node rdwr" "map b shared rw 0 $size" \
	"load b 0 $size" "store b 7 10 2" "load a 7 10" \
	"write $quantum 10 3" "load a $quantum 10" "read 7 10"
on_device "a trim through one node unmaps the mappings of another" \
	"$size ok ok ok 1 1 ok SIGBUS SIGBUS 5 2 2 ok SIGBUS SIGBUS" \
	"write 0 $size 1" "map a shared rw 0 $size" "open $node rdwr" \
	"map b private rw 0 $size" "load a 0 $size" "load b 0 $size" trim \
	"load a 0 1" "load b 0 1" "write 0 5 2" "load a 0 5" "load b 0 5" \
	"run : >$node" "load a 0 1" "load b 0 1"
on_device "a trim of one device does not unmap another" \
	"$size ok ok $size ok 2 1 ok SIGBUS 1 ok" \
	"write 0 $size 1" "map a shared rw 0 $size" \
	"open /dev/scullv1 rdwr,trunc" "write 0 $size 2" \
	"map b shared rw 0 $size" "load b 0 $size" "load a 0 $size" \
	"run : >/dev/scullv1" "load b 0 1" "load a 0 $size" "run : >$dev"

# -- the end of the device, and writes that move it --

size=$((quantum + page + 7))
room=$((8 * quantum))
rest=$((page - 7))
as_tmpfs "a mapping has zeros past the end in the last page, SIGBUS past it" \
	"$size ok 1:$size,0:$rest,SIGBUS SIGBUS SIGBUS" \
	"write 0 $size 1" "map a shared r 0 $room" "load a 0 $room" \
	"load a $((size + rest)) 1" "load a $((room - 1)) 1"
as_tmpfs "a store past the last page gets SIGBUS and changes nothing" \
	"$size ok ok SIGBUS SIGBUS end 1" "write 0 $size 1" \
	"map a shared rw 0 $room" "map b private rw 0 $room" \
	"store a $((size + rest)) 1 2" "store b $((size + rest)) 1 2" \
	"read $size 10" "read 0 $size"
as_tmpfs "fault-around ends at the last page" \
	"$((3 * page)) ok ok 1 SIGBUS 1 SIGBUS" "write 0 $((3 * page)) 1" \
	"map a shared r 0 $room" "map b private r 0 $room" "load a 0 5" \
	"load a $((3 * page)) 1" "load b 0 5" "load b $((3 * page)) 1"
as_tmpfs "a write past the end makes mapped addresses valid" \
	"5 ok ok 1 SIGBUS SIGBUS 10 1 0 2 2 SIGBUS" "write 0 5 1" \
	"map a shared rw 0 $room" "map b private rw 0 $room" "load a 0 5" \
	"load a $((2 * page)) 1" "load b $((3 * quantum)) 1" \
	"write $((3 * quantum)) 10 2" "load a 0 5" "load a $((2 * page)) 1" \
	"load a $((3 * quantum)) 10" "load b $((3 * quantum)) 10" \
	"load a $((3 * quantum + page)) 1"
as_tmpfs "a mapping of an empty device shows data written later" \
	"ok ok SIGBUS SIGBUS 9 1 1" "map a shared r 0 $room" \
	"map b private rw 0 $room" "load a 0 1" "store b 0 1 2" \
	"write 0 9 1" "load a 0 9" "load b 0 9"

# on 32 bits the size has more bits than an address
as_tmpfs "the start of a device of more than 4 GiB can be mapped" \
	"$((3 * page)) 9 ok 1 0 ok 2" "write 0 $((3 * page)) 1" \
	"write $(((1 << 32) + page)) 9 1" "map a shared rw 0 $room" \
	"load a 0 $((3 * page))" "load a $((room - page)) $page" \
	"store a $((room - page)) 9 2" "read $((room - page)) 9"

attributes=/sys/class/scullv/scullv0
on_device "a fault of any kind on a hole allocates one quantum" \
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
on_device "a fault maps the neighbours in its quantum" \
	"$room ok 1 $around" "write 0 $room 1" "map a shared r 0 $room" \
	"load a $((quantum + page)) 1" "resident a 0 $room"
# larger quanta than 16 pages: a block of them, aligned in the device
set_order 6
on_device "a fault in a large quantum maps a block of 16 pages" \
	"$quantum ok 1 16 16 ok 1 16 16" "write 0 $quantum 1" \
	"map a shared r 0 $quantum" "load a $((21 * page)) 1" \
	"resident a $((16 * page)) $((16 * page))" "resident a 0 $quantum" \
	"map b private r $((5 * page)) $((40 * page))" "load b $((16 * page)) 1" \
	"resident b $((11 * page)) $((16 * page))" "resident b 0 $((40 * page))"
set_order 4
on_device "a fault among mapped pages maps the other neighbours" \
	"$quantum ok 1 ok 1 ok 1 $around" "write 0 $quantum 1" \
	"map a shared r 0 $quantum" "load a 0 1" \
	"advise a $((2 * page)) $page dontneed" "load a $((2 * page)) $page" \
	"advise a 0 $page dontneed" "load a 0 $quantum" "resident a 0 $quantum"

# -- the limit, and no memory --

before=$(cat "$limit")
on_device "a fault over the limit gets SIGBUS and keeps existing data" \
	"9 1 ok ok ok SIGBUS SIGBUS SIGBUS SIGBUS EFAULT ENOSPC 0 1 2" \
	"write 0 9 1" "write $((room - 1)) 1 1" "map a shared rw 0 $room" \
	"map b private rw 0 $room" "put $limit $((2 * quantum))" \
	"load a $quantum 1" "store a $quantum 1 2" "load b $quantum 1" \
	"store b $quantum 1 2" "read-into a $quantum 9 0" \
	"write $quantum 9 2" "read $quantum $quantum" "load a 0 9" \
	"get $attributes/quanta"
on_device "a fault on a hole charges its quantum once" \
	"1 ok ok 0 0 0 ENOSPC ok 9 ok SIGBUS ok 9" \
	"write $((room - 1)) 1 1" "map a shared rw 0 $room" \
	"put $limit $((2 * quantum))" "load a 0 1" "load a 0 $quantum" \
	"load a $((quantum - 1)) 1" "write $quantum 9 2" \
	"put $limit $((3 * quantum))" "write $quantum 9 2" \
	"put $limit $((3 * quantum))" "load a $((2 * quantum)) 1" trim \
	"write 0 9 1"
echo "$before" >"$limit"

# order 8 fills the memory soon; the last byte sets the size
set_order 8
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
		>"$scratch/result"
}
ok "stores to a mapping larger than the memory end" within 200 out_of_memory
is "a fault without memory gets SIGBUS, a trim and a write succeed then" \
	"$(cat "$scratch/result")" \
	"1 ok SIGBUS 0 1 ok 9 2"
echo "$before" >"$limit"
set_order 4

# -- trims --

size=$((2 * quantum + 3 * page + 1))
for order in 0 4; do
	set_order $order
	as_tmpfs "order $order: a trim unmaps all kinds of mappings" \
		"$size ok ok ok 1 1 ok ok SIGBUS SIGBUS SIGBUS end" \
		"write 0 $size 1" "map a shared rw 0 $size" \
		"map b private r 0 $size" "map c private rw 0 $size" \
		"load a 0 $size" "load b 0 $size" "store c 0 $size 2" trim \
		"load a 0 $size" "load b 0 $size" "load c 0 $size" \
		"read 0 $size"
	as_tmpfs "order $order: every page gets SIGBUS after a trim" \
		"$size ok ok 1 ok ok SIGBUS SIGBUS SIGBUS SIGBUS SIGBUS SIGBUS" \
		"write 0 $size 1" "map a shared rw 0 $size" \
		"map b private rw 0 $size" "load a 0 $size" \
		"store b 0 $size 2" trim \
		"load a $((size - 1)) 1" "load a $((2 * page)) 1" \
		"store a $page 1 3" "load b $((size - 1)) 1" \
		"load b $((2 * page)) 1" "store b $page 1 3"
	as_tmpfs "order $order: mappings show the data written after a trim" \
		"$size ok ok ok 1 1 ok ok $size 3 3 3" \
		"write 0 $size 1" "map a shared r 0 $size" \
		"map b private r 0 $size" "map c private rw 0 $size" \
		"load a 0 $size" "load b 0 $size" "store c 0 $size 2" trim \
		"write 0 $size 3" "load a 0 $size" "load b 0 $size" \
		"load c 0 $size"
	as_tmpfs "order $order: a trim drops private copies of pages, read before or not" \
		"$size ok 1 ok ok 1:$page,2:9,1:9,2:9 ok SIGBUS SIGBUS 5 3" \
		"write 0 $size 1" "map a private rw 0 $size" \
		"load a 0 $page" "store a $page 9 2" \
		"store a $((page + 18)) 9 2" "load a 0 $((page + 27))" \
		trim "load a $page 9" "store a 0 1 2" "write 0 5 3" "load a 0 5"
done

on_device "mappings work with the geometry that a trim has applied" \
	"ok ok $size ok 1 ok ok $size 2 4" \
	"put $attributes/order 0" trim "write 0 $size 1" \
	"map a shared rw 0 $size" "load a 0 $size" "put $attributes/order 4" \
	trim "write 0 $size 2" "load a 0 $size" "get $attributes/order"

# -- calls on a mapping --

as_tmpfs "parent and child share the data of a shared mapping" \
	"$size ok ok 9 2 ok 3 9 4 ok" "write 0 $size 1" \
	"map a shared rw 0 $size" fork \
	"child write 0 9 2" "load a 0 9" "child store a $quantum 9 3" \
	"load a $quantum 9" "write 5 9 4" "child load a 5 9" reap
as_tmpfs "parent and child do not share later stores to a private mapping" \
	"$size ok ok ok 2 ok 2 ok 3 1 ok" "write 0 $size 1" \
	"map a private rw 0 $size" "store a 0 9 2" fork "child load a 0 9" \
	"child store a 0 9 3" "load a 0 9" "store a 0 9 4" "child load a 0 9" \
	"read 0 9" reap
as_tmpfs "a trim unmaps the mappings of a child" \
	"$size ok ok 1 ok ok 1 2 ok SIGBUS SIGBUS SIGBUS SIGBUS 9 3 3 ok" \
	"write 0 $size 1" "map a shared rw 0 $size" \
	"map b private rw 0 $size" "load a 0 $size" "store b 0 9 2" fork \
	"child load a 0 $size" "child load b 0 9" trim "child load a 0 1" \
	"child load b 0 1" "load a 0 1" "load b 0 1" "write 0 9 3" \
	"child load a 0 9" "child load b 0 9" reap
as_tmpfs "a trim by a child unmaps the mappings of its parent" \
	"$size ok 1 ok ok SIGBUS ok" "write 0 $size 1" \
	"map a shared rw 0 $size" "load a 0 $size" fork "child trim" \
	"load a 0 1" reap
as_tmpfs "a child does not inherit a mapping after MADV_DONTFORK" \
	"$size ok ok ok SIGSEGV 1 ok" "write 0 $size 1" \
	"map a shared rw 0 $size" "advise a 0 $size dontfork" fork \
	"child load a 0 1" "load a 0 $size" reap

# without the wall newer kernels fail with ENOMEM: they do not merge VM_MIXEDMAP
as_tmpfs "mremap extends a mapping up to the end and past it" \
	"$size ok 1 ok ok 1 ok ok 1 SIGBUS" "write 0 $size 1" \
	"map a shared rw 0 $page" "load a 0 $page" "wall a" "resize a $size" \
	"load a 0 $size" "wall a" "resize a $((size + 8 * page))" \
	"load a 0 $size" "load a $((size + page)) 1"
as_tmpfs "mremap shrinks a mapping" \
	"$size ok 1 ok 1 1" "write 0 $size 1" "map a shared rw 0 $size" \
	"load a 0 $size" "resize a $page" "load a 0 $page" "resident a 0 $page"
as_tmpfs "mremap moves a shared mapping with present and later pages" \
	"$size ok 1 ok 1 ok 2 ok SIGBUS" "write 0 $size 1" \
	"map a shared rw $page $((size - page))" "load a 0 $quantum" "move a" \
	"load a 0 $((size - page))" "store a 7 9 2" "read $((page + 7)) 9" \
	trim "load a 0 1"
as_tmpfs "mremap moves a private mapping with its copies" \
	"$size ok ok ok 2:9,1:$((size - 9)) ok SIGBUS" "write 0 $size 1" \
	"map a private rw 0 $size" "store a 0 9 2" "move a" "load a 0 $size" \
	trim "load a 0 1"
as_tmpfs "mremap duplicates a shared mapping" \
	"$size ok ok 1 ok 2 ok SIGBUS SIGBUS" "write 0 $size 1" \
	"map a shared rw 0 $size" "twin a b" "load b 0 $size" \
	"store b $quantum 9 2" "load a $quantum 9" trim "load a 0 1" \
	"load b 0 1"

hole=$((quantum - page))
after=$((quantum + page))
as_tmpfs "munmap in the middle keeps both ends of a mapping" \
	"$size ok 1 ok 1 SIGSEGV 1 ok 2 ok 2 ok SIGBUS SIGBUS" \
	"write 0 $size 1" "map a shared rw 0 $size" "load a 0 $size" \
	"unmap a $hole $((2 * page))" "load a 0 $hole" "load a $hole 1" \
	"load a $after $((size - after))" "store a 0 9 2" "read 0 9" \
	"store a $after 9 2" "read $after 9" trim "load a 0 1" \
	"load a $after 1"
as_tmpfs "munmap in the middle keeps both ends of an untouched mapping" \
	"$size ok ok 1 SIGSEGV 1" "write 0 $size 1" \
	"map a private rw 0 $size" "unmap a $hole $((2 * page))" \
	"load a $after $((size - after))" "load a $hole 1" "load a 0 $hole"

pages=$(((size + page - 1) / page))
as_tmpfs "mlock maps all pages" \
	"$size ok ok $pages 1 ok" "write 0 $size 1" "map a shared rw 0 $size" \
	"lock a 0 $size" "resident a 0 $((pages * page))" "load a 0 $size" \
	"unlock a 0 $size"
as_tmpfs "a trim unmaps locked pages" \
	"$size ok ok ok SIGBUS $size 2 ok" "write 0 $size 1" \
	"map a shared rw 0 $size" "lock a 0 $size" trim "load a 0 1" \
	"write 0 $size 2" "load a 0 $size" "unlock a 0 $size"
as_tmpfs "MAP_LOCKED maps all pages" \
	"$size ok $pages 1" "write 0 $size 1" \
	"map a shared,locked rw 0 $size" "resident a 0 $((pages * page))" \
	"load a 0 $size"
as_tmpfs "mlock past the end fails with ENOMEM" \
	"9 ok ENOMEM 1" "write 0 9 1" "map a shared rw 0 $size" \
	"lock a 0 $size" "load a 0 9"
as_tmpfs "MAP_POPULATE maps all pages up to the end" \
	"$size ok ok $pages $pages 1 1 SIGBUS" "write 0 $size 1" \
	"map a shared,populate r 0 $room" "map b private,populate rw 0 $room" \
	"resident a 0 $room" "resident b 0 $room" "load a 0 $size" \
	"load b 0 $size" "load a $((room - 1)) 1"
as_tmpfs "a trim drops private copies made by MAP_POPULATE" \
	"$size ok $pages ok SIGBUS 0" "write 0 $size 1" \
	"map a private,populate rw 0 $size" \
	"resident a 0 $((pages * page))" trim "load a 0 1" \
	"resident a 0 $((pages * page))"
as_tmpfs "MADV_POPULATE_READ and _WRITE map all pages up to the end" \
	"$size ok ok $pages ok $pages 1 1 EFAULT" "write 0 $size 1" \
	"map a shared rw 0 $room" "advise a 0 $size populate-read" \
	"resident a 0 $room" "advise a 0 $size populate-write" \
	"resident a 0 $room" "load a 0 $size" "read 0 $size" \
	"advise a 0 $room populate-read"
as_tmpfs "MADV_DONTNEED unmaps shared pages and keeps their data" \
	"$size ok ok ok 0 2 2" "write 0 $size 1" "map a shared rw 0 $size" \
	"store a 0 $size 2" "advise a 0 $size dontneed" \
	"resident a 0 $((pages * page))" "read 0 $size" "load a 0 $size"
as_tmpfs "MADV_DONTNEED drops private copies" \
	"$size ok ok 2 ok 1" "write 0 $size 1" "map a private rw 0 $size" \
	"store a 0 $size 2" "load a 0 $size" "advise a 0 $size dontneed" \
	"load a 0 $size"
as_tmpfs "MADV_WILLNEED and MADV_RANDOM succeed" \
	"$size ok ok ok 1" "write 0 $size 1" "map a shared rw 0 $size" \
	"advise a 0 $size willneed" "advise a 0 $size random" "load a 0 $size"
as_tmpfs "msync succeeds" \
	"$size ok ok ok ok ok 2" "write 0 $size 1" "map a shared rw 0 $size" \
	"store a 0 $size 2" "sync a sync" "sync a async" \
	"sync a sync,invalidate" "read 0 $size"

as_tmpfs "mprotect makes a shared mapping writable and read-only again" \
	"$size ok 1 SIGSEGV ok ok 2 ok SIGSEGV 2 ok SIGSEGV ok 2" \
	"write 0 $size 1" "map a shared r 0 $size" "load a 0 $size" \
	"store a 0 1 2" "protect a rw" "store a 0 $size 2" "read 0 $size" \
	"protect a r" "store a 0 1 3" "load a 0 $size" "protect a none" \
	"load a 0 1" "protect a r" "load a 0 $size"
as_tmpfs "mprotect makes a private mapping writable and read-only again" \
	"$size ok 1 ok ok 1 2 ok SIGSEGV" "write 0 $size 1" \
	"map a private r 0 $size" "load a 0 $size" "protect a rw" \
	"store a 0 $size 2" "read 0 $size" "load a 0 $size" "protect a r" \
	"store a 0 1 3"

# FILE: access modes and protections
check_access()
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
expected="$size ok EACCES ok EACCES 1 SIGSEGV ok ok 2 1 ok EACCES EACCES EACCES"
is "the open mode limits the protection of shared mappings" \
	"$(check_access "$dev")" "$expected"
is "the open mode limits the protection of mappings on tmpfs, too" \
	"$(check_access "$file")" "$expected"

# FILE: the flags of mappings of all kinds, from two open modes. A shared mapping for
# writing is refused in the second one.
flags_of()
{
	_file=$1
	: >"$_file"
	set -- "write 0 $size 1"
	for mode in rdwr rdonly; do
		set -- "$@" "open $_file $mode"
		for kind in shared private; do
			for protection in none r r,x rw; do
				set -- "$@" "map a $kind $protection 0 $size" "flags a"
			done
		done
	done
	run_mmap "$_file" "$@"
}
flags=$(flags_of "$file")
like "mappings of a file on tmpfs have flags" "$flags" ".* rd,wr,mr,.*"
is "mappings have the flags of those of a file on tmpfs, but for VM_MIXEDMAP" \
	"$(flags_of "$dev")" "$flags"
on_device "MADV_DODUMP is refused, mlock() counts no page" \
	"$size ok EINVAL ok ok" "write 0 $size 1" "map a shared rw 0 $size" \
	"advise a 0 $size dodump" "lock a 0 $size" \
	"run grep -q '^VmLck:.* 0 kB' /proc/\$PPID/status"

# from 6.7 on, but newer kernels refuse such mappings altogether, as does 6.12.117
if [ "$(run_mmap "$dev" "map a shared rw 0 $page" "mark a 0 $page")" = "ok EINVAL" ]; then
	skip "an entry with a marker gets SIGBUS" "this kernel marks no entry of a device"
else
	for kind in shared private; do
		on_device "a $kind mapping: an entry with a marker gets SIGBUS, its neighbours do not" \
			"$size ok ok SIGBUS SIGBUS 1 1 ok 1" "write 0 $size 1" \
			"map a $kind rw 0 $size" "mark a $page $page" \
			"load a $page 1" "store a $page 1 2" "load a 0 $page" \
			"load a $((2 * page)) $page" "unmark a $page $page" \
			"load a 0 $size"
	done
fi

# -- the largest offsets --

if [ "$(getconf LONG_BIT)" = 64 ]; then
	top=$((0x7fffffffffffffff - page + 1))
	far="accesses far past the end get SIGBUS"
	if [ "$(uname -m)" = riscv64 ]; then
		skip "$far" "riscv64 has signed offsets in mmap()"
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
	on_device "the last byte of the largest device can be mapped" \
		"1 ok 1 1 ok 2 SIGBUS 1 ok SIGBUS" \
		"write $((top + page - 2)) 1 1" \
		"map a shared rw $((top - page)) $((3 * page))" \
		"load a $((2 * page - 2)) 1" "get $attributes/quanta" \
		"store a $((2 * page - 2)) 1 2" "read $((top + page - 2)) 1" \
		"load a $((2 * page)) 1" "get $attributes/quanta" trim \
		"load a $((2 * page - 2)) 1"
else
	top=$(((1 << 32) - 2 * page))
	on_device "accesses far past the end get SIGBUS" \
		"9 ok SIGBUS SIGBUS" "write 0 9 1" \
		"map a shared rw $top $page" "load a 0 1" "store a 0 1 2"
	on_device "mmap() past 4 GiB fails with EOVERFLOW" \
		"9 EOVERFLOW" "write 0 9 1" \
		"map a shared rw $((1 << 32)) $page"
	skip "the last byte of the largest device can be mapped" \
		"offsets of mmap() are smaller on 32 bits"
fi

# -- references to pages outlive a trim --

some=$((3 * page + 100))
none="run ! grep -q scullv /proc/vmallocinfo"
for order in 4:pages 9:huge 4:vmalloc; do
	set_order ${order%:*} ${order#*:}
	size=$((2 * quantum + 3 * page + 1))
	as_tmpfs "${order#*:}: shared pages in a pipe keep their data after a trim" \
		"$size ok $some ok $size 1 2" "write 0 $size 1" \
		"map a shared rw 0 $size" "pipe a $((quantum - page)) $some" \
		trim "write 0 $size 2" drain "load a 0 $size"
	as_tmpfs "${order#*:}: private pages in a pipe keep their data after a trim" \
		"$size ok ok $some ok $size 3" "write 0 $size 1" \
		"map a private rw 0 $size" "store a 0 $size 3" \
		"pipe a 5 $some" trim "write 0 $size 2" drain
	as_tmpfs "${order#*:}: pages in a pipe from splice() keep their data after a trim" \
		"$size $some ok $size 1 2" "write 0 $size 1" \
		"splice $((quantum - page)) $some" trim "write 0 $size 2" \
		drain "read 0 $size"
	as_tmpfs "${order#*:}: a later write changes pages in a pipe from splice()" \
		"$size $some $size 2" "write 0 $size 1" \
		"splice $((quantum - page)) $some" "write 0 $size 2" drain
	: >"$dev"
	: >"$file"
	is "${order#*:}: one splice() moves as many bytes as on tmpfs" \
		"$(run_mmap "$dev" "write 0 $size 1" "splice 9 $((20 * page))" drain)" \
		"$(run_mmap "$file" "write 0 $size 1" "splice 9 $((20 * page))" drain)"
	on_device "${order#*:}: a later write does not change a hole in a pipe" \
		"1 $some $size 0" "write $((size - 1)) 1 1" \
		"splice 0 $some" "write 0 $size 2" drain
done
# before 6.5 io_uring registers file mappings of tmpfs only
if [ "$(tests/helpers/mmap "$dev" "map a shared rw 0 $page" "write 0 $page 1" \
	"register a 0 $page")" = "ok $page EOPNOTSUPP" ]
then
	skip "a registered io_uring buffer keeps its data after a trim" \
		"this kernel does not register mappings of devices"
else
	as_tmpfs "a registered io_uring buffer keeps its data after a trim" \
		"$size ok ok ok $size $some 1 ok 2" "write 0 $size 1" \
		"map a shared rw 0 $size" \
		"register a $((quantum - page)) $some" trim \
		"write 0 $size 2" submit drain unregister "load a 0 $size"
fi
on_device "a trim frees the vmalloc areas of pages in a pipe" \
	"$size ok $some ok ok 1" "write 0 $size 1" \
	"map a shared rw 0 $size" "pipe a 0 $some" trim "$none" drain

available()
{
	awk '/^MemAvailable:/ { print $2 }' /proc/meminfo
}

# 1 MiB per round
size=1048576
# shellcheck disable=SC2317 # called by ok
rounds()
{
	for _ in $(seq 60); do
		: >"$dev"
		tests/helpers/mmap "$dev" "write 0 $size 1" "map a shared rw 0 $size" \
			"map b private rw 0 $size" "store b 0 $size 2" \
			"pipe a 0 $size" fork "child touch a 0 $size $page" \
			trim reap >"$scratch/result" || return
	done
	grep -qx "$size ok ok ok $size ok ok ok ok" "$scratch/result"
}
shorten_percpu_lists
ok "rounds of referenced pages work, for the kernel's caches" rounds
before=$(available)
ok "rounds of referenced pages work again" rounds
after=$(available)
ok "rounds of referenced pages free the memory but for 16 MiB" \
	[ $((before - after)) -lt 16384 ]

# blocks of 1 MiB or more; a page of each is in a pipe
order=0
while [ $((page << order)) -lt 1048576 ]; do
	order=$((order + 1))
done
set_order $order pages
size=$((16 * quantum))
note="run sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo >$scratch/held"

# DESCRIPTION
hold_blocks()
{
	_description=$1
	_wanted="$size"
	set --
	for i in $(seq 0 15); do
		set -- "$@" "splice $((i * quantum)) $page"
		_wanted="$_wanted $page"
	done
	on_device "$_description" "$_wanted ok ok" "write 0 $size 1" "$@" trim \
		"$note"
}
before=$(available)
hold_blocks "pages: splice() puts a page of each block into a pipe"
missing=$((before - $(cat "$scratch/held")))
ok "pages: a page in a pipe keeps its block after a trim: $missing kB" \
	[ $missing -gt $((size / 2048)) ]
missing=$((before - $(available)))
ok "pages: closing the pipe frees the blocks but for $missing kB" \
	[ $missing -lt $((size / 4096)) ]

# -- rmmod --

size=$((3 * quantum))
rmmod="run rmmod scullv 2>/dev/null"
on_device "rmmod fails while any part of the device is mapped, succeeds after" \
	"$size ok ok 1 1 ok 1 ok ok 1 1 ok ok" "write 0 $size 1" \
	"map a shared rw 0 $size" close "$rmmod" "load a 0 $size" \
	"unmap a $quantum $quantum" "$rmmod" fork "unmap a 0 $size" \
	"$rmmod" "child load a 0 $quantum" reap "$rmmod"
load
on_device "pages in a pipe keep their data after rmmod" \
	"$size ok $some ok ok ok 1" "write 0 $size 1" \
	"map a shared rw 0 $size" "pipe a 0 $some" "unmap a 0 $size" close \
	"$rmmod" drain
load
on_device "pages in a pipe from splice() keep their data after rmmod" \
	"$size $some ok ok 1" "write 0 $size 1" "splice 0 $some" close "$rmmod" \
	drain
load

# -- O_DIRECT writes from the mapping, with pages of the file system's block size --

disk=$scratch/disk
mkdir "$disk"
size=$((2 * quantum))
modprobe -a brd loop 2>/dev/null
mke2fs -q -F -t ext4 -b "$page" /dev/ram0 2>/dev/null
mount /dev/ram0 "$disk"
truncate -s $size "$disk/image"
loop=$(losetup -f --show "$disk/image")
# A write to a frozen file system waits. More than 1 MiB would be split, and submitted
# later by a kernel thread.
span="$((quantum - page)) $((2 * page))"
on_device "an O_DIRECT write in progress survives a trim" \
	"$size ok ok ok ok SIGBUS $size ok $((2 * page))" "write 0 $size 1" \
	"map a shared r 0 $size" "run fsfreeze -f $disk" \
	"begin $loop a $span" trim "load a 0 1" "write 0 $size 2" \
	"run fsfreeze -u $disk" end
is "an O_DIRECT write in progress writes the data of before the trim" \
	"$(tests/helpers/mmap "$loop" "read $span")" 1
losetup -d "$loop"
ok "O_DIRECT writes between trims write no stale and no mixed page" \
	within 200 tests/helpers/coherence direct 300 "$dev" "$disk/file"
umount "$disk"

# -- a mapping of the device as the buffer of read() and write() --

as_tmpfs "write() from a mapping of the device succeeds" \
	"$size ok $size same 1" "write 0 $size 1" \
	"map a shared rw 0 $((2 * size))" "write-from a 0 $size $size" \
	"same a 0 a $size $size" "read 0 $size"
as_tmpfs "read() into a mapping of the device succeeds" \
	"$size ok $quantum same 1" "write 0 $size 1" "map a shared rw 0 $size" \
	"read-into a $quantum $quantum 0" "same a 0 a $quantum $quantum" \
	"read 0 $quantum"
as_tmpfs "read() and write() of a mapped range onto itself succeed" \
	"$size ok ok $size $size $size 1" "write 0 $size 1" \
	"map a shared rw 0 $size" "map b private rw 0 $size" \
	"write-from a 0 $size 0" "read-into a 0 $size 0" \
	"write-from b 0 $size 0" "read 0 $size"
as_tmpfs "read() and write() of overlapping ranges succeed" \
	"$size ok $some $some 1 1" "write 0 $size 1" "map a shared rw 0 $size" \
	"read-into a $((page + 9)) $some $page" \
	"write-from a $((2 * page)) $some $((2 * page - 9))" \
	"read 0 $page" "read $((7 * page)) $page"
as_tmpfs "read() into a private mapping of the device makes a copy" \
	"$size ok ok $quantum 1 same" "write 0 $size 1" \
	"map a private rw 0 $size" "map b shared r 0 $size" \
	"read-into a $quantum $quantum 0" "read 0 $size" \
	"same a $quantum b 0 $quantum"
as_tmpfs "read() and write() of mapped holes succeed" \
	"9 9 ok 9 9 0 1 0" "write 0 9 1" "write $size 9 1" \
	"map a shared rw 0 $((size + 9))" "write-from a $quantum 9 $page" \
	"read-into a $((quantum + page)) 9 0" "read $page 9" \
	"read $size 9" "read $quantum 9"
as_tmpfs "read() and write() of a mapping are short at the end of the device" \
	"$((2 * page)) ok $page $page EFAULT EFAULT" \
	"write 0 $((2 * page)) 1" "map a shared rw 0 $size" \
	"write-from a $page $((3 * page)) 0" \
	"read-into a $page $((2 * page)) 0" "write-from a $((2 * page)) 9 0" \
	"read-into a $((2 * page)) 9 0"
on_device "read() and write() with a mapping of another device succeed" \
	"$size ok ok $size ok $size same $quantum same ok" "write 0 $size 1" \
	"map a shared rw 0 $size" "open /dev/scullv1 rdwr,trunc" \
	"write 0 $size 2" "map b shared rw 0 $size" "write-from a 0 $size 0" \
	"same a 0 b 0 $size" "read-into a 0 $quantum $quantum" \
	"same a 0 b $quantum $quantum" "run : >/dev/scullv1"

ok "4 threads with mapped buffers and trims do not deadlock" \
	within 200 tests/helpers/coherence own 4 8000 "$dev" "$dev"
ok "4 threads with mapped buffers of two devices do not deadlock" \
	within 200 tests/helpers/coherence own 4 8000 "$dev" /dev/scullv1

done_testing
