#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Copies that fail although the page is present, so that faulting it in does not
# help: memory tags, protection keys, injected faults. A call ends at once, with
# what was copied before, else with EFAULT; it never spins.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
quantum=$((16 * page))
file=$scratch/file
dev=/dev/scullv0

# ARGUMENT...: tests/helpers/buffer, or the signal that has ended it after 10 seconds
buffer()
{
	timeout -s KILL 10 tests/helpers/buffer "$@" || echo "status $?"
}

# FILE COUNT: which holds so many bytes from now on, all of them d
hold()
{
	head -c "$2" /dev/zero | tr '\0' d >"$1"
}

# WHAT WANTED HELD ARGUMENT...: what a call of tests/helpers/buffer returns, what it has read
# and what is in the file then: the same on the device as on tmpfs. Both hold HELD
# bytes before. FILE among the arguments stands for either.
both()
{
	_what=$1
	_wanted=$2
	_held=$3
	shift 3
	for copy in "$dev" "$file"; do
		hold "$copy" "$_held"
		: >"$scratch/got"
		# shellcheck disable=SC2046 # arguments
		buffer $(echo "$*" | sed "s,FILE,$copy,")
		cksum <"$scratch/got"
		cksum <"$copy"
	done >"$scratch/all" 2>&1
	_sums=$(tail -n 2 "$scratch/all")
	is "$_what returns $_wanted, as on tmpfs" "$(cat "$scratch/all")" \
		"$(printf '%s\n' "$_wanted" "$_sums" "$_wanted" "$_sums")"
}

# KIND WHAT: calls on good memory that is followed by some of that kind
calls_on()
{
	for good in 0 1 100 $((page - 1)) $((page + 7)) $((quantum + 7)); do
		returned=$good
		[ $good != 0 ] || returned=EFAULT
		memory=$good+$1:$((3 * page))
		both "$2 after $good bytes: a read of data" $returned \
			$((3 * quantum)) -o "$scratch/got" read FILE 10 "$memory"
		both "$2 after $good bytes: an overwrite" $returned \
			$((3 * quantum)) write FILE 10 "$memory"
		both "$2 after $good bytes: an append" $returned 99 append FILE 0 "$memory"
	done
	both "$2 in the second segment: readv" 100 $((3 * quantum)) \
		read FILE 10 100 0+"$1":100
	both "$2 in the first segment: writev" EFAULT $((3 * quantum)) \
		write FILE 10 0+"$1":100 100
	hold $dev 0
	is "$2: a write into a hole fails" \
		"$(buffer write $dev 0 0+"$1":100)" EFAULT
	is "$2: it allocates nothing" \
		"$(attribute size) $(attribute quanta)" "0 0"
	tests/helpers/calls $dev rdwr "pwrite 1 $((3 * quantum))" >"$scratch/said"
	is "$2: a read of a hole fails" \
		"$(buffer read $dev 0 0+"$1":100)" EFAULT
	is "$2: a read of a hole returns what fits" \
		"$(buffer read $dev 0 100+"$1":100)" 100
}

load
: >"$file"
for kind in "tag a wrong memory tag" "key a protection key"; do
	tests/helpers/buffer read "$file" 0 "0+${kind%% *}:1" >"$scratch/said" 2>&1
	if [ $? = 77 ]; then
		skip "${kind#* }" "$(sed 's/^buffer: //' "$scratch/said")"
	else
		calls_on "${kind%% *}" "${kind#* }"
	fi
done

# -- injected faults: the kernel's own copies fail, whatever the page is --

# CALL OFFSET: during which no copy works
# shellcheck disable=SC2317 # called by way of is
nocopy()
{
	timeout -s KILL 10 tests/helpers/nocopy "$1" $dev "$2" 100 || echo "status $?"
}

inject=/sys/kernel/debug/fail_usercopy
if [ -e $inject ]; then
	for setting in verbose:0 interval:1 times:-1 task-filter:Y \
		probability:100; do
		echo ${setting#*:} >$inject/${setting%:*}
	done
	hold $dev $quantum
	before=$(cksum <$dev)
	is "where no copy works, a read fails" "$(nocopy read 0)" EFAULT
	is "where no copy works, an overwrite fails" "$(nocopy write 0)" EFAULT
	is "where no copy works, an append fails" "$(nocopy append 0)" EFAULT
	is "nothing has changed" "$(cksum <$dev)" "$before"
	# not a read of a hole: no fault is injected into clear_user()
	tests/helpers/calls $dev rdwr "pwrite 1 $((3 * quantum))" >"$scratch/said"
	is "where no copy works, a write into a hole fails" \
		"$(nocopy write $((2 * quantum)))" EFAULT
	echo 0 >$inject/probability
else
	skip "where no copy works, calls fail" \
		"this kernel injects no faults into copies; kasan does"
fi

# -- a page that can be read later only --

order=0
while [ $((page << order)) -lt 33554432 ]; do
	order=$((order + 1))
done
load order=$order
ok "after a partial fault-in a write goes on in large steps" \
	tests/helpers/partial $dev 3

done_testing
