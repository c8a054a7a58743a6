// SPDX-License-Identifier: GPL-2.0
/*
 * usage: model DEVICE SEED:PROCESSES:OPERATIONS
 *
 * PROCESSES concurrently execute random operations on a device: they read, write, append,
 * splice, map, load, store, seek, kill a writer and, one at a time, set the limit or trim
 * the device for another geometry. An array in memory is the model of the contents.
 *
 * OPERATIONS are numbers, such as 0-9999 or 3,17-20. A number determines its operation,
 * whatever was executed before. When a run fails, operations are removed as long as it
 * still fails, and the shortest failing run is printed.
 *
 * Blocks of the device belong to the processes in turn, so that these share pages and
 * quanta but no bytes: each checks the bytes of its own blocks. An operation holds "lock"
 * for reading, or for writing if it changes the blocks of other processes. The size and
 * the quanta, which all processes change, have a lower bound (completed operations) and an
 * upper bound (begun operations). With one process the bounds are equal, but for writers
 * that were killed.
 */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "random.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))
#define BLOCK		5000
#define AREA		(BLOCK * 400)	/* bytes, at shared->base */
#define MAX_LENGTH	100000
#define MAX_PROCESSES	16
#define MAX_QUANTA	(AREA / 4096 + 2)
#define MAX_PAGE	65536
#define MAX_SEGMENTS	20		/* of a vector */
#define PIPE_SIZE	65536

struct bounds {
	atomic_llong min, max;
};

static struct shared {
	pthread_rwlock_t lock;
	/* changed with the lock held for writing */
	unsigned long long generation;	/* trims */
	unsigned int order, qset;
	const char *allocator;
	off_t base;			/* offset of the area */
	/* changed with the lock held for reading */
	struct bounds size;		/* size of the device from the base on */
	struct bounds quanta[MAX_QUANTA];	/* 1: allocated */
	unsigned char model[AREA + MAX_PAGE];	/* contents of the area */
	atomic_llong last;		/* last operation begun */
} *shared;

static const char *device, *attributes;
static unsigned long long seed;
static unsigned int processes, process;
static size_t page;

/* the operations of a run */
static unsigned int *operations;
static size_t operation_count;

/* the current operation */
static unsigned int operation;
static const char *operation_name = "start";

static int fd, append_fd, pipe_fds[2];
static unsigned long long generation;
static unsigned char *model;
static unsigned char *shared_map, *private_map;
static unsigned char **copies;		/* private copies of pages */
static unsigned char *buffer;

/* -- random numbers -- */

/* all lengths, mostly small ones */
static size_t pick_length(size_t max)
{
	size_t length = 1 + pick(1 << pick(18));

	return length < max ? length : max;
}

/* -- failures -- */

static noreturn void fail(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "process %u, operation %u, %s: ", process, operation,
		operation_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n%s, order %u, qset %u, area at %lld, %llu trims\n",
		shared->allocator, shared->order, shared->qset,
		(long long)shared->base, shared->generation);
	_exit(1);
}

static void check_range(const char *what, long long got, long long min,
			long long max)
{
	if (got < min || got > max)
		fail("%s is %lld (%s), not %lld to %lld", what, got,
		     got < 0 ? strerrorname_np(errno) : "", min, max);
}

/* -- state of all processes -- */

static size_t quantum(void)
{
	return page << shared->order;
}

/* the area starts within a quantum */
static size_t first_quantum(off_t pos)
{
	return (shared->base + pos) / quantum() - shared->base / quantum();
}

static void raise_to(atomic_llong *number, long long min)
{
	long long old = *number;

	while (old < min && !atomic_compare_exchange_weak(number, &old, min))
		;
}

/* an operation that allocates the quanta of a range has begun or is done */
static void mark_quanta(off_t pos, size_t len, bool done)
{
	size_t i;

	if (!len)
		return;

	for (i = first_quantum(pos); i <= first_quantum(pos + len - 1); i++)
		raise_to(done ? &shared->quanta[i].min :
				&shared->quanta[i].max, 1);
}

