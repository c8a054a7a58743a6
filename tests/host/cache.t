#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The cache belongs to the user, also after a run through sudo, and errors of the
# cache name SCULLV_CACHE.

. tests/lib/tap.sh

if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP it must be run as root"
	exit
fi
chmod 755 "$scratch"

# nobody may not be able to enter the directory of the sources
mkdir "$scratch/sources"
cp -R guest "$scratch/sources"
chmod -R go+rX "$scratch/sources"
fetch_kernel=$scratch/sources/guest/fetch-kernel

# DIR COMMAND...: run it as nobody with a cache in DIR; a kernel that does not
# exist ends fetch-kernel once the cache is set up
as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		env SCULLV_CACHE="$1" "$fetch_kernel" none >"$scratch/out" 2>&1
	last=$(tail -n 1 "$scratch/out")
}

# DIR: the same through sudo
sudo_as_nobody()
{
	env SUDO_UID=65534 SUDO_GID=65534 SCULLV_CACHE="$1" "$fetch_kernel" none \
		>"$scratch/out" 2>&1
	last=$(tail -n 1 "$scratch/out")
}

install -d -o nobody "$scratch/home"
sudo_as_nobody "$scratch/home/cache"
is "through sudo, the cache belongs to the user" \
	"$(stat -c %U "$scratch/home/cache")" nobody
as_nobody "$scratch/home/cache"
like "the user can use it without sudo" "$last" 'unknown kernel "none".*'

install -d -o nobody "$scratch/release"
env SUDO_UID=65534 SUDO_GID=65534 SCULLV_CACHE="$scratch/release/cache" \
	packaging/release-check none >"$scratch/out" 2>&1
is "a script that needs root stays root" \
	"$(stat -c %U "$scratch/release/cache")" root

mkdir "$scratch/private"
sudo_as_nobody "$scratch/private/cache"
is "where the user cannot write, it belongs to root" \
	"$(stat -c %U "$scratch/private/cache")" root

install -d "$scratch/home/cache/6.1"
as_nobody "$scratch/home/cache"
like "a directory of root in the cache is named, with the remedy" "$last" \
	".*$scratch/home/cache/6.1 belongs to root: run \"sudo chown .*SCULLV_CACHE=DIR"

as_nobody "$scratch/private/cache"
like "a cache that is not writable names SCULLV_CACHE" "$last" \
	".*cannot write to $scratch/private/cache; SCULLV_CACHE=DIR.*"
as_nobody "$scratch/private/other"
like "a cache that cannot be created names SCULLV_CACHE" "$last" \
	".*$scratch/private/other.*SCULLV_CACHE=DIR.*"

# A file system of 4 MiB, in a namespace of its own, is full when the programs of
# apt store 8 MiB in the cache.
mkdir "$scratch/bin" "$scratch/small"
cat >"$scratch/bin/apt-get" <<'END'
#!/bin/sh
case "$*" in
*indextargets*)	echo "bookworm http://debian.example/debian Debian" ;;
*download*)	head -c 8388608 /dev/zero >package.deb ;;
esac
END
cat >"$scratch/bin/apt-cache" <<'END'
#!/bin/sh
[ "$1" = depends ] || echo linux-image-6.1.0-1-cloud-amd64
END
printf '#!/bin/sh\n' >"$scratch/bin/apt-helper"
chmod +x "$scratch"/bin/*
if unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016 # the shell of the namespace expands it
	unshare -m sh -c 'mount -t tmpfs -o size=4M small "$1/small" && cd "$2" &&
		PATH=$1/bin:$PATH SCULLV_CACHE=$1/small guest/fetch-kernel 6.1
		ls -A "$1/small/6.1" >"$1/left"' sh "$scratch" "$PWD" \
		>"$scratch/out" 2>&1
	like "a full disk is named, with SCULLV_CACHE" "$(tail -n 1 "$scratch/out")" \
		"guest/fetch-kernel: no space left in .*SCULLV_CACHE=DIR"
	fails "messages that had no space are not referred to" \
		grep "messages above" "$scratch/out"
	is "after a full disk, the partial kernel is removed" "$(cat "$scratch/left")" lock

	# the programs of the guest alone are larger
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs -o size=4M small "$1/small" && cd "$2" &&
		TMPDIR=$1/small guest/run -- true
		ls -A "$1/small" >"$1/left"' sh "$scratch" "$PWD" \
		>"$scratch/out" 2>&1
	like "a full directory for temporary files is named, with TMPDIR" \
		"$(tail -n 1 "$scratch/out")" "guest/.*: no space left in .*TMPDIR=DIR"
	is "after a full disk, the files of the guest are removed" "$(cat "$scratch/left")" ""
else
	skip "a full disk is named" "no mount namespaces"
fi

done_testing
