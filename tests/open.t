#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What opening a device does to its contents: the book's rule, O_TRUNC and
# O_APPEND.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
file=$scratch/file
dev=/dev/scullv0

load

# -- every mode: ten bytes are there before, how many are there after? --

size_after()	# FLAGS
{
	printf 0123456789 >$dev
	tests/helpers/calls $dev "$1" && attribute size
}

# write-only empties, unless it appends; O_TRUNC always does
while read -r flags size; do
	is "opening with $flags leaves $size bytes" "$(size_after "$flags")" \
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
	rdonly,nonblock		10
	wronly,nonblock		0
	rdwr,nonblock		10
	wronly,append,nonblock	10
	rdwr,creat		10
	rdwr,direct,sync	10
	wronly,direct,sync	0
END

# WHAT WANTED FLAGS CALL...: of a program whose open() is without O_LARGEFILE, which a
# 64-bit kernel sets for 64-bit programs
as_small_program()
{
	_what=$1
	_wanted=$2
	_flags=small,$3
	shift 3
	_got=$(tests/helpers/calls $dev "$_flags" "$@")
	if [ $? = 77 ]; then
		skip "$_what" "this machine has no programs of 32 bits"
	else
		is "$_what" "$_got" "$_wanted"
	fi
}

# -- the same as a user knows it --

after()	# COMMAND
{
	printf '0123456789\n' >$dev
	sh -c "$1" >"$scratch/said" 2>&1 || cat "$scratch/said"
	cat $dev
}

is "  >   starts anew" "$(after "echo new >$dev")" new
is " >>   appends" "$(after "echo new >>$dev")" "0123456789
new"
is "1<>   overwrites" "$(after "printf new 1<>$dev")" new3456789
is "  :>  empties" "$(after ": >$dev")" ""
is "  <   does nothing" "$(after ": <$dev")" 0123456789
is "dd starts anew" "$(after "echo new | dd of=$dev")" new
is "dd conv=notrunc, too: it opens write-only" \
	"$(after "echo new | dd of=$dev conv=notrunc")" new
is "dd conv=notrunc oflag=append appends" \
	"$(after "echo new | dd of=$dev conv=notrunc oflag=append")" \
	"0123456789
new"
is "dd oflag=append does not, as it truncates" \
	"$(after "echo new | dd of=$dev oflag=append")" new
is "cp starts anew" \
	"$(after "echo new >$scratch/new; cp $scratch/new $dev")" new
is "tee, too" "$(after "echo new | tee $dev")" new
is "tee -a appends" "$(after "echo new | tee -a $dev")" "0123456789
new"
is "touch empties it: it opens write-only" "$(after "touch $dev")" ""
is "truncate -s 0 empties it, and complains" \
	"$(after "truncate -s 0 $dev" | tail -1)" \
	"truncate: failed to truncate '$dev' at 0 bytes: Invalid argument"
is "stat does nothing" "$(after "stat $dev")" 0123456789

# -- wronly_trims=N: only O_TRUNC empties --

switch=/sys/module/scullv/parameters/wronly_trims
is "wronly_trims is Y by default" "$(cat $switch)" Y
is "wronly_trims is root's to write" "$(stat -c %a:%u $switch)" 644:0
fails "a student does not write it" as_student sh -c "echo N >$switch"
fails "wronly_trims is Y or N" sh -c "echo maybe >$switch"
is "which has changed nothing" "$(cat $switch) $(size_after wronly)" "Y 0"

echo N >$switch
while read -r flags size; do
	is "wronly_trims=N: opening with $flags leaves $size bytes" \
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
is "wronly_trims=N: > starts over" "$(after "echo new >$dev")" new
is "wronly_trims=N: cp starts over" \
	"$(after "echo new >$scratch/new; cp $scratch/new $dev")" new
is "wronly_trims=N: dd starts over" "$(after "echo new | dd of=$dev")" new
is "wronly_trims=N: dd conv=notrunc overwrites" \
	"$(after "printf new | dd of=$dev conv=notrunc")" new3456789
is "wronly_trims=N: dd seek= overwrites in the middle" \
	"$(after "printf new | dd of=$dev conv=notrunc bs=1 seek=4")" 0123new789
is "wronly_trims=N: sort -o sorts in place" \
	"$(after "printf '3\\n1\\n2\\n' >$dev; sort -o $dev $dev")" "1
2
3"
is "wronly_trims=N: truncate only complains" \
	"$(after "truncate -s 5 $dev" | tail -1)" 0123456789
