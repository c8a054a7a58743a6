# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions for the tests of the driver. The tests run in the guest, in the
# directory with scullv.ko:
#
#	#!/bin/sh
#	. tests/lib/driver.sh
#	load order=2
#	is "order=2 sets the order" "$(attribute order)" 2
#	done_testing

. tests/lib/tap.sh

# marks the start of this test in the kernel log
log_start="scullv-test $0 $$"
echo "$log_start" >/dev/kmsg

# Prints the kernel log of this test. If later messages have overwritten its start,
# the line that says so is an error for dmesg-check.
log()
{
	dmesg | awk -v start="$log_start" '
		found			{ print }
		index($0, start)	{ found = 1 }
		END { if (!found) print "BUG: the start of the test is not in the log" }'
}

# not empty: the test gives the module invalid values, and expects their messages
invalid_values=

# Prints what the driver, or the module loader about it, has logged during this test.
driver_messages()
{
	log | grep '^\[[^]]*\] scullv: ' | grep -v taint
}

unload()
{
	[ ! -d /sys/module/scullv ] || rmmod scullv
}

# [PARAMETER=VALUE]...: unload the module if it is loaded, and load it
load()
{
	unload && insmod scullv.ko "$@" && [ -c /dev/scullv0 ] && return
	echo "Bail out! cannot load scullv.ko $*"
	exit 1
}

# COMMAND...: run it as a user without privileges
as_student()
{
	setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all \
		--bounding-set=-all "$@"
}

# NAME [MINOR]: print a sysfs attribute of the device (default: 0)
attribute()
{
	read -r _value <"/sys/class/scullv/scullv${2:-0}/$1" && echo "$_value"
}

# Prints an unused major number, preferably one for local use (240 to 254).
free_major()
{
	seq 240 511 | grep -vxF "$(sed -n 's/^ *\([0-9]*\) .*/\1/p' /proc/devices)" |
		head -n 1
}

# DESCRIPTION EXPECTED FLAGS CALL...: the calls return EXPECTED, both on the
# device $dev and on $file, on tmpfs
as_tmpfs()
{
	_description="$1, as on tmpfs"
	_expected="device: $2, tmpfs: $2"
	shift 2
	# shellcheck disable=SC2154 # the test sets them
	is "$_description" "device: $(tests/helpers/calls "$dev" "$@"), tmpfs: $(
		tests/helpers/calls "$file" "$@"
	)" "$_expected"
}

# COMMAND...: run it, and kill it after 5 minutes: it hangs
unless_hung()
{
	timeout -s KILL 300 "$@"
}

# COMMAND...: it succeeds within 100 seconds. If not, it keeps running, as it may
# be impossible to kill.
ends_soon()
{
	[ -p "$scratch/soon" ] || mkfifo "$scratch/soon"
	exec 9<>"$scratch/soon"
	{ "$@"; echo $? >&9; } &
	[ "$(timeout 100 head -n 1 <&9)" = 0 ]
}

# COMMAND...: run it, with the processes that it starts, on the first CPU only
on_one_cpu()
{
	_cpus=$(taskset -p $$ | sed 's/.* //')
	taskset -p 1 $$ >"$scratch/output"
	_one_cpu_status=0
	"$@" || _one_cpu_status=$?
	taskset -p "$_cpus" $$ >"$scratch/output"
	return $_one_cpu_status
}

# Makes $trace an instance of the tracer, without events, until the test ends. It does not
# record the names of processes: each event that is enabled would patch the scheduler then,
# and an emulator may execute code that is being patched on another CPU (int3).
make_trace()
{
	trace=/sys/kernel/tracing/instances/scullv-test
	echo 0 >/sys/kernel/tracing/options/record-cmd
	mkdir $trace
	trap 'rmdir $trace; echo 1 >/sys/kernel/tracing/options/record-cmd
		rm -rf "$scratch"' EXIT
}

