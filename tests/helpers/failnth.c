// SPDX-License-Identifier: GPL-2.0
/*
 * usage: failnth device ALLOCATOR
 *        failnth insmod MODULE [PARAMETERS]
 *
 * Makes the n-th allocation or user copy of a system call fail, for n = 1, 2, 3 and so on,
 * until the call makes fewer than n. Each call has to return a valid error or short count,
 * the device has to have its former data plus what the call has written, and all failed
 * allocations have to be uncharged.
 *
 *	device	all calls on /dev/scullv0; all devices are empty before and after
 *	insmod	loading the module, which is not loaded before and after
 *
 * See Documentation/fault-injection/fault-injection.rst for fail-nth.
 */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../scullv_ioctl.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

#define DEVICE		"/dev/scullv0"
#define ATTRIBUTES	"/sys/class/scullv/scullv0/"
#define LIMIT		"/sys/module/scullv/parameters/limit"
#define ORDER		1		/* geometry of the data */
#define QSET		3
#define NEXT_ORDER	2		/* configured for the next trim */
#define MAX_FAULTS	10000		/* in one call */
#define MAX_SIZE	2000000
#define SPLICED		65536		/* size of a pipe */
#define DISTANCE	(32UL << 20)	/* larger than the range of a page table */
#define OLD		1000000000	/* an old timestamp */

static const char *name = "start";	/* of the current call */
static unsigned int nth, faults;

static noreturn void fail(const char *format, ...)
{
	va_list args;

	printf("%s, fault %u: ", name, nth);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

static void check_value(const char *what, long long got, long long expected)
{
	if (got != expected)
		fail("%s is %lld (%s), not %lld", what, got,
		     got < 0 ? strerrorname_np(errno) : "", expected);
}

/* -- the faults -- */

static int nth_fd;

static long write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);
	long ret;

	if (file < 0)
		return -1;
	ret = write(file, text, strlen(text));
	close(file);
	return ret;
}

static void put(const char *path, const char *text)
{
	if (write_file(path, text) < 0)
		err(1, "%s", path);
}

static void prepare_faults(void)
{
	put("/sys/kernel/debug/failslab/ignore-gfp-wait", "0");
	put("/sys/kernel/debug/failslab/verbose", "0");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "0");
	put("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	put("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	put("/sys/kernel/debug/fail_usercopy/verbose", "0");
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (nth_fd < 0)
		err(1, "fail-nth");
}

static void arm(unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	/* this write may be the one that fails */
	while (pwrite(nth_fd, text, strlen(text), 0) < 0)
		if (errno != EFAULT && errno != ENOMEM)
			err(1, "fail-nth");
}

/* return whether a fault was injected; not if it is injected into this read */
static bool disarm(void)
{
	char text[16] = "";
	bool failed = pread(nth_fd, text, sizeof(text) - 1, 0) > 0 &&
		      !atoi(text);

	arm(0);
	return failed;
}

/* @other: another error that the call may return for a fault */
static void check_error(int error, bool failed, int other)
{
	if (!failed)
		fail("%s without a fault", strerrorname_np(error));
	if (error != ENOMEM && error != EFAULT && error != other)
		fail("%s", strerrorname_np(error));
}

/* -- the device and its expected data -- */

static int fd, append_fd, pipe_fds[2];
static size_t quantum;
static unsigned char expected[MAX_SIZE], got[MAX_SIZE];
static unsigned char before[MAX_SIZE], fresh[MAX_SIZE];	/* to be written */
static size_t size, max_size;

/* data of 3 quanta and a bit, a hole of 4 quanta, data of one quantum */
static size_t data_end, hole_end;

static void put_number(const char *path, long long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", number);
	put(path, text);
}

static void configure(unsigned int order, unsigned int qset)
{
	put_number(ATTRIBUTES "order", order);
	put_number(ATTRIBUTES "qset", qset);
}

static void trim_device(void)
{
	close(open(DEVICE, O_WRONLY));
	size = 0;
	memset(expected, 0, max_size);
}

/* add @count bytes to the expected data */
static void put_expected(off_t pos, const unsigned char *data, ssize_t count)
{
	if (count <= 0)
		return;
	memcpy(expected + pos, data, count);
	if (size < (size_t)pos + count)
		size = pos + count;
}

/* a call has written @count bytes of fresh */
static void add_written(off_t pos, ssize_t count)
{
	put_expected(pos, fresh, count);
}

static void check_device(void)
{
	ssize_t count = pread(fd, got, max_size, 0);
	size_t i;

	check_value("size", lseek(fd, 0, SEEK_END), size);
	check_value("count", count, size);
	for (i = 0; i < size; i++)
		if (got[i] != expected[i])
			fail("offset %zu: got %02x, expected %02x", i, got[i], expected[i]);
}

