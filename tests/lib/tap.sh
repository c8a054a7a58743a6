# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What all tests share: TAP.
#
#	#!/bin/sh
#	. tests/lib/tap.sh
#	ok "what is promised" command that succeeds when it is kept
#	is "what is promised" "$(what it is)" "what it should be"
#	done_testing
#
# A test that ends before done_testing has failed, as it tells no plan.

tests=0
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

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

tell_plan()
{
	echo "1..$tests"
	[ "$failed" -eq 0 ]
	exit
}

done_testing()
{
	tell_plan
}
