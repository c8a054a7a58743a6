// SPDX-License-Identifier: GPL-2.0
/*
 * usage: longcall FILE pread|data|append NUMBER
 *
 * Makes a long system call: reads one byte at offset NUMBER, seeks data from there on, or
 * appends NUMBER bytes from a buffer whose pages are not present, for which there is no
 * room. Prints, in milliseconds of processor time,
 *
 *	whole	the time of the call
 *	run	the longest time without a switch to another process that waits for the
 *		same processor
 *	killed	the time of a process that gets SIGKILL after a tenth of the whole
 *
 * On a busy machine these times are longer, never shorter, so each is the minimum of
 * several. Signals that are not fatal, one per millisecond, must not end the call.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *file, *call;
static off_t number;
static long long whole = LLONG_MAX;	/* time of the call, in ns */

static struct shared {
	unsigned int readings;	/* of the caller's clock, by the other process */
	long long longest;	/* time between two readings, in ns */
} *shared;

static long long clock_of(pid_t process)
{
	struct timespec time;
	clockid_t id;

	if (clock_getcpuclockid(process, &id) || clock_gettime(id, &time))
		return -1;
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int open_file(void)
{
	bool appends = !strcmp(call, "append");
	int fd = open(file, appends ? O_WRONLY | O_APPEND : O_RDONLY);

	if (fd < 0)
		err(1, "%s", file);
	return fd;
}

static void append_absent(int fd)
{
	void *buffer = mmap(NULL, number, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	/* a huge page would be one fault for many pages */
	if (buffer == MAP_FAILED || (madvise(buffer, number, MADV_NOHUGEPAGE) &&
				     errno != EINVAL))
		err(1, "buffer");
	if (write(fd, buffer, number) == number)
		errx(1, "there is room for the append");
	munmap(buffer, number);
}

static void make_call(int fd)
{
	char byte;

	if (!strcmp(call, "append")) {
		append_absent(fd);
	} else if (!strcmp(call, "pread")) {
		if (pread(fd, &byte, 1, number) != 1)
			err(1, "pread");
	} else if (lseek(fd, number, SEEK_DATA) < 0) {
		err(1, "lseek");
	}
}

static pid_t new_child(void)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (!child)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

static long long measure_whole(void)
{
	long long start;
	int fd = open_file();

	start = clock_of(0);
	make_call(fd);
	start = clock_of(0) - start;
	close(fd);
	return start;
}

static void ignore(int signal)
{
	(void)signal;
}

static void interrupt(void)
{
	struct itimerval each_ms = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = ignore };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &each_ms, NULL);
	measure_whole();
	setitimer(ITIMER_REAL, &never, NULL);
}

/* wait for the caller's processor and read the caller's clock */
static void compete(pid_t caller)
{
	long long before = clock_of(caller), now;

	for (;; before = now) {
		now = clock_of(caller);
		if (now - before > shared->longest)
			shared->longest = now - before;
		__atomic_fetch_add(&shared->readings, 1, __ATOMIC_RELEASE);
	}
}

static void await_reading(void)
{
	unsigned int now = __atomic_load_n(&shared->readings, __ATOMIC_ACQUIRE);

	/* the first one may have begun before */
	while (__atomic_load_n(&shared->readings, __ATOMIC_ACQUIRE) - now < 2)
		sched_yield();
}

/* Run the caller and another process on one processor. */
static long long measure_run(void)
{
	cpu_set_t before, first;
	pid_t caller = getpid(), child;
	int fd = open_file(), cpu = 0;
	long long longest;

	sched_getaffinity(0, sizeof(before), &before);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	CPU_ZERO(&first);
	CPU_SET(cpu, &first);
	if (sched_setaffinity(0, sizeof(first), &first))
		err(1, "sched_setaffinity");

	child = new_child();
	if (!child)
		compete(caller);
	await_reading();
	shared->longest = 0;
	make_call(fd);
	await_reading();
	longest = shared->longest;

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	sched_setaffinity(0, sizeof(before), &before);
	close(fd);
	return longest;
}

/* use a timer, as the parent may have to wait for a processor */
static void kill_after(long long ns)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGKILL,
	};
	struct itimerspec once = {
		.it_value = { ns / 1000000000, ns % 1000000000 },
	};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &once, NULL))
		err(1, "timer");
}

static long long measure_killed(void)
{
	int fd = open_file(), status;
	struct rusage usage;
	pid_t child = new_child();
	long long ns;

	if (!child) {
		kill_after(whole / 10);
		make_call(fd);
		_exit(0);
	}
	if (wait4(child, &status, 0, &usage) != child)
		err(1, "wait4");
	close(fd);
	ns = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL +
	     (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL;
	/* ignore a kill before the call */
	return ns < whole / 20 ? LLONG_MAX : ns;
}

static void set_min(long long *min, long long ns)
{
	if (ns < *min)
		*min = ns;
}

int main(int argc, char **argv)
{
	long long run = LLONG_MAX, killed = LLONG_MAX;
	int round;

	if (argc != 4)
		errx(2, "usage: longcall FILE pread|data|append NUMBER");
	file = argv[1];
	call = argv[2];
	number = strtoll(argv[3], NULL, 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "memory");

	interrupt();
	for (round = 0; round < 20; round++) {
		set_min(&whole, measure_whole());
		set_min(&run, measure_run());
		set_min(&killed, measure_killed());
		if (round > 2 && run < whole / 4 && killed < whole / 4)
			break;
	}
	printf("%lld %lld %lld\n", whole / 1000000, run / 1000000,
	       killed / 1000000);
	return 0;
}
