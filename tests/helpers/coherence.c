// SPDX-License-Identifier: GPL-2.0
/*
 * usage: coherence touch|copy TOUCHES DEVICE...
 *        coherence own THREADS CALLS DEVICE DEVICE
 *        coherence direct ROUNDS DEVICE FILE
 *
 * Devices that are emptied again and again while they are mapped.
 *
 *	touch	processes touch each device in all ways, TOUCHES times together.
 *		Nobody sees what a trim has taken away before the touch began.
 *		Once read() has shown what was written after a trim, no mapping
 *		shows older contents, no store through one is lost, and no
 *		private copy of the new contents goes away.
 *	copy	the same, with first stores to private pages only: the kernel
 *		copies the page, and enters the copy, when the driver has been
 *		left. With preempt=full a trim often comes in between.
 *	own	THREADS threads read and write the devices, CALLS times in all,
 *		with mappings of them as the buffers
 *	direct	the mapping is written to FILE with O_DIRECT. What arrives there
 *		is no older than the write, and each page is in one piece.
 *
 * The n-th contents of a device are made of the number n, until the n-th trim.
 * The next ones are written as soon as the device is empty, while the trim may
 * still be under way. When the trim is over, or read() has shown the next contents,
 * "floor" becomes n: a process that looks at the floor first and at the device
 * then finds a larger number there, or SIGBUS.
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
#define TOUCHERS	2	/* processes that touch a device */
#define THREADS		2	/* threads of each */
#define MAX_THREADS	16
#define MAX_CHILDREN	32

#define TAG_SHIFT	48	/* a number tells its device in its upper bits */

static struct shared {
	struct device {
		atomic_ullong begun;	/* trims */
		atomic_ullong over;	/* and those that have returned */
		atomic_ullong floor;	/* and those whose contents are gone */
	} devices[MAX_DEVICES];
	atomic_ullong touches, contents, signals, trims, calls, full;
	atomic_ullong kept, forks;
	atomic_bool finished;
} *shared;

static size_t page, words;	/* and how many numbers a page has */
static pid_t children[MAX_CHILDREN];
static unsigned int child_count;

/* the signal is not masked, so there is no mask to restore */
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

/* each thread has numbers of its own */
static void start_numbers(void)
{
	random_state = gettid() * 0x9e3779b97f4a7c15u | 1;
}

/* -- processes: the first that goes wrong ends all -- */

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
	start_numbers();
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
			errx(1, "no thread");
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

/* -- a device's contents -- */

static unsigned long long tag_of(const struct device *device)
{
	return (device - shared->devices + 1ull) << TAG_SHIFT;
}

static void write_contents(int fd, unsigned long long number)
{
	static unsigned long long *data;
	size_t i;

	if (!data)
		data = map(-1, PAGES * page, MAP_PRIVATE | MAP_ANONYMOUS);
	for (i = 0; i < PAGES * words; i++)
		data[i] = number;
	/* where "limit" is met the contents are shorter, or none */
	if (pwrite(fd, data, PAGES * page, 0) < 0 && errno != ENOSPC)
		err(1, "write");
}

static void trim(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		err(1, "trim");
	close(fd);
}

/* only first stores to private pages, on one CPU */
static bool copies;

