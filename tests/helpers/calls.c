// SPDX-License-Identifier: GPL-2.0
/*
 * usage: calls FILE FLAG[,FLAG]... [CALL]...
 *
 * Opens FILE, makes system calls on it, and prints their results on one line, each at
 * once: a number or the name of an error.
 *
 *	$ calls /dev/scullv0 rdwr,append "write 10" "lseek -4 end" "read 20"
 *	10 6 4
 *
 * Data to write is read from the standard input, past its end it is x. Data that was read
 * is written to descriptor 3 if that is open. preadv2 and pwritev2 have three segments; an
 * offset of -1 is the position of the file. splice-in reads from the standard input,
 * splice-out writes to descriptor 3, which have to be pipes; both repeat the call until it
 * fails, and return what was moved, or the first error. lseek ends the program if the file
 * is not at the position that it returned. pipe-size sets the size of descriptor 3.
 * "grown 10" waits until the size is more than 10 bytes and prints the size. After
 * "alarm 10" a signal arrives every 10 us, which a handler ignores. "fsize 10" sets
 * RLIMIT_FSIZE to 10 bytes; an error with its signal is printed as EFBIG+SIGXFSZ. "setfl
 * append,nonblock" sets these flags of the open file, "setfl rdonly" none. The flag
 * "small" opens without O_LARGEFILE, as 32-bit programs can; the exit status is 77 if the
 * machine has no 32-bit programs.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#define SMALL		(1 << 30)	/* no flag of open() */
#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND	0x20		/* 6.9 */
#endif
#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

static const struct word {
	const char *name;
	int value;
} flags[] = {
	{ "rdonly", O_RDONLY },		{ "wronly", O_WRONLY },
	{ "rdwr", O_RDWR },		{ "ioctl", O_ACCMODE },
	{ "append", O_APPEND },		{ "trunc", O_TRUNC },
	{ "creat", O_CREAT },		{ "nonblock", O_NONBLOCK },
	{ "sync", O_SYNC },		{ "direct", O_DIRECT },
	{ "small", SMALL },
}, whences[] = {
	{ "set", SEEK_SET },		{ "cur", SEEK_CUR },
	{ "end", SEEK_END },		{ "data", SEEK_DATA },
	{ "hole", SEEK_HOLE },		{ "bad", 77 },
}, rw_flags[] = {
	{ "none", 0 },			{ "nowait", RWF_NOWAIT },
	{ "append", RWF_APPEND },	{ "dsync", RWF_DSYNC },
	{ "noappend", RWF_NOAPPEND },
};

static volatile sig_atomic_t too_large;

static void handle_xfsz(int number)
{
	(void)number;
	too_large = 1;
}

static int limit_size(long long size)
{
	struct rlimit limit = { size, RLIM_INFINITY };

	signal(SIGXFSZ, handle_xfsz);
	return setrlimit(RLIMIT_FSIZE, &limit);
}

static void ignore_alarm(int number)
{
	(void)number;
}

static int set_alarm(long us)
{
	struct itimerval timer = { { 0, us }, { 0, us } };

	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = ignore_alarm }, NULL);
	return setitimer(ITIMER_REAL, &timer, NULL);
}

static int value_of(const char *name, const struct word *words, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(name, words[i].name))
			return words[i].value;
	fprintf(stderr, "calls: invalid word %s\n", name);
	exit(2);
}

/* names of flags, separated by commas */
static int flags_of(char *names)
{
	int bits = 0;
	char *name;

	for (name = strtok(names, ","); name; name = strtok(NULL, ","))
		bits |= value_of(name, flags, LENGTH(flags));
	return bits;
}

static size_t get_data(char *data, size_t len)
{
	size_t done = 0;
	ssize_t got;

	memset(data, 'x', len);
	while (done < len && (got = read(0, data + done, len - done)) > 0)
		done += got;
	return len;
}

static void put_data(const char *data, ssize_t len)
{
	ssize_t put;

	for (; len > 0; len -= put, data += put) {
		put = write(3, data, len);
		if (put < 0) {
			perror("calls: descriptor 3");
			exit(2);
		}
	}
}

static long long splice_all(int from, int to, long long len)
{
	long long done = 0;
	ssize_t moved;

	while (done < len) {
		moved = splice(from, NULL, to, NULL, len - done, 0);
		if (moved < 0 && !done)
			return moved;
		if (moved <= 0)
			break;
		done += moved;
	}
	return done;
}

static long long wait_until_grown(int fd, long long size)
{
	long long end;

	while ((end = lseek64(fd, 0, SEEK_END)) <= size && end >= 0)
		usleep(100);
	return end;
}