/* write the initial data, and configure another geometry */
static void fill_device(void)
{
	configure(ORDER, QSET);
	trim_device();
	put_expected(0, before, pwrite(fd, before, data_end, 0));
	put_expected(hole_end, before, pwrite(fd, before, quantum, hole_end));
	check_value("size", size, 9 * quantum);
	configure(NEXT_ORDER, QSET);
	lseek(fd, 0, SEEK_SET);
}

/* nothing is charged for the empty device */
static void check_charges(void)
{
	name = "charges";
	configure(ORDER, QSET);
	trim_device();
	put_number(LIMIT, 3 * quantum);
	check_value("3 of 4 quanta", pwrite(fd, fresh, 4 * quantum, 0), 3 * quantum);
	put_number(LIMIT, 0);
	trim_device();
}

/* -- the calls -- */

static unsigned char *map, *private_map;
static unsigned char *area;		/* of addresses without mappings */
static sigjmp_buf escape;

static void escape_signal(int sig)
{
	(void)sig;
	siglongjmp(escape, 1);
}

/* a failed page fault raises a signal */
static long touch(unsigned char *address, bool store)
{
	if (sigsetjmp(escape, 1)) {
		errno = EFAULT;
		return -1;
	}
	if (store)
		__atomic_store_n(address, fresh[0], __ATOMIC_RELAXED);
	else
		__atomic_load_n(address, __ATOMIC_RELAXED);
	return 0;
}

static long read_data(void)
{
	return pread(fd, got, size, 0);
}

static long read_vector(void)
{
	struct iovec iov[] = { { got, 100 }, { got + 100, size - 100 } };

	return preadv(fd, iov, LENGTH(iov), 0);
}

static void check_data_read(long ret)
{
	if (ret > 0 && memcmp(got, expected, ret))
		fail("wrong data");
}

static long splice_out(void)
{
	return splice(fd, NULL, pipe_fds[1], NULL, SPLICED, 0);
}

static void check_spliced_out(long ret)
{
	if (ret > 0) {
		check_value("pipe", read(pipe_fds[0], got, ret), ret);
		check_data_read(ret);
	}
}

static long overwrite(void)
{
	return pwrite(fd, fresh, data_end, 0);
}

static long write_vector(void)
{
	struct iovec iov[] = { { fresh, 100 }, { fresh + 100, 9 * quantum } };

	return writev(fd, iov, LENGTH(iov));
}

static void add_start(long ret)
{
	add_written(0, ret);
}

static long write_hole(void)
{
	return pwrite(fd, fresh, hole_end - data_end, data_end);
}

/* no offset argument: if storing it fails, all data has been written */
static void prepare_splice(void)
{
	check_value("pipe", write(pipe_fds[1], fresh, SPLICED), SPLICED);
	lseek(fd, data_end, SEEK_SET);
}

static long splice_in(void)
{
	return splice(pipe_fds[0], NULL, fd, NULL, SPLICED, 0);
}

static void add_hole(long ret)
{
	add_written(data_end, ret);
}

static void check_spliced_in(long ret)
{
	size_t left = SPLICED - (ret > 0 ? ret : 0);

	add_hole(ret);
	if (left)
		check_value("pipe", read(pipe_fds[0], got, left), left);
}

static long append(void)
{
	return write(append_fd, fresh, 3 * quantum);
}

static void add_appended(long ret)
{
	add_written(9 * quantum, ret);
}

static long open_device(void)
{
	return open(DEVICE, O_RDWR);
}

static void close_opened(long ret)
{
	if (ret >= 0)
		close(ret);
}

static long trim(void)
{
	return open(DEVICE, O_WRONLY);
}

static void set_trimmed(long ret)
{
	if (ret < 0)
		return;
	close(ret);
	size = 0;
}

static long seek_data(void)
{
	return lseek(fd, data_end + quantum, SEEK_DATA);
}

static long seek_hole(void)
{
	return lseek(fd, 0, SEEK_HOLE);
}

static long sync_device(void)
{
	return fsync(fd);
}

static long map_device(void)
{
	void *address = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (address == MAP_FAILED)
		return -1;
	munmap(address, size);
	return 0;
}

static long load_data(void)
{
	return touch(map, false);
}

static long load_hole(void)
{
	return touch(map + 6 * quantum, false);
}

static long store_data(void)
{
	return touch(map + quantum, true);
}

static void add_stored(long ret)
{
	if (!ret)
		expected[quantum] = fresh[0];
}

static long store_hole(void)
{
	return touch(map + 6 * quantum, true);
}