static void extend(off_t end, bool done)
{
	raise_to(done ? &shared->size.min : &shared->size.max, end);
}

static long long clamp(long long number, long long min, long long max)
{
	return number < min ? min : number > max ? max : number;
}

/* -- state of each process -- */

static bool is_own(off_t pos)
{
	return pos / BLOCK % processes == process;
}

/* check those bytes of a range that belong to this process */
static void check_bytes(const unsigned char *got, const unsigned char *expected,
			off_t pos, size_t len)
{
	size_t i;

	if (processes == 1 && !memcmp(got, expected, len))
		return;
	for (i = 0; i < len; i++)
		if (is_own(pos + i) && got[i] != expected[i])
			fail("offset %lld of %lld+%zu: got %02x, expected %02x",
			     (long long)(pos + i), (long long)pos, len, got[i],
			     expected[i]);
}

/* a range of bytes of this process */
static size_t pick_own(off_t *pos)
{
	unsigned int block = pick(AREA / BLOCK / processes) * processes + process;
	unsigned int in_block = pick(2) ? 0 : pick(BLOCK);
	size_t max = BLOCK - in_block;

	*pos = (off_t)block * BLOCK + in_block;
	if (processes == 1)
		max = clamp(AREA - *pos, 0, MAX_LENGTH);
	return pick_length(max);
}

/* any range; it may begin with a block or end at the end of the area */
static size_t pick_any(off_t *pos)
{
	*pos = pick(2) ? pick(AREA) : pick(AREA / BLOCK) * BLOCK;
	return pick_length(clamp(AREA - *pos, 0, MAX_LENGTH));
}

/* truncate a range to the lower bound of the size */
static size_t inside(off_t pos, size_t len)
{
	return clamp(shared->size.min - pos, 0, len);
}

static void drop_copies(size_t first, size_t count)
{
	size_t i;

	for (i = first; i < first + count; i++) {
		free(copies[i]);
		copies[i] = NULL;
	}
}

static size_t area_pages(void)
{
	return (AREA + page - 1) / page;
}

static void map_area(unsigned char **map, int flags)
{
	if (*map)
		munmap(*map, AREA);
	*map = mmap(NULL, AREA, PROT_READ | PROT_WRITE, flags, fd,
		    shared->base);
	if (*map == MAP_FAILED)
		fail("mmap: %s", strerrorname_np(errno));
}

/* after a trim: mappings of the same area stay valid */
static void start_generation(void)
{
	static off_t base = -1;

	drop_copies(0, area_pages());
	if (base != shared->base) {
		map_area(&shared_map, MAP_SHARED);
		map_area(&private_map, MAP_PRIVATE);
	}
	base = shared->base;
	generation = shared->generation;
}

/* -- operations -- */

/* split the buffer into a vector of segments of all sizes, including 0 */
static int split(struct iovec iov[MAX_SEGMENTS], size_t len)
{
	int i, count = 1 + pick(MAX_SEGMENTS);
	size_t done = 0;

	for (i = 0; i < count; i++) {
		size_t part = pick(3) ? pick_length(len - done + 1) - 1 : 0;

		if (i == count - 1)
			part = len - done;
		iov[i] = (struct iovec){ buffer + done, part };
		done += part;
	}
	return count;
}

/* read or write the buffer with or without a vector */
static ssize_t move_vector(off_t pos, size_t len, bool writes)
{
	struct iovec iov[MAX_SEGMENTS];
	int count = split(iov, len);

	pos += shared->base;
	if (pick(2))
		return writes ? pwritev(fd, iov, count, pos) :
				preadv(fd, iov, count, pos);
	lseek(fd, pos, SEEK_SET);
	if (pick(2))
		return writes ? writev(fd, iov, count) : readv(fd, iov, count);
	return writes ? write(fd, buffer, len) : read(fd, buffer, len);
}

