// SPDX-License-Identifier: GPL-2.0
/*
 * usage: bench [-s] [-d] YARDSTICK SUBJECT FILE [ARGUMENT]
 *
 * Measures one thing in the guest, and prints what it has found as lines of
 *
 *	figure,subject,parameter,value,unit
 *
 * The yardsticks are in a table at the end of this file. SUBJECT is what the
 * file is called in the results.
 *
 *	-s	in seconds; otherwise in instructions: with --icount the time
 *		stamp counter of the guest counts them
 *	-d	open the file with O_DIRECT
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
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
static bool seconds;
static int flags;		/* for open() */

static char *buffer;		/* 1 MiB */

/* -- the clock and the results -- */

static double nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double now(void)
{
#ifdef __x86_64__
	if (!seconds)
		return __builtin_ia32_rdtsc();
#endif
	return nanoseconds();
}

static void result(const char *figure, const char *parameter, double value,
		   const char *unit)
{
	printf("%s,%s,%s,%.1f,%s\n", figure, subject, parameter, value, unit);
}

/* what one of many has cost */
static void cost(const char *figure, const char *parameter, double time,
		 long count, const char *each)
{
	char unit[40];

	snprintf(unit, sizeof(unit), "%s/%s", seconds ? "ns" : "insn", each);
	result(figure, parameter, time / count, unit);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

/* -- files and memory -- */

static void *new_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "%zu bytes of memory", size);
	return memory;
}

static int open_file(int more)
{
	int fd = open(path, O_RDWR | flags | more);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void write_at(int fd, size_t len, off_t pos)
{
	if (pwrite(fd, buffer, len, pos) != (ssize_t)len)
		err(1, "%s: writing %zu bytes at %lld", path, len,
		    (long long)pos);
}

static void read_at(int fd, size_t len, off_t pos)
{
	if (pread(fd, buffer, len, pos) != (ssize_t)len)
		err(1, "%s: reading %zu bytes at %lld", path, len,
		    (long long)pos);
}

static void fill(int fd, off_t size, size_t block)
{
	off_t pos;

	for (pos = 0; pos < size; pos += block)
		write_at(fd, block, pos);
	if (fsync(fd) && errno != EINVAL)
		err(1, "%s: fsync", path);
}

static void empty_file(void)
{
	close(open_file(O_TRUNC));
}

static int full_file(off_t size)
{
	int fd = open_file(O_TRUNC);

	fill(fd, size, MIB);
	return fd;
}

/* -- read and write: ARGUMENT is the block in bytes -- */

#define BLOCKS_SIZE	(256 * MIB)

static void measure_fill(const char *figure, int more)
{
	long block = atol(argument);
	int fd = open_file(more);
	double start = now();

	fill(fd, BLOCKS_SIZE, block);
	cost(figure, argument, now() - start, BLOCKS_SIZE / block, "call");
}

static void measure_first(void)
{
	measure_fill("first write", O_TRUNC);
}

static void measure_overwrite(void)
{
	measure_fill("overwrite", 0);
}

static void measure_read(void)
{
	long block = atol(argument);
	int fd = open_file(0);
	double start = now();
	off_t pos;

	for (pos = 0; pos < BLOCKS_SIZE; pos += block)
		read_at(fd, block, pos);
	cost("read", argument, now() - start, BLOCKS_SIZE / block, "call");
}

/* what no read or write can be cheaper than */
static inline void copy(void *to, const void *from, size_t len)
{
#ifdef __x86_64__
	len /= 8;
	asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(len) : : "memory");
#else
	memcpy(to, from, len);
	asm volatile("" : : : "memory");
#endif
}

static void measure_copy(void)
{
	char *memory = new_memory(BLOCKS_SIZE);
	long block = atol(argument);
	double start;
	long pos;

	start = now();
	for (pos = 0; pos < BLOCKS_SIZE; pos += block)
		copy(memory + pos, buffer, block);
	cost("overwrite", argument, now() - start, BLOCKS_SIZE / block, "call");

	start = now();
	for (pos = 0; pos < BLOCKS_SIZE; pos += block)
		copy(buffer, memory + pos, block);
	cost("read", argument, now() - start, BLOCKS_SIZE / block, "call");
}

