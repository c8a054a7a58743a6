#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# When packages cannot be installed or downloaded, the last line names the cause
# and the remedy.

. tests/lib/tap.sh

# Fakes of programs: apt-get fails with the messages in the file of its command,
# and sudo and id work as for a user who may or may not use sudo.
mkdir "$scratch/bin" "$scratch/cache"
cat >"$scratch/bin/apt-get" <<END
#!/bin/sh
for command in indextargets update download install; do
	case " \$* " in
	*" \$command "*)
		[ "\$command" != indextargets ] ||
			exec cat "$scratch/indextargets"
		[ -s "$scratch/\$command" ] || exit 0
		cat "$scratch/\$command" >&2
		exit 100 ;;
	esac
done
END
cat >"$scratch/bin/apt-cache" <<'END'
#!/bin/sh
case $1 in
pkgnames)	echo linux-image-6.1.0-1-cloud-amd64 ;;
depends)	echo "  Depends: linux-kbuild-6.1" ;;
esac
END
cat >"$scratch/bin/apt-helper" <<END
#!/bin/sh
echo "\$*" >>"$scratch/asked"
[ ! -e "$scratch/no-security" ]
END
printf '#!/bin/sh\n' >"$scratch/bin/apt-config"
printf '#!/bin/sh\nexit 1\n' >"$scratch/bin/dpkg-query"
chmod +x "$scratch"/bin/*

# [COMMAND MESSAGE]...: what each command of apt-get fails with
apt_fails()
{
	for command in update download install; do
		: >"$scratch/$command"
	done
	echo "bookworm http://debian.example/debian Debian" >"$scratch/indextargets"
	while [ $# -gt 0 ]; do
		echo "$2" >"$scratch/$1"
		shift 2
	done
}

# COMMAND...: run it with the fakes; sets the status and the last line
try()
{
	status=0
	PATH=$scratch/bin:$PATH SCULLV_CACHE=$scratch/cache "$@" \
		>"$scratch/out" 2>&1 || status=$?
	last=$(tail -n 1 "$scratch/out")
}

resolve="E: Failed to fetch http://debian.example/debian/dists/bookworm/InRelease  Temporary failure resolving 'debian.example'"
space="E: You don't have enough free space in /var/cache/apt/archives/."
key="W: GPG error: http://debian.example/debian bookworm InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 0E98404D386FA1D9"
half="E: Failed to fetch http://debian.example/debian/pool/main/l/linux/x.deb  503  Service Unavailable [IP: 192.0.2.1 80]"
clock="E: Release file for http://debian.example/debian/dists/bookworm/InRelease is not valid yet (invalid for another 3h). Updates for this repository will not be applied."

# -- fetching a kernel --

apt_fails update "$resolve"
try guest/fetch-kernel 6.1
like "without a network, the archive cannot be reached" "$last" \
	'.*no connection to the package archive: check the network.*SCULLV_MIRROR=URL'
is "which is a reason to skip a kernel" "$status" 77

apt_fails download "$half"
try guest/fetch-kernel 6.1
like "with half the archive down, it is incomplete" "$last" \
	'.*incomplete at the moment: try again later.*SCULLV_MIRROR=URL'
is "which is a reason to skip a kernel, too" "$status" 77

apt_fails download "$space"
try guest/fetch-kernel 6.1
like "with a full disk, no space is left" "$last" '.*no space left.*SCULLV_CACHE=DIR'
is "which is no reason to skip a kernel" "$status" 1

# tar reports each file
cat >"$scratch/bin/dpkg-deb" <<'END'
#!/bin/sh
seq -f 'tar: ./file%g: Cannot write: No space left on device' 1000 >&2
exit 2
END
chmod +x "$scratch/bin/dpkg-deb"
apt_fails
try guest/fetch-kernel 6.1
like "if unpacking fills the disk, no space is left" "$last" \
	'.*cannot unpack .*no space left.*SCULLV_CACHE=DIR'
ok "the message does not follow one line for each file" \
	[ "$(wc -l <"$scratch/out")" -le 12 ]
rm "$scratch/bin/dpkg-deb"

apt_fails update "$key"
try guest/fetch-kernel 6.1
like "without the keys, their package is named" "$last" '.*package debian-archive-keyring'
is "which is no reason to skip a kernel, either" "$status" 1

apt_fails update "$clock"
try guest/fetch-kernel 6.1
like "with a wrong clock, the clock is named" "$last" '.*clock.*'

apt_fails
echo "noble http://ubuntu.example/ubuntu Ubuntu" >"$scratch/indextargets"
try guest/fetch-kernel 6.1
like "without an archive of Debian, SCULLV_MIRROR is named" "$last" \
	".*not Debian's.*SCULLV_MIRROR=URL.*"
apt_fails update "$resolve"
echo "noble http://ubuntu.example/ubuntu Ubuntu" >"$scratch/indextargets"
SCULLV_MIRROR=http://mirror.example/debian try guest/fetch-kernel 6.1
like "which selects the archive" "$last" ".*no connection.*"
apt_fails update "E: The repository 'http://ubuntu.example/ubuntu bookworm Release' does not have a Release file."
SCULLV_MIRROR=http://ubuntu.example/ubuntu try guest/fetch-kernel 6.1
like "if that archive is not Debian's either, it is named again" "$last" \
	".*not an archive of Debian.*SCULLV_MIRROR=URL"

# another system, without the package of the keys
cat >"$scratch/bin/find" <<'END'
#!/bin/sh
[ "$1" != /usr/share/keyrings ] || exit 0
exec /usr/bin/find "$@"
END
chmod +x "$scratch/bin/find"
SCULLV_MIRROR=http://mirror.example/debian try guest/fetch-kernel 6.1
is "without the keys on this system, one line names their package" \
	"$(grep -v ': downloading ' "$scratch/out")" \
	"guest/fetch-kernel: the keys of Debian's archive are missing: install the package debian-archive-keyring"
rm "$scratch/bin/find"

# -- the security archive --

# Prints the line of sources.list that apt-get update has read.
cat >"$scratch/bin/apt-get" <<END
#!/bin/sh
case "\$*" in
*indextargets*)	cat "$scratch/indextargets" ;;
*update*)	cat "\${APT_CONFIG%/conf}/etc/apt/sources.list" >"$scratch/list"
	echo "$resolve" >&2
	exit 100 ;;
esac
END
uri_and_suite()
{
	sed 's/.*\] //' "$scratch/list"
}
echo "sid http://debian.example/debian/ Debian" >"$scratch/indextargets"
try guest/fetch-kernel 6.1
is "without a security archive of its own, the one beside the archive is used" \
	"$(uri_and_suite)" \
	"http://debian.example/debian-security bookworm-security main"
touch "$scratch/no-security"
try guest/fetch-kernel 6.1
is "without any security archive, the plain suite is used" "$(uri_and_suite)" \
	"http://debian.example/debian/ bookworm main"
ok "the lack of a security archive is reported" grep -q 'no archive of bookworm-security' "$scratch/out"
cat >"$scratch/indextargets" <<'END'
trixie http://debian.example/debian/ Debian
trixie-security http://security.example/debian-security/ Debian
END
try guest/fetch-kernel 6.1
is "a security archive of its own is used" "$(uri_and_suite)" \
	"http://security.example/debian-security/ bookworm-security main"

# -- installing packages --

cat >"$scratch/bin/apt-get" <<END
#!/bin/sh
cat "$scratch/install" >&2
exit 100
END
# The privileged programs are those of the user, except for sudo.
printf '#!/bin/sh\necho 1000\n' >"$scratch/bin/id"
cat >"$scratch/bin/sudo" <<END
#!/bin/sh
[ ! -s "$scratch/sudo" ] || { cat "$scratch/sudo" >&2; exit 1; }
exec "\$@"
END
chmod +x "$scratch"/bin/*

apt_fails install "$resolve"
: >"$scratch/sudo"
try tests/install-deps make
like "without a network, packages cannot be installed" "$last" \
	'.*no connection to the package archive: check the network\. .*apt-get install make'
apt_fails install "$space"
try tests/install-deps make
like "with a full disk, no space is left to install them" "$last" \
	'.*no space left on the disk: free some\. .*'
apt_fails install "sudo: unable to resolve host student: Name or service not known
E: Package 'make' has no installation candidate"
try tests/install-deps make
like "that sudo does not know the name of this machine is no reason" "$last" \
	'.*the package archive lacks a package\. .*'
for message in "student is not in the sudoers file." \
	"sudo: a terminal is required to read the password" \
	"Sorry, user student is not allowed to execute '/usr/bin/apt-get' as root."
do
	echo "$message" >"$scratch/sudo"
	try tests/install-deps make
	like "a user who cannot use sudo is told the command for root ($message)" "$last" \
		'.*this user cannot run sudo\. As root, run: apt-get install make'
done

# All programs but some.
mkdir "$scratch/few"
ln -s /usr/bin/* "$scratch/few"
rm -f "$scratch/few/sudo" "$scratch/few/id" "$scratch/few/dpkg-query"
ln -s "$scratch/bin/id" "$scratch/bin/dpkg-query" "$scratch/few"
status=0
PATH=$scratch/few tests/install-deps make >"$scratch/out" 2>&1 || status=$?
is "without sudo, the command for root is named" "$(cat "$scratch/out")" \
	"tests/install-deps: packages are missing; as root, run: apt-get install make"
rm "$scratch/few/dpkg"
printf '#!/bin/sh\necho arm64\n' >"$scratch/few/dpkg"
chmod +x "$scratch/few/dpkg"

# KERNEL: print the packages that it needs on a machine of arm64
needed_on_arm64()
{
	PATH=$scratch/few tests/install-deps -k "$1" gcc-12 2>&1 |
		sed 's/.*: apt-get install //'
}
is "on arm64, its own kernel needs no cross compiler" \
	"$(needed_on_arm64 6.12-arm64)" \
	"gcc-12 qemu-system-arm debian-archive-keyring"
is "on arm64, a kernel of amd64 needs one" "$(needed_on_arm64 6.1)" \
	"gcc-12 qemu-system-x86 gcc-12-x86-64-linux-gnu libc6-dev-amd64-cross debian-archive-keyring"
rm -f "$scratch/few/apt-get" "$scratch/few/dpkg-query"
PATH=$scratch/few make demo >"$scratch/out" 2>&1
is "without apt, make demo prints one line" \
	"$(grep -vc '^make: ' "$scratch/out")" 1
ok "which names a container" grep -q 'podman build .* docker' "$scratch/out"

done_testing
