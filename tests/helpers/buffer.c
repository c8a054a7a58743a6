// SPDX-License-Identifier: GPL-2.0
/*
 * usage: buffer [option]... read|write|append DEVICE OFFSET SEGMENT...
 *
 * Makes one system call with the segments as its buffer and prints its result or the name
 * of its error. A segment is LENGTH valid bytes, or LENGTH+KIND:MORE, valid bytes
 * followed by MORE bytes of the kind
 *
 *	bad	not accessible
 *	fresh	never accessed before
 *	rom	never accessed before, and read-only
 *	stall	in a userfaultfd range whose faults are never resolved
 *	late	in a userfaultfd range whose faults are resolved after the end of the
 *		standard input
 *	gone	like late, but present until the size of the device changes
 *	tag	present, with another memory tag than the pointer (arm64)
 *	key	present, with a protection key that denies access (x86, powerpc)
 *
 * The exit status is 77 if the machine does not support the kind.
 *
 * Options:
 *
 *	-n	use RWF_NOWAIT
 *	-r N	repeat all segments N times, with the same memory
 *	-o FILE	write the valid bytes that were read to FILE
 *	-k	send SIGKILL after the start of the call, that is, when the first byte was
 *		read or the size has changed; the exit status is that of a shell, 137
 *	-i	send a signal that is handled instead; the exit status is 3 if the call
 *		returns before the signal
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_SEGMENTS	1024	/* UIO_MAXIOV */

static struct iovec segments[MAX_SEGMENTS];
static size_t valid[MAX_SEGMENTS];

static int signal_to_send;
static volatile sig_atomic_t returned, interrupted;
static int fd, userfaultfd;
static off_t size;		/* size of the device before the call */
static char fill;		/* value of the valid bytes before the call */

/* without UFFD_USER_MODE_ONLY, to cover accesses by the kernel */
static void stall(void *start, size_t length)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (unsigned long)start, length },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	userfaultfd = syscall(SYS_userfaultfd, 0);
	if (userfaultfd < 0 || ioctl(userfaultfd, UFFDIO_API, &api) ||
	    ioctl(userfaultfd, UFFDIO_REGISTER, &range))
		err(2, "userfaultfd");
}

static void *resolve(void *range)
{
	struct uffdio_zeropage page = { .range = *(struct uffdio_range *)range };

	while (getchar() != EOF)
		;
	if (ioctl(userfaultfd, UFFDIO_ZEROPAGE, &page))
		err(2, "userfaultfd");
	return NULL;
}

static bool has_grown(void)
{
	return lseek(fd, 0, SEEK_END) != size;
}

static void *remove_pages(void *page_range)
{
	const struct uffdio_range *range = page_range;

	while (!has_grown())
		;
	if (madvise((void *)(unsigned long)range->start, range->len,
		    MADV_DONTNEED))
		err(2, "madvise");
	return resolve(page_range);
}

static void resolve_late(void *start, size_t length, bool is_present)
{
	static struct uffdio_range range;
	pthread_t resolver;

	range.start = (unsigned long)start;
	range.len = length;
	if (is_present)
		memset(start, fill, length);
	stall(start, length);
	if (pthread_create(&resolver, NULL, is_present ? remove_pages : resolve, &range))
		errx(2, "cannot create a thread");
}

/*
 * Give the memory another tag than its pointers, in all granules of 16 bytes: some
 * emulators store the tags of two granules for a whole page.
 */
static void change_tags(char *start, size_t length)
{
#ifdef __aarch64__
	unsigned long wrong = 5, address = (unsigned long)start;

	/* PR_TAGGED_ADDR_ENABLE, PR_MTE_TCF_SYNC, all tags but 0 */
	if (prctl(PR_SET_TAGGED_ADDR_CTRL, 1L | 1 << 1 | 0xfffe << 3, 0L,
		  0L, 0L))
		errx(77, "this machine has no memory tags");
	/* PROT_MTE */
	if (mprotect(start, length, PROT_READ | PROT_WRITE | 0x20))
		err(2, "tags");
	for (; address < (unsigned long)start + length; address += 16)
		asm volatile(".arch armv8.5-a+memtag\n"
			     "stg %0, [%0]"
			     : : "r"(address | wrong << 56) : "memory");
#else
	(void)start;
	(void)length;
	errx(77, "this machine has no memory tags");
#endif
}

static void deny_access(char *start, size_t length)
{
	int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);

	if (key < 0)
		errx(77, "this machine has no protection keys");
	if (pkey_mprotect(start, length, PROT_READ | PROT_WRITE, key))
		err(2, "protection key");
}

static size_t page_align(size_t length)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (length + page - 1) / page * page;
}

