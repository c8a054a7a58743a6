// SPDX-License-Identifier: GPL-2.0
/*
 * usage: exec DEVICE
 *
 * Writes a function to each of a few pages with one write(), maps and calls them; then
 * writes other functions to the same offsets and calls them through a new mapping: from
 * the first byte of the first one to the last byte of the last one. Prints the sum of
 * their results, the flag PG_arch_1 of each page after the first calls and after the
 * second write, or - if it cannot be read, and the sum of the new results.
 * Several architectures set the flag (PG_dcache_clean) when a page is coherent with the
 * instruction cache, and check it before they flush the page.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KPF_ARCH	38
#define PFN_MASK	((1ULL << 55) - 1)
#define PAGES		3
#define OFFSET		64	/* in each page */
#define CODE		8	/* bytes of a function */

static size_t page;

/* make a function that returns the number */
static void make_function(uint32_t *code, unsigned int number)
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned char *bytes = (unsigned char *)code;

	bytes[0] = 0xb8;			/* mov $number, %eax */
	memcpy(bytes + 1, &number, 4);
	bytes[5] = 0xc3;			/* ret */
#elif defined(__aarch64__)
	code[0] = 0x52800000 | number << 5;	/* mov w0, #number */
	code[1] = 0xd65f03c0;			/* ret */
#elif defined(__arm__)
	code[0] = 0xe3a00000 | number;		/* mov r0, #number */
	code[1] = 0xe12fff1e;			/* bx lr */
#elif defined(__riscv)
	code[0] = 0x00000513 | number << 20;	/* li a0, number */
	code[1] = 0x00008067;			/* ret */
#elif defined(__powerpc64__)
	code[0] = 0x38600000 | number;		/* li r3, number */
	code[1] = 0x4e800020;			/* blr */
#elif defined(__s390x__)
	code[0] = 0xa7290000 | number;		/* lghi %r2, number */
	code[1] = 0x07fe0000;			/* br %r14 */
#elif defined(__mips__)
	code[0] = 0x03e00008;			/* jr $ra */
	code[1] = 0x24020000 | number;		/* li $v0, number */
#else
#error "no function for this architecture"
#endif
}

/* read an entry of a table in /proc, if the kernel has it */
static bool get_entry(const char *file, uint64_t index, uint64_t *value)
{
	int fd = open(file, O_RDONLY);
	bool found = fd >= 0 && pread(fd, value, 8, index * 8) == 8;

	close(fd);
	return found;
}

static void write_functions(int fd, unsigned int number, off_t start, off_t end)
{
	size_t length = PAGES * page;
	char *bytes = calloc(1, length);
	int i;

	if (!bytes)
		err(1, "memory");
	for (i = 0; i < PAGES; i++)
		make_function((uint32_t *)(bytes + i * page + OFFSET), number);
	if (pwrite(fd, bytes + start, end - start, start) != end - start)
		err(1, "write");
	free(bytes);
}

/* return the sum of their results, and their page frame numbers in pfns */
static int call_functions(int fd, uint64_t pfns[PAGES])
{
	char *code;
	int i, sum = 0;

	code = mmap(NULL, PAGES * page, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (code == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < PAGES; i++) {
		char *start = code + i * page;

		sum += ((int (*)(void))(start + OFFSET))();
		pfns[i] = 0;
		get_entry("/proc/self/pagemap", (uintptr_t)start / page,
			  &pfns[i]);
		pfns[i] &= PFN_MASK;
	}
	munmap(code, PAGES * page);
	return sum;
}

static void print_flags(const uint64_t pfns[PAGES])
{
	uint64_t flags;
	int i;

	for (i = 0; i < PAGES; i++) {
		if (pfns[i] && get_entry("/proc/kpageflags", pfns[i], &flags))
			putchar(flags >> KPF_ARCH & 1 ? '1' : '0');
		else
			putchar('-');
	}
	putchar(' ');
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
	uint64_t pfns[PAGES], again[PAGES];

	if (fd < 0)
		err(2, "usage: exec DEVICE");
	page = sysconf(_SC_PAGESIZE);
	write_functions(fd, 1, 0, PAGES * page);
	printf("%d ", call_functions(fd, pfns));
	print_flags(pfns);
	write_functions(fd, 2, OFFSET, (PAGES - 1) * page + OFFSET + CODE);
	print_flags(pfns);
	printf("%d\n", call_functions(fd, again));
	return memcmp(pfns, again, sizeof(pfns)) != 0;
}
