// SPDX-License-Identifier: GPL-2.0
/*
 * usage: ioctl FILE COMMAND [VALUE [null|readonly]]
 *
 * Gives FILE one command of scullv_ioctl.h (SORDER stands for SCULLV_IOCSORDER)
 * or of any number. Tells what it has returned, a number or the name of an error,
 * and behind that, of the commands that answer through a pointer, what lies there
 * now: VALUE, where they have not answered. The pointer may be bad.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../scullv_ioctl.h"

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

int main(int argc, char **argv)
{
	size_t page = sysconf(_SC_PAGESIZE);
	const char *name = argv[2];
	const char *where = argc > 4 ? argv[4] : "";
	long value = argc > 3 ? strtol(argv[3], NULL, 0) : 0;
	unsigned long argument = value;
	int *memory;
	int fd, ret;

	fd = open(argv[1], O_RDWR);
	memory = mmap(NULL, page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || memory == MAP_FAILED) {
		perror(argv[1]);
		return 1;
	}
	*memory = value;
	if (!strcmp(where, "readonly"))
		mprotect(memory, page, PROT_READ);
	if (strchr("SGX", *name))
		argument = strcmp(where, "null") ? (unsigned long)memory : 0;

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
