// SPDX-License-Identifier: GPL-2.0
/*
 * usage: trim-race DEVICE write|append LENGTH TIMES
 *
 * A write of LENGTH bytes and a concurrent trim, repeated until the trim has taken place
 * during the write TIMES times. That write has to return a short count and leave nothing.
 * A write before or after the trim has to return the full count and leave nothing or all.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROUNDS	5000

static const char *device;
static size_t length;
static char *bytes;
static pthread_barrier_t barrier;
static long long delay;		/* from the start of the call to the trim */

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int open_device(int flags)
{
	int fd = open(device, flags);

	if (fd < 0)
		err(1, "%s", device);
	return fd;
}

static void *trimmer(void *unused)
{
	long long start;

	for (;;) {
		pthread_barrier_wait(&barrier);
		start = now();
		while (now() - start < delay)
			;
		close(open_device(O_WRONLY));
		pthread_barrier_wait(&barrier);
	}
	return unused;
}

static bool check(int fd, ssize_t done, char *buffer)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (done <= 0)
		err(1, "write: %zd", done);
	if (size && (size != (off_t)length || done != (ssize_t)length))
		errx(1, "wrote %zd of %zu bytes, the size is %lld", done, length,
		     (long long)size);
	if (size && (pread(fd, buffer, length, 0) != size ||
		     memcmp(buffer, bytes, length)))
		errx(1, "wrong data");
	return done != (ssize_t)length;
}

int main(int argc, char **argv)
{
	unsigned int times, short_writes = 0, rounds;
	long long took = 0, start;
	pthread_t thread;
	char *buffer;
	ssize_t done;
	int fd;

	if (argc != 5)
		errx(2, "usage: trim-race DEVICE write|append LENGTH TIMES");
	device = argv[1];
	fd = open_device(O_RDWR | (*argv[2] == 'a' ? O_APPEND : 0));
	length = strtoul(argv[3], NULL, 0);
	times = strtoul(argv[4], NULL, 0);
	bytes = malloc(length);
	buffer = malloc(length);
	if (!bytes || !buffer)
		err(1, "memory");
	memset(bytes, 'b', length);

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, trimmer, NULL))
		errx(1, "cannot create a thread");

	for (rounds = 0; short_writes < times; rounds++) {
		if (rounds == MAX_ROUNDS)
			errx(1, "only %u writes were short", short_writes);
		close(open_device(O_WRONLY));
		delay = took ? rand() % took : 0;

		pthread_barrier_wait(&barrier);
		start = now();
		done = pwrite(fd, bytes, length, 0);
		if (done == (ssize_t)length)
			took = now() - start;
		pthread_barrier_wait(&barrier);

		short_writes += check(fd, done, buffer);
	}
	return 0;
}
