/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Internal interfaces of the driver. Calls go one way only:
 *
 *	main.c  ->  file.c, mmap.c, proc.c  ->  store.c  ->  alloc.c
 *
 * quantum	one allocation of PAGE_SIZE << order bytes
 * qset		the array of pointers to quanta that an item owns
 * item		one entry of a store's index; covers qset quanta
 * hole		a part of a device, inside its size, that has no quantum
 * store	the contents of a device between two trims
 * trim		emptying a device: a new, empty store of the configured geometry
 *		replaces the old one
 */
#ifndef _SCULLV_H
#define _SCULLV_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/xarray.h>

#define SCULLV_ORDER	4	/* the book's defaults */
#define SCULLV_QSET	500

#define SCULLV_MAX_QSET	1048576	/* 8 MiB of pointers */

/* Bytes copied or faulted in at most between two checks for signals. */
#define SCULLV_CHUNK	SZ_1M

/*
 * Every allocation of a store: charged to the writer's memory cgroup, and failing
 * quietly. Allocation failure is reported to the caller only, and the OOM killer
 * is not invoked: not in a cgroup either, where the limit is often small.
 */
#define SCULLV_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/* alloc.c: where the memory of a quantum comes from */

struct scullv_allocator {
	const char *name;
	unsigned int max_order;
	bool blocks;		/* takes physically contiguous pages */
	void *(*alloc)(unsigned int order);	/* zeroed; NULL: no memory */
	void (*free)(void *quantum, unsigned int order);
	struct page *(*page)(const void *quantum, unsigned long n);	/* n-th page */
};

const struct scullv_allocator *scullv_find_allocator(const char *name);
void **scullv_alloc_qset(unsigned int qset);
void scullv_free_qset(void **slots, unsigned int qset);

/* store.c: what a device holds */

struct scullv_geometry {
	const struct scullv_allocator *allocator;
	unsigned int order;
	unsigned int qset;
};

/* The two numbers of a geometry that sysfs and ioctl set in the same way. */
enum scullv_field { SCULLV_FIELD_ORDER, SCULLV_FIELD_QSET };

struct scullv_range {
	const char *name;
	unsigned int min;
	unsigned int max;
};

struct scullv_item {
	u64 first;		/* number of the quantum in slot 0 */
	void **slots;		/* each goes from NULL to a quantum, once */
};

/*
 * In a store things only appear: items, quanta, bytes. Each is published with
 * release and read with acquire, so readers and overwriters need no lock. A
 * store is freed as a whole, after the last SRCU section that may see it.
 *
 * The first cache line is only read once the store is in use. Readers write
 * nothing but their own processor's hint.
 */
struct scullv_store {
	u64 generation;			/* identifies the store; from 1 */
	struct scullv_geometry geometry;
	size_t quantum_size;		/* bytes */
	unsigned int quantum_shift;	/* log2 of quantum_size */
	bool sealed;			/* takes nothing yet: see scullv_trim() */
	struct scullv_item * __percpu *hint;	/* item used last */

	atomic64_t size ____cacheline_aligned_in_smp;	/* bytes; only grows */
	atomic_long_t quanta;
	struct xarray items;		/* item number -> scullv_item */
} ____cacheline_aligned_in_smp;

/* log2 of the number of fill locks: quanta are hashed to them */
#define SCULLV_FILL_BITS	7

/*
 * Lock order, outermost first. No user page is waited for, and so mmap_lock is
 * never taken, inside any of them:
 *
 *	trim_lock	held until the old store is freed
 *	seal_lock	held while the new store is sealed
 *	append_lock	held across the SRCU sections of a write that moves the end
 *	srcu
 *	fill_lock	held while a quantum is allocated
 *	config_lock	a leaf
 *
 * A trim waits for the sections with trim_lock and seal_lock held. Therefore a
 * writer that meets a seal leaves its section and drops append_lock first.
 */
struct scullv_dev {
	struct device device;
	struct cdev cdev;
	struct inode *inode;		/* its i_mapping knows all mappings */
	struct srcu_struct srcu;	/* protects *store */
	struct scullv_store __rcu *store;	/* replaced under trim_lock */

	/* one trim at a time */
	struct mutex trim_lock ____cacheline_aligned_in_smp;
	struct mutex seal_lock;		/* writers wait here for a trim's unmapping */
	struct mutex append_lock;	/* protects the moving of store->size */
	spinlock_t config_lock;		/* protects config */
	struct scullv_geometry config;	/* what the next trim applies */
	struct mutex fill_lock[1 << SCULLV_FILL_BITS];	/* by quantum number */
};

