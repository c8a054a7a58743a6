#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# "make install" and "make uninstall", to another root directory, and "make sign".

. tests/lib/tap.sh
# shellcheck source=guest/kernels.sh
. guest/kernels.sh

if [ "${KERNEL:-6.1}" != 6.1 ]; then
	echo "1..0 # SKIP the kernel of the guest has no effect: run with 6.1"
	exit
fi
find_kernel 6.1
kernel=$(guest/fetch-kernel 6.1)
release=$(basename "$kernel"/lib/modules/*)
root=$scratch/root
mkdir "$root"

# Builds in a copy, so that the directory of the sources does not change.
cp -R ./*.[ch] Kbuild Makefile packaging scullv.4 scullv_load scullv_unload \
	"$scratch"
rm -f "$scratch"/*.mod.c

# TARGET [VARIABLE=VALUE]...: the output goes to "out", and is shown on failure
# shellcheck disable=SC2317 # called by ok
run_make()
{
	env -u PREFIX -u INSTALL_MOD_PATH -u GROUP -u MODE -u KEY -u CERT MAKEFLAGS= \
		make -C "$scratch" KDIR="$kernel/headers" ARCH="$arch" \
		CROSS_COMPILE="$compiler-" "$@" >"$scratch/out" 2>&1 ||
		{ cat "$scratch/out"; return 1; }
}

# DIRECTORY: print the mode and the name of each file in it
list_files()
{
	(cd "$1" && find . ! -type d -printf '%m %P\n' | sort -k 2)
}

module="644 lib/modules/$release/updates/scullv.ko"
others="644 usr/local/include/scullv_ioctl.h
755 usr/local/sbin/scullv_load
755 usr/local/sbin/scullv_unload
644 usr/local/share/man/man4/scullv.4"
all="644 etc/modprobe.d/scullv.conf
644 etc/udev/rules.d/60-scullv.rules
$module
$others"

ok "make install succeeds" run_make install DESTDIR="$root"
is "make install installs all files, and no list of modules" \
	"$(list_files "$root")" "$all"
is "make install prints no message of kbuild about signing, BTF or depmod" \
	"$(grep -iE 'ssl|sign-file|BTF gen|System.map' "$scratch/out")" ""
is "make install reports that the module is not signed" \
	"$(grep -c 'not signed; only Secure Boot requires it' "$scratch/out")" 1
is "the installed files are those of the sources" "$(
	for file in sbin/scullv_load sbin/scullv_unload include/scullv_ioctl.h \
		share/man/man4/scullv.4; do
		cmp "$root/usr/local/$file" "${file##*/}" 2>&1
	done
	cmp "$root/etc/modprobe.d/scullv.conf" packaging/scullv.conf 2>&1
	cmp "$root/etc/udev/rules.d/60-scullv.rules" packaging/scullv.rules 2>&1)" ""
is "the options for modprobe are only examples" \
	"$(grep -v '^#' "$root/etc/modprobe.d/scullv.conf" | tr -d '\n')" ""

echo "options scullv order=2" >"$root/etc/modprobe.d/scullv.conf"
ok "make install succeeds again" run_make install DESTDIR="$root"
is "make install keeps the edited options" \
	"$(cat "$root/etc/modprobe.d/scullv.conf")" "options scullv order=2"
mkdir "$root/lib/modules/$release/updates/dkms"
: >"$root/lib/modules/$release/updates/dkms/scullv.ko"
mkdir -p "$root/lib/modules/1.0-other/updates"
: >"$root/lib/modules/1.0-other/updates/scullv.ko.xz"
ok "make uninstall succeeds" run_make uninstall DESTDIR="$root"
is "make uninstall keeps the module of DKMS only" "$(list_files "$root")" \
	"644 lib/modules/$release/updates/dkms/scullv.ko"
rm -r "${root:?}/lib"
is "make uninstall leaves no directory" "$(ls -A "$root")" ""
ok "make uninstall succeeds where nothing is installed" \
	run_make uninstall DESTDIR="$root"