/*
 * -- random reads of 4 KiB: ARGUMENT is the size of the file in bytes --
 *
 * A large one is sparse: 512 pages of data, and only those are read.
 */

#define DENSE		(512 * MIB)
#define SPARSE_PAGES	512
#define RANDOM_READS	16384

static unsigned long long random_number(void)
{
	static unsigned long long state = 1;

	/* from Knuth, as MMIX has it; the lower bits are the worse ones */
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return state >> 20;
}

static void measure_random(void)
{
	static off_t pages[SPARSE_PAGES], reads[RANDOM_READS];
	off_t size = atoll(argument);
	int fd = open_file(O_TRUNC);
	double start;
	size_t i;

	if (size <= DENSE)
		fill(fd, size, MIB);
	for (i = 0; size > DENSE && i < SPARSE_PAGES; i++) {
		pages[i] = random_number() % (size / PAGE) * PAGE;
		write_at(fd, PAGE, pages[i]);
	}
	for (i = 0; i < RANDOM_READS; i++) {
		unsigned long long number = random_number();

		reads[i] = size <= DENSE ? (off_t)(number % (size / PAGE)) * PAGE :
					   pages[number % SPARSE_PAGES];
	}

	start = now();
	for (i = 0; i < RANDOM_READS; i++)
		read_at(fd, PAGE, reads[i]);
	cost("random read", argument, now() - start, RANDOM_READS, "call");
	empty_file();
}

/* -- open, without the close that follows -- */

#define OPENS	100
#define PAUSES	50

static double time_open(int more)
{
	double start = now(), time;
	int fd = open_file(more);

	time = now() - start;
	close(fd);
	return time;
}

/* what a close leaves to be freed some time later is freed in the pauses */
static double time_opens(int more)
{
	double time = 0;
	int i, pause;

	for (pause = 0; pause < PAUSES; pause++) {
		for (i = 0; i < OPENS; i++)
			time += time_open(more);
		usleep(20000);
	}
	return time / OPENS / PAUSES;
}

static void measure_open(void)
{
	empty_file();
	cost("open", "", time_opens(0), 1, "call");
	cost("open truncating", "0", time_opens(O_TRUNC), 1, "call");
	close(full_file(256 * MIB));
	cost("open truncating", "268435456", time_open(O_TRUNC), 1, "call");
}

/* -- mappings -- */

#define MAP_SIZE	(64 * MIB)

static void measure_faults(void)
{
	static const struct {
		const char *name;
		int type;
		bool write;
	} kinds[] = {
		{ "read", MAP_SHARED, false },
		{ "write", MAP_SHARED, true },
		{ "private write", MAP_PRIVATE, true },
	};
	int fd = full_file(MAP_SIZE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		char *map = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE,
				 kinds[i].type, fd, 0);
		double start = now();
		long pos;

		if (map == MAP_FAILED)
			err(1, "%s: mmap", path);
		for (pos = 0; pos < MAP_SIZE; pos += PAGE) {
			if (kinds[i].write)
				__atomic_store_n(&map[pos], 1, __ATOMIC_RELAXED);
			else
				__atomic_load_n(&map[pos], __ATOMIC_RELAXED);
		}
		cost("fault", kinds[i].name, now() - start, MAP_SIZE / PAGE,
		     "page");
		munmap(map, MAP_SIZE);
	}
	empty_file();
}

/* -- memory beyond the data -- */

/* the sum of a field in a file of /proc that has one or more of it */
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

/* what a processor has put aside for itself is free as well, up to 50 MB */
static long free_kib(void)
{
	return sum_of("MemFree:", "/proc/meminfo") +
	       sum_of("count:", "/proc/zoneinfo") * (PAGE / KIB);
}

static void measure_memory(void)
{
	long free, slab;

	empty_file();
	free = free_kib();
	slab = sum_of("Slab:", "/proc/meminfo");
	full_file(GIB);
	free -= free_kib();
	slab = sum_of("Slab:", "/proc/meminfo") - slab;
	result("memory", "slab", slab, "KiB/GiB");
	result("memory", "rest", free - GIB / KIB - slab,
	       "KiB/GiB");
	empty_file();
}

/* -- head -5 /proc/scullvmem: ARGUMENT is the quanta that the file has -- */

#define DUMP	"/proc/scullvmem"
#define HEADS	100
#define DUMPS	5000

