# SPDX-License-Identifier: GPL-2.0
# The cost of reading and writing a KiB, by the size of the block. Blocks of less
# than a page are left out.

# a copy has no first write: it is drawn as a floor
rows(figure, subject) = sprintf("< awk -F, '$1 == \"%s\" && $2 == \"%s\" && $3 >= 4096' %s", \
				subject eq "user-space copy" ? "overwrite" : figure, \
				subject, results)

set datafile separator ","
set multiplot
set tmargin at screen 0.92
set bmargin at screen 0.29
set title offset 0,-0.5
set logscale x 2
set xrange [3:1400]
set xtics nomirror ("4" 4, "16" 16, "64" 64, "256" 256, "1024" 1024)
set xlabel "block, KiB" offset 0,0.3
set logscale y
set yrange [90:4000]
set ylabel "guest instructions a KiB (log scale)" offset 1,0
set ytics nomirror (100, 200, 500, 1000, 2000)
set grid ytics lt 1 lc rgb "#dddddd"
set border 3
unset key

set style line 1 lc rgb "#000000" lw 2 dt 1 pt 7 ps 0.45
set style line 2 lc rgb "#b03030" lw 1.5 dt 1 pt 4 ps 0.85
set style line 3 lc rgb "#3060b0" lw 1.5 dt 2 pt 8 ps 1.3
set style line 4 lc rgb "#777777" lw 1.5 dt 1 pt 6 ps 0.72
set style line 5 lc rgb "#777777" lw 1.5 dt 2 pt 2 ps 0.72
set style line 6 lc rgb "#777777" lw 1.5 dt 4 pt 1 ps 0.72
set style line 7 lc rgb "#999999" lw 1.5 dt 3 pt 10 ps 0.72
set style line 8 lc rgb "#000000" lw 2 dt 3 pt 0

# one entry of the key each: name in the results, name here, style
subjects = "'brd O_DIRECT' 'tmpfs' 'tmpfs huge' 'ramfs' 'scullv vmalloc' 'scullv pages' 'scullv huge' 'user-space copy'"
names = "'brd, O\\_DIRECT' 'tmpfs' 'tmpfs, huge=always' 'ramfs' 'scullv vmalloc' 'scullv pages' 'scullv huge' 'a copy in user space'"
styles = "5 4 6 7 1 2 3 8"

panels = "'read' 'overwrite' 'first write'"

do for [panel = 1:3] {
	figure = word(panels, panel)
	set title figure
	set lmargin at screen 0.085 + (panel - 1) * 0.31
	set rmargin at screen 0.365 + (panel - 1) * 0.31
	plot for [i = 1:8] \
		rows(figure, word(subjects, i)) using ($3 / 1024):($4 / $3 * 1024) \
		with linespoints ls word(styles, i) + 0
	unset ylabel
	set format y ""
}

# the key of all three panels, in a plot that shows nothing else
unset title
unset border
unset tics
unset xlabel
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 0.18
set bmargin at screen 0
set key at screen 0.53,0.15 top horizontal center Left reverse width 2 maxcols 3 samplen 3
plot for [i = 1:8] NaN with linespoints ls word(styles, i) + 0 title word(names, i)
unset multiplot
