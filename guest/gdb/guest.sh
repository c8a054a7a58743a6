#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Stores data in two devices, prints /proc/scullvmem and the addresses of the module
# for gdb, and then overwrites the first bytes once a second. The items of the second
# device are so far apart that its xarray has three levels.
set -eu

insmod scullv.ko qset=500,4
head -c 200000 /dev/urandom >/dev/scullv0
for mib in 0 17 1100; do
	echo data | dd of=/dev/scullv1 bs=1M seek=$mib conv=notrunc,nocreat status=none
done
cat /proc/scullvmem

cd /sys/module/scullv/sections
echo "sections $(cat .text) -s .data $(cat .data) -s .bss $(cat .bss)"
while :; do
	echo hello 1<>/dev/scullv0
	sleep 1
done