/* in parts of the size of a pipe */
static ssize_t splice_write(off_t pos, size_t len)
{
	loff_t to = shared->base + pos;
	size_t done = 0;

	while (done < len) {
		size_t part = clamp(len - done, 0, PIPE_SIZE);
		size_t left;
		ssize_t moved;

		check_range("pipe", write(pipe_fds[1], buffer + done, part), part,
			    part);
		for (left = part; left; left -= moved) {
			moved = splice(pipe_fds[0], NULL, fd, &to, left, 0);
			check_range("moved", moved, 1, left);
		}
		done += part;
	}
	check_range("offset", to, shared->base + pos + len, shared->base + pos + len);
	return done;
}

/* fill the buffer with random bytes other than zero, which a hole has */
static void fill(size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buffer[i] = 1 + pick(255);
}

static void do_write(void)
{
	off_t pos;
	size_t len = pick_own(&pos);
	ssize_t done;

	fill(len);
	mark_quanta(pos, len, false);
	extend(pos + len, false);
	switch (pick(4)) {
	case 0:
		done = move_vector(pos, len, true);
		break;
	case 1:
		done = splice_write(pos, len);
		break;
	default:
		done = pwrite(fd, buffer, len, shared->base + pos);
	}
	check_range("count", done, len, len);
	memcpy(model + pos, buffer, len);
	mark_quanta(pos, len, true);
	extend(pos + len, true);
}

static ssize_t splice_read(off_t pos, size_t len)
{
	loff_t from = shared->base + pos;
	size_t done = 0;
	ssize_t moved;

	while (done < len) {
		moved = splice(fd, &from, pipe_fds[1], NULL, len - done, 0);
		check_range("moved", moved, 0, len - done);
		if (!moved)
			break;
		check_range("pipe", read(pipe_fds[0], buffer + done, moved), moved,
			    moved);
		done += moved;
	}
	check_range("offset", from, shared->base + pos + done,
		    shared->base + pos + done);
	return done;
}

static void read_range(off_t pos, size_t len)
{
	long long min = inside(pos, len);
	ssize_t done;

	switch (pick(4)) {
	case 0:
		done = move_vector(pos, len, false);
		break;
	case 1:
		done = splice_read(pos, len);
		break;
	default:
		done = pread(fd, buffer, len, shared->base + pos);
	}
	check_range("count", done, min, clamp(shared->size.max - pos, 0, len));
	check_bytes(buffer, model + pos, pos, done);
}

static void do_read(void)
{
	off_t pos;
	size_t len = pick_any(&pos);

	read_range(pos, len);
}

static void do_read_all(void)
{
	if (pick(50))
		return;
	read_range(0, AREA);
}

