// SPDX-License-Identifier: GPL-2.0
/*
 * usage: race DEVICE WRITERS STEP COUNT [trim|watch]
 *
 * WRITERS processes concurrently write one byte each, next to each other, at COUNT offsets
 * that are STEP bytes apart. After each write the size has to include its byte, and at the
 * end the device has to have all bytes. With "trim" each step trims the device and writes
 * at offset 0. With "watch" another process polls for the first byte of each step, which
 * is zero until it is written.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct { atomic_uint arrived, finished; } *shared;
static unsigned int writers, count;
static const char *device;
static off_t step;
static int trimming, watching;

/* wait until all processes have called it */
static void wait_for_all(void)
{
	static unsigned int calls;

	++shared->arrived;
	calls++;
	while (shared->arrived < writers * calls)
		sched_yield();
}

static int run(int fd, unsigned int writer)
{
	char byte = 'a' + writer;
	int failed = 0;
	unsigned int n;

	for (n = 0; n < count; n++) {
		if (trimming) {
			wait_for_all();
			if (!writer)
				close(open(device, O_WRONLY));
		}
		wait_for_all();
		if (pwrite(fd, &byte, 1, n * step + writer) != 1) {
			warn("step %u", n);
			failed = 1;
		}
		if (lseek(fd, 0, SEEK_END) <= n * step + writer) {
			warnx("step %u, writer %u: the size is too small", n, writer);
			failed = 1;
		}
	}
	++shared->finished;
	return failed;
}

static int watch(int fd)
{
	unsigned int n, last;
	char byte;

	for (n = 0; n < count; n++) {
		do {
			last = shared->finished == writers;
			if (pread(fd, &byte, 1, n * step) != 1)
				err(1, "step %u: read", n);
		} while (!byte && !last);
		if (byte != 'a')
			errx(1, "step %u: read 0x%x", n, byte);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int status, failed = 0, fd;
	unsigned int writer, n;
	char byte;

	trimming = argc == 6 && !strcmp(argv[5], "trim");
	watching = argc == 6 && !strcmp(argv[5], "watch");
	if (argc != 5 + (trimming || watching))
		errx(2, "usage: race DEVICE WRITERS STEP COUNT [trim|watch]");
	device = argv[1];
	writers = strtoul(argv[2], NULL, 0);
	count = strtoul(argv[4], NULL, 0);
	step = trimming ? 0 : strtoul(argv[3], NULL, 0);
	fd = open(device, O_RDWR);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || shared == MAP_FAILED)
		err(1, "%s", device);

	if (watching && pwrite(fd, "", 1, count * step) != 1)
		err(1, "write at the end");
	if (watching && !fork())
		exit(watch(fd));
	for (writer = 0; writer < writers; writer++)
		if (!fork())
			exit(run(fd, writer));
	while (wait(&status) > 0)
		failed |= status;

	for (n = trimming ? count - 1 : 0; n < count; n++)
		for (writer = 0; writer < writers; writer++)
			if (pread(fd, &byte, 1, n * step + writer) != 1 ||
			    byte != (char)('a' + writer))
				errx(1, "step %u, writer %u: byte lost", n, writer);
	return failed ? 1 : 0;
}
