// SPDX-License-Identifier: GPL-2.0
/* Changes a byte through a shared mapping. A read returns the change. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	int fd = open("/dev/scullv0", O_RDWR | O_TRUNC);
	char *p, text[6];

	if (fd < 0 || write(fd, "hello\n", 6) != 6)
		err(1, "/dev/scullv0");
	p = mmap(NULL, 6, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		err(1, "mmap");
	*p = 'H';
	if (pread(fd, text, 6, 0) != 6)
		err(1, "read");
	printf("%.6s", text);
	return 0;
}
