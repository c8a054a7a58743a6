// SPDX-License-Identifier: GPL-2.0
/*
 * usage: model DEVICE SEED:PROCESSES:OPERATIONS
 *
 * PROCESSES do random things with a device, all at once: they read, write,
 * append, splice, map, load, store, seek, have a writer killed and, one at a
 * time, change the limit or empty the device for another geometry. An array in
 * memory tells what has to be found.
 *
 * OPERATIONS are numbers, such as 0-9999 or 3,17-20. Each stands for an operation
 * by itself, whatever has come before it. So when a run fails, operations are
 * left out again and again, until none is left that can be, and what is told is
 * the shortest run that fails.
 *
 * The device is dealt out in blocks, in turn, so that the processes share pages
 * and quanta, but no bytes: each checks the bytes of its own blocks. Who does
 * something holds "lock" for reading, and for writing who changes what is not
 * his. What all change, the size and the quanta, is known twice: what it is at
 * least (what is done) and at most (what has begun). With one process both are
 * the same, but for what a writer did that was killed.
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
#define MAX_PIECES	20		/* of a vector */
#define PIPE_SIZE	65536

struct bounds {
	atomic_llong least, most;
};

static struct shared {
	pthread_rwlock_t lock;
	/* these change under it */
	unsigned long long generation;	/* trims */
	unsigned int order, qset;
	const char *allocator;
	off_t base;			/* of the area */
	/* and these do not */
	struct bounds size;		/* of the device, from the base */
	struct bounds quanta[MAX_QUANTA];	/* 1: it is there */
	unsigned char model[AREA + MAX_PAGE];	/* what is in the area */
	atomic_llong last;		/* operation that has begun */
} *shared;

static const char *device, *attributes;
static unsigned long long seed;
static unsigned int processes, me;
static size_t page;

/* those of a run */
static unsigned int *operations;
static size_t operation_count;

/* and the one that I am at */
static unsigned int operation;
static const char *doing = "start";

static int fd, append_fd, pipe_fds[2];
static unsigned long long generation;
static unsigned char *model;
static unsigned char *shared_map, *private_map;
static unsigned char **copies;		/* of a page in the private mapping */
static unsigned char *buffer;

/* -- chance -- */

/* numbers of all sizes, more small ones */
static size_t pick_length(size_t most)
{
	size_t length = 1 + pick(1 << pick(18));

	return length < most ? length : most;
}

/* -- and what goes wrong -- */

static noreturn void fail(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "process %u, operation %u, %s: ", me, operation,
		doing);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n%s, order %u, qset %u, area at %lld, %llu trims\n",
		shared->allocator, shared->order, shared->qset,
		(long long)shared->base, shared->generation);
	_exit(1);
}

static void want(const char *what, long long got, long long least,
		 long long most)
{
	if (got < least || got > most)
		fail("%s is %lld (%s), not %lld to %lld", what, got,
		     got < 0 ? strerrorname_np(errno) : "", least, most);
}

/* -- what all of them know -- */

static size_t quantum(void)
{
	return page << shared->order;
}

/* the area starts somewhere in a quantum */
static size_t first_quantum(off_t pos)
{
	return (shared->base + pos) / quantum() - shared->base / quantum();
}

static void raise_to(atomic_llong *number, long long least)
{
	long long old = *number;

	while (old < least && !atomic_compare_exchange_weak(number, &old, least))
		;
}

/* something has begun, or is done, that makes the quanta of a piece */
static void reach(off_t pos, size_t len, bool done)
{
	size_t i;

	if (!len)
		return;

	for (i = first_quantum(pos); i <= first_quantum(pos + len - 1); i++)
		raise_to(done ? &shared->quanta[i].least :
				&shared->quanta[i].most, 1);
}

static void extend(off_t end, bool done)
{
	raise_to(done ? &shared->size.least : &shared->size.most, end);
}

static long long within(long long number, long long least, long long most)
{
	return number < least ? least : number > most ? most : number;
}

/* -- what each knows -- */

static bool is_mine(off_t pos)
{
	return pos / BLOCK % processes == me;
}

/* bytes from a position, of which I know those that are mine */
static void check_bytes(const unsigned char *got, const unsigned char *wanted,
			off_t pos, size_t len)
{
	size_t i;

	if (processes == 1 && !memcmp(got, wanted, len))
		return;
	for (i = 0; i < len; i++)
		if (is_mine(pos + i) && got[i] != wanted[i])
			fail("%02x, not %02x, at %lld of %lld+%zu", got[i],
			     wanted[i], (long long)(pos + i), (long long)pos,
			     len);
}

