// SPDX-License-Identifier: GPL-2.0
/*
 * usage: append DEVICE own|shared|missing|flag WRITERS RECORDS LENGTH
 *
 * WRITERS processes write RECORDS records each, of up to LENGTH bytes, to an empty
 * device. Fails if a write is short or the device does not have all records, complete
 * and in the order of each writer.
 *
 *	own	each process opens the device with O_APPEND
 *	shared	all processes share one descriptor and its offset
 *	missing	like own, with buffers whose pages are not present
 *	flag	like missing, with RWF_APPEND in place of O_APPEND
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t max_length;
static int rw_flags;

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "memory");
	return memory;
}

/* the first byte is the number of the writer */
static size_t make_record(unsigned char *buffer, unsigned int writer,
			  unsigned int n)
{
	size_t length = 1 + (n * 15485863 + writer * 104729) % max_length;
	size_t i;

	for (i = 0; i < length; i++)
		buffer[i] = writer + (n + 1) * i;
	return length;
}

static void write_records(int fd, bool missing, unsigned int writer,
			  unsigned int records)
{
	unsigned char *buffer = map(max_length);
	ssize_t written;
	unsigned int n;
	size_t length;

	for (n = 0; n < records; n++) {
		length = make_record(buffer, writer, n);
		/* shared memory keeps its contents */
		if (missing && madvise(buffer, max_length, MADV_DONTNEED))
			err(1, "madvise");
		written = rw_flags ?
			  pwritev2(fd, &(struct iovec){ buffer, length }, 1, -1, rw_flags) :
			  write(fd, buffer, length);
		if (written < 0)
			err(1, "write");
		if (written != (ssize_t)length)
			errx(1, "wrote %zd of %zu bytes", written, length);
	}
}

int main(int argc, char **argv)
{
	unsigned int writers, records, writer, *next;
	unsigned char *got, *expected;
	bool shared, missing, flag;
	int status, failed = 0, fd = -1;
	off_t pos = 0;

	if (argc != 6)
		errx(2, "usage: append DEVICE own|shared|missing|flag WRITERS RECORDS LENGTH");
	shared = !strcmp(argv[2], "shared");
	flag = !strcmp(argv[2], "flag");
	missing = flag || !strcmp(argv[2], "missing");
	rw_flags = flag ? RWF_APPEND : 0;
	writers = strtoul(argv[3], NULL, 0);
	records = strtoul(argv[4], NULL, 0);
	max_length = strtoul(argv[5], NULL, 0);
	next = map(writers * sizeof(*next));
	got = map(max_length);
	expected = map(max_length);

	if (shared)
		fd = open(argv[1], O_RDWR);
	for (writer = 0; writer < writers; writer++) {
		if (fork())
			continue;
		if (!shared)
			fd = open(argv[1], flag ? O_RDWR : O_WRONLY | O_APPEND);
		if (fd < 0)
			err(1, "%s", argv[1]);
		write_records(fd, missing, writer, records);
		exit(0);
	}
	while (wait(&status) > 0)
		failed |= status;
	if (failed)
		return 1;

	fd = open(argv[1], O_RDONLY);
	while (pread(fd, got, max_length, pos) > 0) {
		ssize_t length = 0;

		writer = got[0];
		if (writer < writers && next[writer] < records) {
			length = make_record(expected, writer, next[writer]);
			next[writer]++;
		}
		if (!length || memcmp(got, expected, length))
			errx(1, "offset %lld: incomplete record, or out of order",
			     (long long)pos);
		pos += length;
	}
	for (writer = 0; writer < writers; writer++)
		if (next[writer] != records)
			errx(1, "writer %u: found %u records", writer, next[writer]);
	return 0;
}
