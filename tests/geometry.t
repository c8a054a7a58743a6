#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Module parameters and the ways to set a device's geometry: which values are valid,
# and the errors and log messages for the others.

. tests/lib/driver.sh
invalid_values=yes

page=$(getconf PAGESIZE)
dev=/dev/scullv0
sysfs=/sys/class/scullv
parameters=/sys/module/scullv/parameters
number="must be a number from"
names="must be vmalloc, pages or huge"
# the largest order of vmalloc and huge, 1 GiB
max_order=0
while [ $((page << max_order)) -lt $((1 << 30)) ]; do
	max_order=$((max_order + 1))
done
# the largest order of the page allocator, which has a list per order
pages_max=$(awk 'NR == 1 { print NF - 5 }' /proc/buddyinfo)

# COMMAND...: prints its output and the driver's messages in the kernel log
run_logged()
{
	echo "scullv-test mark $tests" >/dev/kmsg
	"$@" 2>&1
	dmesg | sed -n "/scullv-test mark $tests\$/,\$s/^\[[^]]*\] scullv: //p"
}

# NAME: an attribute of all devices, on one line
all()
{
	cat "$sysfs"/scullv?/"$1" | tr '\n' ' '
}

# the order:qset of all devices, on one line
current_geometry()
{
	sed -n 's/^Device .*qset \(.*\), order \(.*\), sz.*/\2:\1/p' \
		/proc/scullvmem | tr '\n' ' '
}

# -- valid parameters --

load
is "the module creates four devices by default" "$(echo /dev/scullv*)" \
	"/dev/scullv0 /dev/scullv1 /dev/scullv2 /dev/scullv3"
is "the default geometry is the book's" "$(current_geometry)" "4:500 4:500 4:500 4:500 "
is "the default allocator is vmalloc" "$(all alloc)" "vmalloc vmalloc vmalloc vmalloc "
is "the default limit is half of the memory" "$(cat $parameters/limit)" "50%"
like "the major number is dynamic by default" "$(grep -w scullv /proc/devices)" \
	' *[0-9]+ scullv'

load order=9 qset=7 alloc=vmalloc
is "a single value applies to all devices" "$(current_geometry)" "9:7 9:7 9:7 9:7 "
is "sysfs shows the order given to insmod" "$(all order)" "9 9 9 9 "
is "sysfs shows the qset given to insmod" "$(all qset)" "7 7 7 7 "
load order=1,2,3,0 qset=10,20,30,40 alloc=vmalloc,vmalloc,vmalloc,vmalloc
is "a list has one order and qset per device" "$(current_geometry)" "1:10 2:20 3:30 0:40 "
load alloc=pages,huge,vmalloc order="$pages_max",$max_order
is "a list has one allocator per device" "$(all alloc)" "pages huge vmalloc vmalloc "
is "the range of order depends on the allocator" \
	"$(all order)" "$pages_max $max_order $max_order $max_order "
load order=1,2 qset=10,20,30
is "the last value of a short list is repeated" "$(current_geometry)" "1:10 2:20 2:30 2:30 "
load order=0x2 qset=0x10 devs=0x2
is "hexadecimal numbers are valid" "$(current_geometry)" "2:16 2:16 "
load order=$max_order,0 qset=1048576,1
is "the limits of the ranges are valid" "$(current_geometry)" \
	"$max_order:1048576 0:1 0:1 0:1 "
load devs=1
is "devs=1 creates one device" "$(echo /dev/scullv*)" /dev/scullv0
load devs=256 order="$(seq -s , 256 | sed 's/[0-9]*/3/g')"
is "devs=256 creates 256 devices" "$(find /dev -name 'scullv*' -type c | wc -l)" 256
is "256 devices take a list of 256 orders" \
	"$(current_geometry | tr ' ' '\n' | grep -c 3:500)" 256
unload

major=$(free_major)
load major="$major"
is "major sets the major number" \
	"$(stat -c %t:%T /dev/scullv1)" "$(printf %x:1 "$major")"
unload

# -- invalid parameters --

