// SPDX-License-Identifier: GPL-2.0
/*
 * usage: bench [-d] [-m] YARDSTICK SUBJECT FILE [ARGUMENT]
 *
 * Measures one thing in the guest and prints lines of
 *
 *	figure,subject,parameter,value,unit
 *
 * Values are instructions: with --icount the guest's time stamp counter counts
 * them. The yardsticks are in a table at the end of this file. SUBJECT names the
 * file in the results.
 *
 *	-d	open the file with O_DIRECT
 *	-m	fill the file through a mapping: it has no write() (hugetlbfs)
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KIB		1024L
#define MIB		(1024 * KIB)
#define GIB		(1024 * MIB)
#define TIB		(1024 * GIB)
#define PAGE		4096L

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char *subject;
static const char *path;
static const char *argument;
static int flags;		/* for open() */
static bool map_only;
static char *buffer;		/* 1 MiB */

/* -- the counter and the results -- */

static double now(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
#error the counter of this machine is not known
#endif
}

static void result(const char *figure, const char *parameter, double value,
		   const char *unit)
{
	printf("%s,%s,%s,%.1f,%s\n", figure, subject, parameter, value, unit);
}

/* the cost of one of @count things */
static void cost(const char *figure, const char *parameter, double insn,
		 long count, const char *each)
{
	char unit[40];

	snprintf(unit, sizeof(unit), "insn/%s", each);
	result(figure, parameter, insn / count, unit);
}

#define RUNS	5

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, RUNS, sizeof(*values), compare);
	return values[RUNS / 2];
}

/* -- files and memory -- */

static void *new_map(size_t size, int type, int fd)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, type, fd, 0);

	if (map == MAP_FAILED)
		err(1, "%s: mapping %zu bytes", path, size);
	return map;
}

