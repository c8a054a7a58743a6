# SPDX-License-Identifier: GPL-2.0
#
# usage: awk -f short.awk RESULTS
#
# The main figures as a table for the README.

BEGIN {
	FS = ","
	count = split("scullv vmalloc,scullv pages,scullv huge,tmpfs,brd O_DIRECT,user-space copy", subjects)
	printf "| guest instructions |"
	for (i = 1; i <= count; i++)
		printf " %s |", subjects[i]
	printf "\n| --- |"
	for (i = 1; i <= count; i++)
		printf " ---: |"
	print ""
}

$5 ~ /^insn/ { insn[$1, $2, $3] = $4 }

$1 == "memory" { insn["memory", $2, ""] += $4 }

END {
	line("read 4 KiB", "read", 4096)
	line("read 64 KiB", "read", 65536)
	line("read 1 MiB", "read", 1048576)
	line("overwrite 4 KiB", "overwrite", 4096)
	line("overwrite 64 KiB", "overwrite", 65536)
	line("overwrite 1 MiB", "overwrite", 1048576)
	line("first write 4 KiB", "first write", 4096)
	line("first write 64 KiB", "first write", 65536)
	line("first write 1 MiB", "first write", 1048576)
	line("random read of 4 KiB, 10 TiB sparse", "random read", "10995116277760")
	line("empty it of 256 MiB", "open truncating", 268435456)
	line("first touch of a mapped page, read", "fault", "read")
	line("first touch, write to a private mapping", "fault", "private write")
	line("memory beyond 1 GiB of data, KiB", "memory", "")
}

function line(text, figure, parameter,	i)
{
	printf "| %s |", text
	for (i = 1; i <= count; i++)
		printf " %s |", number(figure, subjects[i], parameter)
	print ""
}

function number(figure, subject, parameter,	text)
{
	if (!((figure, subject, parameter) in insn))
		return "–"
	text = sprintf("%.0f", insn[figure, subject, parameter])
	while (text ~ /[0-9][0-9][0-9][0-9]($|,)/)
		sub(/[0-9][0-9][0-9]($|,)/, ",&", text)
	return text
}