leftovers()
{
	for file in /dev/scullv* /proc/scullv* /sys/class/scullv* \
		/sys/module/scullv*; do
		[ ! -e "$file" ] || echo "$file"
	done
	grep -w scullv /proc/devices
}

# PARAMETER=VALUE MESSAGE [OTHER PARAMETER=VALUE]: insmod fails and logs MESSAGE
load_fails()
{
	_invalid=$1
	_expected="insmod: ERROR: could not insert module scullv.ko: ${error}
$2"
	shift 2
	is "insmod $_invalid${1:+ with $1} fails, logs the reason and leaves nothing" \
		"$(run_logged insmod scullv.ko "$_invalid" "$@"; leftovers)" "$_expected"
	unload
}

# PARAMETER VALUE: prints the kernel's message for a value that is not a number. It
# shows a list up to the first comma.
no_number()
{
	echo "\`${2%%,*}' invalid for parameter \`$1'"
}
error="Invalid parameters"

for name in order qset devs major; do
	for value in abc -1 "" 4x 4.0; do
		load_fails "$name=$value" "$(no_number $name "$value")"
	done
done
for value in abc,4 4,abc,4 4,,4 "4,"; do
	load_fails "order=$value" "$(no_number order "$value")"
done
error="Numerical result out of range"
load_fails order=4294967296 "$(no_number order 4294967296)"

error="Invalid parameters"
load_fails order=$((max_order + 1)) "order=$((max_order + 1)): $number 0 to $max_order"
for value in 0 1048577; do
	load_fails "qset=$value" "qset=$value: $number 1 to 1048576"
done
for value in 0 257; do
	load_fails "devs=$value" "devs=$value: $number 1 to 256"
done
load_fails major=512 "major=512: $number 0 to 511"
for value in nosuch vmalloc2 ""; do
	load_fails "alloc=$value" "alloc=$value: $names"
done
rule="must be bytes with an optional K, M, G or T,"
rule="$rule or 1% to 100% of the memory, 0 for no limit"
for value in abc -1 "" 0% 101% % 5K% 1.5G 1P 8388608T 18446744073709551617 \
	"$(printf %040d 5)"; do
	# the second line is the module loader's
	load_fails "limit=$value" "limit=$value: $rule
$(no_number limit "$value")"
done

# the message for a list names the invalid value
load_fails order=4,4,4,$((max_order + 1)) "order=$((max_order + 1)): $number 0 to $max_order"
load_fails qset=500,0 "qset=0: $number 1 to 1048576"
load_fails alloc=vmalloc,nosuch "alloc=nosuch: $names"
load_fails "order=$((pages_max + 1))" \
	"order=$((pages_max + 1)): $number 0 to $pages_max" alloc=pages
load_fails "order=$max_order,$((pages_max + 1))" \
	"order=$((pages_max + 1)): $number 0 to $pages_max" alloc=huge,pages
load_fails order=$((max_order + 1)) \
	"order=$((max_order + 1)): $number 0 to $max_order" alloc=huge
load_fails alloc=nosuch "alloc=nosuch: $names" qset=0
load_fails "order=$((max_order + 1))" \
	"order=$((max_order + 1)): $number 0 to $max_order" qset=0
load_fails order=1,2,3,4,5 "order: 5 values for 4 devices"
load_fails qset=1,2,3 "qset: 3 values for 2 devices" devs=2
load_fails alloc=vmalloc,vmalloc "alloc: 2 values for 1 devices" devs=1
fails "insmod with a list of 257 values fails" \
	insmod scullv.ko order="$(seq -s , 257)" devs=256

# major 1 is that of /dev/mem
error="Device or resource busy"
load_fails major=1 \
	"major 1 unavailable (-16), see /proc/devices"

# -- the limit at run time --

load order=0 limit=$((5 * page))
is "the limit given to insmod applies" \
	"$(tests/helpers/calls $dev wronly "write $((10 * page))")" $((5 * page))
: >$dev
page_k=$((page / 1024))

