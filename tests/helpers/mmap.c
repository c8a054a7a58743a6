// SPDX-License-Identifier: GPL-2.0
/*
 * usage: mmap FILE OPERATION...
 *
 * Opens FILE for reading and writing, executes the operations on it and its mappings, and
 * prints their results on one line: "ok", a number, or the name of an error or a signal.
 *
 *	$ mmap /dev/scullv0 "write 0 9 1" "map a shared rw 0 9" "load a 0 9" \
 *		"store a 3 3 2" "read 0 9" trim "load a 0 9"
 *	9 ok 1 ok 1:3,2:3,1:3 ok SIGBUS
 *
 * Data has a version, 1 to 9, and depends on its offset in the file. Operations that read
 * print the version: 0 for zeros, ? for data of another offset, and several versions each
 * with a length.
 *
 * M is the letter of a mapping. Offsets in a mapping count from its start, all others from
 * the start of the file. Lengths are in bytes.
 *
 * With exit status 3 the caller should retry, see hold.
 */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/kernel-page-flags.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
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

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))
#define MAX_WORDS	7
#define REST		(-1)	/* the rest of the line as one word */
#define VERSIONS	10	/* 0: zeros */
#define PIPE_SIZE	1048576

static const char *path;
static int fd = -1;
static size_t page;
static FILE *out;		/* in a child: a pipe to the parent */

static struct map {
	unsigned char *address;
	size_t length;
	off_t offset;
} maps['z' - 'a' + 1];

static void run_operation(const char *text);

/* -- results -- */

static void print_error(void)
{
	fputs(strerrorname_np(errno), out);
}

static void print_result(long long result)
{
	if (result < 0)
		print_error();
	else if (result)
		fprintf(out, "%lld", result);
	else
		fputs("ok", out);
}

/*
 * Eight bytes of a version, for an offset that is a multiple of 8. In each byte the upper
 * half encodes the version, the lower half the offset.
 */
static unsigned long long word_of(unsigned int version, off_t pos)
{
	unsigned long long code = pos / 8 * 0x9e3779b97f4a7c15u;

	code = (code ^ code >> 32) & 0x0f0f0f0f0f0f0f0f;
	return version ? htole64(code + version * 0x1010101010101010) : 0;
}

static unsigned char byte_of(unsigned int version, off_t pos)
{
	unsigned long long word = word_of(version, pos & ~(off_t)7);
	unsigned char bytes[8];

	memcpy(bytes, &word, sizeof(bytes));
	return bytes[pos & 7];
}

/* the number of bytes that have the version */
static size_t length_of(unsigned int version, const unsigned char *data,
			size_t len, off_t pos)
{
	unsigned long long word;
	size_t i = 0;

	while (i < len) {
		if ((pos + i) % 8 == 0 && len - i >= 8) {
			memcpy(&word, data + i, sizeof(word));
			if (word == word_of(version, pos + i)) {
				i += 8;
				continue;
			}
		}
		if (data[i] != byte_of(version, pos + i))
			break;
		i++;
	}
	return i;
}

static void make_bytes(unsigned char *data, size_t len, unsigned int version,
		       off_t pos)
{
	unsigned long long word;
	size_t i = 0;

	while (i < len) {
		if ((pos + i) % 8 == 0 && len - i >= 8) {
			word = word_of(version, pos + i);
			memcpy(data + i, &word, sizeof(word));
			i += 8;
		} else {
			data[i] = byte_of(version, pos + i);
			i++;
		}
	}
}

/*
 * Print the version of each part, with its length unless there is one part and no further
 * result.
 */
static void print_versions(const unsigned char *data, size_t len, off_t pos,
			   bool more)
{
	const char *comma = "";
	unsigned int version, parts = 0;
	size_t i, part;

	for (i = 0; i < len && parts++ < 20; i += part) {
		for (version = 0; version < VERSIONS; version++) {
			part = length_of(version, data + i, len - i, pos + i);
			if (part)
				break;
		}
		if (!part)
			part = 1;
		fputs(comma, out);
		fputc(version < VERSIONS ? '0' + version : '?', out);
		if (i || part < len || more)
			fprintf(out, ":%zu", part);
		comma = ",";
	}
}

/* -- access to memory that may raise a signal -- */

static sigjmp_buf escape;
static atomic_bool memory_error;	/* the signal reports one */

static void escape_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	memory_error = sig == SIGBUS && info->si_code == BUS_MCEERR_AR;
	siglongjmp(escape, sig);
}

static void print_signal(int sig)
{
	if (memory_error)
		fputs("MCEERR_AR", out);
	else
		fprintf(out, "SIG%s", sigabbrev_np(sig));
	memory_error = false;
}

/* copy page by page; return the bytes copied and set *sig to the signal or 0 */
static size_t copy(unsigned char *to, const unsigned char *from,
		   const unsigned char *mapped, size_t len, int *sig)
{
	static atomic_size_t done;

	done = 0;
	*sig = sigsetjmp(escape, 1);
	while (!*sig && done < len) {
		size_t part = page - (uintptr_t)(mapped + done) % page;

		if (part > len - done)
			part = len - done;
		memcpy(to + done, from + done, part);
		done += part;
	}
	return done;
}