/**
 * scullv_store_get - enter a section in which the device's store stays
 * @dev: the device
 * @idx: cookie for scullv_store_put()
 *
 * Context: Any context that may sleep. The section may allocate memory, but
 * never waits for a user page: a trim waits for the section to end.
 * Return: the current store of the device.
 */
static inline struct scullv_store *scullv_store_get(struct scullv_dev *dev,
						    int *idx)
{
	*idx = srcu_read_lock(&dev->srcu);
	return srcu_dereference(dev->store, &dev->srcu);
}

/**
 * scullv_store_put - leave the section
 * @dev: the device
 * @idx: from scullv_store_get()
 */
static inline void scullv_store_put(struct scullv_dev *dev, int idx)
{
	srcu_read_unlock(&dev->srcu, idx);
}

/**
 * scullv_store_size - size of a store in bytes, holes included
 * @store: the store, inside its section
 *
 * Context: Any.
 * Return: the size. Every byte below it that was written before the size was
 * set is visible.
 */
static inline loff_t scullv_store_size(const struct scullv_store *store)
{
	/* pairs with the release in scullv_extend() */
	return atomic64_read_acquire(&store->size);
}

/* number of pages that the bytes of a store reach into */
static inline pgoff_t scullv_store_pages(const struct scullv_store *store)
{
	return ((u64)scullv_store_size(store) + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* n-th page of a quantum */
static inline struct page *scullv_page(const struct scullv_store *store,
				       const void *quantum, unsigned long n)
{
	return store->geometry.allocator->page(quantum, n);
}

void *scullv_lookup_item(struct scullv_store *store, u64 number);

/**
 * scullv_lookup - find the quantum at a position
 * @store: the store, inside its section
 * @pos: position in bytes
 *
 * Context: Any.
 * Return: the quantum that covers @pos, NULL for a hole.
 */
static inline void *scullv_lookup(struct scullv_store *store, loff_t pos)
{
	u64 number = pos >> store->quantum_shift;
	struct scullv_item *item = this_cpu_read(*store->hint);

	if (number - item->first >= store->geometry.qset)
		return scullv_lookup_item(store, number);
	/* pairs with the release in scullv_fill(): the quantum is zeroed */
	return smp_load_acquire(&item->slots[number - item->first]);
}

static inline unsigned int *scullv_field(struct scullv_geometry *geometry,
					 enum scullv_field field)
{
	return field == SCULLV_FIELD_ORDER ? &geometry->order : &geometry->qset;
}

static inline bool scullv_in_range(unsigned long value,
				   struct scullv_range range)
{
	return value >= range.min && value <= range.max;
}

struct scullv_range scullv_range(const struct scullv_geometry *geometry,
				 enum scullv_field field);
void scullv_get_config(struct scullv_dev *dev, struct scullv_geometry *config);
int scullv_set_field(struct scullv_dev *dev, enum scullv_field field,
		     unsigned long value, unsigned int *old);
int scullv_set_allocator(struct scullv_dev *dev,
			 const struct scullv_allocator *allocator);
void scullv_set_limit(unsigned long pages);

struct scullv_usage {
	loff_t size;		/* bytes, holes included */
	unsigned long quanta;
	u64 bytes;		/* memory of the quanta */
};

int scullv_store_init(struct scullv_dev *dev,
		      const struct scullv_geometry *geometry);
void scullv_store_exit(struct scullv_dev *dev);
void *scullv_fill(struct scullv_dev *dev, struct scullv_store *store,
		  loff_t pos);
loff_t scullv_extend(struct scullv_dev *dev, struct scullv_store *store,
		     loff_t end);
void scullv_get_usage(struct scullv_dev *dev, struct scullv_usage *usage);
void *scullv_next_quantum(struct scullv_store *store, u64 *number,
			  struct scullv_item **item);
loff_t scullv_seek_data(struct scullv_store *store, loff_t pos);
loff_t scullv_seek_hole(struct scullv_store *store, loff_t pos);
int scullv_trim(struct scullv_dev *dev);

/* mmap.c */

int scullv_mmap(struct file *file, struct vm_area_struct *vma);
struct inode *scullv_mapping_inode(void);
int scullv_mmap_init(void);
void scullv_mmap_exit(void);

/* file.c */

extern bool scullv_wronly_trims;
extern const struct file_operations scullv_fops;

/* proc.c */

int scullv_proc_init(struct scullv_dev **devices, unsigned int count);
void scullv_proc_exit(void);

#endif /* _SCULLV_H */
