// SPDX-License-Identifier: GPL-2.0
/*
 * The contents of a device: items, qsets and quanta; the limit; the trim.
 *
 * Three rules:
 *
 * 1. In one store things only appear: an item pointer goes from NULL to an
 *    item, a slot from NULL to a zeroed quantum, and the size only grows. Each
 *    is published with release and read with acquire. Reading and overwriting
 *    take no lock.
 * 2. A trim never edits a store. It publishes a new, empty, sealed store, waits
 *    for the users of the old one (SRCU), unmaps the old one from every
 *    process, unseals the new one and frees the old one. Nothing enters a
 *    sealed store, so nobody sees new contents while old ones are still mapped.
 *    tests/protocol.pml is a model of this; "make protocol" shows what each
 *    step is for.
 * 3. Nobody waits for a user page inside an SRCU section or with a lock of the
 *    driver held. A buffer whose page fault is delayed blocks only its caller.
 */
#include <linux/cpuset.h>
#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mempolicy.h>
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

/* -- geometry -- */

/**
 * scullv_range - valid range of a field
 * @geometry: the geometry; its allocator bounds the order
 * @field: the field
 *
 * Context: Any.
 * Return: the name and the range of the field.
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
 * scullv_get_config - get the geometry that the next trim applies
 * @dev: the device
 * @config: filled in
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
 * scullv_set_field - set order or qset of the configured geometry
 * @dev: the device
 * @field: the field
 * @value: the new value
 * @old: out: the value before
 *
 * Context: Any.
 * Return: 0; -EINVAL if @value is out of range, in which case nothing changes.
 */
int scullv_set_field(struct scullv_dev *dev, enum scullv_field field,
		     unsigned long value, unsigned int *old)
{
	unsigned int *current_value = scullv_field(&dev->config, field);
	int err = -EINVAL;

	spin_lock(&dev->config_lock);
	if (scullv_in_range(value, scullv_range(&dev->config, field))) {
		*old = *current_value;
		*current_value = value;
		err = 0;
	}
	spin_unlock(&dev->config_lock);
	return err;
}

/**
 * scullv_set_allocator - set the allocator of the configured geometry
 * @dev: the device
 * @allocator: the new allocator
 *
 * Context: Any.
 * Return: 0; -EINVAL if the configured order is too large for @allocator, in
 * which case nothing changes.
 */
int scullv_set_allocator(struct scullv_dev *dev,
			 const struct scullv_allocator *allocator)
{
	int err = -EINVAL;

	spin_lock(&dev->config_lock);
	if (dev->config.order <= allocator->max_order) {
		dev->config.allocator = allocator;
		err = 0;
	}
	spin_unlock(&dev->config_lock);
	return err;
}

/* -- memory: the limit of all stores, and the reserve -- */

static unsigned long limit_pages;	/* 0: no limit but the reserve */
static atomic_long_t charged_pages;	/* all quanta of all devices */
static atomic_long_t pending_pages;	/* about to be allocated */

/**
 * scullv_set_limit - limit the memory of all quanta of all devices
 * @pages: in pages; 0 for no limit
 *
 * Existing quanta stay, even if they exceed the new limit.
 *
 * Context: Any.
 */
void scullv_set_limit(unsigned long pages)
{
	WRITE_ONCE(limit_pages, pages);
}

/* the nodes that the current task may allocate from: its cpuset and mempolicy */
static nodemask_t usable_nodes(void)
{
	nodemask_t nodes = cpuset_current_mems_allowed;
#ifdef CONFIG_NUMA
	const struct mempolicy *policy = current->mempolicy;

	/* the kernel ignores a policy of nodes that have movable memory only */
	if (policy && policy->mode == MPOL_BIND &&
	    nodes_intersects(policy->nodes, node_states[N_HIGH_MEMORY]))
		nodes_and(nodes, nodes, policy->nodes);
#endif
	return nodes;
}

/*
 * Allocators of blocks use up blocks and leave single pages. But the next fork() or
 * exec() needs a block of up to PAGE_ALLOC_COSTLY_ORDER, and without one the kernel
 * invokes the OOM killer. So the reserve must consist of blocks.
 */
static long small_blocks(struct zone *zone)
{
	unsigned int order;
	long pages = 0;

	for (order = 0; order < PAGE_ALLOC_COSTLY_ORDER; order++) {
		/* data race: an estimate, as in __zone_watermark_ok() */
		pages += data_race(zone->free_area[order].nr_free) << order;
	}
	return pages;
}

