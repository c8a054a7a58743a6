// SPDX-License-Identifier: GPL-2.0
/*
 * usage: exhaust GROUP write FILE LENGTH STRIDE COUNT
 *	  exhaust GROUP touch FILE STRIDE COUNT
 *
 * Joins GROUP, a directory of cgroup2, and uses up its memory. The memory of the program
 * itself is allocated and locked before. Writes LENGTH bytes at offset 0, STRIDE,
 * 2 * STRIDE and so on, or stores one byte at each of these through a shared mapping,
 * whose page tables are allocated before.
 *
 * The exit status is 0 if all COUNT writes succeed, else the error number of the first
 * failure. A failed store ends with SIGBUS.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char *path;
static char data[65536];

static int open_file(void)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

static void store(char *byte)
{
	__atomic_store_n(byte, 'w', __ATOMIC_RELAXED);
}

static void join(const char *group)
{
	char procs[256];
	int fd;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
	fd = open(procs, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		err(2, "%s", procs);
}

static int write_all(const char *group, size_t length, off_t stride, long count)
{
	int fd = open_file();
	ssize_t done;
	size_t written;
	long i;

	if (length > sizeof(data))
		errx(2, "LENGTH must be %zu at most", sizeof(data));
	join(group);
	for (i = 0; i < count; i++) {
		for (written = 0; written < length; written += done) {
			done = pwrite(fd, data, length - written,
				      i * stride + written);
			if (done < 0)
				return errno;
		}
	}
	return 0;
}

static int touch_all(const char *group, size_t stride, long count)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t table = page / sizeof(long) * page;
	char *memory;
	int fd = open_file();
	size_t pos;
	long i;

	if (pwrite(fd, "w", 1, count * stride - 1) != 1)
		err(2, "write");
	memory = mmap(NULL, count * stride, PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	if (memory == MAP_FAILED)
		err(2, "mmap");
	for (pos = 0; pos < count * stride; pos += table)
		store(memory + pos);
	store(memory + count * stride - 1);
	join(group);
	for (i = 0; i < count; i++)
		store(memory + i * stride);
	return 0;
}

int main(int argc, char **argv)
{
	if (mlockall(MCL_CURRENT))
		err(2, "mlockall");
	/* do_coredump() would charge the full group, even if it writes no core */
	if (prctl(PR_SET_DUMPABLE, 0))
		err(2, "prctl");
	if (argc == 7 && !strcmp(argv[2], "write")) {
		path = argv[3];
		return write_all(argv[1], strtoul(argv[4], NULL, 0),
				 strtoll(argv[5], NULL, 0), atol(argv[6]));
	}
	if (argc == 6 && !strcmp(argv[2], "touch")) {
		path = argv[3];
		return touch_all(argv[1], strtoul(argv[4], NULL, 0),
				 atol(argv[5]));
	}
	errx(2, "usage: exhaust GROUP write|touch FILE ...");
}
