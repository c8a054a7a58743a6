// SPDX-License-Identifier: GPL-2.0
/*
 * Where the memory of a quantum comes from, one small table an allocator; and
 * that of a qset.
 *
 * Every allocator hands out zeroed memory (the page allocator zeroes, often
 * for free: init_on_alloc), charges it to the writer's memory cgroup and fails
 * without a splat: a full machine is the writer's news, not the log's. Each of
 * its pages has a reference count of its own, for mappings to hold.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "scullv.h"

#define QUANTUM_GFP	(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | account())

/* 1 GiB: beyond it a quantum says nothing new and one copy of it takes long */
#define MAX_ORDER_1G	(30 - PAGE_SHIFT)

/*
 * While there is no memory cgroup to be charged, the page allocator charges
 * nobody. vmalloc counts each page for none all the same, unless it is told.
 */
static gfp_t account(void)
{
	return memcg_kmem_online() ? __GFP_ACCOUNT : 0;
}

/* -- addresses: on 32 bits vmalloc has fewer of them than there is memory -- */

static atomic_long_t addresses;	/* that are taken here, in bytes */

/*
 * Leave an eighth to everybody else: where stacks have theirs from there as
 * well, nobody could start a program without. Behind each area lies a page that
 * is never mapped.
 */
static bool take_addresses(unsigned long size)
{
	unsigned long most = VMALLOC_TOTAL / 8 * 7;
	long taken;

	if (IS_ENABLED(CONFIG_64BIT))
		return true;
	taken = atomic_long_read(&addresses);
	do {
		if (taken + size + PAGE_SIZE > most)
			return false;
	} while (!atomic_long_try_cmpxchg(&addresses, &taken,
					  taken + size + PAGE_SIZE));
	return true;
}

static void return_addresses(unsigned long size)
{
	if (!IS_ENABLED(CONFIG_64BIT))
		atomic_long_sub(size + PAGE_SIZE, &addresses);
}

/* -- vmalloc: pages from anywhere, side by side in the page tables only -- */

static void *alloc_area(unsigned int order, bool huge)
{
	unsigned long size = PAGE_SIZE << order;
	void *quantum;

	if (!take_addresses(size))
		return NULL;
	quantum = huge ? vmalloc_huge(size, QUANTUM_GFP) :
			 __vmalloc(size, QUANTUM_GFP);
	if (!quantum)
		return_addresses(size);
	return quantum;
}

static void *alloc_vmalloc(unsigned int order)
{
	return alloc_area(order, false);
}

static void free_vmalloc(void *quantum, unsigned int order)
{
	vfree(quantum);
	return_addresses(PAGE_SIZE << order);
}

static struct page *page_of_vmalloc(const void *quantum, unsigned long n)
{
	return vmalloc_to_page(quantum + (n << PAGE_SHIFT));
}

/* -- huge: the same, in huge pages where the order and the kernel allow -- */

static void *alloc_huge(unsigned int order)
{
	return alloc_area(order, true);
}

/* -- pages: one block of the page allocator, as the book's scullp has it -- */

/*
 * A block that is not to be had is no reason to kill anybody, who would leave
 * memory in pieces too.
 */
static void *alloc_block(unsigned int order)
{
	return alloc_pages_exact(PAGE_SIZE << order,
				 QUANTUM_GFP | __GFP_RETRY_MAYFAIL);
}

static void free_block(void *quantum, unsigned int order)
{
	free_pages_exact(quantum, PAGE_SIZE << order);
}

static struct page *page_of_block(const void *quantum, unsigned long n)
{
	return virt_to_page(quantum + (n << PAGE_SHIFT));
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
 * scullv_find_allocator - an allocator by its name
 * @name: what the user wrote; one newline at its end is forgiven
 *
 * Context: Any.
 * Return: the allocator, NULL where there is none of that name.
 */
const struct scullv_allocator *scullv_find_allocator(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(allocators); i++)
		if (sysfs_streq(name, allocators[i].name))
			return &allocators[i];
	return NULL;
}

/* -- qsets: small ones are slab memory, large ones vmalloc's -- */

/**
 * scullv_alloc_qset - the array of an item
 * @qset: how many quanta it is for
 *
 * Context: Process, may sleep.
 * Return: the array, all NULL; or NULL where there is no memory for it.
 */
void **scullv_alloc_qset(unsigned int qset)
{
	void **array;

	if (!take_addresses(qset * sizeof(*array)))
		return NULL;
	array = kvcalloc(qset, sizeof(*array),
			 GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!is_vmalloc_addr(array))
		return_addresses(qset * sizeof(*array));
	return array;
}

/**
 * scullv_free_qset - free it
 * @array: from scullv_alloc_qset()
 * @qset: as there
 *
 * Context: Process, may sleep.
 */
void scullv_free_qset(void **array, unsigned int qset)
{
	if (is_vmalloc_addr(array))
		return_addresses(qset * sizeof(*array));
	kvfree(array);
}