# VALUE PAGES: the limit VALUE has room for PAGES of 10 pages
check_limit()
{
	ok "limit=$1 can be set" sh -c "echo $1 >$parameters/limit"
	is "limit=$1 is read as written" "$(cat $parameters/limit)" "$1"
	is "limit=$1 has room for $2 of 10 pages" \
		"$(tests/helpers/calls $dev wronly "write $((10 * page))")" \
		$(($2 * page))
	: >$dev
}
check_limit $((3 * page))		3
check_limit $((3 * page - 1))	3
check_limit $((3 * page_k))K	3
check_limit 0x1M			10
check_limit 1g			10
check_limit 1T			10
check_limit 100%			10
# on 32 bits more pages than a long counts
check_limit $(((1 << 44) + page))	10
check_limit $((9 * page))		9
check_limit 0			10


echo 3M >$parameters/limit
is "limit is read as one line" \
	"$(od -An -c $parameters/limit)" "$(echo 3M | od -An -c)"
for value in abc -1 "" 0% 101% % "5 6" 8388608T 18446744073709551617; do
	is "limit=$value is invalid at run time" \
		"$(echo "$value" | run_logged dd of=$parameters/limit status=none)" "dd: error writing '$parameters/limit': Invalid argument
limit=$value: $rule"
	is "limit=$value keeps the former limit" "$(cat $parameters/limit)" 3M
done
is "the former limit stays in force" \
	"$(tests/helpers/calls $dev wronly "write 4194304")" 3145728

# -- sysfs --

load devs=2
attributes=$sysfs/scullv0

echo 123456 >$dev
echo 2 >$attributes/order
echo 7 >$attributes/qset
echo vmalloc >$attributes/alloc
is "order, qset and alloc are read as written" \
	"$(cat $attributes/order $attributes/qset $attributes/alloc)" "2
7
vmalloc"
is "a geometry written to sysfs does not apply before a trim" \
	"$(current_geometry)" "4:500 4:500 "
: >$dev
is "a trim applies the configured geometry of its device" \
	"$(current_geometry)" "2:7 4:500 "
is "an order written to sysfs is configured for that device only" "$(all order)" "2 4 "
printf 0x3 >$attributes/order
is "sysfs accepts a hexadecimal order without a newline" "$(attribute order)" 3

# NAME RULE VALUE...: each VALUE is invalid, RULE is logged
check_invalid()
{
	_name=$1
	_rule=$2
	_was=$(attribute "$_name")
	shift 2
	for value; do
		is "a write of '$value' to $_name fails with EINVAL${with:+ with $with}" "$(
			echo "$value" |
				run_logged dd of=$attributes/"$_name" status=none
		)" "dd: error writing '$attributes/$_name': Invalid argument
$_name=$value: $_rule"
	done
	is "writes of invalid values to $_name${with:+ with $with} change nothing" \
		"$(attribute "$_name")" "$_was"
}
with=
check_invalid order "$number 0 to $max_order" abc -1 $((max_order + 1)) "" 4x 4294967296
check_invalid qset "$number 1 to 1048576" abc 0 1048577 5,6
check_invalid alloc "$names" nosuch ""
echo $((pages_max + 1)) >$attributes/order
with="order $((pages_max + 1))"
check_invalid alloc "set order to $pages_max or less first" pages
echo "$pages_max" >$attributes/order
ok "alloc=pages is valid with order $pages_max" sh -c "echo pages >$attributes/alloc"
is "the attribute alloc shows pages" "$(attribute alloc)" pages
with=alloc=pages
check_invalid order "$number 0 to $pages_max" $((pages_max + 1)) $max_order
ok "alloc=huge has the orders of vmalloc" \
	sh -c "echo huge >$attributes/alloc; echo $max_order >$attributes/order"
echo 4 >$attributes/order

is "size, quanta and bytes are read-only" \
	"$(stat -c %a $attributes/size $attributes/quanta $attributes/bytes)" \
	"444