is "wronly_trims=N: touch empties nothing" "$(after "touch $dev")" 0123456789
is "wronly_trims=N: >> appends" "$(after "echo new >>$dev")" "0123456789
new"
echo Y >$switch
is "wronly_trims=Y: opening write-only empties again" "$(size_after wronly)" 0

load wronly_trims=N
is "wronly_trims=N can be given to insmod" \
	"$(cat $switch) $(size_after wronly)" "N 10"
fails "wronly_trims=maybe is refused by insmod" \
	sh -c "rmmod scullv && insmod scullv.ko wronly_trims=maybe"
load

# -- 32-bit programs that do not know of large files --

as_small_program "offsets are 64 bits wide, whoever opens" \
	"1 3221225473" rdwr "pwrite 1 3221225472" "lseek 0 end"

# -- where it goes --

printf 0123456789 >$dev
: >"$file"
as_tmpfs "what O_APPEND writes lands at the end" "10 0 3 13 3 16" \
	rdwr,append,trunc "write 10" "lseek 0 set" "write 3" "lseek 0 cur" \
	"pwrite 3 1" "lseek 0 end"
as_tmpfs "RWF_APPEND makes one write an append" "10 0 3 0 3 13 13" \
	rdwr,trunc "write 10" "lseek 0 set" "pwritev2 3 1 append" "lseek 0 cur" \
	"pwrite 3 1" "lseek 0 end" "pread 20 0"

# two that append see each other's end
printf one >$dev
exec 3>>$dev 4>>$dev
printf ' two' >&3
printf ' three' >&4
printf ' four' >&3
exec 3>&- 4>&-
is "two open files append behind each other" "$(cat $dev)" "one two three four"

# behind a hole, and over the end of a quantum and of an item
item=$((500 * 16 * page))
tests/helpers/calls $dev rdwr,trunc "pwrite 1 $((item - 10))" >"$scratch/said"
seq 100 >"$scratch/wanted"
cat "$scratch/wanted" >>$dev
tail -c +$((item - 8)) $dev >"$scratch/got"
ok "an append goes over the end of an item" \
	cmp "$scratch/wanted" "$scratch/got"
is "which takes one more quantum" "$(attribute quanta)" 2

# -- a trim --

printf 0123456789 >$dev
exec 3<>$dev
head -c 5 <&3 >"$scratch/said"
: >$dev
is "who had it open reads its end" "$(cat <&3)" ""
printf abc >&3
is "who had it open writes on at its position, behind a hole" \
	"$(od -An -c $dev | tr -d ' ')" '\0\0\0\0\0abc'
exec 3>&-

exec 3>>$dev
: >$dev
printf abc >&3
is "who appends is at the new end" "$(cat $dev)" abc
exec 3>&-

: >$dev
is "nothing is left" \
	"$(attribute size) $(attribute quanta) $(attribute bytes)" "0 0 0"

in_force()
{
	sed -n 's/^Device 0: \(.*\), sz .*/\1/p' /proc/scullvmem
}

printf 0123456789 >$dev
echo 2 >/sys/class/scullv/scullv0/order
echo 7 >/sys/class/scullv/scullv0/qset
is "a new geometry waits while there are bytes" "$(in_force)" "qset 500, order 4"
printf more >>$dev
printf more 1<>$dev
is "also for those who append and overwrite" "$(in_force)" "qset 500, order 4"
: >$dev
is "the trim puts it in force" "$(in_force)" "qset 7, order 2"
is "the next quantum has its size" \
	"$(echo >$dev; attribute bytes)" $((4 * page))
: >$dev

# tracefs tells of every store that is replaced
trims()
{
	grep -c ' scullv_trim: device=0 ' /sys/kernel/tracing/instances/test/trace
}
mkdir /sys/kernel/tracing/instances/test
echo 1 >/sys/kernel/tracing/instances/test/events/scullv/scullv_trim/enable
: >$dev
is "emptying what is empty does nothing" "$(trims)" 0
echo 1 >/sys/class/scullv/scullv0/qset
: >$dev
is "unless a new geometry waits" "$(trims) $(in_force)" "1 qset 1, order 2"
: >$dev
is "once" "$(trims)" 1
tests/helpers/calls $dev rdwr "pwrite 0 100" >"$scratch/said"
: >$dev
is "a write of nothing leaves it empty" "$(trims)" 1
echo >$dev
: >$dev
is "what has bytes is emptied" "$(trims)" 2
echo 0 >/sys/kernel/tracing/instances/test/events/scullv/scullv_trim/enable
rmdir /sys/kernel/tracing/instances/test

done_testing