/* -- words of an operation -- */

static unsigned long long number(const char *word)
{
	char *end;
	unsigned long long value = strtoull(word, &end, 0);

	if (*end || end == word)
		errx(2, "invalid value %s", word);
	return value;
}

static struct map *map_of(const char *letter)
{
	if (letter[0] < 'a' || letter[0] > 'z' || letter[1])
		errx(2, "%s: invalid mapping", letter);
	return &maps[letter[0] - 'a'];
}

/* the last page of a mapping is accessible to its end */
static unsigned char *at(const char *letter, const char *offset,
			 const char *length)
{
	const struct map *map = map_of(letter);
	size_t end = number(offset) + number(length);

	if (end > (map->length + page - 1) / page * page)
		errx(2, "mapping %s ends before %zu", letter, end);
	return map->address + number(offset);
}

struct word {
	const char *name;
	int value;
};

static int value_of(const char *name, size_t len, const struct word *words,
		    size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strlen(words[i].name) == len &&
		    !strncmp(words[i].name, name, len))
			return words[i].value;
	errx(2, "%s: unknown word", name);
}

/* names separated by commas */
static int values_of(const char *names, const struct word *words, size_t count)
{
	int values = 0;

	for (;;) {
		size_t len = strcspn(names, ",");

		values |= value_of(names, len, words, count);
		if (!names[len])
			return values;
		names += len + 1;
	}
}

static int protection(const char *name)
{
	static const struct word words[] = {
		{ "none", PROT_NONE },	{ "r", PROT_READ },
		{ "w", PROT_WRITE },	{ "rw", PROT_READ | PROT_WRITE },
		{ "x", PROT_EXEC },
	};

	return values_of(name, words, LENGTH(words));
}

/* -- operations on the file -- */

/* open PATH rdonly|wronly|rdwr[,trunc][,nonblock]: replaces the open file */
static void do_open(char **word)
{
	static const struct word words[] = {
		{ "rdonly", O_RDONLY },	{ "wronly", O_WRONLY },
		{ "rdwr", O_RDWR },	{ "trunc", O_TRUNC },
		{ "nonblock", O_NONBLOCK },
	};
	int new = open(word[0], values_of(word[1], words, LENGTH(words)));

	if (new >= 0 && fd >= 0)
		close(fd);
	if (new >= 0)
		fd = new;
	print_result(new < 0 ? -1 : 0);
}

/* close */
static void do_close(char **word)
{
	(void)word;
	print_result(close(fd));
	fd = -1;
}

/* trim: also truncates a file */
static void do_trim(char **word)
{
	int trimmed = open(path, O_WRONLY | O_TRUNC);

	(void)word;
	if (trimmed >= 0)
		close(trimmed);
	print_result(trimmed < 0 ? -1 : 0);
}

static unsigned char *buffer_of(size_t len)
{
	unsigned char *data = malloc(len);

	if (!data)
		err(2, "malloc");
	return data;
}

static void write_version(off_t pos, size_t len, unsigned int version, int flags)
{
	unsigned char *data = buffer_of(len);
	struct iovec iov = { data, len };

	make_bytes(data, len, version, pos);
	print_result(pwritev2(fd, &iov, 1, pos, flags));
	free(data);
}

/* write OFFSET LENGTH VERSION */
static void do_write(char **word)
{
	write_version(number(word[0]), number(word[1]), number(word[2]), 0);
}

/* write-nowait OFFSET LENGTH VERSION */
static void do_write_nowait(char **word)
{
	write_version(number(word[0]), number(word[1]), number(word[2]),
		      RWF_NOWAIT);
}

/* append LENGTH VERSION: the data is that of the end before the call */
static void do_append(char **word)
{
	write_version(lseek(fd, 0, SEEK_END), number(word[0]), number(word[1]),
		      RWF_APPEND);
}

/* read OFFSET LENGTH */
static void do_read(char **word)
{
	off_t pos = number(word[0]);
	size_t len = number(word[1]);
	unsigned char *data = buffer_of(len);
	ssize_t got = pread(fd, data, len, pos);

	if (got < 0)
		print_error();
	else if (!got)
		fputs("end", out);
	else
		print_versions(data, got, pos, false);
	free(data);
}

/* -- operations on mappings -- */

/* map M shared|private[,populate][,locked] PROTECTION OFFSET LENGTH */
static void do_map(char **word)
{
	static const struct word words[] = {
		{ "shared", MAP_SHARED },	{ "private", MAP_PRIVATE },
		{ "populate", MAP_POPULATE },	{ "locked", MAP_LOCKED },
	};
	struct map new = {
		.offset = number(word[3]),
		.length = number(word[4]),
	};

	new.address = mmap(NULL, new.length, protection(word[2]),
			   values_of(word[1], words, LENGTH(words)), fd,
			   new.offset);
	if (new.address == MAP_FAILED) {
		print_error();
		return;
	}
	*map_of(word[0]) = new;
	print_result(0);
}

