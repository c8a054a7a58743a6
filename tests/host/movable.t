#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# MemAvailable includes memory that the kernel cannot allocate quanta from:
# movable zones and CMA. A writer gets ENOMEM before the other memory is used
# up.

. tests/lib/tap.sh

# Each writer stops at a line "left": the usable memory and what is left of it. Half of the
# page cache was read twice. The kernel puts it into CMA when that is most of what is free.
cat >"$scratch/fill" <<'END'
grep CmaTotal /proc/meminfo
awk '/zone/ { zone = $NF } /managed/ { print zone, "managed:", $2 }' /proc/zoneinfo
insmod scullv.ko limit=0 alloc=pages,vmalloc,pages order=0,4,0
usable=$(./usable-memory)
head -c $((${usable#* } / 2))K /dev/zero >/dev/scullv2

modprobe brd 2>/dev/null
mke2fs -q -F -t ext4 -b "$(getconf PAGESIZE)" /dev/ram0 2>/dev/null
mkdir /tmp/disk
mount /dev/ram0 /tmp/disk
truncate -s 60M /tmp/disk/once /tmp/disk/twice
cat /tmp/disk/once /tmp/disk/twice /tmp/disk/twice >/dev/null
awk -v kb=$(($(getconf PAGESIZE) / 1024)) '
	$1 == "Node" { zone = $4 }
	/nr_zone_(in)?active_file/ { print zone, "cached:", $2 }
	$1 == "cma" { cma += $2 }
	$1 == "nr_free_cma" { cma -= $2 } END { print "CMA in use:", cma * kb }' /proc/zoneinfo

# on 32 bits the vmalloc space would be used up first
last=1
[ "$(getconf LONG_BIT)" = 64 ] || last=0
for i in $(seq 0 $last); do
	dd if=/dev/zero of=/dev/scullv$i bs=1M
	echo "left $(./usable-memory)"
	: >/dev/scullv$i
done
dmesg | grep -E 'Out of memory|oom-kill|Killed process'
rmmod scullv
END

# OPTION...: run the script in a guest with these options of guest/run
# shellcheck disable=SC2317 # called by ok
run_guest()
{
	guest/run "$@" -i tests/lib/usable-memory -i "$scratch/fill" -- sh fill \
		>"$scratch/out" 2>&1
}

# DESCRIPTION: the writers have stopped in time
check_writers()
{
	grep '^left ' "$scratch/out" >"$scratch/left"
	ok "$1: a writer has run" [ -s "$scratch/left" ]
	is "$1: each writer gets ENOMEM" \
		"$(grep -c '^dd:.*: Cannot allocate memory' "$scratch/out")" \
		"$(wc -l <"$scratch/left")"
	while read -r _ total available; do
		check_reserve "$1" "$total" "$available" 1024 most
	done <"$scratch/left"
	is "$1: the OOM killer is not invoked" "$(grep -E "oom|Kill" "$scratch/out")" ""
}

ok "a guest with movable memory succeeds" run_guest -a kernelcore=50%
ok "the guest has movable memory" grep -q 'Movable managed: [1-9]' "$scratch/out"
ok "page cache is in movable memory" grep -q 'Movable cached: [1-9]' "$scratch/out"
check_writers "half of the memory is movable"

if grep -q CmaTotal "$scratch/out"; then
	ok "a guest with a CMA area succeeds" run_guest -a cma=256M
fi
if grep -q 'CmaTotal: *262144 kB' "$scratch/out"; then
	ok "page cache is in CMA" [ "$(sed -n 's/^CMA in use: //p' "$scratch/out")" -gt 30000 ]
	check_writers "a quarter of the memory is CMA"
else
	skip "a quarter of the memory is CMA" "this kernel has no CMA"
fi

case ${KERNEL:-6.1} in
*i386 | *armhf)
	ok "a guest with 2 GB succeeds" run_guest -m 2G
	ok "page cache is in high memory" grep -q 'HighMem cached: [1-9]' "$scratch/out"
	check_writers "more than half of the memory is high" ;;
*)	skip "more than half of the memory is high" \
		"this architecture has no high memory" ;;
esac

done_testing