/* let the others come to something, but never wait for what may not be */
static void linger(unsigned int most)
{
	unsigned long long until = shared->touches + pick(most);
	unsigned int yields = 50;

	if (copies) {
		/* the timer stops the others in the middle of something */
		usleep(pick(most));
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

/* trims when the other thread comes to the barrier, which waits there for the end */
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

static void trim_for_ever(const char *path, struct device *device)
{
	unsigned long long tag = tag_of(device), n;
	struct trimmer trimmer = { .path = path };
	int fd = open_device(path);
	pthread_t thread;

	pthread_barrier_init(&trimmer.barrier, NULL, 2);
	if (pthread_create(&thread, NULL, trim_on_demand, &trimmer))
		errx(1, "no thread");
	/* for more trims; if it may not be, there are fewer */
	setpriority(PRIO_PROCESS, 0, -5);
	write_contents(fd, tag | 1);
	for (n = 1; !shared->finished; n++) {
		linger(200);
		device->begun = n;
		pthread_barrier_wait(&trimmer.barrier);
		while (lseek(fd, 0, SEEK_END))
			;
		write_contents(fd, tag | (n + 1));
		pthread_barrier_wait(&trimmer.barrier);
		device->over = n;
		raise_floor(device, n);
		shared->trims++;
		linger(50);
	}
	device->begun = n;
	trim(path);
}

/* -- touch -- */
struct toucher {
	struct device *device;
	unsigned long long wanted;
	int fd;
	unsigned long long *shared_pages;
	unsigned long long *private_pages;
	atomic_uint next;		/* word for a thread to store in */
};

static void check(const struct device *device, const char *what,
		  const unsigned long long *place, unsigned long long floor)
{
	unsigned long long number = __atomic_load_n(place, __ATOMIC_RELAXED);

	if (number >> TAG_SHIFT != tag_of(device) >> TAG_SHIFT)
		errx(1, "%s: %llx is of no contents of this device", what,
		     number);
	if (number <= (tag_of(device) | floor))
		errx(1, "%s: %llx is there, but trim %llx has taken effect", what,
		     number - tag_of(device), floor);
}

/*
 * Both ends of a page, each after a look at the floor, and more than once: a
 * page that has come too late stays there until the next trim only.
 */
static void look(const struct device *device, const char *what,
		 const unsigned long long *start)
{
	unsigned int looks = 1 + pick(8);
	unsigned long long floor;

	while (looks--) {
		floor = device->floor;
		check(device, what, start, floor);
		floor = device->floor;
		check(device, what, start + words - 1, floor);
		shared->touches += 2;
	}
	shared->contents++;
}

/* what read() shows is there for all; contents that are short end before the page */
static void read_contents(const struct toucher *toucher, off_t pos)
{
	unsigned long long number, tag = tag_of(toucher->device);

	if (pread(toucher->fd, &number, sizeof(number), pos) == sizeof(number))
		raise_floor(toucher->device, number - tag - 1);
}

/* in a word of the thread's own, in a page that all share */
static void store_shared(const struct toucher *toucher,
			 unsigned long long *start, unsigned int word)
{
	/* automatic ones do not last where siglongjmp() leads */
	static __thread unsigned long long stores, mine;
	unsigned long long floor = toucher->device->floor;
	unsigned long long *place = start + word, got;
	off_t pos = (char *)place - (char *)toucher->shared_pages;

	mine = tag_of(toucher->device) | ++stores;
	__atomic_store_n(place, mine, __ATOMIC_RELAXED);
	if (pick(8))
		return;
	/* without a trim in between read() has to find it */
	if (pread(toucher->fd, &got, sizeof(got), pos) == sizeof(got) &&
	    toucher->device->begun == floor && got != mine)
		errx(1, "a store is lost: %llx for %llx", got, mine);
}

static void touch_shared(const struct toucher *toucher, unsigned int word)
{
	unsigned long long *start = toucher->shared_pages + pick(PAGES) * words;

	if (!pick(3))
		read_contents(toucher, pick(PAGES) * page);
	switch (pick(6)) {
	case 0:
		madvise(start, page, MADV_DONTNEED);
		break;
	case 1:
		store_shared(toucher, start, word);
		break;
	}
	look(toucher->device, "shared", start);
}

/*
 * A copy is made when the page is written without being read, which is one
 * fault, or after being read, which is another.
 */
static void touch_private(const struct toucher *toucher, unsigned int word)
{
	unsigned long long *start = toucher->private_pages +
				    pick(PAGES) * words;

	if (!pick(3))
		read_contents(toucher, pick(PAGES) * page);
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
	look(toucher->device, "private", start);
}

/*
 * A copy of the contents that were written after the last trim had taken effect:
 * that trim does not remove it. "pages" is a mapping of the thread's own.
 */
static void keep_copy(const struct toucher *toucher, unsigned long long *pages)
{
	static __thread unsigned long long *start, begun;
	const struct device *device = toucher->device;

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
		errx(1, "trim %llx has removed a private copy of what came after it",
		     begun);
}

/* nothing but first stores: the kernel copies the page after the driver is left */
static void touch_copy(const struct toucher *toucher, unsigned int word)
{
	unsigned long long *start = toucher->private_pages +
				    pick(PAGES) * words;

	madvise(start, page, MADV_DONTNEED);
	__atomic_store_n(start + word, 0, __ATOMIC_RELAXED);
	look(toucher->device, "copy", start);
}

/* as many of each as make it a test */
static bool enough(unsigned long long wanted)
{
	return shared->touches >= wanted && shared->contents >= wanted / 100 &&
	       shared->signals >= wanted / 1000 &&
	       (copies || (shared->kept >= wanted / 1000 &&
			   shared->forks >= wanted / 2000)) &&
	       shared->trims >= wanted / (copies ? 100 : 2000);
}

static void *touch_for_ever(void *context)
{
	struct toucher *toucher = context;
	unsigned int word = toucher->next++;
	unsigned long long *pages = map(toucher->fd, PAGES * page, MAP_PRIVATE);

	start_numbers();
	while (!enough(toucher->wanted)) {
		if (sigsetjmp(escape, 0)) {
			shared->touches++;
			shared->signals++;
			sched_yield();
			continue;
		}
		if (copies)
			touch_copy(toucher, word);
		else if (!pick(8))
			keep_copy(toucher, pages);
		else if (pick(2))
			touch_shared(toucher, word);
		else
			touch_private(toucher, word);
	}
	shared->finished = true;
	return NULL;
}

/* -- fork() and mremap(), which carry pages elsewhere, at any time -- */

static unsigned long long *move(unsigned long long *pages)
{
	void *place = map(-1, PAGES * page, MAP_PRIVATE | MAP_ANONYMOUS);

	if (mremap(pages, PAGES * page, PAGES * page, MREMAP_MAYMOVE |
		   MREMAP_FIXED, place) != place)
		err(1, "mremap");
	return place;
}

/* all pages that are there, with a private copy now and then */
static void look_around(const struct toucher *toucher)
{
	static unsigned int i;

	for (i = 0; i < PAGES; i++) {
		if (sigsetjmp(escape, 0)) {
			shared->signals++;
			continue;
		}
		if (!pick(3))
			read_contents(toucher, pick(PAGES) * page);
		if (!pick(4))
			__atomic_store_n(toucher->private_pages + i * words + 1,
					 0, __ATOMIC_RELAXED);
		look(toucher->device, "private, moved",
		     toucher->private_pages + i * words);
		look(toucher->device, "shared, moved",
		     toucher->shared_pages + i * words);
	}
}

static void look_in_child(const struct toucher *toucher)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		start_numbers();
		look_around(toucher);
		_exit(0);
	}
	look_around(toucher);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the child has failed");
	shared->forks++;
}

