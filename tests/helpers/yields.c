// SPDX-License-Identifier: GPL-2.0
/*
 * usage: yields trim|hole DEVICE
 *	  yields read|write|nowait DEVICE LENGTH
 *	  yields unload MODULE
 *
 * Makes a long system call while a real-time process is woken on the same CPU again
 * and again. Prints the number of times that the call was preempted: at a
 * cond_resched(), or anywhere in a preemptible kernel. Sleeping does not count.
 *
 *	trim	open with O_TRUNC
 *	hole	SEEK_HOLE from the start
 *	read	of LENGTH bytes from the start, to a buffer that is present
 *	write	of LENGTH bytes from the start, from a buffer that is present
 *	nowait	the same buffer 1024 times with RWF_NOWAIT: EAGAIN, for a hole at the end
 *	unload	delete_module()
 *
 * The exit status is 77 on a machine with one CPU.
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
#include <sys/wait.h>
#include <unistd.h>

static const char *call, *target;
static size_t length;
static void *memory;
static int fd;

static int to_answerer[2], from_answerer[2];
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

static void use_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "sched_setaffinity");
}

static pid_t new_child(void (*run)(void), int cpu)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	use_cpu(cpu);
	run();
	_exit(1);
}

/* the real-time process: runs for a moment each time */
static void answer(void)
{
	struct sched_param priority = { .sched_priority = 1 };
	char byte;

	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		err(1, "sched_setscheduler");
	while (read(to_answerer[0], &byte, 1) == 1) {
		++*wakeups;
		if (write(from_answerer[1], &byte, 1) != 1)
			break;
	}
}

/* wakes it, from another CPU */
static void wake(void)
{
	char byte = 0;

	do {
		if (write(to_answerer[1], &byte, 1) != 1)
			break;
	} while (read(from_answerer[0], &byte, 1) == 1);
}

static long preemptions(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nivcsw;
}

int main(int argc, char **argv)
{
	int cpu, cpus[2], count = 0;
	pid_t answerer, waker;
	long preempted, ret;
	cpu_set_t usable;

	if (argc < 3)
		errx(2, "usage: yields CALL DEVICE|MODULE [LENGTH]");
	call = argv[1];
	target = argv[2];
	length = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	sched_getaffinity(0, sizeof(usable), &usable);
	for (cpu = 0; cpu < CPU_SETSIZE && count < 2; cpu++)
		if (CPU_ISSET(cpu, &usable))
			cpus[count++] = cpu;
	if (count < 2)
		errx(77, "this machine has one CPU");
	prepare_call();
	wakeups = mmap(NULL, sizeof(*wakeups), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (wakeups == MAP_FAILED || pipe(to_answerer) || pipe(from_answerer))
		err(1, "setup");

	use_cpu(cpus[0]);
	answerer = new_child(answer, cpus[0]);
	waker = new_child(wake, cpus[1]);
	while (*wakeups < 10)
		;
	preempted = preemptions();
	ret = make_call();
	preempted = preemptions() - preempted;
	kill(waker, SIGKILL);
	kill(answerer, SIGKILL);
	if (ret < 0)
		err(1, "%s", call);
	if (length && (size_t)ret != length)
		errx(1, "%s: %ld of %zu", call, ret, length);
	printf("%ld\n", preempted);
	return 0;
}
