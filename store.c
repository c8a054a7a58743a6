// SPDX-License-Identifier: GPL-2.0
/*
 * What a device holds: items, qsets, quanta; the limit; the trim.
 *
 * Three rules, and everything else follows:
 *
 * 1. In one store things only ever appear: an item pointer goes from NULL to
 *    an item, a slot from NULL to a zeroed quantum, the size only grows. Each
 *    is published with release and read with acquire. Reading and overwriting
 *    need no lock at all.
 * 2. A trim never edits a store: it publishes a new, empty one, waits for the
 *    users of the old one, unmaps that from every process, and frees it. No
 *    half-trimmed state exists.
 * 3. Nobody waits for a page of user space inside a section of a store or with
 *    a lock of the driver held. So a buffer that never comes stalls its owner,
 *    never a trim, an appender or another reader.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "scullv.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* -- geometry: what a trim puts in force -- */

/**
 * scullv_range - what a number of a geometry may be
 * @geometry: the other numbers are taken from here
 * @field: the number
 *
 * Context: Any.
 * Return: its name and its range.
 */
struct scullv_range scullv_range(const struct scullv_geometry *geometry,
				 enum scullv_field field)
{
	if (field == SCULLV_FIELD_ORDER)
		return (struct scullv_range){
			"order", 0, geometry->allocator->max_order
		};
	return (struct scullv_range){ "qset", 1, SCULLV_MAX_QSET };
}

static bool geometry_equal(const struct scullv_geometry *a,
			   const struct scullv_geometry *b)
{
	return a->allocator == b->allocator && a->order == b->order &&
	       a->qset == b->qset;
}

/**
 * scullv_get_config - the geometry that the next trim puts in force
 * @dev: the device
 * @config: where it goes
 *
 * Context: Any.
 */
void scullv_get_config(struct scullv_dev *dev, struct scullv_geometry *config)
{
	spin_lock(&dev->config_lock);
	*config = dev->config;
	spin_unlock(&dev->config_lock);
}

/**
 * scullv_set_config - exchange the geometry that the next trim puts in force
 * @dev: the device
 * @old: what the caller believes it is
 * @new: what it shall be, in its range
 *
 * Context: Any.
 * Return: false when it was no longer @old; then nothing has changed.
 */
bool scullv_set_config(struct scullv_dev *dev,
		       const struct scullv_geometry *old,
		       const struct scullv_geometry *new)
{
	bool current_is_old;

	spin_lock(&dev->config_lock);
	current_is_old = geometry_equal(&dev->config, old);
	if (current_is_old)
		dev->config = *new;
	spin_unlock(&dev->config_lock);
	return current_is_old;
}

/* -- memory: how much all stores may take -- */

static unsigned long limit_pages;	/* 0: no limit but the reserve */
static atomic_long_t charged_pages;	/* all quanta of all devices */
static atomic_long_t pending_pages;	/* about to be allocated */

/**
 * scullv_set_limit - how much the quanta of all devices may take together
 * @pages: in pages; 0 for as much as there is
 *
 * What is there already stays, even when it is more.
 *
 * Context: Any.
 */
void scullv_set_limit(unsigned long pages)
{
	WRITE_ONCE(limit_pages, pages);
}

/*
 * High memory (on 32 bits), memory that may be unplugged and CMA's are for the
 * pages of programs and files. What is free there, or can be reclaimed, counts
 * as available, but the kernel cannot have it for itself.
 */
static void leave_out(struct zone *zone, long *total, long *available)
{
	if (is_highmem(zone) || zone_idx(zone) == ZONE_MOVABLE) {
		*total -= zone_managed_pages(zone);
		*available -= zone_page_state(zone, NR_FREE_PAGES) +
			      zone_page_state(zone, NR_ZONE_ACTIVE_FILE) +
			      zone_page_state(zone, NR_ZONE_INACTIVE_FILE);
	} else {
		*total -= zone_cma_pages(zone);
		*available -= zone_page_state(zone, NR_FREE_CMA_PAGES);
	}
}

