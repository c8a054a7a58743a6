#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# User copies that fail although the page is present, so that a fault-in does not help:
# memory tags, protection keys, injected faults. A call returns a short count, or EFAULT if
# nothing was copied; it does not retry for ever.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
quantum=$((16 * page))
file=$scratch/file
dev=/dev/scullv0

# ARGUMENT...: tests/helpers/buffer, or its exit status if it hangs
buffer()
{
	unless_hung tests/helpers/buffer "$@" || echo "status $?"
}

# FILE COUNT: the file has COUNT bytes d and nothing else
set_data()
{
	head -c "$2" /dev/zero | tr '\0' d >"$1"
}

# WHAT EXPECTED BYTES ARGUMENT...: tests/helpers/buffer prints EXPECTED on a device and
# a tmpfs file of BYTES, and the data read and the contents are equal. FILE in the
# arguments is replaced by either.
check_both()
{
	_what=$1
	_expected=$2
	_bytes=$3
	shift 3
	for copy in "$dev" "$file"; do
		set_data "$copy" "$_bytes"
		: >"$scratch/got"
		# shellcheck disable=SC2046 # arguments
		buffer $(echo "$*" | sed "s,FILE,$copy,")
		cksum <"$scratch/got"
		cksum <"$copy"
	done >"$scratch/all" 2>&1
	_sums=$(tail -n 2 "$scratch/all")
	is "$_what returns $_expected, as on tmpfs" "$(cat "$scratch/all")" \
		"$(printf '%s\n' "$_expected" "$_sums" "$_expected" "$_sums")"
}

# KIND WHAT: calls with valid memory followed by memory of KIND
check_calls()
{
	for valid in 0 1 100 $((page - 1)) $((page + 7)) $((quantum + 7)); do
		returned=$valid
		[ $valid != 0 ] || returned=EFAULT
		memory=$valid+$1:$((3 * page))
		check_both "$2 after $valid bytes: a read of data" $returned \
			$((3 * quantum)) -o "$scratch/got" read FILE 10 "$memory"
		check_both "$2 after $valid bytes: an overwrite" $returned \
			$((3 * quantum)) write FILE 10 "$memory"
		check_both "$2 after $valid bytes: an append" $returned 99 append FILE 0 "$memory"
	done
	check_both "$2 in the second segment: readv" 100 $((3 * quantum)) \
		read FILE 10 100 0+"$1":100
	check_both "$2 in the first segment: writev" EFAULT $((3 * quantum)) \
		write FILE 10 0+"$1":100 100
	set_data $dev 0
	is "$2: a write into a hole fails with EFAULT" \
		"$(buffer write $dev 0 0+"$1":100)" EFAULT
	is "$2: a write into a hole allocates nothing" \
		"$(attribute size) $(attribute quanta)" "0 0"
	tests/helpers/calls $dev rdwr "pwrite 1 $((3 * quantum))" >"$scratch/output"
	is "$2: a read of a hole fails with EFAULT" \
		"$(buffer read $dev 0 0+"$1":100)" EFAULT
	is "$2: a read of a hole into 100 valid bytes is short" \
		"$(buffer read $dev 0 100+"$1":100)" 100
}

load
: >"$file"
for kind in "tag a wrong memory tag" "key a protection key"; do
	tests/helpers/buffer read "$file" 0 "0+${kind%% *}:1" >"$scratch/output" 2>&1
	if [ $? = 77 ]; then
		skip "${kind#* }: calls return a short count or EFAULT" \
			"$(sed 's/^buffer: //' "$scratch/output")"
	else
		check_calls "${kind%% *}" "${kind#* }"
	fi
done

# -- injected faults: all user copies fail --

# CALL OFFSET: a call during which all user copies fail
# shellcheck disable=SC2317 # called indirectly
nocopy()
{
	unless_hung tests/helpers/nocopy "$1" $dev "$2" 100 || echo "status $?"
}

inject=/sys/kernel/debug/fail_usercopy
if [ -e $inject ]; then
	for setting in verbose:0 interval:1 times:-1 task-filter:Y \
		probability:100; do
		echo ${setting#*:} >$inject/${setting%:*}
	done
	set_data $dev $quantum
	before=$(cksum <$dev)
	is "a read fails with EFAULT if all user copies fail" "$(nocopy read 0)" EFAULT
	is "an overwrite fails with EFAULT if all user copies fail" \
		"$(nocopy write 0)" EFAULT
	is "an append fails with EFAULT if all user copies fail" \
		"$(nocopy append 0)" EFAULT
	is "failed calls do not change the data" "$(cksum <$dev)" "$before"
	# no read of a hole: no fault is injected into clear_user()
	tests/helpers/calls $dev rdwr "pwrite 1 $((3 * quantum))" >"$scratch/output"
	is "a write into a hole fails with EFAULT if all user copies fail" \
		"$(nocopy write $((2 * quantum)))" EFAULT
	echo 0 >$inject/probability
else
	skip "calls fail with EFAULT if all user copies fail" \
		"this kernel has no fault injection into user copies, kasan has"
fi

# -- a page that becomes readable during the call --

order=0
while [ $((page << order)) -lt 33554432 ]; do
	order=$((order + 1))
done
load order=$order
ok "a write continues in large steps after a partial fault-in" \
	tests/helpers/partial $dev 3

done_testing
