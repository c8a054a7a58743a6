// SPDX-License-Identifier: GPL-2.0
/*
 * usage: same DEVICE FILE SEED CALLS
 *
 * Makes CALLS random system calls on DEVICE and the same ones on FILE, on a tmpfs: open with
 * all modes and flags, F_SETFL, read, write, their vectors and RWF flags, positions, lseek,
 * splice in both directions, RLIMIT_FSIZE, reads into inaccessible memory. The result, the
 * error, SIGXFSZ, the position, the size and the data have to be the same. The device needs
 * quanta of one page, to have the same holes, and wronly_trims=N.
 */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "random.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))
#define MAX_LENGTH	100000
#define AREA		300000		/* bytes used at each base */
#define MAX_SEGMENTS	5
#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND	0x20		/* 6.9 */
#endif

#define BEFORE	131072		/* bytes before a boundary, a multiple of the page */

static const off_t bases[] = {
	0, (1ll << 31) - BEFORE, (1ll << 32) - BEFORE, (3ll << 32) - BEFORE, 1ll << 40
};

static struct side {
	const char *path;
	int fd, reader;
	char *data;		/* what the call has read */
	off_t position;		/* argument of splice */
} sides[2];

static volatile sig_atomic_t too_large;
static char *fresh;			/* data to be written */
static char *nowhere;			/* not accessible */
static unsigned int number;		/* of the call */
static char call[200];
static int pipe_fds[2];
static size_t page;

static void handle_xfsz(int signal)
{
	(void)signal;
	too_large = 1;
}

static void limit_size(off_t size)
{
	struct rlimit limit = { size < 0 ? RLIM_INFINITY : (rlim_t)size, RLIM_INFINITY };

	if (setrlimit(RLIMIT_FSIZE, &limit))
		err(2, "setrlimit");
}

