// SPDX-License-Identifier: GPL-2.0
/*
 * usage: set-geometry N TIMES ACTION OTHER
 *
 * Two threads concurrently set the geometry of /dev/scullvN, TIMES times each. The actions
 * set different fields, so each checks the value after it was set, unless stated otherwise:
 *
 *	order	by ioctl, with each command in turn
 *	qset	in sysfs
 *	alloc	in sysfs
 *	reset	by ioctl: sets order and qset, which are not checked then
 *	large	in sysfs: the order of 1 GiB, and 0 again
 *	pages	in sysfs: alloc=pages, and vmalloc again. Either fails with EINVAL while
 *		the other one applies: "pages" has no blocks of 1 GiB.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../scullv_ioctl.h"

static const char *number;	/* of the device */
static unsigned int times;
static bool checks = true;
static pthread_barrier_t barrier;
static int fd;

static void set_order(unsigned int n)
{
	int order = n % 4, value = order, ret;

	switch (n % 3) {
	case 0:
		ret = ioctl(fd, SCULLV_IOCTORDER, order);
		break;
	case 1:
		ret = ioctl(fd, SCULLV_IOCSORDER, &value);
		break;
	default:
		ret = ioctl(fd, SCULLV_IOCXORDER, &value);
		break;
	}
	if (ret)
		err(1, "order");
	ret = ioctl(fd, SCULLV_IOCQORDER);
	if (checks && ret != order)
		errx(1, "round %u: order is %d, not %d", n, ret, order);
}

static void reset_geometry(unsigned int n)
{
	if (ioctl(fd, SCULLV_IOCRESET))
		err(1, "round %u: RESET", n);
}

static int open_attribute(const char *name, int flags)
{
	char path[64];
	int file;

	snprintf(path, sizeof(path), "/sys/class/scullv/scullv%s/%s", number, name);
	file = open(path, flags);
	if (file < 0)
		err(1, "%s", path);
	return file;
}

/* returns false if the value is invalid */
static bool write_attribute(const char *name, const char *value)
{
	ssize_t len = strlen(value);
	int file = open_attribute(name, O_WRONLY);
	ssize_t ret = write(file, value, len);

	if (ret != len && !(ret < 0 && errno == EINVAL))
		err(1, "%s=%s", name, value);
	close(file);
	return ret == len;
}

static void read_attribute(const char *name, char *value, size_t size)
{
	int file = open_attribute(name, O_RDONLY);

	if (read(file, value, size) < 0)
		err(1, "%s", name);
	close(file);
}

static void set_attribute(const char *name, const char *value)
{
	char got[16] = "";

	if (!write_attribute(name, value))
		errx(1, "%s: %s is invalid", name, value);
	read_attribute(name, got, sizeof(got) - 1);
	if (checks && strcmp(got, value))
		errx(1, "%s is %s, not %s", name, got, value);
}

static void set_qset(unsigned int n)
{
	char value[16];

	snprintf(value, sizeof(value), "%u\n", 1 + n % 1000);
	set_attribute("qset", value);
}

static void set_alloc(unsigned int n)
{
	static const char * const names[] = { "vmalloc\n", "pages\n", "huge\n" };

	set_attribute("alloc", names[n % 3]);
}

static void set_large(unsigned int n)
{
	char value[16];

	(void)n;
	snprintf(value, sizeof(value), "%d", 30 - __builtin_ctzl(sysconf(_SC_PAGESIZE)));
	write_attribute("order", value);
	write_attribute("order", "0");
}

static void set_pages(unsigned int n)
{
	char order[16] = "";

	if (!write_attribute("alloc", "pages"))
		return;
	read_attribute("order", order, sizeof(order) - 1);
	if (strcmp(order, "0\n"))
		errx(1, "round %u: pages of order %s", n, order);
	write_attribute("alloc", "vmalloc");
}

static const struct action {
	const char *name;
	void (*act)(unsigned int n);
} actions[] = {
	{ "order", set_order },
	{ "qset", set_qset },
	{ "alloc", set_alloc },
	{ "reset", reset_geometry },
	{ "large", set_large },
	{ "pages", set_pages },
	{ }
};

static void *run(void *name)
{
	const struct action *action;
	unsigned int n;

	for (action = actions; action->name; action++)
		if (!strcmp(action->name, name))
			break;
	if (!action->name)
		errx(2, "invalid action %s", (char *)name);
	pthread_barrier_wait(&barrier);
	for (n = 0; n < times; n++)
		action->act(n);
	return NULL;
}

int main(int argc, char **argv)
{
	char device[32];
	pthread_t thread;

	if (argc != 5)
		errx(2, "usage: set-geometry N TIMES ACTION OTHER");
	number = argv[1];
	times = strtoul(argv[2], NULL, 0);
	checks = strcmp(argv[3], "reset") && strcmp(argv[4], "reset");
	snprintf(device, sizeof(device), "/dev/scullv%s", number);
	fd = open(device, O_RDWR);
	if (fd < 0)
		err(1, "%s", device);

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, run, argv[3]))
		errx(1, "cannot create a thread");
	run(argv[4]);
	pthread_join(thread, NULL);
	return 0;
}
