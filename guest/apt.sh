# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Downloads packages through a private apt. Of this machine's apt it uses only
# the settings for acquiring packages, the keys and the address of the archive;
# SCULLV_MIRROR=URL selects another archive. The system's own apt is not
# modified.
#
# The caller sets $me, the prefix of its messages. The exit status is 77 if the
# archive cannot be read or lacks a package.

# Keep apt's output parsable and the files of the guest readable.
export LC_ALL=C
umask 022

# DIR "ARCHITECTURE..." SUITE...: set up apt in DIR and read the package lists.
# The first architecture is the native one. The system's configuration files are
# not included, since they may define hooks.
setup_apt()
{
	apt=$1
	architectures=$2
	shift 2
	mkdir -p "$apt/etc/apt/apt.conf.d" "$apt/etc/apt/preferences.d" \
		"$apt/var/lib/apt/lists/partial" "$apt/var/lib/dpkg" \
		"$apt/var/cache/apt/archives/partial"
	: >"$apt/var/lib/dpkg/status"
	for suite; do
		_print_source "$suite"
	done >"$apt/etc/apt/sources.list"
	{
		apt-config dump |
			grep '^Acquire::' | grep -v '^Acquire::IndexTargets'
		cat <<-END
			Dir "$apt";
			Dir::State::status "$apt/var/lib/dpkg/status";
			Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";
			APT::Architecture "${architectures%% *}";
			APT::Sandbox::User "root";
			APT::Update::Error-Mode "any";
			APT::Immediate-Configure "false";
			Acquire::Languages "none";
		END
		for architecture in $architectures; do
			echo "APT::Architectures:: \"$architecture\";"
		done
	} >"$apt/conf"
	export APT_CONFIG="$apt/conf" TMPDIR="$apt"
	apt-get -qq update || die_unavailable \
		"cannot read the package archive; SCULLV_MIRROR=URL selects another"
}

# SUITE: print its line of sources.list. Security suites have an archive of
# their own; without one, use the plain suite.
_print_source()
{
	suite=$1
	uri=
	case $suite in
	*-security)
		uri=$(_list_archives | awk '$1 ~ /-security$/ { print $2; exit }')
		[ "$uri" ] || suite=${suite%-security} ;;
	esac
	: "${uri:=$(_list_archives | awk '$1 !~ /-security$/ { print $2; exit }')}"
	[ "$uri" ] || die_unavailable \
		"apt has no package archive; set SCULLV_MIRROR=URL"

	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e "$keys" ] && keys="[signed-by=$keys] " || keys=
	echo "deb $keys$uri $suite main"
}

# Prints "SUITE URI" for each archive of the system's apt, Debian's first. apt
# knows the origin of an archive only after an update.
_list_archives()
{
	if [ "${SCULLV_MIRROR-}" ]; then
		echo "any $SCULLV_MIRROR"
		return
	fi
	set -- 'Created-By: Packages' 'Component: main'
	# shellcheck disable=SC2016 # apt expands these
	format='$(RELEASE) $(REPO_URI)'
	apt-get indextargets --format "$format" 'Origin: Debian' "$@"
	apt-get indextargets --format "$format" --no-release-info "$@"
}

# DIR PACKAGE...: download the packages and unpack them in DIR
unpack()
{
	_dir=$1
	shift
	mkdir -p "$apt/debs"
	(cd "$apt/debs" && apt-get -qq download "$@") ||
		die_unavailable "cannot download $*"
	for deb in "$apt"/debs/*; do
		dpkg-deb -x "$deb" "$_dir"
		rm "$deb"
	done
}

say()
{
	# shellcheck disable=SC2154 # set by the caller
	echo "$me: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

die_unavailable()
{
	say "$*"
	exit 77
}