/* write the buffer repeatedly in a process that is killed */
static void write_and_be_killed(off_t pos, size_t len)
{
	struct timespec delay = { .tv_nsec = pick(3000000) };
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (pwrite(fd, buffer, len, shared->base + pos) > 0)
			;
		_exit(1);
	}
	if (child < 0)
		fail("fork: %s", strerrorname_np(errno));
	nanosleep(&delay, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* an interrupted write: the first bytes are written, the others unchanged */
static void do_kill(void)
{
	unsigned char *got;
	size_t len, count, written;
	off_t pos;

	if (pick(10))
		return;
	len = pick_own(&pos);
	fill(len);
	mark_quanta(pos, len, false);
	extend(pos + len, false);
	write_and_be_killed(pos, len);

	got = malloc(len);
	count = pread(fd, got, len, shared->base + pos);
	check_range("count", count, inside(pos, len), len);
	for (written = 0; written < count && got[written] == buffer[written]; written++)
		;
	check_bytes(got + written, model + pos + written, pos + written,
		    count - written);
	memcpy(model + pos, got, count);
	free(got);
	mark_quanta(pos, written, true);
	extend(count ? pos + count : 0, true);
}

/* copy a range with the mapping as the buffer */
static void do_copy(void)
{
	off_t from, to;
	size_t len = pick_own(&from);
	size_t max = pick_own(&to);
	bool writes = pick(2);
	ssize_t done;

	len = inside(from, len < max ? len : max);
	if (!writes)
		len = inside(to, len);
	if (!len || llabs(from - to) < (long long)len)
		return;
	mark_quanta(to, len, false);
	if (writes) {
		mark_quanta(from, len, false);
		extend(to + len, false);
		done = pwrite(fd, shared_map + from, len, shared->base + to);
		extend(to + len, true);
		mark_quanta(from, len, true);
	} else {
		done = pread(fd, shared_map + to, len, shared->base + from);
	}
	check_range("count", done, len, len);
	mark_quanta(to, len, true);
	memcpy(model + to, model + from, len);
}

static sigjmp_buf escape;

static void escape_signal(int sig)
{
	(void)sig;
	siglongjmp(escape, 1);
}

/* copy page by page until SIGBUS */
static size_t copy(unsigned char *to, const unsigned char *from, off_t pos,
		   size_t len)
{
	static atomic_size_t done;

	done = 0;
	if (sigsetjmp(escape, 0))
		return done;
	while (done < len) {
		size_t part = page - (pos + done) % page;

		if (part > len - done)
			part = len - done;
		memcpy(to + done, from + done, part);
		done += part;
	}
	return done;
}

static long long page_end(long long pos)
{
	return (pos + page - 1) / page * page;
}

/* load a random range of a mapping up to the end of the device */
static size_t load(const unsigned char *map, off_t *pos)
{
	size_t len = pick_any(pos), done;
	long long min = clamp(page_end(shared->size.min) - *pos, 0, len);
	long long max = clamp(page_end(shared->size.max) - *pos, 0, len);

	/* another process may extend the device */
	mark_quanta(*pos, processes > 1 ? len : (size_t)max, false);
	done = copy(buffer, map + *pos, *pos, len);
	max = clamp(page_end(shared->size.max) - *pos, 0, len);
	check_range("bytes before SIGBUS", done, min, max);
	mark_quanta(*pos, done, true);
	return done;
}

static void do_load(void)
{
	off_t pos;
	size_t len = load(shared_map, &pos);

	check_bytes(buffer, model + pos, pos, len);
}

/* store nothing past the size: the tail of the last page belongs to no process */
static size_t store(unsigned char *map, off_t *pos)
{
	size_t len = pick_own(pos);

	len = inside(*pos, len);
	fill(len);
	mark_quanta(*pos, len, false);
	check_range("bytes before SIGBUS", copy(map + *pos, buffer, *pos, len), len,
		    len);
	mark_quanta(*pos, len, true);
	return len;
}

static void do_store(void)
{
	off_t pos;
	size_t len = store(shared_map, &pos);

	memcpy(model + pos, buffer, len);
}

/* the length of the part of a range in its first page */
static size_t part_of(off_t pos, size_t len)
{
	return clamp(page - pos % page, 0, len);
}

static void do_private_load(void)
{
	const unsigned char *got = buffer;
	size_t len, part;
	off_t pos;

	len = load(private_map, &pos);
	for (; len; len -= part, pos += part, got += part) {
		const unsigned char *copied = copies[pos / page];

		part = part_of(pos, len);
		check_bytes(got, copied ? copied + pos % page : model + pos,
			    pos, part);
	}
}

static void do_private_store(void)
{
	const unsigned char *stored = buffer;
	size_t len, part;
	off_t pos;

	len = store(private_map, &pos);
	for (; len; len -= part, pos += part, stored += part) {
		off_t start = pos / page * page;
		unsigned char **copied = &copies[pos / page];

		part = part_of(pos, len);
		if (!*copied) {
			*copied = malloc(page);
			memcpy(*copied, model + start,
			       clamp(AREA - start, 0, page));
		}
		memcpy(*copied + pos % page, stored, part);
	}
}

static void do_discard(void)
{
	size_t first = pick(area_pages());
	size_t count = 1 + pick(area_pages() - first);
	bool private = pick(2);

	check_range("madvise", madvise((private ? private_map : shared_map) +
				first * page, count * page, MADV_DONTNEED),
	     0, 0);
	if (private)
		drop_copies(first, count);
}

static void do_msync(void)
{
	size_t first = pick(area_pages());

	check_range("msync", msync(shared_map + first * page, page,
				   pick(2) ? MS_SYNC : MS_ASYNC | MS_INVALIDATE),
	     0, 0);
}

/* -- seeking -- */

/* an empty device ends before the area */
static long long device_size(long long size)
{
	return size ? shared->base + size : 0;
}

static void do_seek_end(void)
{
	long long min = device_size(shared->size.min);
	off_t got = lseek(fd, 0, SEEK_END);

	check_range("end", got, min, device_size(shared->size.max));
}

#define NOT_FOUND	((long long)AREA * 2)

/*
 * Find the first offset at or after @pos in a quantum (@allocated) or in a hole, which is
 * certainly one (@certain) or possibly
 */
static long long find(off_t pos, bool allocated, bool certain)
{
	bool lower = allocated == certain;
	size_t i;

	for (i = first_quantum(pos); pos < AREA; i++) {
		const struct bounds *bounds = &shared->quanta[i];

		if ((lower ? bounds->min : bounds->max) == allocated)
			return pos;
		pos += quantum() - (shared->base + pos) % quantum();
	}
	return NOT_FOUND;
}

static long long seek(off_t pos, int whence)
{
	off_t got = lseek(fd, shared->base + pos, whence);

	if (got < 0 && errno == ENXIO)
		return NOT_FOUND;
	if (got < 0)
		fail("%s", strerrorname_np(errno));
	return got - shared->base;
}

static void do_seek_data(void)
{
	off_t pos = pick(AREA);
	long long latest = find(pos, true, true), got;

	if (latest >= shared->size.min)
		latest = NOT_FOUND;
	got = seek(pos, SEEK_DATA);
	check_range("data", got, find(pos, true, false), latest);
	if (got != NOT_FOUND)
		check_range("data", got, pos, shared->size.max - 1);
	if (got != NOT_FOUND && got != pos)
		check_range("offset of data in its quantum", (shared->base + got) % quantum(),
			    0, 0);
}

static long long minimum(long long a, long long b)
{
	return a < b ? a : b;
}

static void do_seek_hole(void)
{
	off_t pos = pick(AREA);
	long long size = shared->size.min;
	long long earliest = pos >= size ? NOT_FOUND :
			     minimum(find(pos, false, false), size);
	long long got = seek(pos, SEEK_HOLE);
	long long latest = minimum(find(pos, false, true), shared->size.max);

	/* past the size, unless it has grown since */
	if (got == NOT_FOUND)
		check_range("size", size, 0, pos);
	else if (earliest == NOT_FOUND)
		check_range("hole", got, pos, latest);
	else
		check_range("hole", got, earliest, latest);
}

/* -- with the device to itself -- */

static FILE *open_attribute(const char *name, const char *mode)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", attributes, name);
	file = fopen(path, mode);
	if (!file)
		fail("%s: %s", path, strerrorname_np(errno));
	return file;
}

