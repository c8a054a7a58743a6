#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# scullv_load and scullv_unload: what they set up, what they say when that does
# not work, and that they leave nothing behind.

. tests/lib.sh

# what there is of scullv
there()
{
	find /sys/module/scullv -prune 2>/dev/null
	find /dev -name 'scullv*'
}

# FILE...: mode, group and numbers of each
nodes()
{
	stat -c '%A %G %t:%T' "$@"
}

# COMMAND...: its status and what it says
outcome()
{
	said=$("$@" 2>&1)
	echo "$? $said"
}

# PATTERN: matches a line of what was said, all of which is shown otherwise
# shellcheck disable=SC2317 # called by ok
says()
{
	cat "$scratch/out"
	grep -Eq -e "$1" "$scratch/out"
}

# DESCRIPTION PATTERN COMMAND...: fails, says that on one of its lines, and leaves
# nothing
refuses()
{
	what=$1
	pattern=$2
	shift 2
	if "$@" >"$scratch/out" 2>&1; then
		echo "it has succeeded" >>"$scratch/out"
	fi
	ok "$what: tells the way out" says "$pattern"
	is "$what: leaves nothing" "$(there)" ""
}

unload

# all is well

is "scullv_load says nothing" "$(outcome ./scullv_load)" "0 "
major=$(printf %x "$(sed -n 's/^ *\([0-9]*\) scullv$/\1/p' /proc/devices)")
is "the devices belong to group staff, with mode 664" \
	"$(nodes /dev/scullv0 /dev/scullv3)" "crw-rw-r-- staff $major:0
crw-rw-r-- staff $major:3"
is "/dev/scullv leads to the first" "$(readlink /dev/scullv)" scullv0
echo through the link >/dev/scullv
is "and works" "$(cat /dev/scullv0)" "through the link"

is "it does not load twice" "$(outcome ./scullv_load)" \
	"1 scullv_load: scullv is already loaded; scullv_unload unloads it"
is "and leaves what is there" "$(cat /dev/scullv)" "through the link"

exec 5</dev/scullv2
sleep 1000 &
holder=$!
exec 5<&-
said=$(./scullv_unload 2>&1)
is "scullv_unload fails while a device is open" $? 1
like "and says who has it open" "$(echo "$said" | grep process)" \
	"scullv_unload: process $holder \(sleep\) has /dev/scullv2 open"
is "all is still there" "$(cat /dev/scullv)" "through the link"
kill $holder
wait $holder
is "then it works, and says nothing" "$(outcome ./scullv_unload)" "0 "
is "nothing is left" "$(there)" ""
refuses "scullv_unload, not loaded" "scullv is not loaded" ./scullv_unload

# parameters

mine=$(free_major)
is "parameters, in the book's spelling and in ours" "$(
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

is "GROUP and MODE" "$(GROUP=disk MODE=0600 ./scullv_load 2>&1
	nodes /dev/scullv1)" "crw------- disk $major:1"
./scullv_unload
is "GROUP as a number" "$(GROUP=4321 MODE=640 ./scullv_load 2>&1
	stat -c '%A %g' /dev/scullv1)" "crw-r----- 4321"
./scullv_unload

cp /etc/group "$scratch/group"
sed -i 's/^staff:/wheel:/' /etc/group
is "wheel where there is no staff" "$(./scullv_load 2>&1
	nodes /dev/scullv0)" "crw-rw-r-- wheel $major:0"
./scullv_unload
sed -i '/^wheel:/d' /etc/group
said=$(./scullv_load 2>&1)
is "neither: it works" $? 0
like "and says how to choose" "$said" ".*GROUP=name chooses one"
is "the devices are left to root's" "$(nodes /dev/scullv0)" \
	"crw-rw-r-- root $major:0"
./scullv_unload
cp "$scratch/group" /etc/group

# what can go wrong

refuses "no such group" 'GROUP=nobodies: .*groupadd' \
	env GROUP=nobodies ./scullv_load
for mode in rw-rw-r-- 668; do
	refuses "MODE=$mode" "MODE=$mode: .*such as 664" \
		env MODE=$mode ./scullv_load
