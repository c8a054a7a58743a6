#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# scullv_load and scullv_unload: what they create, their messages on failure, and that
# nothing is left.

. tests/lib/driver.sh
invalid_values=yes

# prints what scullv has in the system, one path per line
traces()
{
	find /sys/module/scullv -prune 2>/dev/null
	find /dev -name 'scullv*'
}

# FILE...: mode, group and device number of each
node_info()
{
	stat -c '%A %G %t:%T' "$@"
}

# COMMAND...: prints its status and its output
outcome()
{
	output=$("$@" 2>&1)
	echo "$? $output"
}

# COMMAND...: its output goes to "out", its status to $status
run()
{
	status=0
	"$@" >"$scratch/out" 2>&1 || status=$?
}

# PATTERN: a line of the output matches; prints the output
# shellcheck disable=SC2317 # called by ok
prints()
{
	cat "$scratch/out"
	grep -Eq -e "$1" "$scratch/out"
}

# prints the bytes of the output that are not printable
unprintable()
{
	tr -d ' -~\n\t' <"$scratch/out" | od -An -c
}

# DESCRIPTION PATTERN COMMAND...: the command exits with status 1, prints a line that
# matches, and leaves nothing
check_failure()
{
	what=$1
	pattern=$2
	shift 2
	run "$@"
	is "$what: the exit status is 1" $status 1
	ok "$what: the message shows the remedy" prints "$pattern"
	is "$what: the message is printable" "$(unprintable)" ""
	is "$what: nothing is left" "$(traces)" ""
}

unload

# -- load and unload --

is "scullv_load succeeds and prints nothing" "$(outcome ./scullv_load)" "0 "
major=$(printf %x "$(sed -n 's/^ *\([0-9]*\) scullv$/\1/p' /proc/devices)")
is "the devices belong to group staff, with mode 664" \
	"$(node_info /dev/scullv0 /dev/scullv3)" "crw-rw-r-- staff $major:0
crw-rw-r-- staff $major:3"
is "/dev/scullv is a link to the first device" "$(readlink /dev/scullv)" scullv0
echo through the link >/dev/scullv
is "a write to the link reaches the first device" \
	"$(cat /dev/scullv0)" "through the link"

is "a second scullv_load fails" "$(outcome ./scullv_load)" \
	"1 scullv_load: scullv is already loaded; unload it with scullv_unload"
is "a second scullv_load changes nothing" "$(cat /dev/scullv)" "through the link"
is "scullv_unload succeeds and prints nothing" "$(outcome ./scullv_unload)" "0 "
is "scullv_unload leaves nothing" "$(traces)" ""
./scullv_load devs=256
is "all of 256 devices belong to group staff, with mode 664" \
	"$(stat -c '%a %G' /dev/scullv[0-9]* | sort | uniq -c | xargs)" "256 664 staff"
./scullv_unload
is "scullv_unload leaves nothing of 256 devices" "$(traces)" ""
check_failure "scullv_unload without a module" "^scullv_unload: scullv is not loaded" \
	./scullv_unload
ln -s scullv0 /dev/scullv
check_failure "scullv_unload without a module, with a link" "is not loaded" \
	./scullv_unload

for option in -h --help; do
	like "scullv_load $option prints the usage" \
		"$(outcome ./scullv_load $option | head -n 1)" \
		"0 usage: scullv_load \[PARAMETER=VALUE\]..."
done
is "the usage of scullv_load ends with the precedence of udev" \
	"$(./scullv_load -h | tail -n 1)" \
	'A udev rule, such as that of "make install", replaces these defaults.'
is "scullv_unload -h prints the usage" \
	"$(outcome ./scullv_unload -h | head -n 1)" "0 usage: scullv_unload"
is "options that print the usage load nothing" "$(traces)" ""

# -- the environment --

mkdir "$scratch/applets"
for applet in find sed grep; do
	ln -s "$(command -v $applet)" "$scratch/applets"
done
is "the scripts find the programs of /usr/sbin themselves" \
	"$(env PATH="$scratch/applets:/usr/bin" sh -c \
		'./scullv_load 2>&1 && ./scullv_unload 2>&1')$(traces)" ""
