# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Sets $cache to the directory for kernels, programs and results: $SCULLV_CACHE,
# or build/ in $top (by default the current directory). Exits if it is not
# writable.
#
# A script that root runs through sudo starts again as the user of sudo, if that
# user can write to the cache: otherwise files of root would make the next run
# without sudo fail. A script that sets $needs_root stays root, and so do the
# scripts that it runs.

export LC_ALL=C
cache=${SCULLV_CACHE:-${top:-$PWD}/build}

_say()
{
	echo "${0#"${top:-$PWD}"/}: $*" >&2
}

_die()
{
	_say "$*"
	exit 1
}

# PATH: kbuild can build in this directory
_is_buildable()
{
	[ ! "$(printf '%s' "$1" | tr -d 'A-Za-z0-9_./+@~\200-\377-')" ]
}

[ ! "${needs_root-}" ] || unset SUDO_UID
if [ "$(id -u)" = 0 ] && [ "${SUDO_UID:-0}" != 0 ]; then
	_dir=$cache
	until [ -e "$_dir" ]; do
		_dir=$(dirname "$_dir")
	done
	_as_user="setpriv --reuid=$SUDO_UID --regid=$SUDO_GID --init-groups"
	if $_as_user test -w "$_dir"; then
		HOME=$(getent passwd "$SUDO_UID" | cut -d : -f 6)
		export HOME
		# a script that has changed the directory was started in the other
		[ -e "$0" ] || cd "$OLDPWD" || exit
		exec $_as_user "$0" "$@"
	fi
fi

_error=$(mkdir -p "$cache" 2>&1) ||
	_die "$_error; SCULLV_CACHE=DIR selects another directory"
[ -w "$cache" ] ||
	_die "cannot write to $cache; SCULLV_CACHE=DIR selects another directory"
_file=$(find "$cache" -maxdepth 2 ! -type l ! -writable -print -quit)
[ ! "$_file" ] ||
	_die "$_file belongs to $(stat -c %U "$_file"): run" \
		"\"sudo chown -R $(id -un) $cache\", or select another" \
		"directory with SCULLV_CACHE=DIR"

# Use a directory elsewhere for a cache that kbuild cannot build in.
cache=$(cd "$cache" && pwd -P)
if ! _is_buildable "$cache"; then
	_link=$cache/elsewhere
	if ! [ -d "$_link" ]; then
		_dir=${TMPDIR:-/var/tmp}
		_is_buildable "$_dir" || _dir=/var/tmp
		_dir=$(mktemp -d "$_dir/scullv.XXXXXX")
		rm -f "$_link"
		if ln -s "$_dir" "$_link" 2>/dev/null; then
			_say "kbuild cannot build in $cache: using $_dir"
		else
			rmdir "$_dir"
		fi
	fi
	cache=$(cd "$_link" && pwd -P)
fi
export SCULLV_CACHE="$cache"
