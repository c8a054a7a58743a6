#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The effect of open() on the contents: the book's rule, O_TRUNC and O_APPEND.

. tests/lib/driver.sh
invalid_values=yes

page=$(getconf PAGESIZE)
file=$scratch/file
dev=/dev/scullv0

load

# -- the size of ten bytes after open() with each mode --

size_after()	# FLAGS
{
	printf 0123456789 >$dev
	tests/helpers/calls $dev "$1" && attribute size
}

# a write-only open trims unless it appends; O_TRUNC always does
while read -r flags size; do
	is "an open with $flags keeps $size of 10 bytes" "$(size_after "$flags")" \
		"$size"
done <<-END
	rdonly			10
	wronly			0
	rdwr			10
	ioctl			10
	rdonly,append		10
	wronly,append		10
	rdwr,append		10
	rdonly,trunc		0
	wronly,trunc		0
	rdwr,trunc		0
	rdonly,append,trunc	0
	wronly,append,trunc	0
	rdwr,append,trunc	0
	ioctl,trunc		0
	ioctl,append		10
	rdonly,nonblock		10
	wronly,nonblock		0
	rdwr,nonblock		10
	wronly,append,nonblock	10
	rdwr,creat		10
	rdwr,direct,sync	10
	wronly,direct,sync	0
END

# WHAT EXPECTED FLAGS CALL...: open() without O_LARGEFILE, which a 64-bit kernel sets for
# 64-bit programs
as_32bit_program()
{
	_what=$1
	_expected=$2
	_flags=small,$3
	shift 3
	_got=$(tests/helpers/calls $dev "$_flags" "$@")
	if [ $? = 77 ]; then
		skip "$_what" "this machine has no 32-bit programs"
	else
		is "$_what" "$_got" "$_expected"
	fi
}

# -- the same with redirections and programs --

after()	# COMMAND
{
	printf '0123456789\n' >$dev
	sh -c "$1" >"$scratch/output" 2>&1 || cat "$scratch/output"
	cat $dev
}

is "the redirection > replaces the contents" "$(after "echo new >$dev")" new
is "the redirection >> appends" "$(after "echo new >>$dev")" "0123456789
new"
is "the redirection 1<> overwrites" "$(after "printf new 1<>$dev")" new3456789
is "the redirection :> trims the device" "$(after ": >$dev")" ""
is "the redirection < keeps the contents" "$(after ": <$dev")" 0123456789
is "dd replaces the contents" "$(after "echo new | dd of=$dev")" new
is "dd conv=notrunc replaces the contents, as it opens write-only" \
	"$(after "echo new | dd of=$dev conv=notrunc")" new
is "dd conv=notrunc oflag=append appends" \
	"$(after "echo new | dd of=$dev conv=notrunc oflag=append")" \
	"0123456789
new"
is "dd oflag=append replaces the contents, as it truncates" \
	"$(after "echo new | dd of=$dev oflag=append")" new
is "cp replaces the contents" \
	"$(after "echo new >$scratch/new; cp $scratch/new $dev")" new
is "tee replaces the contents" "$(after "echo new | tee $dev")" new
is "tee -a appends" "$(after "echo new | tee -a $dev")" "0123456789
new"
is "touch trims the device, as it opens write-only" "$(after "touch $dev")" ""
is "truncate -s 0 fails" \
	"$(after "truncate -s 0 $dev" | tail -1)" \
	"truncate: failed to truncate '$dev' at 0 bytes: Invalid argument"
is "stat keeps the contents" "$(after "stat $dev")" 0123456789

# -- wronly_trims=N: only O_TRUNC trims --

switch=/sys/module/scullv/parameters/wronly_trims
is "wronly_trims is Y by default" "$(cat $switch)" Y
is "only root can write wronly_trims" "$(stat -c %a:%u $switch)" 644:0
fails "an unprivileged user cannot write wronly_trims" \
	as_student sh -c "echo N >$switch"
fails "wronly_trims accepts Y and N only" sh -c "echo maybe >$switch"
is "an invalid wronly_trims changes nothing" "$(cat $switch) $(size_after wronly)" "Y 0"