444
444"
fails "size cannot be written" sh -c "echo 5 >$attributes/size"
is "only root can write order, qset and alloc" \
	"$(stat -c %a:%u $attributes/order $attributes/qset $attributes/alloc)" \
	"644:0
644:0
644:0"

# -- ioctl --

# EXPECTED COMMAND...: EXPECTED is its result, then the configured order:qset
check_ioctl()
{
	_expected=$1
	shift
	is "$program: ioctl $* gives ${_expected% *}, then order:qset is ${_expected##* }" "$(
		# shellcheck disable=SC2086 # an option or none
		tests/helpers/ioctl $option $dev "$@"
	) $(attribute order):$(attribute qset)" "$_expected"
}

# PROGRAM [OPTION]: all commands, from a program of that kind
all_commands()
{
	program=$1
	option=${2-}
	load devs=2 order=5,6 qset=50,60
	check_ioctl "5 5:50" QORDER
	check_ioctl "50 5:50" QQSET
	check_ioctl "0 5 5:50" GORDER
	check_ioctl "0 50 5:50" GQSET
	check_ioctl "0 9:50" SORDER 9
	# more than two bytes
	check_ioctl "0 9:90000" SQSET 90000
	check_ioctl "0 90000 9:90000" GQSET
	check_ioctl "0 8:90000" TORDER 8
	check_ioctl "0 8:80000" TQSET 80000
	check_ioctl "0 8 7:80000" XORDER 7
	check_ioctl "0 80000 7:70000" XQSET 70000
	check_ioctl "0 70000 7:70" XQSET 70
	check_ioctl "7 $max_order:70" HORDER $max_order
	check_ioctl "70 $max_order:1048576" HQSET 1048576
	check_ioctl "$max_order $max_order:1048576" QORDER
	check_ioctl "1048576 $max_order:1048576" QQSET
	check_ioctl "0 0:1048576" TORDER 0
	check_ioctl "0 0:1" TQSET 1
	check_ioctl "0 0 0:1" GORDER
	check_ioctl "0 1 0:1" GQSET
	check_ioctl "0 4:500" RESET
	check_ioctl "EFAULT 4:500" SORDER 9 null
	check_ioctl "EFAULT 9 4:500" GQSET 9 null
	check_ioctl "ENOTTY 4:500" 0x4bff
	is "$program: ioctls of one device do not change another" \
		"$(all order)$(all qset)" "4 6 500 60 "
	is "$program: a geometry set by ioctl does not apply before a trim" \
		"$(current_geometry)" "5:50 6:60 "
	: >$dev
	is "$program: a trim applies the geometry set by ioctl" \
		"$(current_geometry)" "4:500 6:60 "
}

compat=$(tests/helpers/ioctl -c $dev QORDER)
no_compat="this architecture has one kind of ioctl only"
if [ "$compat" ]; then
	all_commands 32-bit -c
else
	skip "ioctls of a 32-bit program set and query the geometry" "$no_compat"
fi
all_commands native

# RESULT MESSAGE COMMAND...: prints RESULT, logs MESSAGE and changes nothing
ioctl_fails()
{
	_error=${1%% *}
	_expected="$1${2:+
}$2
4:500"
	shift 2
	is "ioctl $* fails with $_error and changes nothing" "$(
		run_logged tests/helpers/ioctl $dev "$@"
		echo "$(attribute order):$(attribute qset)"
	)" "$_expected"
}
ioctl_fails EINVAL "order=$((max_order + 1)): $number 0 to $max_order" SORDER $((max_order + 1))
ioctl_fails EINVAL "order=-1: $number 0 to $max_order" SORDER -1
ioctl_fails EINVAL "order=$((max_order + 1)): $number 0 to $max_order" TORDER $((max_order + 1))
ioctl_fails "EINVAL $((max_order + 1))" "order=$((max_order + 1)): $number 0 to $max_order" \
	XORDER $((max_order + 1))
ioctl_fails EINVAL "order=$((max_order + 1)): $number 0 to $max_order" HORDER $((max_order + 1))
ioctl_fails EINVAL "qset=0: $number 1 to 1048576" SQSET 0
ioctl_fails EINVAL "qset=0: $number 1 to 1048576" TQSET 0
ioctl_fails "EINVAL 1048577" "qset=1048577: $number 1 to 1048576" \
	XQSET 1048577