mkdir "$scratch/locale"
for program in insmod rmmod; do
	cat >"$scratch/locale/$program" <<-'END'
		#!/bin/sh
		echo "the locale is ${LC_ALL-$LANG}"
		exit 1
	END
	chmod +x "$scratch/locale/$program"
done
for variable in LANG LC_ALL; do
	run env PATH="$scratch/locale:$PATH" $variable=de_DE.UTF-8 ./scullv_load
	ok "scullv_load runs programs in the C locale, whatever $variable" \
		prints "the locale is C$"
	./scullv_load
	run env PATH="$scratch/locale:$PATH" $variable=de_DE.UTF-8 ./scullv_unload
	ok "scullv_unload runs programs in the C locale, whatever $variable" \
		prints "the locale is C$"
	./scullv_unload
done
is "the messages go to the standard error" \
	"$(./scullv_load order 2>/dev/null; ./scullv_unload 2>/dev/null)" ""

# -- unload while a device is in use --

# COMMAND...: starts it in the background as $holder and waits until it is ready
hold()
{
	mkfifo "$scratch/go"
	"$@" <"$scratch/go" >"$scratch/ready" &
	holder=$!
	exec 7>"$scratch/go"
	await ready_or_ended
}

# shellcheck disable=SC2317 # called by await
ready_or_ended()
{
	[ -s "$scratch/ready" ] || has_ended "$holder"
}

# ends the holder, sets $status to its status, and waits until the module is unused
release()
{
	exec 7>&-
	status=0
	wait $holder || status=$?
	rm "$scratch/go"
	await unused
}

# shellcheck disable=SC2317 # called by await
unused()
{
	[ "$(cat /sys/module/scullv/refcnt)" = 0 ]
}

# a program for sh -c: keeps $1 open until the end of its standard input
# shellcheck disable=SC2016 # the child expands it
in_use='exec 5<"$1"; echo ready; while read -r _; do :; done'

./scullv_load
echo some data >/dev/scullv2
hold sh -c "$in_use" - /dev/scullv2
run ./scullv_unload
is "scullv_unload fails while a device is open" $status 1
is "scullv_unload names the process and the device" "$(cat "$scratch/out")" \
	"scullv_unload: rmmod: ERROR: Module scullv is in use
scullv_unload: process $holder (sh) has /dev/scullv2 open
scullv_unload: scullv stays loaded; end its users and try again"
is "a failed scullv_unload changes nothing" \
	"$(cat /dev/scullv2; readlink /dev/scullv)" "some data
scullv0"
release

exec 5</dev/scullv1
run ./scullv_unload
exec 5<&-
is "scullv_unload names each process that has inherited the device" \
	"$(sed -n 's/.* process [0-9]* //p' "$scratch/out" | sort)" \
	"(scripts.t) has /dev/scullv1 open
(scullv_unload) has /dev/scullv1 open"

# A process and a path can have any name: ESC [ 1 m, a newline, and the same escape
# as some implementations of echo expand it
name=$(printf 'a\033[1mb\nc\\033[1m')
cp "$(command -v dash)" "$scratch/$name"
mknod "$scratch/d$name" c $((0x$major)) 3
hold "$scratch/$name" -c "$in_use" - "$scratch/d$name"
run ./scullv_unload
printed='a?[1mb?c\033[1m'
is "scullv_unload prints printable characters only" "$(unprintable)" ""
is "scullv_unload names a process and a path on one line" \
	"$(grep -F "$holder" "$scratch/out")" \
	"scullv_unload: process $holder ($printed) has $scratch/d$printed open"
release

# a block device whose major number is that of the character devices
modprobe loop
{	# a partition table: 8 sectors from sector 8 on
	head -c 446 /dev/zero
	printf '\0\0\0\0\203\0\0\0\10\0\0\0\10\0\0\0'
	head -c 48 /dev/zero
	printf '\125\252'
	head -c 1M /dev/zero
} >"$scratch/disk"
losetup -P /dev/loop0 "$scratch/disk"
./scullv_unload
./scullv_load major="$(stat -c %Hr /dev/loop0p1)"
hold tests/helpers/holder socket /dev/scullv0
exec 6</dev/loop0p1
run ./scullv_unload
exec 6<&-
ok "a block device of the same major number is not reported" \
	prints "no process has a device open"