static void check_attribute(const char *name, long long min, long long max)
{
	FILE *file = open_attribute(name, "r");
	long long got;

	if (fscanf(file, "%lld", &got) != 1)
		fail("%s: not a number", name);
	fclose(file);
	check_range(name, got, min, max);
}

static void set_attribute(const char *name, const char *value)
{
	FILE *file = open_attribute(name, "w");

	fputs(value, file);
	if (fclose(file))
		fail("%s: %s", name, strerrorname_np(errno));
}

static void set_number(const char *name, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	set_attribute(name, text);
}

/* count the quanta; return false if the bounds differ */
static bool count_quanta(long long *min, long long *max)
{
	size_t i;

	*min = 0;
	*max = 0;
	for (i = 0; i < MAX_QUANTA; i++) {
		*min += shared->quanta[i].min;
		*max += shared->quanta[i].max;
	}
	return *min == *max;
}

static void check_usage(void)
{
	long long min, max;

	check_attribute("size", device_size(shared->size.min),
			device_size(shared->size.max));
	count_quanta(&min, &max);
	check_attribute("quanta", min, max);
	check_attribute("bytes", min * quantum(), max * quantum());
}

static void pick_geometry(void)
{
	static const unsigned int qsets[] = { 1, 2, 3, 7, 500 };
	static const char *const allocators[] = { "vmalloc", "pages", "huge" };

	shared->order = pick(9);
	shared->qset = qsets[pick(LENGTH(qsets))];
	shared->allocator = allocators[pick(LENGTH(allocators))];
	set_number("order", shared->order);
	set_number("qset", shared->qset);
	set_attribute("alloc", shared->allocator);
	switch (pick(12)) {
	case 0:
		shared->base = 0;
		break;
	case 1:
		shared->base = (off_t)page * pick(10000);
		break;
	case 2:
		shared->base = (1ll << 32) - (off_t)page * pick(area_pages());
		break;
	case 3:
		shared->base = (1ll << 40) + (off_t)page * pick(10000);
		break;
	}
	/* a 32-bit kernel maps no device past 4 GiB */
	if (sizeof(long) == 4 && shared->base >> 31)
		shared->base = (1ll << 32) - (off_t)page * (area_pages() + 2);
}