/* a piece of bytes that are mine */
static size_t pick_mine(off_t *pos)
{
	unsigned int block = pick(AREA / BLOCK / processes) * processes + me;
	unsigned int in_block = pick(2) ? 0 : pick(BLOCK);
	size_t most = BLOCK - in_block;

	*pos = (off_t)block * BLOCK + in_block;
	if (processes == 1)
		most = within(AREA - *pos, 0, MAX_LENGTH);
	return pick_length(most);
}

/* any piece; it may begin at a block or end at the end */
static size_t pick_any(off_t *pos)
{
	*pos = pick(2) ? pick(AREA) : pick(AREA / BLOCK) * BLOCK;
	return pick_length(within(AREA - *pos, 0, MAX_LENGTH));
}

/* cuts a piece where the size is not known to reach to */
static size_t inside(off_t pos, size_t len)
{
	return within(shared->size.least - pos, 0, len);
}

static void forget_copies(size_t first, size_t count)
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

/* somebody has emptied the device: my mappings should know by themselves */
static void start_anew(void)
{
	static off_t base = -1;

	forget_copies(0, area_pages());
	if (base != shared->base) {
		map_area(&shared_map, MAP_SHARED);
		map_area(&private_map, MAP_PRIVATE);
	}
	base = shared->base;
	generation = shared->generation;
}

/* -- operations -- */

/* a vector for the buffer, of pieces of all sizes, none too */
static int split(struct iovec iov[MAX_PIECES], size_t len)
{
	int i, count = 1 + pick(MAX_PIECES);
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

/* the buffer, with one of the calls that take a vector, or with none */
static ssize_t move_vector(off_t pos, size_t len, bool writes)
{
	struct iovec iov[MAX_PIECES];
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

/* through a pipe, which takes a part at a time */
static ssize_t splice_write(off_t pos, size_t len)
{
	loff_t to = shared->base + pos;
	size_t done = 0;

	while (done < len) {
		size_t part = within(len - done, 0, PIPE_SIZE);
		size_t left;
		ssize_t moved;

		want("pipe", write(pipe_fds[1], buffer + done, part), part,
		     part);
		for (left = part; left; left -= moved) {
			moved = splice(pipe_fds[0], NULL, fd, &to, left, 0);
			want("moved", moved, 1, left);
		}
		done += part;
	}
	want("offset", to, shared->base + pos + len, shared->base + pos + len);
	return done;
}

/* fresh bytes in the buffer */
static void fill(size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buffer[i] = pick(256);
}

static void do_write(void)
{
	off_t pos;
	size_t len = pick_mine(&pos);
	ssize_t done;

	fill(len);
	reach(pos, len, false);
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
	want("count", done, len, len);
	memcpy(model + pos, buffer, len);
	reach(pos, len, true);
	extend(pos + len, true);
}

static ssize_t splice_read(off_t pos, size_t len)
{
	loff_t from = shared->base + pos;
	size_t done = 0;
	ssize_t moved;

	while (done < len) {
		moved = splice(fd, &from, pipe_fds[1], NULL, len - done, 0);
		want("moved", moved, 0, len - done);
		if (!moved)
			break;
		want("pipe", read(pipe_fds[0], buffer + done, moved), moved,
		     moved);
		done += moved;
	}
	want("offset", from, shared->base + pos + done,
	     shared->base + pos + done);
	return done;
}

static void read_piece(off_t pos, size_t len)
{
	long long least = inside(pos, len);
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
	want("count", done, least, within(shared->size.most - pos, 0, len));
	check_bytes(buffer, model + pos, pos, done);
}

static void do_read(void)
{
	off_t pos;
	size_t len = pick_any(&pos);

	read_piece(pos, len);
}

static void do_read_all(void)
{
	if (pick(50))
		return;
	read_piece(0, AREA);
}

/* writes what is in the buffer until it is killed */
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

/* a write that has been cut: the bytes come in order, and none is torn */
static void do_kill(void)
{
	unsigned char *got;
	size_t len, there, cut;
	off_t pos;

	if (pick(10))
		return;
	len = pick_mine(&pos);
	fill(len);
	reach(pos, len, false);
	extend(pos + len, false);
	write_and_be_killed(pos, len);

	got = malloc(len);
	there = pread(fd, got, len, shared->base + pos);
	want("count", there, inside(pos, len), len);
	for (cut = 0; cut < there && got[cut] == buffer[cut]; cut++)
		;
	check_bytes(got + cut, model + pos + cut, pos + cut, there - cut);
	memcpy(model + pos, got, there);
	free(got);
	reach(pos, cut, true);
	extend(there ? pos + there : 0, true);
}

/* the mapping is a buffer for the other side: from one place to another */
static void do_copy(void)
{
	off_t from, to;
	size_t len = pick_mine(&from);
	size_t most = pick_mine(&to);
	bool writes = pick(2);
	ssize_t done;

	len = inside(from, len < most ? len : most);
	if (!writes)
		len = inside(to, len);
	if (!len || llabs(from - to) < (long long)len)
		return;
	reach(to, len, false);
	if (writes) {
		reach(from, len, false);
		extend(to + len, false);
		done = pwrite(fd, shared_map + from, len, shared->base + to);
		extend(to + len, true);
		reach(from, len, true);
	} else {
		done = pread(fd, shared_map + to, len, shared->base + from);
	}
	want("count", done, len, len);
	reach(to, len, true);
	memcpy(model + to, model + from, len);
}

static sigjmp_buf escape;

static void escape_signal(int sig)
{
	(void)sig;
	siglongjmp(escape, 1);
}

/* copies page by page, until SIGBUS */
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

/* a random piece of a mapping, as far as the device reaches */
static size_t load(const unsigned char *map, off_t *pos)
{
	size_t len = pick_any(pos), done;
	long long least = within(page_end(shared->size.least) - *pos, 0, len);
	long long most = within(page_end(shared->size.most) - *pos, 0, len);

	/* another may extend the device this very moment */
	reach(*pos, processes > 1 ? len : (size_t)most, false);
	done = copy(buffer, map + *pos, *pos, len);
	most = within(page_end(shared->size.most) - *pos, 0, len);
	want("bytes before SIGBUS", done, least, most);
	reach(*pos, done, true);
	return done;
}

static void do_load(void)
{
	off_t pos;
	size_t len = load(shared_map, &pos);

	check_bytes(buffer, model + pos, pos, len);
}

/* the tail of the last page is nobody's: nothing is stored past the size */
static size_t store(unsigned char *map, off_t *pos)
{
	size_t len = pick_mine(pos);

	len = inside(*pos, len);
	fill(len);
	reach(*pos, len, false);
	want("bytes before SIGBUS", copy(map + *pos, buffer, *pos, len), len,
	     len);
	reach(*pos, len, true);
	return len;
}

static void do_store(void)
{
	off_t pos;
	size_t len = store(shared_map, &pos);

	memcpy(model + pos, buffer, len);
}

/* goes through the pages of a piece: what is left of it in the first one */
static size_t part_of(off_t pos, size_t len)
{
	return within(page - pos % page, 0, len);
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
			       within(AREA - start, 0, page));
		}
		memcpy(*copied + pos % page, stored, part);
	}
}