static bool leaves_reserve(long pages)
{
	long total = totalram_pages();
	long available = si_mem_available();
	int node, i;

	for_each_online_node(node)
		for (i = 0; i < MAX_NR_ZONES; i++)
			leave_out(&NODE_DATA(node)->node_zones[i], &total,
				  &available);
	return available - pages >= total / 8;
}

/*
 * The page allocator answers GFP_KERNEL by waking the OOM killer long before
 * it answers NULL, and vmalloc does not always pass __GFP_RETRY_MAYFAIL on. So
 * stop while an eighth of its memory is still there for everybody else: where
 * memory has come to be in pieces, the kernel itself keeps up to a tenth more
 * than it says (watermark_boost_factor). What others are about to allocate
 * counts as gone: a quantum may be large.
 */
static int reserve(unsigned long pages, bool look)
{
	long pending = atomic_long_add_return(pages, &pending_pages);

	if (!look || leaves_reserve(pending))
		return 0;
	atomic_long_sub(pages, &pending_pages);
	return -ENOMEM;
}

static void unreserve(unsigned long pages)
{
	atomic_long_sub(pages, &pending_pages);
}

/* the compare and exchange keeps a charge that fails from failing others */
static int charge(unsigned long pages)
{
	unsigned long limit = READ_ONCE(limit_pages);
	long old = atomic_long_read(&charged_pages);
	long new;
	int err;

	do {
		new = old + pages;
		if (limit && new > limit)
			return -ENOSPC;
	} while (!atomic_long_try_cmpxchg(&charged_pages, &old, new));

	/* looking costs more than allocating a page: once a MiB will do */
	err = reserve(pages, (old ^ new) >> (20 - PAGE_SHIFT));
	if (err)
		atomic_long_sub(pages, &charged_pages);
	return err;
}

static void uncharge(unsigned long pages)
{
	atomic_long_sub(pages, &charged_pages);
}

/* -- items and quanta: they only appear -- */

/* holds no quantum: store->last of a store that has no item yet */
static struct scullv_item no_item = { .first = 1ULL << 63 };

static struct scullv_item *find_item(struct scullv_store *store, u64 index)
{
	XA_STATE(xas, &store->items, index);
	struct scullv_item *item;

	if (index > ULONG_MAX)
		return NULL;
	/* not xa_load(): items only appear, so no entry wants a retry */
	rcu_read_lock();
	item = xas_load(&xas);
	rcu_read_unlock();
	return item;
}

/*
 * Who comes to the first slot of an item is likely to stay. Others leave
 * store->last alone: readers at random would fight for its cache line.
 */
static void enter_item(struct scullv_store *store, struct scullv_item *item,
		       unsigned int slot)
{
	if (!slot) {
		/* another CPU that takes it from here sees what is in it */
		smp_store_release(&store->last, item);
	}
}

/**
 * scullv_lookup_item - scullv_lookup(), past the item used last
 * @store: the store, inside its section
 * @number: of the quantum
 *
 * Context: Any.
 * Return: the quantum, NULL for a hole.
 */
void *scullv_lookup_item(struct scullv_store *store, u64 number)
{
	struct scullv_item *item;
	u64 index;
	u32 slot;

	index = div_u64_rem(number, store->geometry.qset, &slot);
	item = find_item(store, index);
	if (!item)
		return NULL;
	enter_item(store, item, slot);
	/* pairs with the release in scullv_fill(): the quantum is zeroed */
	return smp_load_acquire(&item->qset[slot]);
}

static void free_item(struct scullv_item *item, unsigned int qset)
{
	scullv_free_qset(item->qset, qset);
	kfree(item);
}

static struct scullv_item *alloc_item(u64 index, unsigned int qset)
{
	struct scullv_item *item;

	item = kmalloc(sizeof(*item), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!item)
		return NULL;
	item->first = index * qset;
	item->qset = scullv_alloc_qset(qset);
	if (!item->qset) {
		kfree(item);
		return NULL;
	}
	return item;
}

