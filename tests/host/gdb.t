#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# "make gdb": the breakpoint, and scullv-dump, which reads the memory of the guest
# from outside.

. tests/lib/tap.sh

if [ "${KERNEL:-6.1}" != 6.1 ]; then
	echo "1..0 # SKIP one kernel is enough: run with 6.1"
	exit
elif ! command -v gdb >/dev/null; then
	echo "1..0 # SKIP gdb is missing: run tests/install-deps gdb"
	exit
elif [ "$(dpkg --print-architecture)" != amd64 ]; then
	echo "1..0 # SKIP gdb debugs guests of this machine's architecture only"
	exit
fi
mkdir "$scratch/tmp"
export TMPDIR="$scratch/tmp"

status=0
timeout 600 guest/gdb/run -nx -batch -ex 'echo --- breakpoint\n' -ex backtrace \
	-ex 'echo --- dump\n' -ex scullv-dump -ex 'echo --- next\n' -ex continue \
	-ex backtrace >"$scratch/out" 2>"$scratch/err" </dev/null || status=$?
is "gdb succeeds" "$status" 0
is "gdb leaves no files" "$(ls -A "$scratch/tmp")" ""
is "gdb leaves no process" "$(pgrep -f "$scratch/tmp")" ""

# NAME: print what gdb has printed after this marker, up to the next one
section()
{
	sed -n "/^--- $1\$/,/^--- /p" "$scratch/out" | grep -v '^---'
}
guest_dump=$(sed '/^Device 3/q' "$scratch/out")
ok "the guest prints /proc/scullvmem" [ "$guest_dump" ]
is "items of the second device are in three levels of the xarray" \
	"$(echo "$guest_dump" | sed -n 's/.*, index //p' | xargs)" "68 4400"
is "scullv-dump prints what /proc/scullvmem prints" "$(section dump)" "$guest_dump"
for breakpoint in breakpoint next; do
	like "the guest is frozen in scullv_write_iter() ($breakpoint)" \
		"$(section $breakpoint | grep '^#0')" \
		'#0 .*scullv_write_iter \(iocb=0x.*, from=0x.*\) at (.*/)?file\.c:[0-9]*'
done

done_testing