echo N >$switch
while read -r flags size; do
	is "wronly_trims=N: an open with $flags keeps $size of 10 bytes" \
		"$(size_after "$flags")" "$size"
done <<-END
	rdonly			10
	wronly			10
	rdwr			10
	wronly,append		10
	rdonly,trunc		0
	wronly,trunc		0
	rdwr,trunc		0
	wronly,append,trunc	0
	wronly,nonblock		10
	wronly,creat		10
	wronly,direct,sync	10
END
is "wronly_trims=N: the redirection > replaces the contents" \
	"$(after "echo new >$dev")" new
is "wronly_trims=N: cp replaces the contents" \
	"$(after "echo new >$scratch/new; cp $scratch/new $dev")" new
is "wronly_trims=N: dd replaces the contents" "$(after "echo new | dd of=$dev")" new
is "wronly_trims=N: dd conv=notrunc overwrites" \
	"$(after "printf new | dd of=$dev conv=notrunc")" new3456789
is "wronly_trims=N: dd seek= overwrites in the middle" \
	"$(after "printf new | dd of=$dev conv=notrunc bs=1 seek=4")" 0123new789
is "wronly_trims=N: sort -o sorts in place" \
	"$(after "printf '3\\n1\\n2\\n' >$dev; sort -o $dev $dev")" "1
2
3"
is "wronly_trims=N: truncate fails and keeps the contents" \
	"$(after "truncate -s 5 $dev" | tail -1)" 0123456789
is "wronly_trims=N: touch keeps the contents" "$(after "touch $dev")" 0123456789
is "wronly_trims=N: the redirection >> appends" "$(after "echo new >>$dev")" "0123456789
new"
echo Y >$switch
is "wronly_trims=Y: a write-only open trims again" "$(size_after wronly)" 0

load wronly_trims=N
is "wronly_trims=N can be given to insmod" \
	"$(cat $switch) $(size_after wronly)" "N 10"
fails "insmod fails with wronly_trims=maybe" \
	sh -c "rmmod scullv && insmod scullv.ko wronly_trims=maybe"
load

# -- 32-bit programs without large file support --

as_32bit_program "a program without O_LARGEFILE has 64-bit offsets" \
	"1 3221225473" rdwr "pwrite 1 3221225472" "lseek 0 end"

# -- the position of appends --

printf 0123456789 >$dev
: >"$file"
as_tmpfs "O_APPEND writes at the end" "10 0 3 13 3 16" \
	rdwr,append,trunc "write 10" "lseek 0 set" "write 3" "lseek 0 cur" \
	"pwrite 3 1" "lseek 0 end"
as_tmpfs "RWF_APPEND writes at the end, once" "10 0 3 0 3 13 13" \
	rdwr,trunc "write 10" "lseek 0 set" "pwritev2 3 1 append" "lseek 0 cur" \
	"pwrite 3 1" "lseek 0 end" "pread 20 0"

as_tmpfs "pwritev2 with RWF_APPEND at offset -1 advances the position to the end" \
	"10 0 3 13" rdwr,trunc "write 10" "lseek 0 set" "pwritev2 3 -1 append" \
	"lseek 0 cur"
# O_APPEND of open() counts for the trim, that of fcntl() for writes
as_tmpfs "O_APPEND can be set and cleared" "10 0 0 3 13 0 0 3 3 13" \
	rdwr,trunc "write 10" "setfl append" "lseek 0 set" "write 3" "lseek 0 cur" \
	"setfl rdonly" "lseek 0 set" "write 3" "lseek 0 cur" "lseek 0 end"
is "O_DIRECT can be set" "$(
	tests/helpers/calls $dev rdwr,trunc "setfl direct" "write 7" "pread 9 0"
)" "0 7 7"
appends="$(tests/helpers/calls "$file" rdwr,append,trunc "write 10" \
	"pwritev2 3 1 noappend" "lseek 0 end")"