static void *new_memory(size_t size)
{
	return new_map(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
}

static int open_file(void)
{
	int fd = open(path, O_RDWR | flags);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/* Write-only empties the book's drivers, O_TRUNC empties files. */
static double time_emptying(void)
{
	double start = now(), insn;
	int fd = open(path, O_WRONLY | O_TRUNC);

	insn = now() - start;
	if (fd < 0)
		err(1, "%s", path);
	close(fd);
	return insn;
}

/* memory that is freed with a delay is freed in the pause */
static void empty_file(void)
{
	time_emptying();
	usleep(100000);
}

/*
 * The book's drivers stop at the end of a quantum: repeat as programs do. Inlined,
 * so that the loop costs little beside the call.
 */
static __always_inline void write_at(int fd, size_t len, off_t pos)
{
	ssize_t done;

	for (; len; len -= done, pos += done) {
		done = pwrite(fd, buffer, len, pos);
		if (done <= 0)
			err(1, "%s: writing at %lld", path, (long long)pos);
	}
}

static __always_inline void read_at(int fd, size_t len, off_t pos)
{
	ssize_t done;

	for (; len; len -= done, pos += done) {
		done = pread(fd, buffer, len, pos);
		if (done <= 0)
			err(1, "%s: reading at %lld", path, (long long)pos);
	}
}

static int full_file(off_t size)
{
	int fd = open_file();
	off_t pos;

	if (map_only) {
		char *map = new_map(size, MAP_SHARED, fd);

		memset(map, 1, size);
		munmap(map, size);
		return fd;
	}
	for (pos = 0; pos < size; pos += MIB)
		write_at(fd, MIB, pos);
	return fd;
}

/*
 * -- quiet: wait until the kernel has finished what it does after booting --
 *
 * From then on, the same loop takes the same number of instructions a hundred
 * times in succession. The timer's interrupts take less than 5 %.
 */

#define QUIET_LOOP	2000000L
#define QUIET_LOOPS	100
#define QUIET_TRIES	20000

static void wait_for_quiet(void)
{
	double least = 1e18, start, insn;
	int quiet = 0, tries;

	for (tries = 0; quiet < QUIET_LOOPS; tries++) {
		long i;

		if (tries == QUIET_TRIES)
			errx(1, "the guest does not come to rest");
		start = now();
		for (i = 0; i < QUIET_LOOP; i++)
			asm volatile("");
		insn = now() - start;
		if (insn < least)
			least = insn;
		quiet = insn < 1.05 * least ? quiet + 1 : 0;
	}
	result("quiet", "", tries, "loops");
}

/* -- read and write: ARGUMENT is the block in bytes -- */

#define IO_SIZE		(256 * MIB)
#define MAX_CALLS	65536

/* small blocks cover only a part of the file */
static long io_calls(void)
{
	long calls = IO_SIZE / atol(argument);

	return calls < MAX_CALLS ? calls : MAX_CALLS;
}

static void measure_writes(const char *figure)
{
	long block = atol(argument), calls = io_calls(), i;
	int fd = open_file();
	double start = now();

	for (i = 0; i < calls; i++)
		write_at(fd, block, i * block);
	/* tmpfs and the drivers have nothing to do; a disk writes its cache */
	if (fsync(fd) && errno != EINVAL)
		err(1, "%s: fsync", path);
	cost(figure, argument, now() - start, calls, "call");
	close(fd);
}

static void measure_first(void)
{
	measure_writes("first write");
}

static void measure_overwrite(void)
{
	measure_writes("overwrite");
}

static void measure_read(void)
{
	long block = atol(argument), calls = io_calls(), i;
	int fd = open_file();
	double start = now();

	for (i = 0; i < calls; i++)
		read_at(fd, block, i * block);
	cost("read", argument, now() - start, calls, "call");
	close(fd);
}

/* the least that a read or write can cost */
static void copy(void *to, const void *from, size_t len)
{
	len /= 8;
	asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(len) : : "memory");
}

static void measure_copy(void)
{
	long block = atol(argument), calls = io_calls(), i;
	char *memory = new_memory(calls * block);
	double start = now();

	for (i = 0; i < calls; i++)
		copy(memory + i * block, buffer, block);
	cost("overwrite", argument, now() - start, calls, "call");

	start = now();
	for (i = 0; i < calls; i++)
		copy(buffer, memory + i * block, block);
	cost("read", argument, now() - start, calls, "call");
}

/*
 * -- random reads of 4 KiB: ARGUMENT is the size of the file in bytes --
 *
 * A large file is sparse: 512 pages of data, and only those are read.
 */

#define DENSE		(256 * MIB)
#define SPARSE_PAGES	512
#define RANDOM_READS	16384

static unsigned long long random_number(void)
{
	static unsigned long long state = 1;

	/* Knuth's MMIX; the high bits are the better ones */
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return state >> 20;
}

static void measure_random(void)
{
	static off_t pages[SPARSE_PAGES], reads[RANDOM_READS];
	off_t size = atoll(argument);
	bool dense = size <= DENSE;
	int fd = dense ? full_file(size) : open_file();
	double start;
	int pass, i;

	for (i = 0; !dense && i < SPARSE_PAGES; i++) {
		pages[i] = random_number() % (size / PAGE) * PAGE;
		write_at(fd, PAGE, pages[i]);
	}
	for (i = 0; i < RANDOM_READS; i++) {
		unsigned long long number = random_number();

		reads[i] = dense ? (off_t)(number % (size / PAGE)) * PAGE :
				   pages[number % SPARSE_PAGES];
	}
	/* the second pass counts: in the first, tmpfs moves pages to its active list */
	for (pass = 0; pass < 2; pass++) {
		start = now();
		for (i = 0; i < RANDOM_READS; i++)
			read_at(fd, PAGE, reads[i]);
	}
	cost("random read", argument, now() - start, RANDOM_READS, "call");
	close(fd);
}

/* -- splice 64 KiB to a pipe, and from there to nowhere -- */

#define SPLICE		(64 * KIB)
#define SPLICE_SIZE	(64 * MIB)

static void splice_once(int fd, off_t *pos, const int *ends, int null)
{
	ssize_t len = splice(fd, pos, ends[1], NULL, SPLICE, 0);

	if (len <= 0)
		err(1, "%s: splice", path);
	while (len > 0)
		len -= splice(ends[0], NULL, null, NULL, len, 0);
}

static void measure_splice(void)
{
	int fd = full_file(SPLICE_SIZE), null = open("/dev/null", O_WRONLY);
	int ends[2], pass;
	double start;
	off_t pos;

	if (null < 0 || pipe(ends) || fcntl(ends[1], F_SETPIPE_SZ, MIB) < 0)
		err(1, "pipe");
	/* the second pass counts, see above */
	for (pass = 0; pass < 2; pass++) {
		start = now();
		for (pos = 0; pos < SPLICE_SIZE; )
			splice_once(fd, &pos, ends, null);
	}
	cost("splice", "65536", now() - start, SPLICE_SIZE / SPLICE, "64 KiB");
	close(fd);
}

/* -- trim: empty a file of 256 MiB, the median of five -- */

static void measure_trim(void)
{
	double insn[RUNS];
	int run;

	for (run = 0; run < RUNS; run++) {
		close(full_file(IO_SIZE));
		insn[run] = time_emptying();
		usleep(100000);
	}
	cost("trim", "268435456", median(insn), 1, "call");
}

/* -- mappings: where mmap() places them, one page after the other -- */

#define MAP_SIZE	(64 * MIB)
#define MAP_PAGES	(MAP_SIZE / PAGE)

static void measure_touch(const char *figure, int fd, int type, bool store)
{
	char *map = new_map(MAP_SIZE, type, fd);
	double start = now();
	long pos;

	for (pos = 0; pos < MAP_SIZE; pos += PAGE) {
		if (store)
			__atomic_store_n(&map[pos], 1, __ATOMIC_RELAXED);
		else
			__atomic_load_n(&map[pos], __ATOMIC_RELAXED);
	}
	cost("map", figure, now() - start, MAP_PAGES, "page");
	start = now();
	munmap(map, MAP_SIZE);
	if (type == MAP_SHARED && !store)
		cost("map", "munmap", now() - start, MAP_PAGES, "page");
}

static void measure_populate(int fd)
{
	double start = now();
	void *map = new_map(MAP_SIZE, MAP_SHARED | MAP_POPULATE, fd);

	cost("map", "populate", now() - start, MAP_PAGES, "page");
	munmap(map, MAP_SIZE);
}

static void measure_map(void)
{
	int fd = full_file(MAP_SIZE);

	measure_touch("read", fd, MAP_SHARED, false);
	measure_populate(fd);
	/* a private page of hugetlbfs has 2 MiB */
	if (!map_only)
		measure_touch("private write", fd, MAP_PRIVATE, true);

	empty_file();
	if (!map_only)
		write_at(fd, 1, MAP_SIZE - 1);
	measure_touch("hole", fd, MAP_SHARED, true);
	close(fd);
}

/* -- memory beyond 1 GiB of data -- */

/* the sum of a field in a file of /proc that has it once or several times */
static long sum_of(const char *field, const char *file_name)
{
	FILE *file = fopen(file_name, "r");
	char line[200];
	long sum = 0;

	if (!file)
		err(1, "%s", file_name);
	while (fgets(line, sizeof(line), file)) {
		char *found = line + strspn(line, " ");

		if (!strncmp(found, field, strlen(field)))
			sum += atol(found + strlen(field));
	}
	fclose(file);
	return sum;
}

/* the pages on a processor's own lists are free as well, up to 50 MB */
static long free_kib(void)
{
	return sum_of("MemFree:", "/proc/meminfo") +
	       sum_of("count:", "/proc/zoneinfo") * (PAGE / KIB);
}

static void measure_memory(void)
{
	long free = free_kib();

	close(full_file(GIB));
	result("memory", "", free - free_kib() - GIB / KIB, "KiB/GiB");
}

/* -- the first lines of /proc/scullvmem: ARGUMENT is the quanta of the file -- */

#define DUMP	"/proc/scullvmem"
#define DUMPS	5000

static void measure_dump(void)
{
	long quanta = atol(argument), i;
	int fd = open_file(), dump;
	double start;

	for (i = 0; i < quanta; i++)
		write_at(fd, PAGE, i * PAGE);
	start = now();
	for (i = 0; i < DUMPS; i++) {
		dump = open(DUMP, O_RDONLY);
		if (dump < 0 || read(dump, buffer, 200) <= 0)
			err(1, DUMP);
		close(dump);
	}
	cost("dump", argument, now() - start, DUMPS, "reading");
	close(fd);
}

/* -- SEEK_DATA across a hole -- */

#define SEEKS	10000

static void measure_seek(void)
{
	int fd = open_file();
	double start;
	int i;

	write_at(fd, PAGE, 0);
	write_at(fd, PAGE, TIB);
	start = now();
	for (i = 0; i < SEEKS; i++) {
		if (lseek(fd, 64 * MIB, SEEK_DATA) != TIB)
			err(1, "%s: lseek", path);
	}
	cost("seek data", "1099511627776", now() - start, SEEKS, "call");
	close(fd);
}

/*
 * -- the price of a page: ARGUMENT is the order --
 *
 * Allocating: the difference between a first write and an overwrite. Freeing:
 * the trim. Each is the median of five.
 */

#define ORDER_SIZE	(128 * MIB)
#define ORDER_PAGES	(ORDER_SIZE / PAGE)

static double time_filling(void)
{
	double start = now();

	close(full_file(ORDER_SIZE));
	return now() - start;
}

static void measure_order(void)
{
	double allocate[RUNS], release[RUNS];
	int run;

	for (run = 0; run < RUNS; run++) {
		allocate[run] = time_filling();
		allocate[run] -= time_filling();
		release[run] = time_emptying();
		usleep(100000);
	}
	cost("allocate", argument, median(allocate), ORDER_PAGES,
	     "page");
	cost("free", argument, median(release), ORDER_PAGES, "page");
}

/* -- fragmented memory -- */

/* Fill the memory with pages of FILE and of ARGUMENT, another file, in turn. */
static void fill_memory(void)
{
	int fd = open_file(), other = open(argument, O_RDWR);
	off_t pos = 0;

	if (other < 0)
		err(1, "%s", argument);
	while (pwrite(fd, buffer, PAGE, pos) == PAGE &&
	       pwrite(other, buffer, PAGE, pos) == PAGE)
		pos += PAGE;
	if (errno != ENOMEM)
		err(1, "%s: filling the memory", path);
}

#define STORE_SIZE	(256 * MIB)

/* How much of that can be stored. ARGUMENT is the order, for the result. */
static void measure_store(void)
{
	off_t pos, quantum = PAGE << atoi(argument);
	int fd = open_file();

	for (pos = 0; pos < STORE_SIZE; pos += quantum)
		if (pwrite(fd, buffer, 1, pos) != 1)
			break;
	if (pos < STORE_SIZE && errno != ENOMEM)
		err(1, "%s: at %lld", path, (long long)pos);
	result("stored", argument, pos / MIB, "MiB");
	close(fd);
}

/*
 * -- several processors, each on its own part of the file --
 *
 * ARGUMENT is the number of processors and the bytes of a call, "2 4096". The
 * emulator's plugin, see lines.c, looks for the two instructions at the beginning
 * and at the end. What it finds while the processors do nothing with the file comes
 * from the timer's interrupts.
 */

#define MAX_CPUS	4
#define PARTS_SIZE	(256 * MIB)
#define PART_CALLS	4096

static pthread_barrier_t barrier;
static int cpus;
static long part_block, part_calls;
static ssize_t (*part_call)(int fd, void *memory, size_t len, off_t pos);

static ssize_t part_write(int fd, void *memory, size_t len, off_t pos)
{
	return pwrite(fd, memory, len, pos);
}

static ssize_t part_nothing(int fd, void *memory, size_t len, off_t pos)
{
	copy(memory, memory, len);
	return getppid() ? (ssize_t)len : fd + pos;
}

static void *run_part(void *data)
{
	long cpu = (long)data, i;
	off_t start = cpu * (PARTS_SIZE / cpus);
	char *memory = new_memory(part_block);
	int fd = open_file();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "processor %ld", cpu);
	memset(memory, 1, part_block);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < part_calls; i++)
		if (part_call(fd, memory, part_block,
			      start + i * part_block) != part_block)
			err(1, "%s: call %ld", path, i);
	pthread_barrier_wait(&barrier);
	close(fd);
	return NULL;
}

