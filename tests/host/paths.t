#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The sources, the cache and the temporary files can be in directories with any
# name, although kbuild cannot build in them, and the sources can be read-only.

. tests/lib/tap.sh

if [ "${KERNEL:-6.1}" != 6.1 ]; then
	echo "1..0 # SKIP the kernel of the guest has no effect: run with 6.1"
	exit
fi
kernel=6.1
. guest/kernels.sh
find_kernel "$kernel"
fetched=$(guest/fetch-kernel "$kernel")
rootfs=$(guest/build-rootfs "$architecture" "$rootfs_suite")

# a copy of the sources, and a place for temporary files
strange="$scratch/it's 100% \"odd\" #1, \$x"
mkdir -p "$strange/tmp" "$scratch/tmp"
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$strange"
cd "$strange" || exit
unset SCULLV_CACHE

make module >"$scratch/out" 2>&1
is "make fails with one line" "$(grep -vc '^make: ' "$scratch/out")" 1
ok "which names the directory" grep -qF "cannot build in $strange:" "$scratch/out"

# Share what is downloaded. The first script creates the cache.
PATH=/nowhere:$PATH TMPDIR="$scratch/tmp" guest/fetch-kernel none 2>/dev/null
cache=$(cd build/elsewhere && pwd -P)
like "the cache is in TMPDIR" "$cache" "$scratch/tmp/scullv\..*"
mkdir -p "$cache/$kernel" "$cache/rootfs"
ln -s "$fetched" "$cache/$kernel/kernel"
ln -s "$rootfs" "$cache/rootfs"

# a module that does not exist: every run of perl fails
ok "the module is built in a directory of any name, without perl" \
	env PERL5OPT=-MNone guest/build-module "$kernel"
ok "a second script uses the same cache" [ -e "$cache/$kernel/module/scullv.ko" ]
echo hello >"tmp/a file"
find tests/helpers -name '*.c' ! -name append.c -delete

# COMMAND...: run it without the capability of root to write to read-only files
without_override()
{
	if [ "$(id -u)" = 0 ]; then
		setpriv --inh-caps=-dac_override --bounding-set=-dac_override "$@"
	else
		"$@"
	fi
}

# From here on, the sources are read-only.
find . -mindepth 1 -maxdepth 1 ! -name build ! -name tmp -exec chmod -R a-w {} +
export TMPDIR="$strange/tmp"
is "a guest runs with its files in directories of any name, also read-only ones" \
	"$(without_override guest/run -k "$kernel" -i "tmp/a file" -i tests/helpers \
		-- cat "a file" helpers/random.h 2>"$scratch/err")" \
	"$(cat "tmp/a file" tests/helpers/random.h)"
is "no file is left in TMPDIR" "$(ls -A "$TMPDIR")" "a file"
ok "a helper of the tests is compiled" \
	without_override tests/check -k "$kernel" host/dmesg-check.t
ok "the helper is in the cache" [ -x "$cache/$kernel/tests/append" ]
ok "the copy of read-only tests is replaced by the next run" \
	without_override tests/check -k "$kernel" host/dmesg-check.t

chmod -R u+w .
unset TMPDIR
make -s distclean
fails "distclean removes the cache" [ -e "$cache" ]

cd /
done_testing