like "RWF_NOAPPEND of tmpfs overwrites, or is refused" "$appends" "10 (3|EOPNOTSUPP) 10"
is "RWF_NOAPPEND does what it does on tmpfs" "$(
	tests/helpers/calls $dev rdwr,append,trunc "write 10" \
		"pwritev2 3 1 noappend" "lseek 0 end"
)" "$appends"

# with a hole to allocate
as_tmpfs "O_NONBLOCK of open() has no effect" "10 1 0 $((99 * page + 1))" \
	rdwr,trunc,nonblock "write 10" "pwrite 1 $((99 * page))" "lseek 0 set" \
	"read $((200 * page))"
as_tmpfs "O_NONBLOCK of fcntl() has no effect" "0 10 1 0 $((99 * page + 1))" \
	rdwr,trunc "setfl nonblock" "write 10" "pwrite 1 $((99 * page))" "lseek 0 set" \
	"read $((200 * page))"

# two open files that append alternately
printf one >$dev
exec 3>>$dev 4>>$dev
printf ' two' >&3
printf ' three' >&4
printf ' four' >&3
exec 3>&- 4>&-
is "two open files append at the common end" "$(cat $dev)" "one two three four"

# past a hole, and across the end of a quantum and an item
item=$((500 * 16 * page))
tests/helpers/calls $dev rdwr,trunc "pwrite 1 $((item - 10))" >"$scratch/output"
seq 100 >"$scratch/expected"
cat "$scratch/expected" >>$dev
tail -c +$((item - 8)) $dev >"$scratch/got"
ok "an append across the end of an item stores its data" \
	cmp "$scratch/expected" "$scratch/got"
is "an append across the end of an item allocates one quantum" "$(attribute quanta)" 2

# -- a trim --

printf 0123456789 >$dev
exec 3<>$dev
head -c 5 <&3 >"$scratch/output"
: >$dev
is "an open file reads the end after a trim" "$(cat <&3)" ""
printf abc >&3
is "an open file writes at its position after a trim, past a hole" \
	"$(od -An -c $dev | tr -d ' ')" '\0\0\0\0\0abc'
exec 3>&-

exec 3>>$dev
: >$dev
printf abc >&3
is "an open file appends at the new end after a trim" "$(cat $dev)" abc
exec 3>&-

: >$dev
is "a trim leaves no bytes and no quanta" \
	"$(attribute size) $(attribute quanta) $(attribute bytes)" "0 0 0"

current_geometry()
{
	sed -n 's/^Device 0: \(.*\), sz .*/\1/p' /proc/scullvmem
}

printf 0123456789 >$dev
echo 2 >/sys/class/scullv/scullv0/order
echo 7 >/sys/class/scullv/scullv0/qset
is "a configured geometry does not apply before a trim" \
	"$(current_geometry)" "qset 500, order 4"
printf more >>$dev
printf more 1<>$dev
is "appends and overwrites do not apply a configured geometry" \
	"$(current_geometry)" "qset 500, order 4"
is "bytes is the memory of the quanta in force, not of the configured order" \
	"$(attribute order) $(attribute quanta) $(attribute bytes)" "2 1 $((16 * page))"
: >$dev
is "a trim applies the configured geometry" "$(current_geometry)" "qset 7, order 2"
is "a quantum after the trim has the new size" \
	"$(echo >$dev; attribute bytes)" $((4 * page))
: >$dev

# tracefs reports each store that is replaced
trims()
{
	grep -c ' scullv_trim: device=0 ' "$trace/trace"
}
make_trace
echo 1 >"$trace/events/scullv/scullv_trim/enable"
: >$dev
is "a trim of an empty device does not replace the store" "$(trims)" 0
echo 1 >/sys/class/scullv/scullv0/qset
: >$dev
is "a trim of an empty device applies a new geometry" \
	"$(trims) $(current_geometry)" "1 qset 1, order 2"
: >$dev
is "a second trim of an empty device does not replace the store" "$(trims)" 1
tests/helpers/calls $dev rdwr "pwrite 0 100" >"$scratch/output"
: >$dev
is "a device is empty after a write of 0 bytes" "$(trims)" 1
echo >$dev
: >$dev
is "a trim of a device with data replaces the store" "$(trims)" 2

done_testing
