#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# docs/ABI.md and scullv.4 describe the module: its parameters, attributes, ioctl
# commands, trace events and the format of the dump.

. tests/lib/driver.sh
invalid_values=yes

# tests/check copies these here
abi=tests/ABI.md
page=tests/scullv.4
header=tests/scullv_ioctl.h

parameters=/sys/module/scullv/parameters
class=/sys/class/scullv/scullv0
events=/sys/kernel/tracing/events/scullv

# PREFIX: print, sorted, the rest of each "What:" that starts with it
described()
{
	sed -n "s,^ *What: *$1,,p" $abi | sort
}

# SECTION: print this section of the man page
section()
{
	sed -n "/^\.Sh $1\$/,/^\.Sh /p" $page | sed '1d; $d'
}

# Prints "MODE FILE" for each file in the ABI that has a mode; N becomes 0.
list_modes()
{
	awk '/^ *What: *\// { paths = paths " " $2 }
		/^ *Description: *\(/ {
			gsub(/[()]/, "", $2)
			count = split(paths, path)
			for (i = 1; i <= count; i++) {
				sub(/N/, "0", path[i])
				sub(/N\//, "0/", path[i])
				print $2, path[i]
			}
		}
		/^ *Description:/ { paths = "" }' $abi
}

load order=1 qset=2

# -- version --

version=$(modinfo -F version scullv.ko)
is "/sys/module shows the version that modinfo shows" \
	"$(cat /sys/module/scullv/version)" "$version"
is "the man page describes this version" \
	"$(grep -Fxc "This page describes version $version." $page)" 1
is "no interface is newer than the module" "$(
	{ sed -n 's/^ *KernelVersion: *//p' $abi; echo "$version"; } |
		sort -V | tail -n 1)" "$version"
is "each interface in the ABI has a date, a version and a description" \
	"$(awk '/^ *What:/ && !what { what = 1; n++ }
		/^ *Date: ./ { date++; what = 0 }
		/^ *KernelVersion: ./ { version++ }
		/^ *Description: ./ { description++ }
		END { print date - n, version - n, description - n, (n > 10) }' $abi)" \
	"0 0 0 1"

# -- parameters, attributes and modes --

names=$(cd $parameters && printf '%s\n' * | sort)
is "the ABI lists the parameters of modinfo" "$(described "$parameters/")" \
	"$(modinfo -F parm scullv.ko | sed 's/:.*//' | sort)"
is "the ABI lists the parameters of /sys/module" "$(described "$parameters/")" \
	"$names"
is "the man page lists the parameters of /sys/module" \
	"$(section "MODULE PARAMETERS" |
		sed -n 's/^\.It Cm \([a-z_]*\) Ns = Ns .*/\1/p' | sort)" "$names"

# the others are those of every device
names=$(cd $class && find . ! -name . -prune ! -type d ! -type l |
	sed 's,^\./,,' | grep -vx -e dev -e uevent | sort)
is "the ABI lists the attributes of a device" \
	"$(described "/sys/class/scullv/scullvN/")" "$names"
is "the man page lists the attributes of a device" \
	"$(section "SYSFS ATTRIBUTES" | sed -n 's/^\.It Pa //p' |
		sed 's/ , /\n/g' | sort)" "$names"

list_modes >"$scratch/modes"
is "the ABI has a mode for each file but the trace events" \
	"$(wc -l <"$scratch/modes")" "$(described / | grep -vc /tracing/)"
is "the files have the modes in the ABI, and belong to root" \
	"$(while read -r _ file; do
		stat -c '0%a %n %u:%g' "$file"
	done <"$scratch/modes")" "$(sed 's/$/ 0:0/' "$scratch/modes")"

allocators=$(sed -n 's/^ *Values: //p' $abi)
for name in $allocators; do
	echo "$name" >$class/alloc
	is "the allocator $name of the ABI exists" "$(attribute alloc)" "$name"
	ok "the man page describes the allocator $name" \
		grep -qx "\.It Cm $name" $page
done
is "modinfo shows the allocators of the ABI" "$(modinfo -F parm scullv.ko |
	sed -n 's/^alloc:.*: \(.*\) (default.*/\1/p' | tr -d , | sed 's/ or / /')" \
	"$allocators"

# -- ioctl commands --

