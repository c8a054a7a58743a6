// SPDX-License-Identifier: GPL-2.0
/*
 * usage: blocks DEVICE LENGTH COUNT ROUNDS [trim]
 *
 * Eight processes write COUNT disjoint blocks of LENGTH bytes ROUNDS times, while two
 * others read blocks. With "trim" another process trims the device ROUNDS times, and the
 * writers continue until then. Each byte read has to be one written at that position, or
 * zero if none was.
 *
 * A byte encodes its position and the number of trims begun before its write, so that
 * data freed by a trim is recognized.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITERS		8
#define READERS		2
#define VALUES		255	/* of a byte; 0: unwritten */

static struct {
	atomic_uint trims;		/* begun */
	atomic_uint writes;		/* done */
	atomic_uint writing[WRITERS];	/* "trims" at the start of the last */
	atomic_uint oldest[WRITERS];	/* "trims" of the oldest data left */
	atomic_bool finished;
} *shared;

static const char *device;
static size_t length;
static unsigned int count, rounds;
static bool trimming;
static unsigned char *buffer;

static unsigned int position_code(unsigned int block, size_t offset)
{
	return (block * 89 + offset * 31) % VALUES;
}

static int open_device(int flags)
{
	int fd = open(device, flags);

	if (fd < 0)
		err(1, "%s", device);
	return fd;
}

static void writer(unsigned int number)
{
	int fd = open_device(O_RDWR);
	unsigned int block, trims, n;
	ssize_t written;
	size_t i;

	for (n = 0; trimming ? !shared->finished : n < rounds; n++) {
		for (block = number; block < count; block += WRITERS) {
			trims = shared->trims;
			shared->writing[number] = trims;
			for (i = 0; i < length; i++)
				buffer[i] = 1 + (position_code(block, i) + trims) %
						VALUES;
			written = pwrite(fd, buffer, length,
					 (off_t)block * length);
			if (written < 0)
				err(1, "write");
			if (written != (ssize_t)length && !trimming)
				errx(1, "block %u: wrote %zd bytes", block, written);
			shared->writes++;
		}
	}
}

static void check(int fd, unsigned int block, bool complete)
{
	unsigned int oldest = shared->oldest[block % WRITERS];
	ssize_t got = pread(fd, buffer, length, (off_t)block * length);
	unsigned int newest = shared->trims;
	ssize_t i;

	if (got < 0)
		err(1, "read");
	if (complete && got != (ssize_t)length)
		errx(1, "block %u: %zd bytes at the end", block, got);
	for (i = 0; i < got; i++) {
		/* age in trims, if the byte belongs here */
		unsigned int age = (newest + position_code(block, i) + 1 + VALUES -
				    buffer[i]) % VALUES;

		if (buffer[i] ? age > newest - oldest : complete)
			errx(1, "block %u, byte %zd: 0x%x after %u trims",
			     block, i, buffer[i], newest);
	}
}

static void reader(unsigned int number)
{
	int fd = open_device(O_RDONLY);

	srand(number);
	while (!shared->finished)
		check(fd, rand() % count, false);
}

static void trimmer(void)
{
	unsigned int writing[WRITERS], writes;
	int i;

	for (; rounds; rounds--) {
		writes = shared->writes;
		while (shared->writes - writes < count / 4 && !shared->finished)
			sched_yield();

		shared->trims++;
		/* a write in progress may store its data after the trim */
		for (i = 0; i < WRITERS; i++)
			writing[i] = shared->writing[i];
		close(open_device(O_WRONLY));
		for (i = 0; i < WRITERS; i++)
			shared->oldest[i] = writing[i];
	}
	shared->finished = true;
}

static void run(int number)
{
	if (number < WRITERS)
		writer(number);
	else if (number < WRITERS + READERS)
		reader(number);
	else
		trimmer();
	exit(0);
}

int main(int argc, char **argv)
{
	int processes, writers = WRITERS, status, failed = 0, i, fd;
	pid_t pid[WRITERS + READERS + 1], ended;

	if (argc < 5)
		errx(2, "usage: blocks DEVICE LENGTH COUNT ROUNDS [trim]");
	device = argv[1];
	length = strtoul(argv[2], NULL, 0);
	count = strtoul(argv[3], NULL, 0);
	rounds = strtoul(argv[4], NULL, 0);
	trimming = argc > 5;
	buffer = malloc(length);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!buffer || shared == MAP_FAILED)
		err(1, "memory");

	processes = WRITERS + READERS + trimming;
	for (i = 0; i < processes; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			err(1, "fork");
		if (!pid[i])
			run(i);
	}
	for (i = 0; i < processes; i++) {
		int j;

		ended = wait(&status);
		failed |= status;
		for (j = 0; j < WRITERS; j++)
			writers -= ended == pid[j];
		if (!writers || status)
			shared->finished = true;
	}
	if (failed)
		return 1;

	fd = open_device(O_RDONLY);
	for (i = 0; i < (int)count; i++)
		check(fd, i, !trimming);
	return 0;
}
