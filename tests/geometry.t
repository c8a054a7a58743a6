#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The parameters, and the ways to set a device's geometry: what is taken, what is
# refused, and what is told then.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
dev=/dev/scullv0
sysfs=/sys/class/scullv
parameters=/sys/module/scullv/parameters
number="must be a number from"
names="must be vmalloc, pages or huge"
# the largest order of the others: 1 GiB
most=0
while [ $((page << most)) -lt $((1 << 30)) ]; do
	most=$((most + 1))
done
# the page allocator's lists are one for each order, 0 to this
largest=$(awk 'NR == 1 { print NF - 5 }' /proc/buddyinfo)

# COMMAND...: what it says, and what the driver says in the kernel's log meanwhile
told()
{
	echo "scullv-test mark $tests" >/dev/kmsg
	"$@" 2>&1
	dmesg | sed -n "/scullv-test mark $tests\$/,\$s/^\[[^]]*\] scullv: //p"
}

# NAME: an attribute of all devices in a row
all()
{
	cat "$sysfs"/scullv?/"$1" | tr '\n' ' '
}

# order:qset in force, of all devices in a row
in_force()
{
	sed -n 's/^Device .*qset \(.*\), order \(.*\), sz.*/\2:\1/p' \
		/proc/scullvmem | tr '\n' ' '
}

# -- parameters: good ones --

load
is "by default there are four devices" "$(echo /dev/scullv*)" \
	"/dev/scullv0 /dev/scullv1 /dev/scullv2 /dev/scullv3"
is "with the book's geometry" "$(in_force)" "4:500 4:500 4:500 4:500 "
is "and quanta from vmalloc" "$(all alloc)" "vmalloc vmalloc vmalloc vmalloc "
is "for half of the memory" "$(cat $parameters/limit)" "50%"
like "the kernel gives them a major number" "$(grep -w scullv /proc/devices)" \
	' *[0-9]+ scullv'

load order=9 qset=7 alloc=vmalloc
is "one value is for all devices" "$(in_force)" "9:7 9:7 9:7 9:7 "
is "order reads back" "$(all order)" "9 9 9 9 "
is "qset reads back" "$(all qset)" "7 7 7 7 "
load order=1,2,3,0 qset=10,20,30,40 alloc=vmalloc,vmalloc,vmalloc,vmalloc
is "a list has one for each" "$(in_force)" "1:10 2:20 3:30 0:40 "
load alloc=pages,huge,vmalloc order="$largest",$most
is "of names too" "$(all alloc)" "pages huge vmalloc vmalloc "
is "each has orders of its own" "$(all order)" "$largest $most $most $most "
load order=1,2 qset=10,20,30
is "its last one is repeated" "$(in_force)" "1:10 2:20 2:30 2:30 "
load order=0x2 qset=0x10 devs=0x2
is "hexadecimal numbers are numbers" "$(in_force)" "2:16 2:16 "
load order=$most,0 qset=1048576,1
is "the ends of the ranges are in them" "$(in_force)" \
	"$most:1048576 0:1 0:1 0:1 "
load devs=1
is "one device" "$(echo /dev/scullv*)" /dev/scullv0
load devs=256 order="$(seq -s , 256 | sed 's/[0-9]*/3/g')"
is "256 devices" "$(find /dev -name 'scullv*' -type c | wc -l)" 256
is "with a value for each" "$(in_force | tr ' ' '\n' | grep -c 3:500)" 256
unload

major=$(free_major)
load major="$major"
is "a major number of the user's own" \
	"$(stat -c %t:%T /dev/scullv1)" "$(printf %x:1 "$major")"
unload

# -- parameters: bad ones --

left_behind()
{
	for file in /dev/scullv* /proc/scullv* /sys/class/scullv* \
		/sys/module/scullv*; do
		[ ! -e "$file" ] || echo "$file"
	done
	grep -w scullv /proc/devices
}

