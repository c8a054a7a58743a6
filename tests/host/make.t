#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What make prints: its help, and the reason when it cannot build the module. The
# default kernel is of the architecture of this machine.

. tests/lib/tap.sh

unset KERNEL KERNELS MAKEFLAGS
make help >"$scratch/help"
is "the help fits 80 columns" "$(awk 'length > 80' "$scratch/help")" ""
for variable in FILE KERNEL KERNELS TESTS V SCULLV_CACHE SCULLV_MIRROR; do
	ok "the help lists $variable" grep -q "^$variable=" "$scratch/help"
done

mkdir "$scratch/headers" "$scratch/bin"
: >"$scratch/headers/Makefile"
for dir in "$scratch/headers" "$scratch/missing" "$PWD"; do
	fails "KDIR=$dir without headers is refused" make module KDIR="$dir"
	like "one line names KDIR=$dir" "$(grep -v '^make: ' "$scratch/output")" \
		"$dir has no headers .*KDIR=DIR\..*"
done

fails "KVER without headers is refused" make module KVER=9.9-none
like "the message names the directory of KVER" "$(grep -v '^make: ' "$scratch/output")" \
	"/lib/modules/9.9-none/build has no headers .*linux-headers-9.9-none.*"
# RELEASE: packaging/dkms.conf does not exclude it
# shellcheck disable=SC2317 # called by ok
is_supported()
{
	echo "$1" | grep -Eq "$supported"
}
supported=$(sed -n 's/^BUILD_EXCLUSIVE_KERNEL="\(.*\)"/\1/p' packaging/dkms.conf)
for release in 6.1.0-28-amd64 6.9.1 6.12.57 7.3.4 10.1; do
	ok "DKMS builds for $release" is_supported $release
done
for release in 5.10.0 6.0.19; do
	fails "DKMS does not build for $release" is_supported $release
done

# ARCHITECTURE: print the default kernel of such a machine
default_kernel_of()
{
	printf '#!/bin/sh\necho %s\n' "$1" >"$scratch/bin/dpkg"
	chmod +x "$scratch/bin/dpkg"
	PATH=$scratch/bin:$PATH make -n shell | sed -n 's/.*install-deps -k "\(.*\)" .*/\1/p'
}
is "the default kernel is of amd64" "$(default_kernel_of amd64)" 6.1
is "the default kernel is of arm64" "$(default_kernel_of arm64)" 6.12-arm64
is "the default kernel is of riscv64" "$(default_kernel_of riscv64)" 6.12-riscv64
is "another architecture has a default kernel" "$(default_kernel_of sparc64)" 6.1
is "KERNEL selects another kernel" "$(KERNEL=7.3 default_kernel_of arm64)" 7.3

done_testing