static long cached_pages(struct zone *zone)
{
	return zone_page_state(zone, NR_ZONE_ACTIVE_FILE) +
	       zone_page_state(zone, NR_ZONE_INACTIVE_FILE);
}

/* As many pages of the page cache as may be CMA's: the kernel does not count them. */
static long cached_cma_pages(struct zone *zone)
{
	long used = zone_cma_pages(zone) - zone_page_state(zone, NR_FREE_CMA_PAGES);

	return min(used, cached_pages(zone));
}

/*
 * Kernel allocations cannot use high memory (32-bit machines), memory that may
 * be unplugged and CMA's, nor nodes that the task is not allowed to use. Free
 * and reclaimable pages there count as available all the same.
 */
static void subtract_unusable(struct zone *zone, bool usable_node, bool blocks,
			      long *total, long *available)
{
	if (!usable_node || is_highmem(zone) ||
	    zone_idx(zone) == ZONE_MOVABLE) {
		*total -= zone_managed_pages(zone);
		*available -= zone_page_state(zone, NR_FREE_PAGES) +
			      cached_pages(zone);
	} else {
		*total -= zone_cma_pages(zone);
		*available -= zone_page_state(zone, NR_FREE_CMA_PAGES) +
			      cached_cma_pages(zone);
		if (blocks)
			*available -= small_blocks(zone);
	}
}

/*
 * The reserve is an eighth of the usable memory. That is more than the tenth of a
 * zone by which the kernel raises its watermarks when memory is fragmented
 * (watermark_boost_factor).
 */
static bool above_reserve(long pages, bool blocks)
{
	nodemask_t usable = usable_nodes();
	long total = totalram_pages();
	long available = si_mem_available();
	int node, i;

	for_each_online_node(node)
		for (i = 0; i < MAX_NR_ZONES; i++)
			subtract_unusable(&NODE_DATA(node)->node_zones[i],
					  node_isset(node, usable), blocks,
					  &total, &available);
	return available - pages >= total / 8;
}

/*
 * Pages that others are about to allocate are no longer available: a quantum
 * may be large.
 */
static void add_pending(unsigned long pages)
{
	atomic_long_add(pages, &pending_pages);
}

static void sub_pending(unsigned long pages)
{
	atomic_long_sub(pages, &pending_pages);
}

static bool pending_fits(bool blocks)
{
	return above_reserve(atomic_long_read(&pending_pages), blocks);
}

static void uncharge(unsigned long pages)
{
	atomic_long_sub(pages, &charged_pages);
}

/* above_reserve() costs more than allocating a page: call it once a MiB */
static bool crosses_mib(unsigned long old, unsigned long new)
{
	return (old ^ new) >> (20 - PAGE_SHIFT);
}

/*
 * Charge a quantum, which is pending then. Compare and exchange, so that a
 * charge that fails makes no other one fail.
 */
static int charge(const struct scullv_geometry *geometry)
{
	unsigned long pages = 1UL << geometry->order;
	unsigned long limit = READ_ONCE(limit_pages);
	long old = atomic_long_read(&charged_pages);
	long new;

	do {
		new = old + pages;
		if (limit && new > limit)
			return -ENOSPC;
	} while (!atomic_long_try_cmpxchg(&charged_pages, &old, new));

	add_pending(pages);
	if (!crosses_mib(old, new) ||
	    pending_fits(geometry->allocator->blocks && geometry->order))
		return 0;
	sub_pending(pages);
	uncharge(pages);
	return -ENOMEM;
}

/* -- items and quanta: they only appear -- */

/* the hint of a new store: covers no quantum */
static struct scullv_item no_item = { .first = 1ULL << 63 };

static struct scullv_item *find_item(struct scullv_store *store, u64 index)
{
	XA_STATE(xas, &store->items, index);
	struct scullv_item *item;

	if (index > ULONG_MAX)
		return NULL;
	/* not xa_load(): items only appear, so no entry needs a retry */
	rcu_read_lock();
	item = xas_load(&xas);
	rcu_read_unlock();
	return item;
}

/**
 * scullv_lookup_item - scullv_lookup() for an item that is not the hint
 * @store: the store, inside its section
 * @number: number of the quantum
 *
 * The hint is per CPU: no reader writes a cache line that another CPU reads.
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
	this_cpu_write(*store->hint, item);
	/* pairs with the release in scullv_fill(): the quantum is zeroed */
	return smp_load_acquire(&item->slots[slot]);
}

