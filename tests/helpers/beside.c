// SPDX-License-Identifier: GPL-2.0
/*
 * usage: beside DEVICE append|write LENGTH TIMES
 *
 * A long call moves the end of the device while a short one does, too, again and
 * again until the short one has begun during the long one TIMES times. The buffers
 * are present. No call is short, and the result is that of the two calls one after
 * the other: what a call has written is still there unless the other one began
 * later or writes to the same place.
 *
 *	append	the long call appends LENGTH bytes; the short one writes a byte past
 *		the end, where the middle of the append may be
 *	write	the long call writes LENGTH bytes at the end; the short one appends a
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

#define START		100	/* bytes that are there before */
#define MAX_ROUNDS	5000

static const char *device;
static bool append;		/* the long call */
static size_t length;
static char *bytes;
static int appender, writer;
static pthread_barrier_t barrier;
static volatile bool under_way;

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

static void want(const char *what, ssize_t got, ssize_t wanted)
{
	if (got < 0)
		err(1, "%s", what);
	if (got != wanted)
		errx(1, "%s: %zd of %zd", what, got, wanted);
}

static void make_long_call(void)
{
	want("the long call", append ? write(appender, bytes, length) :
				       pwrite(writer, bytes, length, START),
	     length);
}

static void *run_long_call(void *unused)
{
	for (;;) {
		pthread_barrier_wait(&barrier);
		under_way = true;
		make_long_call();
		under_way = false;
		pthread_barrier_wait(&barrier);
	}
	return unused;
}

/* START bytes, and two descriptors */
static void prepare(void)
{
	char start[START];

	close(open_device(O_WRONLY | O_TRUNC));
	appender = open_device(O_RDWR | O_APPEND);
	writer = open_device(O_RDWR);
	memset(start, 's', START);
	want("the start", pwrite(writer, start, START, 0), START);
}

static void clean_up(void)
{
	close(appender);
	close(writer);
}

/* What is there is START bytes s, and the two calls, in either order. */
static void check(off_t short_pos, char *wanted, char *got)
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
		errx(1, "the append is inside the write, at %lld",
		     (long long)short_pos);

	memset(wanted, 0, START + 2 * length);
	memset(wanted, 's', START);
	if (!long_first)
		wanted[short_pos] = 'P';
	memcpy(wanted + long_pos, bytes, length);
	if (long_first)
		wanted[short_pos] = 'P';
	want("reading all", pread(writer, got, size, 0), size);
	if (got[short_pos] != wanted[short_pos])
		errx(1, "the byte at %lld is not of the call that wrote it last",
		     (long long)short_pos);
	if (memcmp(got, wanted, size) ||
	    size != (long_pos + (off_t)length > short_pos ?
		     long_pos + (off_t)length : short_pos + 1))
		errx(1, "the contents are of no order of the two calls");
}

int main(int argc, char **argv)
{
	unsigned int times, met = 0, rounds;
	long long start, took, delay;
	char *wanted, *got;
	pthread_t thread;
	off_t short_pos;
	bool overlap;

	if (argc != 5)
		errx(2, "usage: beside DEVICE append|write LENGTH TIMES");
	device = argv[1];
	append = *argv[2] == 'a';
	length = strtoul(argv[3], NULL, 0);
	times = strtoul(argv[4], NULL, 0);
	bytes = malloc(length);
	wanted = malloc(START + 2 * length);
	got = malloc(START + 2 * length);
	if (!bytes || !wanted || !got)
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
		errx(1, "no thread");

	for (rounds = 0; met < times; rounds++) {
		if (rounds == MAX_ROUNDS)
			errx(1, "only %u calls began during the other", met);
		prepare();
		short_pos = START + length / 2;
		delay = rand() % took;

		pthread_barrier_wait(&barrier);
		start = now();
		while (now() - start < delay)
			;
		overlap = under_way;
		if (append) {
			want("the write", pwrite(writer, "P", 1, short_pos), 1);
		} else {
			want("the append", write(appender, "P", 1), 1);
			short_pos = lseek(appender, 0, SEEK_CUR) - 1;
		}
		pthread_barrier_wait(&barrier);

		met += overlap;
		check(short_pos, wanted, got);
		clean_up();
	}
	return 0;
}
