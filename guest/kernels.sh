# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # the caller uses the variables
#
# Reads guest/kernels/table and guest/kernels/architectures. $top is the top
# directory of the sources, by default the current directory.

# Keep the output of programs parsable and the files of the guest readable.
export LC_ALL=C
umask 022

# Prints the names of all kernels but the debug kernels.
list_kernels()
{
	awk '/^[^#]/ && $5 != "debug" { print $1 }' \
		"${top:-.}/guest/kernels/table" | xargs
}

# Prints the first kernel of the architecture of this machine or, if there is
# none, of the table.
default_kernel()
{
	awk -v host="$(dpkg --print-architecture 2>/dev/null)" '
		/^[^#]/ && !kernel	{ kernel = $1 }
		/^[^#]/ && $2 == host	{ kernel = $1; exit }
		END			{ print kernel }
		' "${top:-.}/guest/kernels/table"
}

# TABLE KEY: print the row of that key
_print_row()
{
	awk -v key="$2" '/^[^#]/ && $1 == key' "${top:-.}/guest/kernels/$1"
}

# NAME: set the variables below to what the tables have on a kernel; exit if
# there is no such kernel
find_kernel()
{
	# shellcheck disable=SC2046 # the fields of a row
	set -- "$1" $(_print_row table "$1")
	if [ $# = 1 ]; then
		echo "unknown kernel \"$1\"; the kernels are: $(list_kernels)" \
			"kasan kcsan" >&2
		exit 1
	fi
	name=$2 architecture=$3 suites=$4 version=$5 flavour=$6

	# shellcheck disable=SC2046
	set -- $(_print_row architectures "$architecture")
	arch=$2 compiler=$3 rootfs_suite=$4 qemu=$5 qemu_package=$6
	machine=$7 cpu=$8 console=$9
	shift 9
	command_port=$1 status_port=$2 tcg_thread=$3 default_cpus=$4
}
