// SPDX-License-Identifier: GPL-2.0
/* Sets the order of a device. A trim applies it. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../scullv_ioctl.h"

int main(void)
{
	int fd = open("/dev/scullv0", O_RDWR);
	int order = 9;

	/* exchange: in the new value, out the old one */
	if (fd < 0 || ioctl(fd, SCULLV_IOCXORDER, &order))
		err(1, "/dev/scullv0");
	printf("was %d, is %d\n", order, ioctl(fd, SCULLV_IOCQORDER));
	close(open("/dev/scullv0", O_WRONLY));
	return 0;
}