release
losetup -d /dev/loop0
./scullv_unload

./scullv_load
what="scullv_unload names a process that only maps a device"
hold tests/helpers/holder map /dev/scullv1
run ./scullv_unload
release
if [ $status = 77 ]; then
	skip "$what" "devices cannot be mapped"
	./scullv_load
else
	is "$what" "$(grep -v rmmod: "$scratch/out")" \
		"scullv_unload: process $holder (holder) has /dev/scullv1 open
scullv_unload: scullv stays loaded; end its users and try again"
fi

for way in socket io_uring perf; do
	hold tests/helpers/holder $way /dev/scullv0
	run ./scullv_unload
	failed_with=$status
	release
	if [ $status = 77 ]; then
		skip "scullv_unload fails while $way uses a device" \
			"this kernel has no $way"
		./scullv_load
		continue
	fi
	is "scullv_unload fails while $way uses a device" $failed_with 1
	ok "scullv_unload names $way while it uses a device" \
		prints "no process has a device open; .*[ ]$way"
done
is "scullv_unload succeeds after all users have ended" \
	"$(outcome ./scullv_unload)" "0 "
is "scullv_unload leaves nothing after all users have ended" "$(traces)" ""

# -- parameters, group and mode --

mine=$(free_major)
is "scullv_load accepts the book's and the module's parameter names" "$(
	./scullv_load scullv_order=2 scullv_qset=77 scullv_devs=2 \
		scullv_major="$mine" limit=9M 2>&1
	cat /sys/class/scullv/scullv1/order /sys/class/scullv/scullv1/qset
	stat -c %t:%T /dev/scullv1
	find /dev -name 'scullv*' | wc -l
	cat /sys/module/scullv/parameters/limit)" "2
77
$(printf %x "$mine"):1
3
9M"
./scullv_unload

is "GROUP and MODE set the group and the mode" \
	"$(GROUP=disk MODE=0600 ./scullv_load 2>&1
	node_info /dev/scullv1)" "crw------- disk $major:1"
./scullv_unload
is "GROUP can be a number" "$(GROUP=4321 MODE=640 ./scullv_load 2>&1
	stat -c '%A %g' /dev/scullv1)" "crw-r----- 4321"
./scullv_unload
is "empty GROUP and MODE select the defaults" "$(GROUP='' MODE='' ./scullv_load 2>&1
	node_info /dev/scullv1)" "crw-rw-r-- staff $major:1"
./scullv_unload
cp /etc/group "$scratch/group"
printf '%s\n' wheel:x:51: "lab users:x:52:" >>/etc/group
is "the group is staff even if there is wheel" "$(./scullv_load 2>&1
	node_info /dev/scullv0)" "crw-rw-r-- staff $major:0"
./scullv_unload
is "GROUP can have a space" "$(GROUP="lab users" ./scullv_load 2>&1
	node_info /dev/scullv0)" "crw-rw-r-- lab users $major:0"
./scullv_unload
cp "$scratch/group" /etc/group


cp /etc/group "$scratch/group"
sed -i 's/^staff:/wheel:/' /etc/group
is "the group is wheel if there is no staff" "$(./scullv_load 2>&1
	node_info /dev/scullv0)" "crw-rw-r-- wheel $major:0"
./scullv_unload
sed -i '/^wheel:/d' /etc/group
run ./scullv_load
is "without staff and wheel, scullv_load succeeds" $status 0
ok "without staff and wheel, scullv_load prints how to set a group" \
	prints "; GROUP=name selects another"
is "without staff and wheel, the devices keep group root" \
	"$(node_info /dev/scullv0)" "crw-rw-r-- root $major:0"
./scullv_unload
cp "$scratch/group" /etc/group

# -- udev --