static void trim_device(int flags)
{
	int trimmed = open(device, flags);

	if (trimmed < 0)
		fail("%s", strerrorname_np(errno));
	close(trimmed);
	memset(&shared->size, 0, sizeof(shared->size));
	memset(shared->quanta, 0, sizeof(shared->quanta));
	memset(shared->model, 0, sizeof(shared->model));
	shared->generation++;
	check_usage();
}

static void do_trim(void)
{
	check_usage();
	if (pick(4))
		pick_geometry();
	trim_device(pick(2) ? O_WRONLY : O_RDWR | O_TRUNC);
}

static void do_append(void)
{
	off_t pos = shared->size.min;
	size_t len;

	/* an empty device ends before the area */
	if (pos != shared->size.max || pos == AREA || (!pos && shared->base))
		return;
	len = pick_length(clamp(AREA - pos, 0, MAX_LENGTH));
	fill(len);
	check_range("count", write(append_fd, buffer, len), len, len);
	memcpy(model + pos, buffer, len);
	mark_quanta(pos, len, false);
	mark_quanta(pos, len, true);
	extend(pos + len, false);
	extend(pos + len, true);
}

static void set_limit(long long bytes)
{
	FILE *file = fopen("/sys/module/scullv/parameters/limit", "w");

	if (!file || fprintf(file, "%lld", bytes) < 0 || fclose(file))
		fail("limit: %s", strerrorname_np(errno));
}

/* the length of a range that @room new quanta allow to write */
static size_t fitting_length(off_t pos, size_t len, unsigned int room)
{
	size_t done = 0;

	while (done < len) {
		size_t in_quantum = (shared->base + pos + done) % quantum();

		if (!shared->quanta[first_quantum(pos + done)].min && !room--)
			return done;
		done += quantum() - in_quantum;
	}
	return len;
}

/* a write or a store to a mapping that reaches the limit */
static void do_limit(void)
{
	unsigned int room = pick(4);
	long long quanta, max;
	size_t len, fits;
	ssize_t done;
	off_t pos;

	/* a limit of 0 is no limit */
	if (!count_quanta(&quanta, &max) || !(quanta + room))
		return;
	len = pick_any(&pos);
	fill(len);
	set_limit((quanta + room) * quantum());
	if (pick(2)) {
		fits = fitting_length(pos, len, room);
		done = pwrite(fd, buffer, len, shared->base + pos);
		if (!fits && (done != -1 || errno != ENOSPC))
			fail("got %zd (%s), expected ENOSPC", done,
			     strerrorname_np(errno));
		if (fits)
			check_range("count", done, fits, fits);
		extend(fits ? pos + fits : 0, false);
		extend(fits ? pos + fits : 0, true);
	} else {
		len = inside(pos, len);
		fits = fitting_length(pos, len, room);
		check_range("bytes before SIGBUS",
			    copy(shared_map + pos, buffer, pos, len), fits, fits);
	}
	set_limit(0);
	memcpy(model + pos, buffer, fits);
	mark_quanta(pos, fits, false);
	mark_quanta(pos, fits, true);
}