# PARAMETER=VALUE MESSAGE [OTHER PARAMETER=VALUE]
refused()
{
	_bad=$1
	_wanted="insmod: ERROR: could not insert module scullv.ko: ${error}
$2"
	shift 2
	is "$_bad is refused, the log says why, and nothing stays behind" \
		"$(told insmod scullv.ko "$_bad" "$@"; left_behind)" "$_wanted"
	unload
}
# PARAMETER VALUE: the kernel's line for a value that is not a number. It shows a
# list up to the first comma.
no_number()
{
	echo "\`${2%%,*}' invalid for parameter \`$1'"
}
error="Invalid parameters"

for name in order qset devs major; do
	for value in abc -1 "" 4x 4.0; do
		refused "$name=$value" "$(no_number $name "$value")"
	done
done
for value in abc,4 4,abc,4 4,,4 "4,"; do
	refused "order=$value" "$(no_number order "$value")"
done
error="Numerical result out of range"
refused order=4294967296 "$(no_number order 4294967296)"

error="Invalid parameters"
refused order=$((most + 1)) "order=$((most + 1)): $number 0 to $most"
for value in 0 1048577; do
	refused "qset=$value" "qset=$value: $number 1 to 1048576"
done
for value in 0 257; do
	refused "devs=$value" "devs=$value: $number 1 to 256"
done
refused major=512 "major=512: $number 0 to 511"
for value in nosuch vmalloc2 ""; do
	refused "alloc=$value" "alloc=$value: $names"
done
rule="must be bytes with an optional K, M, G or T,"
rule="$rule or 1% to 100% of the memory, 0 for no limit"
for value in abc -1 "" 0% 101% % 5K% 1.5G 1P 8388608T 18446744073709551617 \
	"$(printf %040d 5)"; do
	# the second line is the kernel's own
	refused "limit=$value" "limit=$value: $rule
$(no_number limit "$value")"
done

# in a list: the one that is bad is named, wherever it is
refused order=4,4,4,$((most + 1)) "order=$((most + 1)): $number 0 to $most"
refused qset=500,0 "qset=0: $number 1 to 1048576"
refused alloc=vmalloc,nosuch "alloc=nosuch: $names"
refused "order=$((largest + 1))" \
	"order=$((largest + 1)): $number 0 to $largest" alloc=pages
refused "order=$most,$((largest + 1))" \
	"order=$((largest + 1)): $number 0 to $largest" alloc=huge,pages
refused order=$((most + 1)) "order=$((most + 1)): $number 0 to $most" alloc=huge
refused order=1,2,3,4,5 "order: 5 values for 4 devices"
refused qset=1,2,3 "qset: 3 values for 2 devices" devs=2
refused alloc=vmalloc,vmalloc "alloc: 2 values for 1 devices" devs=1
fails "a list of 257 values is refused" \
	insmod scullv.ko order="$(seq -s , 257)" devs=256

# number 1 belongs to /dev/mem and its like
error="Device or resource busy"
refused major=1 \
	"major 1 unavailable (-16), see /proc/devices"

# -- limit, at run time --

load order=0 limit=$((5 * page))
is "the limit of the start is in force" \
	"$(tests/helpers/calls $dev wronly "write $((10 * page))")" $((5 * page))
: >$dev
page_k=$((page / 1024))

# VALUE PAGES: so many fit
limit_of()
{
	ok "limit=$1 can be set" sh -c "echo $1 >$parameters/limit"
	is "limit=$1 reads back" "$(cat $parameters/limit)" "$1"
	is "limit=$1 is in force: $2 pages of 10" \
		"$(tests/helpers/calls $dev wronly "write $((10 * page))")" \
		$(($2 * page))
	: >$dev
}
limit_of $((3 * page))		3
limit_of $((3 * page - 1))	3
limit_of $((3 * page_k))K	3
limit_of 0x1M			10
limit_of 1g			10
limit_of 1T			10
limit_of 100%			10
limit_of $((9 * page))		9
limit_of 0			10


echo 3M >$parameters/limit
is "limit reads back as one line, however it was written" \
	"$(od -An -c $parameters/limit)" "$(echo 3M | od -An -c)"