static struct scullv_item *add_item(struct scullv_store *store, u64 index)
{
	unsigned int qset = store->geometry.qset;
	unsigned long pages = PFN_UP(qset * sizeof(void *));
	struct scullv_item *item, *other;

	if (index > ULONG_MAX)
		return ERR_PTR(-EFBIG);
	/* a sparse device is mostly qsets, which the limit does not count */
	if (reserve(pages, true))
		return ERR_PTR(-ENOMEM);
	item = alloc_item(index, qset);
	unreserve(pages);
	if (!item)
		return ERR_PTR(-ENOMEM);

	other = xa_cmpxchg(&store->items, index, NULL, item,
			   GFP_KERNEL | __GFP_NOWARN);
	if (!other)
		return item;
	free_item(item, qset);
	return xa_is_err(other) ? ERR_PTR(xa_err(other)) : other;
}

static void *alloc_quantum(struct scullv_dev *dev, struct scullv_store *store,
			   struct scullv_item *item, unsigned int slot)
{
	const struct scullv_geometry *geometry = &store->geometry;
	unsigned long pages = 1UL << geometry->order;
	u64 start = 0;
	void *quantum;
	int err;

	err = charge(pages);
	if (err)
		return ERR_PTR(err);
	if (trace_scullv_quantum_alloc_enabled())
		start = ktime_get_ns();
	quantum = geometry->allocator->alloc(geometry->order);
	unreserve(pages);
	if (!quantum) {
		uncharge(pages);
		return ERR_PTR(-ENOMEM);
	}

	atomic_long_inc(&store->quanta);
	if (trace_scullv_quantum_alloc_enabled())
		trace_scullv_quantum_alloc(MINOR(dev->device.devt),
					   div_u64(item->first, geometry->qset),
					   slot, quantum, geometry->order,
					   ktime_get_ns() - start);
	return quantum;
}

/**
 * scullv_fill - the quantum at a position, made where there is a hole
 * @dev: the device
 * @store: its store, inside its section
 * @pos: in bytes
 *
 * However many ask for one quantum at once, one of them allocates it.
 *
 * Context: Process, may sleep for memory. A fatal signal ends the wait.
 * Return: the quantum, zeroed if it is new; or an ERR_PTR: -ENOSPC (the
 * limit), -ENOMEM, -EFBIG (beyond the largest item), -EINTR.
 */
void *scullv_fill(struct scullv_dev *dev, struct scullv_store *store,
		  loff_t pos)
{
	u64 number = pos >> store->quantum_shift;
	struct mutex *lock = &dev->fill_lock[number % SCULLV_FILL_LOCKS];
	struct scullv_item *item;
	void *quantum;
	u64 index;
	u32 slot;

	index = div_u64_rem(number, store->geometry.qset, &slot);
	item = find_item(store, index) ?: add_item(store, index);
	if (IS_ERR(item))
		return item;
	enter_item(store, item, slot);

	if (mutex_lock_killable(lock))
		return ERR_PTR(-EINTR);
	quantum = item->qset[slot];
	if (!quantum) {
		quantum = alloc_quantum(dev, store, item, slot);
		if (!IS_ERR(quantum)) {
			/* whoever sees the quantum sees it zeroed */
			smp_store_release(&item->qset[slot], quantum);
		}
	}
	mutex_unlock(lock);
	return quantum;
}

/**
 * scullv_extend - the store reaches at least to here
 * @store: the store, inside its section
 * @end: in bytes; what lies before it has been written, or is a hole
 *
 * Context: Any.
 */
void scullv_extend(struct scullv_store *store, loff_t end)
{
	s64 size = atomic64_read(&store->size);

	while (size < end &&
	       !atomic64_try_cmpxchg_release(&store->size, &size, end))
		;
}

/* -- looking around -- */

/**
 * scullv_get_usage - what a device holds at this moment
 * @dev: the device
 * @usage: where it goes
 *
 * Context: Process.
 */
