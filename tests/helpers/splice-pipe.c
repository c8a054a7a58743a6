// SPDX-License-Identifier: GPL-2.0
/*
 * usage: splice-pipe DEVICE PAGES OFFSET LENGTH
 *
 * Splices LENGTH bytes at OFFSET from the device into a pipe with room for PAGES pages,
 * without waiting. Prints the count or the name of the error.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long page = sysconf(_SC_PAGESIZE), used;
	int pipes[2], fd;
	loff_t offset;
	ssize_t done;
	char *bytes;

	if (argc != 5)
		errx(2, "usage: splice-pipe DEVICE PAGES OFFSET LENGTH");
	fd = open(argv[1], O_RDONLY);
	bytes = calloc(1, page);
	if (fd < 0 || !bytes || pipe2(pipes, O_NONBLOCK))
		err(2, "%s", argv[1]);

	used = fcntl(pipes[0], F_GETPIPE_SZ) / page - atol(argv[2]);
	for (; used > 0; used--)
		if (write(pipes[1], bytes, page) != page)
			err(2, "pipe");

	offset = strtoll(argv[3], NULL, 0);
	done = splice(fd, &offset, pipes[1], NULL, strtoul(argv[4], NULL, 0),
		      SPLICE_F_NONBLOCK);
	if (done < 0)
		puts(strerrorname_np(errno));
	else
		printf("%zd\n", done);
	return 0;
}
