#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The locale and the umask of the user do not affect the guest: programs with
# parsed output run with LC_ALL=C, and everyone can read the files of the guest.

. tests/lib/tap.sh

# Replacements for the programs of apt, which record the locale and fail.
mkdir "$scratch/bin" "$scratch/cache"
for program in apt-cache apt-config apt-get dpkg-deb dpkg-query; do
	cat >"$scratch/bin/$program" <<-END
		#!/bin/sh
		echo "$program \${LC_ALL-unset}" >>"$scratch/locales"
		exit 100
	END
	chmod +x "$scratch/bin/$program"
done

# COMMAND...: run it in a German locale, with these programs and an empty cache
run_in_german()
{
	env PATH="$scratch/bin:$PATH" SCULLV_CACHE="$scratch/cache" \
		LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8 "$@" >"$scratch/out" 2>&1
}

for command in "guest/fetch-kernel 6.1" "guest/build-rootfs amd64 bookworm" \
	"tests/install-deps make"; do
	: >"$scratch/locales"
	# shellcheck disable=SC2086 # words
	run_in_german $command
	ok "$command runs apt" [ -s "$scratch/locales" ]
	is "$command runs apt only with LC_ALL=C" \
		"$(grep -v ' C$' "$scratch/locales")" ""
done

# Reads the output of "cpio -tv", and prints the files that others cannot read
# and the directories that they cannot enter.
list_unreadable()
{
	awk '/^-......[^r]/ || /^d......(-|..[^xt])/ { print $1, $NF }'
}

echo true >"$scratch/command"
mkdir "$scratch/dir"
(umask 077 && mkdir "$scratch/dir/private" &&
	touch "$scratch/dir/private/file" && guest/build-initrd "${KERNEL:-6.1}" "$scratch/command" \
	"$scratch/dir") >"$scratch/initrd" 2>"$scratch/err"
# The initrd consists of two archives: that of guest/build-rootfs, and the rest.
cpio -tv --quiet <"$scratch/initrd" >"$scratch/rootfs" 2>&1
# shellcheck source=guest/kernels.sh
. guest/kernels.sh
find_kernel "${KERNEL:-6.1}"
skip=$(wc -c <"$(guest/build-rootfs "$architecture" "$rootfs_suite")")
tail -c +$((skip + 1)) "$scratch/initrd" | cpio -tv --quiet \
	>"$scratch/rest" 2>&1
ok "the initrd has the module" grep -q scullv.ko "$scratch/rest"
is "with umask 077, everyone can read the programs of the guest" \
	"$(list_unreadable <"$scratch/rootfs")" ""
is "with umask 077, everyone can read the module and the scripts" \
	"$(list_unreadable <"$scratch/rest")" ""

done_testing