/* load M OFFSET LENGTH */
static void do_load(char **word)
{
	off_t pos = map_of(word[0])->offset + number(word[1]);
	const unsigned char *from = at(word[0], word[1], word[2]);
	size_t len = number(word[2]);
	unsigned char *data = buffer_of(len);
	size_t done;
	int sig;

	done = copy(data, from, from, len, &sig);
	print_versions(data, done, pos, done < len);
	if (done && done < len)
		fputc(',', out);
	if (done < len)
		print_signal(sig);
	free(data);
}

/* store M OFFSET LENGTH VERSION */
static void do_store(char **word)
{
	off_t pos = map_of(word[0])->offset + number(word[1]);
	unsigned char *to = at(word[0], word[1], word[2]);
	size_t len = number(word[2]);
	unsigned char *data = buffer_of(len);
	int sig;

	make_bytes(data, len, number(word[3]), pos);
	if (copy(to, data, to, len, &sig) == len)
		print_result(0);
	else
		print_signal(sig);
	free(data);
}

/* touch M OFFSET LENGTH STEP: loads the first byte of each step */
static void do_touch(char **word)
{
	static atomic_size_t i;
	size_t len = number(word[2]), step = number(word[3]);
	const unsigned char *from = at(word[0], word[1], word[2]);
	int sig = sigsetjmp(escape, 1);

	if (sig) {
		print_signal(sig);
		return;
	}
	for (i = 0; i < len; i += step)
		__atomic_load_n(from + i, __ATOMIC_RELAXED);
	print_result(0);
}

/* a range of a mapping in a buffer, or NULL if an access fails */
static unsigned char *load_range(const char *letter, const char *offset,
				 const char *length)
{
	const unsigned char *from = at(letter, offset, length);
	size_t len = number(length);
	unsigned char *data = buffer_of(len);
	int sig;

	if (copy(data, from, from, len, &sig) == len)
		return data;
	free(data);
	return NULL;
}

/* same M OFFSET M OFFSET LENGTH: compares two ranges */
static void do_same(char **word)
{
	unsigned char *a = load_range(word[0], word[1], word[4]);
	unsigned char *b = load_range(word[2], word[3], word[4]);
	bool same = a && b && !memcmp(a, b, number(word[4]));

	fputs(same ? "same" : "different", out);
	free(a);
	free(b);
}

/* read-into M OFFSET LENGTH FILE-OFFSET */
static void do_read_into(char **word)
{
	unsigned char *to = at(word[0], word[1], word[2]);

	print_result(pread(fd, to, number(word[2]), number(word[3])));
}

/* write-from M OFFSET LENGTH FILE-OFFSET */
static void do_write_from(char **word)
{
	const unsigned char *from = at(word[0], word[1], word[2]);

	print_result(pwrite(fd, from, number(word[2]), number(word[3])));
}

/* unmap M OFFSET LENGTH */
static void do_unmap(char **word)
{
	print_result(munmap(at(word[0], word[1], word[2]), number(word[2])));
}

static void remap(struct map *from, struct map *to, size_t old_length,
		  int flags, void *where)
{
	unsigned char *new = mremap(from->address, old_length, to->length,
				    flags, where);

	if (new == MAP_FAILED) {
		print_error();
		return;
	}
	to->address = new;
	to->offset = from->offset;
	print_result(0);
}