void scullv_get_usage(struct scullv_dev *dev, struct scullv_usage *usage)
{
	struct scullv_store *store;
	int idx;

	store = scullv_store_get(dev, &idx);
	usage->size = scullv_size(store);
	usage->quanta = atomic_long_read(&store->quanta);
	usage->bytes = (u64)usage->quanta << store->quantum_shift;
	scullv_store_put(dev, idx);
}

/**
 * scullv_next - the first quantum from a number on
 * @store: the store, inside its section
 * @number: where to begin to look; then, the number of the quantum found
 * @item: then, the item it is in
 *
 * Context: Process, may sleep.
 * Return: the quantum, NULL where there is none.
 */
void *scullv_next(struct scullv_store *store, u64 *number,
		  struct scullv_item **item)
{
	unsigned int qset = store->geometry.qset;
	u64 start = div_u64(*number, qset);
	unsigned long index;
	unsigned int slot;
	void *quantum;

	if (start > ULONG_MAX)
		return NULL;
	xa_for_each_start(&store->items, index, *item, start) {
		void **quanta = (*item)->qset;

		slot = *number > (*item)->first ? *number - (*item)->first : 0;
		for (; slot < qset; slot++) {
			/* pairs with the release in scullv_fill() */
			quantum = smp_load_acquire(&quanta[slot]);
			if (quantum) {
				*number = (*item)->first + slot;
				return quantum;
			}
		}
		cond_resched();
	}
	return NULL;
}

/**
 * scullv_seek_data - SEEK_DATA
 * @store: the store, inside its section
 * @pos: in bytes
 *
 * Context: Process, may sleep.
 * Return: the first position from @pos on that is no hole, or -ENXIO.
 */
loff_t scullv_seek_data(struct scullv_store *store, loff_t pos)
{
	loff_t size = scullv_size(store);
	u64 number = pos >> store->quantum_shift;
	struct scullv_item *item;

	if (pos < 0 || pos >= size)
		return -ENXIO;
	/* finds one: the last byte has been written, and so it is in a quantum */
	scullv_next(store, &number, &item);
	return max_t(loff_t, pos, number << store->quantum_shift);
}

/**
 * scullv_seek_hole - SEEK_HOLE
 * @store: the store, inside its section
 * @pos: in bytes
 *
 * Context: Process, may sleep.
 * Return: the first position from @pos on that is a hole, at the latest the
 * one behind the last byte; -ENXIO past that, -EINTR when killed.
 */