static void run_head(void)
{
	static char * const command[] = { "head", "-5", DUMP, NULL };
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, command[0], &actions, NULL, command, NULL) ||
	    waitpid(pid, &status, 0) != pid || status)
		errx(1, "head: failed");
	posix_spawn_file_actions_destroy(&actions);
}

static void read_dump(void)
{
	int fd = open(DUMP, O_RDONLY);

	if (fd < 0 || read(fd, buffer, 200) <= 0)
		err(1, DUMP);
	close(fd);
}

static void measure_head(void)
{
	long size = atol(argument) * PAGE;
	int fd = open_file(O_TRUNC);
	double start;
	int i;

	fill(fd, size, PAGE);
	run_head();

	start = now();
	for (i = 0; i < HEADS; i++)
		run_head();
	cost("head", argument, now() - start, HEADS, "command");

	start = now();
	for (i = 0; i < DUMPS; i++)
		read_dump();
	cost("dump", argument, now() - start, DUMPS, "reading");
	empty_file();
}

/* -- SEEK_DATA across a hole -- */

#define SEEKS	10000

static void measure_seek(void)
{
	int fd = open_file(O_TRUNC);
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
	empty_file();
}

/*
 * -- the price of a page: ARGUMENT is the order --
 *
 * Allocated: what a first write costs more than an overwrite does. Freed: what
 * a trim costs more than one of an empty device. Each is the median of some.
 */

#define ORDER_SIZE	(128 * MIB)
#define ORDER_PAGES	(ORDER_SIZE / PAGE)
#define ORDER_RUNS	5

static void measure_order(void)
{
	double allocate[ORDER_RUNS], release[ORDER_RUNS], use[ORDER_RUNS];
	double start, empty;
	int run;

	empty_file();
	empty = time_opens(O_TRUNC);
	for (run = 0; run < ORDER_RUNS; run++) {
		int fd = open_file(0);

		start = now();
		fill(fd, ORDER_SIZE, MIB);
		allocate[run] = now() - start;

		start = now();
		fill(fd, ORDER_SIZE, MIB);
		use[run] = now() - start;
		allocate[run] -= use[run];

		release[run] = time_open(O_TRUNC) - empty;
		close(fd);
		usleep(100000);
	}
	cost("allocate", argument, median(allocate, ORDER_RUNS), ORDER_PAGES,
	     "page");
	cost("free", argument, median(release, ORDER_RUNS), ORDER_PAGES, "page");
	cost("use", argument, median(use, ORDER_RUNS), ORDER_PAGES, "page");
}

/* -- memory in pieces -- */

/* Fills the memory with pages of FILE and of ARGUMENT, another file, in turn. */
static void fill_memory(void)
{
	int other = open(argument, O_RDWR | O_TRUNC);
	int fd = open_file(O_TRUNC);
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
	int fd = open_file(O_TRUNC);
	off_t pos = 0;

	while (pos < STORE_SIZE && pwrite(fd, buffer, PAGE, pos) == PAGE)
		pos += PAGE;
	if (pos < STORE_SIZE && errno != ENOMEM)
		err(1, "%s: at %lld", path, (long long)pos);
	result("stored in fragments", argument, (double)pos / MIB, "MiB");
	empty_file();
}

/*
 * -- two readers against one: ARGUMENT is the block in bytes --
 *
 * Those that are compared are measured in turn, in short slices, of which the
 * best counts: what else goes on in the machine makes them slower only. They
 * begin in different places. Side by side, one of them would find in the
 * machine's caches what the other has just brought there.
 */

#define READERS_SIZE	(16 * MIB)
#define READERS_RUNS	9
#define SLICES		40
#define SLICE		5e6	/* ns */

struct reader {
	pthread_t thread;
	int cpu;
	const char *memory;	/* to copy from, or NULL to read the file */
	char *buffer;		/* to read or copy to */
	double speed;		/* bytes/ns */
};

static pthread_barrier_t all_ready;

