#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Permissions and capabilities, and which openers of /proc/scullvmem see addresses.

. tests/lib/driver.sh

dev=/dev/scullv0
sysfs=/sys/class/scullv/scullv0

load order=0,3
echo hello >$dev

# -- the device --

is "a new device has mode 600 and belongs to root" "$(stat -c %a:%u:%g $dev)" 600:0:0
is "an unprivileged user cannot open a new device for reading" \
	"$(as_student tests/helpers/calls $dev rdonly)" EACCES
is "an unprivileged user cannot open a new device for writing" \
	"$(as_student tests/helpers/calls $dev wronly)" EACCES
is "a refused open for writing does not trim the device" "$(attribute size)" 6

chmod 644 $dev
is "an unprivileged user can read a device of mode 644" "$(as_student cat $dev)" hello
is "O_TRUNC is refused on a device of mode 644" \
	"$(as_student tests/helpers/calls $dev rdonly,trunc)" EACCES
is "O_APPEND is refused on a device of mode 644" \
	"$(as_student tests/helpers/calls $dev wronly,append)" EACCES
is "opens refused by mode 644 change nothing" "$(attribute size)" 6

chmod 666 $dev
is "an unprivileged user can read and write a device of mode 666" \
	"$(as_student tests/helpers/calls $dev rdwr "write 3" "lseek 0 set" "read 9")" \
	"3 0 6"
ok "an unprivileged user can open a device of mode 666 write-only" \
	as_student tests/helpers/calls $dev wronly
is "a write-only open by an unprivileged user trims the device" "$(attribute size)" 0

# -- the geometry: anybody may query it, setting it needs CAP_SYS_ADMIN --

config=$(attribute order):$(attribute qset)
for command in "SORDER 9" "TORDER 9" "XORDER 9" "HORDER 9" \
	"SQSET 9" "TQSET 9" "XQSET 9" "HQSET 9" RESET; do
	case $command in
	X*)	expected="EPERM 9" ;;
	*)	expected=EPERM ;;
	esac
	# shellcheck disable=SC2086 # a command and its value
	is "an unprivileged user cannot $command" \
		"$(as_student tests/helpers/ioctl $dev $command)" "$expected"
done
is "EPERM takes precedence over EINVAL in an ioctl" \
	"$(as_student tests/helpers/ioctl $dev TORDER 99)" EPERM
is "EPERM takes precedence over EFAULT in an ioctl" \
	"$(as_student tests/helpers/ioctl $dev SQSET 1 null)" EPERM
is "ioctls of an unprivileged user change nothing" \
	"$(attribute order):$(attribute qset)" "$config"
for command in "GORDER 9:0 0" "QORDER:0" "GQSET 9:0 500" "QQSET:500"; do
	# shellcheck disable=SC2086 # a command and its value
	is "an unprivileged user can ${command%:*}" \
		"$(as_student tests/helpers/ioctl $dev ${command%:*})" "${command#*:}"
done
is "an unknown ioctl gets ENOTTY from an unprivileged user, too" \
	"$(as_student tests/helpers/ioctl $dev 0x4bff)" ENOTTY

# root of a user namespace has no capability in the initial one
as_namespace_root()
{
	unshare --user --map-root-user "$@"
}
for command in "SORDER 9" "TORDER 9" "HORDER 9" "SQSET 9" "TQSET 9" "HQSET 9" \
	RESET; do
	# shellcheck disable=SC2086 # a command and its value
	is "root of a user namespace cannot $command" \
		"$(as_namespace_root tests/helpers/ioctl $dev $command)" EPERM
	# shellcheck disable=SC2086
	is "an unprivileged user who is root of a user namespace cannot $command" "$(
		as_student unshare --user --map-root-user \
			tests/helpers/ioctl $dev $command
	)" EPERM
done
is "root of a user namespace cannot XORDER 9" \
	"$(as_namespace_root tests/helpers/ioctl $dev XORDER 9)" "EPERM 9"
is "root of a user namespace can QORDER" \
	"$(as_namespace_root tests/helpers/ioctl $dev QORDER)" 0
is "ioctls of root of a user namespace change nothing" \
	"$(attribute order):$(attribute qset)" "$config"

# the capability counts, not the user
without()
{
	setpriv --inh-caps="-$1" --bounding-set="-$1" tests/helpers/ioctl $dev TORDER 0
}
is "root without CAP_SYS_ADMIN cannot TORDER 0" "$(without sys_admin)" EPERM
is "root without CAP_SYS_RAWIO can TORDER 0" "$(without sys_rawio)" 0
is "the caller's capability counts, not the opener's" \
	"$(as_student tests/helpers/ioctl -i $dev TORDER 9 <>$dev)" EPERM
is "setting the order needs no write access" "$(tests/helpers/ioctl -r $dev TORDER 0)" 0

for name in order qset alloc size quanta bytes; do
	fails "an unprivileged user cannot write the attribute $name" \
		as_student sh -c "echo 1 >$sysfs/$name"
	ok "an unprivileged user can read the attribute $name" \
		as_student cat $sysfs/$name
