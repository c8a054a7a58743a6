# SPDX-License-Identifier: GPL-2.0
# The cost of a random read, by the size of the file.

rows(subject) = sprintf("< awk -F, '$1 == \"random read\" && $2 == \"%s\" && $5 ~ /^insn/' %s", \
			subject, results)

set datafile separator ","
set lmargin at screen 0.095
set rmargin at screen 0.80
set tmargin at screen 0.93
set bmargin at screen 0.13
set xlabel "size of the file"
set logscale x 2
set xrange [2.0**27:2.0**45]
set xtics nomirror ("256 MiB" 2.0**28, "32 GiB" 2.0**35, \
	"1 TiB" 2.0**40, "10 TiB" 10 * 2.0**40)
set ylabel "guest instructions for a random read of 4 KiB" offset 0.5,0
set yrange [0:4000]
set ytics 500 nomirror
set grid ytics lt 1 lc rgb "#dddddd"
set border 3
set key outside right center samplen 3 spacing 1.4

set arrow from 2.0**31.5,0 to 2.0**31.5,4000 nohead lc rgb "#999999" dt 3
set label "full" at 2.0**31.2,3900 right textcolor rgb "#555555"
set label "sparse: 512 pages of data" at 2.0**31.8,3900 left textcolor rgb "#555555"

plot rows("brd O_DIRECT") using 3:4 with linespoints lc rgb "#777777" lw 1.5 dt 2 pt 2 ps 0.85 title "brd O\\_DIRECT", \
     rows("tmpfs") using 3:4 with linespoints lc rgb "#777777" lw 1.5 dt 1 pt 6 ps 0.85 title "tmpfs", \
     rows("tmpfs huge") using 3:4 with linespoints lc rgb "#777777" lw 1.5 dt 4 pt 1 ps 0.85 title "tmpfs, huge", \
     rows("ramfs") using 3:4 with linespoints lc rgb "#999999" lw 1.5 dt 3 pt 10 ps 0.85 title "ramfs", \
     rows("scullv pages") using 3:4 with linespoints lc rgb "#b03030" lw 2 dt 1 pt 4 ps 0.85 title "scullv pages", \
     rows("scullv vmalloc") using 3:4 with linespoints lc rgb "#000000" lw 2 dt 1 pt 7 ps 0.65 title "scullv vmalloc", \
     rows("scullv huge") using 3:4 with linespoints lc rgb "#3060b0" lw 2 dt 2 pt 8 ps 0.98 title "scullv huge"