static void free_item(struct scullv_item *item, unsigned int qset)
{
	scullv_free_qset(item->slots, qset);
	kfree(item);
}

static struct scullv_item *alloc_item(u64 index, unsigned int qset)
{
	struct scullv_item *item;

	item = kmalloc(sizeof(*item), SCULLV_GFP);
	if (!item)
		return NULL;
	item->first = index * qset;
	item->slots = scullv_alloc_qset(qset);
	if (!item->slots) {
		kfree(item);
		return NULL;
	}
	return item;
}

/* An item that is not in the store yet. The limit does not count its qset. */
static struct scullv_item *create_item(u64 index, unsigned int qset)
{
	unsigned long pages = PFN_UP(qset * sizeof(void *));
	struct scullv_item *item = NULL;

	/* a sparse device is mostly qsets: check the reserve for each */
	add_pending(pages);
	if (pending_fits(false))
		item = alloc_item(index, qset);
	sub_pending(pages);
	return item;
}

/*
 * Publish an item and the quantum in it. If another task has published an item at
 * this index meanwhile, that one gets the quantum.
 */
static int add_item(struct scullv_store *store, u64 index, u32 slot,
		    struct scullv_item *item)
{
	struct scullv_item *other;

	other = xa_cmpxchg(&store->items, index, NULL, item, SCULLV_GFP);
	if (!other)
		return 0;
	if (!xa_is_err(other)) {
		/* pairs with the acquire in scullv_lookup() */
		smp_store_release(&other->slots[slot], item->slots[slot]);
	}
	free_item(item, store->geometry.qset);
	return xa_err(other);
}

static void *alloc_quantum(struct scullv_dev *dev,
			   const struct scullv_geometry *geometry, u64 index,
			   u32 slot)
{
	u64 start = trace_scullv_quantum_alloc_enabled() ? ktime_get_ns() : 0;
	void *quantum = geometry->allocator->alloc(geometry->order);

	if (start && quantum)
		trace_scullv_quantum_alloc(MINOR(dev->device.devt), index, slot,
					   quantum, geometry->order,
					   ktime_get_ns() - start);
	return quantum;
}

static void free_quantum(struct scullv_dev *dev,
			 const struct scullv_geometry *geometry, u64 index,
			 u32 slot, void *quantum)
{
	trace_scullv_quantum_free(MINOR(dev->device.devt), index, slot, quantum,
				  geometry->order);
	geometry->allocator->free(quantum, geometry->order);
}

/*
 * Charge first, then allocate the item if there is none, then the quantum, and
 * publish last: a failure undoes all of it.
 */
static void *add_quantum(struct scullv_dev *dev, struct scullv_store *store,
			 u64 number)
{
	const struct scullv_geometry *geometry = &store->geometry;
	unsigned long pages = 1UL << geometry->order;
	struct scullv_item *item, *new = NULL;
	void *quantum = NULL;
	u64 index;
	u32 slot;
	int err;

	index = div_u64_rem(number, geometry->qset, &slot);
	if (index > ULONG_MAX)
		return ERR_PTR(-EFBIG);
	err = charge(geometry);
	if (err)
		return ERR_PTR(err);

	item = find_item(store, index);
	if (!item) {
		new = create_item(index, geometry->qset);
		item = new;
	}
	if (item)
		quantum = alloc_quantum(dev, geometry, index, slot);
	sub_pending(pages);
	err = -ENOMEM;
	if (!quantum)
		goto uncharge;

	/* pairs with the acquire in scullv_lookup(): the quantum is zeroed */
	smp_store_release(&item->slots[slot], quantum);
	err = new ? add_item(store, index, slot, new) : 0;
	if (err)
		goto free;
	atomic_long_inc(&store->quanta);
	return quantum;

free:
	free_quantum(dev, geometry, index, slot, quantum);
	new = NULL;
uncharge:
	if (new)
		free_item(new, geometry->qset);
	uncharge(pages);
	return ERR_PTR(err);
}

/**
 * scullv_fill - get the quantum at a position, allocate it if there is a hole
 * @dev: the device
 * @store: the store of the device, inside its section
 * @pos: position in bytes
 *
 * When several callers want the same quantum, one of them allocates it.
 *
 * Context: Process. May sleep for memory; a fatal signal ends the wait.
 * Return: the quantum, zeroed if it is new; or an ERR_PTR: -ENOSPC (the
 * limit), -ENOMEM, -EFBIG (beyond the largest item), -EINTR; -EBUSY if the
 * store is sealed, which never reaches the user.
 */