/* -- all operations -- */

struct operation {
	const char *name;
	void (*run)(void);
};

static const struct operation shared_operations[] = {
	{ "write", do_write },		{ "write", do_write },
	{ "read", do_read },		{ "read all", do_read_all },
	{ "copy", do_copy },		{ "kill", do_kill },
	{ "load", do_load },		{ "store", do_store },
	{ "private load", do_private_load },
	{ "private store", do_private_store },
	{ "discard", do_discard },	{ "msync", do_msync },
	{ "seek end", do_seek_end },	{ "seek data", do_seek_data },
	{ "seek hole", do_seek_hole },
};

/* operations with the device to themselves */
static const struct operation exclusive_operations[] = {
	{ "trim", do_trim }, { "append", do_append }, { "limit", do_limit },
};

static void run_operation(void)
{
	bool is_exclusive = !pick(100);
	const struct operation *chosen = is_exclusive ?
					 &exclusive_operations[pick(LENGTH(exclusive_operations))] :
					 &shared_operations[pick(LENGTH(shared_operations))];

	operation_name = chosen->name;
	if (is_exclusive)
		pthread_rwlock_wrlock(&shared->lock);
	else
		pthread_rwlock_rdlock(&shared->lock);
	if (generation != shared->generation)
		start_generation();
	chosen->run();
	pthread_rwlock_unlock(&shared->lock);
}

static void *map_memory(size_t size, int flags)
{
	void *address = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     flags | MAP_ANONYMOUS, -1, 0);

	if (address == MAP_FAILED)
		err(1, "memory");
	return address;
}

static void seed_random(unsigned long long number)
{
	random_state = seed * 0x9e3779b97f4a7c15u ^ number;
	random_state *= 0xbf58476d1ce4e5b9u;
	random_state = (random_state ^ random_state >> 31) | 1;
	pick(2);
}

static void run_process(void)
{
	struct sigaction action = {
		.sa_handler = escape_signal,
		.sa_flags = SA_NODEFER,
	};
	size_t i;

	sigaction(SIGBUS, &action, NULL);
	model = shared->model;
	buffer = map_memory(AREA, MAP_PRIVATE);
	copies = map_memory(area_pages() * sizeof(*copies), MAP_PRIVATE);
	fd = open(device, O_RDWR);
	append_fd = open(device, O_WRONLY | O_APPEND);
	if (fd < 0 || append_fd < 0 || pipe(pipe_fds))
		fail("%s", strerrorname_np(errno));
	/* parts of pages count as pages in a pipe */
	fcntl(pipe_fds[1], F_SETPIPE_SZ, 2 * PIPE_SIZE);

	for (i = 0; i < operation_count; i++) {
		operation = operations[i];
		if (operation % processes != process)
			continue;
		raise_to(&shared->last, operation);
		seed_random(operation);
		run_operation();
	}
}

static void init_shared(void)
{
	pthread_rwlockattr_t attr;

	if (shared)
		munmap(shared, sizeof(*shared));
	shared = map_memory(sizeof(*shared), MAP_SHARED);
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	/* let trims proceed */
	pthread_rwlockattr_setkind_np(&attr,
				      PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&shared->lock, &attr);
}

