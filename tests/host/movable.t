#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# MemAvailable includes memory that the kernel cannot allocate quanta from:
# movable zones and CMA. A writer gets ENOMEM before the other memory is used
# up.

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

# ARGUMENT: run the script in a guest with this kernel argument
# shellcheck disable=SC2317 # called by ok
run_guest()
{
	guest/run -a "$1" -i "$scratch/fill" -- sh fill >"$scratch/out" 2>&1
}

# DESCRIPTION: the writer has stopped in time
check_writer()
{
	like "$1: the writer gets ENOMEM" "$(grep "^dd:" "$scratch/out")" \
		".*: Cannot allocate memory"
	ok "$1: the writer has stored at least 50 MB" \
		[ "$(sed -n 's/ bytes.*//p' "$scratch/out")" -gt 50000000 ]
	is "$1: the OOM killer is not invoked" "$(grep -E "oom|Kill" "$scratch/out")" ""
}

ok "a guest with movable memory succeeds" run_guest kernelcore=50%
ok "the guest has movable memory" grep -q 'Movable managed: [1-9]' "$scratch/out"
check_writer "half of the memory is movable"

if grep -q CmaTotal "$scratch/out"; then
	ok "a guest with a CMA area succeeds" run_guest cma=256M
fi
if grep -q 'CmaTotal: *262144 kB' "$scratch/out"; then
	check_writer "a quarter of the memory is CMA"
else
	skip "a quarter of the memory is CMA" "this kernel has no CMA"
fi

done_testing