void *scullv_fill(struct scullv_dev *dev, struct scullv_store *store,
		  loff_t pos)
{
	u64 number = pos >> store->quantum_shift;
	struct mutex *lock = &dev->fill_lock[hash_64(number, SCULLV_FILL_BITS)];
	void *quantum;

	/* pairs with the release in scullv_trim(): the old store is unmapped */
	if (smp_load_acquire(&store->sealed))
		return ERR_PTR(-EBUSY);
	if (mutex_lock_killable(lock))
		return ERR_PTR(-EINTR);
	quantum = scullv_lookup(store, pos) ?: add_quantum(dev, store, number);
	mutex_unlock(lock);
	return quantum;
}

/**
 * scullv_extend - grow the size to at least @end
 * @dev: the device
 * @store: the store of the device, inside its section
 * @end: in bytes; everything before it has been written, or is a hole
 *
 * Context: Any. append_lock is held.
 * Return: the size.
 */
loff_t scullv_extend(struct scullv_dev *dev, struct scullv_store *store,
		     loff_t end)
{
	loff_t size = atomic64_read(&store->size);

	lockdep_assert_held(&dev->append_lock);
	if (end <= size)
		return size;
	/* pairs with the acquire in scullv_store_size() */
	atomic64_set_release(&store->size, end);
	return end;
}

/* -- inspection: usage, dump, SEEK_DATA and SEEK_HOLE -- */

/**
 * scullv_get_usage - get the size and the memory of a device
 * @dev: the device
 * @usage: filled in
 *
 * Context: Process.
 */
void scullv_get_usage(struct scullv_dev *dev, struct scullv_usage *usage)
{
	struct scullv_store *store;
	int idx;

	store = scullv_store_get(dev, &idx);
	usage->size = scullv_store_size(store);
	usage->quanta = atomic_long_read(&store->quanta);
	usage->bytes = (u64)usage->quanta << store->quantum_shift;
	scullv_store_put(dev, idx);
}

/**
 * scullv_next_quantum - find the first quantum from a number on
 * @store: the store, inside its section
 * @number: in: number to start from; out: number of the quantum found
 * @item: out: item of the quantum found
 *
 * Looks at two items at most: each item has a quantum.
 *
 * Context: Process. May sleep.
 * Return: the quantum, NULL if there is none.
 */