mkdir -p "$scratch/udev" /run/udev
: >/run/udev/control
# COMMANDS: a udevadm that runs them
udevadm_does()
{
	printf '#!/bin/sh\n%s\n' "$1" >"$scratch/udev/udevadm"
	chmod +x "$scratch/udev/udevadm"
}
# WHAT EXPECTED COMMANDS [SETTING]...: the rights of 12 nodes if udev runs COMMANDS
check_udev()
{
	what=$1
	expected=$2
	udevadm_does "$3"
	shift 3
	is "$what" "$(env PATH="$scratch/udev:$PATH" "$@" ./scullv_load devs=12 2>&1
		stat -c '%U %G %a' /dev/scullv[0-9]* | sort | uniq -c | xargs
		readlink /dev/scullv)" "12 $expected
scullv0"
	./scullv_unload
}
rights='chgrp disk /dev/scullv[0-9]*; chmod 640 /dev/scullv[0-9]*'
link='ln -s scullv0 /dev/scullv'
check_udev "a udev rule replaces the defaults" "root disk 640" "$rights"
check_udev "a udev rule may have made the link" "root disk 640" "$rights; $link"
check_udev "a udev rule that sets only the group counts" "root disk 600" \
	'chgrp disk /dev/scullv[0-9]*'
check_udev "a udev rule that sets only the mode counts" "root root 640" \
	'chmod 640 /dev/scullv[0-9]*'
check_udev "a udev rule that sets only the owner counts" "student root 600" \
	'chown student /dev/scullv[0-9]*'
check_udev "without a udev rule the defaults apply, also while udevd runs" \
	"root staff 664" "exit 0"
check_udev "GROUP and MODE take precedence over a udev rule" "root staff 606" \
	"$rights" GROUP=staff MODE=0606
check_udev "MODE alone takes precedence over a udev rule" "root staff 606" \
	"$rights" MODE=606
check_udev "GROUP alone takes precedence over a udev rule" "root tty 664" \
	"$rights" GROUP=tty
rm -r /run/udev
check_udev "a udevadm that fails, as without udevd, is no failure" \
	"root staff 664" "exit 1"

# -- failures --

check_failure "scullv_load with an unknown group" 'GROUP=nobodies: .*groupadd nobodies' \
	env GROUP=nobodies ./scullv_load
for mode in rw-rw-r-- 668 6 64 00664 000664; do
	check_failure "scullv_load with MODE=$mode" "MODE=$mode: .*such as 664" \
		env MODE=$mode ./scullv_load
done
check_failure "scullv_load as an unprivileged user" \
	"run as root: sudo ./scullv_load order=2" \
	as_student ./scullv_load order=2
./scullv_load
is "scullv_unload fails for an unprivileged user" \
	"$(outcome as_student ./scullv_unload)" \
	"1 scullv_unload: must be run as root: sudo ./scullv_unload"
ok "scullv_unload of an unprivileged user does not unload the module" \
	[ -d /sys/module/scullv ]
./scullv_unload

check_failure "scullv_load with an argument without a value" \
	'argument "order": expected PARAMETER=VALUE' \
	./scullv_load order
check_failure "scullv_load with an escape sequence" 'argument "a\?\[1m.033\[1m"' \
	./scullv_load "$(printf 'a\033[1m\\033[1m')"
check_failure "scullv_load with an invalid value" "kernel log: scullv: order=99: .* 0 to" \
	./scullv_load order=99
ok "the message for an invalid value shows how to list the parameters" \
	prints "cannot load scullv with order=99: \"modinfo .*scullv.ko\""
check_failure "scullv_load with a major number in use" \
	"kernel log: scullv: major 1 unavailable .*/proc/devices" \
	./scullv_load major=1
check_failure "scullv_load with an unknown parameter" \
	"kernel log: .*unknown parameter 'ordr'" \
	./scullv_load ordr=2

for signal in HUP INT TERM; do
	udevadm_does "kill -$signal \$PPID"
	run env PATH="$scratch/udev:$PATH" ./scullv_load
	is "SIG$signal ends scullv_load with status 1" $status 1
	is "scullv_load leaves nothing after SIG$signal" "$(traces)" ""
	unload
