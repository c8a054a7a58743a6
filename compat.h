/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only file that looks at kernel versions. Each shim gives an older
 * kernel the newer one's name. Oldest kernel served: 6.1.
 */
#ifndef _SCULLV_COMPAT_H
#define _SCULLV_COMPAT_H

#include <linux/cacheinfo.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/version.h>

/* 6.3 made vm_flags writable through helpers only */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

/* 6.7 introduced helpers for the timestamps of an inode; 6.6.y has them, too */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
static inline struct timespec64 inode_get_mtime(const struct inode *inode)
{
	return inode->i_mtime;
}

static inline time64_t inode_get_mtime_sec(const struct inode *inode)
{
	return inode->i_mtime.tv_sec;
}
#endif

/* 6.8 named the largest order; before 6.4 MAX_ORDER was the one beyond it */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define MAX_PAGE_ORDER (MAX_ORDER - 1)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define MAX_PAGE_ORDER MAX_ORDER
#endif

/* 6.9 lets each architecture say whether its data caches alias */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#if defined(CONFIG_ARM)
#include <asm/cachetype.h>
#define cpu_dcache_is_aliasing() (cache_is_vivt() || cache_is_vipt_aliasing())
#elif defined(CONFIG_X86) || defined(CONFIG_ARM64) || defined(CONFIG_S390) || \
	defined(CONFIG_PPC) || defined(CONFIG_RISCV) || defined(CONFIG_LOONGARCH)
#define cpu_dcache_is_aliasing() false
#else
#define cpu_dcache_is_aliasing() true
#endif
#endif

#endif /* _SCULLV_COMPAT_H */
