// SPDX-License-Identifier: GPL-2.0
/*
 * usage: holder socket|io_uring|perf|map DEVICE
 *
 * Uses the module without a descriptor of DEVICE: a socket, io_uring or a mapping refers to
 * the open file, or perf counts a trace event. Prints "ready" and waits for the end of the
 * standard input. The exit status is 77 if the kernel lacks the facility.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRIM_EVENT	"/sys/kernel/tracing/events/scullv/scullv_trim"

static void send_to_socket(int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(fd))];
	} control;
	struct iovec byte = { "", 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int pair[2];

	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) ||
	    sendmsg(pair[0], &message, 0) != 1)
		err(1, "socket");
}

static void register_with_io_uring(int fd)
{
	struct io_uring_params params = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &params);

	if (ring < 0 && errno == ENOSYS)
		exit(77);	/* not configured */
	if (ring < 0 || syscall(SYS_io_uring_register, ring,
				IORING_REGISTER_FILES, &fd, 1))
		err(1, "io_uring");
}

/*
 * On one CPU, not in one process: that would patch the scheduler, and an emulator with
 * several threads may execute code that is being patched (int3).
 */
static void count_with_perf(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
	};
	FILE *id = fopen(TRIM_EVENT "/id", "r");
	unsigned int number;

	if (!id || fscanf(id, "%u", &number) != 1)
		exit(77);
	attr.config = number;
	if (syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0) < 0)
		err(errno == ENOSYS ? 77 : 1, "perf");
}

static void map_device(int fd)
{
	if (mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		err(errno == ENODEV ? 77 : 1, "mmap");	/* the caches alias */
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 3)
		errx(2, "usage: holder socket|io_uring|perf|map DEVICE");
	fd = open(argv[2], O_RDONLY);
	if (fd < 0)
		err(1, "%s", argv[2]);
	if (!strcmp(argv[1], "socket"))
		send_to_socket(fd);
	else if (!strcmp(argv[1], "perf"))
		count_with_perf();
	else if (!strcmp(argv[1], "map"))
		map_device(fd);
	else
		register_with_io_uring(fd);
	close(fd);

	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