done
mkdir "$scratch/fakes"
printf '#!/bin/sh\nexit 1\n' >"$scratch/fakes/chgrp"
chmod +x "$scratch/fakes/chgrp"
run env PATH="$scratch/fakes:$PATH" ./scullv_load
is "scullv_load fails if it cannot set the group" $status 1
is "scullv_load leaves nothing if it cannot set the group" "$(traces)" ""
unload

# COMMAND...: run it without kmod, without those programs of busybox
# shellcheck disable=SC2317 # called by check_failure
without_kmod()
{
	PATH=/usr/sbin:/usr/bin unshare -m sh -c \
		'mount --bind /dev/null /usr/bin/kmod && exec "$@"' sh "$@"
}
# COMMAND...: run it with an empty /proc
# shellcheck disable=SC2317 # called by check_failure
without_proc()
{
	unshare -m sh -c 'mount -t tmpfs tmpfs /proc && exec "$@"' sh "$@"
}
check_failure "scullv_load without kmod" "install the package kmod" \
	without_kmod ./scullv_load
check_failure "scullv_load on a kernel without modules" \
	"the running kernel does not support modules.*\"make demo\"" \
	without_proc ./scullv_load

# a directory for other modules
folder=$scratch/folder
mkdir "$folder"
cp scullv_load scullv_unload "$folder"
check_failure "scullv_load without a module" \
	"$folder/scullv.ko does not exist: .*\"make\".*\"make demo\"" \
	"$folder/scullv_load"

# VERMAGIC: a module with that vermagic, which has the same length
module_for()
{
	cp scullv.ko "$folder"
	offset=$(strings -t d scullv.ko | sed -n 's/^ *\([0-9]*\) vermagic=.*/\1/p')
	printf 'vermagic=%s' "$1" | dd of="$folder/scullv.ko" bs=1 \
		seek="$offset" conv=notrunc 2>/dev/null
}

release=$(uname -r)
vermagic=$(modinfo -F vermagic scullv.ko)
other=$(echo "$release" | tr 0-9 1-90)
module_for "$other${vermagic#"$release"}"
# a release may contain a +
check_failure "scullv_load of a module for another kernel" "$(printf %s \
	"for kernel $other, but $release is running: .*linux-headers-$release" |
		sed 's/+/[+]/g')" "$folder/scullv_load"
module_for "$(echo "$vermagic" | sed 's/ SMP / smp /')"
check_failure "scullv_load of a module for another kernel of the same release" \
	"not match the running kernel: install" "$folder/scullv_load"
ok "the message for another kernel has a line with the commands" \
	prints "^	make clean && make\$"

cat >"$folder/insmod" <<'END'
#!/bin/sh
[ ! "$LOG" ] || printf '%b\n' "$LOG" | while IFS= read -r line; do
	printf '%s\n' "$line" >/dev/kmsg
done
printf '%s\n' "insmod: ERROR: could not insert module $1: $ERROR" >&2
exit 1
END
chmod +x "$folder/insmod"
cp scullv.ko "$folder"

# ERROR [LOG]: scullv_load with an insmod that fails with ERROR and logs LOG
# shellcheck disable=SC2317 # called by check_failure
load_fails()
{
	env PATH="$folder:$PATH" ERROR="$1" LOG="${2-}" "$folder/scullv_load"
}
check_failure "scullv_load with Secure Boot" '\(Secure Boot\).*mokutil --import' \
	load_fails "Key was rejected by service"
ok "the message for Secure Boot shows the command that signs" prints '^	make sign$'
ok "the message for Secure Boot names the guest" prints "make demo"
check_failure "scullv_load with Secure Boot on older kernels" '\(Secure Boot\)' \
	load_fails "Required key not available"
lockdown="Lockdown: insmod: unsigned module loading is restricted; see man \
kernel_lockdown.7"
check_failure "scullv_load of an unsigned module under lockdown" \
	'\(kernel lockdown\).*mokutil --import' \
	load_fails "Operation not permitted" "$lockdown"
ok "the message for lockdown shows the line of the kernel" \
	prints "^scullv_load: kernel log: $lockdown\$"