static void add_stored_hole(long ret)
{
	if (!ret)
		expected[6 * quantum] = fresh[0];
}

static long store_private(void)
{
	return touch(private_map, true);
}

static long store_private_hole(void)
{
	return touch(private_map + 6 * quantum, true);
}

static long write_mapping(void)
{
	return pwrite(fd, map, quantum, hole_end);
}

static void add_mapping(long ret)
{
	if (ret > 0)
		memmove(expected + hole_end, expected, ret);
}

static long read_file(const char *path, size_t count)
{
	int file = open(path, O_RDONLY);
	long ret;

	if (file < 0)
		return -1;
	ret = read(file, got, count);
	close(file);
	return ret;
}

static long dump(void)
{
	return read_file("/proc/scullvmem", 4000);
}

static long set_order(void)
{
	return write_file(ATTRIBUTES "order", "5\n");
}

static long set_qset(void)
{
	return write_file(ATTRIBUTES "qset", "5\n");
}

static long set_alloc(void)
{
	return write_file(ATTRIBUTES "alloc", "vmalloc\n");
}

static long set_limit(void)
{
	return write_file(LIMIT, "0\n");
}

static long read_size(void)
{
	return read_file(ATTRIBUTES "size", 100);
}

static unsigned long command;

static long run_ioctl(void)
{
	static int value;

	value = 5;
	switch (_IOC_DIR(command)) {
	case _IOC_NONE:
		return ioctl(fd, command, 5);
	default:
		return ioctl(fd, command, &value);
	}
}

/* a failed command changes nothing */
static void check_ioctl(long ret)
{
	if (ret >= 0)
		return;
	check_value("order", ioctl(fd, SCULLV_IOCQORDER), NEXT_ORDER);
	check_value("qset", ioctl(fd, SCULLV_IOCQQSET), QSET);
}

static const struct call {
	const char *name;
	long (*run)(void);
	void (*check)(long ret);
	int error;		/* valid besides ENOMEM and EFAULT */
} calls[] = {
	{ "open", open_device, close_opened, 0 },
	{ "trim", trim, set_trimmed, 0 },
	{ "read", read_data, check_data_read, 0 },
	{ "readv", read_vector, check_data_read, 0 },
	/* splice() replaces EFAULT by EAGAIN before 6.5 */
	{ "splice out", splice_out, check_spliced_out, EAGAIN },
	{ "overwrite", overwrite, add_start, 0 },
	{ "write into a hole", write_hole, add_hole, 0 },
	{ "writev to data and a hole", write_vector, add_start, 0 },
	{ "splice in", splice_in, check_spliced_in, 0 },
	{ "append", append, add_appended, 0 },
	{ "seek data", seek_data, NULL, 0 },
	{ "seek hole", seek_hole, NULL, 0 },
	{ "fsync", sync_device, NULL, 0 },
	{ "mmap", map_device, NULL, 0 },
	{ "load of data", load_data, NULL, 0 },
	{ "load of a hole", load_hole, NULL, 0 },
	{ "store to data", store_data, add_stored, 0 },
	{ "store into a hole", store_hole, add_stored_hole, 0 },
	{ "private store", store_private, NULL, 0 },
	{ "private store into a hole", store_private_hole, NULL, 0 },
	{ "write from a mapping", write_mapping, add_mapping, 0 },
	{ "dump", dump, NULL, 0 },
	{ "order", set_order, NULL, 0 },
	{ "qset", set_qset, NULL, 0 },
	{ "alloc", set_alloc, NULL, 0 },
	{ "limit", set_limit, NULL, 0 },
	{ "size", read_size, NULL, 0 },
};

static const unsigned long commands[] = {
	SCULLV_IOCRESET,
	SCULLV_IOCSORDER, SCULLV_IOCTORDER, SCULLV_IOCGORDER, SCULLV_IOCQORDER,
	SCULLV_IOCXORDER, SCULLV_IOCHORDER,
	SCULLV_IOCSQSET, SCULLV_IOCTQSET, SCULLV_IOCGQSET, SCULLV_IOCQQSET,
	SCULLV_IOCXQSET, SCULLV_IOCHQSET,
};

