// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for the emulator: which cache lines of the kernel two processors write.
 *
 * usage: qemu-system-x86_64 -plugin lines.so,out=FILE ...
 *
 * Counts the stores of each processor to each line of 64 bytes of kernel memory,
 * in sections that begin with the instruction "xchg %bx,%bx" and end with
 * "xchg %cx,%cx". Then for each line that both processors have written it appends
 *
 *	SECTION ADDRESS COUNT CODE
 *
 * to FILE: the number of the section, from 1 on; the lower of the two counts; the
 * address of the instruction that wrote the line last. Each processor has a table
 * of its own, so nothing here needs a lock.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu-plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* -- counting -- */

#define KERNEL		0xffff800000000000ULL	/* addresses from here on */
#define CPUS		2
#define TABLE_BITS	20
#define TABLE_SIZE	(1 << TABLE_BITS)

struct line {
	uint64_t number;	/* address / 64; 0: unused */
	uint64_t stores;
	uint64_t code;
};

static struct line *tables[CPUS];
static volatile bool counting;
static int section;
static const char *out = "lines.out";

/* the entry of a line, or a free one */
static struct line *find_line(struct line *table, uint64_t number)
{
	uint64_t slot = (number * 0x9e3779b97f4a7c15ULL) >> (64 - TABLE_BITS);
	int tries;

	for (tries = 0; tries < TABLE_SIZE; tries++) {
		struct line *line = &table[slot];

		if (!line->number || line->number == number)
			return line;
		slot = (slot + 1) % TABLE_SIZE;
	}
	fprintf(stderr, "lines.so: the table is full\n");
	exit(1);
}

static void count_store(unsigned int cpu, qemu_plugin_meminfo_t info,
			uint64_t address, void *code)
{
	struct line *line;

	if (!counting || !qemu_plugin_mem_is_store(info) || address < KERNEL ||
	    cpu >= CPUS)
		return;
	line = find_line(tables[cpu], address / 64);
	line->number = address / 64;
	line->stores++;
	line->code = (uint64_t)code;
}

static void begin_section(unsigned int cpu, void *data)
{
	memset(tables[0], 0, TABLE_SIZE * sizeof(struct line));
	memset(tables[1], 0, TABLE_SIZE * sizeof(struct line));
	section++;
	counting = true;
}

static void end_section(unsigned int cpu, void *data)
{
	FILE *file = fopen(out, "a");
	int i;

	counting = false;
	if (!file) {
		perror(out);
		exit(1);
	}
	for (i = 0; i < TABLE_SIZE; i++) {
		const struct line *line = &tables[0][i];
		const struct line *other = find_line(tables[1], line->number);
		uint64_t least = line->stores < other->stores ?
				 line->stores : other->stores;

		if (least)
			fprintf(file, "%d %llx %llu %llx\n", section,
				(unsigned long long)line->number * 64,
				(unsigned long long)least,
				(unsigned long long)line->code);
	}
	fclose(file);
}

/* -- instrumenting what the emulator translates -- */

static bool is(const struct qemu_plugin_insn *insn, const char *bytes)
{
	return qemu_plugin_insn_size(insn) == 3 &&
	       !memcmp(qemu_plugin_insn_data(insn), bytes, 3);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i;

	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t code = qemu_plugin_insn_vaddr(insn);

		if (code >= KERNEL)
			qemu_plugin_register_vcpu_mem_cb(insn, count_store,
							 QEMU_PLUGIN_CB_NO_REGS,
							 QEMU_PLUGIN_MEM_RW,
							 (void *)code);
		else if (is(insn, "\x66\x87\xdb"))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin_section,
							       QEMU_PLUGIN_CB_NO_REGS,
							       NULL);
		else if (is(insn, "\x66\x87\xc9"))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end_section,
							       QEMU_PLUGIN_CB_NO_REGS,
							       NULL);
	}
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info *info,
					   int argc, char **argv)
{
	if (argc > 0 && !strncmp(argv[0], "out=", 4))
		out = strdup(argv[0] + 4);
	tables[0] = calloc(TABLE_SIZE, sizeof(struct line));
	tables[1] = calloc(TABLE_SIZE, sizeof(struct line));
	if (!tables[0] || !tables[1]) {
		perror("lines.so");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
