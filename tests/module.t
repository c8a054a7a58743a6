#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading: what appears, what is refused, and that nothing stays.

. tests/lib/driver.sh

# what the system has of a module's, one a line
traces()
{
	grep -w scullv /proc/devices /proc/modules
	grep scullv /proc/vmallocinfo
	find /dev /proc/scullvmem /sys/class/scullv /sys/module/scullv \
		/sys/devices/virtual/scullv \
		/sys/kernel/tracing/events/scullv \
		-maxdepth 1 -name '*scullv*' 2>/dev/null
	# shellcheck disable=SC2010 # where the links lead
	ls -l /sys/dev/char | grep scullv
}

# prints how many nodes have the numbers that belong to their name
nodes()
{
	major=$(sed -n 's/^ *\([0-9]*\) scullv$/\1/p' /proc/devices)
	stat -c '%n %F %Hr:%Lr' /dev/scullv[0-9]* | grep -c \
		"^/dev/scullv\([0-9]*\) character special file $major:\1$"
}

load
is "4 devices appear by themselves" "$(nodes)" 4
is "scullv3 has minor number 3" "$(stat -c %Lr /dev/scullv3)" 3
is "there is no fifth" "$(ls /sys/class/scullv)" "scullv0
scullv1
scullv2
scullv3"
fails "a second insmod is refused" insmod scullv.ko
is "and does no harm" "$(nodes)" 4

load devs=1
is "devs=1" "$(nodes) $(grep -c ^Device /proc/scullvmem)" "1 1"
load devs=256
is "devs=256" "$(nodes) $(grep -c ^Device /proc/scullvmem)" "256 256"
is "scullv255 has minor number 255" "$(stat -c %Lr /dev/scullv255)" 255
echo last >/dev/scullv255
is "and works" "$(cat /dev/scullv255)" last

# in use

load
exec 5</dev/scullv2
fails "rmmod while a device is open is refused" rmmod scullv
is "the device works on" "$(echo on >/dev/scullv2; cat <&5)" on
exec 5<&-
ok "rmmod when it is closed" rmmod scullv
is "nothing is left" "$(traces)" ""

# init that fails, early to late

refused()
{
	fails "$1 is refused" insmod scullv.ko "$1"
	is "it leaves nothing" "$(traces)" ""
}
refused devs=0
refused major=1		# that of /dev/null
refused order=4,4,4,99	# when three devices have been made
refused qset=1,0

# A second module of another name finds the class's name taken.
load
before=$(traces)
hex=$(printf scullv | od -An -tx1 | tr -d ' ')
zeros=0000000000000000	# 8 bytes; behind a module's name in its file are 50
renamed=${hex%76}77
# KASAN has zeros behind each string, but that of struct module is the last one
xxd -p scullv.ko | tr -d '\n' |
	sed "s/\(.*$zeros\)$hex\(\($zeros\)\{5\}\)/\1$renamed\2/" |
	xxd -r -p >"$scratch/scullw.ko"
said=$(insmod "$scratch/scullw.ko" 2>&1)
# newer kernels have EEXIST of init() told as EBUSY, as it means "loaded already"
like "where another has the class, insmod is refused" "${said##*: }" \
	"File exists|Device or resource busy"
ok "by the class" [ "$(log | grep -c "duplicate filename '/class/scullv'")" = 1 ]
is "that leaves nothing" "$(traces)" "$before"
echo well >/dev/scullv0
is "and the first one works on" "$(cat /dev/scullv0)" well
unload

# Leaks: what is lost, however small, is lost each time.

rounds()
{
	rounds=0
	# those of busybox take less time
	while [ $rounds -lt "$1" ] && busybox insmod scullv.ko &&
		echo . >/dev/scullv0 && busybox rmmod scullv; do
		rounds=$((rounds + 1))
	done
}

# with 31 devices made when the 32nd is refused
# shellcheck disable=SC2317 # called by loses_nothing
refusals()
{
	ones=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1
	ones=$ones,${ones%,1}
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		! busybox insmod scullv.ko devs=32 \
			"qset=$ones,0" 2>/dev/null
	done
}

count_free_pages
rounds 5	# then the kernel has what it keeps
loses_nothing 100 "100 rounds of insmod and rmmod" rounds 100
is "100 rounds of insmod and rmmod" "$rounds" 100
loses_nothing 20 "20 refusals" refusals
is "nothing is left" "$(traces)" ""

done_testing
