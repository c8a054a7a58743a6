// SPDX-License-Identifier: GPL-2.0
/*
 * usage: rounds DEVICE ROUNDS
 *
 * Trims DEVICE with a write-only open and writes one byte, ROUNDS times.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long rounds;
	int fd;

	if (argc != 3)
		errx(2, "usage: rounds DEVICE ROUNDS");
	for (rounds = atol(argv[2]); rounds; rounds--) {
		fd = open(argv[1], O_WRONLY);
		if (fd < 0 || write(fd, "x", 1) != 1)
			err(1, "%s", argv[1]);
		close(fd);
	}
	return 0;
}
