#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading: what appears, which loads fail, and that nothing is left.

. tests/lib/driver.sh
invalid_values=yes

# everything that a loaded module leaves in the system, one per line
traces()
{
	grep -w scullv /proc/devices /proc/modules
	grep scullv /proc/vmallocinfo
	find /dev /proc/scullvmem /sys/class/scullv /sys/module/scullv \
		/sys/devices/virtual/scullv \
		/sys/kernel/tracing/events/scullv \
		-maxdepth 1 -name '*scullv*' 2>/dev/null
	# shellcheck disable=SC2010 # the targets of links
	ls -l /sys/dev/char | grep scullv
}

# prints the number of nodes whose device number fits the name
count_nodes()
{
	major=$(sed -n 's/^ *\([0-9]*\) scullv$/\1/p' /proc/devices)
	stat -c '%n %F %Hr:%Lr' /dev/scullv[0-9]* | grep -c \
		"^/dev/scullv\([0-9]*\) character special file $major:\1$"
}

load
is "insmod creates 4 device nodes" "$(count_nodes)" 4
is "scullv3 has minor number 3" "$(stat -c %Lr /dev/scullv3)" 3
is "insmod creates 4 devices in sysfs" "$(ls /sys/class/scullv)" "scullv0
scullv1
scullv2
scullv3"
fails "a second insmod fails" insmod scullv.ko
is "a second insmod does not affect the devices" "$(count_nodes)" 4

load devs=1
is "devs=1 creates one node and one device" \
	"$(count_nodes) $(grep -c ^Device /proc/scullvmem)" "1 1"
load devs=256
is "devs=256 creates 256 nodes and devices" \
	"$(count_nodes) $(grep -c ^Device /proc/scullvmem)" "256 256"
is "scullv255 has minor number 255" "$(stat -c %Lr /dev/scullv255)" 255
echo last >/dev/scullv255
is "scullv255 stores data" "$(cat /dev/scullv255)" last

# in use

load
exec 5</dev/scullv2
fails "rmmod fails while a device is open" rmmod scullv
is "a device works after a failed rmmod" "$(echo on >/dev/scullv2; cat <&5)" on
exec 5<&-
ok "rmmod succeeds after the device is closed" rmmod scullv
is "rmmod leaves nothing" "$(traces)" ""

# init fails, early to late

load_fails()
{
	fails "insmod with $1 fails" insmod scullv.ko "$1"
	is "a failed insmod with $1 leaves nothing" "$(traces)" ""
}
load_fails devs=0
load_fails major=1		# that of /dev/null
load_fails order=4,4,4,99	# after three devices have been created
load_fails qset=1,0

# In a second module of another name the name of the class is in use.
load
before=$(traces)
hex=$(printf scullv | od -An -tx1 | tr -d ' ')
zeros=0000000000000000	# 8 bytes; a module's name is followed by 50 in its file
renamed=${hex%76}77
# KASAN adds zeros to each string, but the name in struct module is the last one
xxd -p scullv.ko | tr -d '\n' |
	sed "s/\(.*$zeros\)$hex\(\($zeros\)\{5\}\)/\1$renamed\2/" |
	xxd -r -p >"$scratch/scullw.ko"
error=$(insmod "$scratch/scullw.ko" 2>&1)
# newer kernels return EBUSY for EEXIST of init(), which means "loaded already"
like "insmod fails if the name of the class is in use" "${error##*: }" \
	"File exists|Device or resource busy"
ok "the kernel logs that the name of the class is in use" \
	[ "$(log | grep -c "duplicate filename '/class/scullv'")" = 1 ]
is "insmod with a class name in use leaves nothing" "$(traces)" "$before"
echo data >/dev/scullv0
is "the loaded module works after another failed insmod" "$(cat /dev/scullv0)" data
unload

# Leaks: repetition makes small ones visible.

rounds()
{
	rounds=0
	# busybox is faster
	while [ $rounds -lt "$1" ] && busybox insmod scullv.ko &&
		echo . >/dev/scullv0 && busybox rmmod scullv; do
		rounds=$((rounds + 1))
	done
}

# insmod fails at the last of 32 devices
# shellcheck disable=SC2317 # called by leaks_nothing
failed_loads()
{
	ones=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1
	ones=$ones,${ones%,1}
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		! busybox insmod scullv.ko devs=32 \
			"qset=$ones,0" 2>/dev/null
	done
}

shorten_percpu_lists
rounds 5	# allocates what the kernel keeps
leaks_nothing 100 "100 rounds of insmod and rmmod" rounds 100
is "100 rounds of insmod and rmmod succeed" "$rounds" 100
leaks_nothing 20 "20 failed loads" failed_loads
is "20 failed loads leave nothing" "$(traces)" ""

# -- CPUs --

cpu=/sys/devices/system/cpu/cpu1/online
if [ -w $cpu ] && echo 0 >$cpu 2>/dev/null; then
	load
	printf 0123456789 >/dev/scullv0
	echo 1 >$cpu
	is "a CPU that comes online after insmod can use a device" \
		"$(taskset -c 1 cat /dev/scullv0)" 0123456789
else
	skip "a CPU that comes online after insmod can use a device" \
		"no CPU can be taken offline"
fi

done_testing