/* wall M: maps the page after M, so that M cannot be extended in place */
static void do_wall(char **word)
{
	struct map *map = map_of(word[0]);
	void *end = map->address + (map->length + page - 1) / page * page;

	if (mmap(end, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno != EEXIST)
		err(2, "wall");
	print_result(0);
}

/* resize M LENGTH */
static void do_resize(char **word)
{
	struct map *map = map_of(word[0]);
	size_t old_length = map->length;

	map->length = number(word[1]);
	remap(map, map, old_length, MREMAP_MAYMOVE, NULL);
}

/* move M: to another address */
static void do_move(char **word)
{
	struct map *map = map_of(word[0]);
	void *where = mmap(NULL, map->length, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	remap(map, map, map->length, MREMAP_MAYMOVE | MREMAP_FIXED, where);
}

/* twin M N: duplicates a shared mapping */
static void do_twin(char **word)
{
	struct map *map = map_of(word[0]);
	struct map *twin = map_of(word[1]);

	twin->length = map->length;
	remap(map, twin, 0, MREMAP_MAYMOVE, NULL);
}

/* protect M PROTECTION */
static void do_protect(char **word)
{
	const struct map *map = map_of(word[0]);

	print_result(mprotect(map->address, map->length, protection(word[1])));
}

/* advise M OFFSET LENGTH ADVICE */
static void do_advise(char **word)
{
	static const struct word words[] = {
		{ "dontneed", MADV_DONTNEED },
		{ "willneed", MADV_WILLNEED },
		{ "random", MADV_RANDOM },
		{ "dontfork", MADV_DONTFORK },
		{ "populate-read", MADV_POPULATE_READ },
		{ "populate-write", MADV_POPULATE_WRITE },
		{ "hwpoison", MADV_HWPOISON },
		{ "dodump", MADV_DODUMP },
	};

	print_result(madvise(at(word[0], word[1], word[2]), number(word[2]),
			     values_of(word[3], words, LENGTH(words))));
}

/* lock M OFFSET LENGTH */
static void do_lock(char **word)
{
	print_result(mlock(at(word[0], word[1], word[2]), number(word[2])));
}

/* unlock M OFFSET LENGTH */
static void do_unlock(char **word)
{
	print_result(munlock(at(word[0], word[1], word[2]), number(word[2])));
}

/* sync M sync|async[,invalidate] */
static void do_sync(char **word)
{
	static const struct word words[] = {
		{ "sync", MS_SYNC },		{ "async", MS_ASYNC },
		{ "invalidate", MS_INVALIDATE },
	};
	const struct map *map = map_of(word[0]);

	print_result(msync(map->address, map->length,
			   values_of(word[1], words, LENGTH(words))));
}

/* an entry of 8 bytes of a file in /proc */
static unsigned long long entry_of(const char *name, unsigned long long index)
{
	int file = open(name, O_RDONLY);
	unsigned long long entry;

	if (file < 0 || pread(file, &entry, sizeof(entry),
			      index * sizeof(entry)) != sizeof(entry))
		err(2, "%s", name);
	close(file);
	return entry;
}

/* resident M OFFSET LENGTH: the number of pages in the page table */
static void do_resident(char **word)
{
	uintptr_t first = (uintptr_t)at(word[0], word[1], word[2]) / page;
	size_t i, count = number(word[2]) / page, present = 0;

	for (i = 0; i < count; i++)
		present += entry_of("/proc/self/pagemap", first + i) >> 63;
	fprintf(out, "%zu", present);
}

/* flags M: those of the mapping in smaps, separated by commas, but for "mm" */
static void do_flags(char **word)
{
	unsigned long address = (uintptr_t)map_of(word[0])->address, start, end;
	FILE *file = fopen("/proc/self/smaps", "r");
	const char *comma = "", *flag;
	bool found = false;
	char line[512];

	if (!file)
		err(2, "smaps");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			found = address >= start && address < end;
		if (found && !strncmp(line, "VmFlags:", 8))
			break;
	}
	fclose(file);
	for (flag = strtok(line + 8, "\n "); flag; flag = strtok(NULL, "\n ")) {
		if (!strcmp(flag, "mm"))
			continue;
		fprintf(out, "%s%s", comma, flag);
		comma = ",";
	}
}

#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC	(1 << 15)
#endif

/*
 * Write-protect pages with userfaultfd, which sends no messages in this mode. The entry
 * of a page that is not present gets a marker.
 */
static int set_markers(const struct map *map, unsigned char *start, size_t len,
		       bool set)
{
	static int uffd = -1;
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_WP_ASYNC,
	};
	struct uffdio_register all = {
		.range = { (uintptr_t)map->address,
			   (map->length + page - 1) / page * page },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect part = {
		.range = { (uintptr_t)start, len },
		.mode = set ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	if (uffd < 0) {
		uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
		if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) ||
		    ioctl(uffd, UFFDIO_REGISTER, &all))
			return -1;
	}
	return ioctl(uffd, UFFDIO_WRITEPROTECT, &part);
}

/* mark M OFFSET LENGTH: EINVAL if the kernel or the machine cannot */
static void do_mark(char **word)
{
	print_result(set_markers(map_of(word[0]), at(word[0], word[1], word[2]),
				 number(word[2]), true));
}

/* unmark M OFFSET LENGTH */
static void do_unmark(char **word)
{
	print_result(set_markers(map_of(word[0]), at(word[0], word[1], word[2]),
				 number(word[2]), false));
}

/*
 * poison M OFFSET: marks the page as having a memory error, even if the kernel fails to
 * handle it. Prints the page frame number.
 */
static void do_poison(char **word)
{
	unsigned char *address = at(word[0], word[1], "1");
	unsigned long long frame;

	__atomic_load_n(address, __ATOMIC_RELAXED);
	frame = entry_of("/proc/self/pagemap", (uintptr_t)address / page) &
		((1ull << 55) - 1);
	if (madvise(address, page, MADV_HWPOISON) &&
	    !(entry_of("/proc/kpageflags", frame) >> KPF_HWPOISON & 1))
		print_error();
	else
		fprintf(out, "%llu", frame);
}

/* -- references to pages by a pipe or io_uring -- */

static int held[2] = { -1, -1 };	/* a pipe */
static off_t held_pos;

static void open_pipe(void)
{
	if (held[0] >= 0)
		return;
	if (pipe2(held, O_NONBLOCK) ||
	    fcntl(held[0], F_SETPIPE_SZ, PIPE_SIZE) < 0)
		err(2, "pipe");
}

/* pipe M OFFSET LENGTH: vmsplice pages into a pipe, without a copy */
static void do_pipe(char **word)
{
	struct iovec iov = { at(word[0], word[1], word[2]), number(word[2]) };

	open_pipe();
	held_pos = map_of(word[0])->offset + number(word[1]);
	print_result(vmsplice(held[1], &iov, 1, 0));
}