static void make_segment(int i, const char *text)
{
	char kind[8] = "", *memory, *boundary;
	size_t more = 0, length;

	if (sscanf(text, "%zu+%7[a-z]:%zu", &valid[i], kind, &more) == 2)
		errx(2, "invalid segment %s", text);

	length = page_align(valid[i]) + page_align(more);
	memory = mmap(NULL, length + 1, PROT_READ | PROT_WRITE,
		      (signal_to_send ? MAP_SHARED : MAP_PRIVATE) |
		      MAP_ANONYMOUS, -1, 0);
	/*
	 * A huge page would span the boundary. Kernels without huge pages, such as
	 * those with PREEMPT_RT, return EINVAL.
	 */
	if (memory == MAP_FAILED ||
	    (madvise(memory, length, MADV_NOHUGEPAGE) && errno != EINVAL))
		err(2, "memory");
	boundary = memory + page_align(valid[i]);

	if (!strcmp(kind, "bad"))
		mprotect(boundary, page_align(more), PROT_NONE);
	else if (!strcmp(kind, "rom"))
		mprotect(boundary, page_align(more), PROT_READ);
	else if (!strcmp(kind, "stall"))
		stall(boundary, page_align(more));
	else if (!strcmp(kind, "late"))
		resolve_late(boundary, page_align(more), false);
	else if (!strcmp(kind, "gone"))
		resolve_late(boundary, page_align(more), true);
	else if (!strcmp(kind, "tag"))
		change_tags(boundary, page_align(more));
	else if (!strcmp(kind, "key"))
		deny_access(boundary, page_align(more));

	segments[i].iov_base = boundary - valid[i];
	segments[i].iov_len = valid[i] + more;
	memset(segments[i].iov_base, fill, valid[i]);
}

static void save(const char *file, ssize_t got)
{
	FILE *out = fopen(file, "w");
	int i;

	if (!out)
		err(2, "%s", file);
	for (i = 0; got > 0; got -= segments[i++].iov_len)
		fwrite(segments[i].iov_base, 1,
		       (size_t)got < valid[i] ? (size_t)got : valid[i], out);
	fclose(out);
}

static void handler(int number)
{
	(void)number;
	interrupted = !returned;
}

/* Continue as a child, to which the parent sends the signal. */
static void fork_receiver(void)
{
	const char *first = segments[0].iov_base;
	pid_t child = fork();
	int status;

	if (child < 0)
		err(2, "fork");
	if (!child)
		return;
	while (__atomic_load_n(first, __ATOMIC_RELAXED) == fill &&
	       !has_grown() && !waitpid(child, &status, WNOHANG))
		;
	kill(child, signal_to_send);
	waitpid(child, &status, 0);
	exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	int count, all, repeat = 1, flags = 0, i;
	const char *call, *file = NULL;
	off_t offset;
	ssize_t done;

	while ((i = getopt(argc, argv, "ikno:r:")) != -1) {
		if (i == 'n')
			flags = RWF_NOWAIT;
		else if (i == 'k')
			signal_to_send = SIGKILL;
		else if (i == 'i')
			signal_to_send = SIGUSR1;
		else if (i == 'o')
			file = optarg;
		else if (i == 'r')
			repeat = atoi(optarg);
		else
			return 2;
	}
	argv += optind;
	argc -= optind;
	count = argc - 3;
	all = count * repeat;
	if (count < 1 || all > MAX_SEGMENTS)
		errx(2, "usage: buffer [option]... CALL DEVICE OFFSET SEGMENT...");

	call = argv[0];
	fill = *call == 'r' ? 'r' : 'w';
	fd = open(argv[1], *call == 'r' ? O_RDONLY :
			   *call == 'w' ? O_RDWR : O_RDWR | O_APPEND);
	if (fd < 0)
		err(2, "%s", argv[1]);
	size = lseek(fd, 0, SEEK_END);
	offset = strtoll(argv[2], NULL, 0);
	for (i = 0; i < count; i++)
		make_segment(i, argv[3 + i]);
	for (; i < all; i++)
		segments[i] = segments[i - count];
	if (signal_to_send) {
		sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = handler },
			  NULL);
		fork_receiver();
	}

	/* plain calls pass another kind of iterator to the driver */
	if (flags || all > 1)
		done = *call == 'r' ?
		       preadv2(fd, segments, all, offset, flags) :
		       pwritev2(fd, segments, all, offset, flags);
	else
		done = *call == 'r' ?
		       pread(fd, segments[0].iov_base, segments[0].iov_len,
			     offset) :
		       pwrite(fd, segments[0].iov_base, segments[0].iov_len,
			      offset);

	returned = true;
	if (signal_to_send && !interrupted)
		errx(3, "the call returned before the signal");
	if (done < 0)
		puts(strerrorname_np(errno));
	else
		printf("%zd\n", done);
	if (file)
		save(file, done);
	return 0;
}
