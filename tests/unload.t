#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The module is unloaded, and loaded, while its dump and its attributes are read.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
proc=/proc/scullvmem
out=$scratch/out

# PROCESS FUNCTION: the process sleeps in that function of the kernel
# shellcheck disable=SC2317 # called by await
sleeps_in()
{
	grep -q "$2" "/proc/$1/wchan"
}

# -- in the middle of a long read --

# Each pread() far into the dump formats all of it. The first result shows that the
# second pread() is under way.
for round in 1 2; do
	load order=0 qset=1 alloc=pages
	tests/helpers/buffer -r 80 write /dev/scullv0 0 1048576 >"$scratch/said"
	end=$(($(wc -c <$proc) - 1))
	set --
	while [ $# -lt 30 ]; do
		set -- "$@" "pread 1 $end"
	done
	: >"$out"
	tests/helpers/calls $proc rdonly "$@" >"$out" &
	reader=$!
	ok "round $round: the dump is being read" await [ -s "$out" ]
	ok "round $round: the module is unloaded meanwhile" rmmod scullv
	await gone $reader
	like "round $round: that read ends well, and the next ones fail" \
		"$(cat "$out")" "1 (1 )*EIO( EIO)*"
	is "round $round: the memory is free" "$(grep -c scullv /proc/vmallocinfo)" 0
done

# -- while a read waits for its buffer --

load
echo data >/dev/scullv0
heading=$(head -n 2 $proc)
mkfifo "$scratch/go"
tests/helpers/buffer -o "$scratch/got" read $proc 0 "0+late:$page" \
	<"$scratch/go" >"$out" &
reader=$!
exec 7>"$scratch/go"
ok "a read waits for its buffer" await sleeps_in $reader handle_userfault
# it would keep the buffer from coming
rmmod scullv 7>&- &
remover=$!
ok "rmmod waits for that read" await sleeps_in $remover proc_entry_rundown
fails "the module is not loaded again meanwhile" insmod scullv.ko
exec 7>&-
await gone $reader
ok "the read returns what it has read" [ "$(cat "$out")" -gt ${#heading} ]
ok "then rmmod ends" await gone $remover
fails "and the module is unloaded" [ -e /sys/module/scullv ]

# -- an open file --

load
exec 3<"$proc"
head -c 5 <&3 >"$out"
ok "an open dump does not keep the module" rmmod scullv
is "it cannot be read any more" "$(head -c 5 <&3 2>&1)" \
	"head: error reading 'standard input': Input/output error"
load
is "nor when the module is loaded again" "$(head -c 5 <&3 2>&1)" \
	"head: error reading 'standard input': Input/output error"
is "it is closed then" "$(exec 3<&-; head -c 8 $proc)" "
Device "

# -- again and again --

unload
: >"$scratch/running"
# COMMAND...: in the background, until "running" is gone
again()
{
	while [ -e "$scratch/running" ]; do
		"$@"
	done >"$scratch/said" 2>&1 &
}
# shellcheck disable=SC2317 # called by again
look_around()
{
	cat "$proc"
	cat /sys/class/scullv/scullv*/size /sys/class/scullv/scullv*/order
	cat /sys/module/scullv/parameters/limit
	: </dev/scullv3
}
# nothing but builtins, to be there at any moment
# shellcheck disable=SC2317 # called by again
peek()
{
	read -r _ <"$proc"
}
again peek
again look_around
rounds=0
while [ $rounds -lt 10 ]; do
	insmod scullv.ko order=0 qset=1 devs=24 2>"$scratch/insmod" || break
	head -c $((50 * page)) /dev/zero >/dev/scullv3
	# who has a device or an attribute open keeps the module
	await rmmod scullv 2>"$scratch/rmmod" || break
	rounds=$((rounds + 1))
done
rm "$scratch/running"
wait
is "10 rounds of insmod and rmmod while all is read" \
	"$rounds$(cat "$scratch/insmod")" 10
is "nothing is left" "$(grep -c scullv /proc/vmallocinfo)" 0

done_testing