static noreturn void fail(const char *format, ...)
{
	va_list args;

	limit_size(-1);
	printf("call %u, %s: ", number, call);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static const char *name_of(long long result, int error)
{
	return result < 0 ? strerrorname_np(error) : "";
}

/* near the start or the end of a page, or anywhere */
static off_t pick_offset(void)
{
	off_t at = bases[pick(LENGTH(bases))];

	if (pick(2))
		return at + pick(AREA);
	at += page * pick(AREA / page) + pick(5);
	return at < 2 ? at : at - 2;
}

static size_t pick_length(void)
{
	size_t length = pick(1 << pick(18));

	if (!pick(4))
		length = page * pick(4) + pick(3);
	return length < MAX_LENGTH ? length : MAX_LENGTH;
}

/* the arguments of a call, the same for both sides */
static struct args {
	int kind, flags, rw_flags, whence, count;
	off_t offset;
	size_t length, parts[MAX_SEGMENTS];
	bool bad;
} args;

static long long do_open(struct side *side)
{
	if (side->fd >= 0)
		close(side->fd);
	side->fd = open(side->path, args.flags, 0600);
	return side->fd < 0 ? -1 : 0;
}

static long long do_setfl(struct side *side)
{
	return fcntl(side->fd, F_SETFL, args.flags);
}

static long long do_seek(struct side *side)
{
	return lseek(side->fd, args.offset, args.whence);
}

static int make_vector(char *from, struct iovec *vector)
{
	int i;

	for (i = 0; i < args.count; i++) {
		vector[i] = (struct iovec){ args.bad ? nowhere : from, args.parts[i] };
		from += args.parts[i];
	}
	return args.count;
}

static long long do_read(struct side *side)
{
	struct iovec vector[MAX_SEGMENTS];
	char *to = args.bad ? nowhere : side->data;

	switch (args.kind) {
	case 0:
		return read(side->fd, to, args.length);
	case 1:
		return pread(side->fd, to, args.length, args.offset);
	case 2:
		return readv(side->fd, vector, make_vector(side->data, vector));
	default:
		return preadv2(side->fd, vector, make_vector(side->data, vector),
			       args.kind == 3 ? -1 : args.offset, 0);
	}
}

static long long do_write(struct side *side)
{
	struct iovec vector[MAX_SEGMENTS];

	switch (args.kind) {
	case 0:
		return write(side->fd, fresh, args.length);
	case 1:
		return pwrite(side->fd, fresh, args.length, args.offset);
	case 2:
		return writev(side->fd, vector, make_vector(fresh, vector));
	default:
		return pwritev2(side->fd, vector, make_vector(fresh, vector),
				args.kind == 3 ? -1 : args.offset, args.rw_flags);
	}
}

/* in as many steps as it takes; at the position of the file, or at side->position */
static long long do_splice_out(struct side *side)
{
	loff_t *position = args.kind ? &side->position : NULL;
	long long done = 0, moved = 0;

	while (done < (long long)args.length) {
		moved = splice(side->fd, position, pipe_fds[1], NULL, args.length - done, 0);
		if (moved <= 0)
			break;
		if (read(pipe_fds[0], side->data + done, moved) != moved)
			err(2, "pipe");
		done += moved;
	}
	return done ? done : moved;
}

static long long do_splice_in(struct side *side)
{
	loff_t *position = args.kind ? &side->position : NULL;
	size_t length = args.length < 30000 ? args.length : 30000;
	long long done = 0, moved = 0;
	int error = 0;

	if (write(pipe_fds[1], fresh, length) != (ssize_t)length)
		err(2, "pipe");
	while (done < (long long)length) {
		moved = splice(pipe_fds[0], NULL, side->fd, position, length - done, 0);
		error = errno;
		if (moved <= 0)
			break;
		done += moved;
	}
	if (done < (long long)length &&
	    read(pipe_fds[0], side->data, length) != (ssize_t)(length - done))
		err(2, "pipe");
	errno = error;
	return done ? done : moved;
}

static long long do_limit(struct side *side)
{
	(void)side;
	limit_size(args.kind ? args.offset : -1);
	return 0;
}

static const struct kind {
	const char *name;
	long long (*run)(struct side *side);
	unsigned int weight;
} kinds[] = {
	{ "open", do_open, 4 },		{ "setfl", do_setfl, 2 },
	{ "lseek", do_seek, 6 },	{ "read", do_read, 6 },
	{ "write", do_write, 8 },	{ "splice out", do_splice_out, 3 },
	{ "splice in", do_splice_in, 3 },	{ "rlimit", do_limit, 1 },
};

static const struct kind *pick_kind(void)
{
	unsigned int i, sum = 0, chosen;

	for (i = 0; i < LENGTH(kinds); i++)
		sum += kinds[i].weight;
	chosen = pick(sum);
	for (i = 0; chosen >= kinds[i].weight; i++)
		chosen -= kinds[i].weight;
	return &kinds[i];
}

static int pick_flag(int flag, unsigned int chance)
{
	return pick(chance) ? 0 : flag;
}

static void pick_args(const struct kind *kind)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, O_RDWR, O_ACCMODE };
	size_t i, left;

	memset(&args, 0, sizeof(args));
	if (kind->run == do_open)
		args.flags = modes[pick(LENGTH(modes))] | pick_flag(O_TRUNC, 8) |
			     pick_flag(O_CREAT, 4) | pick_flag(O_SYNC, 4) |
			     pick_flag(O_DSYNC, 4);
	args.flags |= pick_flag(O_APPEND, 4) | pick_flag(O_NONBLOCK, 2);
	args.rw_flags = pick_flag(RWF_APPEND, 4) | pick_flag(RWF_DSYNC, 8) |
			pick_flag(RWF_NOAPPEND, 8);
	args.kind = pick(kind->run == do_splice_in || kind->run == do_splice_out ? 2 : 5);
	args.whence = pick(SEEK_HOLE + 1);
	args.offset = pick_offset();
	if (args.whence == SEEK_CUR || args.whence == SEEK_END)
		args.offset = kind->run == do_seek ? (off_t)pick(20000) - 15000 : args.offset;
	args.length = pick_length();
	/* not for writes: newer kernels leave a page in a hole of FILE then */
	args.bad = kind->run == do_read && !pick(10);

	args.count = 1 + pick(MAX_SEGMENTS);
	for (i = 0, left = args.length; i + 1 < (size_t)args.count; i++) {
		args.parts[i] = pick(left + 1);
		left -= args.parts[i];
	}
	args.parts[i] = left;
	for (i = 0; kind->run == do_write && i < args.length; i++)
		fresh[i] = 1 + pick(255);
	snprintf(call, sizeof(call),
		 "%s %d, offset %lld, length %zu%s, whence %d, flags %#x, rw_flags %#x",
		 kind->name, args.kind, (long long)args.offset, args.length,
		 args.bad ? " bad" : "", args.whence, args.flags, args.rw_flags);
}

