#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The user's language and umask have no effect on the guest: programs whose output a
# script reads run with LC_ALL=C, and files in the guest can be read by everyone.

. tests/lib/tap.sh

# Programs in place of those of apt, which record the locale and give nothing.
mkdir "$scratch/bin" "$scratch/cache"
for program in apt-cache apt-config apt-get dpkg-deb dpkg-query; do
	cat >"$scratch/bin/$program" <<-END
		#!/bin/sh
		echo "$program \${LC_ALL-unset}" >>"$scratch/locales"
		exit 100
	END
	chmod +x "$scratch/bin/$program"
done

# COMMAND...: in German, with these programs and an empty cache
in_german()
{
	env PATH="$scratch/bin:$PATH" SCULLV_CACHE="$scratch/cache" \
		LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8 "$@" >"$scratch/out" 2>&1
}

for command in "guest/fetch-kernel 6.1" "guest/build-rootfs amd64 bookworm" \
	"tests/install-deps make"; do
	: >"$scratch/locales"
	# shellcheck disable=SC2086 # words
	in_german $command
	ok "$command runs programs of apt" [ -s "$scratch/locales" ]
	is "$command runs them with LC_ALL=C only" \
		"$(grep -v ' C$' "$scratch/locales")" ""
done

# what the others cannot read, or enter, in a list as "cpio -tv" prints it
closed()
{
	awk '/^-......[^r]/ || /^d......(-|..[^xt])/ { print $1, $NF }'
}

echo true >"$scratch/command"
mkdir "$scratch/folder"
(umask 077 && guest/build-initrd "${KERNEL:-6.1}" "$scratch/command" \
	"$scratch/folder") >"$scratch/initrd" 2>"$scratch/said"
# two archives, one after the other: the guest's programs, and the rest
cpio -tv --quiet <"$scratch/initrd" >"$scratch/programs" 2>&1
# shellcheck source=guest/kernels.sh
. guest/kernels.sh
find_kernel "${KERNEL:-6.1}"
skip=$(wc -c <"$(guest/build-rootfs "$architecture" "$rootfs_suite")")
tail -c +$((skip + 1)) "$scratch/initrd" | cpio -tv --quiet \
	>"$scratch/rest" 2>&1
ok "the archive has the module" grep -q scullv.ko "$scratch/rest"
is "with umask 077, everyone can read the guest's programs" \
	"$(closed <"$scratch/programs")" ""
is "with umask 077, everyone can read the module and the scripts" \
	"$(closed <"$scratch/rest")" ""

done_testing
