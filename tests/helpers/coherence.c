// SPDX-License-Identifier: GPL-2.0
/*
 * usage: coherence touch|copy TOUCHES DEVICE...
 *        coherence own THREADS CALLS DEVICE DEVICE
 *        coherence direct ROUNDS DEVICE FILE
 *
 * Trims devices repeatedly while they are mapped.
 *
 *	touch	processes access each device in all ways, TOUCHES times in total. No
 *		access shows data that a trim has freed before. After read() has shown
 *		data written after a trim, no mapping shows older data, no store is
 *		lost, and no private copy of the new data disappears.
 *	copy	the same, with first stores to private pages only: the kernel copies
 *		the page and maps the copy after the driver has returned. With
 *		preempt=full a trim often takes place in between.
 *	own	THREADS threads read and write the devices, CALLS times in total, with
 *		mappings of the devices as buffers
 *	direct	writes the mapping to FILE with O_DIRECT. The data there is no older
 *		than the write, and no page has data of two stores.
 *
 * The n-th contents of a device have the value n in each word, until the n-th trim. The
 * next contents are written as soon as the device is empty, while the trim may still be in
 * progress. "floor" becomes n when the trim has returned or read() has shown the next
 * contents: a process that reads the floor and then the device sees a larger value, or
 * gets SIGBUS.
 */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random.h"

#define MAX_DEVICES	4
#define PAGES		48	/* of a device, mapped and written */
#define ACCESSORS	2	/* processes that access a device */
#define THREADS		2	/* threads of each */
#define MAX_THREADS	16
#define MAX_CHILDREN	32

#define TAG_SHIFT	48	/* the upper bits of a value are the device */

static struct shared {
	struct device {
		atomic_ullong begun;	/* trims begun */
		atomic_ullong over;	/* trims that have returned */
		atomic_ullong floor;	/* trims whose contents are gone */
	} devices[MAX_DEVICES];
	atomic_ullong touches, contents, signals, trims, calls, full;
	atomic_ullong kept, forks;
	atomic_bool finished;
} *shared;

static size_t page, words;	/* size of a page in bytes and in words */
static pid_t children[MAX_CHILDREN];
static unsigned int child_count;

/* no mask to restore: the signal is not masked */
static __thread sigjmp_buf escape;

static void escape_signal(int sig)
{
	siglongjmp(escape, sig);
}

static void *map(int fd, size_t len, int flags)
{
	void *address = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (address == MAP_FAILED)
		err(1, "mmap");
	return address;
}

static int open_device(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/* each thread has its own random numbers */
static void seed_random(void)
{
	random_state = gettid() * 0x9e3779b97f4a7c15u | 1;
}

/* -- processes; a failed one ends all -- */

static bool is_child(void)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child) {
		children[child_count++] = child;
		return false;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	seed_random();
	return true;
}

static int wait_for_children(void)
{
	unsigned int left, i;
	int status;

	for (left = child_count; left; left--) {
		if (wait(&status) > 0 && !status)
			continue;
		for (i = 0; i < child_count; i++)
			kill(children[i], SIGKILL);
		return 1;
	}
	return 0;
}

static void run_threads(unsigned int count, void *(*run)(void *), void *context)
{
	pthread_t threads[MAX_THREADS];
	unsigned int i;

	for (i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, run, context))
			errx(1, "cannot create a thread");
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

/* -- the contents of a device -- */

static unsigned long long tag_of(const struct device *device)
{
	return (device - shared->devices + 1ull) << TAG_SHIFT;
}

static void write_contents(int fd, unsigned long long value)
{
	static unsigned long long *data;
	size_t i;

	if (!data)
		data = map(-1, PAGES * page, MAP_PRIVATE | MAP_ANONYMOUS);
	for (i = 0; i < PAGES * words; i++)
		data[i] = value;
	/* at the limit the contents are short or empty */
	if (pwrite(fd, data, PAGES * page, 0) < 0 && errno != ENOSPC)
		err(1, "write");
}

static void trim(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		err(1, "emptying %s", path);
	close(fd);
}

/* first stores to private pages only, on one CPU */
static bool copies;

/* let the other processes run for a while, without waiting for an event */
static void pause_trims(unsigned int max)
{
	unsigned long long until = shared->touches + pick(max);
	unsigned int yields = 50;

	if (copies) {
		/* the timer interrupts the other processes anywhere */
		usleep(pick(max));
		return;
	}
	if (pick(2))
		return;
	while (shared->touches < until && yields--)
		sched_yield();
}

