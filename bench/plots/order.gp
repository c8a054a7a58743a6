# SPDX-License-Identifier: GPL-2.0
# The cost of a page, by the order of its quantum.

rows(figure, subject) = sprintf("< awk -F, '$1 == \"%s\" && $2 == \"%s\" && $5 ~ /^insn/' %s", \
				figure, subject, results)
zero = system(sprintf("awk -F, '$1 == \"part\" && $3 == \"zero\" { print $4 / 16 }' %s", \
		      results)) + 0

set datafile separator ","
set multiplot layout 1,2 margins 0.095,0.985,0.13,0.92 spacing 0.035
set title offset 0,-0.5
set xlabel "order"
set xrange [-0.3:10.3]
set xtics 1 nomirror
set yrange [0:4200]
set ytics 500 nomirror
set grid ytics lt 1 lc rgb "#dddddd"
set border 3
set key top right

set style line 1 lc rgb "#000000" lw 2 dt 1 pt 7 ps 0.59
set style line 2 lc rgb "#b03030" lw 2 dt 1 pt 4 ps 0.72
set style line 3 lc rgb "#3060b0" lw 2 dt 2 pt 8 ps 0.98
set style line 4 lc rgb "#777777" lw 1.5 dt 3 pt 0

set title "allocated"
set ylabel "guest instructions a page" offset 0.5,0
plot rows("allocate", "vmalloc") using 3:4 with linespoints ls 1 title "vmalloc", \
     rows("allocate", "huge") using 3:4 with linespoints ls 3 title "huge", \
     rows("allocate", "pages") using 3:4 with linespoints ls 2 title "pages", \
     zero with lines ls 4 title "zeroing alone"

unset ylabel
set format y ""
set title "freed"
plot rows("free", "vmalloc") using 3:4 with linespoints ls 1 title "vmalloc", \
     rows("free", "huge") using 3:4 with linespoints ls 3 title "huge", \
     rows("free", "pages") using 3:4 with linespoints ls 2 title "pages"
unset multiplot
