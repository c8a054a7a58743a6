// SPDX-License-Identifier: GPL-2.0
/*
 * usage: count-errors FILE write|touch COUNT STRIDE
 *
 * Writes one byte at offset STRIDE, 2 * STRIDE and so on up to COUNT * STRIDE, or loads one
 * there through a mapping. Prints each kind of result with its number: "ok", or the name
 * of an error or a signal.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_ERRNO	4095
#define GOT_SIGBUS		MAX_ERRNO

static long results[MAX_ERRNO + 1];
static sigjmp_buf escape;

static void escape_signal(int signal)
{
	(void)signal;
	siglongjmp(escape, 1);
}

static void write_all(int fd, long count, off_t stride)
{
	long i;

	for (i = 1; i <= count; i++)
		results[pwrite(fd, "x", 1, i * stride) == 1 ? 0 : errno]++;
}

static int touch(const char *byte)
{
	if (sigsetjmp(escape, 1))
		return GOT_SIGBUS;
	__atomic_load_n(byte, __ATOMIC_RELAXED);
	return 0;
}

static void touch_all(int fd, long count, size_t stride)
{
	struct sigaction action = { .sa_handler = escape_signal };
	char *memory;
	long i;

	memory = mmap(NULL, (count + 1) * stride, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap");
	sigaction(SIGBUS, &action, NULL);
	for (i = 1; i <= count; i++)
		results[touch(memory + i * stride)]++;
}

static const char *name_of(int error)
{
	if (error == GOT_SIGBUS)
		return "SIGBUS";
	return error ? strerrorname_np(error) : "ok";
}

int main(int argc, char **argv)
{
	const char *separator = "";
	int fd, i;

	if (argc != 5)
		errx(2, "usage: count-errors FILE write|touch COUNT STRIDE");
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		err(1, "%s", argv[1]);
	if (!strcmp(argv[2], "write"))
		write_all(fd, atol(argv[3]), strtoll(argv[4], NULL, 0));
	else
		touch_all(fd, atol(argv[3]), strtoul(argv[4], NULL, 0));
	for (i = 0; i <= MAX_ERRNO; i++) {
		if (results[i]) {
			printf("%s%ld %s", separator, results[i], name_of(i));
			separator = " ";
		}
	}
	puts("");
	return 0;
}
