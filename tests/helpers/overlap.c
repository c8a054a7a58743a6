// SPDX-License-Identifier: GPL-2.0
/*
 * usage: overlap DEVICE append|write LENGTH TIMES
 *
 * A long and a short call move the end of the device concurrently, until the short one
 * has begun during the long one TIMES times. The buffers are present. Fails if a call is
 * short, or if the contents are not those of the two calls one after the other.
 *
 *	append	the long call appends LENGTH bytes; the short one writes one byte past
 *		the end, within the range of the append
 *	write	the long call writes LENGTH bytes at the end; the short one appends one
 *		byte
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define START		100	/* bytes at the start */
#define MAX_ROUNDS	5000

static const char *device;
static bool append;		/* the long call */
static size_t length;
static char *bytes;
static int appender, writer;
static pthread_barrier_t barrier;
static volatile bool in_progress;

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

static void check_count(const char *what, ssize_t got, ssize_t expected)
{
	if (got < 0)
		err(1, "%s", what);
	if (got != expected)
		errx(1, "%s: got %zd of %zd bytes", what, got, expected);
}

static void make_long_call(void)
{
	check_count("long call", append ? write(appender, bytes, length) :
					  pwrite(writer, bytes, length, START), length);
}

static void *run_long_call(void *unused)
{
	for (;;) {
		pthread_barrier_wait(&barrier);
		in_progress = true;
		make_long_call();
		in_progress = false;
		pthread_barrier_wait(&barrier);
	}
	return unused;
}

/* write START bytes and open two descriptors */
static void prepare(void)
{
	char start[START];

	close(open_device(O_WRONLY | O_TRUNC));
	appender = open_device(O_RDWR | O_APPEND);
	writer = open_device(O_RDWR);
	memset(start, 's', START);
	check_count("first write", pwrite(writer, start, START, 0), START);
}

static void clean_up(void)
{
	close(appender);
	close(writer);
}

/* The device has START bytes s and the data of the two calls, in either order. */
static void check(off_t short_pos, char *expected, char *got)
{
	off_t size = lseek(writer, 0, SEEK_END);
	off_t long_pos = START;
	bool long_first;

	if (append)
		long_first = size == START + (off_t)length;
	else
		long_first = short_pos != START;
	if (append && !long_first)
		long_pos = short_pos + 1;
	if (!append && long_first && short_pos != START + (off_t)length)
		errx(1, "the append is within the write, at %lld",
		     (long long)short_pos);

	memset(expected, 0, START + 2 * length);
	memset(expected, 's', START);
	if (!long_first)
		expected[short_pos] = 'P';
	memcpy(expected + long_pos, bytes, length);
	if (long_first)
		expected[short_pos] = 'P';
	check_count("last read", pread(writer, got, size, 0), size);
	if (got[short_pos] != expected[short_pos])
		errx(1, "the byte at %lld is not that of the later call",
		     (long long)short_pos);
	if (memcmp(got, expected, size) ||
	    size != (long_pos + (off_t)length > short_pos ?
		     long_pos + (off_t)length : short_pos + 1))
		errx(1, "the contents fit no order of the two calls");
}

int main(int argc, char **argv)
{
	unsigned int times, overlaps = 0, rounds;
	long long start, took, delay;
	char *expected, *got;
	pthread_t thread;
	off_t short_pos;
	bool is_overlap;

	if (argc != 5)
		errx(2, "usage: overlap DEVICE append|write LENGTH TIMES");
	device = argv[1];
	append = *argv[2] == 'a';
	length = strtoul(argv[3], NULL, 0);
	times = strtoul(argv[4], NULL, 0);
	bytes = malloc(length);
	expected = malloc(START + 2 * length);
	got = malloc(START + 2 * length);
	if (!bytes || !expected || !got)
		err(1, "memory");
	memset(bytes, 'l', length);
	mlock(bytes, length);

	prepare();
	start = now();
	make_long_call();
	took = now() - start;
	clean_up();

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, run_long_call, NULL))
		errx(1, "cannot create a thread");

	for (rounds = 0; overlaps < times; rounds++) {
		if (rounds == MAX_ROUNDS)
			errx(1, "only %u short calls began during a long one", overlaps);
		prepare();
		short_pos = START + length / 2;
		delay = rand() % took;

		pthread_barrier_wait(&barrier);
		start = now();
		while (now() - start < delay)
			;
		is_overlap = in_progress;
		if (append) {
			check_count("write", pwrite(writer, "P", 1, short_pos), 1);
		} else {
			check_count("append", write(appender, "P", 1), 1);
			short_pos = lseek(appender, 0, SEEK_CUR) - 1;
		}
		pthread_barrier_wait(&barrier);

		overlaps += is_overlap;
		check(short_pos, expected, got);
		clean_up();
	}
	return 0;
}