static void do_discard(void)
{
	size_t first = pick(area_pages());
	size_t count = 1 + pick(area_pages() - first);
	bool private = pick(2);

	want("madvise", madvise((private ? private_map : shared_map) +
				first * page, count * page, MADV_DONTNEED),
	     0, 0);
	if (private)
		forget_copies(first, count);
}

static void do_msync(void)
{
	size_t first = pick(area_pages());

	want("msync", msync(shared_map + first * page, page,
			    pick(2) ? MS_SYNC : MS_ASYNC | MS_INVALIDATE),
	     0, 0);
}

/* -- seeking -- */

/* a device that holds nothing ends before the area */
static long long device_size(long long size)
{
	return size ? shared->base + size : 0;
}

static void do_seek_end(void)
{
	long long least = device_size(shared->size.least);
	off_t got = lseek(fd, 0, SEEK_END);

	want("end", got, least, device_size(shared->size.most));
}

#define NOWHERE	((long long)AREA * 2)

/*
 * The first position from one on that is in a quantum that is there, or in a
 * hole; surely or maybe so
 */
static long long find(off_t pos, bool there, bool surely)
{
	bool least = there == surely;
	size_t i;

	for (i = first_quantum(pos); pos < AREA; i++) {
		const struct bounds *quantum_is = &shared->quanta[i];

		if ((least ? quantum_is->least : quantum_is->most) == there)
			return pos;
		pos += quantum() - (shared->base + pos) % quantum();
	}
	return NOWHERE;
}

static long long seek(off_t pos, int whence)
{
	off_t got = lseek(fd, shared->base + pos, whence);

	if (got < 0 && errno == ENXIO)
		return NOWHERE;
	if (got < 0)
		fail("%s", strerrorname_np(errno));
	return got - shared->base;
}

