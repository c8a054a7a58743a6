# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # they are for who asks
#
# Looks up guest/kernels/table and guest/kernels/architectures, from the top
# folder or where $top is that.

# apt and others translate their output, and the umask would get into the guest.
export LC_ALL=C
umask 022

# prints the names of all kernels that are Debian's
all_kernels()
{
	awk '/^[^#]/ && $5 != "debug" { print $1 }' \
		"${top:-.}/guest/kernels/table" | xargs
}

# TABLE KEY
_row()
{
	awk -v key="$2" '/^[^#]/ && $1 == key' "${top:-.}/guest/kernels/$1"
}

# KERNEL: what is known about it, in the variables that are set here; one that
# there is not is the end
look_up()
{
	# shellcheck disable=SC2046 # a row is words
	set -- "$1" $(_row table "$1")
	if [ $# = 1 ]; then
		echo "no kernel '$1'; there are: $(all_kernels) kasan kcsan" >&2
		exit 1
	fi
	name=$2 architecture=$3 suites=$4 version=$5 flavour=$6

	# shellcheck disable=SC2046
	set -- $(_row architectures "$architecture")
	arch=$2 compiler=$3 programs_suite=$4 emulator=$5 emulator_package=$6
	machine=$7 cpu=$8 console=$9
	shift 9
	command_port=$1 status_port=$2 thread=$3
}
