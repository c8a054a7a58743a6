/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver's inner interfaces. Calls go one way:
 *
 *	main.c  ->  file.c, mmap.c, proc.c  ->  store.c  ->  alloc.c
 *
 * quantum	one allocation of PAGE_SIZE << order bytes
 * qset		the array of qset quantum pointers that an item owns
 * item		one entry of a store's index, covers qset quanta
 * store	the contents of a device between two trims
 * trim		emptying a device: an empty store, of the configured geometry,
 *		takes the place of the old one
 */
#ifndef _SCULLV_H
#define _SCULLV_H

#include <linux/atomic.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/xarray.h>

#define SCULLV_ORDER	4	/* the book's defaults */
#define SCULLV_QSET	500

#define SCULLV_MAX_QSET	1048576	/* 8 MiB of pointers */

/* the most that is copied or faulted in between two looks at the signals */
#define SCULLV_CHUNK	SZ_1M

/* alloc.c: where the memory of a quantum comes from */

struct scullv_allocator {
	const char *name;
	unsigned int max_order;
	void *(*alloc)(unsigned int order);	/* zeroed, NULL: no memory */
	void (*free)(void *quantum, unsigned int order);
	struct page *(*page)(const void *quantum, unsigned long n);	/* n-th */
};

const struct scullv_allocator *scullv_find_allocator(const char *name);
void **scullv_alloc_qset(unsigned int qset);
void scullv_free_qset(void **array, unsigned int qset);

/* store.c: what a device holds */

struct scullv_geometry {
	const struct scullv_allocator *allocator;
	unsigned int order;
	unsigned int qset;
};

/* its two numbers, for those who set either in the same way */
enum scullv_field { SCULLV_FIELD_ORDER, SCULLV_FIELD_QSET };

struct scullv_range {
	const char *name;
	unsigned int min;
	unsigned int max;
};

struct scullv_item {
	u64 first;		/* number of the quantum in slot 0 */
	void **qset;		/* a slot goes from NULL to a quantum, once */
};

/*
 * In a store things only ever appear: items, quanta, bytes. Each is published
 * with release and read with acquire, so readers and overwriters need no lock.
 * It is freed as a whole, when the last SRCU section that may see it has ended.
 */
struct scullv_store {
	u64 generation;			/* tells stores apart; from 1 */
	struct scullv_geometry geometry;
	size_t quantum_size;		/* bytes */
	unsigned int quantum_shift;	/* its binary logarithm */
	struct xarray items;		/* number of the item -> scullv_item */
	struct scullv_item *last;	/* a hint: the item entered last */
	atomic64_t size;		/* bytes; only grows */
	atomic_long_t quanta;
	bool lent;			/* private mappings have made copies */
};

/* racing first writers of one quantum meet at one of these */
#define SCULLV_FILL_LOCKS	8

/*
 * Lock order, outermost first. User pages are never waited for, and so
 * mmap_lock never taken, inside any of them:
 *
 *	trim_lock	a trim waits under it for the SRCU sections to end
 *	append_lock	an append enters SRCU sections under it
 *	srcu
 *	fill_lock	allocates memory under it
 *	config_lock	a leaf
 *
 * A trim takes neither append_lock nor fill_lock: it would wait for holders
 * that may be in the very section it waits for.
 */
struct scullv_dev {
	struct device device;
	struct cdev cdev;
	struct inode *inode;		/* its i_mapping knows all mappings */
	struct srcu_struct srcu;	/* guards *store */
	struct scullv_store __rcu *store;	/* replaced under trim_lock */
	struct mutex trim_lock;		/* one trim at a time */
	struct mutex append_lock;	/* from taking the end to moving it */
	struct mutex fill_lock[SCULLV_FILL_LOCKS];	/* by quantum number */
	spinlock_t config_lock;		/* guards config */
	struct scullv_geometry config;	/* what the next trim puts in force */
};

/**
 * scullv_store_get - enter a section in which the device's store stays
 * @dev: the device
 * @idx: what scullv_store_put() wants back
 *
 * Context: Any that may sleep. Wait in the section for memory at most, never
 * for a page of user space: a trim waits for its end.
 * Return: the device's store of this moment.
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
 * scullv_size - the bytes in a store, holes included
 * @store: the store, inside its section
 *
 * Context: Any.
 * Return: the size; quanta below it that were there when it was set are seen.
 */
static inline loff_t scullv_size(struct scullv_store *store)
{
	/* pairs with the cmpxchg in scullv_extend() */
	return atomic64_read_acquire(&store->size);
}

/* how many pages the bytes of a store reach into */
static inline pgoff_t scullv_pages(struct scullv_store *store)
{
	return ((u64)scullv_size(store) + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

void *scullv_lookup_item(struct scullv_store *store, u64 number);

/**
 * scullv_lookup - the quantum at a position
 * @store: the store, inside its section
 * @pos: in bytes
 *
 * Context: Any.
 * Return: the quantum that covers @pos, NULL for a hole.
 */
static inline void *scullv_lookup(struct scullv_store *store, loff_t pos)
{
	u64 number = pos >> store->quantum_shift;
	/* pairs with the release in enter_item() */
	struct scullv_item *item = smp_load_acquire(&store->last);

	if (number - item->first >= store->geometry.qset)
		return scullv_lookup_item(store, number);
	/* pairs with the release in scullv_fill(): the quantum is zeroed */
	return smp_load_acquire(&item->qset[number - item->first]);
}

static inline unsigned int *scullv_field(struct scullv_geometry *geometry,
					 enum scullv_field field)
{
	return field == SCULLV_FIELD_ORDER ? &geometry->order : &geometry->qset;
}

struct scullv_range scullv_range(const struct scullv_geometry *geometry,
				 enum scullv_field field);
void scullv_get_config(struct scullv_dev *dev, struct scullv_geometry *config);
bool scullv_set_config(struct scullv_dev *dev,
		       const struct scullv_geometry *old,
		       const struct scullv_geometry *new);
void scullv_set_limit(unsigned long pages);

struct scullv_usage {
	loff_t size;		/* bytes, holes included */
	unsigned long quanta;
	u64 bytes;		/* that the quanta take */
};

int scullv_store_init(struct scullv_dev *dev,
		      const struct scullv_geometry *geometry);
void scullv_store_exit(struct scullv_dev *dev);
void *scullv_fill(struct scullv_dev *dev, struct scullv_store *store,
		  loff_t pos);
void scullv_extend(struct scullv_store *store, loff_t end);
void scullv_get_usage(struct scullv_dev *dev, struct scullv_usage *usage);
void *scullv_next(struct scullv_store *store, u64 *number,
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

extern const struct file_operations scullv_fops;

/* proc.c */

int scullv_proc_init(struct scullv_dev **devices, unsigned int count);
void scullv_proc_exit(void);

#endif /* _SCULLV_H */
