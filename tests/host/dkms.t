#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# packaging/dkms: what it copies, and how it calls DKMS, in place of which a program
# records the calls. packaging/test-install runs the real one.

. tests/lib/tap.sh

if [ "${KERNEL:-6.1}" != 6.1 ]; then
	echo "1..0 # SKIP the kernel of the guest has no effect: run with 6.1"
	exit
fi

# a copy, as after a build
mkdir -m 755 "$scratch/sources" "$scratch/tree"
cp -R ./*.[ch] Kbuild packaging "$scratch/sources"
: >"$scratch/sources/scullv.mod.c"
: >"$scratch/calls"
cat >"$scratch/dkms" <<END
#!/bin/sh
echo "\$*" >>"$scratch/calls"
[ "\$2 \$3" != "x status" ] || cat "$scratch/known" 2>/dev/null
case \$3 in
add)	echo "scullv, added" >"$scratch/known" ;;
remove)	rm "$scratch/known" ;;
esac
END
chmod +x "$scratch/dkms"
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' packaging/dkms.conf)

# add|remove
# shellcheck disable=SC2317 # called by ok
dkms()
{
	(umask 077 && DKMS="$scratch/dkms --dkmstree x" SOURCE_TREE="$scratch/tree" \
		KVER="1.0 2.0" "$scratch/sources/packaging/dkms" "$1")
}
this="-m scullv -v $version"
once="--dkmstree x add $this
--dkmstree x install $this -k 1.0
--dkmstree x install $this -k 2.0"
ok "packaging/dkms add succeeds" dkms add
ok "packaging/dkms add succeeds again" dkms add
is "DKMS installs the module for each kernel of KVER, and a second time" \
	"$(grep -v ' status ' "$scratch/calls")" "$once
--dkmstree x remove $this --all
$once"
is "DKMS gets the sources, readable for all" \
	"$(cd "$scratch/tree" && find . -printf '%m %P\n' | sort)" "$(
	cd "$scratch/sources" && {
		printf '755 \n755 scullv-%s\n' "$version"
		find . -maxdepth 1 -name '*.[ch]' ! -name '*.mod.c' -o -name Kbuild |
			sed "s,^\./,644 scullv-$version/,"
		echo "644 scullv-$version/dkms.conf"
	} | sort)"
ok "packaging/dkms remove succeeds" dkms remove
is "packaging/dkms remove removes the sources" "$(ls -A "$scratch/tree")" ""
done_testing
