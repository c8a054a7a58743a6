# SPDX-License-Identifier: GPL-2.0
# The addresses of items, qsets and quanta, for the devices of the book's two snapshots.

rows(subject, what, range) = sprintf("< awk -F, '$1 == \"place\" && $2 == \"%s\" && $3 ~ /%s/ && $5 ~ /%s/' %s", \
				     subject, what, range, results)
direct = "ffff888"
area = "ffffc90"
quantum = "^[0-9]"

set datafile separator ","
set multiplot
set border 3
set tics nomirror
unset key

# above, all of them: a row for each kind
set tmargin at screen 0.94
set bmargin at screen 0.585
set yrange [0.3:7.7]
set grid ytics lt 1 lc rgb "#dddddd"
set style line 1 lc rgb "#000000" pt 6 ps 0.85 lw 1.5
set style line 2 lc rgb "#000000" pt 4 ps 0.85 lw 1.5
set style line 3 lc rgb "#3060b0" pt 1 ps 0.52 lw 1

set lmargin at screen 0.175
set rmargin at screen 0.60
set title "direct map" offset 0,-0.6
set xlabel "GiB from ffff888000000000" offset 0,0.4
set xtics 1
set xrange [0:*]
set ytics ("quanta" 5, "qsets" 6, "items" 7, "quanta" 1, "qset" 2, "item" 3)
set label 1 "pages\norder 0" at screen 0.05,0.865 center
set label 2 "vmalloc\norder 4" at screen 0.05,0.69 center
plot rows("pages order 0", "item", direct) using ($4 / 2**30):(7) ls 1, \
     rows("pages order 0", "qset", direct) using ($4 / 2**30):(6) ls 2, \
     rows("pages order 0", quantum, direct) using ($4 / 2**30):(5) ls 3, \
     rows("vmalloc order 4", "item", direct) using ($4 / 2**30):(3) ls 1, \
     rows("vmalloc order 4", "qset", direct) using ($4 / 2**30):(2) ls 2
unset label

set lmargin at screen 0.65
set rmargin at screen 0.97
set title "vmalloc area"
set xlabel "MiB from ffffc90000000000"
set xtics 4
set xrange [0:*]
set format y ""
set ytics ("" 1, "" 2, "" 3, "" 5, "" 6, "" 7)
plot rows("vmalloc order 4", quantum, area) using ($4 / 2**20):(1) ls 3

# below, the first quanta in order
set format y "%.1f"
set tmargin at screen 0.42
set bmargin at screen 0.10
set xlabel "quantum"
set ytics auto nomirror

set lmargin at screen 0.115
set rmargin at screen 0.50
set offsets 0, 0, 0.03, 0.03
set title "pages, order 0: wherever one was free"
set xrange [-1:63.5]
set xtics 8
set yrange [*:*]
set ylabel "GiB from ffff888000000000" offset 0.5,0
plot rows("pages order 0", quantum, direct) using 3:($4 / 2**30) \
	with points lc rgb "#3060b0" pt 7 ps 0.45

set lmargin at screen 0.65
set offsets 0, 0, 0, 0
set title "vmalloc, order 4: side by side"
set rmargin at screen 0.97
set format y "%.0f"
set xrange [-0.6:7.5]
set xtics 1
set ylabel "KiB from the first" offset 0.5,0
set yrange [0:*]
set ytics auto
set style fill solid 0.35 border lc rgb "#000000"
address(n) = real(system(sprintf("awk -F, '$1 == \"place\" && $2 == \"vmalloc order 4\" && $3 == \"%d\" { print $4 }' %s", n, results)))
first = address(0)
gap = (address(1) - first) / 1024 + 66
set label 3 "a guard page, 4 KiB" at 3.2,gap - 34 left
set arrow 3 from 3.1,gap - 34 to 1.5,gap lw 1
plot rows("vmalloc order 4", quantum, area) \
	using 3:(0):($3 - 0.5):($3 + 0.5):(($4 - first) / 1024):(($4 - first) / 1024 + 64) \
	with boxxyerror lc rgb "#3060b0"
unset multiplot
