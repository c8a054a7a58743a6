# SPDX-License-Identifier: GPL-2.0
#
# usage: awk -f lines.awk SECTIONS LINES
#
# Counts the cache lines that two processors write. SECTIONS has one line for each
# section, in order: section,SUBJECT,WHAT,CALLS,calls. LINES is from the plugin, see
# lines.c. A line counts when both processors write it at least once in 32 calls.
# Left out are lines that they write while they do nothing with the file, which are
# the timer's, and the vmalloc area, for the stacks of kernel threads that move from
# one processor to the other.

FNR == NR {
	split($0, words, ",")
	if (words[1] == "section") {
		what[++count] = words[3]
		name[count] = words[2] "," words[3]
		least[count] = words[4] / 32
	}
	next
}

what[$1] == "nothing" { idle[$2] = 1 }

$3 >= least[$1] && $2 !~ /^ffffc9/ { section_of[++found] = $1; address[found] = $2 }

END {
	for (i = 1; i <= found; i++)
		if (!(address[i] in idle))
			lines[section_of[i]]++
	for (section = 1; section <= count; section++)
		if (what[section] != "nothing")
			printf "lines,%s,%d,lines\n", name[section], lines[section]
}
