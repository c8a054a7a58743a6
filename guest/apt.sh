# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# An apt of its own: nothing of the machine's is used but its way to the package
# archive, and nothing of it is touched. The archive is the one that this
# machine's apt uses, or SCULLV_MIRROR.
#
# Scripts that use it set $me to their name. They exit with status 77 if the
# archive does not have what is wanted.

# apt and others translate their output, and the umask would get into the guest.
export LC_ALL=C
umask 022

# FOLDER "ARCHITECTURE..." SUITE...: apt works in FOLDER from here on, with the
# first architecture as its own. The machine's own configuration files stay unread
# because of the hooks in them.
open_archive()
{
	apt=$1
	architectures=$2
	shift 2
	mkdir -p "$apt/etc/apt/apt.conf.d" "$apt/etc/apt/preferences.d" \
		"$apt/var/lib/apt/lists/partial" "$apt/var/lib/dpkg" \
		"$apt/var/cache/apt/archives/partial"
	: >"$apt/var/lib/dpkg/status"
	for suite; do
		_source_line "$suite"
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
	apt-get -qq update || unavailable \
		"cannot read the package archive; SCULLV_MIRROR=URL names another"
}

# Prints the line of sources.list that a suite is fetched through. Security
# archives are apart from the others; the plain suite is there without one.
_source_line()
{
	suite=$1
	uri=
	case $suite in
	*-security)
		uri=$(_mirrors | awk '$1 ~ /-security$/ { print $2; exit }')
		[ "$uri" ] || suite=${suite%-security} ;;
	esac
	: "${uri:=$(_mirrors | awk '$1 !~ /-security$/ { print $2; exit }')}"
	[ "$uri" ] || unavailable \
		"apt knows no archive here; name one: SCULLV_MIRROR=URL"

	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e "$keys" ] && keys="[signed-by=$keys] " || keys=
	echo "deb $keys$uri $suite main"
}

# Lists "suite URI" of each archive that apt knows, Debian's own first where
# apt has ever been updated.
_mirrors()
{
	if [ "${SCULLV_MIRROR-}" ]; then
		echo "any $SCULLV_MIRROR"
		return
	fi
	set -- 'Created-By: Packages' 'Component: main'
	# shellcheck disable=SC2016 # apt's own variables
	format='$(RELEASE) $(REPO_URI)'
	apt-get indextargets --format "$format" 'Origin: Debian' "$@"
	apt-get indextargets --format "$format" --no-release-info "$@"
}

# FOLDER PACKAGE...: unpacks these packages there
unpack()
{
	_folder=$1
	shift
	mkdir -p "$apt/debs"
	(cd "$apt/debs" && apt-get -qq download "$@") ||
		unavailable "the archive does not give $*"
	for deb in "$apt"/debs/*; do
		dpkg-deb -x "$deb" "$_folder"
		rm "$deb"
	done
}

say()
{
	# shellcheck disable=SC2154 # who uses this has set it
	echo "$me: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

unavailable()
{
	say "$*"
	exit 77
}