static void do_seek_data(void)
{
	off_t pos = pick(AREA);
	long long latest = find(pos, true, true), got;

	if (latest >= shared->size.least)
		latest = NOWHERE;
	got = seek(pos, SEEK_DATA);
	want("data", got, find(pos, true, false), latest);
	if (got != NOWHERE)
		want("data", got, pos, shared->size.most - 1);
	if (got != NOWHERE && got != pos)
		want("data in its quantum", (shared->base + got) % quantum(),
		     0, 0);
}

static long long lesser(long long a, long long b)
{
	return a < b ? a : b;
}

static void do_seek_hole(void)
{
	off_t pos = pick(AREA);
	long long size = shared->size.least;
	long long earliest = pos >= size ? NOWHERE :
			     lesser(find(pos, false, false), size);
	long long got = seek(pos, SEEK_HOLE);
	long long latest = lesser(find(pos, false, true), shared->size.most);

	/* beyond the size, unless that has grown meanwhile */
	if (got == NOWHERE)
		want("size", size, 0, pos);
	else if (earliest == NOWHERE)
		want("hole", got, pos, latest);
	else
		want("hole", got, earliest, latest);
}

/* -- when nobody does anything else -- */

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

static void want_attribute(const char *name, long long least, long long most)
{
	FILE *file = open_attribute(name, "r");
	long long got;

	if (fscanf(file, "%lld", &got) != 1)
		fail("%s: no number", name);
	fclose(file);
	want(name, got, least, most);
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

/* how many quanta there are; false when that is not known for sure */
static bool count_quanta(long long *least, long long *most)
{
	size_t i;

	*least = 0;
	*most = 0;
	for (i = 0; i < MAX_QUANTA; i++) {
		*least += shared->quanta[i].least;
		*most += shared->quanta[i].most;
	}
	return *least == *most;
}

static void want_usage(void)
{
	long long least, most;

	want_attribute("size", device_size(shared->size.least),
		       device_size(shared->size.most));
	count_quanta(&least, &most);
	want_attribute("quanta", least, most);
	want_attribute("bytes", least * quantum(), most * quantum());
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
	/* a kernel of 32 bits maps no device past 4 GiB */
	if (sizeof(long) == 4 && shared->base >> 31)
		shared->base = (1ll << 32) - (off_t)page * (area_pages() + 2);
}

static void empty(int flags)
{
	int trimmed = open(device, flags);

	if (trimmed < 0)
		fail("%s", strerrorname_np(errno));
	close(trimmed);
	memset(&shared->size, 0, sizeof(shared->size));
	memset(shared->quanta, 0, sizeof(shared->quanta));
	memset(shared->model, 0, sizeof(shared->model));
	shared->generation++;
	want_usage();
}

static void do_trim(void)
{
	want_usage();
	if (pick(4))
		pick_geometry();
	empty(pick(2) ? O_WRONLY : O_RDWR | O_TRUNC);
}

static void do_append(void)
{
	off_t pos = shared->size.least;
	size_t len;

	/* one that is empty ends before the area */
	if (pos != shared->size.most || pos == AREA || (!pos && shared->base))
		return;
	len = pick_length(within(AREA - pos, 0, MAX_LENGTH));
	fill(len);
	want("count", write(append_fd, buffer, len), len, len);
	memcpy(model + pos, buffer, len);
	reach(pos, len, false);
	reach(pos, len, true);
	extend(pos + len, false);
	extend(pos + len, true);
}

static void set_limit(long long bytes)
{
	FILE *file = fopen("/sys/module/scullv/parameters/limit", "w");

	if (!file || fprintf(file, "%lld", bytes) < 0 || fclose(file))
		fail("limit: %s", strerrorname_np(errno));
}

/* how much of a piece there is place for, with so many quanta more */
static size_t place(off_t pos, size_t len, unsigned int room)
{
	size_t done = 0;

	while (done < len) {
		size_t in_quantum = (shared->base + pos + done) % quantum();

		if (!shared->quanta[first_quantum(pos + done)].least && !room--)
			return done;
		done += quantum() - in_quantum;
	}
	return len;
}

/* a write, or a store to a mapping, that runs into the limit */
static void do_limit(void)
{
	unsigned int room = pick(4);
	long long quanta, most;
	size_t len, fits;
	ssize_t done;
	off_t pos;

	/* a limit of 0 would be none */
	if (!count_quanta(&quanta, &most) || !(quanta + room))
		return;
	len = pick_any(&pos);
	fill(len);
	set_limit((quanta + room) * quantum());
	if (pick(2)) {
		fits = place(pos, len, room);
		done = pwrite(fd, buffer, len, shared->base + pos);
		if (!fits && (done != -1 || errno != ENOSPC))
			fail("%zd (%s), not ENOSPC", done,
			     strerrorname_np(errno));
		if (fits)
			want("count", done, fits, fits);
		extend(fits ? pos + fits : 0, false);
		extend(fits ? pos + fits : 0, true);
	} else {
		len = inside(pos, len);
		fits = place(pos, len, room);
		want("bytes before SIGBUS",
		     copy(shared_map + pos, buffer, pos, len), fits, fits);
	}
	set_limit(0);
	memcpy(model + pos, buffer, fits);
	reach(pos, fits, false);
	reach(pos, fits, true);
}

/* -- all together -- */

struct operation {
	const char *name;
	void (*run)(void);
};

static const struct operation often[] = {
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

/* these have the device to themselves */
static const struct operation alone[] = {
	{ "trim", do_trim }, { "append", do_append }, { "limit", do_limit },
};

static void run_operation(void)
{
	bool is_alone = !pick(100);
	const struct operation *chosen = is_alone ?
					 &alone[pick(LENGTH(alone))] :
					 &often[pick(LENGTH(often))];

	doing = chosen->name;
	if (is_alone)
		pthread_rwlock_wrlock(&shared->lock);
	else
		pthread_rwlock_rdlock(&shared->lock);
	if (generation != shared->generation)
		start_anew();
	chosen->run();
	pthread_rwlock_unlock(&shared->lock);
}

static void *memory(size_t size, int flags)
{
	void *address = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     flags | MAP_ANONYMOUS, -1, 0);

	if (address == MAP_FAILED)
		err(1, "memory");
	return address;
}

static void set_chance(unsigned long long number)
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
	buffer = memory(AREA, MAP_PRIVATE);
	copies = memory(area_pages() * sizeof(*copies), MAP_PRIVATE);
	fd = open(device, O_RDWR);
	append_fd = open(device, O_WRONLY | O_APPEND);
	if (fd < 0 || append_fd < 0 || pipe(pipe_fds))
		fail("%s", strerrorname_np(errno));
	/* pieces of pages count as pages in a pipe */
	fcntl(pipe_fds[1], F_SETPIPE_SZ, 2 * PIPE_SIZE);

	for (i = 0; i < operation_count; i++) {
		operation = operations[i];
		if (operation % processes != me)
			continue;
		raise_to(&shared->last, operation);
		set_chance(operation);
		run_operation();
	}
}

