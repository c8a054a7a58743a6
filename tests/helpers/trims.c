// SPDX-License-Identifier: GPL-2.0
/*
 * usage: trims churn DEVICE PROCESSES ROUNDS LENGTH
 *        trims wait DEVICE PROCESSES ROUNDS LENGTH
 *
 * Many processes concurrently trim one device with write-only opens.
 *
 *	churn	Each opens the device, writes LENGTH bytes and closes it, ROUNDS times,
 *		so that trims of data overlap.
 *	wait	Each open() has to return after the memory is freed. The limit is
 *		PROCESSES times LENGTH. In each round DEVICE, /dev/scullv0, takes all of
 *		it, all processes trim it, and each writes LENGTH bytes to its own
 *		device, /dev/scullv1 and so on.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct shared {
	atomic_uint arrived;
} *shared;
static unsigned int processes, rounds;
static const char *device;
static size_t length;
static char *bytes;

/* wait until all processes have called it */
static void wait_for_all(void)
{
	static unsigned int calls;

	++shared->arrived;
	calls++;
	while (shared->arrived < processes * calls)
		sched_yield();
}

/* trims it */
static int open_device(const char *name)
{
	int fd = open(name, O_WRONLY);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static void write_all(int fd, size_t size)
{
	size_t done = 0;
	ssize_t ret;

	for (; done < size; done += ret) {
		ret = write(fd, bytes, length);
		if (ret != (ssize_t)length)
			err(1, "%zu of %zu bytes, then %zd", done, size, ret);
	}
}

static void churn(void)
{
	unsigned int round;
	ssize_t done;
	int fd;

	for (round = 0; round < rounds; round++) {
		fd = open_device(device);
		done = write(fd, bytes, length);
		/* short if there was a trim */
		if (done <= 0)
			err(1, "write: %zd", done);
		close(fd);
	}
}

static void wait_for_memory(unsigned int number)
{
	unsigned int round;
	char own_device[100];
	int fd;

	snprintf(own_device, sizeof(own_device), "%.*s%u", (int)strlen(device) - 1, device,
		 number + 1);
	for (round = 0; round < rounds; round++) {
		if (!number) {
			fd = open_device(device);
			write_all(fd, processes * length);
			close(fd);
		}
		wait_for_all();
		close(open_device(device));
		fd = open_device(own_device);
		write_all(fd, length);
		close(fd);
		/* a part that is freed early would be enough for another process */
		wait_for_all();
		close(open_device(own_device));
		wait_for_all();
	}
}

int main(int argc, char **argv)
{
	int status, failed = 0;
	unsigned int i;

	if (argc != 6)
		errx(2, "usage: trims churn|wait DEVICE PROCESSES ROUNDS LENGTH");
	device = argv[2];
	processes = strtoul(argv[3], NULL, 0);
	rounds = strtoul(argv[4], NULL, 0);
	length = strtoul(argv[5], NULL, 0);
	bytes = calloc(1, length);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!bytes || shared == MAP_FAILED)
		err(1, "memory");

	/* a process group that survives a failed child */
	setpgid(0, 0);
	signal(SIGTERM, SIG_IGN);
	for (i = 0; i < processes; i++)
		if (!fork()) {
			signal(SIGTERM, SIG_DFL);
			if (*argv[1] == 'c')
				churn();
			else
				wait_for_memory(i);
			exit(0);
		}
	while (wait(&status) > 0)
		if (status) {
			/* the others would wait for ever */
			kill(0, SIGTERM);
			failed = 1;
		}
	return failed;
}
