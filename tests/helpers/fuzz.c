// SPDX-License-Identifier: GPL-2.0
/*
 * usage: fuzz DEVICE SEED CALLS
 *
 * Makes CALLS random ioctl calls on DEVICE with random arguments. Half of the commands are
 * arbitrary, half are those of the driver or differ little; nearly valid numbers and
 * pointers are frequent. Has to run without privileges: each command of the driver then
 * has a known result, and the geometry does not change.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../scullv_ioctl.h"
#include "random.h"

static char *memory;		/* a page after a read-only one, before a hole */
static size_t page;
static int fd, order, qset;

static unsigned int pick_command(void)
{
	switch (pick(4)) {
	case 0:		/* the magic, any number, direction and size */
		return _IOC(pick(4), SCULLV_IOC_MAGIC, pick(256), pick(16));
	case 1:		/* valid, or with one bit changed */
		return _IOC(pick(4), SCULLV_IOC_MAGIC, pick(13), 4 * pick(2)) ^
		       pick(2) << pick(32);
	default:
		return pick(1ULL << 32);
	}
}

static unsigned long pick_argument(void)
{
	switch (pick(6)) {
	case 0:		/* a value */
		return pick(1000);
	case 1:		/* valid memory, or the end of it */
		return (unsigned long)memory + page - pick(12);
	case 2:		/* read-only memory */
		return (unsigned long)memory - 4 * pick(3);
	case 3:		/* around the end of user space */
		return (LONG_MAX & -page) + pick(2 * page) - page;
	case 4:
		return -1UL - pick(LONG_MAX);
	default:
		return pick(ULLONG_MAX);
	}
}

/* check the result of a command of the driver; others depend on the kernel */
static int is_valid(unsigned int command, int ret)
{
	switch (command) {
	case SCULLV_IOCGORDER:
	case SCULLV_IOCGQSET:
		return !ret || errno == EFAULT;
	case SCULLV_IOCQORDER:
		return ret == order;
	case SCULLV_IOCQQSET:
		return ret == qset;
	case SCULLV_IOCRESET:
	case SCULLV_IOCSORDER:
	case SCULLV_IOCTORDER:
	case SCULLV_IOCXORDER:
	case SCULLV_IOCHORDER:
	case SCULLV_IOCSQSET:
	case SCULLV_IOCTQSET:
	case SCULLV_IOCXQSET:
	case SCULLV_IOCHQSET:
		return ret < 0 && errno == EPERM;
	}
	return _IOC_TYPE(command) != SCULLV_IOC_MAGIC ||
	       (ret < 0 && errno == ENOTTY);
}

int main(int argc, char **argv)
{
	unsigned long long calls;
	char *map;

	if (argc != 4)
		errx(2, "usage: fuzz DEVICE SEED CALLS");
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		err(1, "%s", argv[1]);
	random_state = strtoull(argv[2], NULL, 0) ?: 1;
	page = sysconf(_SC_PAGESIZE);
	map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		err(1, "mmap");
	memory = map + page;
	if (mprotect(map, page, PROT_READ) || munmap(memory + page, page))
		err(1, "mprotect, munmap");
	order = ioctl(fd, SCULLV_IOCQORDER);
	qset = ioctl(fd, SCULLV_IOCQQSET);

	for (calls = strtoull(argv[3], NULL, 0); calls; calls--) {
		unsigned int command = pick_command();
		unsigned long argument = pick_argument();
		int ret = ioctl(fd, command, argument);

		if (!is_valid(command, ret))
			errx(1, "ioctl(%#x, %#lx) returned %d, %s", command,
			     argument, ret, ret < 0 ? strerror(errno) : "no error");
	}
	if (ioctl(fd, SCULLV_IOCQORDER) != order ||
	    ioctl(fd, SCULLV_IOCQQSET) != qset)
		errx(1, "the geometry has changed");
	return 0;
}
