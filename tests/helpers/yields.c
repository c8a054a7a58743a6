// SPDX-License-Identifier: GPL-2.0
/*
 * usage: yields trim|hole DEVICE
 *	  yields read|write|nowait DEVICE LENGTH
 *	  yields unload MODULE
 *
 * Makes a long system call while a timer wakes a real-time process on the same CPU
 * again and again. Prints the number of times that the call was preempted: at a
 * cond_resched(), or anywhere in a preemptible kernel. Sleeping does not count.
 *
 *	trim	open with O_TRUNC
 *	hole	SEEK_HOLE from the start
 *	read	of LENGTH bytes from the start, to a buffer that is present
 *	write	of LENGTH bytes from the start, from a buffer that is present
 *	nowait	the same buffer 1024 times with RWF_NOWAIT: EAGAIN, for a hole at the end
 *	unload	delete_module()
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char *call, *target;
static size_t length;
static void *memory;
static int fd;
static atomic_uint *wakeups;

static long make_call(void)
{
	struct iovec all[1024];
	int i;

	if (!strcmp(call, "trim"))
		return open(target, O_WRONLY | O_TRUNC);
	if (!strcmp(call, "unload"))
		return syscall(SYS_delete_module, target, O_NONBLOCK);
	if (!strcmp(call, "hole"))
		return lseek(fd, 0, SEEK_HOLE);
	if (!strcmp(call, "read"))
		return pread(fd, memory, length, 0);
	if (!strcmp(call, "write"))
		return pwrite(fd, memory, length, 0);

	for (i = 0; i < 1024; i++)
		all[i] = (struct iovec){ memory, length };
	if (pwritev2(fd, all, 1024, 0, RWF_NOWAIT) != -1 || errno != EAGAIN)
		errx(1, "RWF_NOWAIT does not fail with EAGAIN");
	return length;
}

static void prepare_call(void)
{
	if (!strcmp(call, "trim") || !strcmp(call, "unload"))
		return;
	fd = open(target, O_RDWR);
	if (fd < 0)
		err(1, "%s", target);
	if (!length)
		return;
	memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "memory");
}

/* the children too */
static void use_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "sched_setaffinity");
}

/* the real-time process: wakes every 200 us, for a moment */
static void disturb(void)
{
	struct sched_param priority = { .sched_priority = 1 };
	struct timespec pause = { .tv_nsec = 200000 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		err(1, "sched_setscheduler");
	for (;;) {
		++*wakeups;
		nanosleep(&pause, NULL);
	}
}

static long preemptions(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nivcsw;
}

int main(int argc, char **argv)
{
	long preempted, ret;
	pid_t disturber;

	if (argc < 3)
		errx(2, "usage: yields CALL DEVICE|MODULE [LENGTH]");
	call = argv[1];
	target = argv[2];
	length = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	prepare_call();
	wakeups = mmap(NULL, sizeof(*wakeups), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (wakeups == MAP_FAILED)
		err(1, "mmap");

	use_one_cpu();
	disturber = fork();
	if (disturber < 0)
		err(1, "fork");
	if (!disturber) {
		disturb();
		_exit(1);
	}
	while (*wakeups < 10)
		;
	preempted = preemptions();
	ret = make_call();
	preempted = preemptions() - preempted;
	kill(disturber, SIGKILL);
	if (ret < 0)
		err(1, "%s", call);
	if (length && (size_t)ret != length)
		errx(1, "%s: %ld of %zu", call, ret, length);
	printf("%ld\n", preempted);
	return 0;
}