static void raise_floor(struct device *device, unsigned long long trims)
{
	unsigned long long floor = device->floor;

	while (floor < trims &&
	       !atomic_compare_exchange_weak(&device->floor, &floor, trims))
		;
}

/* trims between two barriers that another thread waits for */
struct trimmer {
	const char *path;
	pthread_barrier_t barrier;
};

static void *trim_on_demand(void *context)
{
	struct trimmer *trimmer = context;

	for (;;) {
		pthread_barrier_wait(&trimmer->barrier);
		trim(trimmer->path);
		pthread_barrier_wait(&trimmer->barrier);
	}
	return NULL;
}

static void run_trims(const char *path, struct device *device)
{
	unsigned long long tag = tag_of(device), n;
	struct trimmer trimmer = { .path = path };
	int fd = open_device(path);
	pthread_t thread;

	pthread_barrier_init(&trimmer.barrier, NULL, 2);
	if (pthread_create(&thread, NULL, trim_on_demand, &trimmer))
		errx(1, "cannot create a thread");
	/* optional, for more trims */
	setpriority(PRIO_PROCESS, 0, -5);
	write_contents(fd, tag | 1);
	for (n = 1; !shared->finished; n++) {
		pause_trims(200);
		device->begun = n;
		pthread_barrier_wait(&trimmer.barrier);
		while (lseek(fd, 0, SEEK_END))
			;
		write_contents(fd, tag | (n + 1));
		pthread_barrier_wait(&trimmer.barrier);
		device->over = n;
		raise_floor(device, n);
		shared->trims++;
		pause_trims(50);
	}
	device->begun = n;
	trim(path);
}

/* -- touch -- */
struct accessor {
	struct device *device;
	unsigned long long wanted;
	int fd;
	unsigned long long *shared_pages;
	unsigned long long *private_pages;
	atomic_uint next;		/* the next free word for the stores of a thread */
};

static void check(const struct device *device, const char *what,
		  const unsigned long long *word, unsigned long long floor)
{
	unsigned long long value = __atomic_load_n(word, __ATOMIC_RELAXED);

	if (value >> TAG_SHIFT != tag_of(device) >> TAG_SHIFT)
		errx(1, "%s: %llx is not a value of this device", what,
		     value);
	if (value <= (tag_of(device) | floor))
		errx(1, "%s: read %llx after trim %llx", what,
		     value - tag_of(device), floor);
}

/*
 * Check both ends of a page, each after a read of the floor, several times: a stale page
 * stays mapped until the next trim only.
 */
static void check_page(const struct device *device, const char *what,
		       const unsigned long long *start)
{
	unsigned int checks = 1 + pick(8);
	unsigned long long floor;

	while (checks--) {
		floor = device->floor;
		check(device, what, start, floor);
		floor = device->floor;
		check(device, what, start + words - 1, floor);
		shared->touches += 2;
	}
	shared->contents++;
}

/* contents shown by read() are the oldest valid ones; short contents return less */
static void read_contents(const struct accessor *accessor, off_t pos)
{
	unsigned long long value, tag = tag_of(accessor->device);

	if (pread(accessor->fd, &value, sizeof(value), pos) == sizeof(value))
		raise_floor(accessor->device, value - tag - 1);
}

/* store to the word of this thread in a page of all threads */
static void store_shared(const struct accessor *accessor,
			 unsigned long long *start, unsigned int word)
{
	/* siglongjmp() leaves automatic variables undefined */
	static __thread unsigned long long stores, stored;
	unsigned long long floor = accessor->device->floor;
	unsigned long long *address = start + word, got;
	off_t pos = (char *)address - (char *)accessor->shared_pages;

	stored = tag_of(accessor->device) | ++stores;
	__atomic_store_n(address, stored, __ATOMIC_RELAXED);
	if (pick(8))
		return;
	/* without a trim since then read() has to return the value */
	if (pread(accessor->fd, &got, sizeof(got), pos) == sizeof(got) &&
	    accessor->device->begun == floor && got != stored)
		errx(1, "a store is lost: read %llx, stored %llx", got, stored);
}

static void touch_shared(const struct accessor *accessor, unsigned int word)
{
	unsigned long long *start = accessor->shared_pages + pick(PAGES) * words;

	if (!pick(3))
		read_contents(accessor, pick(PAGES) * page);
	switch (pick(6)) {
	case 0:
		madvise(start, page, MADV_DONTNEED);
		break;
	case 1:
		store_shared(accessor, start, word);
		break;
	}
	check_page(accessor->device, "shared", start);
}