ioctl_fails EINVAL "qset=-1: $number 1 to 1048576" HQSET -1
for field in ORDER QSET; do
	ioctl_fails EFAULT "" S$field 9 null
	for where in null readonly; do
		ioctl_fails "EFAULT 9" "" G$field 9 $where
		ioctl_fails "EFAULT 9" "" X$field 9 $where
	done
done
# past the last, a valid number with a wrong size, and a command of a terminal
for command in 0 0x4b0d 0x4bff 0x4b01 0x5401; do
	ioctl_fails ENOTTY "" $command
done
echo pages >$attributes/alloc
ioctl_fails EINVAL "order=$((pages_max + 1)): $number 0 to $pages_max" \
	TORDER $((pages_max + 1))
is "SORDER reads its argument from read-only memory" \
	"$(tests/helpers/ioctl $dev SORDER 3 readonly) $(attribute order)" "0 3"
for allocator in pages huge; do
	echo $allocator >$attributes/alloc
	is "RESET keeps the allocator $allocator" \
		"$(tests/helpers/ioctl $dev RESET) $(attribute order):$(attribute qset):$(
			attribute alloc)" "0 4:500:$allocator"
done
echo 3 >$attributes/order

# The messages are rate-limited; from here on they may be missing.

# T and H check the whole argument, not its lower half.
for command in TORDER HORDER TQSET HQSET; do
	for value in 0x100000002 0x7fffffff00000002 -4294967294; do
		if [ "$(getconf LONG_BIT)" = 64 ]; then
			program=native option=
			check_ioctl "EINVAL 3:500" $command $value
		else
			skip "native ioctl $command $value fails with EINVAL" \
				"a long has 32 bits"
		fi
	done
	if [ "$compat" ]; then
		program=32-bit option=-c
		check_ioctl "EINVAL 3:500" $command -1
	else
		skip "32-bit ioctl $command -1 fails with EINVAL" "$no_compat"
	fi
done

# -- concurrent settings --

# shellcheck disable=SC2317 # called by await
has_stalled_or_ended()
{
	grep -q handle_userfault "/proc/$pid/wchan" || has_ended "$pid"
}

# Another value is set while X waits for the page that it stores the old one in.
mkfifo "$scratch/go"
tests/helpers/ioctl $dev XQSET 7 late <"$scratch/go" >"$scratch/result" 2>&1 &
pid=$!
exec 7>"$scratch/go"
await has_stalled_or_ended
is "XQSET changes nothing before it has stored the old value" "$(attribute qset)" 500
echo 9 >$attributes/qset
exec 7>&-
status=0
wait $pid || status=$?
if [ $status = 77 ]; then
	skip "XQSET returns the value that it has replaced" "$(cat "$scratch/result")"
else
	is "XQSET returns the value that it has replaced, another task's" \
		"$(cat "$scratch/result") $(attribute qset)" "0 9 7"
fi
echo 500 >$attributes/qset

for pair in "order qset" "alloc order" "qset alloc"; do
	# shellcheck disable=SC2086 # two words
	ok "$pair: both take effect when set concurrently" \
		ends_soon tests/helpers/set-geometry 1 2000 $pair
done
for other in order qset alloc; do
	ok "RESET and $other end when set concurrently" \
		ends_soon tests/helpers/set-geometry 1 2000 reset $other
done

# Without the delays of kcsan it would take thousands of rounds, each of which is logged.
what="alloc=pages and an order of 1 GiB are never both set"
if [ -e /sys/kernel/debug/kcsan ]; then
	echo vmalloc >/sys/class/scullv/scullv1/alloc
	echo 0 >/sys/class/scullv/scullv1/order
	ok "$what" ends_soon tests/helpers/set-geometry 1 500 large pages
else
	skip "$what" "only kcsan delays the two writers"
fi

done_testing