for value in abc -1 "" 0% 101% % "5 6" 8388608T 18446744073709551617; do
	is "limit=$value is refused at run time" \
		"$(echo "$value" | told dd of=$parameters/limit status=none)" "dd: error writing '$parameters/limit': Invalid argument
limit=$value: $rule"
	is "limit=$value changes nothing" "$(cat $parameters/limit)" 3M
done

# -- sysfs --

load devs=2
attributes=$sysfs/scullv0

echo 123456 >$dev
echo 2 >$attributes/order
echo 7 >$attributes/qset
echo vmalloc >$attributes/alloc
is "order, qset and alloc read back what was written" \
	"$(cat $attributes/order $attributes/qset $attributes/alloc)" "2
7
vmalloc"
is "which is in force after the next trim" "$(in_force)" "4:500 4:500 "
: >$dev
is "of that device, no other" "$(in_force)" "2:7 4:500 "
is "and only configured for that one" "$(all order)" "2 4 "
printf 0x3 >$attributes/order
is "without a new line, and hexadecimal" "$(attribute order)" 3

# NAME RULE VALUE...
refuses()
{
	_name=$1
	_rule=$2
	_was=$(attribute "$_name")
	shift 2
	for value; do
		is "$_name refuses $value" "$(
			echo "$value" |
				told dd of=$attributes/"$_name" status=none
		)" "dd: error writing '$attributes/$_name': Invalid argument
$_name=$value: $_rule"
	done
	is "$_name is what it was" "$(attribute "$_name")" "$_was"
}
refuses order "$number 0 to $most" abc -1 $((most + 1)) "" 4x 4294967296
refuses qset "$number 1 to 1048576" abc 0 1048577 5,6
refuses alloc "$names" nosuch ""
echo $((largest + 1)) >$attributes/order
refuses alloc "set order to $largest or less first" pages
echo "$largest" >$attributes/order
ok "pages has blocks of order $largest" sh -c "echo pages >$attributes/alloc"
is "which reads back" "$(attribute alloc)" pages
refuses order "$number 0 to $largest" $((largest + 1)) $most
ok "huge has the orders of vmalloc" \
	sh -c "echo huge >$attributes/alloc; echo $most >$attributes/order"
echo 4 >$attributes/order

is "size, quanta and bytes are for reading" \
	"$(stat -c %a $attributes/size $attributes/quanta $attributes/bytes)" \
	"444
444
444"
fails "size cannot be written" sh -c "echo 5 >$attributes/size"
is "order, qset and alloc are root's to write" \
	"$(stat -c %a:%u $attributes/order $attributes/qset $attributes/alloc)" \
	"644:0
644:0
644:0"

# -- ioctl --

# WANTED COMMAND...: what it says, and what order and qset are then
gives()
{
	_wanted=$1
	shift
	is "$program ioctl $*" "$(
		# shellcheck disable=SC2086 # an option or none
		tests/helpers/ioctl $option $dev "$@"
	) $(attribute order):$(attribute qset)" "$_wanted"
}

# PROGRAM [OPTION]: all commands as a program of that kind gives them
all_commands()
{
	program=$1
	option=${2-}
	load devs=2 order=5,6 qset=50,60
	gives "5 5:50" QORDER
	gives "50 5:50" QQSET
	gives "0 5 5:50" GORDER
	gives "0 50 5:50" GQSET
	gives "0 9:50" SORDER 9
	gives "0 9:90" SQSET 90
	gives "0 8:90" TORDER 8
	gives "0 8:80" TQSET 80
	gives "0 8 7:80" XORDER 7
	gives "0 80 7:70" XQSET 70
	gives "7 $most:70" HORDER $most
	gives "70 $most:1048576" HQSET 1048576
	gives "$most $most:1048576" QORDER
	gives "1048576 $most:1048576" QQSET
	gives "0 0:1048576" TORDER 0
	gives "0 0:1" TQSET 1
	gives "0 0 0:1" GORDER
	gives "0 1 0:1" GQSET
	gives "0 4:500" RESET
	gives "EFAULT 4:500" SORDER 9 null
	gives "EFAULT 9 4:500" GQSET 9 null
	gives "ENOTTY 4:500" 0x4bff
	is "$program: the other device keeps its own" \
		"$(all order)$(all qset)" "4 6 500 60 "
	is "$program: nothing is in force yet" "$(in_force)" "5:50 6:60 "
	: >$dev
	is "$program: the next trim does that" "$(in_force)" "4:500 6:60 "
}

