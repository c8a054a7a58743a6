#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory that is for programs and files only, as it may be unplugged or is kept for
# CMA, counts as available. Quanta cannot have it: a writer is stopped before the
# rest is used up.

. tests/lib/tap.sh

cat >"$scratch/fill" <<'END'
grep CmaTotal /proc/meminfo
awk '/zone/ { zone = $NF } /managed/ { print zone, "managed:", $2 }' /proc/zoneinfo
insmod scullv.ko limit=0
dd if=/dev/zero of=/dev/scullv0 bs=1M
dmesg | grep -E 'Out of memory|oom-kill|Killed process'
: >/dev/scullv0
rmmod scullv
END

# ARGUMENT: of the kernel; what a guest tells that has it
# shellcheck disable=SC2317 # called by ok
fill()
{
	guest/run -a "$1" -i "$scratch/fill" -- sh fill >"$scratch/out" 2>&1
}

# DESCRIPTION
stops()
{
	like "$1: the writer gets ENOMEM" "$(grep "^dd:" "$scratch/out")" \
		".*: Cannot allocate memory"
	ok "$1: it has stored 50 MB at least" \
		[ "$(sed -n 's/ bytes.*//p' "$scratch/out")" -gt 50000000 ]
	is "$1: nobody is killed" "$(grep -E "oom|Kill" "$scratch/out")" ""
}

ok "a guest with movable memory comes up, and goes down" fill kernelcore=50%
ok "it has some" grep -q 'Movable managed: [1-9]' "$scratch/out"
stops "half of the memory is movable"

if grep -q CmaTotal "$scratch/out"; then
	ok "a guest with memory for CMA comes up, and goes down" fill cma=256M
fi
if grep -q 'CmaTotal: *262144 kB' "$scratch/out"; then
	stops "a quarter of the memory is CMA's"
else
	skip "a quarter of the memory is CMA's" "this kernel keeps none for it"
fi

done_testing
