// SPDX-License-Identifier: GPL-2.0
/*
 * Where the memory of quanta and qsets comes from.
 *
 * Each allocator is one small table of operations. It returns zeroed memory; the
 * page allocator does the zeroing, often for free (init_on_alloc). The pages of
 * a quantum are reference counted, for mappings and pipes to hold: those of
 * vmalloc one by one, a block of "pages" as a whole.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "scullv.h"

#define QUANTUM_GFP	(SCULLV_GFP | __GFP_ZERO)

/* 1 GiB */
#define MAX_ORDER_1G	(30 - PAGE_SHIFT)

/* -- vmalloc space: on 32 bits there is less of it than memory -- */

static atomic_long_t vmap_bytes;	/* charged by this driver */

/* An area has whole pages, and an unmapped guard page follows it. */
static unsigned long vmap_size(unsigned long size)
{
	return PAGE_ALIGN(size) + PAGE_SIZE;
}

/*
 * Leave an eighth to the rest of the kernel: its stacks may be in the same space,
 * and no process can start without one.
 */
static bool charge_vmap(unsigned long size)
{
	unsigned long max = VMALLOC_TOTAL / 8 * 7;
	long charged, new;

	if (IS_ENABLED(CONFIG_64BIT))
		return true;
	charged = atomic_long_read(&vmap_bytes);
	do {
		new = charged + vmap_size(size);
		if (new > max)
			return false;
	} while (!atomic_long_try_cmpxchg(&vmap_bytes, &charged, new));
	return true;
}

static void uncharge_vmap(unsigned long size)
{
	if (!IS_ENABLED(CONFIG_64BIT))
		atomic_long_sub(vmap_size(size), &vmap_bytes);
}

/* -- vmalloc: scattered pages, contiguous in the kernel's page tables only -- */

static void do_nothing(struct work_struct *work)
{
}

/*
 * Linux 6.19 and later leave the pages of an area that lacked memory to a work item.
 * Until it runs they are charged to the caller's memory cgroup, where the next page fault
 * would invoke the OOM killer. A module cannot flush that item. One that is queued later
 * starts later, unless the task has moved, or a failure on another CPU has queued it there.
 */
static void uncharge_failed(unsigned long size)
{
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, do_nothing);
	schedule_work_on(raw_smp_processor_id(), &work);
	flush_work(&work);
	destroy_work_on_stack(&work);
	uncharge_vmap(size);
}

static void *alloc_area(unsigned int order, bool huge)
{
	unsigned long size = PAGE_SIZE << order;
	void *quantum;

	if (!charge_vmap(size))
		return NULL;
	quantum = huge ? vmalloc_huge(size, QUANTUM_GFP) :
			 __vmalloc(size, QUANTUM_GFP);
	if (!quantum)
		uncharge_failed(size);
	return quantum;
}

static void *alloc_vmalloc(unsigned int order)
{
	return alloc_area(order, false);
}

static void free_vmalloc(void *quantum, unsigned int order)
{
	vfree(quantum);
	uncharge_vmap(PAGE_SIZE << order);
}

static struct page *page_of_vmalloc(const void *quantum, unsigned long n)
{
	return vmalloc_to_page(quantum + (n << PAGE_SHIFT));
}

/* -- huge: the same with huge pages, where the order and the kernel allow -- */

static void *alloc_huge(unsigned int order)
{
	return alloc_area(order, true);
}

/* -- pages: one block of the page allocator, as in the book's scullp -- */

/*
 * A compound page: one reference count for the whole block, so it is freed at
 * once. A pinned page keeps its whole block, as with huge pages of tmpfs.
 */
static void *alloc_block(unsigned int order)
{
	struct page *block = alloc_pages(QUANTUM_GFP | __GFP_COMP, order);

	return block ? page_address(block) : NULL;
}

/*
 * The page allocator might hand out a page with a memory error again: such a
 * block is never freed.
 */
static bool has_poison(struct page *block, unsigned int order)
{
	unsigned long n;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return false;
	for (n = 0; n < 1UL << order; n++)
		if (PageHWPoison(block + n))
			return true;
	return false;
}

static void free_block(void *quantum, unsigned int order)
{
	struct page *block = virt_to_page(quantum);

	if (!has_poison(block, order))
		put_page(block);
}

static struct page *page_of_block(const void *quantum, unsigned long n)
{
	return virt_to_page(quantum) + n;
}

static const struct scullv_allocator allocators[] = {
	{
		.name = "vmalloc",
		.max_order = MAX_ORDER_1G,
		.alloc = alloc_vmalloc,
		.free = free_vmalloc,
		.page = page_of_vmalloc,
	},
	{
		.name = "pages",
		.max_order = MAX_PAGE_ORDER,
		.blocks = true,
		.alloc = alloc_block,
		.free = free_block,
		.page = page_of_block,
	},
	{
		.name = "huge",
		.max_order = MAX_ORDER_1G,
		.alloc = alloc_huge,
		.free = free_vmalloc,
		.page = page_of_vmalloc,
	},
};

/**
 * scullv_find_allocator - find an allocator by name
 * @name: the name; a trailing newline is ignored
 *
 * Context: Any.
 * Return: the allocator, or NULL.
 */
const struct scullv_allocator *scullv_find_allocator(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(allocators); i++)
		if (sysfs_streq(name, allocators[i].name))
			return &allocators[i];
	return NULL;
}

/* -- qsets: from the slab allocator up to a page, else from vmalloc -- */

/*
 * Not kvcalloc(): it takes blocks of pages while there are any, see
 * small_blocks() in store.c.
 */
static bool qset_in_slab(unsigned int qset)
{
	return qset * sizeof(void *) <= PAGE_SIZE;
}

/**
 * scullv_alloc_qset - allocate the array of an item
 * @qset: number of slots
 *
 * Context: Process. May sleep.
 * Return: the array, all NULL; or NULL if there is no memory.
 */
void **scullv_alloc_qset(unsigned int qset)
{
	size_t size = qset * sizeof(void *);
	void **slots;

	if (qset_in_slab(qset))
		return kzalloc(size, SCULLV_GFP);
	if (!charge_vmap(size))
		return NULL;
	slots = __vmalloc(size, SCULLV_GFP | __GFP_ZERO);
	if (!slots)
		uncharge_failed(size);
	return slots;
}

/**
 * scullv_free_qset - free the array of an item
 * @slots: from scullv_alloc_qset()
 * @qset: number of slots
 *
 * Context: Process. May sleep.
 */
void scullv_free_qset(void **slots, unsigned int qset)
{
	if (qset_in_slab(qset)) {
		kfree(slots);
		return;
	}
	vfree(slots);
	uncharge_vmap(qset * sizeof(void *));
}