/* splice OFFSET LENGTH: from the file into the pipe */
static void do_splice(char **word)
{
	off_t pos = number(word[0]);

	open_pipe();
	held_pos = pos;
	print_result(splice(fd, &pos, held[1], NULL, number(word[1]), 0));
}

/* drain: reads the pipe */
static void do_drain(char **word)
{
	unsigned char *data = buffer_of(PIPE_SIZE);
	size_t done = 0;
	ssize_t got;

	(void)word;
	while (done < PIPE_SIZE &&
	       (got = read(held[0], data + done, PIPE_SIZE - done)) > 0)
		done += got;
	print_versions(data, done, held_pos, false);
	free(data);
}

/* one ring with one entry, without a library */
static struct {
	int fd;
	unsigned int *tail, *array;
	struct io_uring_sqe *entry;
	unsigned int *done_head, *done_mask;
	struct io_uring_cqe *done;
	struct iovec buffer;
} ring = { .fd = -1 };

static void *map_ring(size_t len, off_t offset)
{
	void *address = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
			     ring.fd, offset);

	if (address == MAP_FAILED)
		err(2, "io_uring");
	return address;
}

static void open_ring(void)
{
	struct io_uring_params params = {};
	char *queue, *done;

	if (ring.fd >= 0)
		return;
	ring.fd = syscall(SYS_io_uring_setup, 1, &params);
	if (ring.fd < 0)
		err(2, "io_uring");
	queue = map_ring(params.sq_off.array +
			params.sq_entries * sizeof(*ring.array),
			IORING_OFF_SQ_RING);
	done = map_ring(params.cq_off.cqes +
			params.cq_entries * sizeof(*ring.done),
			IORING_OFF_CQ_RING);
	ring.entry = map_ring(params.sq_entries * sizeof(*ring.entry),
			      IORING_OFF_SQES);
	ring.tail = (unsigned int *)(queue + params.sq_off.tail);
	ring.array = (unsigned int *)(queue + params.sq_off.array);
	ring.done_head = (unsigned int *)(done + params.cq_off.head);
	ring.done_mask = (unsigned int *)(done + params.cq_off.ring_mask);
	ring.done = (struct io_uring_cqe *)(done + params.cq_off.cqes);
}

static int enter_ring(unsigned int submit, unsigned int wait)
{
	return syscall(SYS_io_uring_enter, ring.fd, submit, wait,
		       IORING_ENTER_GETEVENTS, NULL, 0);
}

static int submit(const struct io_uring_sqe *entry)
{
	*ring.entry = *entry;
	ring.array[0] = 0;
	__atomic_add_fetch(ring.tail, 1, __ATOMIC_RELEASE);
	return enter_ring(1, 0) == 1 ? 0 : -1;
}

/* wait for the submitted entry */
static void print_completion(void)
{
	const struct io_uring_cqe *done;

	if (enter_ring(0, 1) < 0)
		err(2, "io_uring");
	done = &ring.done[*ring.done_head & *ring.done_mask];
	errno = done->res < 0 ? -done->res : 0;
	print_result(done->res);
	__atomic_add_fetch(ring.done_head, 1, __ATOMIC_RELEASE);
}

/* register M OFFSET LENGTH: as a fixed buffer of io_uring */
static void do_register(char **word)
{
	open_ring();
	ring.buffer.iov_base = at(word[0], word[1], word[2]);
	ring.buffer.iov_len = number(word[2]);
	held_pos = map_of(word[0])->offset + number(word[1]);
	print_result(syscall(SYS_io_uring_register, ring.fd,
			     IORING_REGISTER_BUFFERS, &ring.buffer, 1));
}

/* submit: writes the fixed buffer to the pipe */
static void do_submit(char **word)
{
	struct io_uring_sqe entry = {
		.opcode = IORING_OP_WRITE_FIXED,
		.off = -1,
		.addr = (uintptr_t)ring.buffer.iov_base,
		.len = ring.buffer.iov_len,
	};

	(void)word;
	open_pipe();
	entry.fd = held[1];
	if (submit(&entry))
		print_error();
	else
		print_completion();
}

/* unregister: closes the ring */
static void do_unregister(char **word)
{
	(void)word;
	print_result(close(ring.fd));
	ring.fd = -1;
}

/* begin PATH M OFFSET LENGTH: submits an O_DIRECT write to the same offset */
static void do_begin(char **word)
{
	struct io_uring_sqe entry = {
		.opcode = IORING_OP_WRITE,
		.off = map_of(word[1])->offset + number(word[2]),
		.addr = (uintptr_t)at(word[1], word[2], word[3]),
		.len = number(word[3]),
	};

	open_ring();
	entry.fd = open(word[0], O_RDWR | O_CREAT | O_DIRECT, 0600);
	print_result(entry.fd < 0 ? -1 : submit(&entry));
}

/* end: waits for the write */
static void do_end(char **word)
{
	(void)word;
	print_completion();
}

/* -- other processes, which execute requests, one per line -- */

static struct peer {
	pid_t pid;
	FILE *requests, *replies;
} child, holder;

static void serve(FILE *from, FILE *to)
{
	char line[256];

	out = to;
	while (fgets(line, sizeof(line), from)) {
		line[strcspn(line, "\n")] = '\0';
		run_operation(line);
		fputc('\n', out);
		fflush(out);
	}
	_exit(0);
}