/*
 * A page is copied by a store to a page that is not present, or by a store after a load,
 * which are different faults.
 */
static void touch_private(const struct accessor *accessor, unsigned int word)
{
	unsigned long long *start = accessor->private_pages +
				    pick(PAGES) * words;

	if (!pick(3))
		read_contents(accessor, pick(PAGES) * page);
	switch (pick(6)) {
	case 0:
		madvise(start, page, MADV_DONTNEED);
		break;
	case 1:
		__atomic_store_n(start + word, 0, __ATOMIC_RELAXED);
		break;
	case 2:
		madvise(start, page, MADV_DONTNEED);
		__atomic_store_n(start + word, 0, __ATOMIC_RELAXED);
		break;
	}
	check_page(accessor->device, "private", start);
}

/*
 * A trim must not remove a private copy of contents that were written after it has taken
 * effect. "pages" is the mapping of this thread.
 */
static void keep_copy(const struct accessor *accessor, unsigned long long *pages)
{
	static __thread unsigned long long *start, begun;
	const struct device *device = accessor->device;

	start = pages + pick(PAGES) * words;
	madvise(start, page, MADV_DONTNEED);
	begun = device->begun;
	if (__atomic_load_n(start, __ATOMIC_RELAXED) !=
	    (tag_of(device) | (begun + 1)))
		return;
	__atomic_store_n(start + 1, 0, __ATOMIC_RELAXED);
	while (device->over < begun)
		;
	if (!__atomic_load_n(start + 1, __ATOMIC_RELAXED))
		shared->kept++;
	else if (device->begun == begun)
		errx(1, "trim %llx removed a private copy of later contents",
		     begun);
}

/* first stores only: the kernel copies the page after the driver has returned */
static void touch_copy(const struct accessor *accessor, unsigned int word)
{
	unsigned long long *start = accessor->private_pages +
				    pick(PAGES) * words;

	madvise(start, page, MADV_DONTNEED);
	__atomic_store_n(start + word, 0, __ATOMIC_RELAXED);
	check_page(accessor->device, "copy", start);
}

/* the minimum number of each event */
static bool is_complete(unsigned long long wanted)
{
	return shared->touches >= wanted && shared->contents >= wanted / 100 &&
	       shared->signals >= wanted / 1000 &&
	       (copies || (shared->kept >= wanted / 1000 &&
			   shared->forks >= wanted / 2000)) &&
	       shared->trims >= wanted / (copies ? 100 : 2000);
}

static void *run_accesses(void *context)
{
	struct accessor *accessor = context;
	unsigned int word = accessor->next++;
	unsigned long long *pages = map(accessor->fd, PAGES * page, MAP_PRIVATE);

	seed_random();
	while (!is_complete(accessor->wanted)) {
		if (sigsetjmp(escape, 0)) {
			shared->touches++;
			shared->signals++;
			sched_yield();
			continue;
		}
		if (copies)
			touch_copy(accessor, word);
		else if (!pick(8))
			keep_copy(accessor, pages);
		else if (pick(2))
			touch_shared(accessor, word);
		else
			touch_private(accessor, word);
	}
	shared->finished = true;
	return NULL;
}

/* -- fork() and mremap() during trims -- */

static unsigned long long *move(unsigned long long *pages)
{
	void *target = map(-1, PAGES * page, MAP_PRIVATE | MAP_ANONYMOUS);

	if (mremap(pages, PAGES * page, PAGES * page, MREMAP_MAYMOVE |
		   MREMAP_FIXED, target) != target)
		err(1, "mremap");
	return target;
}

/* check all pages, some of them after a private copy */
static void check_all_pages(const struct accessor *accessor)
{
	static unsigned int i;

	for (i = 0; i < PAGES; i++) {
		if (sigsetjmp(escape, 0)) {
			shared->signals++;
			continue;
		}
		if (!pick(3))
			read_contents(accessor, pick(PAGES) * page);
		if (!pick(4))
			__atomic_store_n(accessor->private_pages + i * words + 1,
					 0, __ATOMIC_RELAXED);
		check_page(accessor->device, "private, moved",
			   accessor->private_pages + i * words);
		check_page(accessor->device, "shared, moved",
			   accessor->shared_pages + i * words);
	}
}

