// SPDX-License-Identifier: GPL-2.0
/*
 * usage: partial DEVICE TIMES
 *
 * A long write whose buffer begins with one byte on a page that is not present, followed
 * by a page that is not readable at first, so that one byte can be faulted in. The second
 * page becomes readable while the driver allocates the quantum. The write must not take
 * much longer than another one, that is, not copy byte by byte. Repeats this until TIMES
 * writes are complete. Quanta have to be large, so that their allocation takes long.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define LENGTH		(8L << 20)
#define MAX_ROUNDS	100

static const char *device;
static char *first, *second;	/* pages */
static size_t page;

static long long processor_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Make the second page readable soon after the first one is present. */
static void *unlock_second(void *unused)
{
	unsigned char resident = 0;

	while (!(resident & 1))
		if (mincore(first, page, &resident))
			err(1, "mincore");
	usleep(1000);
	if (mprotect(second, page, PROT_READ | PROT_WRITE))
		err(1, "mprotect");
	return unused;
}

static void trim_device(void)
{
	int fd = open(device, O_WRONLY | O_TRUNC);

	if (fd < 0)
		err(1, "%s", device);
	close(fd);
}

static ssize_t timed_write(int fd, long long *took)
{
	long long start = processor_time();
	ssize_t done = pwrite(fd, second - 1, 1 + LENGTH, 0);

	*took = processor_time() - start;
	return done;
}

int main(int argc, char **argv)
{
	unsigned int times, complete = 0, rounds;
	long long whole, partial;
	pthread_t thread;
	ssize_t done;
	int fd;

	if (argc != 3)
		errx(2, "usage: partial DEVICE TIMES");
	device = argv[1];
	times = strtoul(argv[2], NULL, 0);
	page = sysconf(_SC_PAGESIZE);
	first = mmap(NULL, page + LENGTH, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = open(device, O_RDWR);
	if (first == MAP_FAILED || fd < 0)
		err(1, "%s", device);
	madvise(first, page + LENGTH, MADV_NOHUGEPAGE);
	second = first + page;
	memset(first, 'b', page + LENGTH);

	trim_device();
	if (timed_write(fd, &whole) != 1 + LENGTH)
		err(1, "write");
	for (rounds = 0; complete < times; rounds++) {
		if (rounds == MAX_ROUNDS)
			errx(1, "only %u complete writes", complete);
		trim_device();
		if (madvise(first, page, MADV_DONTNEED) ||
		    mprotect(second, page, PROT_NONE))
			err(1, "memory");
		if (pthread_create(&thread, NULL, unlock_second, NULL))
			errx(1, "cannot create a thread");
		done = timed_write(fd, &partial);
		pthread_join(thread, NULL);
		if (done == 1)
			continue;	/* the second page was too late */
		if (done != 1 + LENGTH)
			err(1, "write: %zd", done);
		if (partial > 10 * whole)
			errx(1, "a write takes %lld us, after a partial fault-in %lld",
			     whole / 1000, partial / 1000);
		complete++;
	}
	return 0;
}