(umask 077 && run_make install DESTDIR="$scratch/private" INSTALL_MOD_DIR=extra)
is "with umask 077, the files are those that all can read, the module in INSTALL_MOD_DIR" \
	"$(list_files "$scratch/private" | sed 's,/extra/,/updates/,')" "$all"
is "with umask 077, all can enter the directories" \
	"$(find "$scratch/private" -mindepth 1 -type d ! -perm 755)" ""
ok "make uninstall accepts INSTALL_MOD_DIR" \
	run_make uninstall DESTDIR="$scratch/private" INSTALL_MOD_DIR=extra
is "make uninstall removes the module from INSTALL_MOD_DIR" \
	"$(ls -A "$scratch/private")" ""
is "the rule makes a link to the first device only" \
	"$(grep SYMLINK packaging/scullv.rules)" \
	'SUBSYSTEM=="scullv", KERNEL=="scullv0", SYMLINK+="scullv"'

# a root directory with that kernel
modules=$root/mnt/lib/modules/$release
mkdir -p "$modules"
cp "$kernel/lib/modules/$release"/modules.order \
	"$kernel/lib/modules/$release"/modules.builtin* "$modules"
ok "make install accepts PREFIX, INSTALL_MOD_PATH, GROUP and MODE" \
	run_make install DESTDIR="$root" PREFIX=/opt/scullv \
	INSTALL_MOD_PATH="$root/mnt" GROUP=lab MODE=660
is "the files are in PREFIX, the module is in INSTALL_MOD_PATH" \
	"$(list_files "$root" | grep scullv | sed 's,opt/scullv,usr/local,
		s,mnt/,,' | sort -k 2)" "$all"
is "the list of modules in INSTALL_MOD_PATH has the module" \
	"$(cut -d : -f 1 "$modules/modules.dep")" updates/scullv.ko
is "the udev rule has the group and the mode" \
	"$(grep -c '^SUBSYSTEM=="scullv", GROUP="lab", MODE="0660"$' \
		"$root/etc/udev/rules.d/60-scullv.rules")" 1
ok "make uninstall accepts PREFIX and INSTALL_MOD_PATH" \
	run_make uninstall DESTDIR="$root" PREFIX=/opt/scullv \
	INSTALL_MOD_PATH="$root/mnt"
is "make uninstall updates the list of modules" "$(cat "$modules/modules.dep")" ""
is "make uninstall removes everything from PREFIX and INSTALL_MOD_PATH" \
	"$(ls "$root"; find "$root" -name '*scullv*' -o -name updates)" mnt

for setting in MODE=rw MODE=668 MODE=6 MODE=66 MODE=00664 "GROUP=a b" 'GROUP=a"b'; do
	fails "make install with $setting fails" \
		run_make install DESTDIR="$root" "$setting"
	ok "the message for $setting names the value" \
		grep -q "invalid $setting: expected" "$scratch/out"
done
is "make install with an invalid value installs nothing" "$(ls "$root")" mnt
ok "make install accepts a group with all valid characters" \
	run_make install DESTDIR="$scratch/group" GROUP=Lab_1.a-b MODE=2660
ok "the udev rule has that group and mode" grep -q 'GROUP="Lab_1.a-b", MODE="2660"' \
	"$scratch/group/etc/udev/rules.d/60-scullv.rules"

# -- make sign --

if ! command -v openssl >/dev/null; then
	skip "make sign signs the module" "openssl is not installed"
	done_testing
fi

# DIRECTORY NAME: create a private key and a certificate in it
create_key()
{
	mkdir -p "$1"
	openssl req -new -x509 -newkey rsa:2048 -nodes -subj "/CN=$2/" -days 2 \
		-keyout "$1/key" -outform DER -out "$1/certificate" 2>/dev/null
}

# prints the signer of a module, by default of the one that was built
signer()
{
	/sbin/modinfo -F signer "${1-$scratch/scullv.ko}"
}