static void run_parts(const char *what)
{
	pthread_t threads[MAX_CPUS];
	long cpu;

	pthread_barrier_init(&barrier, NULL, cpus + 1);
	for (cpu = 0; cpu < cpus; cpu++)
		if (pthread_create(&threads[cpu], NULL, run_part, (void *)cpu))
			errx(1, "no thread");
	asm volatile("xchg %%bx, %%bx" : : : "memory");
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	asm volatile("xchg %%cx, %%cx" : : : "memory");
	for (cpu = 0; cpu < cpus; cpu++)
		pthread_join(threads[cpu], NULL);
	result("section", what, part_calls, "calls");
}

static void measure_parts(void)
{
	if (sscanf(argument, "%d %ld", &cpus, &part_block) != 2 ||
	    cpus < 1 || cpus > MAX_CPUS)
		errx(2, "%s: how many processors, how many bytes?", argument);
	part_calls = PARTS_SIZE / cpus / part_block;
	if (part_calls > PART_CALLS)
		part_calls = PART_CALLS;

	/* the file ends where the last part does: no write moves the end */
	write_at(open_file(), 1, PARTS_SIZE - 1);
	part_call = part_nothing;
	run_parts("nothing");
	part_call = part_write;
	run_parts("first writers");
	run_parts("overwriters");
	part_call = pread;
	run_parts("readers");
}

