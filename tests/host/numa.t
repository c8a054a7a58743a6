#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# On a machine with two NUMA nodes, a writer that is bound to one node gets
# ENOMEM when that node is full, and no process is killed. A writer that may use
# both nodes stores more than the memory of one.

. tests/lib/tap.sh

case ${KERNEL:=6.1} in
*i386 | *armhf | *s390x | *riscv64 | *mips64el)
	echo "1..0 # SKIP the guests of this architecture have no NUMA nodes"
	exit ;;
esac

# Prints for each writer the message of dd, whether a bystander, an idle process
# with 30 MB, is alive, and how many MiB are stored.
cat >"$scratch/fill" <<'END'
[ -d /sys/devices/system/node ] || { echo "no nodes"; exit; }
[ -d /sys/devices/system/node/node1 ] || exit
grep -h MemTotal /sys/devices/system/node/node*/meminfo
group=/tmp/groups/bound
mkdir "${group%/*}"
mount -t cgroup2 none "${group%/*}"
echo +cpuset >"${group%/*}/cgroup.subtree_control"
mkdir "$group"
echo 0 >"$group/cpuset.mems"

# page cache in node 1, half of it read twice
modprobe brd 2>/dev/null
mke2fs -q -F -t ext4 -b "$(getconf PAGESIZE)" /dev/ram0 2>/dev/null
mkdir /tmp/disk
mount /dev/ram0 /tmp/disk
truncate -s 60M /tmp/disk/once /tmp/disk/twice
./bind 1 cat /tmp/disk/once /tmp/disk/twice /tmp/disk/twice >/dev/null

insmod scullv.ko limit=0 alloc=vmalloc,pages,huge order=4,4,9
sh -c 'mine=$(head -c 30000000 /dev/zero | tr "\0" m); echo; sleep 10000
	echo "$mine"' >ready &
bystander=$!
until [ -s ready ]; do :; done

# MINOR WHAT COMMAND...: fill the device, with a dd that COMMAND runs
fill()
{
	device=$1 what=$2
	shift 2
	message=$("$@" dd if=/dev/zero of="/dev/scullv$device" bs=1M 2>&1)
	echo "$what: $(echo "$message" | head -n 1)"
	kill -0 $bystander 2>&- && echo "$what: the bystander is alive"
	echo "$what: stored $(($(cat "/sys/class/scullv/scullv$device/bytes") >> 20))"
	blocks=
	[ "$device" != 1 ] || blocks=-b
	order=$(cat "/sys/class/scullv/scullv$device/order")
	echo "$what: left $(./usable-memory $blocks $nodes) $((
		($(getconf PAGESIZE) << order) / 1024))"
}

in_group()
{
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
}

nodes=0
for i in 0 1 2; do
	fill $i "$(cat /sys/class/scullv/scullv$i/alloc), node 0" ./bind 0 taskset -c 1
	: >/dev/scullv$i
done
fill 0 "a cpuset of node 0" in_group
nodes=
fill 1 "any node, while node 0 is full" env
: >/dev/scullv0
: >/dev/scullv1
fill 0 "any node" env
: >/dev/scullv0
fill 0 "preferably node 0" ./bind -p 0
: >/dev/scullv0
fill 0 "preferably node 0, of many" ./bind -P 0
: >/dev/scullv0
fill 0 "interleaved in node 0" ./bind -i 0
dmesg | grep -E 'invoked oom-killer|Out of memory|oom-kill|Killed process'
: >/dev/scullv0
rmmod scullv
END

# shellcheck disable=SC2317 # called by ok
run_guest()
{
	node=memory-backend-ram,size=768M,id
	guest/run -m 1536M -q "-smp sockets=2,cores=1 -object $node=m0 -object $node=m1 \
			-numa node,nodeid=0,cpus=0,memdev=m0 \
			-numa node,nodeid=1,cpus=1,memdev=m1" \
		-i "${SCULLV_CACHE:-build}/check/$KERNEL/tests/helpers/bind" \
		-i tests/lib/usable-memory -i "$scratch/fill" -- sh fill >"$scratch/out" 2>&1 ||
		! cat "$scratch/out"
}

ok "a guest with two nodes succeeds" run_guest
if grep -q '^no nodes' "$scratch/out"; then
	skip "writers that fill a node" "this kernel has no support for NUMA"
	done_testing
fi

# WHAT MIN MAX: the writer got ENOMEM after storing MIN to MAX MiB
check_writer()
{
	like "$1: the writer gets ENOMEM" "$(sed -n "s/^$1: dd: //p" "$scratch/out")" \
		".*: Cannot allocate memory"
	ok "$1: the bystander is alive" grep -qx "$1: the bystander is alive" "$scratch/out"
	stored=$(sed -n "s/^$1: stored //p" "$scratch/out")
	ok "$1: the writer has stored $2 to $3 MiB ($stored)" \
		[ "${stored:-0}" -ge "$2" -a "${stored:-0}" -le "$3" ]
	# shellcheck disable=SC2046 # three numbers
	check_reserve "$1" $(sed -n "s/^$1: left //p" "$scratch/out") most
}

check_writer "vmalloc, node 0" 100 768
check_writer "pages, node 0" 100 768
check_writer "huge, node 0" 100 768
check_writer "a cpuset of node 0" 100 768
check_writer "any node, while node 0 is full" 100 768
check_writer "any node" 769 1536
check_writer "preferably node 0" 769 1536
check_writer "preferably node 0, of many" 769 1536
check_writer "interleaved in node 0" 769 1536
is "no process is killed" "$(grep -iE 'oom|kill' "$scratch/out")" ""

done_testing