# NAME: print the value in /proc/meminfo, in kB
meminfo()
{
	sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

# The data caches of the machine alias: the driver refuses to map its devices.
caches_alias()
{
	[ "$(uname -m)" = mips64 ]
}

# Skips the whole test on a machine where devices cannot be mapped.
require_mappings()
{
	caches_alias || return 0
	echo "1..0 # SKIP the data caches alias: devices cannot be mapped"
	exit
}

has_kasan()
{
	[ -e /sys/kernel/debug/kmemleak ]
}

# Drops the caches of the kernel: the second time also what was in use recently.
# That also starts to free what kfree_rcu() holds back for seconds, such as two
# objects of each file of sysfs that was open: after a grace period, and unmounting
# takes as long.
drop_caches()
{
	for _ in 1 2 3; do
		echo 3 >/proc/sys/vm/drop_caches
	done
	mkdir -p "$scratch/empty"
	mount -t tmpfs none "$scratch/empty"
	umount "$scratch/empty"
}

# On KASAN kernels, purges freed vmalloc areas, whose shadow takes up to 8 MB: a
# failing insmod does (from 6.9 on, freed areas are cached); and shrinks the slabs,
# which empties the KASAN quarantine. This opens more than a hundred files.
empty_quarantine()
{
	has_kasan || return 0
	[ ! -e /sys/module/scullv ] || ! insmod scullv.ko 2>&-
	for _cache in /sys/kernel/slab/*/shrink; do
		echo 1 >"$_cache"
	done
}

# Prints the available memory in kB, with empty caches.
available_memory()
{
	drop_caches
	empty_quarantine
	meminfo MemAvailable
}

# Prints "CACHE OBJECTS" for each slab cache that the driver may allocate from.
# Free objects on per-CPU slabs count as used: shrink the cache first. Opening the
# file afterwards would take objects again, from a whole slab.
slab_objects()
{
	for _cache in /sys/kernel/slab/kmalloc-* /sys/kernel/slab/radix_tree_node \
		/sys/kernel/slab/inode_cache /sys/kernel/slab/mnt_cache \
		/sys/kernel/slab/proc_dir_entry
	do
		{
			echo 1 >"$_cache/shrink"
			read -r _count _
		} <"$_cache/objects"
		echo "${_cache##*/} $_count"
	done
}

# ROUNDS: compute what is missing since leaks_nothing() started; fail if it is
# as much as a leak in each round would cause
measure_leaks()
{
	drop_caches
	slab_objects >"$scratch/objects"
	empty_quarantine
	_grown=$(awk -v rounds="$1" '
		NR == FNR			{ before[$1] = $2; next }
		$2 - before[$1] >= rounds / 2	{ print $1 " +" $2 - before[$1] }
		' "$scratch/objects.before" "$scratch/objects" | xargs)
	_percpu=$(($(meminfo Percpu) - _percpu_before))
	_missing=$((_available_before - $(meminfo MemAvailable)))
	_areas=$(grep -c scullv /proc/vmallocinfo)
	[ ! "$_grown" ] && [ $_percpu -le 64 ] && [ $_missing -lt 2048 ] &&
		[ "$_areas" = 0 ]
}

# ROUNDS WHAT COMMAND...: COMMAND, which repeats something ROUNDS times, leaks
# no slab objects, per-CPU memory, pages or vmalloc areas. The kernel frees some
# memory with a delay: wait for it.
leaks_nothing()
{
	_rounds=$1
	_what=$2
	shift 2
	drop_caches
	slab_objects >"$scratch/objects.before"
	empty_quarantine
	_percpu_before=$(meminfo Percpu)
	_available_before=$(meminfo MemAvailable)
	"$@"
	await measure_leaks "$_rounds" || :
	is "$_what: no slab cache leaks an object in each round" "$_grown" ""
	ok "$_what: per-CPU memory grows by at most 64 kB ($_percpu kB)" \
		[ "$_percpu" -le 64 ]
	ok "$_what: available memory shrinks by less than 2048 kB ($_missing kB)" \
		[ "$_missing" -lt 2048 ]
	is "$_what: /proc/vmallocinfo lists no area of the driver" "$_areas" 0
}

# Prints /proc/vmallocinfo. A read that runs while an area is freed may skip the
# one after it: read it several times.
vmalloc_areas()
{
	cat /proc/vmallocinfo /proc/vmallocinfo /proc/vmallocinfo | sort -u
}

# MB: print MB, or a third of the vmalloc space if that is less, as on 32-bit
# kernels: with its guard page, a quantum of one page takes the space of two
clamp_to_vmalloc()
{
	_mb=$(($(meminfo VmallocTotal) / 3072))
	[ "$1" -gt $_mb ] || _mb=$1
	echo "$_mb"
}

# Shortens the per-CPU lists of free pages until the test ends. Pages on these
# lists, up to tens of MB, do not count as available.
shorten_percpu_lists()
{
	pages_of_cpus=/proc/sys/vm/percpu_pagelist_high_fraction
	pages_before=$(cat $pages_of_cpus)
	echo 1000000 >$pages_of_cpus
}

# Enables full preemption until the test ends. Fails if the kernel lacks it.
preempt_everywhere()
{
	preempt_mode=/sys/kernel/debug/sched/preempt
	if preempt_before=$(sed 's/.*(\(.*\)).*/\1/' $preempt_mode 2>/dev/null); then
		echo full >$preempt_mode
	else
		uname -v | grep -q PREEMPT
	fi
}

# Extends done_testing() of tap.sh: unloads the module and checks the kernel
# log.
done_testing()
{
	[ ! "${preempt_before-}" ] || echo "$preempt_before" >"$preempt_mode"
	ok "the module can be unloaded" unload
	[ ! "${pages_before-}" ] || echo "$pages_before" >"$pages_of_cpus"
	is "the kernel log has no errors" "$(log | tests/lib/dmesg-check)" ""
	[ "$invalid_values" ] || is "the driver logs nothing" "$(driver_messages)" ""
	print_plan
}
