#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A shell in the guest, on a pseudo-terminal. A program in place of QEMU keeps
# these tests short: it reports that the guest is up and waits. It stores what the
# shell learns of the terminal.

. tests/lib/tap.sh

if [ "${KERNEL:-6.1}" != 6.1 ]; then
	echo "1..0 # SKIP the kernel of the guest has no effect: run with 6.1"
	exit
fi
kernel=6.1
. guest/kernels.sh
find_kernel "$kernel"
mkdir "$scratch/bin" "$scratch/tmp"
mkfifo "$scratch/up"
cat >"$scratch/bin/qemu-system-$qemu" <<END
#!/bin/sh
echo up >&3
while [ "\$1" != -initrd ]; do
	shift
done
grep -a -o "TERMINFO='.*'" "\$2" >"$scratch/terminfo"
echo \$\$ >"$scratch/up"
exec sleep 1000
END
chmod +x "$scratch/bin/qemu-system-$qemu"

status=0
guest/run -k "$kernel" </dev/null >"$scratch/out" 2>&1 || status=$?
is "a shell without a terminal is refused" "$status" 1
is "the message names the alternatives" "$(cat "$scratch/out")" \
	'guest/run: a shell requires a terminal. Without one, use "make demo", "make check" or "guest/run -- COMMAND"'

# "su -c" runs a command in another session than that of the terminal.
for session in "" "setsid --wait "; do
	env PATH="$scratch/bin:$PATH" TERM=linux TMPDIR="$scratch/tmp" setsid \
		script -qc "${session}guest/run -k $kernel" /dev/null \
		>"$scratch/out" 2>&1 </dev/null &
	script=$!
	read -r pid <"$scratch/up"
	ok "${session}guest/run reports that it boots" \
		grep -q "booting kernel $kernel" "$scratch/out"
	kill -KILL $script
	ok "${session}guest/run ends the guest when its terminal is closed" \
		await has_ended "$pid"
	ok "${session}guest/run leaves no file" \
		await rmdir "$scratch/tmp"
	mkdir "$scratch/tmp"
done
like "the description of the terminal is not empty" "$(cat "$scratch/terminfo")" \
	"TERMINFO='.{100,}'"
is "the shell gets the description of the terminal" "$(cat "$scratch/terminfo")" \
	"TERMINFO='$(infocmp -0 -q -Q2 linux)'"

done_testing