done
fails "an unprivileged user cannot write the limit" \
	as_student sh -c "echo 0 >/sys/module/scullv/parameters/limit"
is "refused writes to sysfs change nothing" \
	"$(attribute order):$(attribute qset)" "$config"

# -- addresses --

head -c $((5 * $(getconf PAGESIZE))) /dev/zero >$dev
echo >/dev/scullv1

# FILE: its addresses, one per line
addresses()
{
	sed -n 's/^ *[0-9]*://p
		s/^  item at \(.*\), qset at \([^,]*\).*/\1\n\2/p' "$1"
}

digits=$(($(getconf LONG_BIT) / 4))
hash="0{$((digits - 8))}[0-9a-f]{8}"	# of 32 bits

# FILE: the kind of its ten addresses, of two items, two qsets and six quanta: all
# zeros, all hashes, or all the real ones in order
kind()
{
	addresses "$1" >"$scratch/addresses"
	if [ "$(wc -l <"$scratch/addresses")" -ne 10 ]; then
		echo incomplete
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
is "ten real addresses differ and have the length of a pointer" \
	"$(sort -u "$scratch/real" | grep -Ecx "[0-9a-f]{$digits}")" 10
vmalloc_areas | cut -c 3- | sed -n '/\[scullv\]/s/-.*//p' >"$scratch/vmalloc"
is "at kptr_restrict=1 root sees the addresses of /proc/vmallocinfo" \
	"$(sed -n 's/^ *[0-9]*://p' /proc/scullvmem |
		grep -vxFf "$scratch/vmalloc")" ""
is "anybody can read the dump" "$(stat -c %a:%u /proc/scullvmem)" 444:0

for restricted in "0 real hashed" "1 real hidden" "2 hidden hidden"; do
	# shellcheck disable=SC2086 # three words
	set -- $restricted
	restrict "$1"
	cat /proc/scullvmem >"$dump"
	is "kptr_restrict=$1: root sees $2 addresses" "$(kind "$dump")" "$2"
	as_student cat /proc/scullvmem >"$dump"
	is "kptr_restrict=$1: an unprivileged user sees $3 addresses" \
		"$(kind "$dump")" "$3"
	is "kptr_restrict=$1: dumps differ in addresses only" \
		"$(sed 's/\(:\|at \)[0-9a-f]*/\1/g' "$dump")" \
		"$(sed 's/\(:\|at \)[0-9a-f]*/\1/g' /proc/scullvmem)"
done

# kind() distinguishes hashes from addresses by comparison with the real ones.
restrict 0
as_student cat /proc/scullvmem >"$dump"
as_student cat /proc/scullvmem >"$scratch/again"
ok "two dumps show the same hashes" cmp "$dump" "$scratch/again"
setpriv --inh-caps=-syslog --bounding-set=-syslog cat /proc/scullvmem >"$dump"
is "root without CAP_SYSLOG sees hashed addresses" "$(kind "$dump")" hashed
setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=+syslog \
	--ambient-caps=+syslog cat /proc/scullvmem >"$dump"
is "an unprivileged user with CAP_SYSLOG sees real addresses" "$(kind "$dump")" real
unshare --user --map-root-user cat /proc/scullvmem >"$dump"
is "root of a user namespace sees hashed addresses" "$(kind "$dump")" hashed

# -- the opener's credentials count, not the reader's --

is "a dump opened by root shows real addresses to any reader" \
	"$(as_student cat </proc/scullvmem >"$dump"; kind "$dump")" real

# a setuid cat that any user can run
setuid=$(mktemp -d /tmp/setuid.XXXXXX)
chmod 755 "$setuid"
cp "$(command -v cat)" "$setuid/cat"
chmod 4755 "$setuid/cat"
student()
{
	setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
}
is "a setuid program of an unprivileged user opens the dump as root" \
	"$(student "$setuid/cat" /proc/scullvmem >"$dump"; kind "$dump")" real
student sh -c "$setuid/cat </proc/scullvmem" >"$dump"
is "a dump that an unprivileged user opens for a setuid program has hashed addresses" \
	"$(kind "$dump")" hashed
restrict 1
student sh -c "$setuid/cat </proc/scullvmem" >"$dump"
is "such a dump has no addresses at kptr_restrict=1" "$(kind "$dump")" hidden
is "a setuid program of an unprivileged user sees none at kptr_restrict=1, either" \
	"$(student "$setuid/cat" /proc/scullvmem >"$dump"; kind "$dump")" hidden

# a later change of kptr_restrict does not count
restrict 0
exec 3</proc/scullvmem
restrict 2
is "a dump opened before kptr_restrict=2 shows real addresses" \
	"$(cat <&3 >"$dump"; kind "$dump")" real
exec 3</proc/scullvmem
restrict 0
is "a dump opened before kptr_restrict=0 shows no addresses" \
	"$(cat <&3 >"$dump"; kind "$dump")" hidden
exec 3<&-

rm -r "$setuid"
restrict "$restrict_before"
done_testing
