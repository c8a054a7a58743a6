# SPDX-License-Identifier: GPL-2.0
#
# usage: awk -f short.awk RESULTS
#
# The results as Markdown tables. A value that was measured several times, because
# it varies, is shown as a range.

BEGIN { FS = "," }

{
	key = $1 FS $2 FS $3
	if (!(key in low)) {
		low[key] = $4
		high[key] = $4
	}
	if ($4 < low[key])
		low[key] = $4
	if ($4 > high[key])
		high[key] = $4
	if (($1 == "read" || $1 == "map") && !($2 in is_column)) {
		is_column[$2] = 1
		columns[++column_count] = $2
	}
}

END {
	main_table()
	lines_table()
	waits_table()
	order_table()
	fragments_table()
	parts_table()
	other_values()
	exit status
}

function main_table()
{
	start_table("guest instructions", join_columns())
	row("read 64 bytes", "read", 64)
	row("read 4 KiB", "read", 4096)
	row("read 64 KiB", "read", 65536)
	row("read 1 MiB", "read", 1048576)
	row("random read of 4 KiB, 256 MiB", "random read", 268435456)
	row("random read of 4 KiB, 10 TiB sparse", "random read", "10995116277760")
	row("overwrite 64 bytes", "overwrite", 64)
	row("overwrite 4 KiB", "overwrite", 4096)
	row("overwrite 64 KiB", "overwrite", 65536)
	row("overwrite 1 MiB", "overwrite", 1048576)
	row("first write 4 KiB", "first write", 4096)
	row("first write 64 KiB", "first write", 65536)
	row("first write 1 MiB", "first write", 1048576)
	row("splice 64 KiB to a pipe", "splice", 65536)
	row("empty a file of 256 MiB", "trim", 268435456)
	row("first touch of a mapped page", "map", "read")
	row("first touch of a hole", "map", "hole")
	row("first write to a private page", "map", "private write")
	row("MAP_POPULATE, a page", "map", "populate")
	row("munmap, a page", "map", "munmap")
	row("memory beyond 1 GiB of data, KiB", "memory", "")
}

function join_columns(	i, list)
{
	for (i = 1; i <= column_count; i++)
		list = list FS columns[i]
	return substr(list, 2)
}

function start_table(title, list)
{
	heading_count = split(list, headings, FS)
	printf "\n| %s |", title
	for (i = 1; i <= heading_count; i++)
		printf " %s |", headings[i]
	printf "\n| --- |"
	for (i = 1; i <= heading_count; i++)
		printf " ---: |"
	print ""
}

# a value of each column's subject
function row(text, figure, parameter)
{
	printf "| %s |", text
	for (i = 1; i <= heading_count; i++)
		printf " %s |", value(figure, headings[i], parameter)
	end_row(text)
}

# At least one value of a row has been measured.
function end_row(text)
{
	print ""
	if (!measured)
		report_missing(text)
	measured = 0
}

function report_missing(what)
{
	print "bench/report/short.awk: " what ": no value" >"/dev/stderr"
	status = 1
}

function value(figure, subject, parameter,	key, least, most)
{
	key = figure FS subject FS parameter
	if (!(key in low))
		return "–"
	measured++
	least = number(low[key])
	most = number(high[key])
	return least == most ? least : least "–" most
}

function number(n,	text)
{
	text = sprintf(n < 100 && n != int(n) ? "%.1f" : "%.0f", n)
	while (text ~ /[0-9][0-9][0-9][0-9]($|,)/)
		sub(/[0-9][0-9][0-9]($|,)/, ",&", text)
	return text
}

function lines_table()
{
	if (!("lines" FS "tmpfs" FS "readers" in low))
		return
	start_table("cache lines that both write", \
		    "scullv vmalloc,scullv pages,tmpfs,ramfs")
	row("two readers", "lines", "readers")
	row("two overwriters", "lines", "overwriters")
	row("two first writers", "lines", "first writers")
}

function waits_table()
{
	start_table("waits for a lock, of 4,096 first writes", \
		    "scullv vmalloc,scullv pages")
	row("four writers of equal parts", "waits", "4 writers")
}

function order_table(	order)
{
	start_table("order: a page allocated / freed", "vmalloc,pages,huge")
	for (order = 0; order <= 10; order++) {
		printf "| %d |", order
		for (i = 1; i <= heading_count; i++)
			printf " %s / %s |", \
				value("allocate", headings[i], order), \
				value("free", headings[i], order)
		end_row("order " order)
	}
	start_table("guest instructions", "scullv pages of order 9")
	row("empty a device of 256 MiB", "trim", 268435456)
}

function fragments_table(	order)
{
	start_table("MiB free in", "single pages,larger blocks")
	printf "| fragmented memory | %s | %s |", \
		value("fragments", "free", "single pages"), \
		value("fragments", "free", "larger blocks")
	end_row("fragmented memory")
	start_table("MiB stored there, of 256", "vmalloc,pages,huge")
	for (order = 0; order <= 10; order++)
		row("order " order, "stored", order)
}

# What has been measured for itself is subtracted from what it is a part of.
function parts_table(	copy, zero)
{
	copy = insn("overwrite", "user-space copy", 65536)
	zero = insn("part", "kernel", "zero")
	start_table("parts of a first write of 64 KiB", "scullv vmalloc,scullv pages")
	part("the copy", copy, copy)
	part("the call, the lookup", over("vmalloc") - copy, over("pages") - copy)
	part("zeroing", zero, zero)
	part("page allocation", insn("part", "kernel", "singles") - zero, \
	     insn("part", "kernel", "block") - zero)
	part("area and page tables", insn("part", "kernel", "area") - \
	     insn("part", "kernel", "singles"), 0)
	part("the driver's own", added("vmalloc") - insn("part", "kernel", "area"), \
	     added("pages") - insn("part", "kernel", "block"))
	part("together", over("vmalloc") + added("vmalloc"), \
	     over("pages") + added("pages"))
}

function insn(figure, subject, parameter,	key)
{
	key = figure FS subject FS parameter
	if (!(key in low))
		report_missing(key)
	return low[key]
}

function over(allocator)
{
	return insn("overwrite", "scullv " allocator, 65536)
}

function added(allocator)
{
	return insn("first write", "scullv " allocator, 65536) - over(allocator)
}

function part(name, vmalloc, pages)
{
	printf "| %s | %s | %s |\n", name, number(vmalloc), number(pages)
}

function other_values()
{
	start_table("other calls", "scullv vmalloc")
	row("SEEK_DATA across a hole of 1 TiB", "seek data", "1099511627776")
	row("the first lines of /proc/scullvmem, 5 quanta", "dump", 5)
	row("the same, 100,000 quanta", "dump", 100000)
}
