# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests of the driver share. They run in the guest, in the folder that
# holds scullv.ko:
#
#	#!/bin/sh
#	. tests/lib/driver.sh
#	load order=4
#	is "what is promised" "$(attribute order)" 4
#	done_testing

. tests/lib/tap.sh

# the kernel's log from here on is this test's
log_start="scullv-test $0 $$"
echo "$log_start" >/dev/kmsg

# the kernel's log of this test
log()
{
	dmesg | sed -n "\\|$log_start|,\$p" | sed 1d
}

unload()
{
	[ ! -d /sys/module/scullv ] || rmmod scullv
}

# [PARAMETER=VALUE]...: a fresh module; without it no test makes sense
load()
{
	unload && insmod scullv.ko "$@" && [ -c /dev/scullv0 ] && return
	echo "Bail out! scullv.ko $* cannot be loaded"
	exit 1
}

# COMMAND...: as a user without any rights
as_student()
{
	setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all \
		--bounding-set=-all "$@"
}

# an attribute of a device, /dev/scullv0 where none is named
attribute()
{
	read -r _value <"/sys/class/scullv/scullv${2:-0}/$1" && echo "$_value"
}

# a major number that nobody has, if possible of those for local use, 240 to 254
free_major()
{
	seq 240 511 | grep -vxF "$(sed -n 's/^ *\([0-9]*\) .*/\1/p' /proc/devices)" |
		head -n 1
}

# DESCRIPTION WANTED FLAGS CALL...: what calls return on the device $dev and on
# $file, which lies on tmpfs
as_tmpfs()
{
	_description="$1, as on tmpfs"
	_wanted="device: $2, tmpfs: $2"
	shift 2
	# shellcheck disable=SC2154 # the test sets them
	is "$_description" "device: $(tests/helpers/calls "$dev" "$@"), tmpfs: $(
		tests/helpers/calls "$file" "$@"
	)" "$_wanted"
}

# COMMAND...: succeeds within 20 seconds; if not it is left behind, as it may be one
# that cannot be killed
soon()
{
	[ -p "$scratch/soon" ] || mkfifo "$scratch/soon"
	exec 9<>"$scratch/soon"
	{ "$@"; echo $? >&9; } &
	[ "$(timeout 20 head -n 1 <&9)" = 0 ]
}

# NAME: of /proc/meminfo, in kB
meminfo()
{
	sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

has_kasan()
{
	[ -e /sys/kernel/debug/kmemleak ]
}

# The kernel lets go of what it keeps for later: its caches, and from 6.9 on areas that
# vmalloc has freed. KASAN has a shadow of those until they are given out again, an
# eighth of up to 64 MB; that a module is refused, as it is there already, has them
# flushed. And it looks at freed objects for a while, until their slabs shrink.
let_go()
{
	echo 3 >/proc/sys/vm/drop_caches
	has_kasan || return 0
	[ ! -e /sys/module/scullv ] || ! insmod scullv.ko 2>&-
	for _cache in /sys/kernel/slab/*/shrink; do
		echo 1 >"$_cache"
	done
}

# in kB, when the kernel has let go
available_memory()
{
	let_go
	meminfo MemAvailable
}

# The objects in use of the slab caches that the driver's memory may come from, a line
# each. What a CPU keeps of a cache counts as in use: each is shrunk just before.
slab_objects()
{
	for _cache in /sys/kernel/slab/kmalloc-* /sys/kernel/slab/radix_tree_node \
		/sys/kernel/slab/inode_cache /sys/kernel/slab/mnt_cache \
		/sys/kernel/slab/proc_dir_entry
	do
		echo 1 >"$_cache/shrink"
		read -r _count _ <"$_cache/objects"
		echo "${_cache##*/} $_count"
	done
}

# ROUNDS: sets what is missing since loses_nothing began, and succeeds when that
# is less than it would be if something was lost in each round
nothing_is_missing()
{
	let_go
	slab_objects >"$scratch/objects"
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

# ROUNDS WHAT COMMAND...: COMMAND does the same thing ROUNDS times, and loses nothing
# in it: no object of any slab cache, per-CPU memory, pages or vmalloc areas. The
# kernel frees some things seconds later, so this waits for what is missing.
loses_nothing()
{
	_rounds=$1
	_what=$2
	shift 2
	let_go
	slab_objects >"$scratch/objects.before"
	_percpu_before=$(meminfo Percpu)
	_available_before=$(meminfo MemAvailable)
	"$@"
	await nothing_is_missing "$_rounds" || :
	is "$_what: no slab cache has an object more for each" "$_grown" ""
	ok "$_what: $_percpu kB of per-CPU memory are missing" [ "$_percpu" -le 64 ]
	ok "$_what: $_missing kB are missing" [ "$_missing" -lt 2048 ]
	is "$_what: nothing is left in /proc/vmallocinfo" "$_areas" 0
}

# What /proc/vmallocinfo tells. It is read in pieces, and when an area goes away
# meanwhile, such as a stack, one behind it is left out.
vmalloc_areas()
{
	cat /proc/vmallocinfo /proc/vmallocinfo /proc/vmallocinfo | sort -u
}

# MB: so many, or as many as are sure to find room where vmalloc has few addresses,
# on 32 bits: a third, as a quantum of one page takes those of two
fitting()
{
	_fitting=$(($(meminfo VmallocTotal) / 3072))
	[ "$1" -gt $_fitting ] || _fitting=$1
	echo "$_fitting"
}

# Free pages on the lists of each CPU, tens of MB, do not count as available.
# These lists are kept short from here to the end of the test.
count_free_pages()
{
	pages_of_cpus=/proc/sys/vm/percpu_pagelist_high_fraction
	pages_before=$(cat $pages_of_cpus)
	echo 1000000 >$pages_of_cpus
}

# From here to the end of the test the kernel preempts a process anywhere in it.
# Fails where the kernel does not do that.
preempt_everywhere()
{
	preempt_mode=/sys/kernel/debug/sched/preempt
	if preempt_before=$(sed 's/.*(\(.*\)).*/\1/' $preempt_mode 2>/dev/null); then
		echo full >$preempt_mode
	else
		uname -v | grep -q PREEMPT
	fi
}

# the word of tap.sh, with two last looks at the driver
done_testing()
{
	[ ! "${preempt_before-}" ] || echo "$preempt_before" >"$preempt_mode"
	ok "the module can be unloaded" unload
	[ ! "${pages_before-}" ] || echo "$pages_before" >"$pages_of_cpus"
	is "the kernel does not complain" \
		"$(log | tests/lib/dmesg-check)" ""
	tell_plan
}
