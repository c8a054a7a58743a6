#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# modinfo, /sys/module/scullv/parameters, and the length of values. geometry.t checks
# which values are valid.

. tests/lib/driver.sh
invalid_values=yes

page=$(getconf PAGESIZE)
parameters=/sys/module/scullv/parameters

load

# -- modinfo --

is "modinfo lists the parameters of /sys/module" \
	"$(modinfo -F parm scullv.ko | sed 's/:.*//' | sort)" \
	"$(cd $parameters && printf '%s\n' * | sort)"
is "modinfo shows each parameter with a default and a type" \
	"$(modinfo -F parm scullv.ko |
		grep -Evx '[a-z_]+:.+ \(default [^()]+\) \((uint|array of uint|array of charp|bool|string)\)')" \
	""
for name in alloc devs limit major order qset wronly_trims; do
	default=$(modinfo -F parm scullv.ko |
		sed -n "s/^$name:.*(default \([^()]*\)).*/\1/p")
	# the default of major has a comment
	is "the default of $name is the default that modinfo shows" \
		"$(cat $parameters/$name)" "$default"
done
is "modinfo shows the GPL as the licence" "$(modinfo -F license scullv.ko)" GPL
for field in author description; do
	like "modinfo shows the $field" "$(modinfo -F $field scullv.ko)" ".{10}.*"
done

# -- /sys/module/scullv/parameters --

for name in alloc devs major order qset; do
	is "the parameter $name is read-only" \
		"$(stat -c %a:%u $parameters/$name)" 444:0
done
for name in limit wronly_trims; do
	is "the parameter $name is readable, and writable by root" \
		"$(stat -c %a:%u $parameters/$name)" 644:0
done
set -- alloc=pages,huge devs=3 limit=77M major="$(free_major)" order=3,1 \
	qset=9,8,7 wronly_trims=N
load "$@"
for setting; do
	name=${setting%%=*}
	is "the parameter $name is read as given to insmod" \
		"$(cat "$parameters/$name")" \
		"${setting#*=}"
done

# -- long values --

# NUMBER LENGTH: the number with LENGTH characters, such as 0x00003
long()
{
	printf "0x%0$(($2 - 2))x" "$1"
}
load order="$(long 3 100),0" qset="$(long 7 100)" devs="$(long 2 200)" \
	limit="$(long $((2 * page)) 31)"
is "numbers of any length are parsed completely" \
	"$(sed -n 's/^Device //p' /proc/scullvmem)" "0: qset 7, order 3, sz 0
1: qset 7, order 0, sz 0"
is "a limit of 31 characters is parsed completely" \
	"$(tests/helpers/calls /dev/scullv1 wronly "write $((3 * page))")" $((2 * page))
unload
fails "insmod fails with a limit of 32 characters" insmod scullv.ko limit="$(long 9 32)"

load limit=8388607T
is "the largest limit in T allows writes" \
	"$(tests/helpers/calls /dev/scullv0 wronly "write 1000000")" 1000000
: >/dev/scullv0
echo "  $((2 * page))  " >$parameters/limit
is "blanks around the limit are ignored" "$(cat $parameters/limit)" $((2 * page))

done_testing