compat=$(tests/helpers/ioctl -c $dev QORDER)
no_compat="this machine has no such calls, or no other"
if [ "$compat" ]; then
	all_commands 32-bit -c
else
	skip "ioctl of a 32-bit program" "$no_compat"
fi
all_commands native

# SAID LOGGED COMMAND...: a bad one changes nothing
refuses_ioctl()
{
	_wanted="$1${2:+
}$2
4:500"
	shift 2
	is "ioctl $* is refused and changes nothing" "$(
		told tests/helpers/ioctl $dev "$@"
		echo "$(attribute order):$(attribute qset)"
	)" "$_wanted"
}
refuses_ioctl EINVAL "order=$((most + 1)): $number 0 to $most" SORDER $((most + 1))
refuses_ioctl EINVAL "order=-1: $number 0 to $most" SORDER -1
refuses_ioctl EINVAL "order=$((most + 1)): $number 0 to $most" TORDER $((most + 1))
refuses_ioctl "EINVAL $((most + 1))" "order=$((most + 1)): $number 0 to $most" XORDER $((most + 1))
refuses_ioctl EINVAL "order=$((most + 1)): $number 0 to $most" HORDER $((most + 1))
refuses_ioctl EINVAL "qset=0: $number 1 to 1048576" SQSET 0
refuses_ioctl EINVAL "qset=0: $number 1 to 1048576" TQSET 0
refuses_ioctl "EINVAL 1048577" "qset=1048577: $number 1 to 1048576" \
	XQSET 1048577
refuses_ioctl EINVAL "qset=-1: $number 1 to 1048576" HQSET -1
for field in ORDER QSET; do
	refuses_ioctl EFAULT "" S$field 9 null
	for where in null readonly; do
		refuses_ioctl "EFAULT 9" "" G$field 9 $where
		refuses_ioctl "EFAULT 9" "" X$field 9 $where
	done
done
# behind the last, a right number with a wrong size, and one of a terminal
for command in 0 0x4b0d 0x4bff 0x4b01 0x5401; do
	refuses_ioctl ENOTTY "" $command
done
echo pages >$attributes/alloc
refuses_ioctl EINVAL "order=$((largest + 1)): $number 0 to $largest" \
	TORDER $((largest + 1))
is "setting from memory that is only readable works" \
	"$(tests/helpers/ioctl $dev SORDER 3 readonly) $(attribute order)" "0 3"

# The log has ten of these lines in five seconds; from here on it may have none.

# T and H check all of their argument, not the lower half.
for command in TORDER HORDER TQSET HQSET; do
	for value in 0x100000002 0x7fffffff00000002 -4294967294; do
		if [ "$(getconf LONG_BIT)" = 64 ]; then
			program=native option=
			gives "EINVAL 3:500" $command $value
		else
			skip "ioctl $command $value" "a long has 32 bits"
		fi
	done
	if [ "$compat" ]; then
		program=32-bit option=-c
		gives "EINVAL 3:500" $command -1
	else
		skip "32-bit ioctl $command -1" "$no_compat"
	fi
done

# -- two at the same time --

for pair in "order qset" "alloc order" "qset alloc"; do
	# shellcheck disable=SC2086 # two words
	ok "$pair: set on two processors at once, both take effect" \
		soon tests/helpers/settle 1 2000 $pair
done
for other in order qset alloc; do
	ok "RESET and $other come to an end when they are set at once" \
		soon tests/helpers/settle 1 2000 reset $other
done

done_testing
