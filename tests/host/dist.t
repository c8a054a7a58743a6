#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# "make dist": the same archive each time, with all sources.

. tests/lib/tap.sh

if ! git rev-parse --verify --quiet HEAD >/dev/null; then
	echo "1..0 # SKIP these sources are not in a git repository"
	exit
fi

version=$(git show HEAD:main.c | sed -n 's/^MODULE_VERSION("\(.*\)");.*/\1/p')
name=scullv-$version
ok "make dist succeeds" env MAKEFLAGS= SCULLV_CACHE="$scratch/one" make -s dist
ok "make dist creates scullv-VERSION.tar.gz" [ -f "$scratch/one/$name.tar.gz" ]

# other settings
cat >"$scratch/gitconfig" <<'END'
[tar]
	umask = 0077
[core]
	autocrlf = true
END
(umask 077 && GIT_CONFIG_GLOBAL="$scratch/gitconfig" TZ=Asia/Tokyo GZIP=-1 \
	SCULLV_CACHE="$scratch/two" packaging/dist >/dev/null 2>&1)
ok "another umask, time zone and configuration result in the same archive" \
	cmp "$scratch/one/$name.tar.gz" "$scratch/two/$name.tar.gz"

tar -xzf "$scratch/one/$name.tar.gz" -C "$scratch"
is "the archive has the files of the commit, in one directory" \
	"$(cd "$scratch/$name" && find . ! -type d | cut -c 3- | sort)" \
	"$(git ls-tree -r --name-only HEAD | sort)"
is "the scripts in the archive are executable" \
	"$(find "$scratch/$name/scullv_load" -printf %m)" 755

done_testing
