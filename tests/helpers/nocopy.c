// SPDX-License-Identifier: GPL-2.0
/*
 * usage: nocopy read|write|append DEVICE OFFSET LENGTH
 *
 * Makes one system call during which all user copies fail by fault injection, although the
 * buffer is present. Prints its result or the name of its error. See fail_usercopy in
 * Documentation/fault-injection/fault-injection.rst; /proc/PID/make-it-fail selects the
 * task (task-filter).
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *call;
static char *buffer;
static size_t length;
static off_t offset;
static int fd, error;
static ssize_t done;

/* All user copies of this thread fail, so it makes no other call. */
static void *run(void *unused)
{
	int task = open("/proc/thread-self/make-it-fail", O_WRONLY);

	if (task < 0 || write(task, "1", 1) != 1)
		err(2, "make-it-fail");
	done = *call == 'r' ? pread(fd, buffer, length, offset) :
			      pwrite(fd, buffer, length, offset);
	error = errno;
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 5)
		errx(2, "usage: nocopy read|write|append DEVICE OFFSET LENGTH");
	call = argv[1];
	fd = open(argv[2], O_RDWR | (*call == 'a' ? O_APPEND : 0));
	offset = strtoll(argv[3], NULL, 0);
	length = strtoul(argv[4], NULL, 0);
	buffer = mmap(NULL, length, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (fd < 0 || buffer == MAP_FAILED)
		err(2, "%s", argv[2]);
	if (pthread_create(&thread, NULL, run, NULL))
		errx(2, "cannot create a thread");
	pthread_join(thread, NULL);
	if (done < 0)
		puts(strerrorname_np(error));
	else
		printf("%zd\n", done);
	return 0;
}