static void *run_reader(void *data)
{
	struct reader *reader = data;
	long block = atol(argument), done = 0;
	long pos = reader->cpu * READERS_SIZE / 2;
	int fd = open_file(0);
	double start, time;
	cpu_set_t cpus;
	int i;

	CPU_ZERO(&cpus);
	CPU_SET(reader->cpu, &cpus);
	if (pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus))
		errx(1, "there is no CPU %d", reader->cpu);
	pthread_barrier_wait(&all_ready);
	start = nanoseconds();
	do {
		for (i = 0; i < 16; i++) {
			if (reader->memory)
				copy(reader->buffer, reader->memory + pos,
				     block);
			else if (pread(fd, reader->buffer, block, pos) != block)
				err(1, "%s: reading", path);
			pos = (pos + block) % READERS_SIZE;
			done += block;
		}
		time = nanoseconds() - start;
	} while (time < SLICE);
	reader->speed = done / time;
	close(fd);
	return NULL;
}

/* how fast the readers of some CPUs are, all together */
static double speed_of(int first_cpu, int last_cpu, const char *memory)
{
	static char *buffers[2];
	struct reader readers[2];
	double speed = 0;
	int i;

	pthread_barrier_init(&all_ready, NULL, last_cpu - first_cpu + 1);
	for (i = first_cpu; i <= last_cpu; i++) {
		if (!buffers[i])
			buffers[i] = new_memory(atol(argument));
		readers[i] = (struct reader) {
			.cpu = i,
			.memory = memory,
			.buffer = buffers[i],
		};
		if (pthread_create(&readers[i].thread, NULL, run_reader,
				   &readers[i]))
			errx(1, "no thread");
	}
	for (i = first_cpu; i <= last_cpu; i++) {
		pthread_join(readers[i].thread, NULL);
		speed += readers[i].speed;
	}
	pthread_barrier_destroy(&all_ready);
	return speed;
}

/*
 * Two against one. Which one: both of them, each for itself, as a buffer that
 * lies better makes its reader the faster one.
 */
struct speeds {
	double first;
	double second;
	double both;
};

static void keep_best(double *best, double speed)
{
	if (*best < speed)
		*best = speed;
}

static void add_slice(struct speeds *best, const char *memory)
{
	keep_best(&best->first, speed_of(0, 0, memory));
	keep_best(&best->both, speed_of(0, 1, memory));
	keep_best(&best->second, speed_of(1, 1, memory));
}

static double two_to_one(const struct speeds *best)
{
	return 2 * best->both / (best->first + best->second);
}

static void measure_readers(void)
{
	double file[READERS_RUNS], copies[READERS_RUNS], ratio[READERS_RUNS];
	char *memory = new_memory(READERS_SIZE);
	int run, slice;

	close(full_file(READERS_SIZE));
	for (run = 0; run < READERS_RUNS; run++) {
		struct speeds reading = {}, copying = {};

		for (slice = 0; slice < SLICES; slice++) {
			add_slice(&reading, NULL);
			add_slice(&copying, memory);
		}
		file[run] = two_to_one(&reading);
		copies[run] = two_to_one(&copying);
		ratio[run] = file[run] / copies[run];
	}
	printf("readers,%s,%s,%.3f,2 to 1\n", subject, argument,
	       median(file, READERS_RUNS));
	printf("readers,copy beside %s,%s,%.3f,2 to 1\n", subject, argument,
	       median(copies, READERS_RUNS));
	printf("readers,%s to copy,%s,%.3f,2 to 1\n", subject, argument,
	       median(ratio, READERS_RUNS));
	empty_file();
}

/* -- what there is to measure -- */

static const struct {
	const char *name;
	void (*measure)(void);
} yardsticks[] = {
	{ "first", measure_first },
	{ "overwrite", measure_overwrite },
	{ "read", measure_read },
	{ "copy", measure_copy },
	{ "random", measure_random },
	{ "open", measure_open },
	{ "faults", measure_faults },
	{ "memory", measure_memory },
	{ "head", measure_head },
	{ "seek", measure_seek },
	{ "order", measure_order },
	{ "fill", fill_memory },
	{ "store", measure_store },
	{ "readers", measure_readers },
};

int main(int argc, char **argv)
{
	size_t i;
	int c;

	while ((c = getopt(argc, argv, "sd")) != -1) {
		if (c == 's')
			seconds = true;
		else if (c == 'd')
			flags |= O_DIRECT;
		else
			return 2;
	}
	argv += optind;
	argc -= optind;
	if (argc < 3)
		errx(2, "usage: bench [-s] [-d] YARDSTICK SUBJECT FILE [ARGUMENT]");
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
