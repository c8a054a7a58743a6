#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# With Secure Boot the kernel is locked down and loads the module only if it is signed
# with a key that it trusts. The test key is in db of the firmware. Users enroll theirs
# as machine owner key instead, on a screen of shim: that screen is not tested.

. tests/lib/tap.sh

if [ "${KERNEL:=6.1}" != 6.1 ]; then
	echo "1..0 # SKIP one kernel is enough: run with 6.1"
	exit
fi
for package in openssl ovmf sbsigntool; do
	if ! dpkg-query -L "$package" >/dev/null 2>&1; then
		echo "1..0 # SKIP the package $package is not installed"
		exit
	fi
done
headers=$(guest/fetch-kernel "$KERNEL")/headers
module=$(guest/build-module "$KERNEL")

# DIRECTORY: create it, with the module and scullv_load
add()
{
	mkdir -p "$scratch/$1/packaging"
	cp "$module" scullv_load "$scratch/$1"
	cp packaging/sign "$scratch/$1/packaging"
}

# DIRECTORY KEY CERTIFICATE: do the same, and sign the module as "make sign" does
# shellcheck disable=SC2317 # called by ok
add_signed()
{
	add "$1"
	KDIR="$headers" KEY="$2" CERT="$3" KBUILD_SIGN_PIN=snakeoil \
		"$scratch/$1/packaging/sign"
}

test_key=/usr/share/ovmf/PkKek-1-snakeoil
openssl req -new -x509 -newkey rsa:2048 -nodes -subj /CN=other/ -days 2 \
	-keyout "$scratch/key" -out "$scratch/certificate" 2>/dev/null
add unsigned
ok "make sign accepts a key with a passphrase" \
	add_signed trusted $test_key.key $test_key.pem
ok "make sign accepts a key that no firmware knows" \
	add_signed other "$scratch/key" "$scratch/certificate"

cat >"$scratch/try" <<'END'
mount -t securityfs none /sys/kernel/security
cat /sys/kernel/security/lockdown
for directory in unsigned other trusted; do
	$directory/scullv_load order=2 2>&1 | sed "s/^/$directory: /"
	[ -d /sys/module/scullv ] || continue
	echo "$directory: loaded, order $(cat /sys/class/scullv/scullv0/order)," \
		"taints $(cat /sys/module/scullv/taint)"
	echo stored >/dev/scullv0
	echo "$directory: $(cat /dev/scullv0)"
	./scullv_unload
done
END

# shellcheck disable=SC2317 # called by ok
run_guest()
{
	SCULLV_LOG=$scratch/log guest/run --secure-boot -k "$KERNEL" -i "$scratch/try" \
		-i "$scratch/unsigned" -i "$scratch/other" -i "$scratch/trusted" \
		-- sh try >"$scratch/out" 2>&1 || ! cat "$scratch/out"
}

# DIRECTORY: print what its scullv_load has printed
messages()
{
	sed -n "s/^$1: //p" "$scratch/out"
}

ok "a guest with Secure Boot succeeds" run_guest
ok "the kernel reports Secure Boot" grep -q 'secureboot: Secure boot enabled' \
	"$scratch/log"
is "the kernel is locked down" "$(head -n 1 "$scratch/out")" \
	"none [integrity] confidentiality"
for signature in unsigned other; do
	what="a module that is unsigned"
	[ $signature = unsigned ] || what="a module with the signature of another key"
	is "$what is not loaded" "$(messages $signature | grep loaded,)" ""
	like "$what: scullv_load names Secure Boot and two remedies" \
		"$(messages $signature | tr -d '\n')" \
		'.*loads only modules that are signed .*\(Secure Boot\).*make sign.*make dkms.*'
done
is "a module with the signature of a key in db works, without the taint of an unsigned \
one" "$(messages trusted)" "loaded, order 2, taints O
stored"

done_testing
