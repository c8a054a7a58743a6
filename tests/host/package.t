#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The Debian package on an installed Debian, which boots its own kernel: DKMS builds
# the module, udev and modprobe use the installed rule and options, and purging the
# package removes everything. SUITE selects the release of Debian, by default bookworm.
# With SECURE_BOOT=yes (not on bookworm) it boots with Secure Boot, and the key of DKMS
# is in db of the firmware.

. tests/lib/tap.sh

reason=
if [ "${KERNEL:-6.1}" != 6.1 ]; then
	reason="the kernel of the guest has no effect: run with 6.1"
elif [ "$(dpkg --print-architecture)" != amd64 ]; then
	reason="requires a machine of the architecture amd64"
elif [ "$(id -u)" != 0 ]; then
	reason="requires root: sudo tests/host/package.t"
elif ! command -v mmdebstrap >/dev/null; then
	reason="the package mmdebstrap is not installed"
elif [ "${SECURE_BOOT-}" ] && ! command -v sbsign >/dev/null; then
	reason="the package sbsigntool is not installed"
elif [ "${SECURE_BOOT-}" ] && ! [ -d /usr/share/OVMF ]; then
	reason="the package ovmf is not installed"
fi
if [ "$reason" ]; then
	echo "1..0 # SKIP $reason"
	exit
fi

: "${SUITE:=bookworm}" "${SECURE_BOOT:=}"
export SECURE_BOOT
status=0
packaging/chroot "$SUITE" "$scratch" true 2>"$scratch/out" || status=$?
if [ $status = 77 ]; then
	echo "1..0 # SKIP $(tail -n 1 "$scratch/out")"
	exit
fi
if [ $status != 0 ]; then
	sed 's/^/# /' "$scratch/out"
	echo "Bail out! packaging/chroot failed"
	exit 1
fi

packaging/chroot "$SUITE" "$scratch" sh -c ': >ready; exec sleep 100' &
chroot=$!
ok "packaging/chroot runs a command" await [ -e "$scratch/ready" ]
kill $chroot
ok "a signal ends packaging/chroot and its command" await has_ended $chroot

mkdir "$scratch/sources" "$scratch/system"
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$scratch/sources"

# Builds the package and installs it. The guest gets the system without what is only
# needed to compile.
cat >"$scratch/install" <<'END'
set -e
package=$(SCULLV_CACHE=/tmp/cache sources/packaging/deb)
apt-get -qq -y install "$package"
echo "built: $(dkms status -m scullv)"
module=$(echo /lib/modules/*/updates/dkms/scullv.ko*)
echo "signer: $(modinfo -F signer "$module")"
openssl x509 -in /var/lib/dkms/mok.pub -noout -subject -nameopt multiline |
	sed -n 's/.*commonName *= /key: /p'
sed -i 's/^#options scullv order=.*/options scullv order=2/' /etc/modprobe.d/scullv.conf
if [ "$SECURE_BOOT" ]; then
	apt-get -qq update
	apt-get -qq -y install python3-virt-firmware
	openssl x509 -in /var/lib/dkms/mok.pub -out key
	virt-fw-vars --input test-key --output variables \
		--add-db "$(cat /proc/sys/kernel/random/uuid)" key
fi
tar -c -C / --one-file-system --exclude=./work --exclude=./tmp/cache \
	--exclude='./usr/src/linux-*' --exclude='./usr/lib/linux-kbuild*' \
	--exclude='./usr/lib/gcc*' --exclude=./usr/share/perl \
	--exclude=./var/cache . | tar -x -C system
END

cat >"$scratch/try" <<'END'
/usr/lib/systemd/systemd-udevd --daemon
modprobe scullv
udevadm settle
stat -c 'node: %n %U %G %a' /dev/scullv[0-9]
echo "link: $(readlink /dev/scullv)"
mount -t securityfs none /sys/kernel/security
echo "lockdown: $(cat /sys/kernel/security/lockdown)"
echo "taints: $(cat /sys/module/scullv/taint)"
echo "order: $(cat /sys/class/scullv/scullv0/order)"
unprivileged="setpriv --reuid=nobody --regid=nogroup"
echo stored >/dev/scullv0
for groups in --clear-groups --groups=staff; do
	echo "$groups: $($unprivileged $groups cat /dev/scullv0)"
	$unprivileged $groups sh -c 'echo "a user has written" >/dev/scullv0' 2>&1 |
		sed "s/^/$groups: /"
	echo "$groups: $(cat /dev/scullv0)"
done
modprobe -r scullv
udevadm settle
echo "nodes: [$(find /dev -name '*scullv*' -printf ' %p')]"
dpkg --purge scullv-dkms >purge 2>&1 || cat purge
echo "left: [$(find / -xdev -path /scullv -prune -o -name '*scullv*' -printf ' %p')]"
echo "dkms: [$(dkms status)]"
END

# shellcheck disable=SC2317 # called by ok
install_package()
{
	packaging/chroot "$SUITE" "$scratch" sh install >"$scratch/out" 2>&1 ||
		! cat "$scratch/out"
}

# shellcheck disable=SC2317 # called by ok
run_guest()
{
	guest/run ${SECURE_BOOT:+"--secure-boot=$scratch/variables"} \
		--system "$scratch/system" -k 6.1 -i "$scratch/try" -- sh try \
		>"$scratch/out" 2>&1 || ! cat "$scratch/out"
}

# NAME: print the results of this name
results()
{
	sed -n "s/^$1: //p" "$scratch/out"
}

[ ! "$SECURE_BOOT" ] ||
	cp /usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd "$scratch/test-key"
ok "the package is built and installed" install_package
like "DKMS has built the module for the kernel of the system" "$(results built)" \
	'scullv/.*-cloud-amd64, x86_64: installed'
like "DKMS has signed it with its key" "$(results signer) = $(results key)" '(.+) = \1'

ok "the system boots" run_guest
if [ "$SECURE_BOOT" ]; then
	is "the kernel is locked down" "$(results lockdown)" \
		"none [integrity] confidentiality"
	is "the module has no taint of an unsigned one" "$(results taints)" O
else
	is "the kernel, which does not trust the key of DKMS, loads the module" \
		"$(results taints)" OE
fi
is "udev sets group and mode of the nodes" "$(results node)" \
	"$(printf '/dev/scullv%d root staff 664\n' 0 1 2 3)"
is "udev creates the link" "$(results link)" scullv0
is "modprobe uses the options of /etc/modprobe.d/scullv.conf" "$(results order)" 2
is "a user can read, but not write" "$(results --clear-groups)" \
	"stored
sh: 1: cannot create /dev/scullv0: Permission denied
stored"
is "a member of group staff can write" "$(results --groups=staff)" \
	"stored
a user has written"
is "no node is left without the module" "$(results nodes)" "[]"
is "purging the package leaves no file" "$(results left)" "[]"
is "purging the package leaves nothing in DKMS" "$(results dkms)" "[]"

done_testing
