// SPDX-License-Identifier: GPL-2.0
/*
 * usage: ioctl [-c] FILE COMMAND [VALUE [null|readonly]]
 *
 * Makes one ioctl call with a command of scullv_ioctl.h (SORDER for SCULLV_IOCSORDER) or
 * of any number. Prints its result, a number or the name of an error, and for commands
 * that return a value through a pointer that value, which is VALUE before. The pointer can
 * be invalid. With -c the call is that of a 32-bit program on a 64-bit kernel; the exit
 * status is 77 if the machine has none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../scullv_ioctl.h"

#define COMMAND(name)	{ #name, SCULLV_IOC##name }

static const struct command {
	const char *name;
	unsigned long number;
} commands[] = {
	COMMAND(RESET),
	COMMAND(SORDER), COMMAND(TORDER), COMMAND(GORDER),
	COMMAND(QORDER), COMMAND(XORDER), COMMAND(HORDER),
	COMMAND(SQSET), COMMAND(TQSET), COMMAND(GQSET),
	COMMAND(QQSET), COMMAND(XQSET), COMMAND(HQSET),
	{ }
};

static unsigned long number_of(const char *name)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		if (!strcmp(name, command->name))
			return command->number;
	return strtoul(name, NULL, 0);
}

#ifndef MAP_32BIT
#define MAP_32BIT	0
#endif

static void no_compat_call(int number)
{
	(void)number;
	_exit(77);
}

/* Kernels without 32-bit programs send SIGSEGV. */
static int compat_ioctl(int fd, unsigned int command, unsigned int argument)
{
	int ret = -ENOSYS;

	signal(SIGSEGV, no_compat_call);
#ifdef __x86_64__
	asm volatile("int $0x80" : "=a"(ret)
		     : "a"(54), "b"(fd), "c"(command), "d"(argument)
		     : "memory", "r8", "r9", "r10", "r11");
#else
	(void)fd;
	(void)command;
	(void)argument;
#endif
	if (ret == -ENOSYS)
		no_compat_call(0);
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

int main(int argc, char **argv)
{
	size_t page = sysconf(_SC_PAGESIZE);
	const char *name, *where;
	unsigned long argument;
	bool compat;
	int *memory;
	int fd, ret;
	long value;

	compat = argc > 1 && !strcmp(argv[1], "-c");
	argc -= compat;
	argv += compat;
	if (argc < 3)
		return 2;
	name = argv[2];
	where = argc > 4 ? argv[4] : "";
	value = argc > 3 ? strtol(argv[3], NULL, 0) : 0;
	argument = value;
	fd = open(argv[1], O_RDWR);
	memory = mmap(NULL, page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | (compat ? MAP_32BIT : 0), -1, 0);
	if (fd < 0 || memory == MAP_FAILED) {
		perror(argv[1]);
		return 1;
	}
	*memory = value;
	if (!strcmp(where, "readonly"))
		mprotect(memory, page, PROT_READ);
	if (strchr("SGX", *name))
		argument = strcmp(where, "null") ? (unsigned long)memory : 0;

	if (compat)
		ret = compat_ioctl(fd, number_of(name), argument);
	else
		ret = ioctl(fd, number_of(name), argument);
	if (ret < 0)
		printf("%s", strerrorname_np(errno));
	else
		printf("%d", ret);
	if (strchr("GX", *name))
		printf(" %d", *memory);
	printf("\n");
	return 0;
}