static int start_peer(struct peer *peer)
{
	int requests[2], replies[2];

	fflush(out);
	if (pipe(requests) || pipe(replies))
		err(2, "pipe");
	peer->pid = fork();
	if (!peer->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(requests[1]);
		close(replies[0]);
		serve(fdopen(requests[0], "r"), fdopen(replies[1], "w"));
	}
	close(requests[0]);
	close(replies[1]);
	peer->requests = fdopen(requests[1], "w");
	peer->replies = fdopen(replies[0], "r");
	return peer->pid < 0 ? -1 : 0;
}

static void send_request(const struct peer *peer, const char *operation)
{
	fprintf(peer->requests, "%s\n", operation);
	fflush(peer->requests);
}

static void read_reply(const struct peer *peer, char *line, size_t size)
{
	if (!fgets(line, size, peer->replies))
		strcpy(line, "dead");
	line[strcspn(line, "\n")] = '\0';
}

static void run_on_peer(const struct peer *peer, const char *operation)
{
	char line[4096];

	send_request(peer, operation);
	read_reply(peer, line, sizeof(line));
	fputs(line, out);
}

static void print_exit(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		print_error();
	else if (WIFSIGNALED(status))
		print_signal(WTERMSIG(status));
	else
		print_result(WEXITSTATUS(status));
}

/* fork */
static void do_fork(char **word)
{
	(void)word;
	print_result(start_peer(&child));
}

/* reap: the child ends */
static void do_reap(char **word)
{
	(void)word;
	fclose(child.requests);
	fclose(child.replies);
	print_exit(child.pid);
}

/* child OPERATION */
static void do_child(char **word)
{
	run_on_peer(&child, word[0]);
}

/* -- long operations in other processes -- */

static struct task {
	pid_t pid;
	FILE *result;
	bool trims;
} tasks['z' - 'a' + 1];

static bool holding;		/* where a trim has to wait */
static bool holding_end;	/* in an append */

/* the holder was stopped outside the driver, where no trim waits for it */
static void ask_for_retry(void)
{
	errx(3, "the task did not wait for the holder");
}

static struct task *task_of(char letter)
{
	if (letter < 'a' || letter > 'z')
		errx(2, "%c: invalid task", letter);
	return &tasks[letter - 'a'];
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {};

	if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT))
		err(2, "waitid");
	return info.si_pid == pid;
}

static bool is_asleep(pid_t pid)
{
	char name[32], line[256] = "", *state;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	file = fopen(name, "r");
	if (!file || !fgets(line, sizeof(line), file))
		err(2, "%s", name);
	fclose(file);
	state = strrchr(line, ')');
	return state && (state[2] == 'S' || state[2] == 'D');
}

/* a trim sleeps before it takes effect, too; a second one waits for the first */
static bool is_waiting(const struct task *task)
{
	const struct task *other;

	for (other = tasks; other < tasks + LENGTH(tasks); other++)
		if (other != task && other->pid && other->trims)
			return is_asleep(task->pid);
	if (task->trims && lseek(fd, 0, SEEK_END))
		return false;
	return is_asleep(task->pid);
}

static void finish(struct task *task)
{
	char line[4096] = "";

	/* a killed task has no result */
	if (!fgets(line, sizeof(line), task->result))
		print_exit(task->pid);
	else if (waitpid(task->pid, NULL, 0) != task->pid)
		err(2, "waitpid");
	fputs(line, out);
	fclose(task->result);
	task->pid = 0;
}

/* start LETTER OPERATION: prints "waits" if it sleeps, else its result */
static void do_start(char **word)
{
	struct task *task = task_of(word[0][0]);
	const char *operation = word[0] + 1 + strspn(word[0] + 1, " ");
	int result[2];

	fflush(out);
	if (pipe(result))
		err(2, "pipe");
	task->trims = !strcmp(operation, "trim");
	task->pid = fork();
	if (task->pid < 0)
		err(2, "fork");
	if (!task->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(result[0]);
		out = fdopen(result[1], "w");
		run_operation(operation);
		fflush(out);
		_exit(0);
	}
	close(result[1]);
	task->result = fdopen(result[0], "r");
	while (!has_ended(task->pid) && !is_waiting(task))
		sched_yield();
	if (!has_ended(task->pid)) {
		fputs("waits", out);
		return;
	}
	if ((holding && task->trims) || holding_end)
		ask_for_retry();
	finish(task);
}

/* finish LETTER: waits for its end and prints the result, unless start did */
static void do_finish(char **word)
{
	struct task *task = task_of(word[0][0]);

	if (task->pid)
		finish(task);
	else
		fputs("over", out);
}

/* kill LETTER */
static void do_kill(char **word)
{
	struct task *task = task_of(word[0][0]);

	if (task->pid)
		kill(task->pid, SIGKILL);
	do_finish(word);
}

static void ignore_signal(int sig)
{
	(void)sig;
}

/* signal LETTER: sends a signal that is not fatal, and does not restart calls */
static void do_signal(char **word)
{
	struct task *task = task_of(word[0][0]);

	print_result(task->pid ? kill(task->pid, SIGUSR1) : 0);
}

