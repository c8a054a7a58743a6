# SPDX-License-Identifier: GPL-2.0
#
# usage: awk -f noise.awk BOOT1 BOOT2
#
# By how much two boots differ that have counted the same: the figure that does
# most, among so many.

BEGIN { FS = OFS = "," }

{ name = $1 " " $2 " " $3 }

FNR == NR { first[name] = $4 }

FNR < NR && $5 ~ /^insn/ && first[name] > 0 {
	count++
	difference = 100 * ($4 - first[name]) / first[name]
	if (difference < 0)
		difference = -difference
	if (difference >= worst) {
		worst = difference
		where = name
	}
}

END { printf "noise,%s,%d,%.2f,%%\n", where, count, worst }