static bool wait_for(const pid_t *children)
{
	unsigned int left, i;
	int status;

	for (left = processes; left; left--) {
		if (wait(&status) > 0 && !status)
			continue;
		for (i = 0; i < processes; i++)
			kill(children[i], SIGKILL);
		while (wait(NULL) > 0)
			;
		return false;
	}
	return true;
}

/* run all operations on an empty device; return false if one failed */
static bool run_all(void)
{
	pid_t children[MAX_PROCESSES];

	init_shared();
	seed_random(-1);
	set_limit(0);
	pick_geometry();
	trim_device(O_WRONLY);
	fflush(NULL);
	for (process = 0; process < processes; process++) {
		children[process] = fork();
		if (children[process])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* a process that hangs fails */
		alarm(60 + operation_count / 50);
		run_process();
		_exit(0);
	}
	return wait_for(children);
}

/* -- runs, and the shortest one that fails -- */

static void print_run(void)
{
	size_t i, last;

	printf("%llu:%u:", seed, processes);
	for (i = 0; i < operation_count; i = last + 1) {
		last = i;
		while (last + 1 < operation_count &&
		       operations[last + 1] == operations[last] + 1)
			last++;
		printf("%s%u", i ? "," : "", operations[i]);
		if (last > i)
			printf("-%u", operations[last]);
	}
	printf("\n");
}

static void parse_run(const char *text)
{
	unsigned int first, last;
	int length;

	if (sscanf(text, "%llu:%u:%n", &seed, &processes, &length) != 2 ||
	    !processes || processes > MAX_PROCESSES)
		errx(2, "SEED:PROCESSES:OPERATIONS, 1 to %u processes",
		     MAX_PROCESSES);
	for (text += length; sscanf(text, "%u%n", &first, &length) == 1;
	     text += *text == ',') {
		text += length;
		last = first;
		if (sscanf(text, "-%u%n", &last, &length) == 1)
			text += length;
		operations = realloc(operations, sizeof(*operations) *
				     (operation_count + last - first + 1));
		while (first <= last)
			operations[operation_count++] = first++;
	}
	if (*text || !operation_count)
		errx(2, "OPERATIONS are numbers, such as 0-9999 or 3,17-20");
}

/* runs of several processes may fail at times only */
static bool still_fails(void)
{
	int tries = processes > 1 ? 5 : 1;

	while (tries--)
		if (!run_all())
			return true;
	return false;
}

/* remove a half, a quarter and so on where the rest still fails */
static void shrink(void)
{
	unsigned int *whole = NULL;
	size_t count, length, first;

	while (operations[operation_count - 1] > shared->last)
		operation_count--;
	for (length = operation_count / 2; length; length /= 2) {
		for (first = 0; first + length <= operation_count; ) {
			count = operation_count;
			whole = realloc(whole, count * sizeof(*whole));
			memcpy(whole, operations, count * sizeof(*whole));
			memmove(operations + first, whole + first + length,
				(count - first - length) * sizeof(*whole));
			operation_count -= length;
			if (still_fails())
				continue;
			memcpy(operations, whole, count * sizeof(*whole));
			operation_count = count;
			first += length;
		}
	}
	free(whole);
}

int main(int argc, char **argv)
{
	char path[256];
	int stderr_copy;

	if (argc != 3)
		errx(2, "usage: model DEVICE SEED:PROCESSES:OPERATIONS");
	device = argv[1];
	snprintf(path, sizeof(path), "/sys/class/scullv/%s",
		 basename(device));
	attributes = path;
	page = sysconf(_SC_PAGESIZE);
	parse_run(argv[2]);

	if (run_all()) {
		/* the limit of the next run applies to all devices */
		close(open(device, O_WRONLY));
		return 0;
	}
	printf("looking for the shortest run that fails\n");
	fflush(stdout);
	stderr_copy = dup(STDERR_FILENO);
	freopen("/dev/null", "w", stderr);
	shrink();
	printf("again: MODEL=");
	print_run();
	fflush(stdout);
	dup2(stderr_copy, STDERR_FILENO);
	still_fails();
	return 1;
}
