// SPDX-License-Identifier: GPL-2.0
/*
 * usage: fragment DEVICE DEVICE
 *
 * Writes one page to each DEVICE in turn until no memory is left. If a quantum has one
 * page, a trim of one device leaves half of the memory free and fragmented.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long page = sysconf(_SC_PAGESIZE);
	char *data = calloc(1, page);
	int fds[2], i;

	if (argc != 3 || !data)
		errx(1, "usage: fragment DEVICE DEVICE");
	for (i = 0; i < 2; i++) {
		fds[i] = open(argv[1 + i], O_WRONLY);
		if (fds[i] < 0)
			err(1, "%s", argv[1 + i]);
	}
	for (i = 0; write(fds[i], data, page) == page; i = !i)
		;
	if (errno != ENOMEM)
		err(1, "%s", argv[1 + i]);
	return 0;
}
