// SPDX-License-Identifier: GPL-2.0
/*
 * usage: ioctl [-cir] FILE COMMAND [VALUE [null|readonly|late]]
 *
 * Makes one ioctl call with a command of scullv_ioctl.h (SORDER for SCULLV_IOCSORDER) or
 * of any number. Prints its result, a number or the name of an error, and for commands
 * that return a value through a pointer that value, which is VALUE before. The pointer can
 * be invalid; "late" delays a store to it until the end of the standard input. Fails if
 * the call changes any other memory, or accesses the page after the value.
 *
 *	-c	the call is that of a 32-bit program on a 64-bit kernel
 *	-i	FILE is only a name, the descriptor is the standard input
 *	-r	open FILE read-only
 *
 * The exit status is 77 if the machine has no 32-bit programs, or cannot delay a store.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
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

#define FILLER	0xa5	/* of the memory around the value */

static size_t page;
static unsigned char *around;	/* a page that ends with the value, before a hole */

static int *make_memory(bool low)
{
	around = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | (low ? MAP_32BIT : 0), -1, 0);
	if (around == MAP_FAILED || mprotect(around + page, page, PROT_NONE))
		err(1, "memory");
	memset(around, FILLER, page);
	return (int *)(around + page) - 1;
}

static void check_around(void)
{
	size_t i;

	for (i = 0; i < page - sizeof(int); i++)
		if (around[i] != FILLER)
			errx(1, "%zu bytes before the value: changed",
			     page - sizeof(int) - i);
}

static int userfaultfd;

static int protect(int mode)
{
	struct uffdio_writeprotect range = {
		.range = { (unsigned long)around, page },
		.mode = mode,
	};

	return ioctl(userfaultfd, UFFDIO_WRITEPROTECT, &range);
}

static void *unprotect(void *unused)
{
	while (getchar() != EOF)
		;
	if (protect(0))
		err(2, "userfaultfd");
	return unused;
}

static void delay_stores(void)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	struct uffdio_register range = {
		.range = { (unsigned long)around, page },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	pthread_t thread;

	userfaultfd = syscall(SYS_userfaultfd, 0);
	if (userfaultfd < 0 || ioctl(userfaultfd, UFFDIO_API, &api) ||
	    ioctl(userfaultfd, UFFDIO_REGISTER, &range) ||
	    protect(UFFDIO_WRITEPROTECT_MODE_WP))
		err(77, "userfaultfd");
	if (pthread_create(&thread, NULL, unprotect, NULL))
		errx(2, "cannot create a thread");
}

int main(int argc, char **argv)
{
	bool compat = false, from_stdin = false;
	const char *name, *where;
	int mode = O_RDWR, before;
	unsigned long argument;
	int *memory;
	int fd, ret;
	long value;

	while ((ret = getopt(argc, argv, "+cir")) != -1) {
		if (ret == 'c')
			compat = true;
		else if (ret == 'i')
			from_stdin = true;
		else if (ret == 'r')
			mode = O_RDONLY;
		else
			return 2;
	}
	argc -= optind - 1;
	argv += optind - 1;
	if (argc < 3)
		return 2;
	name = argv[2];
	where = argc > 4 ? argv[4] : "";
	value = argc > 3 ? strtol(argv[3], NULL, 0) : 0;
	argument = value;
	page = sysconf(_SC_PAGESIZE);
	fd = from_stdin ? STDIN_FILENO : open(argv[1], mode);
	if (fd < 0)
		err(1, "%s", argv[1]);
	memory = make_memory(compat);
	if (argc > 3)
		*memory = value;
	before = *memory;
	if (!strcmp(where, "readonly"))
		mprotect(around, page, PROT_READ);
	if (!strcmp(where, "late"))
		delay_stores();
	if (strchr("SGX", *name))
		argument = strcmp(where, "null") ? (unsigned long)memory : 0;

	if (compat)
		ret = compat_ioctl(fd, number_of(name), argument);
	else
		ret = ioctl(fd, number_of(name), argument);
	check_around();
	if (!strchr("GX", *name) && *memory != before)
		errx(1, "the value has changed");
	if (ret < 0)
		printf("%s", strerrorname_np(errno));
	else
		printf("%d", ret);
	if (strchr("GX", *name))
		printf(" %d", *memory);
	printf("\n");
	return 0;
}