/* the position of the file is the result, or unchanged after an error */
static long long seek(int fd, long long offset, const char *whence)
{
	long long before = lseek64(fd, 0, SEEK_CUR);
	long long ret = lseek64(fd, offset,
				value_of(whence, whences, LENGTH(whences)));
	int error = errno;
	long long after = lseek64(fd, 0, SEEK_CUR);

	if (after != (ret < 0 ? before : ret))
		errx(1, "lseek %lld %s returned %lld, the position is %lld", offset,
		     whence, ret, after);
	errno = error;
	return ret;
}

static long long transfer(int fd, const char *name, long long len,
			  long long offset, const char *word)
{
	int rw_flag = value_of(word, rw_flags, LENGTH(rw_flags));
	char *data = malloc(len + 1);
	struct iovec segments[] = {
		{ data, len / 3 }, { data + len / 3, len / 2 },
		{ data + len / 3 + len / 2, len - len / 3 - len / 2 },
	};
	int reads = !!strstr(name, "read");
	long long ret;
	int error;

	if (!reads)
		get_data(data, len);
	if (!strcmp(name, "read"))
		ret = read(fd, data, len);
	else if (!strcmp(name, "write"))
		ret = write(fd, data, len);
	else if (!strcmp(name, "pread"))
		ret = pread64(fd, data, len, offset);
	else if (!strcmp(name, "pwrite"))
		ret = pwrite64(fd, data, len, offset);
	else if (!strcmp(name, "preadv2"))
		ret = preadv64v2(fd, segments, 3, offset, rw_flag);
	else
		ret = pwritev64v2(fd, segments, 3, offset, rw_flag);
	error = errno;
	if (reads)
		put_data(data, ret);
	free(data);
	errno = error;
	return ret;
}

static long long make_call(int fd, char *call)
{
	const char *name = strtok(call, " ");
	char *first = name ? strtok(NULL, " ") : NULL;
	const char *second = first ? strtok(NULL, " ") : NULL;
	const char *third = second ? strtok(NULL, " ") : NULL;
	long long number = first ? strtoll(first, NULL, 0) : 0;
	long long offset = second ? strtoll(second, NULL, 0) : 0;

	if (!strcmp(name, "lseek"))
		return seek(fd, number, second ?: "");
	if (!strcmp(name, "fsync"))
		return fsync(fd);
	if (!strcmp(name, "fdatasync"))
		return fdatasync(fd);
	if (!strcmp(name, "grown"))
		return wait_until_grown(fd, number);
	if (!strcmp(name, "alarm"))
		return set_alarm(number);
	if (!strcmp(name, "fsize"))
		return limit_size(number);
	if (!strcmp(name, "setfl"))
		return fcntl(fd, F_SETFL, flags_of(first));
	if (!strcmp(name, "splice-in"))
		return splice_all(0, fd, number);
	if (!strcmp(name, "pipe-size"))
		return fcntl(3, F_SETPIPE_SZ, (int)number);
	if (!strcmp(name, "splice-out"))
		return splice_all(fd, 3, number);
	return transfer(fd, name, number, offset, third ?: "none");
}

static void no_small_programs(int number)
{
	(void)number;
	_exit(77);
}

/* Kernels without 32-bit programs send SIGSEGV. */
static int open_small(const char *name, int flag_bits)
{
#ifdef __x86_64__
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long ret;

	signal(SIGSEGV, no_small_programs);
	strcpy(low, name);
	asm volatile("int $0x80" : "=a"(ret)
		     : "a"(5), "b"(low), "c"(flag_bits), "d"(0600)
		     : "memory", "r8", "r9", "r10", "r11");
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
#else
	if (sizeof(long) != 4)
		no_small_programs(0);
	return syscall(SYS_openat, AT_FDCWD, name, flag_bits, 0600);
#endif
}

static void print_result(long long result, char end)
{
	const char *signal_name = too_large ? "+SIGXFSZ" : "";

	too_large = 0;
	if (result < 0)
		printf("%s%s%c", strerrorname_np(errno), signal_name, end);
	else
		printf("%lld%s%c", result, signal_name, end);
}

int main(int argc, char **argv)
{
	int flag_bits, fd, i;

	if (argc < 3)
		return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	flag_bits = flags_of(argv[2]);
	if (fcntl(3, F_GETFD) < 0)
		dup2(open("/dev/null", O_WRONLY), 3);
	fd = flag_bits & SMALL ? open_small(argv[1], flag_bits & ~SMALL) :
				 open64(argv[1], flag_bits, 0600);
	if (fd < 0) {
		print_result(-1, '\n');
		return 1;
	}
	for (i = 3; i < argc; i++)
		print_result(make_call(fd, argv[i]), i + 1 < argc ? ' ' : '\n');
	return 0;
}
