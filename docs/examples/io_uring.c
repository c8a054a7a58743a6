// SPDX-License-Identifier: GPL-2.0
/* Submits a write and a read in one system call. The read waits for the write. */
#include <err.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>

int main(void)
{
	int fd = open("/dev/scullv0", O_RDWR | O_TRUNC);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char text[7] = "";

	if (fd < 0 || io_uring_queue_init(2, &ring, 0))
		err(1, "io_uring");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_write(sqe, fd, "hello\n", 6, 0);
	sqe->flags |= IOSQE_IO_LINK;
	io_uring_prep_read(io_uring_get_sqe(&ring), fd, text, 6, 0);
	printf("%d submitted\n", io_uring_submit_and_wait(&ring, 2));
	printf("%s", text);
	return 0;
}