void *scullv_next_quantum(struct scullv_store *store, u64 *number,
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
		void **slots = (*item)->slots;

		slot = *number > (*item)->first ? *number - (*item)->first : 0;
		for (; slot < qset; slot++) {
			/* pairs with the release in add_quantum() */
			quantum = smp_load_acquire(&slots[slot]);
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
 * @pos: position in bytes
 *
 * Context: Process. May sleep.
 * Return: the first position from @pos on that is not in a hole; -ENXIO at or
 * past the end.
 */
loff_t scullv_seek_data(struct scullv_store *store, loff_t pos)
{
	loff_t size = scullv_store_size(store);
	u64 number = pos >> store->quantum_shift;
	struct scullv_item *item;

	if (pos < 0 || pos >= size)
		return -ENXIO;
	/* finds one: the last byte has been written, so it is in a quantum */
	scullv_next_quantum(store, &number, &item);
	return max_t(loff_t, pos, number << store->quantum_shift);
}

/**
 * scullv_seek_hole - SEEK_HOLE
 * @store: the store, inside its section
 * @pos: position in bytes
 *
 * Context: Process. May sleep.
 * Return: the first position from @pos on that is in a hole, or the size;
 * -ENXIO at or past the end, -EINTR if killed.
 */
loff_t scullv_seek_hole(struct scullv_store *store, loff_t pos)
{
	loff_t size = scullv_store_size(store);
	unsigned int visited = 0;

	if (pos < 0 || pos >= size)
		return -ENXIO;
	while (scullv_lookup(store, pos)) {
		/* u64: the next quantum may start past MAX_LFS_FILESIZE */
		u64 next = ((u64)pos | (store->quantum_size - 1)) + 1;

		if (next >= size)
			return size;
		pos = next;
		if (++visited % 1024 == 0) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	return pos;
}

/* -- the life of a store -- */

static struct scullv_store *create_store(const struct scullv_geometry *geometry,
					 u64 generation)
{
	struct scullv_store *store;
	int cpu;

	/* kmalloc() aligns sizes that are a power of two */
	store = kzalloc(roundup_pow_of_two(sizeof(*store)), GFP_KERNEL);
	if (!store)
		return NULL;
	store->hint = alloc_percpu(struct scullv_item *);
	if (!store->hint) {
		kfree(store);
		return NULL;
	}
	for_each_possible_cpu(cpu) {
		struct scullv_item **hint = per_cpu_ptr(store->hint, cpu);

		*hint = &no_item;
	}
	store->generation = generation;
	store->geometry = *geometry;
	store->quantum_shift = PAGE_SHIFT + geometry->order;
	store->quantum_size = PAGE_SIZE << geometry->order;
	xa_init_flags(&store->items, XA_FLAGS_ACCOUNT);
	return store;
}

static void free_quanta(struct scullv_dev *dev, struct scullv_store *store,
			struct scullv_item *item, unsigned long index)
{
	const struct scullv_geometry *geometry = &store->geometry;
	unsigned int slot;

	for (slot = 0; slot < geometry->qset; slot++) {
		void *quantum = item->slots[slot];

		if (!quantum)
			continue;
		free_quantum(dev, geometry, index, slot, quantum);
		cond_resched();
	}
}

/* frees a store that nobody can reach any more */
static void destroy_store(struct scullv_dev *dev, struct scullv_store *store)
{
	const struct scullv_geometry *geometry = &store->geometry;
	struct scullv_item *item;
	unsigned long index;

	xa_for_each(&store->items, index, item) {
		free_quanta(dev, store, item, index);
		free_item(item, geometry->qset);
		/* xa_destroy() would free all nodes with interrupts disabled */
		xa_erase(&store->items, index);
		cond_resched();
	}
	xa_destroy(&store->items);
	uncharge(atomic_long_read(&store->quanta) << geometry->order);
	free_percpu(store->hint);
	kfree(store);
}

/*
 * Publish a new store in place of the old one, and return when nobody can reach
 * the old one any more, through a section or a mapping. Until then the new
 * store is sealed: it is empty, and nothing enters it. There is no way out
 * between publishing and unsealing.
 */
static void replace_store(struct scullv_dev *dev, struct scullv_store *new)
{
	new->sealed = true;
	mutex_lock(&dev->seal_lock);
	rcu_assign_pointer(dev->store, new);
	synchronize_srcu_expedited(&dev->srcu);
	/* private copies too, as truncation does */
	unmap_mapping_range(dev->inode->i_mapping, 0, 0, 1);
	/* pairs with the acquire in scullv_fill() */
	smp_store_release(&new->sealed, false);
	mutex_unlock(&dev->seal_lock);
}

/**
 * scullv_trim - empty a device and apply its configured geometry
 * @dev: the device
 *
 * Takes effect immediately. When this returns, the memory of the old contents
 * is free, except for pages that are still referenced (pinned, or in a pipe).
 * A store that holds nothing is kept unless its geometry differs.
 *
 * Context: Process. May sleep. Called outside the sections of the device's
 * store, without append_lock and fill_lock: it waits for the sections to end.
 * Return: 0; -ENOMEM or -EINTR, in which case nothing has changed.
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
	/* a writer that has not added its item yet is ordered after this trim */
	if (xa_empty(&old->items) && geometry_equal(&old->geometry, &config))
		goto unlock;

	new = create_store(&config, old->generation + 1);
	if (!new) {
		err = -ENOMEM;
		goto unlock;
	}
	replace_store(dev, new);

	bytes = scullv_store_size(old);
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
 * scullv_store_init - initialise a device's locks and its first, empty store
 * @dev: the device
 * @geometry: of the first store; also the configured geometry
 *
 * Context: Process. May sleep.
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
	mutex_init(&dev->seal_lock);
	mutex_init(&dev->append_lock);
	for (i = 0; i < ARRAY_SIZE(dev->fill_lock); i++)
		mutex_init(&dev->fill_lock[i]);
	spin_lock_init(&dev->config_lock);
	dev->config = *geometry;
	return 0;
}

/**
 * scullv_store_exit - free everything that a device holds
 * @dev: the device, which nobody can reach any more
 *
 * Context: Process. May sleep.
 */
void scullv_store_exit(struct scullv_dev *dev)
{
	destroy_store(dev, rcu_dereference_protected(dev->store, true));
	cleanup_srcu_struct(&dev->srcu);
}