/* -- all yardsticks -- */

static const struct {
	const char *name;
	void (*measure)(void);
} yardsticks[] = {
	{ "quiet", wait_for_quiet },
	{ "first", measure_first },
	{ "overwrite", measure_overwrite },
	{ "read", measure_read },
	{ "copy", measure_copy },
	{ "random", measure_random },
	{ "splice", measure_splice },
	{ "trim", measure_trim },
	{ "map", measure_map },
	{ "memory", measure_memory },
	{ "dump", measure_dump },
	{ "seek", measure_seek },
	{ "order", measure_order },
	{ "fill", fill_memory },
	{ "store", measure_store },
	{ "parts", measure_parts },
};

int main(int argc, char **argv)
{
	size_t i;
	int c;

	while ((c = getopt(argc, argv, "dm")) != -1) {
		if (c == 'd')
			flags |= O_DIRECT;
		else if (c == 'm')
			map_only = true;
		else
			return 2;
	}
	argv += optind;
	argc -= optind;
	if (argc < 3)
		errx(2, "usage: bench [-d] [-m] YARDSTICK SUBJECT FILE [ARGUMENT]");
	subject = argv[1];
	path = argv[2];
	argument = argc > 3 ? argv[3] : "";

	buffer = new_memory(MIB);
	memset(buffer, 1, MIB);
	for (i = 0; i < ARRAY_SIZE(yardsticks); i++) {
		if (!strcmp(argv[0], yardsticks[i].name)) {
			yardsticks[i].measure();
			return 0;
		}
	}
	errx(2, "there is no yardstick %s", argv[0]);
}
