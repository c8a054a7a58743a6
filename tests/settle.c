// SPDX-License-Identifier: GPL-2.0
/*
 * usage: settle N TIMES
 *
 * Two threads set the geometry of /dev/scullvN at the same time, TIMES times each:
 * one its order, by ioctl, the other its qset, in sysfs. Each of them finds what it
 * has set, as nobody else sets that.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../scullv_ioctl.h"

static char device[32], attribute[64];
static unsigned int times;
static pthread_barrier_t barrier;

static void *set_order(void *unused)
{
	int fd = open(device, O_RDWR);
	unsigned int n;
	int order;

	if (fd < 0)
		err(1, "%s", device);
	pthread_barrier_wait(&barrier);
	for (n = 0; n < times; n++) {
		order = n % 4;
		if (n & 1 ? ioctl(fd, SCULLV_IOCTORDER, order) :
			    ioctl(fd, SCULLV_IOCSORDER, &order))
			err(1, "order");
		if (ioctl(fd, SCULLV_IOCQORDER) != order)
			errx(1, "round %u: order is %d, not %d", n,
			     ioctl(fd, SCULLV_IOCQORDER), order);
	}
	return unused;
}

static void *set_qset(void *unused)
{
	int fd = open(attribute, O_RDWR);
	char text[16], got[16];
	unsigned int n;
	ssize_t len;

	if (fd < 0)
		err(1, "%s", attribute);
	pthread_barrier_wait(&barrier);
	for (n = 0; n < times; n++) {
		len = snprintf(text, sizeof(text), "%u\n", 1 + n % 1000);
		if (pwrite(fd, text, len, 0) != len)
			err(1, "qset");
		if (pread(fd, got, sizeof(got), 0) != len ||
		    memcmp(got, text, len))
			errx(1, "round %u: qset is %.*s, not %s", n, (int)len,
			     got, text);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 3)
		errx(2, "usage: settle N TIMES");
	snprintf(device, sizeof(device), "/dev/scullv%s", argv[1]);
	snprintf(attribute, sizeof(attribute), "/sys/class/scullv/scullv%s/qset",
		 argv[1]);
	times = strtoul(argv[2], NULL, 0);
	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, set_order, NULL))
		errx(1, "no thread");
	set_qset(NULL);
	pthread_join(thread, NULL);
	return 0;
}