static void start_moving(const char *path, struct device *device,
			 unsigned long long wanted)
{
	struct toucher toucher = {
		.device = device,
		.wanted = wanted,
		.fd = open_device(path),
	};

	toucher.shared_pages = map(toucher.fd, PAGES * page, MAP_SHARED);
	toucher.private_pages = map(toucher.fd, PAGES * page, MAP_PRIVATE);
	while (!enough(wanted)) {
		look_around(&toucher);
		if (pick(2))
			look_in_child(&toucher);
		toucher.shared_pages = move(toucher.shared_pages);
		toucher.private_pages = move(toucher.private_pages);
	}
	shared->finished = true;
}

static void start_touching(const char *path, struct device *device,
			   unsigned long long wanted, unsigned int first)
{
	struct toucher toucher = {
		.device = device,
		.wanted = wanted,
		.next = 1 + first * THREADS,
		.fd = open_device(path),
	};

	toucher.shared_pages = map(toucher.fd, PAGES * page, MAP_SHARED);
	toucher.private_pages = map(toucher.fd, PAGES * page, MAP_PRIVATE);
	run_threads(THREADS, touch_for_ever, &toucher);
}

/* where the trimmer runs, nobody else does; if it fails, they meet less often */
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
	int touchers = copies ? 1 : TOUCHERS;
	int i, n;

	for (i = 1; i < argc; i++) {
		struct device *device = &shared->devices[i - 1];

		trim(argv[i]);
		if (copies)
			stay_on_cpu(i - 1);
		if (is_child()) {
			trim_for_ever(argv[i], device);
			exit(0);
		}
		if (!copies && is_child()) {
			start_moving(argv[i], device, wanted);
			exit(0);
		}
		for (n = 0; n < touchers; n++)
			if (is_child()) {
				start_touching(argv[i], device, wanted, n);
				exit(0);
			}
	}
	if (wait_for_children())
		return 1;

	printf("%llu touches, %llu contents, %llu SIGBUS, %llu trims\n",
	       shared->touches, shared->contents, shared->signals,
	       shared->trims);
	printf("%llu copies kept, %llu forks\n", shared->kept, shared->forks);
	return 0;
}

/* -- own: every byte of the devices is 0 or 0xff -- */

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
			errx(1, "there is %llx", word);
	}
}

/* one call, and what the buffer has in it then, as far as it is there */
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
		errx(1, "%zd bytes of %zu", done, len);
	if (done == (ssize_t)len)
		shared->full++;
	shared->calls++;
	if (done > 0 && !sigsetjmp(escape, 0))
		check_bytes(pages + offset, done);
}

static bool enough_calls(void)
{
	return shared->calls >= own.calls &&
	       shared->full >= own.calls / 100 &&
	       shared->trims >= own.calls / 200;
}

static void *call_for_ever(void *context)
{
	unsigned long n;

	(void)context;
	start_numbers();
	for (n = 0; !enough_calls(); n++) {
		call_with_own_buffer();
		shared->touches++;
		/* one who wants mmap_lock for writing makes readers wait */
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
		linger(300);
		trim(path[pick(2)]);
		shared->trims++;
	}
}

static int do_own(int argc, char **argv)
{
	unsigned int i, threads = strtoul(argv[0], NULL, 0);

	(void)argc;
	own.calls = strtoul(argv[1], NULL, 0);
	/* whatever was there is not what may be found */
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
	run_threads(threads, call_for_ever, NULL);
	shared->finished = true;
	if (wait_for_children())
		return 1;

	printf("%llu calls, %llu in full, %llu trims\n", shared->calls,
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
		err(1, "the file cannot be read");
	for (i = 0; i < len / page; i++) {
		check(&shared->devices[0], "a page", data + i * words, floor);
		for (n = 1; n < words; n++)
			if (data[i * words + n] != data[i * words])
				errx(1, "a page is made of %llx and, from word %zu on, %llx",
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
		trim_for_ever(argv[1], device);
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
