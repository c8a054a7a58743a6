#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Who may do what, and who sees the kernel's addresses.

. tests/lib/driver.sh

dev=/dev/scullv0
sysfs=/sys/class/scullv/scullv0

load order=0,3
echo hello >$dev

# -- the device --

is "a new device is root's alone" "$(stat -c %a:%u:%g $dev)" 600:0:0
is "nobody else reads it" "$(as_student tests/helpers/calls $dev rdonly)" EACCES
is "nor writes it" "$(as_student tests/helpers/calls $dev wronly)" EACCES
is "which does not empty it" "$(attribute size)" 6

chmod 644 $dev
is "who may read it reads it" "$(as_student cat $dev)" hello
is "and does not empty it" "$(as_student tests/helpers/calls $dev rdonly,trunc)" EACCES
is "nor write it" "$(as_student tests/helpers/calls $dev wronly,append)" EACCES
is "it is all there" "$(attribute size)" 6

chmod 666 $dev
is "who may write it writes it" \
	"$(as_student tests/helpers/calls $dev rdwr "write 3" "lseek 0 set" "read 9")" \
	"3 0 6"
ok "and empties it" as_student tests/helpers/calls $dev wronly
is "it is empty" "$(attribute size)" 0

# -- the geometry: everybody may ask, nobody but the administrator may set --

config=$(attribute order):$(attribute qset)
for command in "SORDER 9" "TORDER 9" "XORDER 9" "HORDER 9" \
	"SQSET 9" "TQSET 9" "XQSET 9" "HQSET 9" RESET; do
	case $command in
	X*)	wanted="EPERM 9" ;;
	*)	wanted=EPERM ;;
	esac
	# shellcheck disable=SC2086 # a command and its value
	is "a student may not $command" \
		"$(as_student tests/helpers/ioctl $dev $command)" "$wanted"
done
is "not even with a bad value" "$(as_student tests/helpers/ioctl $dev TORDER 99)" EPERM
is "nor with a bad pointer" "$(as_student tests/helpers/ioctl $dev SQSET 1 null)" EPERM
is "and so nothing has changed" "$(attribute order):$(attribute qset)" "$config"
for command in "GORDER 9:0 0" "QORDER:0" "GQSET 9:0 500" "QQSET:500"; do
	# shellcheck disable=SC2086 # a command and its value
	is "a student may ${command%:*}" \
		"$(as_student tests/helpers/ioctl $dev ${command%:*})" "${command#*:}"
done
is "an unknown command is unknown to all" \
	"$(as_student tests/helpers/ioctl $dev 0x4bff)" ENOTTY

# root of a user namespace has all capabilities, but not for the device
as_namespace_root()
{
	unshare --user --map-root-user "$@"
}
for command in "SORDER 9" "TORDER 9" "HORDER 9" "SQSET 9" "TQSET 9" "HQSET 9" \
	RESET; do
	# shellcheck disable=SC2086 # a command and its value
	is "root of a user namespace may not $command" \
		"$(as_namespace_root tests/helpers/ioctl $dev $command)" EPERM
	# shellcheck disable=SC2086
	is "a student who is root of a user namespace may not $command" "$(
		as_student unshare --user --map-root-user \
			tests/helpers/ioctl $dev $command
	)" EPERM
done
is "root of a user namespace may not XORDER 9" \
	"$(as_namespace_root tests/helpers/ioctl $dev XORDER 9)" "EPERM 9"
is "root of a user namespace may query" \
	"$(as_namespace_root tests/helpers/ioctl $dev QORDER)" 0
is "root of a user namespace has changed nothing" \
	"$(attribute order):$(attribute qset)" "$config"

# it is the capability that counts, not the name
without()
{
	setpriv --inh-caps="-$1" --bounding-set="-$1" tests/helpers/ioctl $dev TORDER 0
}
is "root without CAP_SYS_ADMIN may not" "$(without sys_admin)" EPERM
is "root without any other may" "$(without sys_rawio)" 0

for name in order qset alloc size quanta bytes; do
	fails "a student does not write $name" \
		as_student sh -c "echo 1 >$sysfs/$name"
	ok "but reads it" as_student cat $sysfs/$name
done
fails "a student does not write the limit" \
	as_student sh -c "echo 0 >/sys/module/scullv/parameters/limit"
is "all is as it was" "$(attribute order):$(attribute qset)" "$config"

# -- addresses --

head -c $((5 * $(getconf PAGESIZE))) /dev/zero >$dev
echo >/dev/scullv1

# FILE: its addresses, one a line
addresses()
{
	sed -n 's/^ *[0-9]*://p
		s/^  item at \(.*\), qset at \([^,]*\).*/\1\n\2/p' "$1"
}

