# SPDX-License-Identifier: GPL-2.0
# What reading and writing a KiB costs, by the size of the blocks.

# a copy has no first write: it is drawn as a floor
rows(figure, subject) = sprintf("< awk -F, '$1 == \"%s\" && $2 == \"%s\" && $5 ~ /^insn/' %s", \
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
set style line 9 lc rgb "#999999" lw 1.5 dt 3 pt 3 ps 0.72

# an entry of the key each: name, in the results and here, and style
subjects = "'brd' 'brd O_DIRECT' 'tmpfs' 'scullv vmalloc' 'scullv pages' 'scullv huge' '/dev/zero' '/dev/null' 'user-space copy'"
names = "'brd, cached' 'brd, O\\_DIRECT' 'tmpfs' 'scullv vmalloc' 'scullv pages' 'scullv huge' '/dev/zero' '/dev/null' 'a copy in user space'"
styles = "6 5 4 1 2 3 7 9 8"

# what there is of them in each panel
panels = "'read' 'overwrite' 'first write'"
there = "'1 2 3 4 5 6 7 9' '1 2 3 4 5 6 8 9' '1 2 3 4 5 6 9'"

do for [panel = 1:3] {
	figure = word(panels, panel)
	set title figure
	set lmargin at screen 0.085 + (panel - 1) * 0.31
	set rmargin at screen 0.365 + (panel - 1) * 0.31
	plot for [i in word(there, panel)] \
		rows(figure, word(subjects, i + 0)) using ($3 / 1024):($4 / $3 * 1024) \
		with linespoints ls word(styles, i + 0) + 0
	unset ylabel
	set format y ""
}

# the key of all three, in a plot of its own that shows nothing else
unset title
unset border
unset tics
unset xlabel
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 0.18
set bmargin at screen 0
set key at screen 0.53,0.15 top horizontal center Left reverse width 2 maxcols 3 samplen 3
plot for [i = 1:9] NaN with linespoints ls word(styles, i) + 0 title word(names, i)
unset multiplot