done
refuses "not root" "only root .*sudo ./scullv_load order=2" \
	as_student ./scullv_load order=2
./scullv_load
is "scullv_unload, not root" "$(outcome as_student ./scullv_unload)" \
	"1 scullv_unload: only root may unload modules: sudo ./scullv_unload"
./scullv_unload

refuses "no parameter" "order is no PARAMETER=VALUE" ./scullv_load order
refuses "a bad value" "kernel says: scullv: order=99: .* 0 to" \
	./scullv_load order=99
refuses "a taken major" "kernel says: scullv: major=1: .*/proc/devices" \
	./scullv_load major=1
refuses "an unknown parameter" "kernel says: .*unknown parameter 'ordr'" \
	./scullv_load ordr=2

# a folder of its own, for other modules
folder=$scratch/folder
mkdir "$folder"
cp scullv_load scullv_unload "$folder"
refuses "not built" "no $folder/scullv.ko: .*\"make\".*\"make demo\"" \
	"$folder/scullv_load"

# VERMAGIC: a module with that in place of its own, of the same length
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
# a release may have a + in it
refuses "built for another kernel" "$(printf %s \
	"for kernel $other, this is $release: .*linux-headers-$release" |
		sed 's/+/[+]/g')" "$folder/scullv_load"
module_for "$(echo "$vermagic" | sed 's/ SMP / smp /')"
refuses "built for another kernel of that name" "not for this kernel: install" \
	"$folder/scullv_load"

cat >"$folder/insmod" <<'END'
#!/bin/sh
echo "insmod: ERROR: could not insert module $1: $SAYS" >&2
exit 1
END
chmod +x "$folder/insmod"
cp scullv.ko "$folder"
refuses "secure boot" "scripts/sign-file .*$folder/scullv.ko" \
	env PATH="$folder:$PATH" SAYS="Key was rejected by service" \
	"$folder/scullv_load"
ok "secure boot: or the guest" says "make demo"
refuses "a container" "make demo" \
	env PATH="$folder:$PATH" SAYS="Operation not permitted" \
	"$folder/scullv_load"

echo "no device" >/dev/scullv2
./scullv_load >"$scratch/out" 2>&1
is "a file in the place of a node: fails" $? 1
ok "and says so" says "/dev/scullv2 is in the way"
is "and leaves it alone" "$(there)" /dev/scullv2
rm /dev/scullv2
echo "no link" >/dev/scullv
./scullv_load >"$scratch/out" 2>&1
is "a file in the place of the link: fails" $? 1
ok "and says so" says "/dev/scullv is in the way"
is "and leaves it alone" "$(there)" /dev/scullv
rm /dev/scullv

# the installed module
modules=/lib/modules/$release
mkdir -p "$modules/updates"
cp scullv.ko "$modules/updates"
depmod
rm "$folder/scullv.ko" "$folder/insmod"
is "without a module beside it, the installed one is loaded" "$(
	"$folder/scullv_load" scullv_order=3 2>&1
	cat /sys/class/scullv/scullv0/order)" 3
"$folder/scullv_unload"
rm "$modules/updates/scullv.ko"
depmod

# COMMANDS: run where nobody makes nodes in /dev
without_devtmpfs()
{
	unshare -m sh -c "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 &&
		mknod /dev/scullv1 c 1 3 && $1" 2>&1
}
is "it makes the nodes where nothing else does" "$(without_devtmpfs "
	./scullv_load && stat -c '%A %G %t:%T' /dev/scullv0 /dev/scullv1 &&
	echo by hand >/dev/scullv1 && cat /dev/scullv1; find /dev -name 'scullv*' |
	wc -l")" "crw-rw-r-- staff $major:0
crw-rw-r-- staff $major:1
by hand
5"
is "scullv_unload removes them" "$(without_devtmpfs "./scullv_unload
	ls /dev")" "null"
is "it fails behind them: they are removed again" "$(without_devtmpfs "
	echo >/dev/scullv; ./scullv_load 2>/dev/null
	ls /dev")" "null
scullv"
is "nothing is left" "$(there)" ""

done_testing