static void share(void)
{
	pthread_rwlockattr_t attr;

	if (shared)
		munmap(shared, sizeof(*shared));
	shared = memory(sizeof(*shared), MAP_SHARED);
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	/* a trim shall have its turn */
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

/* all operations, on an empty device; false when one went wrong */
static bool run_all(void)
{
	pid_t children[MAX_PROCESSES];

	share();
	set_chance(-1);
	set_limit(0);
	pick_geometry();
	empty(O_WRONLY);
	fflush(NULL);
	for (me = 0; me < processes; me++) {
		children[me] = fork();
		if (children[me])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* one that hangs is found out */
		alarm(60 + operation_count / 50);
		run_process();
		_exit(0);
	}
	return wait_for(children);
}

/* -- what to run, and what of it is enough to fail -- */

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
		errx(2, "operations are numbers: 0-9999, or 3,17-20");
}

/* several processes may need more than one try */
static bool fails_still(void)
{
	int tries = processes > 1 ? 5 : 1;

	while (tries--)
		if (!run_all())
			return true;
	return false;
}

/* leaves out a half, a quarter and so on, wherever it fails without too */
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
			if (fails_still())
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
	int told;

	if (argc != 3)
		errx(2, "usage: model DEVICE SEED:PROCESSES:OPERATIONS");
	device = argv[1];
	snprintf(path, sizeof(path), "/sys/class/scullv/%s",
		 basename(device));
	attributes = path;
	page = sysconf(_SC_PAGESIZE);
	parse_run(argv[2]);

	if (run_all()) {
		/* the next one's limit is for all devices */
		close(open(device, O_WRONLY));
		return 0;
	}
	printf("shrinking the run to what is needed to fail\n");
	fflush(stdout);
	told = dup(STDERR_FILENO);
	freopen("/dev/null", "w", stderr);
	shrink();
	printf("again: MODEL=");
	print_run();
	fflush(stdout);
	dup2(told, STDERR_FILENO);
	fails_still();
	return 1;
}
