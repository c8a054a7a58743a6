# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Prints the results of a test in the Test Anything Protocol (TAP):
#
#	#!/bin/sh
#	. tests/lib/tap.sh
#	ok "the file exists" [ -e file ]
#	is "the file has one line" "$(wc -l <file)" 1
#	done_testing
#
# A test that ends before done_testing fails, since its plan is missing.

tests=0
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# RESULT DESCRIPTION: print the result, "ok" or "not ok"
_report()
{
	tests=$((tests + 1))
	echo "$1 $tests - $2"
	[ "$1" = ok ] || failed=$((failed + 1))
}

# DESCRIPTION COMMAND...: the command succeeds; its output is shown if not
ok()
{
	_description=$1
	shift
	if "$@" >"$scratch/output" 2>&1; then
		_report ok "$_description"
	else
		_status=$?
		_report "not ok" "$_description"
		echo "# exit status $_status: $*"
		sed 's/^/# /' "$scratch/output"
	fi
}

# DESCRIPTION COMMAND...: the command fails, but not by a signal or a time limit
fails()
{
	_description=$1
	shift
	if "$@" >"$scratch/output" 2>&1 || [ $? -ge 124 ]; then
		_report "not ok" "$_description"
		echo "# succeeded or was killed: $*"
		sed 's/^/# /' "$scratch/output"
	else
		_report ok "$_description"
	fi
}

# DESCRIPTION ACTUAL EXPECTED: both are equal
is()
{
	if [ "$2" = "$3" ]; then
		_report ok "$1"
	else
		_report "not ok" "$1"
		printf '%s\n' "actual: $2" "expected: $3" | sed 's/^/# /'
	fi
}

# DESCRIPTION ACTUAL PATTERN: ACTUAL matches the extended regular expression as
# a whole
like()
{
	if printf '%s\n' "$2" | grep -Eqx -e "$3"; then
		_report ok "$1"
	else
		_report "not ok" "$1"
		printf '%s\n' "actual: $2" "expected: $3" | sed 's/^/# /'
	fi
}

# DESCRIPTION REASON: skip one test
skip()
{
	_report ok "$1 # SKIP $2"
}

# COMMAND...: repeat it until it succeeds; fail after 100 seconds
await()
{
	_end=$(($(date +%s) + 100))
	until "$@"; do
		[ "$(date +%s)" -lt $_end ] || return 1
	done
}

# PID: the process has ended; it may be a zombie
has_ended()
{
	! [ -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# WHAT TOTAL AVAILABLE GRANULE [most]: a writer has left an eighth of the usable memory, in
# kB, but for what other processes and the per-CPU counters of the kernel change. With
# "most", it has left no more than that and a quantum of GRANULE.
check_reserve()
{
	ok "$1: $3 of $2 kB are left, an eighth at least" [ "$3" -ge $(($2 / 8 - 8192)) ]
	[ ! "${5-}" ] || ok "$1: $3 of $2 kB are left, an eighth and $4 kB at most" \
		[ "$3" -le $(($2 / 8 + 10240 + $4)) ]
}

# Prints the plan and exits. done_testing() of tests/lib/driver.sh calls it,
# too.
print_plan()
{
	echo "1..$tests"
	[ "$failed" -eq 0 ]
	exit
}

done_testing()
{
	print_plan
}