static void compare(const char *what, long long device, int device_error, long long file,
		    int file_error)
{
	if (device != file || (device < 0 && device_error != file_error))
		fail("%s on the device: %lld %s, on the file: %lld %s", what, device,
		     name_of(device, device_error), file, name_of(file, file_error));
}

static void make_call(const struct kind *kind)
{
	long long result[2];
	int error[2], large[2], i;

	for (i = 0; i < 2; i++) {
		too_large = 0;
		sides[i].position = args.offset;
		result[i] = kind->run(&sides[i]);
		error[i] = errno;
		large[i] = too_large;
	}
	compare("result", result[0], error[0], result[1], error[1]);
	compare("SIGXFSZ", large[0], 0, large[1], 0);
	compare("argument", sides[0].position, 0, sides[1].position, 0);
	compare("position", lseek(sides[0].fd, 0, SEEK_CUR), 0,
		lseek(sides[1].fd, 0, SEEK_CUR), 0);
	compare("size", lseek(sides[0].reader, 0, SEEK_END), 0,
		lseek(sides[1].reader, 0, SEEK_END), 0);
	if ((kind->run == do_read || kind->run == do_splice_out) && result[0] > 0 &&
	    memcmp(sides[0].data, sides[1].data, result[0]))
		fail("other data");
}

static void compare_contents(void)
{
	ssize_t done[2];
	size_t base;
	int i;

	snprintf(call, sizeof(call), "contents");
	for (base = 0; base < LENGTH(bases); base++) {
		off_t start = bases[base] ? bases[base] - 2 : 0;

		for (i = 0; i < 2; i++)
			done[i] = pread(sides[i].reader, sides[i].data, AREA + MAX_LENGTH,
					start);
		compare("count", done[0], errno, done[1], errno);
		if (done[0] > 0 && memcmp(sides[0].data, sides[1].data, done[0]))
			fail("other data from %lld on", (long long)start);
	}
}

int main(int argc, char **argv)
{
	unsigned int calls;
	int i;

	if (argc != 5)
		errx(2, "usage: same DEVICE FILE SEED CALLS");
	random_state = strtoull(argv[3], NULL, 0) * 0x9e3779b97f4a7c15u | 1;
	calls = strtoul(argv[4], NULL, 0);
	page = sysconf(_SC_PAGESIZE);
	fresh = malloc(MAX_LENGTH);
	nowhere = mmap(NULL, MAX_LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!fresh || nowhere == MAP_FAILED || pipe2(pipe_fds, O_NONBLOCK))
		err(2, "memory or pipe");
	/* a splice moves at most what fits */
	fcntl(pipe_fds[1], F_SETPIPE_SZ, 1048576);
	memset(fresh, 'f', MAX_LENGTH);
	signal(SIGXFSZ, handle_xfsz);
	for (i = 0; i < 2; i++) {
		sides[i].path = argv[1 + i];
		sides[i].data = malloc(AREA + MAX_LENGTH);
		sides[i].fd = open(argv[1 + i], O_RDWR | O_CREAT | O_TRUNC, 0600);
		sides[i].reader = open(argv[1 + i], O_RDONLY);
		if (!sides[i].data || sides[i].fd < 0 || sides[i].reader < 0)
			err(2, "%s", argv[1 + i]);
	}
	for (number = 0; number < calls; number++) {
		const struct kind *kind = pick_kind();

		pick_args(kind);
		make_call(kind);
		if (number % 200 == 199)
			compare_contents();
	}
	return 0;
}
