// SPDX-License-Identifier: GPL-2.0
/*
 * usage: race DEVICE WRITERS STEP COUNT [trim|watch]
 *
 * WRITERS processes go through the device in COUNT steps of STEP bytes: in each
 * of them all write at the same time, a byte each, side by side. When a byte has
 * been written the device reaches as far as that, and at the end all the bytes
 * are there. With "trim" all steps are at offset 0 of a device that has just
 * been emptied. With "watch" another process waits for the first byte of each
 * step, reading nothing else; what it reads is a hole until that is there.
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

/* all go on when the last has come */
static void meet(void)
{
	static unsigned int meetings;

	++shared->arrived;
	meetings++;
	while (shared->arrived < writers * meetings)
		sched_yield();
}

static int run(int fd, unsigned int me)
{
	char byte = 'a' + me;
	int failed = 0;
	unsigned int n;

	for (n = 0; n < count; n++) {
		if (trimming) {
			meet();
			if (!me)
				close(open(device, O_WRONLY));
		}
		meet();
		if (pwrite(fd, &byte, 1, n * step + me) != 1) {
			warn("step %u", n);
			failed = 1;
		}
		if (lseek(fd, 0, SEEK_END) <= n * step + me) {
			warnx("step %u, writer %u: the size is less", n, me);
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
	unsigned int me, n;
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
	for (me = 0; me < writers; me++)
		if (!fork())
			exit(run(fd, me));
	while (wait(&status) > 0)
		failed |= status;

	for (n = trimming ? count - 1 : 0; n < count; n++)
		for (me = 0; me < writers; me++)
			if (pread(fd, &byte, 1, n * step + me) != 1 ||
			    byte != (char)('a' + me))
				errx(1, "step %u, writer %u: lost", n, me);
	return failed ? 1 : 0;
}