described "ioctl " | sed 's/  */ /g' >"$scratch/commands"
is "the ABI lists the ioctl commands of the header, with their numbers" \
	"$(cat "$scratch/commands")" "$(
	sed -n 's/SCULLV_IOC_MAGIC,/'\''K'\'',/
		s/^#define *\(SCULLV_IOC[A-Z][A-Z]*\)[[:space:]]*/\1 /p' $header | sort)"
is "the man page lists the ioctl commands of the header" \
	"$(section IOCTLS | grep -o 'SCULLV_IOC[A-Z][A-Z]*' | sort -u)" \
	"$(cut -d ' ' -f 1 "$scratch/commands" | sort)"
is "QORDER and QQSET have the numbers of the book, without the header" \
	"$(tests/helpers/ioctl /dev/scullv0 0x4b04) $(
		tests/helpers/ioctl /dev/scullv0 0x4b0a)" "1 2"
is "the driver has all ioctl commands of the ABI" \
	"$(while read -r name _; do
		tests/helpers/ioctl /dev/scullv0 "${name#SCULLV_IOC}" 4
	done <"$scratch/commands" | grep ENOTTY)" ""
is "the driver has no ioctl command after the last one of the ABI" \
	"$(tests/helpers/ioctl /dev/scullv0 $((0x4b00 + $(grep -c . \
		"$scratch/commands"))) 4)" ENOTTY

# -- trace events: of the module, the ABI and the man page, with their fields --

for name in $(cd $events && echo scullv*); do
	fields=$(sed -n 's/.*field:.* \([a-z_]*\);.*/\1/p' "$events/$name/format" |
		grep -v common_ | xargs)
	is "the ABI lists the fields of $name" "$(
		sed -n "\\,/scullv/$name\$,,/^\$/s/^ *Fields: //p" $abi)" "$fields"
	is "the man page lists the fields of $name" "$(section "TRACE EVENTS" |
		sed -n "/^\.It Sy scullv:$name\$/,/^\.[IE][tl]/{
			2,\$s/^\.Va //p; }" | tr -d ,. | xargs)" "$fields"
done
is "the ABI lists the trace events of the module" "$(described "$events/")" \
	"$(cd $events && printf '%s\n' scullv* | sort)"
is "the man page lists the trace events of the module" \
	"$(section "TRACE EVENTS" | sed -n 's/^\.It Sy scullv://p' | sort)" \
	"$(cd $events && printf '%s\n' scullv* | sort)"

# -- ranges: those of the messages in the log --

# NAME RANGE: the man page has that range for that parameter
# shellcheck disable=SC2317 # called by ok
has_range()
{
	section "MODULE PARAMETERS" | sed -n "/^\.It Cm $1 Ns /,/^\.It /p" |
		tr '\n' ' ' | grep -q "[^0-9]$2[^0-9]"
}
unload
for name in major devs order qset; do
	fails "insmod fails with the largest number for $name" \
		insmod scullv.ko $name=4294967295
	range=$(log | sed -n \
		"s/.* scullv: $name=4294967295: must be a number from //p" | tail -n 1)
	like "the message has $name, the number and the range" "$range" \
		"[01] to [1-9][0-9]*"
	if [ $name = order ] && [ "$(getconf PAGESIZE)" != 4096 ]; then
		skip "the man page has the range of order" "it has that for 4 KiB"
	else
		ok "the man page has the range of $name, $range" \
			has_range $name "$range"
	fi
done

# -- the dump --

load order=0 qset=2
size=$(getconf PAGESIZE)
head -c $((3 * size)) /dev/zero >/dev/scullv0
dd if=/dev/zero of=/dev/scullv1 bs="$size" seek=100000 count=1 2>/dev/null
sed -n 's/^ *\(\^.*\)/\1/p' $abi >"$scratch/lines"
is "the ABI has four expressions for the lines of the dump" \
	"$(grep -c . "$scratch/lines")" 4
cat /proc/scullvmem >"$scratch/dump"
is "each line of the dump matches an expression in the ABI" \
	"$(grep -Evf "$scratch/lines" "$scratch/dump")" ""
while IFS= read -r expression; do
	ok "the dump has a line that matches $expression" \
		grep -Eq -e "$expression" "$scratch/dump"
done <"$scratch/lines"
is "the dump in the man page matches the ABI" "$(section DUMP |
	sed -n '/^\.Bd -literal/,/^\.Ed/p' | sed '1d; $d' |
	grep -Evf "$scratch/lines")" ""
ok "the dump has an item that does not follow the previous one" \
	grep -q 'qset at .*, index ' "$scratch/dump"

done_testing