ok "the message for lockdown shows the command that signs" prints '^	make sign$'
# the line above is in the log, from before
check_failure "scullv_load in a container" "container.*make demo" \
	load_fails "Operation not permitted"
fails "the message for a container does not mention keys" prints "sign"
check_failure "scullv_load of a module loaded concurrently" \
	"unload it with scullv_unload" load_fails "File exists"
check_failure "scullv_load of an installed module of another build" \
	"not match the running kernel: install" load_fails "Exec format error"
check_failure "scullv_load with an escape sequence in the error" \
	'module .*: a\?\[1m.033\[1m' \
	load_fails "$(printf 'a\033[1m\\033[1m')"
check_failure "scullv_load with an escape sequence in the kernel log" \
	'kernel log: scullv: a.*\[1m.033\[1m' \
	load_fails "Input/output error" 'scullv: a\033[1m\\033[1m'
check_failure "scullv_load with several lines in the kernel log" \
	'kernel log: scullv: second$' load_fails "Input/output error" \
	'scullv: first\nscullv: loading out-of-tree module taints kernel.\nscullv: second'
is "scullv_load shows each line of the kernel log but taints" \
	"$(sed -n 's/.* kernel log: //p' "$scratch/out")" "scullv: first
scullv: second"
cat >"$folder/insmod" <<'END'
#!/bin/sh
/usr/sbin/insmod "$@"
kill -INT $PPID
END
chmod +x "$folder/insmod"
run env PATH="$folder:$PATH" "$folder/scullv_load"
is "SIGINT during insmod ends scullv_load with status 1" $status 1
is "scullv_load leaves nothing after SIGINT during insmod" "$(traces)" ""
unload
cat >"$folder/insmod" <<'END'
#!/bin/sh
/usr/sbin/insmod "$@"
echo "insmod: ERROR: could not insert module $1: File exists" >&2
exit 1
END
run env PATH="$folder:$PATH" "$folder/scullv_load"
ok "scullv_load refers to scullv_unload if another process is faster" \
	prints "already loaded; unload it with scullv_unload"
ok "scullv_load keeps the module that another process has loaded" \
	[ -d /sys/module/scullv ]
unload
rm "$folder/insmod"

# -- other files in /dev --

echo "no device" >/dev/scullv2
run ./scullv_load
is "scullv_load fails if a file has the name of a node" $status 1
ok "scullv_load names a file that has the name of a node" \
	prints "/dev/scullv2 exists and is not a device: remove"
is "scullv_load leaves nothing else if a file has the name of a node" \
	"$(traces)" /dev/scullv2
is "scullv_load keeps a file that has the name of a node" \
	"$(cat /dev/scullv2)" "no device"
rm /dev/scullv2
echo "no link" >/dev/scullv
run ./scullv_load
is "scullv_load fails if a file has the name of the link" $status 1
ok "scullv_load names a file that has the name of the link" \
	prints "/dev/scullv exists and is not a symbolic link: remove"
is "scullv_load leaves nothing else if a file has the name of the link" \
	"$(traces)" /dev/scullv
is "scullv_load keeps a file that has the name of the link" \
	"$(cat /dev/scullv)" "no link"
rm /dev/scullv
for target in scullv3 missing "$scratch"; do
	ln -sfn "$target" /dev/scullv
	is "scullv_load replaces a link to $target" \
		"$(./scullv_load 2>&1; readlink /dev/scullv)" scullv0
	./scullv_unload
done
rm -f /dev/scullv

./scullv_load
rm /dev/scullv1 /dev/scullv2 /dev/scullv
echo "no device" >/dev/scullv2
ln -s null /dev/scullv1
ln -s null /dev/scullv
run ./scullv_unload
is "scullv_unload succeeds if files have the names of nodes" $status 0
is "scullv_unload names files that have the names of nodes" \
	"$(cat "$scratch/out")" \
	"scullv_unload: /dev/scullv1 is not a device node: not removed
scullv_unload: /dev/scullv2 is not a device node: not removed"
is "scullv_unload keeps files that have the names of nodes" \
	"$(cat /dev/scullv2; readlink /dev/scullv1)" \
	"no device