size=$(wc -c <"$scratch/scullv.ko")
fails "make sign without a key fails" run_make sign DESTDIR="$root"
ok "the message without a key shows where to get one" \
	grep -q 'there is no key: .*"make dkms".*KEY=file' "$scratch/out"
create_key "$scratch/own" own
fails "make sign with KEY alone fails" run_make sign KEY="$scratch/own/key"
is "a failed make sign changes nothing" "$(wc -c <"$scratch/scullv.ko")" "$size"

dkms=$root/var/lib/dkms
create_key "$dkms" dkms
mv "$dkms/key" "$dkms/mok.key"
mv "$dkms/certificate" "$dkms/mok.pub"
ok "make sign succeeds with the default key of DKMS" run_make sign DESTDIR="$root"
is "the module is signed with the key of DKMS" "$(signer)" dkms
mok=$root/var/lib/shim-signed/mok
create_key "$mok" ubuntu
mv "$mok/key" "$mok/MOK.priv"
mv "$mok/certificate" "$mok/MOK.der"
mkdir "$scratch/bin"
printf '#!/bin/sh\necho "key is not enrolled"\nexit 1\n' >"$scratch/bin/mokutil"
chmod +x "$scratch/bin/mokutil"
ok "make sign succeeds with the key of Ubuntu, which is not enrolled" \
	run_make sign DESTDIR="$root" PATH="$scratch/bin:$PATH"
is "the module is signed with the key of Ubuntu rather than with that of DKMS" \
	"$(signer)" ubuntu
ok "make sign shows how to enroll the key" \
	grep -q "sudo mokutil --import $mok/MOK.der" "$scratch/out"
fails "make sign with CERT alone fails" run_make sign CERT="$mok/MOK.der"
mkdir -p "$root/etc/dkms/framework.conf.d"
create_key "$root/keys" configured
echo 'mok_signing_key="/missing"' >"$root/etc/dkms/framework.conf"
printf '%s\n' "mok_signing_key=/keys/key" '# mok_certificate="/missing"' \
	'mok_certificate="/keys/certificate"' \
	>"$root/etc/dkms/framework.conf.d/scullv.conf"
ok "make sign succeeds with a key in the configuration of DKMS" \
	run_make sign DESTDIR="$root"
is "the module is signed with the configured key" "$(signer)" configured
ok "make sign succeeds with KEY and CERT" run_make sign DESTDIR="$root" \
	KEY="$scratch/own/key" CERT="$scratch/own/certificate"
is "the module is signed with KEY" "$(signer)" own
ok "make install succeeds with a signed module" run_make install DESTDIR="$root"
is "make install keeps the signature" \
	"$(signer "$root/lib/modules/$release/updates/scullv.ko")" own
is "make install does not report a signed module" \
	"$(grep -c 'not signed' "$scratch/out")" 0

# all that a signature adds
tail -c +$((size + 1)) "$scratch/scullv.ko" >"$scratch/signature"
is "make sign replaces an existing signature" \
	"$(grep -ac 'Module signature appended' "$scratch/signature")" 1
head -c "$size" "$scratch/scullv.ko" >"$scratch/content"
head -c -40 "$scratch/signature" >"$scratch/cms"
openssl x509 -inform DER -in "$scratch/own/certificate" -out "$scratch/own/pem"
ok "the signature is that of the module" openssl cms -verify -binary -inform DER \
	-in "$scratch/cms" -content "$scratch/content" -noverify -nointern \
	-certfile "$scratch/own/pem" -out /dev/null

run_make clean
is "make clean removes what the build has created" "$(cd "$scratch" && find . -maxdepth 1 \
	\( -name '.?*' -o -name '*.o' -o -name '*.ko' -o -name '*.mod*' -o -name '*.symvers' \
	-o -name modules.order \))" ""
sources=$(find . -maxdepth 1 -name '*.[ch]' ! -name '*.mod.c')
# shellcheck disable=SC2046 # names of files
ok "make clean removes no source" ls -d "$scratch/Kbuild" "$scratch/scullv.4" \
	$(echo "$sources" | sed "s,^\.,$scratch,")

done_testing