digits=$(($(getconf LONG_BIT) / 4))
hash="0{$((digits - 8))}[0-9a-f]{8}"	# of 32 bits

# FILE: which kind its addresses are, those of two items, two qsets and six quanta:
# all zeros, all hashes, or all those that root has seen, in the same order
kind()
{
	addresses "$1" >"$scratch/addresses"
	if [ "$(wc -l <"$scratch/addresses")" -ne 10 ]; then
		echo "not all"
	elif ! grep -Eqvx "0{$digits}" "$scratch/addresses"; then
		echo hidden
	elif cmp -s "$scratch/addresses" "$scratch/real"; then
		echo real
	elif ! grep -qxFf "$scratch/real" "$scratch/addresses" &&
		! grep -Eqvx "$hash" "$scratch/addresses" &&
		[ "$(sort -u "$scratch/addresses" | wc -l)" -eq 10 ]; then
		echo hashed
	else
		echo mixed
	fi
}

restrict()
{
	echo "$1" >/proc/sys/kernel/kptr_restrict
}

dump=$scratch/dump
restrict_before=$(cat /proc/sys/kernel/kptr_restrict)
restrict 1
addresses /proc/scullvmem >"$scratch/real"
is "real addresses are all different, and as long as a pointer" \
	"$(sort -u "$scratch/real" | grep -Ecx "[0-9a-f]{$digits}")" 10
vmalloc_areas | cut -c 3- | sed -n '/\[scullv\]/s/-.*//p' >"$scratch/vmalloc"
is "at kptr_restrict=1 root sees those that /proc/vmallocinfo tells" \
	"$(sed -n 's/^ *[0-9]*://p' /proc/scullvmem |
		grep -vxFf "$scratch/vmalloc")" ""
is "the dump is for everybody to read" "$(stat -c %a:%u /proc/scullvmem)" 444:0

for restricted in "0 real hashed" "1 real hidden" "2 hidden hidden"; do
	# shellcheck disable=SC2086 # three words
	set -- $restricted
	restrict "$1"
	cat /proc/scullvmem >"$dump"
	is "kptr_restrict=$1: to root they are $2" "$(kind "$dump")" "$2"
	as_student cat /proc/scullvmem >"$dump"
	is "kptr_restrict=$1: to a student $3" "$(kind "$dump")" "$3"
	is "kptr_restrict=$1: the rest of the dump is the same" \
		"$(sed 's/\(:\|at \)[0-9a-f]*/\1/g' "$dump")" \
		"$(sed 's/\(:\|at \)[0-9a-f]*/\1/g' /proc/scullvmem)"
done

# kind() knows hashes from addresses only by what root has seen before.
restrict 0
as_student cat /proc/scullvmem >"$dump"
as_student cat /proc/scullvmem >"$scratch/again"
ok "a hash stays what it is" cmp "$dump" "$scratch/again"
setpriv --inh-caps=-syslog --bounding-set=-syslog cat /proc/scullvmem >"$dump"
is "root without CAP_SYSLOG sees hashes, too" "$(kind "$dump")" hashed
setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=+syslog \
	--ambient-caps=+syslog cat /proc/scullvmem >"$dump"
is "a student with CAP_SYSLOG sees real ones" "$(kind "$dump")" real
unshare --user --map-root-user cat /proc/scullvmem >"$dump"
is "root of a user namespace of its own sees hashes" "$(kind "$dump")" hashed

# -- who opens decides, not who reads --

is "what root has opened shows real ones to a student who reads it" \
	"$(as_student cat </proc/scullvmem >"$dump"; kind "$dump")" real

# cat with the powers of root, in a place where everybody finds it
powerful=$(mktemp -d /tmp/powerful.XXXXXX)
chmod 755 "$powerful"
cp "$(command -v cat)" "$powerful/cat"
chmod 4755 "$powerful/cat"
student()
{
	setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
}
is "a program with powers that a student starts opens it as root" \
	"$(student "$powerful/cat" /proc/scullvmem >"$dump"; kind "$dump")" real
student sh -c "$powerful/cat </proc/scullvmem" >"$dump"
is "what the student has opened for it shows no real ones" \
	"$(kind "$dump")" hashed
restrict 1
student sh -c "$powerful/cat </proc/scullvmem" >"$dump"
is "and at kptr_restrict=1 none at all" "$(kind "$dump")" hidden

# a change in between does not count either
restrict 0
exec 3</proc/scullvmem
restrict 2
is "what was opened before kptr_restrict=2 goes on" \
	"$(cat <&3 >"$dump"; kind "$dump")" real
exec 3</proc/scullvmem
restrict 0
is "what was opened before kptr_restrict=0, too" \
	"$(cat <&3 >"$dump"; kind "$dump")" hidden
exec 3<&-

rm -r "$powerful"
restrict "$restrict_before"
done_testing
