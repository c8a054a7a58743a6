# SPDX-License-Identifier: GPL-2.0
#
# usage: awk -f table.awk RESULTS
#
# Shows the results: a table for each figure, with a line for each subject and a
# column for each parameter.

BEGIN { FS = "," }

$1 != "map" && $1 != "hypervisor" {
	table = $1 FS $5
	if (!(table in subjects))
		tables[++table_count] = table
	if (!((table, $2) in seen)) {
		seen[table, $2] = 1
		subjects[table] = subjects[table] FS $2
	}
	if (!((table, "", $3) in seen)) {
		seen[table, "", $3] = 1
		parameters[table] = parameters[table] FS $3
	}
	value[table, $2, $3] = $4
	if ($5 ~ /^insn/)
		insn[$1, $2, $3] = $4
}

END {
	title("read", "Read, a block of so many bytes")
	title("overwrite", "Overwrite, a block of so many bytes")
	title("first write", "First write, a block of so many bytes")
	title("random read", "Read 4 KiB at random, from a file of so many bytes")
	title("open", "Open")
	title("open truncating", "Open with O_TRUNC, with so many bytes there")
	title("seek data", "SEEK_DATA across a hole of so many bytes")
	title("fault", "Touch a page of a mapping")
	title("memory", "Memory beyond the data; the rest is page tables mostly")
	title("head", "head -5 /proc/scullvmem, with so many quanta there")
	title("dump", "The first lines of /proc/scullvmem, with so many quanta there")
	title("allocate", "Allocate a page, by order")
	title("free", "Free a page, by order")
	title("use", "Write over a page, by order")
	title("fragments", "Memory in fragments")
	title("stored in fragments", "Stored of 256 MiB, by order, in these fragments")
	title("readers", "Speed of two readers against that of one, a block of so many bytes")

	for (i = 1; i <= table_count; i++) {
		split(tables[i], words, FS)
		if (words[1] in titles)
			show(tables[i], titles[words[1]] ": " words[2])
	}
	show_parts()
	for (i = 1; i <= table_count; i++)
		if (tables[i] ~ /^noise/)
			show_noise(tables[i])
}

function title(figure, text)
{
	titles[figure] = text
}

function show(table, text,	names, columns, n, m, row, column)
{
	n = split(substr(subjects[table], 2), names, FS)
	m = split(substr(parameters[table], 2), columns, FS)
	if (parameters[table] == FS)
		m = 1
	printf "\n%s\n%-26s", text, ""
	for (column = 1; column <= m; column++)
		printf "%*s", width(m), size(columns[column])
	print ""
	for (row = 1; row <= n; row++) {
		printf "%-26s", names[row]
		for (column = 1; column <= m; column++)
			printf "%*s", width(m), number(table, names[row], columns[column])
		print ""
	}
}

function width(columns)
{
	return columns > 6 ? 8 : 14
}

function number(table, subject, parameter,	v, text)
{
	if (!((table, subject, parameter) in value))
		return "-"
	v = value[table, subject, parameter]
	if (table ~ /2 to 1$/)
		return v
	text = sprintf("%.0f", v)
	while (text ~ /[0-9][0-9][0-9][0-9]($|,)/)
		sub(/[0-9][0-9][0-9]($|,)/, ",&", text)
	return text
}

# "64K" for 65536; what is not such a number stays as it is
function size(text,	units, unit)
{
	if (text !~ /^[0-9]+$/ || text < 1024 || text % 1024)
		return text
	units = "KMGT"
	for (unit = 0; text >= 1024 && text % 1024 == 0; unit++)
		text /= 1024
	return text substr(units, unit, 1) "iB"
}

# What has been measured for itself is subtracted from what it is a part of.
function show_parts(	copy, zero)
{
	if (!(("part", "kernel", "area") in insn))
		return
	copy = insn["overwrite", "user-space copy", 65536]
	zero = insn["part", "kernel", "zero"]
	printf "\n%s\n%-26s%14s%14s\n", "A first write of 64 KiB and its parts: insn", \
		"", "scullv vmalloc", "scullv pages"
	part("the copy", copy, copy)
	part("the call, the lookup", over("vmalloc") - copy, over("pages") - copy)
	part("zeroing", zero, zero)
	part("page allocation", insn["part", "kernel", "singles"] - zero, \
	     insn["part", "kernel", "block"] - zero)
	part("area and page tables", insn["part", "kernel", "area"] - \
	     insn["part", "kernel", "singles"], 0)
	part("the driver's own", added("vmalloc") - insn["part", "kernel", "area"], \
	     added("pages") - insn["part", "kernel", "block"])
	part("together", over("vmalloc") + added("vmalloc"), \
	     over("pages") + added("pages"))
}

function over(allocator)
{
	return insn["overwrite", "scullv " allocator, 65536]
}

function added(allocator)
{
	return insn["first write", "scullv " allocator, 65536] - over(allocator)
}

function part(name, vmalloc, pages)
{
	printf "%-26s%14d%14d\n", name, vmalloc, pages
}

function show_noise(table,	names, columns)
{
	split(substr(subjects[table], 2), names, FS)
	split(substr(parameters[table], 2), columns, FS)
	printf "\n%d figures counted in two boots differ by %s %% at most (%s).\n", \
		columns[1], value[table, names[1], columns[1]], names[1]
}