null"
is "scullv_unload keeps a link to another file" "$(readlink /dev/scullv)" null
is "scullv_unload removes the other nodes" "$(traces | sort)" "/dev/scullv
/dev/scullv1
/dev/scullv2"
rm /dev/scullv /dev/scullv1 /dev/scullv2

# the installed module
modules=/lib/modules/$release
mkdir -p "$modules/updates"
cp scullv.ko "$modules/updates"
depmod
ln -s "$folder/scullv_load" "$scratch/link"
mkdir -p /etc/modprobe.d
echo "options scullv order=5 devs=7" >/etc/modprobe.d/scullv.conf
is "scullv_load prefers the module beside it to the installed one, also through a link" "$(
	"$scratch/link" 2>&1
	cat /sys/class/scullv/scullv0/order)" 4
./scullv_unload
is "sh finds the module beside scullv_load, too" "$(cd "$folder" && sh scullv_load 2>&1
	cat /sys/class/scullv/scullv0/order)" 4
./scullv_unload
rm "$folder/scullv.ko"
is "scullv_load loads the installed module with the options for modprobe" "$(
	"$folder/scullv_load" scullv_order=3 2>&1
	cat /sys/class/scullv/scullv0/order
	find /sys/class/scullv/scullv* | wc -l)" "3
7"
"$folder/scullv_unload"
rm -r "$modules/updates/scullv.ko" /etc/modprobe.d
depmod

# COMMANDS: run where nothing creates nodes in /dev
without_devtmpfs()
{
	unshare -m sh -c "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 &&
		mknod /dev/scullv1 c 1 3 && $1" 2>&1
}
is "scullv_load creates the nodes without devtmpfs" "$(without_devtmpfs "
	./scullv_load && stat -c '%A %G %t:%T' /dev/scullv0 /dev/scullv1 &&
	echo by hand >/dev/scullv1 && cat /dev/scullv1; find /dev -name 'scullv*' |
	wc -l")" "crw-rw-r-- staff $major:0
crw-rw-r-- staff $major:1
by hand
5"
is "scullv_unload removes the nodes that scullv_load has created" \
	"$(without_devtmpfs "./scullv_unload
	ls /dev")" "null"
is "a failed scullv_load removes the nodes that it has created" \
	"$(without_devtmpfs "
	echo >/dev/scullv; ./scullv_load 2>/dev/null
	ls /dev")" "null
scullv"
# old nodes: of another major number, and of another minor number
is "scullv_load creates all of 12 nodes, also in place of old ones" "$(without_devtmpfs "
	mknod /dev/scullv2 c $((0x$major)) 20 && mknod /dev/scullv3 c 1 3 &&
	mknod /dev/scullv4 c $((0x$major)) 3 &&
	./scullv_load devs=12 && stat -c '%n %A %G %Hr:%Lr' /dev/scullv[0-9]* |
	sort -V")" "$(seq 0 11 |
		sed "s,.*,/dev/scullv& crw-rw-r-- staff $((0x$major)):&,")"
unload
is "scullv_unload removes all of 12 nodes" "$(without_devtmpfs "
	./scullv_load devs=12 && ./scullv_unload
	ls /dev")" null
# a device manager such as mdev, which creates the nodes while scullv_load waits
cat >"$scratch/fakes/sleep" <<'END'
#!/bin/sh
rm -f /dev/scullv1
for device in /sys/class/scullv/scullv*; do
	IFS=: read -r major minor <"$device/dev"
	/usr/bin/mknod -m 600 "/dev/${device##*/}" c "$major" "$minor"
done
END
printf '#!/bin/sh\nexit 1\n' >"$scratch/fakes/mknod"
rm "$scratch/fakes/chgrp"
chmod +x "$scratch/fakes/"*
is "scullv_load waits for nodes that appear a moment later" "$(without_devtmpfs "
	PATH=$scratch/fakes:\$PATH ./scullv_load && stat -c '%A %G' /dev/scullv[0-9]* |
	uniq -c | xargs")" "4 crw-rw-r-- staff"
unload
is "no trace of scullv is left after all failures" "$(traces)" ""

done_testing
