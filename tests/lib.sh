# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests share: TAP, and the loading of the module. A test is a shell
# script that runs in the guest, in the folder that holds scullv.ko:
#
#	#!/bin/sh
#	. tests/lib.sh
#	load order=4
#	ok "what is promised" command that succeeds when it is kept
#	is "what is promised" "$(what it is)" "what it should be"
#	done_testing
#
# A test that ends before done_testing has failed, as it tells no plan.

tests=0
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# the kernel's log from here on is this test's
log_start="scullv-test $0 $$"
echo "$log_start" >/dev/kmsg

_tell()	# ok|not ok, description
{
	tests=$((tests + 1))
	echo "$1 $tests - $2"
	[ "$1" = ok ] || failed=$((failed + 1))
}

# DESCRIPTION COMMAND...: the command succeeds; what it prints is told if not
ok()
{
	_description=$1
	shift
	if "$@" >"$scratch/said" 2>&1; then
		_tell ok "$_description"
	else
		_status=$?
		_tell "not ok" "$_description"
		echo "# $* gave status $_status"
		sed 's/^/# /' "$scratch/said"
	fi
}

# DESCRIPTION COMMAND...: the command fails, and is not killed
fails()
{
	_description=$1
	shift
	if "$@" >"$scratch/said" 2>&1 || [ $? -ge 124 ]; then
		_tell "not ok" "$_description"
		echo "# $* did not fail as it should"
		sed 's/^/# /' "$scratch/said"
	else
		_tell ok "$_description"
	fi
}

# DESCRIPTION GOT WANTED
is()
{
	if [ "$2" = "$3" ]; then
		_tell ok "$1"
	else
		_tell "not ok" "$1"
		printf '%s\n' "got: $2" "wanted: $3" | sed 's/^/# /'
	fi
}

# DESCRIPTION GOT PATTERN: got matches the extended regular expression, whole
like()
{
	if printf '%s\n' "$2" | grep -Eqx -e "$3"; then
		_tell ok "$1"
	else
		_tell "not ok" "$1"
		printf '%s\n' "got: $2" "wanted: $3" | sed 's/^/# /'
	fi
}

# DESCRIPTION REASON
skip()
{
	_tell ok "$1 # SKIP $2"
}

# COMMAND...: tries until it succeeds; gives up after 20 seconds
await()
{
	_end=$(($(date +%s) + 20))
	until "$@"; do
		[ "$(date +%s)" -lt $_end ] || return 1
	done
}

# PROCESS: has ended, even if nobody has waited for it
gone()
{
	! [ -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

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

# DESCRIPTION WANTED FLAGS CALL...: what calls return on the device $dev and on
# $file, which lies on tmpfs
as_tmpfs()
{
	_description="$1, as on tmpfs"
	_wanted="device: $2, tmpfs: $2"
	shift 2
	# shellcheck disable=SC2154 # the test sets them
	is "$_description" "device: $(tests/calls "$dev" "$@"), tmpfs: $(
		tests/calls "$file" "$@"
	)" "$_wanted"
}

# NAME: of /proc/meminfo, in kB
meminfo()
{
	sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

# Free pages on the lists of each CPU, tens of MB, do not count as available.
# These lists are kept short from here to the end of the test.
count_free_pages()
{
	pages_of_cpus=/proc/sys/vm/percpu_pagelist_high_fraction
	pages_before=$(cat $pages_of_cpus)
	echo 1000000 >$pages_of_cpus
}

done_testing()
{
	ok "the module can be unloaded" unload
	[ ! "${pages_before-}" ] || echo "$pages_before" >$pages_of_cpus
	is "the kernel does not complain" \
		"$(log | grep -E -f tests/red-lines)" ""
	echo "1..$tests"
	[ "$failed" -eq 0 ]
	exit
}