/*
 * The holder is stopped during a call by the hog, a process that spins with a higher
 * real-time priority on the same processor.
 */
static struct hold {
	atomic_uint rounds;	/* calls of the holder */
	atomic_bool wanted;	/* the hog has to spin */
	atomic_bool spinning;
	atomic_bool released;	/* the holder has to end */
} *hold;

static pid_t hog;

static void use_processor(int cpu, int priority)
{
	struct sched_param param = { .sched_priority = priority };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) ||
	    sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &param))
		err(2, "processor %d, priority %d", cpu, priority);
}

static void stop_holder(bool wanted)
{
	hold->wanted = wanted;
	while (hold->spinning != wanted)
		sched_yield();
}

/* a timer of the holder's processor wakes it up during any call of the holder */
static void start_hog(void)
{
	hog = fork();
	if (hog < 0)
		err(2, "fork");
	if (hog) {
		/* a holder that runs first would keep the hog off the processor for a second */
		stop_holder(true);
		stop_holder(false);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	use_processor(1, 2);
	while (!hold->released) {
		usleep(200);
		hold->spinning = hold->wanted;
		while (hold->wanted)
			;
	}
	_exit(0);
}

/* true if the kernel shows no stack; ask_for_retry() is the fallback then */
static bool is_in(pid_t pid, const char *place)
{
	char name[32], stack[8192];
	ssize_t len;
	int file;

	snprintf(name, sizeof(name), "/proc/%d/stack", pid);
	file = open(name, O_RDONLY);
	if (file < 0)
		return true;
	len = read(file, stack, sizeof(stack) - 1);
	close(file);
	if (len <= 0)
		return true;
	stack[len] = '\0';
	return strstr(stack, place);
}

/* splice into an empty pipe; emptying it takes no longer than the splice */
static void splice_once(void)
{
	static int sink = -1;
	loff_t start = 0;

	if (sink < 0)
		sink = open("/dev/null", O_WRONLY);
	open_pipe();
	while (splice(held[0], NULL, sink, NULL, PIPE_SIZE, 0) > 0)
		;
	if (splice(fd, &start, held[1], NULL, PIPE_SIZE, 0) < 0)
		err(2, "splice of the holder");
}

/* append to the empty device */
static void append_once(unsigned char *buffer)
{
	struct iovec iov = { buffer, PIPE_SIZE * 4 };

	close(open(path, O_WRONLY | O_TRUNC));
	if (pwritev2(fd, &iov, 1, 0, RWF_APPEND) < 0)
		err(2, "append of the holder");
}

/* one call of the holder: a long read or append, a splice, or a page fault */
static void occupy_once(char **word)
{
	static unsigned char *buffer;
	static atomic_size_t offset;
	const struct map *map;

	if (!buffer)
		buffer = mmap(NULL, PIPE_SIZE * 4, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (!strcmp(word[0], "read")) {
		if (pread(fd, buffer, PIPE_SIZE * 4, 0) < 0)
			err(2, "read of the holder");
		return;
	}
	if (!strcmp(word[0], "append")) {
		append_once(buffer);
		return;
	}
	if (!strcmp(word[0], "splice")) {
		splice_once();
		return;
	}
	map = map_of(word[1]);
	if (offset >= map->length)
		return;
	if (!sigsetjmp(escape, 1)) {
		if (!strcmp(word[0], "load"))
			__atomic_load_n(map->address + offset, __ATOMIC_RELAXED);
		else
			__atomic_store_n(map->address + offset, 1,
					 __ATOMIC_RELAXED);
	}
	offset += number(word[2]);
}

/* occupy read|append|splice|load|store M STEP */
static void do_occupy(char **word)
{
	use_processor(1, 1);
	while (!hold->released) {
		occupy_once(word);
		hold->rounds++;
	}
	use_processor(0, 0);
	print_result(0);
}

/*
 * hold read|append|splice|load|store M STEP: starts a holder, which reads the device,
 * trims it and appends to it, splices from it or accesses the first byte of each STEP of
 * the mapping, and stops it where a trim has to wait for it; in a splice between two steps,
 * where a trim does not wait; in an append where another one has to wait
 */
static void do_hold(char **word)
{
	const char *place = "[scullv]";
	char line[256];
	bool appends = !strcmp(word[0], "append");

	if (!strcmp(word[0], "splice"))
		place = "splice_to_pipe";
	if (appends)
		place = "scullv_write_iter";

	use_processor(0, 0);
	start_hog();
	if (start_peer(&holder))
		err(2, "fork");
	snprintf(line, sizeof(line), "occupy %s %s %s", word[0], word[1],
		 word[2]);
	send_request(&holder, line);
	while (!hold->rounds)
		sched_yield();
	do {
		stop_holder(false);
		if (hold->rounds > 5000)
			ask_for_retry();
		stop_holder(true);
	} while (!is_in(holder.pid, place));
	holding = !appends;
	holding_end = appends;
	print_result(0);
}

/* release: lets the holder continue; prints the tasks that did not wait for it */
static void do_release(char **word)
{
	char line[16];
	size_t i;

	(void)word;
	for (i = 0; i < LENGTH(tasks); i++) {
		if (!tasks[i].pid || !has_ended(tasks[i].pid))
			continue;
		if (tasks[i].trims)
			ask_for_retry();
		fprintf(out, "%c-has-ended,", (char)('a' + i));
	}
	hold->released = true;
	hold->wanted = false;
	holding = false;
	holding_end = false;
	waitpid(hog, NULL, 0);
	read_reply(&holder, line, sizeof(line));
	fputs("ok", out);
}

/* holder OPERATION: after its release */
static void do_holder(char **word)
{
	run_on_peer(&holder, word[0]);
}

/* -- other operations -- */

/* run COMMAND: its exit status */
static void do_run(char **word)
{
	int status = system(word[0]);

	print_result(WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* get PATH: prints the first line of a file */
static void do_get(char **word)
{
	FILE *file = fopen(word[0], "r");
	char line[64] = "";

	if (!file || !fgets(line, sizeof(line), file))
		err(2, "%s", word[0]);
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	fputs(line, out);
}

/* put PATH WORD */
static void do_put(char **word)
{
	int file = open(word[0], O_WRONLY);
	ssize_t len = strlen(word[1]);

	if (file < 0)
		err(2, "%s", word[0]);
	print_result(write(file, word[1], len) == len ? 0 : -1);
	close(file);
}

static const struct operation {
	const char *name;
	int words;
	void (*run)(char **word);
} operations[] = {
	{ "open", 2, do_open },		{ "close", 0, do_close },
	{ "trim", 0, do_trim },		{ "write", 3, do_write },
	{ "write-nowait", 3, do_write_nowait },
	{ "append", 2, do_append },
	{ "read", 2, do_read },		{ "map", 5, do_map },
	{ "load", 3, do_load },		{ "store", 4, do_store },
	{ "touch", 4, do_touch },	{ "same", 5, do_same },
	{ "read-into", 4, do_read_into },
	{ "write-from", 4, do_write_from },
	{ "unmap", 3, do_unmap },	{ "wall", 1, do_wall },
	{ "resize", 2, do_resize },
	{ "move", 1, do_move },		{ "twin", 2, do_twin },
	{ "protect", 2, do_protect },	{ "advise", 4, do_advise },
	{ "lock", 3, do_lock },		{ "unlock", 3, do_unlock },
	{ "sync", 2, do_sync },		{ "resident", 3, do_resident },
	{ "poison", 2, do_poison },	{ "flags", 1, do_flags },
	{ "mark", 3, do_mark },		{ "unmark", 3, do_unmark },
	{ "pipe", 3, do_pipe },		{ "drain", 0, do_drain },
	{ "splice", 2, do_splice },
	{ "register", 3, do_register },	{ "submit", 0, do_submit },
	{ "unregister", 0, do_unregister },
	{ "begin", 4, do_begin },	{ "end", 0, do_end },
	{ "fork", 0, do_fork },		{ "reap", 0, do_reap },
	{ "get", 1, do_get },		{ "put", 2, do_put },
	{ "child", REST, do_child },	{ "run", REST, do_run },
	{ "start", REST, do_start },	{ "finish", 1, do_finish },
	{ "kill", 1, do_kill },		{ "signal", 1, do_signal },
	{ "hold", 3, do_hold },		{ "occupy", 3, do_occupy },
	{ "release", 0, do_release },	{ "holder", REST, do_holder },
};

static const struct operation *find_operation(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < LENGTH(operations); i++)
		if (strlen(operations[i].name) == len &&
		    !strncmp(operations[i].name, text, len))
			return &operations[i];
	errx(2, "%s: unknown operation", text);
}

static void run_operation(const char *text)
{
	size_t len = strcspn(text, " ");
	const struct operation *operation = find_operation(text, len);
	char *line = strdup(text + len + strspn(text + len, " "));
	char *words[MAX_WORDS] = { line };
	char *word = line;
	int count = 0;

	if (operation->words != REST)
		for (word = strtok(line, " "); word && count < MAX_WORDS;
		     word = strtok(NULL, " "))
			words[count++] = word;
	if (operation->words != REST && operation->words != count)
		errx(2, "%s: needs %d words", operation->name,
		     operation->words);
	operation->run(words);
	free(line);
}

int main(int argc, char **argv)
{
	struct sigaction action = {
		.sa_sigaction = escape_signal,
		.sa_flags = SA_SIGINFO,
	};
	int i;

	if (argc < 2)
		errx(2, "usage: mmap FILE OPERATION...");
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = ignore_signal }, NULL);
	page = sysconf(_SC_PAGESIZE);
	out = stdout;
	hold = mmap(NULL, sizeof(*hold), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (hold == MAP_FAILED)
		err(2, "mmap");

	path = argv[1];
	fd = open(path, O_RDWR);
	if (fd < 0)
		err(1, "%s", path);
	for (i = 2; i < argc; i++) {
		if (i > 2)
			fputc(' ', out);
		run_operation(argv[i]);
	}
	fputc('\n', out);
	return 0;
}
