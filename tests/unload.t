#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading while the dump and the attributes are read.

. tests/lib/driver.sh

page=$(getconf PAGESIZE)
proc=/proc/scullvmem
out=$scratch/out

# PROCESS FUNCTION: the process sleeps in that kernel function
# shellcheck disable=SC2317 # called by await
sleeps_in()
{
	grep -q "$2" "/proc/$1/wchan"
}

# -- during a long read --

# Each pread() at the end of the dump formats all of it. After the first result the
# second pread() is in progress. There are more of them than can succeed before rmmod
# starts, also where pages of 64 KiB make the dump short.
for round in 1 2; do
	load order=0 qset=1 alloc=pages
	tests/helpers/buffer -r 80 write /dev/scullv0 0 1048576 >"$scratch/output"
	end=$(($(wc -c <$proc) - 1))
	set --
	while [ $# -lt 1000 ]; do
		set -- "$@" "pread 1 $end"
	done
	: >"$out"
	tests/helpers/calls $proc rdonly "$@" >"$out" &
	reader=$!
	ok "round $round: a read of the dump is in progress" await [ -s "$out" ]
	ok "round $round: rmmod succeeds during a read of the dump" rmmod scullv
	await has_ended $reader
	like "round $round: the read in progress succeeds, later ones fail" \
		"$(cat "$out")" "1 (1 )*EIO( EIO)*"
	is "round $round: rmmod frees all vmalloc areas" \
		"$(grep -c scullv /proc/vmallocinfo)" 0
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
ok "a read of the dump waits for its buffer" await sleeps_in $reader handle_userfault
# closes 7 for rmmod, which would keep the buffer stalled
rmmod scullv 7>&- &
remover=$!
ok "rmmod waits for a read in progress" await sleeps_in $remover proc_entry_rundown
fails "insmod fails while rmmod waits" insmod scullv.ko
exec 7>&-
await has_ended $reader
ok "a read that rmmod waits for returns the dump" [ "$(cat "$out")" -gt ${#heading} ]
ok "rmmod ends after the read" await has_ended $remover
fails "rmmod has unloaded the module after the read" [ -e /sys/module/scullv ]

# -- an open file --

load
exec 3<"$proc"
head -c 5 <&3 >"$out"
ok "rmmod succeeds while a dump is open" rmmod scullv
is "an open dump cannot be read after rmmod" "$(head -c 5 <&3 2>&1)" \
	"head: error reading 'standard input': Input/output error"
load
is "an open dump cannot be read after another insmod" "$(head -c 5 <&3 2>&1)" \
	"head: error reading 'standard input': Input/output error"
is "a new dump can be read after another insmod" "$(exec 3<&-; head -c 8 $proc)" "
Device "

# -- repeated loading --

unload
: >"$scratch/running"
# COMMAND...: repeats it in the background while the file "running" exists
repeat()
{
	while [ -e "$scratch/running" ]; do
		"$@"
	done >"$scratch/output" 2>&1 &
}
# shellcheck disable=SC2317 # called by repeat
read_all()
{
	cat "$proc"
	cat /sys/class/scullv/scullv*/size /sys/class/scullv/scullv*/order
	cat /sys/module/scullv/parameters/limit
	: </dev/scullv3
}
# builtins only, to read at any moment
# shellcheck disable=SC2317 # called by repeat
read_line()
{
	read -r _ <"$proc"
}
repeat read_line
repeat read_all
rounds=0
while [ $rounds -lt 10 ]; do
	insmod scullv.ko order=0 qset=1 devs=24 2>"$scratch/insmod" || break
	head -c $((50 * page)) /dev/zero >/dev/scullv3
	# an open device or attribute holds a module reference
	await rmmod scullv 2>"$scratch/rmmod" || break
	rounds=$((rounds + 1))
done
rm "$scratch/running"
wait
is "10 rounds of insmod and rmmod succeed during reads" \
	"$rounds$(cat "$scratch/insmod")" 10
is "10 rounds of insmod and rmmod leave no vmalloc area" \
	"$(grep -c scullv /proc/vmallocinfo)" 0

done_testing