static void check_in_child(const struct accessor *accessor)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		seed_random();
		check_all_pages(accessor);
		_exit(0);
	}
	check_all_pages(accessor);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the child failed");
	shared->forks++;
}

static void run_moves(const char *path, struct device *device,
		      unsigned long long wanted)
{
	struct accessor accessor = {
		.device = device,
		.wanted = wanted,
		.fd = open_device(path),
	};

	accessor.shared_pages = map(accessor.fd, PAGES * page, MAP_SHARED);
	accessor.private_pages = map(accessor.fd, PAGES * page, MAP_PRIVATE);
	while (!is_complete(wanted)) {
		check_all_pages(&accessor);
		if (pick(2))
			check_in_child(&accessor);
		accessor.shared_pages = move(accessor.shared_pages);
		accessor.private_pages = move(accessor.private_pages);
	}
	shared->finished = true;
}

static void start_accesses(const char *path, struct device *device,
			   unsigned long long wanted, unsigned int first)
{
	struct accessor accessor = {
		.device = device,
		.wanted = wanted,
		.next = 1 + first * THREADS,
		.fd = open_device(path),
	};

	accessor.shared_pages = map(accessor.fd, PAGES * page, MAP_SHARED);
	accessor.private_pages = map(accessor.fd, PAGES * page, MAP_PRIVATE);
	run_threads(THREADS, run_accesses, &accessor);
}

/* optional: the process that trims has its own CPU */
static void stay_on_cpu(unsigned int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static int do_touch(int argc, char **argv)
{
	unsigned long long wanted = strtoull(argv[0], NULL, 0);
	int count = copies ? 1 : ACCESSORS;
	int i, n;

	for (i = 1; i < argc; i++) {
		struct device *device = &shared->devices[i - 1];

		trim(argv[i]);
		if (copies)
			stay_on_cpu(i - 1);
		if (is_child()) {
			run_trims(argv[i], device);
			exit(0);
		}
		if (!copies && is_child()) {
			run_moves(argv[i], device, wanted);
			exit(0);
		}
		for (n = 0; n < count; n++)
			if (is_child()) {
				start_accesses(argv[i], device, wanted, n);
				exit(0);
			}
	}
	if (wait_for_children())
		return 1;

	printf("%llu accesses, %llu contents, %llu SIGBUS, %llu trims\n",
	       shared->touches, shared->contents, shared->signals,
	       shared->trims);
	printf("%llu copies kept, %llu forks\n", shared->kept, shared->forks);
	return 0;
}

/* -- own: all bytes of the devices are 0 or 0xff -- */

static struct own {
	int fd[2];
	unsigned char *pages[2][2];	/* of each device, shared and private */
	unsigned long calls;
} own;

static void check_bytes(const unsigned char *data, size_t len)
{
	unsigned long long word;
	size_t i;

	for (i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, data + i, sizeof(word));
		if (word != (word & 0x0101010101010101) * 0xff)
			errx(1, "wrong bytes in %llx", word);
	}
}

/* make a call and check the buffer as far as it is accessible */
static void call_with_own_buffer(void)
{
	unsigned char *pages = own.pages[pick(2)][pick(2)];
	size_t offset = pick(PAGES * page);
	size_t len = 1 + pick(PAGES * page - offset);
	off_t pos = pick(PAGES * page);
	int fd = own.fd[pick(2)];
	bool reads = pick(2);
	ssize_t done;

	if (!pick(8))
		madvise(pages, PAGES * page, MADV_DONTNEED);
	if ((size_t)pos + len > PAGES * page)
		len = PAGES * page - pos;
	done = reads ? pread(fd, pages + offset, len, pos) :
		       pwrite(fd, pages + offset, len, pos);
	if (done < 0 && errno != EFAULT)
		err(1, "%s", reads ? "read" : "write");
	if (done > (ssize_t)len)
		errx(1, "got %zd of %zu bytes", done, len);
	if (done == (ssize_t)len)
		shared->full++;
	shared->calls++;
	if (done > 0 && !sigsetjmp(escape, 0))
		check_bytes(pages + offset, done);
}

static bool is_own_complete(void)
{
	return shared->calls >= own.calls &&
	       shared->full >= own.calls / 100 &&
	       shared->trims >= own.calls / 200;
}

