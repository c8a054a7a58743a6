#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The examples of docs/examples print what its README.md says.

. tests/lib/tap.sh

. guest/kernels.sh
find_kernel "${KERNEL:-6.1}"
examples=$scratch/examples
mkdir "$examples"
cp docs/examples/README.md "$examples/page"

# PROGRAM LIBRARY...: compile it, for the guest
compile()
{
	program=$1
	shift
	ok "$program.c compiles without warnings" "$compiler-gcc-12" -Wall -Wextra \
		-Werror -O2 -static -o "$examples/$program" \
		"docs/examples/$program.c" "$@"
}

# SECTION REASON: leave it out of the page
leave_out()
{
	skip "the section on $1 works" "$2"
	awk -v name="$1" '/^## / { skipped = $2 == name } !skipped' \
		"$examples/page" >"$scratch/rest"
	mv "$scratch/rest" "$examples/page"
}

# SECTION PACKAGE COMMAND...: the command finds a package of the guest's architecture;
# leave the section out if not
has_package()
{
	section=$1
	package=$2
	shift 2
	if [ "$architecture" != "$(dpkg --print-architecture)" ]; then
		leave_out "$section" "$package is of another architecture than the guest"
	elif ! "$@" >/dev/null; then
		leave_out "$section" "$package is missing: run tests/install-deps $package"
	else
		return 0
	fi
	return 1
}

compile ioctl
compile mmap
# shellcheck disable=SC2154 # set by find_kernel
case $name in
*mips64el)	leave_out mmap "the data caches alias: devices cannot be mapped" ;;
esac
! has_package io_uring liburing-dev test -e /usr/include/liburing.h ||
	compile io_uring -luring
set --
if [ "$name" != 6.1 ]; then
	leave_out bpftrace "one kernel is enough: run with 6.1"
elif has_package bpftrace bpftrace command -v bpftrace; then
	set -- -m 3G -i "$(command -v bpftrace)"
fi

# Runs the commands of the page, those after "# ", and prints each with its output.
cat >"$examples/session" <<'END'
echo "$(getconf PAGESIZE)"
PATH=$PATH:.
./scullv_load
grep '^    # ' examples/page >commands
mv examples/* .
while IFS= read -r line <&9; do
	echo "${line#    }"
	eval "${line#*# }"
done 9<commands 2>&1
END
# OPTION...: run them in a guest
# shellcheck disable=SC2317 # called by ok
run_session()
{
	guest/run "$@" -i "$examples" -- sh examples/session >"$scratch/session"
}
ok "the guest runs the commands of the page" run_session "$@"

# without the counts of a histogram
if [ "$(head -n 1 "$scratch/session")" = 4096 ]; then
	is "the output is that of the page" \
		"$(sed '1d; /^\[.*|$/d' "$scratch/session")" \
		"$(sed -n '/^    # /,/^$/s/^    //p' "$examples/page" | sed '/^\[.*|$/d')"
else
	skip "the output is that of the page" "the page is about pages of 4 KiB"
fi
if grep -q '^# bpftrace' "$scratch/session"; then
	is "the histogram of bpftrace counts each quantum" "$(awk '
		/^\[.*\|$/	{ sub(".*\\)", ""); count += $1 }
		END		{ print count }' "$scratch/session")" 4360
fi

done_testing
