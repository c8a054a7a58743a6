// SPDX-License-Identifier: GPL-2.0
/*
 * usage: blocks DEVICE LENGTH COUNT ROUNDS [trim]
 *
 * Eight processes write COUNT blocks of LENGTH bytes, each its own ones, ROUNDS
 * times over, while two others read blocks. With "trim" one more empties the
 * device ROUNDS times, and the writers go on until it has. Whoever reads a byte
 * checks that it is one that was written there, or a zero where nothing is.
 *
 * A byte tells its place and the number of trims that had begun when its write
 * did, so that what a trim has taken away is known when it comes back.
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
#define VALUES		255	/* of a byte; 0 says that nothing was written */

static struct {
	atomic_uint trims;		/* begun */
	atomic_uint writes;		/* done */
	atomic_uint writing[WRITERS];	/* "trims" at the start of the last */
	atomic_uint oldest[WRITERS];	/* "trims" of what may still be there */
	atomic_bool finished;
} *shared;

static const char *device;
static size_t length;
static unsigned int count, rounds;
static bool trimming;
static unsigned char *buffer;

static unsigned int place(unsigned int block, size_t offset)
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

static void writer(unsigned int me)
{
	int fd = open_device(O_RDWR);
	unsigned int block, trims, n;
	ssize_t written;
	size_t i;

	for (n = 0; trimming ? !shared->finished : n < rounds; n++) {
		for (block = me; block < count; block += WRITERS) {
			trims = shared->trims;
			shared->writing[me] = trims;
			for (i = 0; i < length; i++)
				buffer[i] = 1 + (place(block, i) + trims) %
						VALUES;
			written = pwrite(fd, buffer, length,
					 (off_t)block * length);
			if (written < 0)
				err(1, "write");
			if (written != (ssize_t)length && !trimming)
				errx(1, "block %u: %zd written", block, written);
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
		errx(1, "block %u: %zd at the end", block, got);
	for (i = 0; i < got; i++) {
		/* how many trims ago, if the byte belongs here */
		unsigned int age = (newest + place(block, i) + 1 + VALUES -
				    buffer[i]) % VALUES;

		if (buffer[i] ? age > newest - oldest : complete)
			errx(1, "block %u, byte %zd: 0x%x after %u trims",
			     block, i, buffer[i], newest);
	}
}

static void reader(unsigned int me)
{
	int fd = open_device(O_RDONLY);

	srand(me);
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
		/* a write that is under way may come to lie behind the trim */
		for (i = 0; i < WRITERS; i++)
			writing[i] = shared->writing[i];
		close(open_device(O_WRONLY));
		for (i = 0; i < WRITERS; i++)
			shared->oldest[i] = writing[i];
	}
	shared->finished = true;
}

static void work(int me)
{
	if (me < WRITERS)
		writer(me);
	else if (me < WRITERS + READERS)
		reader(me);
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
			work(i);
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