static void *run_calls(void *context)
{
	unsigned long n;

	(void)context;
	seed_random();
	for (n = 0; !is_own_complete(); n++) {
		call_with_own_buffer();
		shared->touches++;
		/* a writer of mmap_lock blocks its readers */
		if (n % 16 == 0)
			munmap(map(own.fd[0], page, MAP_SHARED), page);
	}
	return NULL;
}

static void trim_both(char **path)
{
	unsigned char *data = malloc(PAGES * page);
	unsigned int n;

	setpriority(PRIO_PROCESS, 0, -5);
	memset(data, 0xff, PAGES * page);
	for (n = 0; !shared->finished; n++) {
		if (pwrite(own.fd[n % 2], data, PAGES * page, 0) < 0)
			err(1, "write");
		pause_trims(300);
		trim(path[pick(2)]);
		shared->trims++;
	}
}

static int do_own(int argc, char **argv)
{
	unsigned int i, threads = strtoul(argv[0], NULL, 0);

	(void)argc;
	own.calls = strtoul(argv[1], NULL, 0);
	/* remove other contents */
	trim(argv[2]);
	trim(argv[3]);
	for (i = 0; i < 2; i++) {
		own.fd[i] = open_device(argv[2 + i]);
		own.pages[i][0] = map(own.fd[i], PAGES * page, MAP_SHARED);
		own.pages[i][1] = map(own.fd[i], PAGES * page, MAP_PRIVATE);
	}
	if (is_child()) {
		trim_both(argv + 2);
		exit(0);
	}
	run_threads(threads, run_calls, NULL);
	shared->finished = true;
	if (wait_for_children())
		return 1;

	printf("%llu calls, %llu complete, %llu trims\n", shared->calls,
	       shared->full, shared->trims);
	trim(argv[2]);
	trim(argv[3]);
	return 0;
}

/* -- direct -- */

static void check_file(int file, size_t len, unsigned long long floor)
{
	static unsigned long long *data;
	size_t i, n;

	if (!data)
		data = map(-1, PAGES * page, MAP_PRIVATE | MAP_ANONYMOUS);
	if (pread(file, data, len, 0) != (ssize_t)len)
		err(1, "cannot read the file");
	for (i = 0; i < len / page; i++) {
		check(&shared->devices[0], "file", data + i * words, floor);
		for (n = 1; n < words; n++)
			if (data[i * words + n] != data[i * words])
				errx(1, "a page has %llx and, from word %zu on, %llx",
				     data[i * words], n, data[i * words + n]);
	}
}

static int do_direct(int argc, char **argv)
{
	struct device *device = &shared->devices[0];
	int fd = open_device(argv[1]);
	int file = open(argv[2], O_RDWR | O_CREAT | O_DIRECT, 0600);
	unsigned long rounds = strtoul(argv[0], NULL, 0);
	void *pages = map(fd, PAGES * page, MAP_SHARED);
	unsigned long i;

	(void)argc;
	if (file < 0)
		err(1, "%s", argv[2]);
	trim(argv[1]);
	if (is_child()) {
		run_trims(argv[1], device);
		exit(0);
	}
	for (i = 0; i < rounds || shared->trims < rounds / 10; ) {
		unsigned long long floor = device->floor;
		ssize_t done = pwrite(file, pages, PAGES * page, 0);

		if (done < 0 && errno != EFAULT)
			err(1, "O_DIRECT");
		shared->touches++;
		if (done <= 0)
			continue;
		check_file(file, done / page * page, floor);
		i++;
	}
	shared->finished = true;
	if (wait_for_children())
		return 1;
	printf("%lu writes, %llu trims\n", i, shared->trims);
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = {
		.sa_handler = escape_signal,
		.sa_flags = SA_NODEFER,
	};

	page = sysconf(_SC_PAGESIZE);
	words = page / sizeof(unsigned long long);
	shared = map(-1, sizeof(*shared), MAP_SHARED | MAP_ANONYMOUS);
	sigaction(SIGBUS, &action, NULL);

	if (argc > 3 && argc <= 3 + MAX_DEVICES) {
		copies = !strcmp(argv[1], "copy");
		if (copies || !strcmp(argv[1], "touch"))
			return do_touch(argc - 2, argv + 2);
	}
	if (argc == 6 && !strcmp(argv[1], "own"))
		return do_own(argc - 2, argv + 2);
	if (argc == 5 && !strcmp(argv[1], "direct"))
		return do_direct(argc - 2, argv + 2);
	errx(2, "usage: coherence touch|copy|own|direct ...");
}
