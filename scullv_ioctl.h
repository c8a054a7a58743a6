/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ioctl commands of /dev/scullvN: the geometry that the next trim of the device
 * applies. The commands are those of the book "Linux Device Drivers", chapter 8,
 * with the same numbers, but change one device, not all of them.
 *
 *	int order = 9;
 *	int fd = open("/dev/scullv0", O_RDWR);
 *
 *	ioctl(fd, SCULLV_IOCSORDER, &order);	// 512 pages in a quantum,
 *	close(open("/dev/scullv0", O_WRONLY));	// from this trim on
 *
 * S, T, X, H and RESET need CAP_SYS_ADMIN (EPERM). A value out of range results
 * in EINVAL, a bad pointer in EFAULT; nothing changes then.
 */
#ifndef _SCULLV_IOCTL_H
#define _SCULLV_IOCTL_H

#include <linux/ioctl.h>

#define SCULLV_IOC_MAGIC	'K'

/* back to the defaults: order 4, qset 500 */
#define SCULLV_IOCRESET		_IO(SCULLV_IOC_MAGIC, 0)

/*
 * S: set from a pointer		T: tell, set from the argument itself
 * G: get through a pointer	Q: query, the answer is the return value
 * X: exchange, S and G in one	H: shift, T and Q in one
 */
#define SCULLV_IOCSORDER	_IOW(SCULLV_IOC_MAGIC, 1, int)
#define SCULLV_IOCTORDER	_IO(SCULLV_IOC_MAGIC, 2)
#define SCULLV_IOCGORDER	_IOR(SCULLV_IOC_MAGIC, 3, int)
#define SCULLV_IOCQORDER	_IO(SCULLV_IOC_MAGIC, 4)
#define SCULLV_IOCXORDER	_IOWR(SCULLV_IOC_MAGIC, 5, int)
#define SCULLV_IOCHORDER	_IO(SCULLV_IOC_MAGIC, 6)
#define SCULLV_IOCSQSET		_IOW(SCULLV_IOC_MAGIC, 7, int)
#define SCULLV_IOCTQSET		_IO(SCULLV_IOC_MAGIC, 8)
#define SCULLV_IOCGQSET		_IOR(SCULLV_IOC_MAGIC, 9, int)
#define SCULLV_IOCQQSET		_IO(SCULLV_IOC_MAGIC, 10)
#define SCULLV_IOCXQSET		_IOWR(SCULLV_IOC_MAGIC, 11, int)
#define SCULLV_IOCHQSET		_IO(SCULLV_IOC_MAGIC, 12)

#endif /* _SCULLV_IOCTL_H */
