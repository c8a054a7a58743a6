# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Finds the cause of a failure that other programs report in many ways. The caller
# defines the function say.

# LOG: print the cause of a failure of apt, with the remedy. The exit status is
# 77 if the package archive does not answer or is not consistent. sudo may warn that
# it cannot resolve the name of this machine, which is harmless.
explain_apt()
{
	case $(grep -v '^sudo: unable to resolve host' "$1") in
	*"No space left"* | *"enough free space"* | *"Disk quota exceeded"*)
		echo "no space left on the disk: free some, or select another" \
			"directory with SCULLV_CACHE=DIR" ;;
	*"not in the sudoers file"* | *"not allowed to execute"* | \
		*"may not run sudo"* | *"a password is required"* | \
		*"a terminal is required"* | *"incorrect password attempt"*)
		echo "this user cannot run sudo" ;;
	*"dpkg was interrupted"*)
		echo "an earlier installation was interrupted: run \"dpkg" \
			"--configure -a\" first" ;;
	*"Could not get lock"* | *"Unable to acquire"*lock*)
		echo "another program is installing packages: wait for it" ;;
	*NO_PUBKEY* | *"public key is not available"* | *"Missing key"* | *"is not signed"*)
		echo "the keys of the package archive are missing: install the" \
			"newest package debian-archive-keyring" ;;
	*"is not valid yet"*)
		echo "the clock of this machine is behind: set it" ;;
	*"is expired"* | *"Release file"*"expired"*)
		echo "the lists of the package archive are out of date, or the" \
			"clock of this machine is ahead"
		return 77 ;;
	*"ertificate verif"* | *"No system certificates"*)
		echo "the certificate of the package archive cannot be" \
			"verified: install the package ca-certificates" ;;
	*"Hash Sum mismatch"* | *"unexpected size"* | *"sync in progress"* | \
		*" 50"[0-9]" "* | *"403 "* | *"429 "*)
		echo "the package archive is incomplete at the moment: try" \
			"again later, or select another with SCULLV_MIRROR=URL"
		return 77 ;;
	*" resolv"* | *"Could not connect"* | *"nable to connect"* | \
		*"cannot initiate the connection"* | *"Cannot initiate the connection"* | \
		*"onnection timed out"* | *"onnection failed"* | *"unreachable"* | \
		*"onnection refused"*)
		echo "no connection to the package archive: check the network," \
			"or select another archive with SCULLV_MIRROR=URL"
		return 77 ;;
	*"have a Release file"*)
		echo "this is not an archive of Debian, it lacks the suite, or" \
			"it does not answer: select another with" \
			"SCULLV_MIRROR=URL" ;;
	*"404 "* | *"nable to fetch"* | *"Failed to fetch"*)
		echo "the package archive lacks a file that it lists: try again" \
			"later, or select another with SCULLV_MIRROR=URL"
		return 77 ;;
	*"Unable to locate package"* | *"no installation candidate"* | \
		*"Can't select"*" version"*)
		echo "the package archive lacks a package"
		return 77 ;;
	*)	echo "see the messages above" ;;
	esac
}

# DIR VARIABLE: if the file system of DIR is full, name VARIABLE as the remedy
report_full_disk()
{
	[ -d "$1" ] || return 0
	_error=$( (head -c 1048576 /dev/zero >"$1/probe") 2>&1) || :
	rm -f "$1/probe"
	case $_error in
	*"No space left"* | *quota*)
		say "no space left in $1: free some, or select another" \
			"directory with $2=DIR" ;;
	esac
}
