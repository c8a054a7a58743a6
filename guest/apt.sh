# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Downloads packages through a private apt. Of this machine's apt it uses only
# the settings for acquiring packages, the keys and the address of the archive;
# SCULLV_MIRROR=URL selects another archive. The system's own apt is not
# modified.
#
# The caller sets $top, by default the current directory, and $me, the prefix of
# its messages. The exit status is 77 if the archive cannot be read or lacks a
# package.

# shellcheck source=guest/failures.sh
. "${top:-.}/guest/failures.sh"

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
		apt-config dump | sed -n '/^Acquire::IndexTargets/d; /^Acquire::/p'
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
	try_apt update || fail_apt "cannot read the package archive"
}

# ARGUMENT...: run apt-get, with its messages in $apt/errors
try_apt()
{
	apt-get -qq "$@" 2>"$apt/errors"
}

# MESSAGE [LINES]: exit with the cause of the failure in $apt/errors, of which all
# lines, or the last ones, are shown. The file is empty if the disk is full.
fail_apt()
{
	[ -s "$apt/errors" ] || die "$1"
	tail -n "${2:-+1}" "$apt/errors" >&2
	_status=0
	_cause=$(explain_apt "$apt/errors") || _status=$?
	say "$1, $_cause"
	exit $((_status ? _status : 1))
}

# SUITE: print its line of sources.list. Security suites have an archive of their
# own. A system such as sid that does not use it may have it beside its archive;
# otherwise, use the plain suite.
_print_source()
{
	suite=$1
	uri=$(_list_archives | awk '$1 !~ /-security$/ { print $2; exit }')
	[ "$uri" ] || die "the archives of this system are not Debian's: select" \
		"one with SCULLV_MIRROR=URL (www.debian.org/mirror/list)"
	keys=$(find /usr/share/keyrings -name 'debian-archive-keyring.*' |
		head -n 1)
	[ "$keys" ] || die "the keys of Debian's archive are missing:" \
		"install the package debian-archive-keyring"

	case $suite in
	*-security)
		security=$(_list_archives |
			awk '$1 ~ /-security$/ { print $2; exit }')
		if [ ! "$security" ] && _has_suite "${uri%/}-security" "$suite"; then
			security=${uri%/}-security
		fi
		if [ "$security" ]; then
			uri=$security
		else
			suite=${suite%-security}
			say "no archive of $1 beside $uri: using $suite"
		fi ;;
	esac
	echo "deb [signed-by=$keys] $uri $suite main"
}

# URI SUITE: the archive has it
_has_suite()
{
	env PATH="$PATH:/usr/lib/apt" apt-helper download-file \
		"$1/dists/$2/InRelease" "$apt/InRelease" >/dev/null 2>&1
}

# Prints "SUITE URI" for each archive of Debian that the system's apt uses. Before
# the first update, apt does not know the origin of any archive.
_list_archives()
{
	if [ "${SCULLV_MIRROR-}" ]; then
		echo "any $SCULLV_MIRROR"
		return
	fi
	set -- 'Created-By: Packages' 'Component: main'
	# shellcheck disable=SC2016 # apt-get expands the fields
	known=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI) $(ORIGIN)' "$@")
	if [ "$known" ]; then
		echo "$known" | sed -n 's/ Debian$//p'
	else
		# shellcheck disable=SC2016
		apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
			--no-release-info "$@"
	fi
}

# DIR PACKAGE...: download the packages and unpack them in DIR
unpack()
{
	_dir=$1
	shift
	mkdir -p "$apt/debs"
	(cd "$apt/debs" && try_apt download "$@") ||
		fail_apt "cannot download $*"
	for deb in "$apt"/debs/*; do
		# tar reports each file
		dpkg-deb -x "$deb" "$_dir" 2>"$apt/errors" ||
			fail_apt "cannot unpack ${deb##*/}" 9
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
