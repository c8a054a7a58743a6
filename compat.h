/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only file that looks at kernel versions. Each shim gives an older
 * kernel the newer one's name. Oldest kernel served: 6.1.
 */
#ifndef _SCULLV_COMPAT_H
#define _SCULLV_COMPAT_H

#include <linux/version.h>

/* 6.5 made splice reads copy, and named the helper for it */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define copy_splice_read generic_file_splice_read
#endif

#endif /* _SCULLV_COMPAT_H */
