// SPDX-License-Identifier: GPL-2.0
/*
 * usage: splice-race DEVICE LENGTH TIMES
 *
 * Splices LENGTH bytes from the device into a pipe while a trim replaces them, until that
 * has happened TIMES times. All bytes have to be of before the trim.
 *
 * A splice takes less time than a trim. Therefore a thread with a higher priority stops
 * it on its CPU, until another thread has trimmed the device and extended it again. If
 * that takes 200 ms, the trim waits for the splice, which is not what this is about.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROUNDS	1000

static const char *device;
static size_t length;
static atomic_bool in_call;	/* the splice has begun, but not ended */
static atomic_bool stopped;	/* the splice, once in each round */
static atomic_bool trimmed;	/* the device */
static bool in_time;		/* trimmed while the splice was stopped */

static int open_device(int flags)
{
	int fd = open(device, flags);

	if (fd < 0)
		err(1, "%s", device);
	return fd;
}

static void run_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %d", cpu);
}

/* Spins: the CPU that would have to wake it up is busy with the stopper. */
static void *trimmer(void *unused)
{
	int fd;

	run_on_cpu(0);
	for (;;) {
		while (!stopped || trimmed)
			;
		fd = open_device(O_WRONLY);
		if (pwrite(fd, "n", 1, length - 1) != 1)
			err(1, "write");
		close(fd);
		trimmed = true;
	}
	return unused;
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* on the CPU of the splice; its timer interrupts a splice anywhere */
static void *stopper(void *unused)
{
	const struct sched_param priority = { .sched_priority = 1 };
	struct timespec pause = {};
	long long end;

	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		err(1, "priority");
	for (;;) {
		pause.tv_nsec = 100000 + rand() % 200000;
		nanosleep(&pause, NULL);
		if (!in_call || stopped)
			continue;
		stopped = true;
		end = now() + 200000000;
		while (!trimmed && now() < end)
			;
		in_time = trimmed;
	}
	return unused;
}

static void start_thread(void *(*function)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, NULL))
		errx(1, "cannot create a thread");
}

/* splice and read until a splice was stopped; return its bytes */
static ssize_t splice_until_stopped(int fd, const int *pipes, char *buffer)
{
	ssize_t done, i, got;
	loff_t start;

	do {
		start = 0;
		in_call = true;
		done = splice(fd, &start, pipes[1], NULL, length, SPLICE_F_NONBLOCK);
		in_call = false;
		if (done < 0)
			err(1, "splice");
		for (i = 0; i < done; i += got) {
			got = read(pipes[0], buffer + i, done - i);
			if (got <= 0)
				err(1, "pipe");
		}
	} while (!stopped);
	return done;
}

int main(int argc, char **argv)
{
	unsigned int times, met = 0, rounds;
	char *bytes, *buffer;
	int fd, pipes[2];
	ssize_t done, i;

	if (argc != 4)
		errx(2, "usage: splice-race DEVICE LENGTH TIMES");
	device = argv[1];
	length = strtoul(argv[2], NULL, 0);
	times = strtoul(argv[3], NULL, 0);
	fd = open_device(O_RDWR);
	bytes = malloc(length);
	buffer = malloc(length);
	if (!bytes || !buffer || pipe(pipes) ||
	    fcntl(pipes[0], F_SETPIPE_SZ, length) < (int)length)
		err(1, "memory");
	memset(bytes, 'b', length);

	trimmed = true;
	start_thread(trimmer);
	run_on_cpu(1);
	start_thread(stopper);

	for (rounds = 0; met < times; rounds++) {
		if (rounds == MAX_ROUNDS)
			errx(1, "only %u trims were in time", met);
		close(open_device(O_WRONLY));
		if (pwrite(fd, bytes, length, 0) != (ssize_t)length)
			err(1, "write");
		stopped = false;
		trimmed = false;

		done = splice_until_stopped(fd, pipes, buffer);
		while (!trimmed)
			sched_yield();
		for (i = 0; i < done; i += 512)	/* in each page */
			if ((buffer[i] == 'b') != (*buffer == 'b'))
				errx(1, "byte %zd of %zd is on another side of a trim than byte 0",
				     i, done);
		met += in_time && done && done < (ssize_t)length && *buffer == 'b';
	}
	return 0;
}
