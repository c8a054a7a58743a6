#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# stress-ng, xfs_io, and random ioctl commands of an unprivileged user. FUZZ_CALLS and
# STRESS_SECONDS in the environment set the amount.

# shellcheck disable=SC2317 # functions are called indirectly
. tests/lib/driver.sh

seed=${SEED:-$(od -A n -N 4 -t u4 /dev/urandom | tr -d ' ')}
echo "# SEED=$seed"

load order=0,4,4,4
chmod 666 /dev/scullv[123]

# -- stress-ng: all calls on a device, by several processes --

# COMMAND...: runs stress-ng on $dev with it; a full round takes minutes
run_stress_ng()
{
	"$@" stress-ng --quiet --dev 4 --dev-file "$dev" \
		--timeout "${STRESS_SECONDS:-5}" --temp-path /tmp
}

dev=/dev/scullv1
ok "the device stressor of stress-ng succeeds as root" run_stress_ng env
dev=/dev/scullv2
ok "the device stressor of stress-ng succeeds as an unprivileged user" \
	run_stress_ng as_student
for n in 1 2; do
	dev=/dev/scullv$n
	: >$dev
	echo data >$dev
	is "$dev stores data after stress-ng" "$(cat $dev)" data
done

# -- fuzz --

calls=${FUZZ_CALLS:-100000}
ok "$calls random ioctl commands give the expected results" \
	as_student tests/helpers/fuzz /dev/scullv3 "$seed" "$calls"
is "random ioctl commands do not change the geometry" \
	"$(attribute order 3) $(attribute qset 3)" "4 500"

# -- xfs_io: a device behaves as a tmpfs file --

# Random commands, with sizes and offsets of pages and others. The first write sets the
# size for the mapping.
awk -v seed="$seed" -v page="$(getconf PAGESIZE)" '
	function chance(below) { return int(rand() * below) }
	function span(    offset) {
		offset = chance(4) ? chance(900000) : 4096 * chance(200)
		return offset " " 1 + (chance(4) ? chance(90000) : 4096 * chance(9))
	}
	BEGIN {
		srand(seed)
		print "pwrite -q 999999 1"
		print "mmap -rw 0 1000000"
		for (n = 0; n < 150; n++) {
			byte = 1 + chance(255)
			what = chance(9)
			if (what == 0) print "pwrite -S", byte, span()
			if (what == 1) print "pwrite -q -b 65536 -S", byte, span()
			if (what == 2) print "mwrite -S", byte, span()
			if (what == 3) print "mread", 4096 * chance(240), 4096
			if (what == 4) print "pread -v -b 65536", span()
			if (what == 5) print "pread -b 65536", span()
			if (what == 6) print "seek -a -r", chance(1000000)
			if (what == 7) print "msync -s", page * chance(800000 / page), 8192
			if (what == 8) print "fsync"
		}
		print "munmap"
	}' >"$scratch/commands"
if caches_alias; then
	skip "xfs_io maps the device" "devices cannot be mapped"
	sed -i '/^mmap/d; /^mwrite/d; /^mread/d; /^msync/d; /^munmap/d' "$scratch/commands"
fi

# FILE: runs the commands, without their times
xfs()
{
	xfs_io "$1" <"$scratch/commands" 2>>"$scratch/errors" |
		sed '/ ops; /d'
}

dev=/dev/scullv0
: >"$scratch/file"
xfs "$scratch/file" >"$scratch/expected"
xfs $dev >"$scratch/got"
ok "150 commands of xfs_io give the results of tmpfs" \
	cmp "$scratch/got" "$scratch/expected"
ok "150 commands of xfs_io leave the data of tmpfs" cmp $dev "$scratch/file"
is "150 commands of xfs_io print no error" \
	"$(grep -vE 'termcap|terminal' "$scratch/errors")" ""

done_testing