/* the first access to a distant mapping allocates page tables, too */
static void find_area(void)
{
	area = mmap(NULL, 5 * DISTANCE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (area == MAP_FAILED || munmap(area, 5 * DISTANCE))
		err(1, "mmap");
}

static void *map_area(int flags, unsigned int n)
{
	void *address = mmap(area + n * DISTANCE, max_size, PROT_READ | PROT_WRITE,
			     flags, fd, 0);

	if (address == MAP_FAILED)
		err(1, "mmap");
	return address;
}

static void set_old_time(void)
{
	struct timespec old[] = { { OLD, 0 }, { OLD, 0 } };

	if (utimensat(AT_FDCWD, DEVICE, old, 0))
		err(1, DEVICE);
}

static bool has_old_time(void)
{
	struct stat status;

	if (stat(DEVICE, &status))
		err(1, DEVICE);
	return status.st_mtim.tv_sec == OLD;
}

/* make a call with one fault; return whether it was injected */
static bool inject_fault(const struct call *call)
{
	bool failed;
	int error;
	long ret;

	fill_device();
	if (call->run == splice_in)
		prepare_splice();
	map = map_area(MAP_SHARED, 1);
	private_map = map_area(MAP_PRIVATE, 3);

	set_old_time();
	arm(nth);
	ret = call->run();
	error = errno;
	failed = disarm();

	if (ret < 0)
		check_error(error, failed, call->error);
	if (ret < 0 && !has_old_time())
		fail("%s, but the times have changed", strerrorname_np(error));
	if (call->check)
		call->check(ret);
	check_device();
	munmap(map, max_size);
	munmap(private_map, max_size);
	return failed;
}

static void inject_faults(const struct call *call)
{
	name = call->name;
	for (nth = 1; inject_fault(call); nth++)
		if (nth == MAX_FAULTS)
			fail("too many faults");
	printf("%s: %u faults\n", call->name, nth - 1);
	faults += nth - 1;
	check_charges();
}

static void test_device(const char *allocator)
{
	static char ioctl_name[20];
	static const struct call ioctl_call = {
		ioctl_name, run_ioctl, check_ioctl, 0
	};
	struct sigaction action = { .sa_handler = escape_signal };
	size_t i;

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	quantum = sysconf(_SC_PAGESIZE) << ORDER;
	data_end = 3 * quantum + 77;
	hole_end = 8 * quantum;
	max_size = 16 * quantum;
	for (i = 0; i < max_size; i++) {
		before[i] = 1 + i % 251;
		fresh[i] = 1 + i % 253;
	}
	fd = open(DEVICE, O_RDWR);
	append_fd = open(DEVICE, O_WRONLY | O_APPEND);
	if (fd < 0 || append_fd < 0 || pipe2(pipe_fds, O_NONBLOCK))
		err(1, DEVICE);
	put_number(LIMIT, 0);
	find_area();

	put(ATTRIBUTES "alloc", allocator);
	for (i = 0; i < LENGTH(calls); i++)
		inject_faults(&calls[i]);
	for (i = 0; i < LENGTH(commands); i++) {
		command = commands[i];
		snprintf(ioctl_name, sizeof(ioctl_name), "ioctl %lu",
			 _IOC_NR(command));
		inject_faults(&ioctl_call);
	}
}

static void check_absent(const char *path)
{
	if (!access(path, F_OK))
		fail("%s exists after a failed insmod", path);
}

/* no module is loaded */
static void check_no_number(void)
{
	FILE *file = fopen("/proc/devices", "r");
	char line[64];

	if (!file)
		err(1, "/proc/devices");
	while (fgets(line, sizeof(line), file))
		if (strstr(line, " scullv\n"))
			fail("a failed insmod keeps a major number: %s", line);
	fclose(file);
}

static bool inject_load_fault(int module, const char *parameters)
{
	bool failed;
	int error;
	long ret;

	arm(nth);
	ret = syscall(SYS_finit_module, module, parameters, 0);
	error = errno;
	failed = disarm();

	if (!ret) {
		check_value("rmmod", syscall(SYS_delete_module, "scullv", 0), 0);
		return failed;
	}
	check_error(error, failed, 0);
	check_absent("/proc/scullvmem");
	check_absent("/sys/class/scullv");
	check_absent("/sys/module/scullv");
	check_absent(DEVICE);
	check_no_number();
	return true;
}

static void test_insmod(const char *path, const char *parameters)
{
	int module = open(path, O_RDONLY);

	if (module < 0)
		err(1, "%s", path);
	name = "insmod";
	for (nth = 1; inject_load_fault(module, parameters); nth++)
		if (nth == MAX_FAULTS)
			fail("too many faults");
	faults = nth - 1;
}

int main(int argc, char **argv)
{
	prepare_faults();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && !strcmp(argv[1], "device"))
		test_device(argv[2]);
	else if (argc >= 3 && !strcmp(argv[1], "insmod"))
		test_insmod(argv[2], argc > 3 ? argv[3] : "");
	else
		errx(2, "usage: failnth device ALLOCATOR | insmod MODULE [PARAMETERS]");
	printf("%u faults\n", faults);
	return 0;
}