loff_t scullv_seek_hole(struct scullv_store *store, loff_t pos)
{
	loff_t size = scullv_size(store);
	unsigned int looked = 0;

	if (pos < 0 || pos >= size)
		return -ENXIO;
	while (scullv_lookup(store, pos)) {
		/* to the start of the next quantum, past MAX_LFS_FILESIZE too */
		u64 next = ((u64)pos | (store->quantum_size - 1)) + 1;

		if (next >= size)
			return size;
		pos = next;
		if (++looked % 1024 == 0) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	return pos;
}

/* -- a store's life -- */

static struct scullv_store *create_store(const struct scullv_geometry *geometry,
					 u64 generation)
{
	struct scullv_store *store = kzalloc(sizeof(*store), GFP_KERNEL);

	if (!store)
		return NULL;
	store->generation = generation;
	store->geometry = *geometry;
	store->quantum_shift = PAGE_SHIFT + geometry->order;
	store->quantum_size = PAGE_SIZE << geometry->order;
	store->last = &no_item;
	xa_init_flags(&store->items, XA_FLAGS_ACCOUNT);
	return store;
}

/* nobody sees the store any more */
static void destroy_store(struct scullv_dev *dev, struct scullv_store *store)
{
	const struct scullv_geometry *geometry = &store->geometry;
	struct scullv_item *item;
	unsigned long index;
	unsigned int slot;

	xa_for_each(&store->items, index, item) {
		for (slot = 0; slot < geometry->qset; slot++) {
			void *quantum = item->qset[slot];

			if (!quantum)
				continue;
			trace_scullv_quantum_free(MINOR(dev->device.devt),
						  index, slot, quantum,
						  geometry->order);
			geometry->allocator->free(quantum, geometry->order);
			cond_resched();
		}
		free_item(item, geometry->qset);
	}
	xa_destroy(&store->items);
	uncharge(atomic_long_read(&store->quanta) << geometry->order);
	kfree(store);
}

/*
 * Take the pages of a store that has been replaced, and the private copies of
 * them, out of every process. Nobody enters or lends any more of them.
 */
static void unmap_store(struct scullv_dev *dev, struct scullv_store *store)
{
	struct address_space *mapping = dev->inode->i_mapping;
	struct scullv_item *item;
	u64 number = 0;
	void *quantum;

	unmap_mapping_range(mapping, 0, 0, 1);
	if (!READ_ONCE(store->lent))
		return;

	/* a page that is lent is locked until its copy has been entered */
	while ((quantum = scullv_next(store, &number, &item))) {
		unsigned long pages = 1UL << store->geometry.order;

		while (pages--) {
			struct page *page = store->geometry.allocator->page(quantum, pages);

			lock_page(page);
			unlock_page(page);
		}
		number++;
		cond_resched();
	}
	unmap_mapping_range(mapping, 0, 0, 1);
}

/**
 * scullv_trim - empty a device and put its configured geometry in force
 * @dev: the device
 *
 * A store that holds nothing is kept unless its geometry differs. When this
 * returns, the memory is free again, and whatever was written before is gone.
 *
 * Context: Process, may sleep. Waits for the sections of the device's store
 * to end: outside any such section, and outside append_lock and fill_lock.
 * Return: 0; -ENOMEM or -EINTR, nothing has changed then.
 */
int scullv_trim(struct scullv_dev *dev)
{
	u64 start = trace_scullv_trim_enabled() ? ktime_get_ns() : 0;
	struct scullv_geometry config;
	struct scullv_store *old, *new;
	unsigned long quanta;
	loff_t bytes;
	int err = 0;

	if (mutex_lock_killable(&dev->trim_lock))
		return -EINTR;

	scullv_get_config(dev, &config);
	old = rcu_dereference_protected(dev->store,
					lockdep_is_held(&dev->trim_lock));
	/* a writer that has not added its item yet comes after this trim */
	if (xa_empty(&old->items) && geometry_equal(&old->geometry, &config))
		goto unlock;

	new = create_store(&config, old->generation + 1);
	if (!new) {
		err = -ENOMEM;
		goto unlock;
	}
	rcu_assign_pointer(dev->store, new);
	synchronize_srcu_expedited(&dev->srcu);
	unmap_store(dev, old);

	bytes = scullv_size(old);
	quanta = atomic_long_read(&old->quanta);
	destroy_store(dev, old);
	if (start)
		trace_scullv_trim(MINOR(dev->device.devt), bytes, quanta,
				  ktime_get_ns() - start);
unlock:
	mutex_unlock(&dev->trim_lock);
	return err;
}

/**
 * scullv_store_init - give a device its locks and its first, empty store
 * @dev: the device
 * @geometry: the store's, and the configured one
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int scullv_store_init(struct scullv_dev *dev,
		      const struct scullv_geometry *geometry)
{
	struct scullv_store *store;
	int i, err;

	store = create_store(geometry, 1);
	if (!store)
		return -ENOMEM;
	err = init_srcu_struct(&dev->srcu);
	if (err) {
		destroy_store(dev, store);
		return err;
	}
	RCU_INIT_POINTER(dev->store, store);
	mutex_init(&dev->trim_lock);
	mutex_init(&dev->append_lock);
	for (i = 0; i < SCULLV_FILL_LOCKS; i++)
		mutex_init(&dev->fill_lock[i]);
	spin_lock_init(&dev->config_lock);
	dev->config = *geometry;
	return 0;
}

/**
 * scullv_store_exit - free all that a device holds
 * @dev: the device, which nobody can reach any more
 *
 * Context: Process, may sleep.
 */
void scullv_store_exit(struct scullv_dev *dev)
{
	destroy_store(dev, rcu_dereference_protected(dev->store, true));
	cleanup_srcu_struct(&dev->srcu);
}
